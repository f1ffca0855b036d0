"""The MMNet tracker: one or three scales a frame, summed responses, templates that follow slowly.

The loop and its numbers are the paper's (mmnet.md, sections 3b and 5), except that the crop covers
the same s_z * 255 / 127 as in training and that crops and peaks are exact below a pixel. By
settings the camera's motion is taken off first, the size is read from the picture, a lost object is
looked for elsewhere in the frame, and what the frame's edge hid of it is added as it comes into
view. Targets, of one sequence or of many, are followed in one batch; each is answered as if it were
alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from tirdata.crops import EXEMPLAR_SIDE, centre, context_side
from tirdata.tracker import Prediction
from tirdata.types import Box, Floats, Frame
from tracking.models.alexnet import STRIDE
from tracking.models.mmnet import Templates
from tracking.trackers.camera import Flow, Small, carried, flow, small_copy
from tracking.trackers.edges import Cut, cut_of, is_whole, uncovered, visible, whole
from tracking.trackers.mmnet_network import Network, chosen, load_model, renewed
from tracking.trackers.mmnet_settings import PROFILES, MMNetConfig
from tracking.trackers.response import UPSAMPLING, Answer
from tracking.trackers.size import Shape, growth, shape_of
from tracking.trackers.squares import Square
from tracking.trackers.whereabouts import Likeness, likeness_of, places

__all__ = ["PROFILES", "MMNetConfig", "MMNetTracker", "load_model"]

# The probability that the box overlaps the object by half, from the peak of the summed response as
# a share of the first frame's: 1 / (1 + exp(-(gain * share + bias))). Fitted on held-out recordings
# by benchmarks/calibrate_score.py; features of the map's shape fitted there better and called a
# target lost among its like.
SCORE_GAIN = 9.32
SCORE_BIAS = -5.24
BEYOND = 1.1  # how far the response's size may go from that by the pictures, times
AT_ONCE = {"cpu": 1, "cuda": 16}  # targets that a batch pays for: two cores are full with one
NEAR = 2.0  # exemplar sides (s_z) around a lost object that are searched in its first lost frame
USUAL_RATE = 0.1  # how fast it is learnt what an object usually answers
USUAL_SHARE = 0.75  # of that is wanted of what may be the object elsewhere: less is a look-alike
WIDENS = 0.5  # and by so many more in each that follows


class Look(NamedTuple):
    """One crop of a search: its scale, and how far from where the object was, frame pixels."""

    factor: float = 1.0
    dx: float = 0.0
    dy: float = 0.0


@dataclass
class Target:
    """What is known of one object, but its templates."""

    middle: Floats
    extent: Floats
    side: float  # of the exemplar's crop, frame pixels
    first_side: float
    pad: int
    first_peak: float = 1.0  # what the target's own crop answered: later peaks are judged by it
    frames: int = 0
    score: float = 1.0
    resized: bool = False  # by the last frame: the next is likely to go on with it
    lost: int = 0  # frames since it was seen
    usual: float = 1.0  # what it answered lately, in what it answered at first
    expected: float = 1.0  # its size by the response, in that of the first frame
    shape: Shape | None = None  # what its size is read from
    likeness: Likeness | None = None  # what it is searched by
    cut: Cut | None = None  # what the frame's edge hid of it: middle and extent are of the rest
    clips: bool = False  # its boxes are of what is seen alone

    @property
    def grown(self) -> float:
        """Its size in that of the first frame."""
        return self.side / self.first_side

    @property
    def box(self) -> Box:
        x, y = self.middle - self.extent / 2
        return Box(float(x), float(y), *(float(value) for value in self.extent))

    def answer(self, frame: Frame) -> Box:
        """The box of what is to be seen of it in ``frame``."""
        box = self.box if self.cut is None else whole(self.box, self.cut)
        return visible(frame, box) if self.clips else box


class MMNetTracker:
    """Follows objects with MMNet.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(self, config: MMNetConfig) -> None:
        self.config = config
        self.network = Network(config)
        self.at_once = AT_ONCE[self.network.device.type]
        self._targets: list[Target] = []
        self._templates = Templates(None, None)  # type: ignore[arg-type]  # of no target
        self._first = self._templates  # as they were at the start
        self._before: list[Small] = []  # the frame that each target was in

    def init(self, frame: Frame, box: Box) -> None:
        """Start on ``frame`` with the object at ``box``; forget any earlier start."""
        self.init_many([frame], [box])

    def track(self, frame: Frame) -> Prediction:
        """Say where the object is in ``frame``, the next one after the last seen."""
        return self.track_many([frame])[0]

    def init_many(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> None:
        """Start target i on ``frames[i]`` at ``boxes[i]``; forget any earlier start."""
        size = self.network.size
        self._targets = [
            Target(
                middle=np.array(centre(box)),
                extent=np.array([box.w, box.h]),
                side=(side := context_side(box.w, box.h) * size / EXEMPLAR_SIDE),
                first_side=side,
                pad=round(float(frame.mean())),
            )
            for frame, box in zip(frames, boxes, strict=True)
        ]
        if self.config.follow_camera:
            self._before = _small_copies(frames)
        pairs = [*zip(frames, self._targets, strict=True)]
        self._templates = self.network.exemplars(
            [self._exemplar(frame, target, target.side) for frame, target in pairs]
        )
        self._first = self._templates
        for frame, target in pairs:
            if self.config.size_from != "response":
                target.shape = shape_of(frame, target.middle, target.extent)
            if self.config.search_when_lost:
                target.likeness = likeness_of(frame, target.box)
            if self.config.mind_edges:
                target.cut = cut_of(frame, target.box)
                target.clips = not is_whole(frame, target.box)
        for target, (own,) in zip(
            self._targets, self._search(frames, [[Look()]] * len(pairs)), strict=True
        ):
            target.first_peak = max(own.top, 1e-6)

    def track_many(self, frames: Sequence[Frame]) -> list[Prediction]:
        """Predictions for every target, target i in ``frames[i]``, its next one."""
        if not self._targets:
            raise RuntimeError("track before init")
        if len(frames) != len(self._targets):
            raise ValueError(f"{len(frames)} frames for {len(self._targets)} target(s)")
        if self.config.follow_camera:
            self._go_with_the_camera(frames)
        looks = [self._looks(target) for target in self._targets]
        answers = self._search(frames, looks)
        sides = [target.side for target in self._targets]
        for target, look, answer in zip(self._targets, looks, answers, strict=True):
            self._follow(target, look, answer)
        if self.config.search_when_lost:
            self._find_the_lost(frames)
        pairs = [*zip(frames, self._targets, strict=True)]
        exemplars: dict[int, Square] = {}
        for row, (frame, target) in enumerate(pairs):
            if not target.lost:
                self._look_at(frame, target)
            if self._renews(target):
                exemplars[row] = self._exemplar(frame, target, sides[row])
        if exemplars:
            rate = 1 - (1 - self.config.template_rate) ** self.config.template_every
            new = self.network.exemplars([*exemplars.values()])
            self._templates = renewed(self._templates, [*exemplars], new, rate)
        return [Prediction(target.answer(frame), target.score) for frame, target in pairs]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these targets alone, numbered anew in this order."""
        self._targets = [self._targets[row] for row in rows]
        self._templates = chosen(self._templates, rows)
        self._first = chosen(self._first, rows)
        if self._before:
            self._before = [self._before[row] for row in rows]

    def _go_with_the_camera(self, frames: Sequence[Frame]) -> None:
        """Move each target's expected place as the camera moved; targets of a frame share work."""
        now = _small_copies(frames)
        flows: dict[tuple[int, int], Flow | None] = {}
        for target, before, after in zip(self._targets, self._before, now, strict=True):
            key = id(before), id(after)
            if key not in flows:
                flows[key] = flow(before, after)
            target.middle = target.middle + np.array(carried(flows[key], target.box))
        self._before = now

    def _looks(self, target: Target) -> list[Look]:
        step = self.config.scale_step
        due = target.resized or target.frames % self.config.scales_every == 0
        if due and self.config.size_from != "picture":
            return [Look(1 / step), Look(), Look(step)]
        return [Look()]

    def _follow(self, target: Target, looks: list[Look], answers: list[Answer]) -> None:
        """Move and resize ``target`` by what its ``looks`` answered."""
        penalties = np.array(
            [1.0 if look.factor == 1 else self.config.scale_penalty for look in looks]
        )
        peaks = np.array([answer.top for answer in answers])
        # Below zero a factor would be a reward.
        best = int(np.argmax(peaks * penalties ** np.sign(peaks)))
        target.frames += 1
        target.middle = target.middle + self._shift(target, answers[best].near)
        target.score = self._score(target, answers[best])
        target.lost = target.lost + 1 if target.score < self.config.lost_below else 0
        if not target.lost:
            target.usual += USUAL_RATE * (_share(target, answers[best]) - target.usual)
        target.resized = looks[best].factor != 1
        change = 1 + self.config.scale_rate * (looks[best].factor - 1)
        if target.shape is None:
            self._grow(target, change)
        elif self.config.size_from == "both" and not target.lost:
            near = target.grown / BEYOND, target.grown * BEYOND
            target.expected = float(np.clip(target.expected * change, *near))

    def _look_at(self, frame: Frame, target: Target) -> None:
        """Read its size and what the edge hid of it from the picture."""
        if target.shape is not None:
            factor, target.shape = growth(
                frame, target.shape, target.middle, target.grown, target.expected
            )
            self._grow(target, factor)
        if target.cut is not None:
            target.cut = uncovered(frame, target.cut, target.box)

    def _find_the_lost(self, frames: Sequence[Frame]) -> None:
        """Look for lost targets where their frame shows what looks like them."""
        looks = [
            self._elsewhere(frame, target) if target.lost else []
            for frame, target in zip(frames, self._targets, strict=True)
        ]
        if not any(looks):
            return
        now, first = self._search_by([self._templates, self._first], frames, looks)
        for row, target in enumerate(self._targets):
            if looks[row]:
                self._return(target, looks[row], now[row], first[row])

    def _elsewhere(self, frame: Frame, target: Target) -> list[Look]:
        if target.likeness is None:
            return []
        x, y = target.middle
        side = target.side * EXEMPLAR_SIDE / self.network.size
        reach = (NEAR + WIDENS * (target.lost - 1)) * side
        found = places(
            frame,
            target.likeness,
            target.grown,
            (float(x), float(y)),
            reach,
            self.config.search_crops,
        )
        return [Look(1.0, float(right), float(down)) for right, down in found - target.middle]

    def _return(
        self, target: Target, looks: list[Look], now: list[Answer], first: list[Answer]
    ) -> None:
        """Go to the best of ``looks`` if it is the target by both of its templates."""
        both = [a.top + b.top for a, b in zip(now, first, strict=True)]
        best = int(np.argmax(both))
        scores = self._score(target, now[best]), self._score(target, first[best])
        share = (_share(target, now[best]) + _share(target, first[best])) / 2
        if max(scores) < self.config.found_above or min(scores) < self.config.lost_below:
            return
        if share < USUAL_SHARE * target.usual:
            return
        shift = self._shift(target, now[best].at)
        target.middle = target.middle + np.array([looks[best].dx, looks[best].dy]) + shift
        target.score = sum(scores) / 2
        target.lost = 0

    def _shift(self, target: Target, cells: tuple[float, float]) -> Floats:
        """A place in a response map, from the crop's middle, in frame pixels."""
        return np.array(cells) * (STRIDE / UPSAMPLING * target.side / self.network.size)

    def _grow(self, target: Target, factor: float) -> None:
        limit = self.config.size_limit
        side = float(
            np.clip(target.side * factor, target.first_side / limit, target.first_side * limit)
        )
        # Box and crop keep one scale, so the box stops growing where the crop does.
        target.extent = target.extent * (side / target.side)
        target.side = side

    def _renews(self, target: Target) -> bool:
        return (
            target.frames % self.config.template_every == 0
            and self.config.template_rate > 0
            and target.score >= self.config.template_above
        )

    def _score(self, target: Target, answer: Answer) -> float:
        return 1 / (1 + math.exp(-(SCORE_GAIN * _share(target, answer) + SCORE_BIAS)))

    def _search(self, frames: Sequence[Frame], looks: Sequence[list[Look]]) -> list[list[Answer]]:
        """What each target's looks answer."""
        return self._search_by([self._templates], frames, looks)[0]

    def _search_by(
        self, several: Sequence[Templates], frames: Sequence[Frame], looks: Sequence[list[Look]]
    ) -> list[list[list[Answer]]]:
        """As ``_search`` for each of several sets of templates."""
        owners = [row for row, own in enumerate(looks) for _ in own]
        squares = [
            self._square(frame, target, look)
            for frame, target, own in zip(frames, self._targets, looks, strict=True)
            for look in own
        ]
        found = []
        for answers in self.network.answers(several, owners, squares):
            rest = iter(answers)
            found.append([[*islice(rest, len(own))] for own in looks])
        return found

    def _square(self, frame: Frame, target: Target, look: Look) -> Square:
        x, y = target.middle
        side = target.side * look.factor * self.network.search_size / self.network.size
        return Square(frame, (float(x) + look.dx, float(y) + look.dy), side, target.pad)

    def _exemplar(self, frame: Frame, target: Target, side: float) -> Square:
        x, y = target.middle
        return Square(frame, (float(x), float(y)), side, target.pad)


def _share(target: Target, answer: Answer) -> float:
    """The peak in that of the first frame."""
    return float(np.clip(answer.top / target.first_peak, 0.0, 2.0))


def _small_copies(frames: Sequence[Frame]) -> list[Small]:
    """One of each frame; targets of the same frame have the same one."""
    made: dict[int, Small] = {}
    for frame in frames:
        if id(frame) not in made:
            made[id(frame)] = small_copy(frame)
    return [made[id(frame)] for frame in frames]
