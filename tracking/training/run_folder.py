"""The folder of a run: what it holds, whose it is, and what a run answers."""

from dataclasses import dataclass
from pathlib import Path

from tirdata.config import Config, read_json
from tirdata.errors import UsageError

CONFIG = "config.json"
LOG = "log.jsonl"
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind."""

    weights: Path
    steps: int
    resumed_at: int
    losses: list[float]  # of the steps of this call


def check_ours(out: Path, weights: str, kind: type[Config]) -> None:
    """See that what a run would write over is of a run: its ``config.json`` is written first.

    Raises:
        UsageError: the folder holds somebody's ``log.jsonl`` or weights.
        DataError: its ``config.json`` is not a run's.
    """
    if (out / CONFIG).exists():
        read_json(out / CONFIG, kind)
        return
    for name in (LOG, CHECKPOINT, weights):
        if (out / name).exists():
            raise UsageError(
                f"{out / name}: is there, but no run's config.json; choose another --out"
            )
