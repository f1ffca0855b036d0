"""Everything that decides a training of the box refiner."""

from pydantic import Field

from tracking.training.run_config import RunConfig


class RefinerConfig(RunConfig):
    """A training of the box refiner; lengths are shares of the box's own sides."""

    steps: int = Field(400, ge=1)
    """Batches in all."""
    batch: int = Field(64, ge=2)
    """Boxes a step."""
    looks: int = Field(4, ge=1)
    """Boxes of a step that share their two pictures, each off by something else."""
    lr_first: float = Field(3e-3, gt=0)
    """Learning rate at first."""
    lr_last: float = Field(5e-5, gt=0)
    """Learning rate at last, reached exponentially in twenty stages."""
    decay: float = Field(1e-2, ge=0)
    """Weight decay of AdamW."""
    off_least: float = Field(0.02, gt=0)
    """Boxes are off by a normal distribution whose deviation is drawn between this and the next,
    evenly in its logarithm; the same for the centre and for the size, less for the shape."""
    off_most: float = Field(0.25, gt=0)
    """See ``off_least``."""
    kept_size: float = Field(0.25, ge=0, le=1)
    """Share of boxes that have the exemplar's size, as a tracker's that cannot change it."""
    lost: float = Field(0.08, ge=0, le=1)
    """Share of boxes beside the object: nothing can be said of it, and that is to be learned."""
    anywhere: float = Field(0.2, ge=0, le=1)
    """Share of pairs that are any part of a picture, twice: to fit what is no known object."""
    near: float = Field(0.5, ge=0, le=1)
    """Share of pairs at most ``near_gap`` crops apart; the others are anywhere in the track."""
    near_gap: int = Field(10, ge=0)
    """Crops."""
    least_side: float = Field(6.0, gt=0)
    """Objects are shrunk to no smaller mean side than this, frame pixels."""
    shrink: float = Field(0.3, ge=0, le=1)
    """Share of pairs that are shrunk, and with them what can be seen of the object."""
    contrast: float = Field(0.5, ge=0, lt=1)
    """Grey levels are multiplied by 1 +- contrast, and cut off where they end."""
    noise: float = Field(8.0, ge=0)
    """Largest deviation of added noise, grey levels."""
    blur: float = Field(0.2, ge=0, le=1)
    """Share of crops that are blurred."""
    invert: float = Field(0.2, ge=0, le=1)
    """Share of pairs turned to black-hot."""
    visible: float = Field(0.25, ge=0, le=1)
    """Share of pairs from visible video, where there is any."""
    validation: int = Field(2048, ge=0)
    """Pairs of the validation side that are looked at in the end."""
