"""How fast MMNet follows, by profile, beside the released schedule and CSRT on the same frames.

Frames are JPEG files of 640 x 480; reading, decoding and cropping count. The variants take turns
round by round, so that what else the machine does falls on all alike; told is the median round, and
ratios are medians of each round's ratio. Processor time is what all threads took together. Then the
parts of one pass: floating-point operations, and their share of what a matrix product of the same
precision reaches here.

CSRT is in opencv-contrib only, which takes an environment of its own:

    pip install "opencv-contrib-python-headless<5"    # there
    python -m benchmarks.track --peer-python THERE/bin/python

Run: python -m benchmarks.track
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from benchmarks.track_parts import report_parts
from tirdata.types import Box, Frame
from tracking.evaluation.machine import this_machine
from tracking.trackers.mmnet import PROFILES, MMNetConfig, MMNetTracker

CLIP = Path(__file__).parent.parent / "tests" / "data" / "IR_DRONE_121.mp4"
SIZE = (640, 480)
BOX = Box(406, 219, 58, 30)  # the drone in the first frame, at that size


class Took(NamedTuple):
    """Seconds of a round."""

    cpu: float
    wall: float


def clip(count: int) -> Iterator[Frame]:
    """The clip's first frames, grey, of ``SIZE``; as many as there are."""
    video = cv2.VideoCapture(str(CLIP))
    for _ in range(count):
        there, picture = video.read()
        if not there:
            return
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        yield np.asarray(cv2.resize(grey, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def write_frames(folder: Path, count: int) -> list[Path]:
    """The clip's first frames as JPEG files."""
    for number, frame in enumerate(clip(count)):
        cv2.imwrite(str(folder / f"{number:06d}.JPEG"), frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return sorted(folder.iterdir())


def read(path: Path) -> Frame:
    """A frame, decoded."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def ours(
    config: MMNetConfig, paths: list[Path], targets: int, readers: int = 0
) -> Callable[[int], Took]:
    """Goes on by so many frames with ``targets`` objects, each of a sequence of its own.

    ``readers`` threads decode the next frames meanwhile; 0: each when it is wanted.
    """
    tracker = MMNetTracker(config)
    first = read(paths[0])
    tracker.init_many([first] * targets, [BOX] * targets)
    following = cycle(paths[1:] + paths[-2:0:-1])

    def run(count: int) -> Took:
        processor, clock = time.process_time(), time.perf_counter()
        wanted = [path for _ in range(count) for path in [next(following)] * targets]
        if readers:
            with ThreadPoolExecutor(readers) as pool:
                frames = pool.map(read, wanted)
                for _ in range(count):
                    tracker.track_many([*islice(frames, targets)])
        else:
            for number in range(count):
                tracker.track_many([read(path) for path in wanted[number * targets :][:targets]])
        return Took(time.process_time() - processor, time.perf_counter() - clock)

    return run


def peer(name: str, folder: Path, given: argparse.Namespace) -> Callable[[int], Took] | None:
    """The same with a tracker of OpenCV in another environment; None = it is not there."""
    path = {"PYTHONPATH": str(given.peer_path)} if given.peer_path else {}
    process = subprocess.Popen(
        [given.peer_python, str(Path(__file__).with_name("track_peer.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **path},
    )  # fmt: skip

    def ask(what: object) -> dict[str, float]:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        answer: dict[str, float] = json.loads(process.stdout.readline() or "{}")
        return answer

    start = {"frames": str(folder), "box": [int(side) for side in BOX], "tracker": name}
    answer = ask({**start, "threads": torch.get_num_threads()})
    if "version" not in answer:
        print(f"without {name}: {answer.get('missing', 'its program did not start')}")
        return None
    print(f"{name}: OpenCV {answer['version']}")
    return lambda count: Took(**ask(count))


def measure(
    variants: dict[str, Callable[[int], Took]], rounds: int, frames: int
) -> dict[str, list[Took]]:
    """Seconds a frame of every round, the first (warming up) left out."""
    found: dict[str, list[Took]] = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, run in variants.items():
            took = run(frames)
            if number:
                found[name].append(Took(took.cpu / frames, took.wall / frames))
    return found


def report(found: dict[str, list[Took]], targets: dict[str, int]) -> None:
    """The table: milliseconds, frames a second, and ratios to the released schedule and CSRT."""
    cores = torch.get_num_threads()
    times = {name: np.array(took) for name, took in found.items()}
    print(f"\n{'':<22}{'CPU ms':>9}{'wall ms':>9}{'frames/s':>10}{f'{cores}/CPU s':>9}"
          f"{'x released':>12}{'x CSRT':>8}")  # fmt: skip
    for name, own in times.items():
        cpu, wall = np.median(own, axis=0) / targets[name]
        line = f"{name:<22}{1e3 * cpu:>9.1f}{1e3 * wall:>9.1f}{1 / wall:>10.1f}{cores / cpu:>9.1f}"
        for other, faster in (("released", True), ("csrt", False)):
            if other in times:
                # A GPU's work takes no processor time.
                column = 1 if torch.cuda.is_available() and faster else 0
                ratio = times[other][:, column] / (own[:, column] / targets[name])
                line += f"{np.median(ratio if faster else 1 / ratio):>{12 if faster else 8}.2f}"
        print(line)
    print("frames/s: by the clock, beside whatever else runs; every target's frame counts.\n"
          "x released: how many times faster; x CSRT: of its processor time.")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="of torch and OpenCV; default: every core")
    parser.add_argument("--targets", type=int, nargs="*", help="default: 1, on a GPU also 16")
    parser.add_argument("--profiles", nargs="*", default=[*PROFILES])
    parser.add_argument("--backend", default="torch", help="torch or openvino")
    parser.add_argument("--precision", default="auto", help="fp32, bf16 or (openvino) int8")
    parser.add_argument("--cuda-graphs", action="store_true")
    parser.add_argument("--readers", type=int, default=0, help="threads that decode ahead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=15, help="of a round: of 3 and 5 a multiple")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-path", type=Path, help="of OpenCV with contrib, for its PYTHONPATH")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
        cv2.setNumThreads(given.threads)
    machine = this_machine(given.device)
    print(f"{machine.cpu}, {machine.cores} cores, {torch.get_num_threads()} threads, "
          f"GPU: {machine.gpu or 'none'}, {machine.versions}")  # fmt: skip
    config = MMNetConfig(device=given.device)
    print(f"precision auto is {config.precision} here")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = write_frames(folder, 90)
        variants, counts = {}, {}
        for profile in given.profiles:
            asked: dict[str, object] = {"profile": profile, "device": given.device}
            if profile != "released":
                asked |= {"backend": given.backend, "precision": given.precision,
                          "cuda_graphs": given.cuda_graphs}  # fmt: skip
            settings = MMNetConfig.model_validate(asked)
            for count in given.targets or ([1, 16] if machine.gpu else [1]):
                name = profile if count == 1 else f"{profile}, {count} targets"
                variants[name], counts[name] = ours(settings, paths, count, given.readers), count
        if (csrt := peer("csrt", folder, given)) is not None:
            variants["csrt"], counts["csrt"] = csrt, 1
        report(measure(variants, given.rounds, given.frames), counts)
    report_parts(given.profiles, given.device)


if __name__ == "__main__":
    main()
