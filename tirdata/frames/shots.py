"""Where one shot ends and the next begins, in grey video, with constant memory.

A cut is a step in structure that lasts. Structure is compared without regard to gain and after
optical flow, so gain jumps, fades, pans, zooms and small targets make no step; a glitch, a flash
or a closed shutter makes two, but the scene comes back. The steps before and after say what is
usual in this recording. The bounds were set on candidates judged by eye (``tests/data/cuts.csv``).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tirdata.frames.likeness import Look, likeness, look, moved_likeness
from tirdata.types import Frame

Item = TypeVar("Item")

REACH = 12  # frames looked at before and after; longer interruptions count as shots

_STEP = 0.15  # smaller steps of what is left after optical flow are never a cut
_STANDS_OUT = 1.15  # step * step / second largest near it (there may be another cut): 0.98 to 1.29
_JOLT = 0.4  # the framing has jumped
_STILL = 15.0  # and by so many times more than in any frame near: 5 for a stuttering recording


def mark_shots(
    items: Iterable[Item], frame_of: Callable[[Item], Frame]
) -> Iterator[tuple[Item, bool]]:
    """Each item with whether its frame begins a shot, ``REACH`` items late.

    A change of frame size always begins one.
    """
    window = _Window()
    waiting: deque[Item] = deque()
    size: tuple[int, ...] | None = None
    for item in items:
        frame = frame_of(item)
        if frame.shape != size:
            yield from zip(waiting, window.finish(), strict=True)
            waiting.clear()
            window = _Window()
            size = frame.shape
        waiting.append(item)
        for begins in window.push(look(frame)):
            yield waiting.popleft(), begins
    yield from zip(waiting, window.finish(), strict=True)


class _Window:
    """The looks of the last frames, and the one in the middle that is judged."""

    def __init__(self) -> None:
        self._looks: deque[Look] = deque()
        self._steps: dict[tuple[int, int], float] = {}
        self._first = 0  # number of the frame that _looks[0] is of
        self._judged = 0

    def push(self, seen: Look) -> list[bool]:
        """Take the next frame; the judgement of the one ``REACH`` before it, if there is one."""
        self._looks.append(seen)
        newest = self._first + len(self._looks) - 1
        return [self._judge()] if newest - self._judged >= REACH else []

    def finish(self) -> list[bool]:
        """The judgements of the last frames."""
        return [self._judge() for _ in range(self._first + len(self._looks) - self._judged)]

    def _judge(self) -> bool:
        begins = self._judged == 0 or self._is_cut(self._judged)
        self._judged += 1
        while self._first < self._judged - REACH - 1:
            self._looks.popleft()
            self._first += 1
            self._steps = {
                pair: step for pair, step in self._steps.items() if pair[0] >= self._first
            }
        return begins

    def _is_cut(self, frame: int) -> bool:
        raw = self._raw_step(frame)
        if raw <= _STEP:
            return False
        if raw > _JOLT and raw > _STILL * max(map(self._raw_step, self._near(frame)), default=raw):
            return True
        step = self._lasting_step(frame)
        if step <= _STEP:
            return False
        others = sorted((self._step(other - 1, other) for other in self._near(frame)), reverse=True)
        return step * step > _STANDS_OUT * (others[1] if len(others) > 1 else 0.0)

    def _near(self, frame: int) -> list[int]:
        """The frames within reach that have one before them, without ``frame``."""
        last = self._first + len(self._looks)
        near = range(max(self._first + 1, frame - REACH), min(frame + REACH + 1, last))
        return [other for other in near if other != frame]

    def _raw_step(self, frame: int) -> float:
        return 1 - likeness(self._look(frame - 1), self._look(frame))

    def _lasting_step(self, frame: int) -> float:
        """The least change from what was just before to what is after, and the reverse."""
        last = self._first + len(self._looks)
        pairs = [(frame - 1, frame)]
        pairs += [(frame - 1, later) for later in range(frame + 1, min(frame + REACH + 1, last))]
        pairs += [(earlier, frame) for earlier in range(max(self._first, frame - REACH), frame - 1)]
        least = 2.0
        for pair in pairs:
            least = min(least, self._step(*pair))
            if least <= _STEP:
                break
        return least

    def _step(self, earlier: int, later: int) -> float:
        if (earlier, later) not in self._steps:
            alike = moved_likeness(self._look(earlier), self._look(later))
            self._steps[earlier, later] = 1 - alike
        return self._steps[earlier, later]

    def _look(self, frame: int) -> Look:
        return self._looks[frame - self._first]
