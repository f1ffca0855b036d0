"""Curves of a training for TensorBoard, from the extra ``track``."""

from pathlib import Path

from tirdata.errors import MissingError
from tracking.training.loop import Progress

FOLDER = "tensorboard"
SHOWN_EVERY = 10  # steps: the log has them all


class Board:
    """Writes beside the log of a run.

    Raises:
        MissingError: TensorBoard is not installed.
    """

    def __init__(self, out: Path, done: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - only if asked for
        except ImportError:
            raise MissingError(
                "tensorboard: TensorBoard is not installed; pip install 'tirdata[track]'"
            ) from None
        # Steps behind the checkpoint come again: what was written of them is hidden.
        self._writer = SummaryWriter(str(out / FOLDER), purge_step=done + 1)

    def write(self, progress: Progress) -> None:
        """Losses, learning rate and speed of a step, every tenth step."""
        if progress.step % SHOWN_EVERY and progress.step not in (1, progress.steps):
            return
        self.value("loss/total", progress.loss, progress.step)
        for name, part in progress.parts.items():
            self.value(f"loss/{name}", part, progress.step)
        self.value("lr", progress.lr, progress.step)
        self.value("pairs_per_s", progress.pairs_per_s, progress.step)
        self.value("waited", progress.waited, progress.step)

    def value(self, name: str, value: float, step: int) -> None:
        """One point of a curve."""
        self._writer.add_scalar(name, value, step)
        self._writer.flush()
