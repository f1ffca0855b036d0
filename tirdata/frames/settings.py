"""What a user may set for the way from raw frames to white-hot 8-bit ones."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from tirdata.config import Config

PolarityName: TypeAlias = Literal["white-hot", "black-hot"]
How: TypeAlias = Literal["stated", "sensor", "measured", "assumed"]  # a polarity is known
HudName: TypeAlias = Literal["keep", "inpaint", "black"]
ToneName: TypeAlias = Literal["percentile", "plateau", "counts", "kelvin"]
RepairName: TypeAlias = Literal["dead", "pattern"]


class NormaliseConfig(Config):
    """Settings of the normalisation; what a row of a sources file says wins over them."""

    polarity: PolarityName | None = None
    """Of the recordings; none = measured in each shot."""
    palette: str | None = None
    """Of the recordings: grey, ironbow, rainbow, …; none = found in each shot."""
    palette_bound: Annotated[float, Field(gt=0)] = 12.0
    """Largest mean distance of the colours from the palette, in levels of 0..255."""
    tone: ToneName = "percentile"
    """Curve from counts of more than 8 bits to 8 bits."""
    tone_range: tuple[float, float] | None = None
    """Low and high end of the curves ``counts`` and ``kelvin``, in their unit."""
    tone_rolling: bool = False
    """Let the curve follow the scene slowly; else there is one a shot."""
    hud: HudName = "keep"
    """What is done to burnt-in text, logos, reticles and colour bars."""
    letterbox: Literal["crop", "keep"] = "crop"
    """What is done to black bars around the picture."""
    repeats: Literal["keep", "drop"] = "keep"
    """What is done to frames that show the same as the one before."""
    frozen: Literal["keep", "drop"] = "keep"
    """What is done to frames taken while the calibration shutter was closed."""
    repairs: tuple[RepairName, ...] = ()
    """Which faults of the sensor are repaired: dead pixels, fixed pattern."""
    lossless: bool = False
    """Store the same frames as PNG too, under ``Lossless/``."""
