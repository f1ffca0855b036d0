"""The stretches of a track between what people said: what a propagation fills, one by one."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tirdata.annotate.confidence import runs
from tirdata.types import Box, Flags


class Span(NamedTuple):
    """Consecutive frames ``first..last`` of which no person said anything."""

    first: int
    last: int
    before: Box | None  # the human box on the frame before ``first``
    after: Box | None  # and on the frame after ``last``

    @property
    def state(self) -> str:
        """Hash of all that its machine boxes follow from."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()


def spans_between(boxes: Mapping[int, Box], gone: Flags) -> Iterator[Span]:
    """The spans that have a human box at one end at least, in order.

    ``gone`` are the frames, of all there are, that a person said are without the object.
    """
    free = ~gone
    free[sorted(frame for frame in boxes if frame < len(gone))] = False
    for start, stop in runs(free):
        before, after = boxes.get(start - 1), boxes.get(stop)
        if before is not None or after is not None:
            yield Span(start, stop - 1, before, after)
