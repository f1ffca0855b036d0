"""Best, median and worst target with film strips, and the boxes that are drawn on them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from html import escape
from pathlib import Path

from tirdata.config import read_json
from tirdata.errors import DataError, UsageError
from tirdata.types import Boxes
from tracking.evaluation.evaluate import Evaluation
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.result_folders import open_results
from tracking.evaluation.result_text import read_answer
from tracking.evaluation.results import STARTED, Trajectory, in_frames, to_trajectory
from tracking.evaluation.run import MANIFEST, RunManifest, files_of, read_run
from tracking.evaluation.scores import Scores, TargetScore
from tracking.evaluation.targets import Data, Truth, truths_of
from tracking.report.colours import SERIES, TRUTH, mark
from tracking.report.strips import strip_html
from tracking.report.words import value_text

_ALONE = "Scored on ground truth alone, without frames: no pictures of these."


def chosen_targets(scores: Scores, measure: str) -> dict[str, TargetScore]:
    """Best, median and worst of a tracker, as far as it has so many."""
    sign = -1 if MEASURES[measure].higher_is_better else 1
    ranked = sorted(scores.targets, key=lambda target: sign * target.values[measure])
    chosen = {"Best": ranked[0]}
    if len(ranked) > 2:
        chosen["Median"] = ranked[len(ranked) // 2]
    if len(ranked) > 1:
        chosen["Worst"] = ranked[-1]
    return chosen


def strips_html(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    """The targets of the first tracker, with everybody's boxes where there are frames."""
    first = evaluation.benchmark.build().headline[0]
    shown = scores[:SERIES]
    strips, words = [], []
    for word, target in chosen_targets(scores[0], first).items():
        value = value_text(first, target.values[first])
        title = f"{word}: {target.name}, {MEASURES[first].short} {value}"
        if not evaluation.has_frames:
            words.append(f"<li>{escape(title)}, {target.frames} frames</li>")
            continue
        try:
            strips.append(_strip(title, target.name, evaluation, shown))
        except (DataError, UsageError) as error:
            strips.append(
                f'<h3>{escape(title)}</h3><p class="warning">No pictures of '
                f"{escape(target.name)}: {escape(str(error))}</p>"
            )
    if words:
        return f'<p class="soft">{_ALONE}</p><ul>{"".join(words)}</ul>'
    names = "".join(
        f'<li data-t="{index}">{mark(index)} {escape(each.name)}</li>'
        for index, each in enumerate(shown)
    )
    more = f"; the first {len(shown)} trackers are drawn" if len(scores) > len(shown) else ""
    return (
        f'<ul class="keys"><li><i style="background:{TRUTH}"></i> true box</li>{names}</ul>'
        f'<p class="soft">Below each picture: IoU of {escape(scores[0].name)}{more}.</p>'
        f"{''.join(strips)}"
    )


def _strip(title: str, name: str, evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    """Pictures of one target with the boxes of every tracker that has a result for it."""
    data = Data(Path(evaluation.data), evaluation.layout)
    if not data.root.is_dir():
        raise DataError(f"{data.root}: the data set is no longer there")
    machine_boxes = evaluation.benchmark.build().machine_boxes
    whole = name in data.reader.names(data.root)
    sequence = data.reader.read_one(data.root, name if whole else name.rpartition("#")[0])
    truths = truths_of(sequence, machine_boxes=machine_boxes)
    truth = next((truth for truth in truths if truth.name == name), None)
    if truth is None:
        raise DataError(f"{data.root}: {name} has no true boxes any more; evaluate again")
    return strip_html(title, truth, sequence.frames, _boxes(truth, evaluation, scores))


def _boxes(truth: Truth, evaluation: Evaluation, scores: Sequence[Scores]) -> Mapping[str, Boxes]:
    """Boxes by tracker, one row a frame; NaN for a tracker that has no result."""
    found: dict[str, Boxes] = {}
    for each in scores:
        rows = truth.boxes * float("nan")
        if any(target.name == truth.name for target in each.targets):
            answer = _answer(truth, evaluation, each)
            rows = in_frames(truth, answer.boxes)
            if answer.states is not None and len(answer.states) == len(rows):
                given = answer.states == STARTED  # a result has a mark there, no box
                rows[given] = truth.boxes[given]
        found[each.name] = rows
    return found


def _answer(truth: Truth, evaluation: Evaluation, scores: Scores) -> Trajectory:
    """The first repetition, as our run wrote it or as others did."""
    folder = Path(scores.results)
    if (folder / MANIFEST).is_file():
        manifest = read_json(folder / MANIFEST, RunManifest)
        files = replace(files_of(folder, manifest), origin=scores.origin)
        return read_run(files, truth.name, manifest.repetitions)[0]
    with ExitStack() as stack:
        every = stack.enter_context(open_results(folder, evaluation.targets))
        found = next((each for each in every if each.name == scores.name), every[0])
        answer = found.of(truth.name)[0]
        if isinstance(answer, Path):
            answer = read_answer(answer, frames=len(truth.boxes))
        return to_trajectory(answer, origin=scores.origin)
