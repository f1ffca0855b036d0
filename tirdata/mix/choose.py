"""Which boxes and tracks of a sequence a recipe wants, and why it does not want the others."""

from collections import Counter

import numpy as np

from tirdata.geometry import inside
from tirdata.mix.recipe import Recipe
from tirdata.types import Flags, Track

FEW = "too few usable boxes"
Size = tuple[int, int]  # (w, h) of the frames


def usable_frames(track: Track, recipe: Recipe, size: Size | None = None) -> list[int]:
    """Frames of ``track`` whose box the recipe wants; without ``size`` any box is inside."""
    wanted = track.present
    for refused in _refused_boxes(track, recipe, size).values():
        wanted = wanted & ~refused
    return [int(frame) for frame in np.flatnonzero(wanted)][:: recipe.stride]


def refusal(track: Track, recipe: Recipe, size: Size | None = None) -> str | None:
    """Why the recipe does not want ``track``; None if it does."""
    if recipe.classes and class_after_map(track, recipe) not in recipe.classes:
        return "class not in the recipe"
    if human_share(track) < recipe.min_human_share:
        return "too few boxes of a person"
    if len(usable_frames(track, recipe, size)) < recipe.min_frames:
        return FEW
    return None


def refused_boxes(track: Track, recipe: Recipe, size: Size) -> Counter[str]:
    """How many boxes of a track are left out, by the first reason that holds."""
    left = track.present.copy()
    counts: Counter[str] = Counter()
    for reason, refused in _refused_boxes(track, recipe, size).items():
        counts[reason] += int((left & refused).sum())
        left &= ~refused
    return +counts


def class_after_map(track: Track, recipe: Recipe) -> str:
    """The class of a track in the mix."""
    return recipe.class_map.get(track.class_name, track.class_name)


def human_share(track: Track) -> float:
    """Share of the boxes that a person drew or accepted; 1 where there are none."""
    present = track.present
    return float((~track.generated[present]).mean()) if present.any() else 1.0


def _refused_boxes(track: Track, recipe: Recipe, size: Size | None) -> dict[str, Flags]:
    """Reasons, and for which boxes each holds; where there is no box the flags mean nothing."""
    present = track.present
    boxes = np.where(present[:, None], track.boxes, 1.0)
    found: dict[str, Flags] = {}
    if size is not None:
        found["outside the frame"] = ~inside(boxes, *size)
    found["too small"] = boxes[:, 2:].min(axis=1, initial=np.inf) < recipe.min_side
    if recipe.human_only:
        found["not a person's"] = track.generated.copy()
    if recipe.min_confidence > 0:
        sure = np.zeros(len(boxes)) if track.confidence is None else track.confidence
        unsure = ~(np.nan_to_num(sure, nan=0.0) >= recipe.min_confidence)
        found["too little confidence"] = track.generated & unsure
    return found
