"""The seam of tasks: what samples of a mix are made of, for which network.

To add a task, write the three functions in a file of their own, list them in ``TASKS``, and its
name in ``Recipe.task``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tirdata.mix.pairs import cut_pairs, pair_refusal, wanted_pairs
from tirdata.mix.recipe import Domain, Recipe
from tirdata.mix.tracklets import cut_sequence, wanted_crops
from tirdata.types import Sequence, Track


class Made(Protocol):
    """What every task's samples say of themselves."""

    @property
    def key(self) -> str: ...

    @property
    def track(self) -> int: ...

    @property
    def frames(self) -> tuple[int, ...]: ...

    def model_dump_json(self) -> str: ...


class Cut(Protocol):
    """A sample, and what follows its key in the name of each file with the file."""

    @property
    def sample(self) -> Made: ...

    @property
    def files(self) -> list[tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Task:
    """How the samples of one task are made."""

    cut: Callable[[Sequence, str, Domain, str, Recipe], Iterator[Cut]]
    wanted: Callable[[Sequence, Track, Recipe], tuple[str | None, list[int]]]
    """Why a track is left out, if it is, and the frames that are used of it."""
    refusal: Callable[[Sequence, Domain], str | None]
    """Why a whole sequence is left out, if it is."""


def _none_refused(sequence: Sequence, domain: Domain) -> str | None:  # noqa: ARG001  # the seam's
    return None


TASKS: dict[str, Task] = {
    "matching": Task(cut_sequence, wanted_crops, _none_refused),
    "rgbt": Task(cut_pairs, wanted_pairs, pair_refusal),
}
