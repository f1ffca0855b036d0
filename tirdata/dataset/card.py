"""What is written down about a recording (``source.json``) and about a sequence (its card)."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config
from tirdata.dataset.decisions import Count, Hud, Palette, Polarity, Rectangle, Sensor, Size, Tone
from tirdata.fetch.wanted import Clip, PlaylistPlace, Treatment
from tirdata.frames.settings import NormaliseConfig, PolarityName

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Time = Annotated[float, Field(ge=0)]
PlatformName = Literal["hand-held", "vehicle", "surveillance", "drone"]

_ALL = Clip()


class Source(Config):
    """``recordings/<recording-id>/source.json``: where a recording came from."""

    recording_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """First 16 hexadecimal digits of the file's SHA-256; the name of the folder."""
    subset: Literal["train", "val"]
    """The side of the split that all of its sequences are on."""
    number: Annotated[int, Field(ge=0, le=99_999)]
    """VVVVV in the names of its sequences, counted from 0 within the subset."""
    status: Literal["fetched", "done", "partly"] = "done"
    """fetched = no sequences were made yet; partly = only what could be read became sequences."""
    error: str | None = None
    """Why not all of it could be read."""
    url: str | None = None
    """The link that it was fetched from."""
    path: str | None = None
    """The local file that it was read from."""
    file: str | None = None
    """Name of the original in this folder; none when it is not kept."""
    sha256: Sha256
    """Of the original's bytes."""
    bytes: Count
    """Size of the original."""
    modified_ns: int | None = None
    """When the local file was last changed, in nanoseconds since 1970: same size, same file."""
    side_sha256: Sha256 | None = None
    """Of the side file that the original was read with; none = there was none."""
    title: str | None = None
    """What people call it."""
    uploader: str | None = None
    """Who published it."""
    licence: str | None = None
    """As its publisher states it; none = not stated."""
    published: str | None = None
    """Day of publication, YYYY-MM-DD."""
    fetched: datetime
    """When it was fetched, UTC."""
    container: str | None = None
    """Container format, in the decoder's words."""
    codec: str | None = None
    """Codec, in the decoder's words."""
    pixel_format: str | None = None
    """Pixel format, in the decoder's words."""
    colour_range: Literal["tv", "pc"] | None = None
    """Luma in 16..235 (tv) or 0..255 (pc)."""
    width: Size | None = None
    """Width in pixels, as decoded."""
    height: Size | None = None
    """Height in pixels, as decoded."""
    fps: Annotated[float, Field(gt=0)] | None = None
    """Mean frames per second; a card has the time of each frame."""
    frames: Count | None = None
    """Frames that were decoded."""
    coloured_frames: Count = 0
    """Frames that were recorded in colour; the stored grey is their luma."""
    clips: tuple[Clip, ...] = ()
    """Only frames of these parts were taken, in order of time; none = all of it."""
    treatment: Treatment = Treatment()
    """Settings of the normalisation that the sources file gives this recording."""
    playlist: PlaylistPlace | None = None
    """The playlist, or the page with several videos, that named the link."""
    class_hint: str | None = None
    """The class that the sources file names."""
    polarity_hint: PolarityName | None = None
    """The polarity that the sources file or the command line names."""
    platform: PlatformName | None = None
    """What carried the camera, where the user says so."""
    scene: str | None = None
    """What is seen, where the user says so."""
    notes: str | None = None
    """Free text of the sources file."""
    camera: str | None = None
    """Make and model, where the file says so."""
    radiometry: dict[str, float] = Field(default_factory=dict)
    """Constants of its calibration to kelvin, by name, where the file has them."""
    normalise: NormaliseConfig | None = None
    """The settings that its frames were made with."""
    tools: dict[str, str] = Field(default_factory=dict)
    """Versions of what fetched and decoded it, by name."""
    sequences: tuple[str, ...] = ()
    """Names of its sequences."""
    short_shots: Count = 0
    """Shots that were dropped because they have too few frames."""
    short_frames: Count = 0
    """Frames of those shots."""
    min_frames: Size | None = None
    """How many frames a shot needed."""
    warnings: tuple[str, ...] = ()
    """What a person should know before using it."""

    def clip_at(self, time_s: float) -> Clip | None:
        """The part that a frame of this time is in; none = it is not wanted."""
        if not self.clips:
            return _ALL
        return next((clip for clip in self.clips if clip.holds(time_s)), None)

    @property
    def clip_start_s(self) -> float | None:
        """No frame before this time was taken."""
        return self.clips[0].start_s if self.clips else None

    @property
    def clip_end_s(self) -> float | None:
        """No frame from this time on was taken."""
        return self.clips[-1].end_s if self.clips else None

    @model_validator(mode="before")
    @classmethod
    def _one_part_of_old(cls, values: object) -> object:
        """Once there was one part at most, as two numbers."""
        if isinstance(values, dict) and {"clip_start_s", "clip_end_s"} & set(values):
            values = dict(values)
            start_s, end_s = values.pop("clip_start_s", None), values.pop("clip_end_s", None)
            if (start_s, end_s) != (None, None):
                values["clips"] = ({"start_s": start_s or 0.0, "end_s": end_s},)
        return values


class Pair(Config):
    """The visible-light half of a sequence, under ``Visible/``; frame for frame as the thermal."""

    width: Size
    """Of its frames."""
    height: Size
    """Of its frames."""
    boxes: bool = False
    """Whether it has XML files of its own; else the boxes of the thermal half are meant."""
    frames_sha256: tuple[Sha256, ...]
    """Of each frame's file."""


class Card(Config):
    """``sequences/<name>.json``: how a sequence came from its recording. Written last."""

    recording_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """The folder under ``recordings/``."""
    title: str | None = None
    """What people call the recording."""
    licence: str | None = None
    """As its publisher states it; none = not stated."""
    first_frame: Count
    """Number in the recording, from 0, of the first frame."""
    last_frame: Count
    """Number in the recording of the last frame, itself included."""
    dropped_frames: tuple[Count, ...] = ()
    """Numbers in the recording of frames between those two that were left out."""
    frames: Size
    """Count of stored frames."""
    times_s: tuple[Time, ...]
    """Presentation time in the recording of each stored frame."""
    width: Size
    """Of the stored frames."""
    height: Size
    """Of the stored frames."""
    platform: PlatformName | None = None
    """What carried the camera, where the user says so."""
    scene: str | None = None
    """What is seen, where the user says so."""
    polarity: Polarity = Polarity()
    """Whether warm was bright in the recording."""
    palette: Palette = Palette()
    """The false colours of the recording."""
    tone: Tone = Tone()
    """The curve to 8 bits."""
    hud: Hud = Hud()
    """Burnt-in text and the like."""
    sensor: Sensor = Sensor()
    """Dead pixels and fixed-pattern noise."""
    crop: Rectangle | None = None
    """The part of the decoded frame that is stored; none = all of it."""
    repeated_frames: tuple[Count, ...] = ()
    """Stored frames, from 0, that show the same as the one before."""
    frozen_frames: tuple[Count, ...] = ()
    """Stored frames, from 0, taken while the calibration shutter was closed."""
    gain_jumps: tuple[Count, ...] = ()
    """Stored frames, from 0, that are the first of another gain or level."""
    fingerprint: tuple[str, ...] = ()
    """Of what is seen, now and then through the sequence; alike in near duplicates."""
    lossless: bool = False
    """Whether the same frames lie as PNG under ``Lossless/``."""
    pair: Pair | None = None
    """The visible-light half of an RGB-T pair; none = there is none."""
    warnings: tuple[str, ...] = ()
    """What a person should know before using it."""
    frames_sha256: tuple[Sha256, ...]
    """Of each stored frame's file."""

    @property
    def recording_frames(self) -> tuple[int, ...]:
        """The number in the recording of each stored frame."""
        dropped = frozenset(self.dropped_frames)
        return tuple(
            frame for frame in range(self.first_frame, self.last_frame + 1) if frame not in dropped
        )

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        counts = {
            "first_frame..last_frame less dropped_frames": len(self.recording_frames),
            "times_s": len(self.times_s),
            "frames_sha256": len(self.frames_sha256),
            **({"pair.frames_sha256": len(self.pair.frames_sha256)} if self.pair else {}),
        }
        for field, count in counts.items():
            if count != self.frames:
                message = (
                    f"{field} has {count} entries; expected one for each of {self.frames} frames"
                )
                raise ValueError(message)
        return self


class Confidences(Config):
    """``confidence/<name>.json``: how sure the tracker was, for each track and frame."""

    tracks: dict[Count, tuple[Annotated[float, Field(ge=0, le=1)] | None, ...]]
    """By track id; null = never measured in that frame."""
