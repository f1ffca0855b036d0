"""Any tracker with its boxes made tighter by a learned head, which looks at pixels alone."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import Field, model_validator

from tirdata.config import Config
from tirdata.errors import ConfigError
from tirdata.tracker import ManyTracker, Prediction, SequenceTracker, TimedTracker
from tirdata.types import Box, Frame, Frames
from tracking.models.box_refiner import Exemplars
from tracking.trackers import TRACKERS, tracker_factory
from tracking.trackers.edges import ends_at_edge
from tracking.trackers.refine import Refiner
from tracking.weights.load import shipped

NAME = "refined"


@runtime_checkable
class Adopting(Protocol):
    """A tracker that goes on from better boxes than its own, if it is given some."""

    def adopt(self, boxes: Sequence[Box]) -> None:
        """Target i is at ``boxes[i]`` in the frame that was seen last."""


class RefinedConfig(Config):
    """Whose boxes are refined, and how."""

    tracker: str = "mmnet"
    """Name of the tracker."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """That tracker's own settings."""
    weights: Path | None = None
    """Of the head, safetensors; None: those that ship."""
    device: str = "auto"
    """Of the head, and of the tracker if it has one and its settings do not say."""
    trust: float = Field(0.05, gt=0)
    """How far the tracker's boxes are off as a rule, shares of their sides: what the head sees
    counts in full where it is much surer than that."""
    rounds: int = Field(1, ge=1, le=4)
    """Looks at each box, each at where the last one saw it."""
    above: float = Field(0.2, ge=0, le=1)
    """Boxes scored lower are left as they are: what is there may be another object."""
    feed_back: Literal["none", "box"] = "none"
    """box: the tracker goes on from the refined box, if it is one that can."""

    @model_validator(mode="after")
    def _fits(self) -> "RefinedConfig":
        inner_config(self)
        return self


def inner_config(config: RefinedConfig) -> Config:
    """The checked settings of the tracker inside.

    Raises:
        ConfigError: no such tracker, or a setting that it does not have.
    """
    if config.tracker == NAME:
        raise ConfigError(f"tracker {NAME!r}: tracker: cannot be {NAME!r} again; name another")
    factory = tracker_factory(config.tracker, inner_settings(config))
    inner: Config = factory.args[0]  # type: ignore[attr-defined]  # it is a partial
    return inner


def inner_settings(config: RefinedConfig) -> dict[str, Any]:
    """The settings of the tracker inside, with the device where it has one."""
    known = TRACKERS[config.tracker]().config.model_fields if config.tracker in TRACKERS else {}
    device = {"device": config.device} if "device" in known else {}
    return {**device, **config.settings}


def files_of(config: RefinedConfig) -> Iterable[Path]:
    """Weights of the head, and what the tracker inside reads."""
    inner = TRACKERS[config.tracker]().files(inner_config(config))
    return (config.weights or shipped("box_refiner"), *inner)


def build_refined(config: RefinedConfig) -> "RefinedTracker":
    """The wrapper that does as much as the tracker inside.

    Raises:
        MissingError: weights or the device are not there.
    """
    inner = tracker_factory(config.tracker, inner_settings(config))()
    if isinstance(inner, ManyTracker):
        return RefinedMany(inner, config)
    if isinstance(inner, SequenceTracker):
        timed = isinstance(inner, TimedTracker)
        return RefinedTimed(inner, config) if timed else RefinedInSequence(inner, config)
    return RefinedTracker(inner, config)


class RefinedTracker:
    """A tracker whose boxes are refined; ``init`` boxes are a person's and are what fits."""

    def __init__(self, inner: Any, config: RefinedConfig) -> None:  # noqa: ANN401 - any tracker
        self.inner, self.config = inner, config
        self.refiner = Refiner(config.weights, config.device)
        self._exemplars: Exemplars | None = None
        self._cut: list[bool] = []  # by the frame's edge at the start: it grows and they do not
        self.refining_s = 0.0  # of the last call, beside what the tracker inside took

    def init(self, frame: Frame, box: Box) -> None:
        """Start on ``frame`` with the object at ``box``; forget any earlier start."""
        self.inner.init(frame, box)
        self._know([frame], [box])

    def track(self, frame: Frame) -> Prediction:
        """Where the object is in ``frame``, the next one after the last seen."""
        return self._refined([frame], [self.inner.track(frame)])[0]

    def _know(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> None:
        self._exemplars = self.refiner.exemplars(frames, boxes)
        self._cut = [ends_at_edge(*each) for each in zip(frames, boxes, strict=True)]

    def _refined(self, frames: Sequence[Frame], found: list[Prediction]) -> list[Prediction]:
        begun = time.perf_counter()
        refined = self._tighter(frames, found)
        if self.config.feed_back == "box" and isinstance(self.inner, Adopting):
            self.inner.adopt([each.box for each in refined])
        self.refining_s = time.perf_counter() - begun
        return refined

    def _tighter(self, frames: Sequence[Frame], found: list[Prediction]) -> list[Prediction]:
        config = self.config
        if self._exemplars is None:
            raise RuntimeError("track before init")
        # What the edge hides is another part each time: its box is the tracker's.
        rows = [
            row for row, each in enumerate(found)
            if each.score >= config.above
            and not (self._cut[row] or ends_at_edge(frames[row], each.box))
        ]  # fmt: skip
        if not rows:
            return found
        boxes = self.refiner.refine(
            Exemplars(*(values[rows] for values in self._exemplars)),
            [frames[row] for row in rows],
            [found[row].box for row in rows],
            trust=config.trust, rounds=config.rounds,
        )  # fmt: skip
        found = list(found)
        for row, box in zip(rows, boxes, strict=True):
            found[row] = Prediction(box, found[row].score)
        return found


class RefinedMany(RefinedTracker):
    """The same for a tracker that follows many objects at once."""

    @property
    def at_once(self) -> int:
        """How many pay here."""
        return int(self.inner.at_once)

    def init_many(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> None:
        """Start target i on ``frames[i]`` at ``boxes[i]``."""
        self.inner.init_many(frames, boxes)
        self._know(frames, boxes)

    def track_many(self, frames: Sequence[Frame]) -> list[Prediction]:
        """Predictions for every target, target i in ``frames[i]``."""
        return self._refined(frames, self.inner.track_many(frames))

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these targets alone, numbered anew in this order."""
        self.inner.keep(rows)
        if self._exemplars is not None:
            self._exemplars = Exemplars(*(values[list(rows)] for values in self._exemplars))
        self._cut = [self._cut[row] for row in rows]


class RefinedInSequence(RefinedTracker):
    """The same for a tracker that is told where it is."""

    def attend(self, frames: Frames, index: int) -> None:
        """The frame of the next call is ``frames[index]``."""
        self.inner.attend(frames, index)


class RefinedTimed(RefinedInSequence):
    """The same for one that measures its own time."""

    @property
    def took_s(self) -> float:
        """Of the last call, refining with it."""
        return float(self.inner.took_s) + self.refining_s
