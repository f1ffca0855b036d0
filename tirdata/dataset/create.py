"""An empty dataset, with files that show what may be written in them."""

from pathlib import Path

from tirdata.dataset.tree import CONFIG_NAME, Dataset, DatasetConfig
from tirdata.errors import UsageError
from tirdata.files import write_text

SAMPLE_NAME = "sources.toml"

SAMPLE = """\
# Recordings to make sequences of: one [[source]] an item, a url or a path and what is known of it.
# Take away the "# " of what you need, then: tirdata fetch sources.toml --dataset .

# [[source]]
# url = "https://example.org/clip.mp4"  # a page that yt-dlp knows, a playlist, a link to a file
# class = "drone"           # what is to be followed
# title = "Drone at dusk"
# licence = "CC0-1.0"       # as its publisher states it
# subset = "train"          # train or val: all shots of a recording are on one side
# start_s = 12.0            # only a part of it, in seconds or as 1:02:03.5; more parts of the same
# end_s = 40.0              # recording are more tables with the same url
# polarity = "black-hot"    # where it is known; the stored frames are white-hot
# palette = "ironbow"       # where it is known
# hud = "black"             # keep, inpaint or black: what is done to burnt-in text
# notes = "rain from second 30 on"

# [[source]]
# path = "recordings-of-mine/flight-07.mp4"  # a file or a folder, seen from that of this file
"""


def create_dataset(root: Path, name: str | None = None) -> list[Path]:
    """Make an empty dataset with a sample sources file; the files that were written.

    Where there is a dataset already it stays as it is, and what it lacks is added.

    Raises:
        UsageError: there is a dataset already, with another name.
        DataError: there is one already, and it is wrong.
        StorageError: a file cannot be written.
    """
    written = []
    if (root / CONFIG_NAME).exists():
        found = Dataset.open(root).config.name
        if name not in (None, found):
            raise UsageError(f"{root / CONFIG_NAME}: the dataset is named {found}, not {name}")
    else:
        Dataset.create(root, name)
        written.append(root / CONFIG_NAME)
    if not (root / SAMPLE_NAME).exists():
        write_text(root / SAMPLE_NAME, SAMPLE)
        written.append(root / SAMPLE_NAME)
    return written


def open_or_create(root: Path, *, write: bool = True) -> Dataset:
    """The dataset in ``root``; where there is nothing at all, a new one.

    Without ``write``, a new one is not written.

    Raises:
        DataError: the folder holds other things, or its dataset is wrong.
        StorageError: a file cannot be written.
    """
    if (root / CONFIG_NAME).exists() or (root.is_dir() and any(root.iterdir())) or root.is_file():
        return Dataset.open(root)
    if write:
        create_dataset(root)
        return Dataset.open(root)
    return Dataset(root, DatasetConfig(name=root.resolve().name or "dataset"))
