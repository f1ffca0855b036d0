"""What a person asks for in one command: checked whole, then written to the journals."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tirdata.annotate.drafts import VERBS, Draft, Verb, open_draft
from tirdata.annotate.journal import Journal
from tirdata.annotate.rows import Row, read_boxes
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError, UsageError


@dataclass(frozen=True)
class Request:
    """Boxes drawn, or a verb, on the named sequences."""

    sequences: tuple[str, ...] = ()
    boxes: tuple[Row, ...] = ()
    boxes_file: Path | None = None
    verb: Verb | None = None


def plan(dataset: Dataset, request: Request) -> list[Draft]:
    """What each journal that is spoken of gets, in the order of the sequences; writes nothing.

    Raises:
        UsageError: something asked for is not possible.
        DataError: a row of the boxes file is wrong; the row is named.
    """
    drafts: dict[SequenceId, Draft] = {}

    def draft(name: str | None) -> Draft:
        sequence = dataset.find(name) if name is not None else _only(dataset, request.sequences)
        if sequence not in drafts:
            drafts[sequence] = open_draft(dataset, sequence)
        return drafts[sequence]

    for row in request.boxes:
        draft(row.sequence).draw(row)
    if request.boxes_file is not None:
        for where, row in read_boxes(request.boxes_file):
            try:
                draft(row.sequence).draw(row)
            except UsageError as error:
                raise DataError(f"{where}: {error}") from None
    if request.verb is not None:
        VERBS[request.verb.name](draft(None), request.verb)
    return [drafts[sequence] for sequence in sorted(drafts)]


def write(dataset: Dataset, drafts: Iterable[Draft], author: str | None = None) -> None:
    """Put the drafts into their journals, one entry each; on the disk when this returns.

    Raises:
        StorageError: a journal cannot be written.
    """
    for draft in drafts:
        if not draft.changed:
            continue
        journal = Journal(dataset.journal_path(draft.sequence), author)
        draft.write(journal, draft.changed)


def undo(
    dataset: Dataset, request: Request, *, redo: bool = False, dry_run: bool = False
) -> SequenceId:
    """Take back the last thing said of the named sequence, or bring back what was taken back.

    Raises:
        UsageError: there is nothing to undo or redo, or more than one sequence is meant.
    """
    sequence = _only(dataset, request.sequences)
    journal = Journal(dataset.journal_path(sequence))
    if not dry_run:
        journal.redo() if redo else journal.undo()
    return sequence


def _only(dataset: Dataset, names: tuple[str, ...]) -> SequenceId:
    known = [dataset.find(name) for name in names] or dataset.sequence_ids()
    if len(known) != 1:
        raise UsageError(
            f"{dataset.root}: which of {len(known)} sequences; expected the name of one"
        )
    return known[0]
