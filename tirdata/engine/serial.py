"""The engine that works in this process, one item after the other."""

from collections.abc import Callable, Iterable, Iterator

from tirdata.engine.attempt import attempt
from tirdata.engine.base import Item, Outcome, Result


class SerialEngine:
    """Nothing is sent anywhere; a work function that ends its process ends this one."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers  # taken for the sake of the seam; one item at a time all the same

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        for item in items:
            yield attempt(work, item)

    def close(self) -> None:
        """Nothing: nothing is kept."""
