"""Ground truth and raw results of other people, read without our own readers."""

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tirdata.types import Boxes
from tracking.evaluation.benchmark import NamedBenchmark, compat_rules, open_benchmark
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary
from tracking.evaluation.targets import Truth


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder with what is in the archive; skips where there is none."""
    if not archive.is_file():
        pytest.skip(f"{archive.name} is not in the shared data")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def published(shared_data: Path, key: str) -> dict[str, Any]:
    """What ``expected.json`` says of a data set."""
    content: dict[str, Any] = json.loads((shared_data / "eval" / "expected.json").read_text())[key]
    return content


def numbers(path: Path) -> Boxes:
    """A line a frame, separated by commas, tabs or spaces."""
    lines = path.read_text(encoding="utf-8-sig").replace(",", " ").strip().splitlines()
    return np.array([[float(word) for word in line.split()] for line in lines])


def from_corners(rows: Boxes) -> Boxes:
    """x1 y1 x2 y2 of GTOT as boxes."""
    return np.hstack([rows[:, :2], rows[:, 2:] - rows[:, :2]])


def read_trajectory(path: Path, origin: int) -> Trajectory:
    """A result file in numbers that begin at ``origin``."""
    rows = numbers(path)
    rows[:, : 2 if rows.shape[1] == 4 else 8] -= origin
    return Trajectory(rows)


def rules_of(name: str, tool: str | None = None) -> NamedBenchmark:
    """A benchmark that ships, or how another tool scores it."""
    found = open_benchmark(name)
    return compat_rules(found, tool) if tool else found


def summary(rules: NamedBenchmark, truths: list[Truth], files: Mapping[str, Path]) -> Summary:
    """A tracker's scores, from the files of its targets."""
    protocol = rules.build()
    origin = int(rules.benchmark.rules["origin"])
    return protocol.summarise(
        [
            protocol.score(truth, [read_trajectory(files[truth.name], origin)])
            for truth in truths
        ]
    )  # fmt: skip


def by_names(rules: NamedBenchmark, found: Summary) -> dict[str, float]:
    """Values by what the field calls them."""
    return {name: found.values[measure] for measure, name in rules.benchmark.names.items()}


def files_of(folder: Path) -> dict[str, Path]:
    """Result files by sequence; names have the tracker's before them, or not."""
    paths = sorted(folder.glob("*.txt"))
    prefix = f"{folder.name}_".lower()
    return {
        path.stem[len(prefix) :] if path.stem.lower().startswith(prefix) else path.stem: path
        for path in paths
    }
