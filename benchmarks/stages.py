"""Speed of what a recording goes through, frames a second, each part beside a peer.

The parts take turns round by round, so that what else the machine does falls on all alike; told is
the best round. `fetch` is reading, shot splitting, JPEG, cards and XML; OpenCV's line is reading
alone.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tirdata.dataset.create import create_dataset
from tirdata.decode import open_frames
from tirdata.errors import MissingError
from tirdata.types import Box, Frame
from tracking.evaluation.machine import this_machine
from tracking.trackers import tracker_factory

CLIP = Path(__file__).parent.parent / "tests" / "data" / "IR_DRONE_121.mp4"
START = Box(203, 117, 29, 16)
PEERS = ("mmnet", "mil", "csrt", "kcf")  # those of OpenCV where its build has them
ROUNDS = 3
TRACKED = 10  # frames a round


def best(runs: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Frames a second of the best round of each; a run returns how many frames it did."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.perf_counter()
            count = run()
            rates[name].append(count / (time.perf_counter() - started))
    return {name: max(values) for name, values in rates.items()}


def frames() -> list[Frame]:
    """The clip as OpenCV reads it, grey."""
    video = cv2.VideoCapture(str(CLIP))
    found: list[Frame] = []
    while True:
        there, picture = video.read()
        if not there:
            return found
        found.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False))


def read() -> int:
    """The clip as tirdata reads it."""
    reader = open_frames(CLIP)
    count = sum(1 for _ in reader.read())
    reader.close()
    return count


def fetch(folder: Path) -> int:
    """The clip into a new dataset; how many frames it has then."""
    from click.testing import CliRunner  # noqa: PLC0415 - the command, not one of its parts

    from cli.main import main as tirdata  # noqa: PLC0415

    shutil.rmtree(folder, ignore_errors=True)
    create_dataset(folder, None)
    CliRunner().invoke(tirdata, ["fetch", str(CLIP), "--dataset", str(folder)])
    return len(list(folder.glob("Data/VID/train/*/*/*.JPEG")))


def follow(name: str, pictures: list[Frame]) -> Callable[[], int]:
    """A round of a tracker that has started.

    Raises:
        MissingError: this installation does not have it.
    """
    tracker = tracker_factory(name, {})()
    tracker.init(pictures[0], START)
    tracker.track(pictures[1])
    following = iter(pictures[2:])

    def run() -> int:
        for _ in range(TRACKED):
            tracker.track(next(following))
        return TRACKED

    return run


def main() -> None:
    machine = this_machine("auto")
    print(f"{machine.cpu}, {machine.cores} cores, GPU: {machine.gpu or 'none'}, {machine.versions}")
    pictures = frames()
    with tempfile.TemporaryDirectory() as folder:
        rates = best(
            {
                "read, tirdata (PyAV)": read,
                "read, OpenCV": lambda: len(frames()),
                "fetch": lambda: fetch(Path(folder) / "dataset"),
            }
        )
    trackers = {}
    for name in PEERS:
        try:
            trackers[f"track, {name}"] = follow(name, pictures)
        except MissingError as error:
            print(f"without {name}: {error}")
    for name, rate in (rates | best(trackers)).items():
        print(f"{name:<22}{rate:>10.1f} frames/s")


if __name__ == "__main__":
    main()
