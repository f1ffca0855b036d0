"""Sources to sequences of a dataset: get the bytes, number the recordings, convert each.

Numbers follow the order of the sources, not the order in which workers end. What is done is not
done again; what was stopped goes on.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tirdata.dataset.acquire import LINK_FOLDER, Errand, enlist, forget
from tirdata.dataset.again import said_anew, write_down
from tirdata.dataset.asked import check_alike, check_same, settings_for
from tirdata.dataset.card import Source
from tirdata.dataset.classes import wnid
from tirdata.dataset.convert import WORK_FOLDER, Recording, alone, convert, remove_sequences
from tirdata.dataset.gather import Found, Gatherer
from tirdata.dataset.lists import write_lists
from tirdata.dataset.names import SUBSETS, SequenceId
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.summary import Decided, decided
from tirdata.dataset.tree import Dataset
from tirdata.engine.base import Engine
from tirdata.errors import PartlyDoneError, TirDataError, UsageError
from tirdata.fetch.folders import size_and_time
from tirdata.fetch.local import check_local
from tirdata.fetch.pace import PACE_FOLDER
from tirdata.fetch.wanted import Wanted

OnStep = Callable[[int, str], None]  # how many sources are at their end, what was done
Status = Literal["done", "present", "partly", "failed", "to do"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FetchItem:
    """What became of one source."""

    source: str
    status: Status
    recording_id: str | None = None
    sequences: tuple[str, ...] = ()
    frames: int = 0
    short_shots: int = 0
    warnings: tuple[str, ...] = ()
    decided: tuple[Decided, ...] = ()  # about each sequence that was made now
    message: str | None = None
    exit_code: int = 0
    playlist: str | None = None  # that named it


@dataclass(frozen=True)
class FetchReport:
    """What became of all sources, in their order."""

    items: tuple[FetchItem, ...]

    def count(self, status: Status) -> int:
        """How many sources have this status."""
        return sum(item.status == status for item in self.items)

    def check(self) -> None:
        """Nothing, if every source became sequences.

        Raises:
            PartlyDoneError: some did not, or not wholly.
            TirDataError: none did; with the exit status that all of them have.
        """
        failed = [item for item in self.items if item.status == "failed"]
        if failed and len(failed) == len(self.items):
            codes = {item.exit_code for item in failed}
            error = TirDataError(
                failed[0].message
                if len(failed) == 1
                else f"all {len(failed)} sources failed; each is named above"
            )
            error.exit_code = codes.pop() if len(codes) == 1 else TirDataError.exit_code
            raise error
        if failed or self.count("partly"):
            raise PartlyDoneError(
                f"of {len(self.items)} sources {len(failed)} failed and {self.count('partly')} "
                f"broke off; each is named above"
            )


def plan(
    wanted: Sequence[Wanted], dataset: Dataset, settings: IngestConfig | None = None
) -> FetchReport:
    """What ``ingest`` would begin with; nothing is fetched, read through or written.

    Raises:
        ConfigError: settings make no sense together.
    """
    asked = settings or IngestConfig()
    for each in wanted:
        settings_for(each, asked)
    gatherer = Gatherer(dataset.root, asked, _Known(dataset).source_of)
    found = gatherer.open_folders([Found(each) for each in wanted])
    return FetchReport(tuple(_planned(each, asked) for each in found))


def _planned(found: Found, settings: IngestConfig) -> FetchItem:
    wanted, source = found.wanted, found.source
    try:
        if found.error is not None:
            raise found.error
        if source is not None:
            check_same(wanted, source, settings)
            if source.status != "fetched" and not settings.again:
                return _present(wanted, source)
        if wanted.path is not None:
            check_local(Path(wanted.path))
        return FetchItem(wanted.name, "to do")
    except TirDataError as error:
        return _failed(wanted, error)


def ingest(
    wanted: Sequence[Wanted],
    dataset: Dataset,
    settings: IngestConfig,
    engine: Engine,
    on_step: OnStep | None = None,
) -> FetchReport:
    """Make sequences of every source; ``on_step`` hears of each, and of each that is fetched.

    Where a link or a folder names several, it hears of those as a negative number.

    Raises:
        UsageError: a class is not known, settings make no sense together, or one title is to be
            that of several sources.
        BusyError: another process writes to the dataset.
        StorageError: it cannot be written.
    """
    _check(wanted, dataset, settings)
    with dataset.lock():
        _clean(dataset)
        run = _Run(dataset, settings, on_step or _say_nothing)
        try:
            run.acquire(wanted, engine)
            run.convert(engine)
        finally:
            shutil.rmtree(dataset.root / "recordings" / PACE_FOLDER, ignore_errors=True)
            write_lists(dataset, run.made)
    return FetchReport(tuple(run.items[name] for name in run.order))


class _Known:
    """The recordings of a dataset, by their bytes and by where they came from."""

    def __init__(self, dataset: Dataset) -> None:
        self.by_id = {each: dataset.read_source(each) for each in dataset.recording_ids()}
        sources = self.by_id.values()
        self._by_url = {source.url: source for source in sources if source.url}
        self._by_file = {
            (source.path, source.bytes, source.modified_ns): source
            for source in sources
            if source.path and source.modified_ns
        }

    def source_of(self, wanted: Wanted) -> Source | None:
        """The recording that came from there; of a file, if it is unchanged."""
        if wanted.url is not None:
            return self._by_url.get(wanted.name)
        try:
            state = size_and_time(Path(wanted.name))
        except (OSError, ValueError):  # a name that no file can have
            return None
        return self._by_file.get((wanted.name, *state))

    def tell_of_another(self, wanted: Wanted) -> None:
        """Warn that a file, or a folder, was fetched when it held something else."""
        old = [each for each in self.by_id.values() if each.path and each.path == wanted.path]
        for each in old:
            _log.warning(
                "%s: has changed since it was fetched as recording %s, whose %d sequences stay "
                "in the dataset beside the new ones",
                wanted.name, each.recording_id, len(each.sequences),
            )  # fmt: skip


class _Run:
    """One run of ``ingest``: what became of each source so far, and what is still to be done."""

    def __init__(self, dataset: Dataset, settings: IngestConfig, on_step: OnStep) -> None:
        self.items: dict[str, FetchItem] = {}
        self.order: list[str] = []
        self.made: list[SequenceId] = []
        self._dataset = dataset
        self._settings = settings
        self._on_step = on_step
        self._known = _Known(dataset)
        self._next = {subset: dataset.next_recording(subset) for subset in SUBSETS}
        self._waiting: dict[str, list[Wanted]] = {}  # by recording: sources with the same bytes

    def acquire(self, wanted: Sequence[Wanted], engine: Engine) -> None:
        """Get the bytes that are not here yet, and number the recordings by order of sources."""
        gatherer = Gatherer(
            self._dataset.root,
            self._settings,
            self._known.source_of,
            lambda name: self._on_step(0, f"fetched {_short(name)}"),
            lambda more: self._on_step(-more, f"{more} more sources"),
        )
        for found in gatherer.gather(wanted, engine):
            self.order.append(found.wanted.name)
            try:
                source = found.source or self._enlist(found)
                check_same(found.wanted, source, self._settings)
                self._take(found.wanted, source)
            except TirDataError as error:
                self._end(_failed(found.wanted, error))

    def convert(self, engine: Engine) -> None:
        """Make sequences of the recordings that have none."""
        settings = self._settings
        recordings = [
            Recording(
                root=self._dataset.root,
                recording_id=recording_id,
                name=sources[0].name,
                min_frames=settings.min_frames,
                keep=settings.keep,
                threads=settings.threads,
                settings=settings_for(sources[0], settings),
                clips=sources[0].clips,
                treatment=sources[0].treatment,
                again=settings.again,
            )
            for recording_id, sources in self._waiting.items()
        ]
        for outcome in engine.map(convert, recordings):
            first, *others = self._waiting[outcome.item.recording_id]
            if outcome.error is not None:
                for each in (first, *others):
                    self._end(_failed(each, outcome.error))
                continue
            source = outcome.unwrap()
            self.made += [SequenceId.parse(name) for name in source.sequences]
            self._end(self._converted(first, source))
            for each in others:
                self._end(
                    _present(each, source, f"{each.name}: is {first.name} again, the same bytes")
                )

    def _converted(self, wanted: Wanted, source: Source) -> FetchItem:
        """What became of it, with what was decided about each of its sequences."""
        return replace(
            _present(wanted, source),
            status="partly" if source.status == "partly" else "done",
            message=source.error,
            decided=tuple(
                decided(name, self._dataset.read_card(SequenceId.parse(name)), source.warnings)
                for name in source.sequences
            ),
        )

    def _enlist(self, found: Found) -> Source:
        if found.error is not None:
            raise found.error
        if found.fetched is None:
            raise AssertionError(found.wanted.name)
        errand = Errand(self._dataset.root, found.wanted, self._settings)
        source = self._known.by_id.get(found.fetched.recording_id)
        if source is not None:
            forget(errand)
            return source
        self._known.tell_of_another(found.wanted)
        subset = found.wanted.subset or self._settings.subset or "train"
        source = enlist(self._dataset, errand, found.fetched, self._next[subset])
        self._next[subset] += 1
        self._known.by_id[source.recording_id] = source
        return source

    def _take(self, wanted: Wanted, source: Source) -> None:
        changes = said_anew(wanted, source, self._settings)
        if changes:
            source = write_down(self._dataset, source, changes)
            self._known.by_id[source.recording_id] = source
        if source.status == "fetched" or self._settings.again:
            waiting = self._waiting.setdefault(source.recording_id, [])
            if waiting:
                check_alike(wanted, waiting[0], self._settings)
            waiting.append(wanted)
        else:
            names = ", ".join(sorted(changes))
            message = f"{wanted.name}: {names} written down anew" if changes else None
            self._end(_present(wanted, source, message))

    def _end(self, item: FetchItem) -> None:
        self.items[item.source] = item
        self._on_step(1, f"{item.status}: {_short(item.source)}")


def _say_nothing(ended: int, text: str) -> None:
    pass


def _check(wanted: Sequence[Wanted], dataset: Dataset, settings: IngestConfig) -> None:
    named = {each.class_name for each in wanted} | {settings.class_name}
    named |= {clip.class_name for each in wanted for clip in each.clips}
    for name in sorted(named - {None}, key=str):
        wnid(str(name), dataset.config.classes)
    for each in wanted:
        settings_for(each, settings)
    if any(each.url is not None for each in wanted):
        from tirdata.fetch.web import check_web  # noqa: PLC0415  # yt-dlp, for links only

        check_web(settings)
    if settings.title is not None and len(wanted) > 1:
        raise UsageError(
            f"title {settings.title!r}: is for one source, there are {len(wanted)}; "
            f"give each its own in a sources file"
        )


def _clean(dataset: Dataset) -> None:
    """Remove what stopped fetches left, but for downloads that can go on."""
    for folder in dataset.root.glob(f"recordings/{LINK_FOLDER}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for recording_id in dataset.recording_ids():
        source = dataset.read_source(recording_id)
        folder = dataset.recording_dir(recording_id)
        if source.status == "fetched":
            with alone(folder):
                if dataset.read_source(recording_id).status == "fetched":
                    remove_sequences(dataset, source)
            _log.info("%s: of a stopped fetch", source.url or source.path)
        elif (folder / WORK_FOLDER).exists():  # stopped while they were made again
            with alone(folder):
                shutil.rmtree(folder / WORK_FOLDER, ignore_errors=True)


def _present(wanted: Wanted, source: Source, message: str | None = None) -> FetchItem:
    return FetchItem(
        source=wanted.name,
        status="partly" if source.status == "partly" else "present",
        recording_id=source.recording_id,
        sequences=source.sequences,
        frames=source.frames or 0,
        short_shots=source.short_shots,
        warnings=source.warnings,
        message=source.error or message,
        playlist=_playlist(wanted),
    )


def _failed(wanted: Wanted, error: TirDataError) -> FetchItem:
    return FetchItem(
        wanted.name,
        "failed",
        message=str(error),
        exit_code=error.exit_code,
        playlist=_playlist(wanted),
    )


def _playlist(wanted: Wanted) -> str | None:
    return None if wanted.playlist is None else wanted.playlist.url


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]
