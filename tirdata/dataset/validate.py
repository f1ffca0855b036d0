"""Every fault of a dataset, by name: files, schemas, frames, boxes, hashes, lists.

What a later stage keeps in a dataset is checked by a function of its own, which the caller passes.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tirdata.dataset.card import Source
from tirdata.dataset.faults import Fault, Report, SequenceCheck, SequenceWork, fault_of
from tirdata.dataset.lists import Entry, list_files
from tirdata.dataset.names import SUBSETS, SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.engine import build_engine
from tirdata.engine.base import Engine
from tirdata.errors import DataError
from tirdata.fetch.folders import digest, size_and_time

__all__ = ["Fault", "SequenceCheck", "validate"]


def validate(
    root: Path,
    *,
    frames: bool = True,
    hashes: bool = False,
    checks: Sequence[SequenceCheck] = (),
    engine: Engine | None = None,
    on_sequence: Callable[[], None] = lambda: None,
) -> Iterator[Fault]:
    """Yield every fault of the dataset in ``root``.

    Args:
        root: the folder with ``tirdata.toml``.
        frames: decode every frame; without, only the names and XML files are looked at.
        hashes: compare frames and recordings with the hashes that were written down.
        checks: of later stages, for each sequence.
        engine: works on sequences side by side.
        on_sequence: called after each.

    Raises:
        DataError: there is no dataset, or its ``tirdata.toml`` is wrong.
        VersionError: it was made by a newer tirdata.
    """
    dataset = Dataset.open(root)
    ids, faults = _sequence_ids(dataset)
    yield from faults
    yield from _source_faults(dataset, ids, hashes=hashes)
    yield from _stray_faults(dataset, ids)
    work = SequenceWork(root, frames, hashes, tuple(checks))
    entries: list[Entry | None] = []
    for outcome in (engine or build_engine("serial", 1)).map(work, ids):
        if outcome.error is not None:
            error = fault_of(outcome.error, dataset.card_path(outcome.item))
            report = Report((error,), None)
        else:
            report = outcome.unwrap()
        yield from report.faults
        entries.append(report.entry)
        on_sequence()
    yield from _list_faults(dataset, entries)


def _sequence_ids(dataset: Dataset) -> tuple[list[SequenceId], list[Fault]]:
    ids: list[SequenceId] = []
    faults: list[Fault] = []
    for path in sorted((dataset.root / "sequences").glob("*")):
        if path.suffix != ".json":
            faults.append(Fault(path, "is no card; remove it"))
            continue
        try:
            ids.append(SequenceId.parse(path.stem))
        except DataError as error:
            faults.append(fault_of(error, path))
    return ids, faults


def _source_faults(dataset: Dataset, ids: Sequence[SequenceId], *, hashes: bool) -> Iterator[Fault]:
    known = {each.name for each in ids}
    numbers: dict[tuple[str, int], str] = {}
    for folder in sorted((dataset.root / "recordings").glob("[!.]*")):
        path = dataset.source_path(folder.name)
        try:
            source = dataset.read_source(folder.name)
        except DataError as error:
            yield fault_of(error, path)
            continue
        if source.recording_id != folder.name:
            yield Fault(path, f"is of recording {source.recording_id}; expected {folder.name}")
        other = numbers.setdefault((source.subset, source.number), folder.name)
        if other != folder.name:
            yield Fault(path, f"has number {source.number} of {source.subset}, as {other} has")
        if source.status == "fetched":
            yield Fault(path, "is of a stopped fetch, without sequences; fetch it again")
        for name in source.sequences:
            if name not in known:
                yield Fault(path, f"names sequence {name}, which has no card")
        yield from _original_faults(folder, source, hashes=hashes)


def _original_faults(folder: Path, source: Source, *, hashes: bool) -> Iterator[Fault]:
    if source.file is None:
        return
    path = folder / source.file
    if not path.exists():
        yield Fault(path, "no such file; source.json names it")
    elif (size := size_and_time(path)[0]) != source.bytes:
        yield Fault(path, f"has {size} bytes; source.json says {source.bytes}")
    elif hashes and digest(path) != source.sha256:
        yield Fault(path, "has other bytes than when it was fetched; source.json has the hash")


def _stray_faults(dataset: Dataset, ids: Sequence[SequenceId]) -> Iterator[Fault]:
    """What readers would take for a sequence and is none."""
    folders = {each.folder for each in ids}
    passages = {parent for folder in folders for parent in folder.parents}
    passages |= {Path(subset) for subset in SUBSETS}
    for top in ("Data", "Annotations"):
        yield from _strays(dataset.root / top / "VID", Path(), folders, passages)
        yield from _strays(dataset.root / "Visible" / top / "VID", Path(), folders, passages)
    yield from _strays(dataset.root / "Lossless", Path(), folders, passages)
    names = {each.name for each in ids}
    for pattern in ("keyframes/*.jsonl", "confidence/*.json"):
        for path in sorted(dataset.root.glob(pattern)):
            if path.stem not in names:
                yield Fault(path, "belongs to no sequence: there is no card of that name")


def _strays(top: Path, below: Path, folders: set[Path], passages: set[Path]) -> Iterator[Fault]:
    if not (top / below).is_dir():
        return
    for path in sorted((top / below).iterdir()):
        place = below / path.name
        if place in folders or path.is_symlink():  # some readers ask for links of their own
            continue
        if place in passages:
            yield from _strays(top, place, folders, passages)
        else:
            yield Fault(path, "belongs to no sequence: a stopped fetch? fetch again, or remove it")


def _list_faults(dataset: Dataset, entries: Sequence[Entry | None]) -> Iterator[Fault]:
    known = [entry for entry in entries if entry is not None]
    if len(known) < len(entries) or not known:
        return  # what the lists should say is not known, or nothing
    for name, text in list_files(sorted(known, key=lambda entry: entry.id)).items():
        path = dataset.root / name
        if not path.is_file():
            yield Fault(path, "no such list; run tirdata validate --write-lists")
        elif path.read_bytes() != text.encode("ascii"):
            yield Fault(path, "does not fit the sequences; run tirdata validate --write-lists")
