"""Running a tracker over the targets of a data set: parallel, and resumable target by target.

A run is a folder of raw results and ``run.json``, which says what made them. A result file that is
there is done; a folder made by another tracker, other settings or other data is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from tirdata.config import Config, read_json, to_json
from tirdata.engine.base import Engine
from tirdata.errors import MissingError, StorageError, UsageError
from tirdata.files import write_text
from tirdata.tracker import Tracker, TrackerFactory
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.machine import this_machine
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.results import is_done, read_times, write_result
from tracking.evaluation.scores import Failure, Machine, Speed
from tracking.evaluation.targets import Data, Truth, truths_of

MANIFEST = "run.json"


class TrackConfig(Config):
    """What ``tirdata track --config`` may say."""

    settings: dict[str, Any] = Field(default_factory=dict)
    """Of the tracker."""
    sequences: tuple[str, ...] = ()
    """Names of sequences or targets; none = all."""


class EvaluateConfig(TrackConfig):
    """What ``tirdata evaluate --config`` may say."""

    protocol: str | None = None
    """Name or TOML file of a benchmark."""


class RunManifest(Config):
    """``RESULTS/run.json``: what made the results beside it."""

    tracker: str
    """Name in the registry."""
    settings: dict[str, Any]
    """Of the tracker, all of them."""
    files: dict[str, str]
    """SHA-256 of each file that the tracker reads, by name: its weights."""
    fingerprint: str
    """Hash of tracker, settings and the files' content; a resumed run must have the same."""
    data: str
    """Folder of the data set."""
    layout: str
    """How it is laid out."""
    origin: int
    """Number of the first pixel in the result files."""
    protocol: str
    """How the tracker was run."""
    workers: int
    """Targets that ran at once."""
    machine: Machine
    """Where it ran."""


@dataclass(frozen=True)
class RunReport:
    """What became of a run."""

    ran: tuple[str, ...]  # targets that ran now
    done_before: tuple[str, ...]  # targets whose results were there
    failed: tuple[Failure, ...]


@dataclass(frozen=True)
class TargetKey:
    """What a worker needs to find one target."""

    name: str
    sequence: str


class Runner:
    """Runs one target and writes its result; in a worker, one tracker serves all targets."""

    def __init__(
        self, data: Data, protocol: EvaluationProtocol, factory: TrackerFactory, out: Path
    ) -> None:
        self.data, self.protocol, self.factory, self.out = data, protocol, factory, out

    @cached_property
    def tracker(self) -> Tracker:
        """Built when the first target comes."""
        return self.factory()

    def __call__(self, key: TargetKey) -> None:
        """Run the target.

        Raises:
            DataError: its frames cannot be read.
            StorageError: the result cannot be written.
        """
        layout = self.data.reader
        sequence = layout.read_one(self.data.root, key.sequence)
        found = truths_of(
            sequence, machine_boxes=self.protocol.machine_boxes, sizes=self.protocol.sizes
        )
        truth = next(truth for truth in found if truth.name == key.name)
        trajectory = self.protocol.run(self.tracker, sequence.frames, truth)
        write_result(self.out, key.name, trajectory, origin=layout.origin)


@dataclass(frozen=True)
class Run:
    """What is run, on what, and where the results go."""

    choice: TrackerChoice
    data: Data
    protocol_name: str
    protocol: EvaluationProtocol
    out: Path

    def left(self, truths: Sequence[Truth]) -> list[Truth]:
        """Targets without a result.

        Raises:
            DataError: a result file is none.
        """
        origin = self.data.reader.origin
        return [truth for truth in truths if not is_done(self.out, truth, origin=origin)]

    def manifest(self, workers: int) -> RunManifest:
        """What this run would write down of itself."""
        config = self.choice.config
        return RunManifest(
            tracker=self.choice.name,
            settings=config.model_dump(mode="json"),
            files=self.choice.hashes(),
            fingerprint=self.choice.fingerprint(),
            data=str(self.data.root.resolve()),
            layout=self.data.layout,
            origin=self.data.reader.origin,
            protocol=self.protocol_name,
            workers=workers,
            machine=this_machine(getattr(config, "device", None)),
        )

    def begin(self, workers: int) -> RunManifest:
        """Write ``run.json``, or check the one that is there.

        Raises:
            UsageError: the folder holds a run that this one would not go on with.
        """
        manifest = self.manifest(workers)
        path = self.out / MANIFEST
        if path.is_file():
            before = read_json(path, RunManifest)
            _check_same(self.out, before, manifest)
            return before
        if any(self.out.glob("*.txt")):
            raise UsageError(
                f"{self.out}: holds results but no {MANIFEST}; choose another folder for these"
            )
        write_text(path, to_json(manifest))
        return manifest

    def run(
        self,
        truths: Sequence[Truth],
        engine: Engine,
        on_target: Callable[[str], None],
        workers: int = 1,
    ) -> RunReport:
        """Run the targets that have no result yet.

        Raises:
            UsageError: the folder holds a run that this one would not go on with.
            MissingError: weights, GPU or package are not there; no target can run.
            StorageError: the disk is full; no target can be kept.
        """
        self.begin(workers)
        left = self.left(truths)
        runner = Runner(self.data, self.protocol, self.choice.factory, self.out)
        names = {truth.name for truth in left}
        ran: list[str] = []
        failed: list[Failure] = []
        keys = [TargetKey(truth.name, truth.sequence) for truth in left]
        for outcome in engine.map(runner, keys):
            if isinstance(outcome.error, (MissingError, StorageError)):
                self._leave_no_trace()
                raise outcome.error
            if outcome.error is None:
                ran.append(outcome.item.name)
            else:
                failed.append(Failure(name=outcome.item.name, error=str(outcome.error)))
            on_target(outcome.item.name)
        before = [truth.name for truth in truths if truth.name not in names]
        return RunReport(tuple(sorted(ran)), tuple(before), tuple(failed))

    def _leave_no_trace(self) -> None:
        """Take ``run.json`` away again where no result came of it."""
        if not any(self.out.glob("*.txt")):
            (self.out / MANIFEST).unlink(missing_ok=True)


def read_speed(folder: Path, names: Sequence[str]) -> Speed:
    """How fast the targets of a run went, one after the other.

    Raises:
        DataError: a file of times is missing or wrong.
    """
    times = [read_times(folder, name) for name in names]
    return Speed(
        frames=sum(len(seconds) for seconds in times),
        starts=len(times),
        seconds=sum(float(seconds.sum()) for seconds in times),
        start_seconds=sum(float(seconds[0]) for seconds in times),
    )


def _check_same(out: Path, before: RunManifest, now: RunManifest) -> None:
    if before.data != now.data or before.layout != now.layout:
        raise UsageError(
            f"{out}: holds results on {before.data} ({before.layout}); this is {now.data} "
            f"({now.layout}); choose another folder"
        )
    if before.fingerprint != now.fingerprint or before.protocol != now.protocol:
        raise UsageError(
            f"{out}: holds results of {_differences(before, now)}; choose another folder or name"
        )


def _differences(before: RunManifest, now: RunManifest) -> str:
    if before.tracker != now.tracker:
        return f"{before.tracker}, not {now.tracker}"
    if before.protocol != now.protocol:
        return f"protocol {before.protocol}, not {now.protocol}"
    keys = sorted(before.settings.keys() | now.settings.keys())
    changed = [
        f"{key} = {before.settings.get(key)}, not {now.settings.get(key)}"
        for key in keys
        if before.settings.get(key) != now.settings.get(key)
    ]
    if before.files != now.files:
        changed.append("other weights")
    return f"{before.tracker} with {'; '.join(changed) or 'another version of its files'}"
