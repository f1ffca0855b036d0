"""What was decided about the frames of a sequence, as its card says it."""

from typing import Annotated

from pydantic import Field

from tirdata.config import Config
from tirdata.frames.settings import How, HudName, PolarityName, RepairName

Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Polarity(Config):
    """Whether warm was bright in the recording; the stored frames are white-hot."""

    value: PolarityName = "white-hot"
    """Of the recording."""
    how: How = "assumed"
    """Stated by the user, certain by the kind of sensor, measured on the frames, or assumed."""
    score: Share | None = None
    """Probability, as measured, that the value is right."""
    review: bool = False
    """It was measured and not found sure: a person should look."""
    cues: dict[str, float] = Field(default_factory=dict)
    """What was measured: log-odds for white-hot, by cue."""


class Palette(Config):
    """The false colours of the recording, which are inverted in the stored frames."""

    name: str = "grey"
    """Grey = none; visible = the colours of visible light, stored is their luma."""
    how: str = "none"
    """How the colours were found: table, bar (on screen), fitted, stated; none = no palette."""
    residual: Annotated[float, Field(ge=0)] | None = None
    """Mean distance of the pixels' colours from the palette, in levels of 0..255."""
    colours: Annotated[str, Field(pattern=r"^([0-9a-f]{6}){256}$")] | None = None
    """Red, green, blue of intensity 0 to 255, as hexadecimal digits."""


class Tone(Config):
    """The curve from the recording's values to 8 bits, so that it can be undone."""

    curve: str = "none"
    """None = values are stored as decoded."""
    parameters: dict[str, float | tuple[float, ...]] = Field(default_factory=dict)
    """Of the curve, by name."""
    rolling: tuple[tuple[float, float], ...] = ()
    """Low and high end for each stored frame, where the curve follows the scene."""


class Rectangle(Config):
    """A part of the frame, in pixels from its top-left corner."""

    x: Count
    """Left edge."""
    y: Count
    """Upper edge."""
    width: Size
    """Width."""
    height: Size
    """Height."""


class Region(Rectangle):
    """A part of the frame that is burnt in."""

    kind: str = "text"
    """Text, reticle, bar, logo."""


class Hud(Config):
    """Burnt-in text, logos, reticles and colour bars."""

    handling: HudName = "keep"
    """What was done to them."""
    regions: tuple[Region, ...] = ()
    """Where they are in the stored frames."""
    logos_sought: bool | None = None
    """False where the camera moves too little to tell a logo from the scene; null = not known."""


class Sensor(Config):
    """Faults of the sensor, and which of them were repaired."""

    dead_pixels: tuple[tuple[Count, Count], ...] = ()
    """Row and column in the stored frames."""
    pattern: Annotated[float, Field(ge=0)] = 0.0
    """Strength of the fixed-pattern noise, in levels of 0..255."""
    pattern_sure: bool | None = None
    """Whether that is certain: a still scene hides a pattern. None = faults were not looked for."""
    repaired: tuple[RepairName, ...] = ()
    """What was repaired."""
