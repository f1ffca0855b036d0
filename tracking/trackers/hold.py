"""The tracker that says the object never moves: the floor that any other has to beat."""

from tirdata.config import Config
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame


class HoldConfig(Config):
    """Holding still has no settings."""


class HoldTracker:
    """Answers with the first box for ever."""

    def __init__(self, config: HoldConfig) -> None:
        self.config = config
        self._box: Box | None = None

    def init(self, frame: Frame, box: Box) -> None:  # noqa: ARG002 - the frame says nothing to it
        """Start at ``box``."""
        self._box = box

    def track(self, frame: Frame) -> Prediction:  # noqa: ARG002
        """The first box; the score has no meaning and is 1."""
        if self._box is None:
            raise RuntimeError("track before init")
        return Prediction(self._box, 1.0)
