"""The beginnings of the real pairs beside this checkout, which may be read and not shipped."""

import shutil
from pathlib import Path

NAMES = ("day_drone_a", "day_drone_b", "day_drone_c")


def short_pairs(
    shared_data: Path, target: Path, count: int, names: tuple[str, ...] = NAMES
) -> Path:
    """The first ``count`` frames of some pairs as a data set of its own in ``target``."""
    for name in names:
        source = shared_data / "research-only" / "rgbt" / name
        for half in "iv":
            (target / name / half).mkdir(parents=True)
            for path in sorted((source / half).iterdir())[:count]:
                shutil.copy(path, target / name / half)
            truth = (source / f"groundTruth_{half}.txt").read_text().splitlines(keepends=True)
            (target / name / f"groundTruth_{half}.txt").write_text("".join(truth[:count]))
    return target
