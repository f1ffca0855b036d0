"""Fetching real frames into a dataset of a test, and looking at what came of it."""

import hashlib
import json
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import numpy as np

from tests.made_video import write_video
from tirdata.dataset.ingest import FetchReport, ingest
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.dataset.validate import validate
from tirdata.decode import open_frames
from tirdata.engine import build_engine
from tirdata.fetch.sources import read_sources
from tirdata.types import Frame

SETTINGS = IngestConfig(retries=0, timeout_s=5)


def frames(clips: Path, first: int, number: int, name: str = "IR_DRONE_121.mp4") -> list[Frame]:
    return list(_all_frames(clips / name)[first : first + number])


@lru_cache(maxsize=4)
def _all_frames(path: Path) -> tuple[Frame, ...]:
    with closing(open_frames(path)) as reader:
        read = tuple(frame.pixels.astype(np.uint8) for frame in reader.read())
    for each in read:
        each.flags.writeable = False  # other tests see the same
    return read


def fetch(
    dataset: Dataset, *sources: object, settings: IngestConfig = SETTINGS, workers: int = 1
) -> FetchReport:
    wanted = read_sources([str(source) for source in sources])
    return ingest(wanted, dataset, settings, build_engine("local", workers))


def statuses(report: FetchReport) -> list[str]:
    return [item.status for item in report.items]


def faults(dataset: Dataset) -> list[str]:
    found = [f"{each.path}: {each.message}" for each in validate(dataset.root, hashes=True)]
    return found + [str(path) for path in dataset.root.rglob(".part*")]


def tree(dataset: Dataset) -> dict[str, str]:
    """Every file with the hash of its bytes, but for the times of fetching."""
    digests = {}
    for path in sorted(dataset.root.rglob("*")):
        if path.is_file() and path.name not in {"tirdata.toml", ".tirdata.lock"}:
            data = path.read_bytes()
            if path.name == "source.json":
                data = json.dumps(json.loads(data) | {"fetched": None}).encode()
            digests[str(path.relative_to(dataset.root))] = hashlib.sha256(data).hexdigest()
    return digests


def short_clip(folder: Path, clips: Path) -> Path:
    """Twenty-four frames of a drone, without loss."""
    return write_video(folder / "drone.mkv", frames(clips, 0, 24))


def spliced_clip(folder: Path, clips: Path) -> Path:
    """Shots of 20, 4 and 15 frames."""
    other = frames(clips, 0, 4, "IR_HELICOPTER_043.mp4")
    last = frames(clips, 300, 15, "IR_HELICOPTER_043.mp4")
    inverted = [np.bitwise_not(frame) for frame in last]
    return write_video(folder / "spliced.mkv", frames(clips, 0, 20) + other + inverted)
