"""Running one function over many independent items: the seam.

To add an engine, write a class with ``map`` and ``close`` in a file of its own and list it in
``ENGINES``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tirdata.errors import TirDataError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of one item: a result, or the error that ended it."""

    item: Item
    result: Result | None
    error: TirDataError | None

    def unwrap(self) -> Result:
        """The result.

        Raises:
            TirDataError: the item failed; its error.
        """
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # a result may itself be None


class Engine(Protocol):
    """Maps a module-level function over small picklable items."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        """Yield an outcome for each item as it ends, in any order. Never raises for an item."""
        ...

    def close(self) -> None:
        """End what is kept for the next map; an engine that is dropped does so by itself."""
        ...
