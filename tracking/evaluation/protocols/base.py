"""What an evaluation protocol is: how a tracker is run on a target, and what that is worth.

To add one, write a Config and a class with these members in a file of its own, and list both in
``PROTOCOLS``. Its default rules are the benchmark file of the same name.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from tirdata.tracker import Tracker
from tirdata.types import Boxes, Frames
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary, TargetScore
from tracking.evaluation.targets import Truth


class EvaluationProtocol(Protocol):
    """Runs and scores one target at a time, then takes means."""

    curves: ClassVar[tuple[str, ...]]  # names in CURVES, in the order of the report

    @property
    def headline(self) -> tuple[str, ...]:
        """Measures of the ranked table; trackers are ranked by the first."""
        ...

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        ...

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """Run a tracker on one target."""
        ...

    def score(self, truth: Truth, rows: Boxes) -> TargetScore:
        """Score the rows of a result file, corners counted from 0.

        Raises:
            DataError: there are rows too many or too few, and the rules refuse that.
        """
        ...

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """The mean over targets; there is at least one."""
        ...
