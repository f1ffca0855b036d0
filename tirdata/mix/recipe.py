"""What a mix is made of: the recipe that a person writes as TOML or as flags."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config

Domain = Literal["vid", "tir"]
Subset = Literal["train", "val"]


class Recipe(Config):
    """Which sequences go into the mix and how their crops are cut."""

    vid: tuple[Path, ...] = ()
    """Visible-light datasets; colour is turned to grey."""
    tir: tuple[Path, ...] = ()
    """Thermal datasets."""
    task: Literal["matching"] = "matching"
    """matching: crops around one object, for MMNet."""
    classes: tuple[str, ...] = ()
    """Keep only these classes; empty = all."""
    class_map: dict[str, str] = Field(default_factory=dict)
    """Rename classes before they are counted: {"quadcopter" = "drone"}."""
    min_frames: int = Field(2, ge=2)
    """Tracks with fewer usable boxes are left out, with a count."""
    min_side: float = Field(2.0, gt=0)
    """Boxes whose shorter side is below this many pixels are left out."""
    human_only: bool = False
    """Only boxes that a person drew or accepted."""
    stride: int = Field(1, ge=1)
    """Every n-th frame of a track."""
    tracklet: int = Field(100, ge=2)
    """Most crops in one sample."""
    crop_size: int = Field(255, ge=191)
    """Side in pixels of what the network sees; covers s_z * crop_size / 127 of the frame."""
    margin: int = Field(48, ge=0)
    """Pixels stored around that on each side, for shifted and scaled crops in training."""
    quality: int = Field(90, ge=1, le=100)
    """JPEG quality of the crops."""
    vid_weight: float = Field(1.0, ge=0)
    """How often pairs are drawn from the visible domain, against tir_weight."""
    tir_weight: float = Field(1.0, ge=0)
    """How often pairs are drawn from the thermal domain, against vid_weight."""
    val_share: float = Field(0.1, ge=0, lt=1)
    """Share of the recordings of each domain that goes to validation."""
    duplicates: Literal["together", "ignore"] = "together"
    """Recordings that show the same, exactly or nearly: keep them on one side, or don't look."""
    shard_bytes: int = Field(64 * 2**20, ge=2**20)
    """A shard is closed when it reaches this size."""
    seed: int = 0
    """Decides the split and the order of the samples."""

    @model_validator(mode="after")
    def _network_takes_the_crops(self) -> Self:
        if (self.crop_size - 255) % 4:
            message = f"crop_size {self.crop_size}; the network takes 255 + 4k, at least 191"
            raise ValueError(message)
        return self
