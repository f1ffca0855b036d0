"""Crops of a track: which frames, how large, and where the object lies in each."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from tirdata.crops import centre, crop, search_side
from tirdata.errors import DataError
from tirdata.mix.recipe import Domain, Recipe
from tirdata.mix.shards import Sample
from tirdata.types import Box, Frame, Frames, Sequence, Track


@dataclass(frozen=True)
class Tracklet:
    """A sample and its crops as JPEG, in the order of ``sample.frames``."""

    sample: Sample
    jpegs: list[bytes]


def usable_frames(track: Track, recipe: Recipe) -> list[int]:
    """Frames of ``track`` whose box the recipe wants."""
    wanted = track.present & (track.boxes[:, 2:].min(axis=1, initial=np.inf) >= recipe.min_side)
    if recipe.human_only:
        wanted &= ~track.generated
    return [int(frame) for frame in np.flatnonzero(wanted)][:: recipe.stride]


def refusal(track: Track, recipe: Recipe) -> str | None:
    """Why the recipe does not want ``track``; None if it does."""
    name = recipe.class_map.get(track.class_name, track.class_name)
    if recipe.classes and name not in recipe.classes:
        return "class not in the recipe"
    if len(usable_frames(track, recipe)) < recipe.min_frames:
        return "too few usable boxes"
    return None


def cut_sequence(
    sequence: Sequence, prefix: str, domain: Domain, recording: str, recipe: Recipe
) -> Iterator[Tracklet]:
    """All tracklets of a sequence; frames are read one at a time, tracks one after another.

    Raises:
        DataError: a frame cannot be read.
    """
    for track in sequence.tracks:
        name = recipe.class_map.get(track.class_name, track.class_name)
        if refusal(track, recipe) is not None:
            continue
        frames = usable_frames(track, recipe)
        for number, start in enumerate(range(0, len(frames), recipe.tracklet)):
            chosen = frames[start : start + recipe.tracklet]
            key = f"{prefix}-t{track.id:02d}-{number:04d}".replace(".", "_")
            yield _tracklet(sequence.frames, track, chosen, recipe, Sample(
                key=key, domain=domain, sequence=sequence.name, track=track.id, class_name=name,
                recording=recording, frames=tuple(chosen), sides=(), boxes=(),
            ))  # fmt: skip


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
