"""What a form of ground truth is: how true boxes lie in files, apart from any frames.

To add one, write a class with these members in a file of its own and list it in ``FORMS``. A form
gives numbers as they stand in the file; origin and meaning are settled in ``convention``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from tirdata.types import Flags, Floats


@dataclass(frozen=True, eq=False)
class RawTruth:
    """The true boxes of one target in the numbers of its file, one row a frame, NaN = absent."""

    rows: Floats  # (n, 4) of x, y, w, h or (n, 8) of corners
    where: Path  # for messages
    visible: Floats | None = None  # on the visible half of a pair, (n, 4) or (n, 8)
    size: tuple[int, int] | None = None  # of the frames, (w, h); None = not known
    tags: Mapping[str, Flags] = field(default_factory=dict)  # per frame
    attributes: frozenset[str] = frozenset()  # challenges, where the file itself has them
    sequence: str | None = None  # where it is one of several targets
    track: int = 0
    two_corners: bool = False  # whether 4 numbers are x1, y1, x2, y2
    generated: Flags | None = None  # boxes that no person drew, where that is known


Read: TypeAlias = Callable[[], RawTruth]
Entries: TypeAlias = Mapping[str, Read]  # targets, read when they are asked for

LISTS: Final = ("list.txt", "lashertest.txt", "testingset.txt", "testing_set.txt", "testset.txt",
                "SequencesName.txt", "sequences.txt", "test.txt")  # fmt: skip


class TruthForm(Protocol):
    """Finds the targets below one folder, or in one file; has no state of its own."""

    name: str  # as in FORMS

    def origin(self, root: Path, /) -> int:
        """The number of the first pixel, unless the rules of the benchmark say."""
        ...

    def recognises(self, root: Path) -> bool:
        """Whether the path is of this form, by what is in it."""
        ...

    def entries(self, root: Path) -> Entries:
        """The targets by name, sorted; none of them is read yet where each has a file.

        Raises:
            DataError: what says which there are is wrong.
        """
        ...
