"""Pairs of frames with masks, for networks that look at visible and thermal light at once.

A sample is a run of pairs of one track: ``<key>.json``; ``<key>.target.visible.jpg`` and
``.target.thermal.jpg``, the object in the first pair of its track without any surroundings; and for
each pair ``<key>.<frame>.visible.jpg``, ``.thermal.jpg`` and ``.mask.png``. Frames are whole: what
is learned from samples around the object cuts them itself, what looks at the whole shrinks them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.masks.rectangle import Polarity, encode, label, mask_of
from tirdata.mix.choose import FEW, Size, class_after_map, refusal, usable_frames
from tirdata.mix.recipe import Domain, Recipe
from tirdata.types import Boxes, Frames, Sequence, Track

FILES = ("visible.jpg", "thermal.jpg", "mask.png")  # of a pair, in this order
TARGETS = ("target.visible.jpg", "target.thermal.jpg")  # of a sample, before its pairs

Pixels = NDArray[np.uint8]  # (h, w, 3) blue, green, red
Corners = tuple[float, float, float, float]


class PairSample(Config):
    """A run of pairs of one track of a mix."""

    key: str
    """Name of the sample in its shard."""
    domain: str
    """vid or tir."""
    sequence: str
    """Name of the sequence."""
    track: int
    """Id of the track in its sequence."""
    class_name: str
    """Class after the recipe's class map."""
    recording: str
    """Group that is never split between train and validation."""
    frames: tuple[int, ...]
    """Frame numbers."""
    target_frame: int
    """Frame of the target pictures: the first usable one of the track."""
    visible_size: tuple[int, int]
    """Width and height of the stored visible frames and of the masks."""
    thermal_size: tuple[int, int]
    """Width and height of the stored thermal frames."""
    visible_boxes: tuple[Corners, ...]
    """x, y, w, h in pixels of each stored visible frame."""
    thermal_boxes: tuple[Corners, ...]
    """x, y, w, h in pixels of each stored thermal frame."""
    polarity: Polarity
    """Of the masks."""
    substitute: str
    """What stands for the thermal half where there is none: rgb or gray; empty = it is there."""


@dataclass(frozen=True)
class PairTracklet:
    """A sample and its files in their order."""

    sample: PairSample
    files: list[tuple[str, bytes]]


class _Half(NamedTuple):
    """The frames of one modality, as they are to be stored."""

    frames: Frames
    track: Track
    size: Size  # of the frames
    stored: Size
    grey: bool

    def picture(self, index: int, quality: int) -> bytes:
        """One frame as JPEG: its own file where that is one, of this size, to be kept in colour.

        Raises:
            DataError: it cannot be read, or has another size than the first.
        """
        path, data = _file(self.frames, index)
        pixels = _decoded(path, data)
        if (found := (pixels.shape[1], pixels.shape[0])) != self.size:
            raise DataError(
                f"{path}: is {found[0]}x{found[1]} pixels; "
                f"expected {self.size[0]}x{self.size[1]} as before it"
            )
        if data[:2] == b"\xff\xd8" and self.stored == self.size and not self.grey:
            return data
        return _jpeg(self._as_stored(pixels), quality)

    def target(self, index: int, quality: int) -> bytes:
        """What the box of a frame shows, as JPEG, at the stored size."""
        pixels = self._as_stored(_decoded(*_file(self.frames, index)))
        x, y, w, h = self.box(index)
        left, top = (max(0, int(np.floor(edge))) for edge in (x, y))
        right, bottom = (max(0, int(np.ceil(edge))) for edge in (x + w, y + h))
        return _jpeg(pixels[top:bottom, left:right], quality)

    def box(self, index: int) -> Corners:
        """The box in pixels of the stored frame."""
        scale = np.array([self.stored[0] / self.size[0], self.stored[1] / self.size[1]] * 2)
        x, y, w, h = (round(float(value), 3) for value in self.track.boxes[index] * scale)
        return x, y, w, h

    def _as_stored(self, pixels: Pixels) -> Pixels:
        if self.grey:
            grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
            pixels = np.repeat(np.asarray(grey, np.uint8)[:, :, None], 3, axis=2)
        if self.stored == self.size:
            return pixels
        shrinks = self.stored[0] < self.size[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, self.stored, interpolation=how), np.uint8)


def cut_pairs(
    sequence: Sequence, prefix: str, domain: Domain, recording: str, recipe: Recipe
) -> Iterator[PairTracklet]:
    """All samples of a sequence; frames are read one at a time, tracks one after another.

    Raises:
        DataError: a frame cannot be read, or the halves differ in length.
    """
    if pair_refusal(sequence, domain) is not None:
        return
    for track in sequence.tracks:
        frames = wanted_pairs(sequence, track, recipe)[1]
        visible, thermal = _halves(sequence, track, recipe)
        for number, start in enumerate(range(0, len(frames), recipe.tracklet)):
            chosen = frames[start : start + recipe.tracklet]
            yield _tracklet(visible, thermal, chosen, recipe, PairSample(
                key=f"{prefix}-t{track.id:02d}-{number:04d}".replace(".", "_"), domain=domain,
                sequence=sequence.name, track=track.id,
                class_name=class_after_map(track, recipe), recording=recording,
                frames=tuple(chosen), target_frame=frames[0], visible_size=visible.stored,
                thermal_size=thermal.stored, visible_boxes=tuple(map(visible.box, chosen)),
                thermal_boxes=tuple(map(thermal.box, chosen)), polarity=recipe.mask_polarity,
                substitute=recipe.thermal_substitute if sequence.visible is None else "",
            ))  # fmt: skip


def pair_refusal(sequence: Sequence, domain: Domain) -> str | None:
    """Why no pair can be made of a sequence; None if one can.

    Raises:
        DataError: the halves differ in length.
    """
    if sequence.visible is None:
        return None if domain == "vid" else "no visible half"
    if len(sequence.visible) != len(sequence.frames):
        raise DataError(
            f"{sequence.name}: {len(sequence.visible)} visible and {len(sequence.frames)} thermal "
            "frames; expected as many of each, they pair by position"
        )
    return None


def wanted_pairs(sequence: Sequence, track: Track, recipe: Recipe) -> tuple[str | None, list[int]]:
    """Why a track is left out, if it is, and the frames in which both halves have a usable box.

    Raises:
        DataError: a first frame cannot be read.
    """
    every = recipe.model_copy(update={"stride": 1})
    seen: list[set[int]] = []
    for half in _halves(sequence, track, recipe):
        reason = refusal(half.track, every, half.size)
        if reason is not None:
            return reason, []
        seen.append(set(usable_frames(half.track, every, half.size)))
    frames = sorted(seen[0] & seen[1])[:: recipe.stride]
    few = len(frames) < recipe.min_frames
    return (FEW, []) if few else (None, frames)


def _halves(sequence: Sequence, track: Track, recipe: Recipe) -> tuple[_Half, _Half]:
    """The visible and the thermal half of a sequence around one track."""
    own = {each.id: each for each in sequence.visible_tracks}
    size = _size(sequence.frames)
    thermal = _Half(sequence.frames, track, size, recipe.frame_size or size, grey=False)
    if sequence.visible is None:
        return thermal, thermal._replace(grey=recipe.thermal_substitute == "gray")
    size = _size(sequence.visible)
    stored = recipe.frame_size or size
    return _Half(sequence.visible, own.get(track.id, track), size, stored, grey=False), thermal


def _tracklet(
    visible: _Half, thermal: _Half, chosen: list[int], recipe: Recipe, sample: PairSample
) -> PairTracklet:
    pairs = (visible, thermal)
    made = [
        (name, half.target(sample.target_frame, recipe.quality))
        for name, half in zip(TARGETS, pairs, strict=True)
    ]
    for frame in chosen:
        mask = encode(mask_of(_label(visible, thermal, frame, recipe), recipe.mask_polarity))
        pictures = [half.picture(frame, recipe.quality) for half in pairs]
        names = [f"{frame:06d}.{name}" for name in FILES]
        made += list(zip(names, [*pictures, mask], strict=True))
    return PairTracklet(sample, made)


def _label(visible: _Half, thermal: _Half, frame: int, recipe: Recipe) -> NDArray[np.bool_]:
    shown = {"visible": (visible,), "thermal": (thermal,)}.get(
        recipe.mask_boxes, (visible, thermal)
    )
    found = np.zeros(visible.stored[::-1], np.bool_)
    for half in shown:
        boxes: Boxes = half.track.boxes[frame][None]
        found |= label(boxes, half.size, visible.stored)
    return found


def _size(frames: Frames) -> Size:
    pixels = _decoded(*_file(frames, 0))
    return pixels.shape[1], pixels.shape[0]


def _file(frames: Frames, index: int) -> tuple[Path, bytes]:
    """The file of a frame and its bytes.

    Raises:
        DataError: it is no file of its own, or cannot be read.
    """
    paths: tuple[Path, ...] = getattr(frames, "paths", ())
    if not paths:
        raise DataError("frames are not files of their own; export the data first")
    try:
        return paths[index], paths[index].read_bytes()
    except OSError as error:
        raise DataError(f"{paths[index]}: cannot read frame ({error.strerror})") from None


def _decoded(path: Path, data: bytes) -> Pixels:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if pixels is None:
        raise DataError(f"{path}: not a picture; expected a frame")
    return np.asarray(pixels, np.uint8)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
