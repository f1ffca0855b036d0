"""The steps of `tirdata evaluate`: run if it is a tracker, score, show, write the page."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.certainty import certainty
from cli.console import Console
from cli.requests import Request
from cli.scoring import check_whole, counted, run_targets, say_left_out

if TYPE_CHECKING:
    from tracking.evaluation.evaluate import Evaluation, Results
    from tracking.evaluation.run import Run
    from tracking.evaluation.scores import Failure, Scores


def evaluate_one(
    request: Request, console: Console, *, tracker: str, name: str | None, origin: int | None,
    experiment: str | None, engine: str, workers: int, dry_run: bool, repetitions: int | None,
    **placed: Any,
) -> None:  # fmt: skip
    """Evaluate one tracker, or every one that there are results of.

    Raises:
        UsageError: there is neither a tracker nor results called ``tracker``.
        PartlyDoneError: some targets have no score; the rest is written.
    """
    from tracking.evaluation.evaluate import describe_evaluation, save_evaluation

    run = _run_of(request, tracker, name, repetitions, placed)
    say_left_out(console, request.truths)
    with _results_of(request, run, Path(tracker), name, origin, experiment) as results:
        if dry_run:
            _say_plan(request, console, run, results)
            return
        evaluation = describe_evaluation(
            request.data, request.rules, request.truths, origin=request.origin
        )
        if request.out is not None:
            save_evaluation(request.out, evaluation)
        failed = run_targets(run, request.truths, console, engine, workers).failed if run else ()
        scored, without = _score_all(request, evaluation, results, failed)
    page = _written(request, console, scored)
    document = _document(request, scored, without, page)
    sure = {"confidence": certainty(request.rules, scored)} if console.json else {}
    console.document(document | sure)
    for each in without:
        console.say(f"{each.name}: {each.error}")
    _check_all(scored, without, request.out or Path(tracker))


def _score_all(
    request: Request, evaluation: "Evaluation", results: Sequence["Results"],
    failed: Sequence["Failure"],
) -> "tuple[list[Scores], list[Failure]]":  # fmt: skip
    """The scores of each tracker, and those that have none at all."""
    from tirdata.errors import DataError
    from tracking.evaluation.evaluate import score_results
    from tracking.evaluation.groundtruth.attributes import with_attributes
    from tracking.evaluation.scores import Failure

    places = [place for each in results[:1] if each.found for place in each.found.places]
    truths = with_attributes(request.truths, places)
    scored: list[Scores] = []
    without: list[Failure] = []
    for each in results:
        try:
            scored.append(score_results(each, evaluation, truths, failed))
        except DataError as error:
            if len(results) == 1:
                raise
            without.append(Failure(name=each.name, error=str(error)))
    if not scored:
        raise DataError(f"{len(without)} trackers, none can be scored; {without[0].error}")
    return scored, without


def _written(request: Request, console: Console, scored: Sequence["Scores"]) -> Path | None:
    """Show the ranking; write scores and page if there is a folder for them."""
    from tracking.evaluation.evaluate import ranked, read_scores, write_scores
    from tracking.report.page import REPORT, write_report

    title, headline = request.rules.benchmark.title, request.rules.build().headline
    if request.out is None:
        _show(console, title, headline, ranked(scored, headline[0]))
        _show_notes(console, scored)
        console.say("nothing is written without --out")
        return None
    changed = [write_scores(request.out, each) for each in scored]
    _show(console, title, headline, read_scores(request.out))
    _show_notes(console, scored)
    page = request.out / REPORT
    if any(changed) or not page.is_file():
        write_report(request.out)
    else:
        console.say("nothing has changed since the last time")
    console.say(f"report: {page}")
    return page


def _show_notes(console: Console, scored: Sequence["Scores"]) -> None:
    """What was odd about results and how it was treated: counted, and the first of it."""
    for each in scored:
        noted = [target for target in each.targets if target.notes]
        if noted:
            console.say(
                f"{each.name}: notes on {len(noted)} of {counted(len(each.targets), 'target')} "
                f"(all with --json); {noted[0].name}: {'; '.join(noted[0].notes)}"
            )


def _document(
    request: Request, scored: Sequence["Scores"], without: Sequence["Failure"], page: Path | None
) -> dict[str, object]:
    """The JSON of the command: what it was, and each tracker's scores by their published names."""
    from tracking.evaluation.evaluate import published_scores, ranked

    best_first = ranked(scored, request.rules.build().headline[0])
    trackers = [
        {"name": each.name, "scores": published_scores(request.rules, each), **_plain(each)}
        for each in best_first
    ]
    alone = {"scores": trackers[0]["scores"]} if len(trackers) == 1 and not without else {}
    return {
        "protocol": request.rules.name,
        "title": request.rules.benchmark.title,
        "data": request.data.root,
        "form": request.data.layout,
        "targets": len(request.truths.targets),
        "without_truth": request.truths.without,
        "evaluation": request.out,
        "report": page,
        **alone,
        "trackers": trackers,
        "without_scores": [{"name": each.name, "error": each.error} for each in without],
    }


def _plain(scores: "Scores") -> dict[str, Any]:
    """Everything but what is one number a frame or a threshold; that is in scores.json."""
    long = {"curves", "runs", "tags", "course"}
    return scores.model_dump(mode="json", exclude={"name": True, "targets": {"__all__": long}})


def _run_of(
    request: Request,
    tracker: str,
    name: str | None,
    repetitions: int | None,
    placed: dict[str, Any],
) -> "Run | None":
    """What has to run, if it is a tracker."""
    from tirdata.errors import UsageError
    from tracking.evaluation.choice import choose_tracker
    from tracking.evaluation.evaluate import RESULTS
    from tracking.evaluation.run import Run
    from tracking.trackers import TRACKERS

    label = name or tracker
    if tracker not in TRACKERS:
        if not Path(tracker).exists():
            known = ", ".join(TRACKERS)
            raise UsageError(
                f"{tracker}: no such folder of results, and no tracker; these are: {known}"
            )
        return None
    if request.out is None or request.origin is not None:
        raise UsageError(
            f"{tracker}: a tracker needs frames; give the data set in the place of --groundtruth"
        )
    _check_label(label)
    choice = choose_tracker(tracker, request.settings, **placed)
    protocol = request.rules.benchmark.protocol
    folder = request.out / label / RESULTS
    return Run(choice, request.data, protocol, request.rules.build(), folder, repetitions)


@contextmanager
def _results_of(
    request: Request, run: "Run | None", path: Path, name: str | None, origin: int | None,
    experiment: str | None,
) -> Iterator[list["Results"]]:  # fmt: skip
    """The raw results: of the run, of one that was made here before, or of others."""
    from tirdata.errors import UsageError
    from tracking.evaluation.evaluate import Results
    from tracking.evaluation.result_folders import open_results
    from tracking.evaluation.run import MANIFEST

    if run is not None:
        yield [Results(run.out.parent.name, run.out, origin)]
        return
    if (path / MANIFEST).is_file():
        yield [Results(_check_label(name or path.resolve().name), path, origin)]
        return
    if experiment is None and request.rules.benchmark.rules.get("real_time_fps"):
        experiment = "realtime"
    with open_results(path, request.names, experiment=experiment) as found:
        if name is not None and len(found) > 1:
            trackers = ", ".join(each.name for each in found)
            raise UsageError(f"--name {name}: {path} has results of {trackers}; expected of one")
        yield [
            Results(_check_label(name or each.name), each.folder, origin, each) for each in found
        ]


def _say_plan(
    request: Request, console: Console, run: "Run | None", results: Sequence["Results"]
) -> None:
    targets = request.truths.targets
    left = len(run.left(targets)) if run else 0
    console.say(f"{left} of {len(targets)} targets would be tracked, {len(targets)} scored")
    for each in results:
        if each.found is not None:
            there = sum(truth.name in each.found.answers for truth in targets)
            console.say(f"{each.name}: {counted(there, 'result')} in {each.folder}")
    console.document(
        {
            "targets": [truth.name for truth in targets],
            "to_track": left,
            "trackers": [each.name for each in results],
        }
    )


def _check_all(scored: Sequence["Scores"], without: Sequence["Failure"], where: Path) -> None:
    """End with status 4 if a target has no score.

    Raises:
        PartlyDoneError: one has none; the first is named.
    """
    from tirdata.errors import PartlyDoneError

    if without:
        raise PartlyDoneError(
            f"{where}: {len(without)} of {len(scored) + len(without)} trackers cannot be scored; "
            f"{without[0].error}"
        )
    failed = [failure for each in scored for failure in each.failed]
    check_whole(failed, sum(each.summary.targets for each in scored) + len(failed), where)


def _check_label(label: str) -> str:
    from tirdata.errors import UsageError

    if not re.fullmatch(r"\w[\w.+@ -]*", label):
        raise UsageError(f"name {label!r}: expected letters, digits, and . _ + @ - after the first")
    return label


def _show(console: Console, title: str, headline: Any, ranking: Any) -> None:
    from tracking.report.tables import ranked_columns, ranked_rows

    console.table(title, ranked_columns(headline), ranked_rows(ranking, headline))
