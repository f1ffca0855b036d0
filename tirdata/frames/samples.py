"""A few items of a series whose length nobody knows yet, spread evenly over it."""

from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Samples(Generic[Item]):
    """Keeps at most ``most`` items: every one at first, then every second, every fourth, …."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._stride = 1
        self._seen = 0
        self.items: list[Item] = []  # in order; at least half of ``most`` once so many were seen

    def add(self, make: Callable[[], Item]) -> None:
        """Go on to the next item; it is made only if it is kept."""
        if self._seen % self._stride == 0:
            if len(self.items) == self._most:
                self.items = self.items[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self.items.append(make())
        self._seen += 1
