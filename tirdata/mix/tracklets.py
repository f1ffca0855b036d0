"""Crops of a track: which frames, how large, and where the object lies in each."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2

from tirdata.crops import centre, crop, search_side
from tirdata.errors import DataError
from tirdata.mix.choose import Size, class_after_map, refusal, usable_frames
from tirdata.mix.recipe import Domain, Recipe
from tirdata.mix.shards import Sample
from tirdata.types import Box, Frame, Frames, Sequence, Track


@dataclass(frozen=True)
class Tracklet:
    """A sample and its crops as JPEG, in the order of ``sample.frames``."""

    sample: Sample
    jpegs: list[bytes]

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """What follows the key in the name of each file, and the file."""
        return [
            (f"{frame:06d}.jpg", jpeg)
            for frame, jpeg in zip(self.sample.frames, self.jpegs, strict=True)
        ]


def cut_sequence(
    sequence: Sequence, prefix: str, domain: Domain, recording: str, recipe: Recipe
) -> Iterator[Tracklet]:
    """All tracklets of a sequence; frames are read one at a time, tracks one after another.

    Raises:
        DataError: a frame cannot be read.
    """
    for track in sequence.tracks:
        frames = wanted_crops(sequence, track, recipe)[1]
        for number, start in enumerate(range(0, len(frames), recipe.tracklet)):
            chosen = frames[start : start + recipe.tracklet]
            key = f"{prefix}-t{track.id:02d}-{number:04d}".replace(".", "_")
            yield _tracklet(sequence.frames, track, chosen, recipe, Sample(
                key=key, domain=domain, sequence=sequence.name, track=track.id,
                class_name=class_after_map(track, recipe), recording=recording,
                frames=tuple(chosen), sides=(), boxes=(),
            ))  # fmt: skip


def wanted_crops(sequence: Sequence, track: Track, recipe: Recipe) -> tuple[str | None, list[int]]:
    """Why a track is left out, if it is, and the frames that are cut of it.

    Raises:
        DataError: the first frame cannot be read.
    """
    size = size_of(sequence.frames)
    reason = refusal(track, recipe, size)
    return reason, [] if reason else usable_frames(track, recipe, size)


def size_of(frames: Frames) -> Size:
    """Width and height of the frames; the first is read where nothing says it.

    Raises:
        DataError: the first frame cannot be read.
    """
    known: Size | None = getattr(frames, "size", None)
    if known is not None:
        return known
    height, width = frames[0].shape
    return width, height


def _tracklet(
    frames: Frames, track: Track, chosen: list[int], recipe: Recipe, sample: Sample
) -> Tracklet:
    sides: list[float] = []
    boxes: list[tuple[float, float, float, float]] = []
    jpegs: list[bytes] = []
    for number in chosen:
        box = Box(*(float(value) for value in track.boxes[number]))
        image, side = cut(frames[number], box, recipe.crop_size, recipe.margin)
        scale = image.shape[0] / side
        w, h = box.w * scale, box.h * scale
        middle = image.shape[0] / 2
        sides.append(round(side, 3))
        boxes.append((round(middle - w / 2, 3), round(middle - h / 2, 3), round(w, 3), round(h, 3)))
        jpegs.append(_jpeg(image, recipe.quality))
    filled = sample.model_copy(update={"sides": tuple(sides), "boxes": tuple(boxes)})
    return Tracklet(filled, jpegs)


def cut(frame: Frame, box: Box, size: int, margin: int) -> tuple[Frame, float]:
    """The crop around ``box`` and the side in frame pixels that it covers.

    The centre ``size`` square is the network's input for this box (s_x); ``margin`` more pixels lie
    around it on each side. Outside the frame it is the frame's mean.
    """
    stored = size + 2 * margin
    side = search_side(box.w, box.h, size) * stored / size
    pad = round(float(frame.mean()))
    return crop(frame, centre(box), side, stored, pad), side


def _jpeg(image: Frame, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise DataError(f"a crop of {image.shape} could not be written as JPEG")
    return data.tobytes()
