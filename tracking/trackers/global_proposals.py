"""What a network that looks at the whole frame gives to a tracker: boxes far from the last one."""

from typing import Protocol

from tirdata.types import Box, Boxes, FramePair


class GlobalProposals(Protocol):
    """Proposes where the object may be, from the whole of a pair and how it looked at first.

    Boxes are in pixels of the thermal half.
    """

    def start(self, pair: FramePair, box: Box, visible_box: Box) -> None:
        """See what the object looks like on the first pair; forget any earlier one."""

    def propose(self, pair: FramePair, previous: Box, *, failures: int, count: int) -> Boxes:
        """At most ``count`` boxes that passed the gate, (n, 4); n may be 0.

        Args:
            pair: the frames to look at.
            previous: the last result.
            failures: frames in a row in which the tracker believed itself lost.
            count: the most boxes that are wanted.
        """
        ...
