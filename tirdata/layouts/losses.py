"""What a layout cannot say: found out by writing a small sequence and reading it again."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from tirdata.errors import TirDataError
from tirdata.geometry import centres
from tirdata.layouts import LAYOUTS
from tirdata.layouts.attributes import COLUMNS
from tirdata.types import Boxes, Frame, Sequence, Track

FACTS: Final = {  # what may be lost, in words for people
    "tracks": "sequences of several tracks (each track becomes a sequence, or is one of a file)",
    "classes": "tracks of a class that is not said",
    "ids": "tracks with an id that is not said",
    "absence": "frames in which an object is said to be absent",
    "occluded": "boxes marked as occluded",
    "generated": "boxes marked as a machine's",
    "decimals": "boxes rounded to whole pixels",
    "polygons": "rotated boxes, of which the upright bounds are left",
    "visible": "sequences whose visible half is left out",
    "tags": "sequences whose tags of frames are left out",
    "attributes": "sequences with challenge attributes that have no place there",
    "confidence": "tracks with a tracker's confidence",
}
_NAME = "ILSVRC2015_train_00000000"  # a name that every layout can say
_FRAMES = 4


@cache
def kept(layout: str) -> frozenset[str]:
    """The names in ``FACTS`` that come back from a data set of this layout, and ``empty``.

    ``empty`` = it has sequences without a track.
    """
    return frozenset(fact for fact, comes_back in _TRIALS.items() if comes_back(layout))


def lost(sequence: Sequence, layout: str) -> dict[str, int]:
    """How often ``sequence`` says what ``layout`` cannot; nothing where nothing is lost."""
    tracks = sequence.tracks
    counts = {
        "tracks": int(len(tracks) > 1),
        "classes": len(tracks),
        "ids": sum(track.id != number for number, track in enumerate(tracks)),
        "absence": sum(int((~track.present).sum()) for track in tracks),
        "occluded": sum(int((track.occluded & track.present).sum()) for track in tracks),
        "generated": sum(int((track.generated & track.present).sum()) for track in tracks),
        "decimals": sum(_fractional(track.boxes) for track in tracks),
        "polygons": sum(track.polygons is not None for track in tracks),
        "visible": int(sequence.visible is not None),
        "tags": int(bool(sequence.tags)),
        "attributes": int(bool(sequence.attributes - COLUMNS.get(layout, frozenset()))),
        "confidence": sum(track.confidence is not None for track in tracks),
    }
    known = kept(layout)
    return {
        fact: count
        for fact, count in counts.items()
        if count and (fact not in known or fact == "attributes")  # those without a column
    }


def _fractional(boxes: Boxes) -> int:
    there = boxes[~np.isnan(boxes).any(axis=1)]
    return int((np.abs(there - there.round()) > 1e-6).any(axis=1).sum())


def _frames(count: int = _FRAMES) -> list[Frame]:
    return [np.full((24, 32), 60 + index, np.uint8) for index in range(count)]


def _track(number: int, name: str, at: float = 0.0) -> Track:
    """A track whose every field says something."""
    boxes = np.array([[2.0 + at + step, 3.0, 8.0, 6.0] for step in range(_FRAMES)])
    no = np.zeros(_FRAMES, np.bool_)
    return Track(number, name, boxes, generated=no, occluded=no)


def _written(layout: str, *tracks: Track, tagged: bool = False) -> list[Sequence]:
    """What comes back of a sequence with these tracks; of a pair, where it has to be one."""
    plain = Sequence(_NAME, _frames(), tracks)
    tags = {"camera_motion": np.arange(_FRAMES) == 1} if tagged else {}
    own = tuple(_moved(track) for track in tracks)
    plain = replace(plain, tags=tags)
    variants = (
        plain,
        replace(plain, visible=_frames(), visible_tracks=own),
        replace(plain, visible=_frames()),
    )
    for variant in variants:
        try:
            return _through(layout, variant)
        except TirDataError:
            continue
    return []


def _through(layout: str, sequence: Sequence) -> list[Sequence]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        LAYOUTS[layout].write([sequence], root)
        return [*LAYOUTS[layout].read(root)]


def _moved(track: Track) -> Track:
    shifted = track.boxes + np.array([1.0, 0, 0, 0])
    return Track(track.id, track.class_name, shifted, track.generated, track.occluded)


def _first(layout: str, track: Track) -> Track | None:
    found = [each for sequence in _written(layout, track) for each in sequence.tracks]
    return found[0] if found else None


def _keeps_tracks(layout: str) -> bool:
    both = _written(layout, _track(0, "bird"), _track(1, "bird", at=10))
    return len(both) == 1 and len(both[0].tracks) == 2


def _keeps_classes(layout: str) -> bool:
    both = _written(layout, _track(0, "bird"), _track(1, "car", at=10))
    return sorted(track.class_name for each in both for track in each.tracks) == ["bird", "car"]


def _keeps_ids(layout: str) -> bool:
    both = _written(layout, _track(0, "bird"), _track(3, "bird", at=10))
    return sorted(track.id for each in both for track in each.tracks) == [0, 3]


def _keeps_absence(layout: str) -> bool:
    track = _track(0, "bird")
    track.boxes[1] = np.nan
    found = _first(layout, track)
    return found is not None and found.present.tolist() == track.present.tolist()


def _keeps_flag(name: str) -> Callable[[str], bool]:
    def comes_back(layout: str) -> bool:
        track = _track(0, "bird")
        getattr(track, name)[2] = True
        found = _first(layout, track)
        return found is not None and np.array_equal(getattr(found, name), getattr(track, name))

    return comes_back


def _keeps_decimals(layout: str) -> bool:
    track = _track(0, "bird")
    track.boxes[:, 0] += 0.25
    found = _first(layout, track)
    return found is not None and bool(np.allclose(found.boxes, track.boxes, atol=1e-3))


def _keeps_polygons(layout: str) -> bool:
    plain = _track(0, "bird")
    middle = centres(plain.boxes)[:, None, :]
    polygons = middle + np.array([[0.0, -3], [4, 0], [0, 3], [-4, 0]])
    turned = Track(0, "bird", plain.boxes, plain.generated, plain.occluded, polygons=polygons)
    found = _first(layout, turned)
    return found is not None and found.polygons is not None


def _keeps_visible(layout: str) -> bool:
    track = _track(0, "bird")
    for own in ((_moved(track),), ()):
        try:
            found = _through(layout, Sequence(_NAME, _frames(), (track,), _frames(), own))
        except TirDataError:
            continue
        return any(sequence.visible is not None for sequence in found)
    return False


def _keeps_tags(layout: str) -> bool:
    return any(each.tags for each in _written(layout, _track(0, "bird"), tagged=True))


def _keeps_attributes(layout: str) -> bool:
    some = frozenset(sorted(COLUMNS.get(layout, ()))[:1])
    both = Sequence(_NAME, _frames(), (_track(0, "bird"),), _frames(), attributes=some)
    return bool(some) and any(each.attributes == some for each in _through(layout, both))


def _keeps_empty(layout: str) -> bool:
    return len(_written(layout)) == 1


_TRIALS: Final[dict[str, Callable[[str], bool]]] = {
    "tracks": _keeps_tracks,
    "classes": _keeps_classes,
    "ids": _keeps_ids,
    "absence": _keeps_absence,
    "occluded": _keeps_flag("occluded"),
    "generated": _keeps_flag("generated"),
    "decimals": _keeps_decimals,
    "polygons": _keeps_polygons,
    "visible": _keeps_visible,
    "tags": _keeps_tags,
    "attributes": _keeps_attributes,
    "empty": _keeps_empty,
}
