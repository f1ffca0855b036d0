"""Tracks that come back after an absence, made one track a run, for readers that keep one run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tirdata.errors import UsageError
from tirdata.types import Track

MOST_IDS = 50  # of a VID sequence: SiamFC's scripts hold so many, pysot's 60


def runs(track: Track) -> list[tuple[int, int]]:
    """First frame and end of each stretch of frames with a box."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], track.present, [False]]).astype(int)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def split_gaps(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """A track for each run; the first keeps its id, the others get the lowest that are free.

    Ids are given in the order of tracks and, in a track, of time. A track without a box stays.
    """
    taken = {track.id for track in tracks}
    made: list[Track] = []
    for track in sorted(tracks, key=lambda track: track.id):
        for place, (first, end) in enumerate(runs(track) or [(0, len(track.boxes))]):
            number = track.id if place == 0 else _free(taken)
            taken.add(number)
            made.append(_run(track, number, first, end))
    return tuple(sorted(made, key=lambda track: track.id))


def numbered_below(tracks: Sequence[Track], limit: int, name: str) -> tuple[Track, ...]:
    """The same tracks with ids below ``limit``, numbered from 0 where theirs are not.

    Raises:
        UsageError: there are more tracks than that; ``name`` says of what.
    """
    if len(tracks) > limit:
        raise UsageError(
            f"{name}: {len(tracks)} tracks; expected at most {limit}, which readers of VID have "
            "room for: export a class alone (--class), or do not split at gaps"
        )
    if all(track.id < limit for track in tracks):
        return tuple(tracks)
    ordered = sorted(tracks, key=lambda track: track.id)
    return tuple(replace(track, id=number) for number, track in enumerate(ordered))


def _free(taken: set[int]) -> int:
    return next(_unused(taken))


def _unused(taken: set[int]) -> Iterator[int]:
    number = 0
    while True:
        if number not in taken:
            yield number
        number += 1


def _run(track: Track, number: int, first: int, end: int) -> Track:
    inside = np.zeros(len(track.boxes), np.bool_)
    inside[first:end] = True
    polygons = track.polygons
    return replace(
        track,
        id=number,
        boxes=np.where(inside[:, None], track.boxes, np.nan),
        occluded=track.occluded & inside,
        confidence=None if track.confidence is None else np.where(inside, track.confidence, np.nan),
        polygons=None if polygons is None else np.where(inside[:, None, None], polygons, np.nan),
    )
