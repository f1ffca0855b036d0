"""Everything that decides a multi-domain training of the local net; MDNet's values by default."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config
from tracking.training.run_config import RunConfig


class LocalAugment(Config):
    """What is changed in a pair before samples are taken; all off by default."""

    invert: float = Field(0.0, ge=0, le=1)
    """Share of steps whose thermal frames are turned to black-hot."""
    drop: float = Field(0.0, ge=0, le=1)
    """Share of steps in which one half, either, is a plain grey."""


STANDARD_LOCAL_AUGMENT = LocalAugment(invert=0.1, drop=0.1)


class LocalTrainConfig(RunConfig):
    """A multi-domain training of the local net: each sequence has a last layer of its own."""

    init: Path | None = None
    """Weights to start from: VGG-M as weights convert writes it."""
    random_init: bool = False
    """Start from random weights."""
    features: Literal["scene", "crops"] = "scene"
    """For which of the tracker's two ways to features."""
    fusion: Literal["conv3", "fc5"] = "conv3"
    """Where the halves meet."""
    share_conv: bool = False
    """One trunk for both halves."""
    frozen: bool = False
    """The convolutions stay as they are, and fc4 and fc5 alone learn, at a fraction of the cost."""
    lrn: Literal["matconvnet", "pymdnet", "rt"] | None = None
    """Normalisation; None: the one that the initial weights have, or matconvnet."""
    epochs: int = Field(50, ge=1)
    """Cycles: in each, every sequence has one step, in random order."""
    frames: int = Field(8, ge=1)
    """Frames of a step, of one sequence."""
    positives: int = Field(32, ge=1)
    """Samples of a step that overlap by 0.7; shared by its frames."""
    negatives: int = Field(96, ge=1)
    """Samples of a step that overlap by at most 0.5."""
    lr: float = Field(1e-4, gt=0)
    """Of the convolutions."""
    head_rate: float = Field(10.0, gt=0)
    """Factor on it for the fully connected layers."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of SGD."""
    decay: float = Field(5e-4, ge=0)
    """Weight decay."""
    clip: float = Field(10.0, gt=0)
    """Most that the gradient's norm is."""
    augment: LocalAugment = LocalAugment()
    """Changes to the pairs."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if min(self.positives, self.negatives) < self.frames:
            message = (
                f"{self.positives} positives and {self.negatives} negatives of {self.frames} "
                "frames; expected at least one of each in every frame"
            )
            raise ValueError(message)
        return self
