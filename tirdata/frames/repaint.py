"""Where a camera's false colours are switched on or off: there one shot ends and the next begins.

Between grey and ironbow the structure of the luma hardly changes, so nothing looks like a cut; yet
what is true of the frames before (their palette) is wrong for those after. Thermal video in grey is
0 to 2 levels from grey, in colours 15 and more, and one frame makes the step. Visible light drifts;
where it does leave grey it takes longer, and a flash or a black frame comes back.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

LASTS = 8  # frames for which the new state has to hold, or to the end
_GREY = 4.0  # mean distance from grey up to which a frame is grey
_PAINTED = 12.0  # from which on it is in colours; between the two nothing is said
_MIXED = 4  # frames that an encoder may take from one to the other


def mark_repaints(
    marked: Iterable[tuple[Item, bool]], colour_of: Callable[[Item], float]
) -> Iterator[tuple[Item, bool]]:
    """Items with whether each begins a shot, ``LASTS`` items late, and these beginnings added.

    ``colour_of`` is the mean distance from grey, in levels.
    """
    window: deque[tuple[Item, bool, bool | None]] = deque()
    switch = _Switch()
    for item, begins in marked:
        window.append((item, begins, _painted(colour_of(item))))
        if len(window) > LASTS:
            yield switch.judge(window)
    while window:
        yield switch.judge(window)


class _Switch:
    """Whether the frames of the shot are in colours, as far as that is known."""

    def __init__(self) -> None:
        self._painted: bool | None = None
        self._mixed = 0  # frames of which nothing is said, or something else, since the last known

    def judge(self, window: deque[tuple[Item, bool, bool | None]]) -> tuple[Item, bool]:
        """Take the oldest item out of the window; whether it begins a shot."""
        item, begins, painted = window.popleft()
        if begins or self._painted is None:
            self._painted, self._mixed = painted, 0
            return item, begins
        if painted is None or painted == self._painted:
            self._mixed = self._mixed + 1 if painted is None else 0
            return item, False
        sudden, stays = self._mixed <= _MIXED, self._stays(window, painted)
        self._mixed += 1
        if stays:
            self._painted, self._mixed = painted, 0
        return item, sudden and stays

    @staticmethod
    def _stays(window: deque[tuple[Item, bool, bool | None]], painted: bool) -> bool:
        for _, begins, later in list(window)[: LASTS - 1]:
            if begins:
                break
            if later is not painted:
                return False
        return True


def _painted(colour: float) -> bool | None:
    if colour <= _GREY:
        return False
    return True if colour >= _PAINTED else None
