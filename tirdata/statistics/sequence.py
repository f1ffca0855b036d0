"""What one sequence adds to the statistics of its data set."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata.dataset.tree import CONFIG_NAME, Dataset, SequenceId
from tirdata.layouts import LAYOUTS
from tirdata.statistics.attributes import BOX_RULES, Seen, steps
from tirdata.statistics.document import AttributeCount, ClassCount, SequenceRow, StatsConfig
from tirdata.statistics.histogram import bins_of, merged
from tirdata.statistics.pixels import (
    CAMERA_MOTION,
    PIXEL_RULES,
    Look,
    camera_motion,
    ground_shift,
    look,
)
from tirdata.statistics.rules import AttributeRules
from tirdata.types import Box, Flags, Frame, Sequence, Track

UNKNOWN = "unknown"
APART = 5  # frames between the two that the camera's motion is seen in, at most


class Item(NamedTuple):
    """A sequence to look at; small, for engines to send."""

    data: str
    root: Path
    layout: str
    name: str
    number: int  # of all that are looked at


class Measured(NamedTuple):
    """What was found of one sequence."""

    row: SequenceRow
    sides: dict[int, int]
    speeds: dict[int, int]
    speeds_for_size: dict[int, int]


class Origin(NamedTuple):
    """What a card says, or what is known without one."""

    subset: str = ""
    recording: str = ""
    platform: str = UNKNOWN
    scene: str = UNKNOWN
    licence: str = UNKNOWN
    polarity: str = UNKNOWN
    palette: str = UNKNOWN
    duration_s: float | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Measure:
    """Looks at one sequence after the other; picklable."""

    settings: StatsConfig

    def __call__(self, item: Item) -> Measured:
        """What one sequence adds.

        Raises:
            DataError: it cannot be read.
        """
        sequence = LAYOUTS[item.layout].read_one(item.root, item.name)
        origin = origin_of(item)
        height, width = (0, 0)
        if origin.size is not None:
            width, height = origin.size
        elif len(sequence.frames):
            height, width = sequence.frames[0].shape
        found = attributes_of(sequence, (width, height), self.settings)
        tracks = sequence.tracks
        row = SequenceRow(
            data=item.data,
            name=item.name,
            subset=origin.subset,
            recording=origin.recording,
            frames=len(sequence.frames),
            width=width,
            height=height,
            duration_s=origin.duration_s,
            paired=sequence.visible is not None,
            classes=_classes(tracks),
            human_boxes=sum(int((each.present & ~each.generated).sum()) for each in tracks),
            occluded_boxes=sum(int((each.present & each.occluded).sum()) for each in tracks),
            platform=origin.platform,
            scene=origin.scene,
            licence=origin.licence,
            polarity=origin.polarity,
            palette=origin.palette,
            attributes=found,
            given=tuple(sorted(sequence.attributes)),
            sampled=len(range(0, len(sequence.frames), self.settings.pixels or 1))
            if self.settings.pixels
            else 0,
        )
        return Measured(row, *_histograms(tracks))


def origin_of(item: Item) -> Origin:
    """Where a sequence is from.

    Raises:
        DataError: its card cannot be read.
    """
    if not (item.root / CONFIG_NAME).is_file():
        stem = item.name.rsplit("/", 1)[-1]
        vid = stem.startswith("ILSVRC2015_")  # VVVVV of such a name is the recording
        return Origin(
            subset=stem.split("_")[1] if vid else "", recording=stem[:-3] if vid else item.name
        )
    sequence = SequenceId.parse(item.name)
    card = Dataset.open(item.root).read_card(sequence)
    apart = (card.times_s[-1] - card.times_s[0]) / (card.frames - 1) if card.frames > 1 else 0.0
    return Origin(
        subset=sequence.subset,
        recording=card.recording_id,
        platform=card.platform or UNKNOWN,
        scene=card.scene or UNKNOWN,
        licence=card.licence or UNKNOWN,
        polarity=f"{card.polarity.value}, {card.polarity.how}",
        palette=card.palette.name,
        duration_s=round(apart * card.frames, 3),
        size=(card.width, card.height),
    )


def attributes_of(
    sequence: Sequence, size: tuple[int, int], settings: StatsConfig
) -> dict[str, AttributeCount]:
    """The attributes that tracks of a sequence have, and in how many frames."""
    flags: dict[str, list[Flags]] = {
        name: [rule(Seen(track, size), settings.rules) for track in sequence.tracks]
        for name, rule in BOX_RULES.items()
    }
    least = dict.fromkeys(flags, 0.0)
    if settings.pixels is not None:
        flags |= _seen_in_pixels(sequence, settings.pixels, settings.rules)
    counts = {}
    for name, each in flags.items():
        share = least.get(name, settings.rules.sampled_share)
        having = [found for found in each if found.any() and found.mean() >= share]
        if having:
            frames = sum(int(found.sum()) for found in having)
            counts[name] = AttributeCount(sequences=1, tracks=len(having), frames=frames)
    return counts


def _seen_in_pixels(
    sequence: Sequence, every: int, rules: AttributeRules
) -> dict[str, list[Flags]]:
    """For each rule, the flags of each track's sampled frames; of the camera's, once a track."""
    looks: dict[int, list[Look]] = defaultdict(list)
    speeds: list[float] = []
    for first, second, number, apart in _pairs(sequence, every):
        boxes = {
            each.id: Box(*each.boxes[number]) for each in sequence.tracks if each.present[number]
        }
        for track, box in boxes.items():
            found = look(first, box)
            if found is not None:
                looks[track].append(found)
        if second is not None:
            speeds.append(ground_shift(first, second, list(boxes.values())) / apart)
    flags = {
        name: [rule(looks[track.id], rules) for track in sequence.tracks]
        for name, rule in PIXEL_RULES.items()
    }
    known = np.array([speed for speed in speeds if np.isfinite(speed)], np.float64)
    moving = camera_motion(known, rules)
    return flags | {CAMERA_MOTION: [moving] * max(1, len(sequence.tracks))}


def _pairs(sequence: Sequence, every: int) -> Iterator[tuple[Frame, Frame | None, int, int]]:
    """Sampled frames, a later frame for each, their number, and how many frames lie between."""
    apart = min(every, APART)
    later: tuple[int, Frame] | None = None
    for number in range(0, len(sequence.frames), every):
        first = later[1] if later and later[0] == number else sequence.frames[number]
        later = None
        if number + apart < len(sequence.frames):
            later = (number + apart, sequence.frames[number + apart])
        yield first, later[1] if later else None, number, apart


def _classes(tracks: tuple[Track, ...]) -> dict[str, ClassCount]:
    counts: dict[str, tuple[int, int]] = {}
    for track in tracks:
        objects, boxes = counts.get(track.class_name, (0, 0))
        counts[track.class_name] = (objects + 1, boxes + int(track.present.sum()))
    return {name: ClassCount(tracks=a, boxes=b) for name, (a, b) in sorted(counts.items())}


def _histograms(
    tracks: tuple[Track, ...],
) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    sides = [np.sqrt(track.boxes[:, 2] * track.boxes[:, 3]) for track in tracks]
    moved = [steps(track.boxes) for track in tracks]
    scaled = [step[1:] / side[:-1] for step, side in zip(moved, sides, strict=True)]
    one, two, three = (
        merged(bins_of(values) for values in each) for each in (sides, moved, scaled)
    )
    return one, two, three
