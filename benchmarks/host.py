"""What the processor does in a frame while a GPU would compute: everything but the network.

MMNet follows a clip once and what its network says is kept; then it follows it again and is told
that, so all the rest is timed: the camera's motion, gathering the pixels that a GPU is sent, sizes,
and the loop, in one thread. A GPU can be no faster than this lets it. Frames are decoded before.

    python -m benchmarks.host --targets 1 16
"""

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import cv2
import torch

from benchmarks.track import BOX, Took, clip
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker
from tracking.trackers.squares import gathered

GOALS = {1: 400, 16: 1500}  # target-frames a second


class Kept:
    """A function whose answers are kept the first time, and given again afterwards."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._answers: list[Any] = []
        self._again: Iterator[Any] | None = None

    def __call__(self, *asked: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
        if self._again is not None:
            return next(self._again)
        self._answers.append(self._ask(*asked))
        return self._answers[-1]

    def again(self) -> None:
        """Answer from the start."""
        self._again = iter(self._answers)


def measure(profile: str, frames: list[Frame], targets: int, shared: bool) -> Took:
    """Seconds a step without the network, the best of five rounds.

    ``shared``: all targets are of one sequence; else each is of one of its own.
    """
    tracker = MMNetTracker(MMNetConfig.model_validate({"profile": profile, "device": "cpu"}))
    network: Any = tracker.network
    answers, exemplars = Kept(network.answers), Kept(network.exemplars)
    network.answers, network.exemplars = answers, exemplars
    steps = [[frame if shared else frame.copy() for _ in range(targets)] for frame in frames]

    def follow() -> Took:
        tracker.init_many(steps[0], [BOX] * targets)
        processor, clock = time.process_time(), time.perf_counter()
        for step in steps[1:]:
            tracker.track_many(step)
        count = len(steps) - 1
        return Took(
            (time.process_time() - processor) / count, (time.perf_counter() - clock) / count
        )

    def sent(templates: Any, owners: Any, squares: Any) -> Any:  # noqa: ANN401 - as above
        gathered(squares, network.search_size)
        return answers(templates, owners, squares)

    follow()
    network.answers = sent
    took = []
    for _ in range(5):
        answers.again()
        exemplars.again()
        took.append(follow())
    return Took(*(min(each) for each in zip(*took, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profiles", nargs="*", default=["default", "fast"])
    parser.add_argument("--targets", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--frames", type=int, default=16)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print(this_machine("cpu"))
    print(f"{'':<10}{'targets':>8}{'of':>16}{'CPU ms':>8}{'ms':>7}{'frames/s at most':>18}"
          f"{'goal':>6}")  # fmt: skip
    frames = list(clip(given.frames))
    for profile, targets in product(given.profiles, given.targets):
        for shared in (False, True) if targets > 1 else (False,):
            cpu, clock = measure(profile, frames, targets, shared)
            print(f"{profile:<10}{targets:>8}{'one sequence' if shared else 'sequences':>16}"
                  f"{1e3 * cpu:>8.2f}{1e3 * clock:>7.2f}{targets / clock:>18.0f}"
                  f"{GOALS.get(targets, ''):>6}")  # fmt: skip


if __name__ == "__main__":
    main()
