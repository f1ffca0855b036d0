"""Annotation effort: how many boxes a person has to give until the rest is good enough.

A simulated annotator gives true boxes, a tracker fills the frames between. Measured are human boxes
per 1000 frames until a share of the frames of every target overlaps its truth. Policies:

- offline: starts with the first and last box; then the worst frame next, known from the truth
  (Kuznetsova et al., WACV 2021; SAM 2). Fair to interpolation, which needs both ends.
- unsure: the same, but the next frame is the one the tracker is least sure of, as a tool has to
  choose it; between frames equally sure, the one furthest from any human box.
- suggest: the next frame is the one where a box is expected to help most, as `annotate --suggest`
  says it. Knows no truth either.
- online: one pass forward, a box at each frame that falls below, and on from there. Fair to
  trackers that know only the past; every frame is kept good, so ``share`` is 1.

Frames without a true box are not counted. What every policy leaves out: looking at frames.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from tirdata.annotate.follow import PropagateConfig, Span, follow
from tirdata.annotate.smooth import smooth
from tirdata.annotate.suggest import suggest
from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Box, Boxes, Flags, Floats, Frames
from tracking.evaluation.results import ANSWERED, STARTED, States, Trajectory
from tracking.evaluation.scores import RunScore, Summary, TargetScore
from tracking.evaluation.targets import Truth
from tracking.trackers.interpolate import Between

_DIGITS: Final = 3  # of an overlap in scores.json

Share = Annotated[float, Field(gt=0, le=1)]


class EffortConfig(Config):
    """Rules of the simulated annotator."""

    overlap: Share = 0.5
    """A frame is good from this IoU with the truth on."""
    share: Share = 0.95
    """A target is done when this share of its frames is good."""
    policy: Literal["offline", "unsure", "suggest", "online"] = "offline"
    """Which frame the person looks at next."""
    jitter: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Standard deviation of a person's hand: of the centre in target sizes, of the size in its
    logarithm."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the jitter."""
    machine_boxes: Literal["skip", "count"] = "skip"
    """Boxes marked as generated. skip: no ground truth."""
    propagate: PropagateConfig = PropagateConfig(fallback="lines")
    """How the tracker's word is taken between two boxes of a person, who knows that the object is
    there: straight lines stand where it is lost."""


class Effort:
    """The protocol with its rules."""

    curves: tuple[str, ...] = ()
    headline = ("boxes_per_1000", "boxes_per_1000_median", "mean_overlap")
    sizes = False
    repetitions = 1

    def __init__(self, rules: EffortConfig) -> None:
        self.rules = rules

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        return self.rules.machine_boxes == "count"

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """Annotate one target; frames that the person gave a box are marked as starts."""
        desk = _Desk(self.rules, tracker, frames, truth)
        if self.rules.policy == "online":
            desk.forward()
        else:
            desk.rounds()
        states: States = np.full(len(truth.boxes), ANSWERED, np.int8)
        states[sorted(desk.human)] = STARTED
        return Trajectory(desk.boxes, desk.seconds, states)

    def score(self, truth: Truth, trajectories: Sequence[Trajectory]) -> TargetScore:
        """Count the human boxes of a result.

        Raises:
            DataError: it says of no frame that a person gave the box, or has not a row a frame.
        """
        rows, states = trajectories[0].boxes, trajectories[0].states
        if states is None or not (states == STARTED).any():
            raise DataError(
                f"{truth.name}: no frame is marked as given by a person (a line '1'); "
                "expected a result of the effort protocol"
            )
        if len(rows) != len(truth.boxes):
            raise DataError(
                f"{truth.name}: {len(rows)} rows in the result; expected {len(truth.boxes)}"
            )
        given = states == STARTED
        counted = ~np.isnan(truth.boxes[:, 0])
        overlaps = np.nan_to_num(overlap(rows, truth.boxes))
        overlaps[given] = 1.0  # a result file has the mark in place of the box
        frames, human = int(counted.sum()), int((given & counted).sum())
        good = float((overlaps[counted] >= self.rules.overlap).mean())
        return TargetScore(
            name=truth.name,
            frames=frames,
            values={
                "human_boxes": float(human),
                "boxes_per_1000": 1000.0 * human / frames,
                "mean_overlap": float(overlaps[counted].mean()),
                "good_frames": good,
            },
            curves={},
            attributes=tuple(sorted(truth.attributes)),
            runs=(_run_score(overlaps, counted, given),),
        )

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """Boxes of all targets per 1000 of all frames, and the median target."""
        human = sum(score.values["human_boxes"] for score in scores)
        frames = sum(score.frames for score in scores)
        each = [score.values["boxes_per_1000"] for score in scores]
        values = {
            "human_boxes": human,
            "boxes_per_1000": 1000.0 * human / frames,
            "boxes_per_1000_median": float(np.median(each)),
            "mean_overlap": float(np.mean([score.values["mean_overlap"] for score in scores])),
            "good_frames": float(np.mean([score.values["good_frames"] for score in scores])),
        }
        return Summary(targets=len(scores), values=values, curves={})


@dataclass
class _Desk:
    """One target on the annotator's desk."""

    rules: EffortConfig
    tracker: Tracker
    frames: Frames
    truth: Truth
    human: dict[int, Box] = field(default_factory=dict)
    spans: dict[Span, tuple[Boxes, Floats]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.truth.boxes)
        self.boxes = np.full((count, 4), np.nan)
        self.sure = np.full(count, np.nan)
        self.seconds = np.full(count, np.nan)
        self.seconds[self.truth.start : self.truth.stop] = 0.0
        self.counted: Flags = ~np.isnan(self.truth.boxes[:, 0])
        self._random = np.random.default_rng(self.rules.seed)

    def rounds(self) -> None:
        """Give boxes until the target is done."""
        self._give(self.truth.start)
        self._give(self.truth.stop - 1)
        while True:
            self._fill()
            overlaps = self._overlaps()
            left = self.counted.copy()
            left[sorted(self.human)] = False
            good = overlaps[self.counted] >= self.rules.overlap
            if good.mean() >= self.rules.share or not left.any():
                return
            self._give(self._next(overlaps, left))

    def forward(self) -> None:
        """Track forward, and give a box at every frame that falls below."""
        start, stop = self.truth.start, self.truth.stop
        self._start(start)
        for index in range(start + 1, stop):
            frame = self.frames[index]
            begun = time.perf_counter()
            self.boxes[index] = self.tracker.track(frame).box
            self.seconds[index] += time.perf_counter() - begun
            if not self.counted[index]:
                continue
            found = float(
                np.nan_to_num(overlap(self.boxes[index : index + 1], self._true(index)))[0]
            )
            if found < self.rules.overlap:
                self._start(index)

    def _start(self, index: int) -> None:
        self._give(index)
        self.boxes[index] = self.human[index]
        frame = self.frames[index]
        begun = time.perf_counter()
        self.tracker.init(frame, self.human[index])
        self.seconds[index] += time.perf_counter() - begun

    def _give(self, index: int) -> None:
        """The true box, as a person's hand draws it."""
        x, y, w, h = (float(value) for value in self._true(index)[0])
        self.human[index] = Box(x, y, w, h)
        if self.rules.jitter == 0:
            return
        right, down, wide, high = self.rules.jitter * self._random.standard_normal(4)
        width, height = w * np.exp(wide), h * np.exp(high)
        middle = (x + w / 2 + right * w, y + h / 2 + down * h)
        self.human[index] = Box(middle[0] - width / 2, middle[1] - height / 2, width, height)

    def _true(self, index: int) -> Boxes:
        return self.truth.boxes[index : index + 1]

    def _overlaps(self) -> Floats:
        found: Floats = np.nan_to_num(overlap(self.boxes, self.truth.boxes))
        found[sorted(self.human)] = 1.0
        return found

    def _fill(self) -> None:
        """Boxes between the human ones; a span that has not changed is not tracked again."""
        for span in _spans(self.human):
            if span not in self.spans:
                self.spans[span] = self._follow(span)
            part = slice(span.first, span.last + 1)
            self.boxes[part], self.sure[part] = self.spans[span]
        self.boxes = smooth(self.boxes, self.human, self._half_width)
        for index, box in self.human.items():
            self.boxes[index], self.sure[index] = box, 1.0

    @property
    def _half_width(self) -> int:
        straight = isinstance(self.tracker, Between)
        return 0 if straight else self.rules.propagate.smooth_frames

    def _follow(self, span: Span) -> tuple[Boxes, Floats]:
        count = span.last - span.first + 1
        if isinstance(self.tracker, Between) and span.before and span.after:
            return self.tracker.between(span.before, span.after, count), np.full(count, np.nan)
        begun = time.perf_counter()
        found = follow(self.frames, self.tracker, span, self.rules.propagate)
        self.seconds[span.first : span.last + 1] += (time.perf_counter() - begun) / count
        return found

    def _next(self, overlaps: Floats, left: Flags) -> int:
        """The frame that the person looks at next."""
        candidates = np.flatnonzero(left)
        if self.rules.policy == "offline":
            return int(candidates[np.argmin(overlaps[candidates])])
        if self.rules.policy == "suggest":
            return suggest(self.sure, self.human, left_out=~left)[0].frame
        known = np.array(sorted(self.human))
        away = np.abs(candidates[:, None] - known).min(axis=1)
        sure = np.nan_to_num(self.sure[candidates], nan=0.0)
        return int(candidates[np.lexsort((-away, sure))[0]])


def _run_score(overlaps: Floats, counted: Flags, given: Flags) -> RunScore:
    """Each box of a person is a start."""
    values = zip(overlaps.round(_DIGITS).tolist(), counted.tolist(), strict=True)
    return RunScore(
        overlaps=tuple(value if known else None for value, known in values),
        starts=tuple(np.flatnonzero(given).tolist()),
        failures=(),
    )


def _spans(human: dict[int, Box]) -> Iterator[Span]:
    known = sorted(human)
    for before, after in pairwise(known):
        if after - before > 1:
            yield Span(before + 1, after - 1, human[before], human[after])
