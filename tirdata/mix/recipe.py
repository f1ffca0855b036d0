"""What a mix is made of: the recipe that a person writes as TOML or as flags."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config
from tirdata.masks.manifest import Size
from tirdata.masks.rectangle import Polarity

Domain = Literal["vid", "tir"]
Subset = Literal["train", "val"]
Share = Annotated[float, Field(ge=0, le=1)]


Task = Literal["matching", "rgbt"]


class Recipe(Config):
    """Which sequences go into the mix and how their crops are cut."""

    vid: tuple[Path, ...] = ()
    """Visible-light datasets; colour is turned to grey, but for pairs."""
    tir: tuple[Path, ...] = ()
    """Thermal datasets; for pairs those of visible and thermal frames."""
    task: Task = "matching"
    """matching: crops around one object, for MMNet; rgbt: whole pairs of frames with masks."""
    classes: tuple[str, ...] = ()
    """Keep only these classes; empty = all."""
    class_map: dict[str, str] = Field(default_factory=dict)
    """Rename classes before they are counted: {"quadcopter" = "drone"}."""
    licences: tuple[str, ...] = ()
    """Keep only sequences under these licences, such as cc0 and cc-by; empty = all."""
    mixed_licences: Literal["list", "refuse"] = "list"
    """More than one licence in the mix, unknown ones counted as one: list them, or build none."""
    min_frames: int = Field(2, ge=2)
    """Tracks with fewer usable boxes are left out, with a count."""
    min_side: float = Field(2.0, gt=0)
    """Boxes whose shorter side is below this many pixels are left out."""
    human_only: bool = False
    """Only boxes that a person drew or accepted."""
    min_human_share: Share = 0.0
    """Tracks of whose boxes a smaller share is a person's are left out."""
    min_confidence: Share = 0.0
    """Machine boxes of less or unknown confidence are left out; a person's are sure."""
    stride: int = Field(1, ge=1)
    """Every n-th frame of a track."""
    tracklet: int = Field(100, ge=2)
    """Most crops, or pairs of frames, in one sample."""
    crop_size: int = Field(255, ge=191)
    """Side in pixels of what the network sees; covers s_z * crop_size / 127 of the frame."""
    margin: int = Field(48, ge=0)
    """Pixels stored around that on each side, for shifted and scaled crops in training."""
    quality: int = Field(90, ge=1, le=100)
    """JPEG quality of crops, and of frames that are not JPEG already or are resized."""
    frame_size: Size | None = None
    """Width and height of stored pairs; none = as they are. As text: HEIGHTxWIDTH."""
    thermal_substitute: Literal["rgb", "gray"] = "rgb"
    """Thermal half of pairs of a visible-light dataset: the colour frame again, or it in grey."""
    mask_polarity: Polarity = "target-white"
    """target-white: the target is 255; target-black: the target is 0, the rest 255."""
    mask_boxes: Literal["visible", "thermal", "union"] = "visible"
    """Whose boxes the mask of a pair shows."""
    vid_weight: float = Field(1.0, ge=0)
    """How often pairs are drawn from the visible domain, against tir_weight."""
    tir_weight: float = Field(1.0, ge=0)
    """How often pairs are drawn from the thermal domain, against vid_weight."""
    val_share: float = Field(0.1, ge=0, lt=1)
    """Chance of a recording to go to validation."""
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
