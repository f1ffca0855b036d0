"""Learning curves of trainings of MMNet, from their logs: losses of the branches, and the rate.

Run: python -m benchmarks.learning runs/first/log.jsonl --picture docs/pictures/learning.png
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from tirdata.errors import DataError
from tirdata.types import Floats

TITLES = {
    "dis": "conv5 matching", "fin": "conv3 matching", "others": "easy negatives of the batch",
    "cls": "classification",
}  # fmt: skip


def read_log(path: Path) -> list[dict[str, Any]]:
    """A line a step.

    Raises:
        DataError: the file is not there or not a training's log.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}; expected the log.jsonl of a training") from None
    if not lines or "parts" not in lines[0]:
        raise DataError(f"{path}: no steps in it; expected the log.jsonl of a training")
    return lines


def smoothed(values: Floats, width: int) -> tuple[Floats, Floats]:
    """Means of ``width`` neighbours and the steps (from 1) that they end with."""
    width = max(1, min(width, len(values)))
    means = np.convolve(values, np.ones(width) / width, mode="valid")
    return np.arange(width, len(values) + 1, dtype=np.float64), means


def losses(lines: list[dict[str, Any]]) -> dict[str, Floats]:
    """Each part of the loss by name, (steps,)."""
    return {name: np.array([line["parts"][name] for line in lines]) for name in lines[0]["parts"]}


def picture(log: Path, path: Path, *, width: int = 25, batch: int = 8) -> None:
    """A PNG: losses against pairs seen, and the learning rate below."""
    import matplotlib  # noqa: ICN001, PLC0415 - an optional package, for the picture alone

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    lines = read_log(log)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7.5, 4.6), sharex=True, height_ratios=(4, 1)
    )
    for name, values in losses(lines).items():
        steps, means = smoothed(values, width)
        above.plot(steps * batch, means, label=TITLES.get(name, name))
        above.plot(np.arange(1, len(values) + 1) * batch, values, alpha=0.12, color="grey", lw=0.6)
    above.set_ylabel(f"loss, mean of {width} steps")
    above.legend(frameon=False, fontsize=8)
    below.semilogy([line["step"] * batch for line in lines], [line["lr"] for line in lines])
    below.set_ylabel("rate")
    below.set_xlabel("pairs seen")
    for axis in (above, below):
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    """Draw one log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--batch", type=int, default=8, help="pairs a step")
    parser.add_argument("--picture", type=Path, default=Path("learning.png"))
    given = parser.parse_args()
    picture(given.log, given.picture, batch=given.batch)
    print(given.picture)


if __name__ == "__main__":
    main()
