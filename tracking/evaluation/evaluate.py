"""Scoring trackers on a data set by the rules of a benchmark, into one folder for all of them.

``EVALUATION/evaluation.json`` says which data and rules; ``EVALUATION/<name>/scores.json`` has the
scores of a tracker, and ``EVALUATION/<name>/results/`` its raw results if it ran here.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tirdata.config import Config, read_json, to_json
from tirdata.errors import DataError, UsageError
from tirdata.files import write_text
from tracking.evaluation.benchmark import NamedBenchmark
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.result_folders import TrackerResults, open_results
from tracking.evaluation.result_text import read_answer
from tracking.evaluation.results import Trajectory, doubt_of_start, to_trajectory
from tracking.evaluation.run import MANIFEST, RunManifest, files_of, read_run, read_speed
from tracking.evaluation.scores import Failure, Scores, TargetScore
from tracking.evaluation.targets import Data, Truth, Truths

logger = logging.getLogger(__name__)

# the repetitions of a target, and notes on its files
Reader: TypeAlias = Callable[[Truth], tuple[list[Trajectory], tuple[str, ...]]]

EVALUATION = "evaluation.json"
SCORES = "scores.json"
RESULTS = "results"


class Evaluation(Config):
    """``EVALUATION/evaluation.json``: what every tracker in the folder is scored on."""

    data: str
    """Folder of the data set."""
    layout: str
    """How it is laid out."""
    benchmark: NamedBenchmark
    """The rules."""
    targets: tuple[str, ...]
    """Targets by name."""
    frames: int
    """Frames from the first to the last true box of each, together."""
    without_truth: tuple[str, ...] = ()
    """Sequences without true boxes to score on."""
    truth_sha256: str
    """Of the ground truth."""
    origin: int | None = None
    """Number of the first pixel where the data are ground truth alone, without frames."""

    @property
    def has_frames(self) -> bool:
        """Whether there are frames to show."""
        return self.origin is None


@dataclass(frozen=True)
class Results:
    """Raw results of one tracker and what they are called."""

    name: str
    folder: Path
    origin: int | None = None  # number of the first pixel; None = as run.json or the data set says
    found: TrackerResults | None = None  # None = what is in the folder


def open_evaluation(out: Path, data: Data, benchmark: NamedBenchmark, truths: Truths) -> Evaluation:
    """Write ``evaluation.json``, or check that the one there is of the same data and rules.

    Raises:
        UsageError: the folder holds an evaluation of something else.
        StorageError: it cannot be written.
    """
    now = describe_evaluation(data, benchmark, truths)
    save_evaluation(out, now)
    return now


def describe_evaluation(
    data: Data, benchmark: NamedBenchmark, truths: Truths, *, origin: int | None = None
) -> Evaluation:
    """What ``evaluation.json`` says; ``origin`` is of ground truth alone."""
    return Evaluation(
        data=str(data.root.resolve()),
        layout=data.layout,
        benchmark=benchmark,
        targets=tuple(truth.name for truth in truths.targets),
        frames=sum(truth.stop - truth.start for truth in truths.targets),
        without_truth=truths.without,
        truth_sha256=truths.sha256,
        origin=origin,
    )


def save_evaluation(out: Path, now: Evaluation) -> None:
    """Write ``evaluation.json``, or check that the one there is of the same data and rules.

    Raises:
        UsageError: the folder holds an evaluation of something else.
        StorageError: it cannot be written.
    """
    path = out / EVALUATION
    before = read_json(path, Evaluation) if path.is_file() else None
    if before is not None:
        _check_same(out, before, now)
    if before != now:
        write_text(path, to_json(now))


def score_results(
    results: Results, evaluation: Evaluation, truths: Truths, failed: Sequence[Failure]
) -> Scores:
    """Score every target of a folder of results.

    Args:
        results: the folder.
        evaluation: data and rules.
        truths: the ground truth; sequences that cannot be read are failures of the scores.
        failed: targets that the tracker failed on.

    Raises:
        UsageError: there is no such folder.
        DataError: not a single target can be scored, or the tracker failed on all of them.
    """
    protocol = evaluation.benchmark.build()
    manifest = _manifest(results.folder)
    origin = _origin(results, manifest, evaluation)
    known = {failure.name for failure in failed}
    if failed and known.issuperset(truth.name for truth in truths.targets):
        raise DataError(f"{results.name}: failed on every target; {failed[0].error}")
    with ExitStack() as stack:
        scored, missing = _score_targets(
            _reader(results, manifest, truths, origin, stack),
            [truth for truth in truths.targets if truth.name not in known],
            protocol,
        )
    failures = [*truths.failed, *failed, *missing]
    if not scored:
        why = failures[0].error if failures else "there is no target"
        raise DataError(f"{results.folder}: not one target can be scored: {why}")
    names = [score.name for score in scored]
    return Scores(
        name=results.name,
        benchmark=evaluation.benchmark.name,
        truth_sha256=evaluation.truth_sha256,
        results=str(results.folder.resolve()),
        origin=origin,
        summary=protocol.summarise(scored),
        targets=tuple(scored),
        failed=tuple(failures),
        speed=read_speed(results.folder, names) if manifest else None,
        machine=manifest.machine if manifest else None,
        workers=manifest.workers if manifest else None,
        settings=dict(manifest.settings) if manifest else None,
    )


def write_scores(out: Path, scores: Scores) -> bool:
    """Write ``scores.json``; whether that changed anything.

    Raises:
        UsageError: the name belongs to results in another folder.
        StorageError: it cannot be written.
    """
    path = out / scores.name / SCORES
    if path.is_file():
        before = read_json(path, Scores)
        if before == scores:
            return False
        if before.results != scores.results:
            raise UsageError(
                f"{out}: {before.results} is already called {scores.name}; give {scores.results} "
                "another name with --name"
            )
    write_text(path, to_json(scores))
    return True


def read_scores(out: Path) -> list[Scores]:
    """The scores of every tracker in an evaluation, best first; incomplete ones at the end.

    Raises:
        DataError: the folder holds no evaluation, or a file is wrong.
    """
    first = read_json(out / EVALUATION, Evaluation).benchmark.build().headline[0]
    return ranked((read_json(path, Scores) for path in sorted(out.glob(f"*/{SCORES}"))), first)


def ranked(scores: Iterable[Scores], first: str) -> list[Scores]:
    """By a measure, best first; incomplete ones at the end."""
    sign = -1 if MEASURES[first].higher_is_better else 1
    return sorted(
        scores,
        key=lambda each: (len(each.failed) > 0, sign * each.summary.values[first], each.name),
    )


def published_scores(rules: NamedBenchmark, scores: Scores) -> dict[str, float]:
    """The measures that have a name in the field, by it; or else those of the ranked table."""
    values = scores.summary.values
    names = rules.benchmark.names or {name: name for name in rules.build().headline}
    return {names[name]: values[name] for name in names if name in values}


def _score_targets(
    read: Reader, truths: Sequence[Truth], protocol: EvaluationProtocol
) -> tuple[list[TargetScore], list[Failure]]:
    scored: list[TargetScore] = []
    missing: list[Failure] = []
    for truth in truths:
        try:
            trajectories, notes = read(truth)
            score = protocol.score(truth, trajectories)
            if notes:
                score = score.model_copy(update={"notes": (*notes, *score.notes)})
            scored.append(score)
        except DataError as error:
            missing.append(Failure(name=truth.name, error=str(error)))
    return scored, missing


def _reader(
    results: Results,
    manifest: RunManifest | None,
    truths: Truths,
    origin: int,
    stack: ExitStack,
) -> Reader:
    """How the repetitions of a target are read: as our run wrote them, or as others write."""
    if manifest is not None:
        files = replace(files_of(results.folder, manifest), origin=origin)
        repetitions = manifest.repetitions
        return lambda truth: (read_run(files, truth.name, repetitions), ())
    found = results.found
    if found is None:
        names = [truth.name for truth in truths.targets]
        every = stack.enter_context(open_results(results.folder, names))
        if len(every) > 1:
            trackers = ", ".join(each.name for each in every)
            raise UsageError(f"{results.folder}: results of {trackers}; expected one tracker")
        found = every[0]
    if found.unused:
        logger.warning(
            "%s: %d files are results of no target: %s",
            found.folder, len(found.unused), found.unused[0],
        )  # fmt: skip
    if found.notes:
        logger.warning(
            "%s: %d names of files are a guess: %s",
            found.folder, len(found.notes), next(iter(found.notes.values())),
        )  # fmt: skip
    if found.left_out:
        logger.warning("%s: left out: %s", found.folder, ", ".join(found.left_out))
    return partial(_read_theirs, found, origin)


def _read_theirs(
    found: TrackerResults, origin: int, truth: Truth
) -> tuple[list[Trajectory], tuple[str, ...]]:
    """Every repetition that somebody has of a target, and what was noticed."""
    notes = [found.notes[truth.name]] if truth.name in found.notes else []
    trajectories = []
    for each in found.of(truth.name):
        try:
            answer = read_answer(each, frames=len(truth.boxes)) if isinstance(each, Path) else each
        except DataError as error:
            raise DataError(found.in_their_place(str(error))) from None
        notes += answer.notes
        trajectories.append(to_trajectory(answer, origin=origin))
        doubt = doubt_of_start(truth, trajectories[-1])
        notes = [*([] if doubt is None else [doubt]), *notes]
    return trajectories, tuple(dict.fromkeys(notes))


def _manifest(folder: Path) -> RunManifest | None:
    path = folder / MANIFEST
    return read_json(path, RunManifest) if path.is_file() else None


def _origin(results: Results, manifest: RunManifest | None, evaluation: Evaluation) -> int:
    if results.origin is not None:
        return results.origin
    if evaluation.origin is not None:  # ground truth of whatever form has the data set's numbers
        return evaluation.origin
    if manifest is not None:
        return manifest.origin
    return Data(Path(evaluation.data), evaluation.layout).reader.origin


def _check_same(out: Path, before: Evaluation, now: Evaluation) -> None:
    if (before.data, before.layout) != (now.data, now.layout):
        raise UsageError(f"{out}: is an evaluation on {before.data}; choose another folder")
    if before.benchmark != now.benchmark:
        raise UsageError(
            f"{out}: is an evaluation by the rules of {before.benchmark.name}, not of "
            f"{now.benchmark.name}, or these have changed; choose another folder"
        )
