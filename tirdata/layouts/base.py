"""What a layout is: how one kind of data set lies on disk, read and written.

To add one, write a class with these members in a file of its own, convert boxes on that border to
ours (0-based corners, NaN = absent), and list it in ``LAYOUTS``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from tirdata.types import Sequence


class Layout(Protocol):
    """Reads and writes the sequences below one folder; has no state of its own."""

    name: str  # as in LAYOUTS
    origin: int  # number that the layout's files give to the first pixel: 0 or 1

    def recognises(self, root: Path) -> bool:
        """Whether the folder is laid out so, by what lies in it."""
        ...

    def names(self, root: Path) -> list[str]:
        """Names of the sequences, sorted; nothing of a sequence itself is read.

        Raises:
            DataError: a list of names is wrong.
        """
        ...

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence; its boxes are read now, its frames when they are asked for.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        ...

    def read(self, root: Path) -> Iterator[Sequence]:
        """Every sequence, in the order of ``names``.

        Raises:
            DataError: as ``read_one``.
        """
        ...

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences as a data set of this layout.

        Raises:
            UsageError: a sequence cannot be said in this layout.
            StorageError: a file cannot be written.
        """
        ...


class ReadsOneByOne:
    """``read`` for layouts that know ``names`` and ``read_one``."""

    def read(self: Layout, root: Path) -> Iterator[Sequence]:
        """Every sequence, in the order of ``names``."""
        for name in self.names(root):
            yield self.read_one(root, name)
