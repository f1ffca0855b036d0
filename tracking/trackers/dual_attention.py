"""The dual-attention tracker of RGB-T pairs: MDNet's loop with reciprocative learning.

Local: boxes around the last result, scored by a net that keeps learning, the mean of the best five,
moved by a regression of the first frame. Global: proposals of a net that sees the whole frame,
scored together with the local ones.
"""

import logging
import math
import time
from functools import partial
from typing import Final

import numpy as np
from torch import Tensor

from tirdata.crops import centre
from tirdata.errors import DataError, MissingError, UsageError
from tirdata.geometry import inside
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Floats, Frame, FramePair
from tracking.models.local_attention import BACKGROUND, TARGET
from tracking.trackers.box_regression import BoxRegression, comparable
from tracking.trackers.box_samples import Generator, that_fit, that_overlap
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.global_proposals import GlobalProposals
from tracking.trackers.global_search import GlobalSearch, GlobalSearchConfig
from tracking.trackers.local_net import build_local_net, fresh_head, head_state, trained_head
from tracking.trackers.online import Learner, Memory
from tracking.trackers.pair_features import Alignment, Extractor, Samples, View, same_shape
from tracking.trackers.patches import Halves
from tracking.weights.load import pick_device, pick_precision

_LOG: Final = logging.getLogger(__name__)

BEST: Final = 5  # candidates whose mean is the answer
POSITIVE: Final = 0.7  # least IoU of a positive sample
FIRST_NEGATIVE, LATER_NEGATIVE = 0.5, 0.3  # most IoU of a negative one
FAST: Final = 0.2  # mean sides in a frame, from which candidates go where it seems to be as well
RESIZED: Final = 1.1  # most by which a box grows or shrinks in a frame
KEPT: Final = 0.25  # power of the regression's change of size that the next frame begins with
WIDEST: Final = 3  # times move_when_lost that is searched at most
LOST: Final = 0.49  # most that the score of a frame is in which no box looks like the object


def build_dual_attention(config: DualAttentionConfig) -> "DualAttentionTracker":
    """The tracker, with a global net where the settings name its weights.

    Raises:
        MissingError: weights or the device are not there.
        DataError: weights are of another model.
    """
    if config.global_weights is None:
        return DualAttentionTracker(config)
    wanted = GlobalSearchConfig(
        weights=config.global_weights,
        device=config.device,
        precision=pick_precision(config.precision, config.device),
        seed=config.seed,
        proposals=config.proposals,
    )
    return DualAttentionTracker(config, GlobalSearch(wanted))


class DualAttentionTracker:
    """Follows one object through RGB-T pairs; answers on the thermal half.

    Raises:
        MissingError: weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(
        self, config: DualAttentionConfig, proposals: GlobalProposals | None = None
    ) -> None:
        self.config = config
        self.device = pick_device(config.device)
        if config.graphs and self.device.type != "cuda":
            raise MissingError(f"graphs = true needs a GPU; the device is {self.device}")
        self.model = build_local_net(config).to(self.device)
        self.proposals = proposals
        self.seconds: dict[str, float] = {}  # by stage, of all frames since the start
        self._trained = head_state(self.model.head) if trained_head(config.weights) else {}
        self._extract = Extractor(self.model, config)
        self._learner: Learner | None = None

    def init(self, frame: Frame, box: Box) -> None:
        """Start on a sequence without visible frames.

        Raises:
            UsageError: nothing is to stand for them.
        """
        self.init_pair(self._stand_in(frame), box, box)

    def track(self, frame: Frame) -> Prediction:
        """Say where the object is in ``frame``, the next one after the last seen."""
        if self._learner is None:
            raise RuntimeError("track before init")
        return self.track_pair(self._stand_in(frame))

    def init_pair(self, pair: FramePair, box: Box, visible_box: Box | None = None) -> None:
        """Start on ``pair`` with the object at ``box``; forget any earlier start.

        Raises:
            DataError: the box lies outside the thermal frame.
            UsageError: how the halves belong together cannot be told.
        """
        config = self.config
        alignment = self._aligned(pair, box, visible_box)
        _check_inside(pair, box, alignment)
        self._halves = Halves(pair, box, alignment, follows=self._follows(pair))
        self.seconds = {}
        self._random = np.random.default_rng(config.seed)
        fresh_head(self.model, config.seed, self._trained)
        self._learner = Learner(self._extract, config, self._random)
        self._memory = Memory(config)
        self._box = self._answer = box  # where the next frame begins, and what was said
        self._score, self._failures, self._frames, self._found = 1.0, 0, 0, 0
        self._guess: Box | None = None  # where it looks most like itself, if that is far off
        view = self._view(pair)
        begun = time.perf_counter()
        positives, negatives = self._first_samples(view)
        begun = self._note("samples", begun)
        self._learner.start(positives, negatives)
        self._memory.add(positives, negatives)
        begun = self._note("learning", begun)
        self._regression = self._learned_regression(view)
        self._note("regression", begun)
        if self.proposals is not None:
            on_visible = alignment(np.array([box], np.float64))[0]
            self.proposals.start(pair, box, visible_box or _box(on_visible))

    def track_pair(self, pair: FramePair) -> Prediction:
        """Say where the object is on the thermal half of ``pair``, the next after the last."""
        if self._learner is None:
            raise RuntimeError("track before init")
        self._frames += 1
        self._guess = self._far_guess(self._halves.look(pair))
        view = self._view(pair)
        candidates, scores = self._scored(pair, view)
        best = scores[:, TARGET].topk(BEST).indices
        rows = best.cpu().numpy()
        top = scores[best].mean(dim=0).tolist()
        margin = top[TARGET] - top[BACKGROUND]
        self._score = 1 / (1 + math.exp(-min(max(margin, -50.0), 50.0)))
        if top[TARGET] > 0:
            self._failures = 0
            self._follow(candidates, rows)
            self._halves.go(pair, self._box)
            self._learn_from(view)
        else:
            self._failures += 1
            self._score = min(self._score, LOST)
            self._update(self._memory.lately())
        if self._failures == 0 and self._frames % self.config.update_every == 0:
            self._update([*self._memory.positives])
        return Prediction(self._answer, self._score)

    def _scored(self, pair: FramePair, view: View) -> tuple[Samples, Tensor]:
        """The candidates of a frame, global ones last, and their scores."""
        begun = time.perf_counter()
        found = self._wide(view) if self._failures else self._near(view)
        begun = self._note("candidates", begun)
        far = self._global(pair)
        if len(far):
            found = found + self._extract(view, far, self._size)
        begun = self._note("global", begun)
        assert self._learner is not None  # noqa: S101 - the caller has seen to it
        scores = self._learner.scores(found.features)
        self._note("head", begun)
        return found, scores

    def _near(self, view: View) -> Samples:
        """Candidates where it was, half of them where it seems to be now if that is far off."""
        config = self.config
        places = [self._box] if self._guess is None else [self._box, self._guess]
        count = config.candidates // len(places)
        drawn = [
            Generator(self._random, view.size, place).gaussian(
                count, config.move, config.scale, valid=True
            )
            for place in places
        ]
        return self._extract(view, np.concatenate(drawn), self._size)

    def _wide(self, view: View) -> Samples:
        """Candidates ever farther around where it was last, and more about the best of them."""
        config = self.config
        move = config.move_when_lost * min(self._failures, WIDEST)
        found = self._near(view)
        wide = self._around().uniform(config.candidates, move, config.scale)
        found = found + self._extract(view, wide, self._size)
        assert self._learner is not None  # noqa: S101 - the caller has seen to it
        best = int(self._learner.scores(found.features)[:, TARGET].argmax())
        there = Generator(self._random, view.size, _box(found.boxes[best]))
        close = there.gaussian(config.candidates // 2, config.move / 2, config.scale, valid=True)
        return found + self._extract(view, close, self._size)

    def _far_guess(self, place: Floats | None) -> Box | None:
        if place is None or not self.config.guess:
            return None
        x, y = place - np.array(centre(self._box))
        if math.hypot(x, y) < FAST * self._size.mean():
            return None
        return Box(self._box.x + float(x), self._box.y + float(y), self._box.w, self._box.h)

    def _global(self, pair: FramePair) -> Boxes:
        due = self._frames % self.config.global_every == 0
        if self.proposals is None or not (due or self._score < self.config.global_below):
            return np.zeros((0, 4))
        return self.proposals.propose(
            pair, self._box, failures=self._failures, count=self.config.candidates
        )

    def _follow(self, candidates: Samples, rows: Floats) -> None:
        """Answer with the mean of the best candidates, each where the regression puts it.

        The next frame begins there, at nearly the size that the candidates had: the regression
        knows the first frame alone, and what it errs in size would add up from frame to frame.
        """
        boxes: Boxes = candidates.boxes[rows]
        plain = told = boxes.mean(axis=0)
        if self._regression is not None:
            told = self._regression(candidates.features[rows].flatten(1), boxes).mean(axis=0)
        sides = plain[2:] * (told[2:] / plain[2:]) ** KEPT
        middle = told[:2] + told[2:] / 2
        self._answer = self._resized(told)
        self._box = self._resized(np.array([*(middle - sides / 2), *sides]))

    def _resized(self, box: Floats) -> Box:
        """``box`` about its middle, not much larger or smaller than the last one."""
        sides = np.clip(box[2:], self._size / RESIZED, RESIZED * self._size)
        return _box(np.array([*(box[:2] + (box[2:] - sides) / 2), *sides]))

    def _learn_from(self, view: View) -> None:
        """Take samples of a frame in which the object was found."""
        self._found += 1
        if (self._found - 1) % self.config.update_stride:
            return
        begun = time.perf_counter()
        config = self.config
        self._memory.add(
            *self._samples(
                view,
                self._positives(config.update_positives),
                self._negatives(config.update_negatives, LATER_NEGATIVE, config.negative_move, 1.2),
            )
        )
        self._note("samples", begun)

    def _update(self, positives: list[Samples]) -> None:
        begun = time.perf_counter()
        if self._learner is not None:
            self._learner.update(positives, [*self._memory.negatives])
        self._note("learning", begun)

    def _positives(self, count: int) -> Boxes:
        draw = partial(self._around().gaussian, move=0.1, scale=1.2)
        return that_overlap(draw, count, self._box, POSITIVE, 1.0)

    def _negatives(self, count: int, most: float, move: float, scale: float) -> Boxes:
        draw = partial(self._around().uniform, move=move, scale=scale, aspect=1.1)
        return that_overlap(draw, count, self._box, 0.0, most)

    def _samples(self, view: View, positives: Boxes, negatives: Boxes) -> tuple[Samples, Samples]:
        """Both at once: they share a scene."""
        both = self._extract(view, np.concatenate([positives, negatives]), self._size)
        return both[: len(positives)], both[len(positives) :]

    def _first_samples(self, view: View) -> tuple[Samples, Samples]:
        """Half of the negatives lie near the object, half in the whole frame."""
        config = self.config
        half = config.init_negatives // 2
        near = self._negatives(half, FIRST_NEGATIVE, 1.0, 2.0)
        positives, negatives = self._samples(view, self._positives(config.init_positives), near)
        rest = config.init_negatives - half
        if config.features == "crops":
            draw = partial(self._around().whole, scale=1.2, aspect=1.1)
            far = [that_overlap(draw, rest, self._box, 0.0, FIRST_NEGATIVE)]
        else:
            far = self._distant(view, rest)
        for boxes in far:
            negatives = negatives + self._extract(view, boxes, self._size)
        return positives, negatives

    def _distant(self, view: View, count: int) -> list[Boxes]:
        """Boxes about a few places anywhere in the frame: each place is a scene."""
        places = (_box(place) for place in self._around().whole(self.config.distant_places, 1.0))
        return [self._about(place, view, count // self.config.distant_places) for place in places]

    def _about(self, place: Box, view: View, count: int) -> Boxes:
        there = Generator(self._random, view.size, place)
        draw = partial(there.uniform, move=1.0, scale=1.2, aspect=1.1)
        return that_overlap(draw, count, self._box, 0.0, FIRST_NEGATIVE)

    def _learned_regression(self, view: View) -> BoxRegression | None:
        around, target = self._around(), np.array([self._box], np.float64)
        boxes = that_fit(
            lambda n: around.uniform(n, 0.3, 1.5, 1.1),
            self.config.box_samples,
            lambda drawn: comparable(drawn, target),
        )
        if not len(boxes):
            return None
        samples = self._extract(view, boxes, self._size)
        return BoxRegression(samples.features.flatten(1), boxes, self._box)

    def _around(self) -> Generator:
        return Generator(self._random, self._frame_size, self._box)

    @property
    def _size(self) -> Floats:
        return np.array(self._box[2:], np.float64)

    def _view(self, pair: FramePair) -> View:
        begun = time.perf_counter()
        view = View.of(pair, self._halves.alignment, self.device)
        self._frame_size = view.size
        self._note("upload", begun)
        return view

    def _note(self, stage: str, begun: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - begun
        return now

    def _stand_in(self, frame: Frame) -> FramePair:
        if self.config.missing_half == "refuse":
            raise UsageError(
                "the sequence has no visible frames; dual-attention looks at pairs: take RGB-T "
                "data, or let thermal frames stand for them by --set missing_half=copy"
            )
        return FramePair(frame, np.repeat(frame[:, :, None], 3, axis=2))

    def _aligned(self, pair: FramePair, box: Box, visible_box: Box | None) -> Alignment:
        wanted = self.config.align
        if wanted == "auto":
            wanted = "size" if same_shape(pair) else "follow"
        if wanted == "size":
            return Alignment.of_sizes(pair)
        if visible_box is None:
            shapes = [f"{half.shape[1]}x{half.shape[0]}" for half in pair]
            raise UsageError(
                f"thermal frames are {shapes[0]}, visible ones {shapes[1]}, and where the object "
                "is on the latter is not known; expected boxes on both halves, or --set align=size "
                "if both show the same field of view"
            )
        return Alignment.of_boxes(box, visible_box)

    def _follows(self, pair: FramePair) -> bool:
        """Whether one map from half to half is not enough."""
        wanted = self.config.align
        return wanted == "follow" or (wanted == "auto" and not same_shape(pair))


def _check_inside(pair: FramePair, box: Box, alignment: Alignment) -> None:
    """See that the object is on the thermal half; say so if it is not on the visible one."""
    boxes = np.array([box], np.float64)
    thermal, visible = ((half.shape[1], half.shape[0]) for half in pair)
    if not inside(boxes, *thermal)[0]:
        raise DataError(
            f"first box {tuple(box)}: outside the {thermal[0]}x{thermal[1]} thermal frame; "
            "expected one that touches it"
        )
    if not inside(alignment(boxes), *visible)[0]:
        _LOG.warning("the object is outside the visible frames at first; they show nothing of it")


def _box(row: Floats) -> Box:
    x, y, w, h = (float(value) for value in row)
    return Box(x, y, w, h)
