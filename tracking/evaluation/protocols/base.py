"""What an evaluation protocol is: how a tracker is run on a target, and what that is worth.

To add one, write a Config and a class with these members in a file of its own, and list both in
``PROTOCOLS``. Benchmarks are files of its rules; one with the plain rules has the protocol's name.
"""

from collections.abc import Sequence
from typing import Protocol

from tirdata.tracker import Tracker
from tirdata.types import Frames
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary, TargetScore
from tracking.evaluation.targets import Truth


class EvaluationProtocol(Protocol):
    """Runs and scores one target at a time, then sums up."""

    @property
    def curves(self) -> tuple[str, ...]:
        """Names in ``CURVES``, in the order of the report."""
        ...

    @property
    def headline(self) -> tuple[str, ...]:
        """Measures of the ranked table; trackers are ranked by the first."""
        ...

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        ...

    @property
    def sizes(self) -> bool:
        """Whether truths have to know the size of their frames."""
        ...

    @property
    def repetitions(self) -> int:
        """How often a tracker runs on a target at most."""
        ...

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """Run a tracker on one target, once."""
        ...

    def score(self, truth: Truth, trajectories: Sequence[Trajectory]) -> TargetScore:
        """Score the repetitions of one target; there is at least one, corners counted from 0.

        Raises:
            DataError: there are rows too many or too few, and the rules refuse that.
        """
        ...

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """Over targets; there is at least one."""
        ...
