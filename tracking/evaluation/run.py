"""Running a tracker over the targets of a data set: parallel, and resumable target by target.

A run is a folder of raw results and ``run.json``, which says what made them. A result file that is
there is done; a folder made by another tracker, other settings or other data is refused. With
several repetitions each has a seed of its own, where the tracker draws random numbers at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from tirdata.config import Config, read_json, to_json
from tirdata.engine.base import Engine
from tirdata.errors import DataError, MissingError, StorageError, UsageError, WeightsError
from tirdata.files import write_text
from tirdata.tracker import TrackerFactory
from tirdata.types import Flags, Floats
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.machine import this_machine
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.results import STARTED, Trajectory
from tracking.evaluation.run_files import FORMS, RunFiles, enough
from tracking.evaluation.runner import Runner, TargetKey, clear_pulses
from tracking.evaluation.scores import Failure, Machine, Speed
from tracking.evaluation.targets import Data, Truth

MANIFEST = "run.json"
RUN_BY_RULES = ("vot-supervised", "effort")  # protocols whose rules decide what trackers answer
REALTIME = "realtime"  # VOT's name of the experiment in which frames do not wait


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
    rules: dict[str, Any] = Field(default_factory=dict)
    """Of the protocol, where they decide what a tracker answers."""
    form: str = "otb"
    """How the result files are named and written."""
    experiment: str = "baseline"
    """VOT's name of this way of running."""
    repetitions: int = Field(1, ge=1)
    """How often it ran on a target at most."""
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
class Run:
    """What is run, on what, and where the results go."""

    choice: TrackerChoice
    data: Data
    protocol_name: str
    protocol: EvaluationProtocol
    out: Path
    repetitions: int | None = None  # None = as the protocol has it
    form: str | None = None  # None = as suits the protocol

    @property
    def most(self) -> int:
        """Repetitions of a target, if no two of them are alike."""
        return self.repetitions or self.protocol.repetitions

    @property
    def files(self) -> RunFiles:
        """Where the results go.

        Raises:
            UsageError: no such form, or it has no room for repetitions.
        """
        vot = self.protocol_name.startswith("vot")
        form = self.form or ("vot" if vot else "otb" if self.most == 1 else "got10k")
        if form not in FORMS:
            raise UsageError(f"--form {form}: no such form; there are: {', '.join(FORMS)}")
        if self.most > 1 and not FORMS[form].repeated:
            rooms = " or ".join(name for name, each in FORMS.items() if each.repeated)
            raise UsageError(
                f"--form {form}: one file a target; expected {rooms} for {self.most} repetitions"
            )
        experiment = getattr(self.protocol, "experiment", "baseline")
        return RunFiles(self.out, form, self.choice.name, self.data.reader.origin, experiment)

    def left(self, truths: Sequence[Truth]) -> list[Truth]:
        """Targets with a repetition that is not there.

        Raises:
            DataError: a result file is none.
        """
        files, most = self.files, self.most
        return [truth for truth in truths if not enough(files.done(truth, most), most)]

    def manifest(self, workers: int) -> RunManifest:
        """What this run would write down of itself."""
        config = self.choice.config
        files = self.files
        return RunManifest(
            tracker=self.choice.name,
            settings=config.model_dump(mode="json"),
            files=self.choice.hashes(),
            fingerprint=self.choice.fingerprint(),
            data=str(self.data.root.resolve()),
            layout=self.data.layout,
            origin=files.origin,
            protocol=self.protocol_name,
            rules=self._rules(),
            form=files.form,
            experiment=files.experiment,
            repetitions=self.most,
            workers=workers,
            machine=this_machine(getattr(config, "device", None)),
        )

    def _rules(self) -> dict[str, Any]:
        if self.protocol_name not in RUN_BY_RULES:
            return {}
        rules: Config = self.protocol.rules  # type: ignore[attr-defined]  # both have them
        return rules.model_dump(mode="json")

    def begin(self, workers: int) -> RunManifest:
        """Write ``run.json``, or check the one that is there.

        Raises:
            UsageError: the folder holds a run that this one would not go on with.
        """
        manifest = self.manifest(workers)
        if manifest.experiment == REALTIME and self.choice.name == "command":
            raise UsageError(
                "tracker 'command': takes sequences as a whole; in real time expected one that "
                "answers frame by frame, such as a program that speaks TraX"
            )
        path = self.out / MANIFEST
        if path.is_file():
            before = read_json(path, RunManifest)
            _check_same(self.out, before, manifest)
            return before
        if self.files.any():
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
            WeightsError: the tracker cannot be built from its weights; no target can run.
            StorageError: the disk is full; no target can be kept.
        """
        self.begin(workers)
        clear_pulses(self.out)
        left = self.left(truths)
        factories = Seeds(self.choice)
        runner = Runner(self.data, self.protocol, factories, self.files, self.most)
        names = {truth.name for truth in left}
        ran: list[str] = []
        failed: list[Failure] = []
        keys = [TargetKey(truth.name, truth.sequence) for truth in left]
        for outcome in engine.map(runner, keys):
            if isinstance(outcome.error, (MissingError, StorageError, WeightsError)):
                self._leave_no_trace()
                raise outcome.error
            if outcome.error is None:
                ran.append(outcome.item.name)
            else:
                failed.append(Failure(name=outcome.item.name, error=str(outcome.error)))
            on_target(outcome.item.name)
        clear_pulses(self.out)
        before = [truth.name for truth in truths if truth.name not in names]
        return RunReport(tuple(sorted(ran)), tuple(before), tuple(failed))

    def _leave_no_trace(self) -> None:
        """Take ``run.json`` away again where no result came of it."""
        clear_pulses(self.out)
        if not self.files.any():
            (self.out / MANIFEST).unlink(missing_ok=True)


@dataclass(frozen=True)
class Seeds:
    """The tracker of each repetition: the next seed for each, where it has one."""

    choice: TrackerChoice

    def __call__(self, repetition: int) -> TrackerFactory:
        """Of one repetition, counted from 0."""
        if repetition == 0 or "seed" not in self.choice.config_class.model_fields:
            return self.choice.factory
        seed = (getattr(self.choice.config, "seed", None) or 0) + repetition
        return TrackerChoice(self.choice.name, {**self.choice.settings, "seed": seed}).factory


def files_of(folder: Path, manifest: RunManifest) -> RunFiles:
    """The files of the run that ``manifest`` speaks of."""
    return RunFiles(folder, manifest.form, manifest.tracker, manifest.origin, manifest.experiment)


def read_run(files: RunFiles, target: str, most: int) -> list[Trajectory]:
    """The repetitions of a target that a run has written; there is at least one.

    Raises:
        DataError: there is none, or a file is wrong.
    """
    found: list[Trajectory] = []
    while len(found) < most and files.path(target, len(found)).is_file():
        found.append(files.read(target, len(found)))
    if not found:
        raise DataError(
            f"{files.path(target)}: no such result; expected the run to have written it"
        )
    return found


def read_speed(folder: Path, names: Sequence[str]) -> Speed:
    """How fast the targets of a run went, one after the other, all repetitions together.

    Raises:
        DataError: a file of times is missing or wrong.
    """
    manifest = read_json(folder / MANIFEST, RunManifest)
    files = files_of(folder, manifest)
    frames, starts, seconds, start_seconds = 0, 0, 0.0, 0.0
    for name in names:
        for trajectory in read_run(files, name, manifest.repetitions):
            begun, took_s = _timed(trajectory)
            frames += len(took_s)
            starts += int(begun.sum())
            seconds += float(took_s.sum())
            start_seconds += float(took_s[begun].sum())
    return Speed(frames=frames, starts=starts, seconds=seconds, start_seconds=start_seconds)


def _timed(trajectory: Trajectory) -> tuple[Flags, Floats]:
    """Which frames were starts, and the seconds of each frame that was run."""
    seconds = trajectory.seconds if trajectory.seconds is not None else np.zeros(0)
    run = ~np.isnan(seconds)
    begun = np.zeros(len(seconds), np.bool_)
    if trajectory.states is not None:
        begun = trajectory.states == STARTED
    elif run.any():
        begun[np.flatnonzero(run)[0]] = True
    return begun[run], seconds[run]


def _check_same(out: Path, before: RunManifest, now: RunManifest) -> None:
    if before.data != now.data or before.layout != now.layout:
        raise UsageError(
            f"{out}: holds results on {before.data} ({before.layout}); this is {now.data} "
            f"({now.layout}); choose another folder"
        )
    same = ("fingerprint", "protocol", "rules", "form", "repetitions")
    if any(getattr(before, name) != getattr(now, name) for name in same):
        raise UsageError(
            f"{out}: holds results of {_differences(before, now)}; choose another folder or name"
        )


def _differences(before: RunManifest, now: RunManifest) -> str:
    if before.tracker != now.tracker:
        return f"{before.tracker}, not {now.tracker}"
    if before.protocol != now.protocol:
        return f"protocol {before.protocol}, not {now.protocol}"
    for name in ("form", "repetitions"):
        if getattr(before, name) != getattr(now, name):
            return f"{name} {getattr(before, name)}, not {getattr(now, name)}"
    if before.rules != now.rules:
        return f"{before.protocol} with {'; '.join(_changed(before.rules, now.rules))}"
    changed = _changed(before.settings, now.settings)
    changed += [
        f"another {name}"
        for name in sorted(before.files.keys() | now.files.keys())
        if before.files.get(name) != now.files.get(name)
    ]
    return f"{before.tracker} with {'; '.join(changed) or 'another version of its files'}"


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} = {before.get(key)}, not {now.get(key)}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
