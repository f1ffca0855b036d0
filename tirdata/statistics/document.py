"""What `tirdata stats` says of data sets and mixes, as its JSON document has it."""

from typing import Annotated, Literal

from pydantic import Field

from tirdata.config import Config
from tirdata.statistics.histogram import Histogram
from tirdata.statistics.rules import AttributeRules

Count = Annotated[int, Field(ge=0)]


class StatsConfig(Config):
    """What to count, and how."""

    pixels: Annotated[int, Field(ge=1)] | None = None
    """Look at every n-th frame, for attributes that need pixels; none = boxes alone."""
    rules: AttributeRules = AttributeRules()
    """When a track has an attribute."""


class ClassCount(Config):
    """One class."""

    tracks: Count
    """Objects."""
    boxes: Count
    """Boxes of them."""


class AttributeCount(Config):
    """How often an attribute was found."""

    sequences: Count
    """With a track that has it."""
    tracks: Count
    """That have it."""
    frames: Count
    """Frames of tracks; of the sampled ones where it needs pixels."""


class Agreement(Config):
    """An attribute as found here, against what the data set says of whole sequences."""

    both: Count
    """Sequences that have it by both."""
    ours: Count
    """By the rule here alone."""
    theirs: Count
    """By the data set alone."""
    neither: Count
    """By none."""


class SequenceRow(Config):
    """One sequence: a line of the file that ``--rows`` writes."""

    data: str
    """The data set, as it was named."""
    name: str
    """Of the sequence."""
    subset: str
    """train or val; empty where a layout has none."""
    recording: str
    """What it is a shot of; its own name where nothing is known."""
    frames: Count
    """Of it."""
    width: Count
    """Of the frames in pixels."""
    height: Count
    """Of the frames in pixels."""
    duration_s: float | None
    """From the first frame to the end of the last; none = not known."""
    paired: bool
    """Whether it has a visible-light half."""
    classes: dict[str, ClassCount]
    """By name."""
    human_boxes: Count
    """Drawn, corrected or accepted by a person."""
    occluded_boxes: Count
    """Marked as occluded."""
    platform: str
    """What carried the camera; unknown where nobody says so."""
    scene: str
    """What is seen; likewise."""
    licence: str
    """As the card says; likewise."""
    polarity: str
    """Of the recording, and how it was decided."""
    palette: str
    """Of the recording."""
    attributes: dict[str, AttributeCount]
    """Those that a track of it has."""
    given: tuple[str, ...]
    """Attributes as the data set has them."""
    sampled: Count
    """Frames looked at."""


class DataStatistics(Config):
    """A data set, or several together."""

    data: str
    """As it was named."""
    layout: str
    """How it is laid out; empty for several together."""
    sequences: Count
    """That could be read."""
    failed: tuple[str, ...]
    """Why others could not."""
    recordings: Count
    """Of which the sequences are shots."""
    frames: Count
    """Of all sequences."""
    duration_s: float | None
    """Of those whose times are known; none = of none."""
    paired: Count
    """Sequences with a visible-light half."""
    tracks: Count
    """Objects."""
    boxes: Count
    """Of all tracks."""
    human_boxes: Count
    """Drawn, corrected or accepted by a person."""
    occluded_boxes: Count
    """Marked as occluded."""
    classes: dict[str, ClassCount]
    """By name, most boxes first."""
    subsets: dict[str, Count]
    """Sequences on each side of the split."""
    platforms: dict[str, Count]
    """Sequences by what carried the camera."""
    scenes: dict[str, Count]
    """Sequences by what is seen."""
    licences: dict[str, Count]
    """Sequences under each licence."""
    polarities: dict[str, Count]
    """Sequences by the polarity of their recording and how it was decided."""
    palettes: dict[str, Count]
    """Sequences by the false colours of their recording."""
    frame_sizes: dict[str, Count]
    """Sequences by width x height."""
    lengths: Histogram
    """Frames of a sequence."""
    sides: Histogram
    """Side of a box: the square root of its area, pixels."""
    speeds: Histogram
    """Pixels that a centre moves between two frames that follow."""
    speeds_for_size: Histogram
    """The same in sides of the box."""
    attributes: dict[str, AttributeCount]
    """By name; those that need pixels only where frames were sampled."""
    agreement: dict[str, Agreement]
    """With what the data set says, where it says something."""
    sampled: Count
    """Frames looked at."""


class MixStatistics(Config):
    """A training mix."""

    mix: str
    """As it was named."""
    crops: dict[str, Count]
    """On each side of the split."""
    samples: dict[str, Count]
    """Tracklets or pairs on each side."""
    sequences: dict[str, Count]
    """That gave any, by side."""
    recordings: dict[str, Count]
    """Of those, by side."""
    domains: dict[str, Count]
    """Crops of visible light and of thermal data."""
    classes: dict[str, Count]
    """Crops of each class, most first."""
    licences: dict[str, Count]
    """Crops under each licence."""
    datasets: dict[str, Count]
    """Crops from each data set."""
    left_out: dict[str, Count]
    """Tracks that were not taken, by reason."""
    duplicates: Count
    """Pairs of recordings found to show the same."""


class Statistics(Config):
    """The whole document."""

    format: Literal[1] = 1
    """Version of this document."""
    settings: StatsConfig
    """How it was counted."""
    data: tuple[DataStatistics, ...]
    """Each data set."""
    together: DataStatistics | None
    """All of them, where there are several."""
    mixes: tuple[MixStatistics, ...]
    """Each mix."""
