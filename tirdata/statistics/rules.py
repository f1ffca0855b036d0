"""The numbers in the rules of challenge attributes; the published ones unless a person says so."""

from typing import Annotated

from pydantic import Field

from tirdata.config import Config

Positive = Annotated[float, Field(gt=0)]
Ratio = Annotated[float, Field(gt=1)]
Share = Annotated[float, Field(gt=0, le=1)]


class AttributeRules(Config):
    """When a track has an attribute. See docs/stats.md for where each number is from."""

    motion_px: Positive = 20
    """fast motion: the centre moves more than this between two frames that follow."""
    scale_ratio: Ratio = 2
    """scale variation: the area is more than this times the first, or less than its inverse."""
    aspect_ratio: Ratio = 2
    """aspect ratio variation: as scale_ratio, of width over height."""
    low_resolution_px: Positive = 400
    """low resolution: the area is below this; LaSOT takes 1000."""
    edge_px: Annotated[float, Field(ge=0)] = 0.5
    """out of view: the box ends within this of the frame's edge, or beyond."""
    crossover_contrast: Positive = 2
    """thermal crossover: target and surroundings differ by less than this times their spread."""
    intensity_counts: Positive = 51
    """intensity variation: the target is brighter or darker than at first by more, of 255."""
    clutter_share: Share = 0.05
    """background clutter: at least this share of the surroundings is as bright as the target."""
    camera_px: Positive = 0.5
    """camera motion: the ground moves by more a frame."""
    sampled_share: Share = 0.1
    """Of the sampled frames, at least, that an attribute seen in pixels has to be in."""
