"""Whether a flip of polarity begins a shot and is known as one, on coded real clips.

Every clip is taken as it is and with its second half inverted: at once, and through one and two
mixed frames; all are coded in H.264 (crf 26, 4:2:0) before they are judged.

Run: python -m benchmarks.polarity_flips --data ../shared/data
"""

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from tirdata.decode import open_frames
from tirdata.frames.likeness import look
from tirdata.frames.polarity import is_flip
from tirdata.frames.shots import mark_shots
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

LIST = Path(__file__).parent.parent / "tests" / "data" / "polarity.csv"
LONGEST = 70  # frames
FADES = (None, 0, 1, 2)  # mixed frames; none = left as it is


def read(path: Path, first: int = 0, count: int = 1000) -> list[Frame]:
    if path.is_dir():
        pictures = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in sorted(path.iterdir())]
        return [picture.astype(np.uint8) for picture in pictures[:count] if picture is not None]
    with closing(open_frames(path, 1)) as reader:
        frames = islice(reader.read(), first, first + count)
        return [np.asarray(frame.pixels, np.uint8) for frame in frames]


def clips(data: Path) -> Iterator[tuple[str, list[Frame]]]:
    """One in 20 of Svanström's, one in 8 of the walkers', every other video."""
    seen: Counter[str] = Counter()
    with LIST.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            source, path = row["source"], data / row["path"]
            if source in ("hit-uav", "cptv", "flir", "false_colour"):
                continue
            seen[source] += 1
            if (seen[source] - 1) % {"svanstrom": 20, "tass": 8}.get(source, 1) == 0:
                name = f"{'/'.join(Path(row['path']).parts[-3:])}@{row['first']}"
                count = min(LONGEST, int(row["count"] or LONGEST))
                yield name, read(path, int(row["first"]), count)


def flipped(frames: list[Frame], fade: int | None) -> list[Frame]:
    if fade is None:
        return frames
    middle = len(frames) // 2
    shares = np.clip((np.arange(len(frames)) - middle + 1) / (fade + 1), 0, 1)
    mixed = [f * (1 - s) + (255.0 - f) * s for f, s in zip(frames, shares, strict=True)]
    return [frame.round().astype(np.uint8) for frame in mixed]


def coded(frames: list[Frame], folder: Path) -> list[Frame]:
    """What H.264 leaves of them."""
    height, width = (side // 2 * 2 for side in frames[0].shape)
    path = folder / "coded.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "26"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            whole = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="gray")))
        container.mux(stream.encode(None))
    return read(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    machine = this_machine("auto")
    print(f"{machine.cpu}, {machine.cores} cores, {machine.versions}")
    total: Counter[tuple[int | None, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name, plain in clips(options.data):
            for fade in FADES:
                frames = coded(flipped(plain, fade), Path(folder))
                marked = enumerate(mark_shots(frames, lambda frame: frame))
                cuts = [index for index, (_, begins) in marked if begins and index]
                middle = len(frames) // 2
                here = [] if fade is None else [c for c in cuts if middle <= c <= middle + fade]
                total[fade, "clips"] += 1
                total[fade, "found"] += bool(here)
                total[fade, "other cuts"] += len(cuts) - len(here)
                others = [cut for cut in cuts if cut not in here]
                total[fade, "false flips"] += sum(
                    is_flip(look(frames[cut - 1]), look(frames[cut])) for cut in others
                )
                if here:
                    known = is_flip(look(frames[here[0] - 1]), look(frames[here[-1]]))
                    total[fade, "known"] += known
                    if not known:
                        print(f"not known as a flip: {name}, {fade} mixed frames")
                elif fade is not None:
                    print(f"not found: {name}, {fade} mixed frames")
    for fade in FADES:
        told = ", ".join(f"{what} {total[fade, what]}" for what in ("clips", "found", "known"))
        rest = ", ".join(f"{what} {total[fade, what]}" for what in ("other cuts", "false flips"))
        print(f"{'left as it is' if fade is None else f'{fade} mixed frames':<16} {told}, {rest}")


if __name__ == "__main__":
    main()
