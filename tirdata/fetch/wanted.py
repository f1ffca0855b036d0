"""What is to be fetched: a recording, the parts of it that are wanted, and how it is treated."""

import hashlib
import re
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from pydantic import BeforeValidator, Field

from tirdata.config import Config

PolarityName: TypeAlias = Literal["white-hot", "black-hot"]
PlatformName: TypeAlias = Literal["hand-held", "vehicle", "surveillance", "drone"]
SubsetName: TypeAlias = Literal["train", "val"]

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")


def _seconds(value: object) -> object:
    """``1:02:03.5`` and ``02:03`` as seconds; anything else as it is."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return value
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _words(value: object) -> object:
    """A cell of a CSV file as a list: ``dead pattern``, ``20, 40``."""
    return re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value


Seconds = Annotated[float, Field(ge=0), BeforeValidator(_seconds)]


class Clip(Config):
    """A part of a recording, and what is said of that part alone."""

    start_s: Seconds = 0.0
    """From this time on, in seconds or as 1:02:03.5."""
    end_s: Seconds | None = None
    """Before this time; none = to the end."""
    class_name: str | None = None
    """What is to be followed; none = as for the whole recording."""
    title: str | None = None
    """What people call it; none = as for the whole recording."""
    polarity: PolarityName | None = None
    """Of this part; none = as for the whole recording."""
    platform: PlatformName | None = None
    """What carried the camera; none = as for the whole recording."""
    scene: str | None = None
    """What is seen; none = as for the whole recording."""
    notes: str | None = None
    """Anything else; none = as for the whole recording."""

    def holds(self, time_s: float) -> bool:
        """Whether a frame of this time is in it."""
        return self.start_s <= time_s and (self.end_s is None or time_s < self.end_s)

    def overlaps(self, other: "Clip") -> bool:
        """Whether a frame can be in both."""
        return (other.end_s is None or self.start_s < other.end_s) and (
            self.end_s is None or other.start_s < self.end_s
        )

    def __str__(self) -> str:
        end = "the end" if self.end_s is None else f"{self.end_s:g} s"
        return f"{self.start_s:g} s to {end}"


class Treatment(Config):
    """Settings of the normalisation for one recording; what is none is as for all."""

    palette: str | None = None
    """Of its false colours: grey, ironbow, rainbow, …"""
    tone: Literal["percentile", "plateau", "counts", "kelvin"] | None = None
    """Curve from counts of more than 8 bits to 8 bits."""
    tone_range: Annotated[tuple[float, float], BeforeValidator(_words)] | None = None
    """Low and high end of the curves ``counts`` and ``kelvin``, in their unit."""
    tone_rolling: bool | None = None
    """Let the curve follow the scene slowly."""
    hud: Literal["keep", "inpaint", "black"] | None = None
    """What is done to burnt-in text, logos, reticles and colour bars."""
    letterbox: Literal["crop", "keep"] | None = None
    """What is done to black bars around the picture."""
    repeats: Literal["keep", "drop"] | None = None
    """What is done to frames that show the same as the one before."""
    frozen: Literal["keep", "drop"] | None = None
    """What is done to frames taken while the calibration shutter was closed."""
    repairs: Annotated[tuple[Literal["dead", "pattern"], ...], BeforeValidator(_words)] | None = (
        None
    )
    """Which faults of the sensor are repaired: dead pixels, fixed pattern."""

    @property
    def given(self) -> dict[str, Any]:
        """What is said, by name: an overlay for the settings of all recordings."""
        return self.model_dump(exclude_none=True)


class PlaylistPlace(Config):
    """Where a recording stood in a playlist, or in a page with several videos."""

    url: str
    """Link of the playlist."""
    title: str | None = None
    """What its site calls it."""
    uploader: str | None = None
    """Who keeps it."""
    index: Annotated[int, Field(ge=1)]
    """Place in it when it was fetched, from 1."""


class Wanted(Config):
    """One recording to fetch: a link or a path, its parts, and what is known of it."""

    url: str | None = None
    path: str | None = None
    class_name: str | None = None
    title: str | None = None
    licence: str | None = None
    subset: SubsetName | None = None
    polarity: PolarityName | None = None
    platform: PlatformName | None = None
    scene: str | None = None
    notes: str | None = None
    clips: tuple[Clip, ...] = ()  # in order of time, without overlaps; none = all of it
    treatment: Treatment = Treatment()
    playlist: PlaylistPlace | None = None
    referer: str | None = None  # the page that names the link

    @property
    def name(self) -> str:
        """The path, or the link without a password: it is written down and shown."""
        return self.path or "" if self.url is None else public(self.url)

    @property
    def key(self) -> str:
        """Tells this source from all others."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]


def public(url: str) -> str:
    """A link without user name and password."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
