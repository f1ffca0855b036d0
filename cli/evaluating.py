"""The steps of `tirdata evaluate`: run if it is a tracker, score, show, write the page."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import Console
from cli.scoring import check_whole, run_targets, say_left_out

if TYPE_CHECKING:
    from tracking.evaluation.benchmark import NamedBenchmark
    from tracking.evaluation.run import Run
    from tracking.evaluation.targets import Data, Truths


@dataclass(frozen=True)
class Request:
    """What is scored on what, and where it goes."""

    data: "Data"
    truths: "Truths"
    rules: "NamedBenchmark"
    settings: dict[str, Any]
    out: Path


def evaluate_one(
    request: Request, console: Console, *, tracker: str, name: str | None, origin: int | None,
    engine: str, workers: int, dry_run: bool, repetitions: int | None, **placed: Any,
) -> None:  # fmt: skip
    """Evaluate one tracker or folder of results.

    Raises:
        UsageError: there is neither a tracker nor a folder called ``tracker``.
        PartlyDoneError: some targets have no score; the rest is written.
    """
    from tracking.evaluation.evaluate import (
        Results,
        open_evaluation,
        read_scores,
        score_results,
        write_scores,
    )
    from tracking.report.page import REPORT, write_report

    run, label = _run_of(request, tracker, name, repetitions, placed)
    say_left_out(console, request.truths)
    targets = request.truths.targets
    if dry_run:
        left = len(run.left(targets)) if run else 0
        console.say(f"{left} of {len(targets)} targets would be tracked, {len(targets)} scored")
        console.document({"targets": [truth.name for truth in targets], "to_track": left})
        return
    evaluation = open_evaluation(request.out, request.data, request.rules, request.truths)
    failed = run_targets(run, request.truths, console, engine, workers).failed if run else ()
    folder = run.out if run else Path(tracker)
    results = Results(label, folder, origin)
    scores = score_results(results, evaluation, request.truths, failed)
    changed = write_scores(request.out, scores)
    ranked = read_scores(request.out)
    headline = request.rules.build().headline
    _show(console, request.rules.benchmark.title, headline, ranked)
    page = request.out / REPORT
    if changed or not page.is_file():
        write_report(request.out)
    else:
        console.say("nothing has changed since the last time")
    console.say(f"report: {page}")
    console.document({"evaluation": request.out, "report": page, "scores": scores})
    check_whole(scores.failed, scores.summary.targets + len(scores.failed), request.out)


def _run_of(
    request: Request,
    tracker: str,
    name: str | None,
    repetitions: int | None,
    placed: dict[str, Any],
) -> "tuple[Run | None, str]":
    """What has to run, if it is a tracker, and what it is called."""
    from tirdata.errors import UsageError
    from tracking.evaluation.choice import choose_tracker
    from tracking.evaluation.evaluate import RESULTS
    from tracking.evaluation.run import Run
    from tracking.trackers import TRACKERS

    label = name or (tracker if tracker in TRACKERS else Path(tracker).resolve().name)
    if not re.fullmatch(r"\w[\w.+@ -]*", label):
        raise UsageError(f"name {label!r}: expected letters, digits, and . _ + @ - after the first")
    if tracker in TRACKERS:
        choice = choose_tracker(tracker, request.settings, **placed)
        protocol = request.rules.benchmark.protocol
        folder = request.out / label / RESULTS
        rules = request.rules.build()
        return Run(choice, request.data, protocol, rules, folder, repetitions), label
    if not Path(tracker).is_dir():
        known = ", ".join(TRACKERS)
        raise UsageError(
            f"{tracker}: no such folder of results, and no tracker; these are: {known}"
        )
    return None, label


def _show(console: Console, title: str, headline: Any, ranked: Any) -> None:
    from tracking.report.tables import ranked_columns, ranked_rows

    console.table(title, ranked_columns(headline), ranked_rows(ranked, headline))
