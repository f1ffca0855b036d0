"""Everything that decides the training of a backbone on class labels."""

from typing import Literal

from pydantic import Field

from tracking.models.vgg_m import CROP_SIZE
from tracking.training.run_config import RunConfig

Trunk = Literal["vgg-m", "vgg16"]


class PretrainConfig(RunConfig):
    """A training of a backbone on class labels."""

    trunk: Trunk = "vgg-m"
    """Which backbone: the local net's or the global net's."""
    steps: int = Field(4000, ge=1)
    """Batches in all."""
    batch: int = Field(64, ge=1)
    """Crops a step."""
    lr_first: float = Field(1e-2, gt=0)
    """Learning rate at first."""
    lr_last: float = Field(1e-4, gt=0)
    """Learning rate at last, reached exponentially in twenty stages."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of SGD."""
    decay: float = Field(5e-4, ge=0)
    """Weight decay."""
    size: int = Field(CROP_SIZE, ge=75)
    """Side of a crop in pixels; VGG-16 takes multiples of 16 too."""
    background: float = Field(0.25, ge=0, lt=1)
    """Share of crops that show what is beside an object."""
    shift: float = Field(0.1, ge=0, lt=0.5)
    """Objects lie off the middle by up to this share of their mean side."""
    contrast: float = Field(0.3, ge=0, lt=1)
    """Grey levels are multiplied by 1 +- contrast about the mean."""
    invert: float = Field(0.1, ge=0, le=1)
    """Share of crops turned to black-hot."""
    validation: int = Field(512, ge=0)
    """Crops of the validation side that are named at the end."""
