"""The MMNet tracker: one or three scales a frame, summed responses, templates that follow slowly.

The loop and its numbers are the paper's (mmnet.md, sections 3b and 5), except that the crop covers
the same s_z * 255 / 127 as in training and that crops and peaks are exact below a pixel. Targets,
of one sequence or of many, are followed in one batch; each is answered as if it were alone.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tirdata.crops import EXEMPLAR_SIDE, centre, context_side, crop
from tirdata.tracker import Prediction
from tirdata.types import Box, Floats, Frame
from tracking.models.alexnet import STRIDE
from tracking.models.correlation_filter import MARGIN
from tracking.models.mmnet import Templates
from tracking.trackers.mmnet_network import Network, chosen, load_model, renewed
from tracking.trackers.mmnet_settings import PROFILES, MMNetConfig
from tracking.trackers.response import (
    UPSAMPLING,
    Map,
    cosine_window,
    middle_part,
    peak,
    windowed,
)

__all__ = ["PROFILES", "MMNetConfig", "MMNetTracker", "load_model"]

# The probability that the box overlaps the object by half, from the peak of the summed response as
# a share of the first frame's: 1 / (1 + exp(-(gain * share + bias))). Fitted on held-out recordings
# by benchmarks/calibrate_score.py; features of the map's shape fitted there better and called a
# target lost among its like.
SCORE_GAIN = 9.32
SCORE_BIAS = -5.24
AT_ONCE = {"cpu": 1, "cuda": 16}  # targets that a batch pays for: two cores are full with one
GRID_STEP = 0.9  # of what one crop searches: neighbours overlap, so that no peak falls between


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

    @property
    def box(self) -> Box:
        x, y = self.middle - self.extent / 2
        return Box(float(x), float(y), *(float(value) for value in self.extent))


class MMNetTracker:
    """Follows objects with MMNet.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(self, config: MMNetConfig) -> None:
        self.config = config
        self.network = Network(config)
        full = cosine_window((2 * MARGIN + 1) * UPSAMPLING)
        self.window = middle_part(full, (2 * config.reach + 1) * UPSAMPLING)
        self.at_once = AT_ONCE[self.network.device.type]
        self._targets: list[Target] = []
        self._templates = Templates(None, None)  # type: ignore[arg-type]  # of no target

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
        pairs = [*zip(frames, self._targets, strict=True)]
        self._templates = self.network.exemplars(
            [self._exemplar(frame, target, target.side) for frame, target in pairs]
        )
        for target, (own,) in zip(
            self._targets, self._search(frames, [[Look()]] * len(pairs)), strict=True
        ):
            target.first_peak = max(float(own.max()), 1e-6)

    def track_many(self, frames: Sequence[Frame]) -> list[Prediction]:
        """Predictions for every target, target i in ``frames[i]``, its next one."""
        if not self._targets:
            raise RuntimeError("track before init")
        if len(frames) != len(self._targets):
            raise ValueError(f"{len(frames)} frames for {len(self._targets)} target(s)")
        looks = [self._looks(target) for target in self._targets]
        answers = self._search(frames, looks)
        crops: dict[int, Frame] = {}
        for row, (target, frame) in enumerate(zip(self._targets, frames, strict=True)):
            side = target.side
            self._follow(target, looks[row], answers[row])
            if self._renews(target):
                crops[row] = self._exemplar(frame, target, side)
        if crops:
            rate = 1 - (1 - self.config.template_rate) ** self.config.template_every
            new = self.network.exemplars([*crops.values()])
            self._templates = renewed(self._templates, [*crops], new, rate)
        return [Prediction(target.box, target.score) for target in self._targets]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these targets alone, numbered anew in this order."""
        self._targets = [self._targets[row] for row in rows]
        self._templates = chosen(self._templates, rows)

    def _looks(self, target: Target) -> list[Look]:
        step = self.config.scale_step
        scales = target.resized or target.frames % self.config.scales_every == 0
        looks = [Look(1 / step), Look(), Look(step)] if scales else [Look()]
        if self.config.search_when_lost and target.score < self.config.lost_below:
            reach = GRID_STEP * 2 * self.config.reach * STRIDE * target.side / self.network.size
            steps = itertools.product((-reach, 0.0, reach), repeat=2)
            looks += [Look(1.0, dx, dy) for dx, dy in steps if dx or dy]
        return looks

    def _follow(self, target: Target, looks: list[Look], responses: Map) -> None:
        """Move and resize ``target`` by what its ``looks`` answered."""
        here = [row for row, look in enumerate(looks) if not (look.dx or look.dy)]
        penalties = np.array(
            [1.0 if looks[row].factor == 1 else self.config.scale_penalty for row in here]
        )
        peaks = responses.max(axis=(1, 2))
        # Below zero a factor would be a reward.
        best = here[int(np.argmax(peaks[here] * penalties ** np.sign(peaks[here])))]
        target.frames += 1
        target.resized = False
        if len(here) < len(looks) and self._found_elsewhere(target, looks, responses, peaks):
            return
        blended = windowed(responses[best], self.window, self.config.window_influence)
        target.middle = target.middle + self._shift(target, blended)
        target.score = self._score(target, responses[best])
        target.resized = looks[best].factor != 1
        self._rescale(target, looks[best].factor)

    def _found_elsewhere(
        self, target: Target, looks: list[Look], responses: Map, peaks: Floats
    ) -> bool:
        """Whether the lost ``target`` stands out beside its crop; it is there then."""
        best = int(np.argmax(peaks))
        look, score = looks[best], self._score(target, responses[best])
        if not (look.dx or look.dy) or score < self.config.template_above:
            return False
        shift = self._shift(target, responses[best])
        target.middle = target.middle + np.array([look.dx, look.dy]) + shift
        target.score = score
        return True

    def _shift(self, target: Target, values: Map) -> Floats:
        """From the crop's middle to the highest of ``values``, frame pixels."""
        cell = STRIDE / UPSAMPLING * target.side / self.network.size
        return np.array(peak(values)) * cell

    def _rescale(self, target: Target, factor: float) -> None:
        wanted = 1 + self.config.scale_rate * (factor - 1)
        limit = self.config.size_limit
        side = float(
            np.clip(target.side * wanted, target.first_side / limit, target.first_side * limit)
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

    def _score(self, target: Target, response: Map) -> float:
        share = float(np.clip(response.max() / target.first_peak, 0.0, 2.0))
        return 1 / (1 + math.exp(-(SCORE_GAIN * share + SCORE_BIAS)))

    def _search(self, frames: Sequence[Frame], looks: Sequence[list[Look]]) -> list[Map]:
        """What each target's looks answer, (looks, R, R) each."""
        owners = [row for row, own in enumerate(looks) for _ in own]
        crops = [
            self._crop(frame, target, look)
            for frame, target, own in zip(frames, self._targets, looks, strict=True)
            for look in own
        ]
        answers = self.network.responses(self._templates, owners, crops)
        return np.split(answers, np.cumsum([len(own) for own in looks])[:-1])

    def _crop(self, frame: Frame, target: Target, look: Look) -> Frame:
        x, y = target.middle
        side = target.side * look.factor * self.network.search_size / self.network.size
        middle = (float(x) + look.dx, float(y) + look.dy)
        return crop(frame, middle, side, self.network.search_size, target.pad)

    def _exemplar(self, frame: Frame, target: Target, side: float) -> Frame:
        x, y = target.middle
        return crop(frame, (float(x), float(y)), side, self.network.size, target.pad)
