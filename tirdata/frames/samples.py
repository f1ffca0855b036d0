"""A few items of a series whose length nobody knows yet, spread evenly over it."""

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Samples(Generic[Item]):
    """Keeps at most ``most`` items: every one at first, then every second, and so on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._stride = 1
        self._seen = 0
        self._kept: list[Item] = []

    @property
    def wanted(self) -> bool:
        """Whether the next item will be kept."""
        return self._seen % self._stride == 0

    @property
    def items(self) -> list[Item]:
        """Those that are kept, in order; at least half of ``most`` once there were so many."""
        return self._kept

    def add(self, item: Item) -> None:
        """Take the next item if it is wanted; call it for every item of the series."""
        if self.wanted:
            if len(self._kept) == self._most:
                self._kept = self._kept[::2]
                self._stride *= 2
            if self.wanted:
                self._kept.append(item)
        self._seen += 1
