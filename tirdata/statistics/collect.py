"""Statistics of data sets and mixes: every sequence looked at once, side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from tirdata.config import read_json
from tirdata.engine.base import Engine, Outcome
from tirdata.errors import DataError, UsageError
from tirdata.files import whole
from tirdata.layouts import open_layout
from tirdata.mix.manifest import MixManifest
from tirdata.remote import Place, RemotePath
from tirdata.statistics.attributes import BOX_RULES
from tirdata.statistics.document import Statistics, StatsConfig
from tirdata.statistics.mixes import mix_statistics
from tirdata.statistics.pixels import CAMERA_MOTION, PIXEL_RULES
from tirdata.statistics.sequence import Item, Measure, Measured
from tirdata.statistics.totals import Totals

MIX_NAME = "mix.json"


class DataSet(NamedTuple):
    """A data set to look at."""

    root: Path
    layout: str
    names: list[str]


def find(data: Sequence[Place], layout: str | None) -> tuple[list[DataSet], list[Place]]:
    """The data sets and the mixes among folders; one with ``mix.json`` is a mix.

    Raises:
        UsageError: a folder is not there, is named twice or fits no layout.
        DataError: the names of a data set's sequences are wrong.
    """
    if len({each.resolve() if isinstance(each, Path) else each for each in data}) < len(data):
        raise UsageError(f"{', '.join(map(str, data))}: one is named twice; name each once")
    mixes = [root for root in data if (root / MIX_NAME).is_file()]
    sets = []
    for root in data:
        if root not in mixes:
            if isinstance(root, RemotePath):
                raise UsageError(f"{root}: no {MIX_NAME} there; only mixes are read from addresses")
            kind = open_layout(root, layout)
            sets.append(DataSet(root, kind.name, kind.names(root)))
    return sets, mixes


def collect(
    found: tuple[list[DataSet], list[Place]],
    settings: StatsConfig,
    engine: Engine,
    *,
    rows: Path | None = None,
    on_sequence: Callable[[], None] = lambda: None,
) -> Statistics:
    """The statistics of data sets and mixes.

    Args:
        found: as ``find`` gives them.
        settings: which attributes, by which rules.
        engine: looks at sequences side by side.
        rows: file for a JSON line on each sequence, in the order of data sets and names.
        on_sequence: called after each.

    Raises:
        DataError: a mix cannot be read, or no sequence of a data set can.
        StorageError: ``rows`` cannot be written.
    """
    sets, mixes = found
    of_mixes = tuple(
        mix_statistics(str(root), read_json(root / MIX_NAME, MixManifest)) for root in mixes
    )
    totals = {str(each.root): Totals(str(each.root), each.layout) for each in sets}
    together = Totals("together", "")
    with _lines(rows) as out:
        for outcome in _in_order(engine.map(Measure(settings), _items(sets))):
            for each in (totals[outcome.item.data], together):
                _add(each, outcome, settings)
            if out is not None and outcome.error is None:
                out.write(outcome.unwrap().row.model_dump_json() + "\n")
            on_sequence()
    done = tuple(each.statistics() for each in totals.values())
    for made in done:
        if made.failed and not made.sequences:
            raise DataError(f"{made.data}: no sequence can be read, the first: {made.failed[0]}")
    return Statistics(
        settings=settings,
        data=done,
        together=together.statistics() if len(done) > 1 else None,
        mixes=of_mixes,
    )


def _items(sets: Iterable[DataSet]) -> Iterator[Item]:
    number = 0
    for each in sets:
        for name in each.names:
            yield Item(str(each.root), each.root, each.layout, name, number)
            number += 1


def _in_order(
    outcomes: Iterable[Outcome[Item, Measured]],
) -> Iterator[Outcome[Item, Measured]]:
    """Outcomes by the numbers of their items; few wait, as items are given out in order."""
    waiting: dict[int, Outcome[Item, Measured]] = {}
    number = 0
    for outcome in outcomes:
        waiting[outcome.item.number] = outcome
        while number in waiting:
            yield waiting.pop(number)
            number += 1


def _add(totals: Totals, outcome: Outcome[Item, Measured], settings: StatsConfig) -> None:
    if outcome.error is not None:
        totals.fail(str(outcome.error))
        return
    found = outcome.unwrap()
    looked_for = {*BOX_RULES, *((*PIXEL_RULES, CAMERA_MOTION) if settings.pixels else ())}
    totals.add(found)
    # Where nobody marked frames, a label of the whole sequence has nothing to be compared with.
    totals.agree(found.row, frozenset(looked_for - {"occlusion"}))


@contextmanager
def _lines(path: Path | None) -> Iterator[IO[str] | None]:
    """A text file that is there when the block ends well; None where none is asked for."""
    if path is None:
        yield None
        return
    with whole(path) as part, part.open("w", encoding="utf-8") as file:
        yield file
        file.flush()
