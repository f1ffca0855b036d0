"""How fast VOT's measures are: 60 sequences with one repetition, and with fifteen that differ.

    python -m benchmarks.supervised [--folder ../shared/data/eval/vot]

The folder has ``VOT2018.json`` and ``DaSiamRPN_VOT2018.zip``. Fifteen repetitions are made of the
one that there is, moved by a pixel or so at random. Overlaps, accuracy, robustness, EAO and all
tags are in each figure; reading is apart. Where vot-toolkit can be imported (0.9.0 needs attributee
0.1.9), its overlaps of the same frames stand beside ours; it is compiled before it is timed.
"""

import argparse
import importlib
import json
import resource
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tirdata.types import Floats
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.machine import this_machine
from tracking.evaluation.result_text import parse_answer
from tracking.evaluation.results import Trajectory, to_trajectory
from tracking.evaluation.supervised.regions import corners_of, region_overlaps
from tracking.evaluation.targets import Truth

SHARED = Path("../shared/data/eval/vot")
TAGS = ("camera_motion", "illum_change", "motion_change", "size_change", "occlusion")
ROUNDS = 3
REPETITIONS = 15


def read_truths(path: Path) -> list[Truth]:
    """Polygons, sizes and tags of the 60 sequences."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    truths = []
    for name, each in content.items():
        rows = [corners_of(np.array([row], np.float64)) for row in each["gt_rect"]]
        corners = np.concatenate(rows)
        low, high = corners.min(axis=1), corners.max(axis=1)
        tags = {tag: np.array(each[tag], np.bool_) for tag in TAGS if each[tag]}
        boxes = np.hstack([low, high - low])
        size = (each["width"], each["height"])
        truths.append(Truth(name, name, 0, boxes, polygons=corners, size=size, tags=tags))
    return truths


def read_results(path: Path) -> dict[str, Trajectory]:
    """The only repetition of each sequence."""
    with zipfile.ZipFile(path) as files:
        return {
            Path(name).name.removesuffix("_001.txt"): to_trajectory(
                parse_answer(files.read(name).decode(), name), origin=0
            )
            for name in files.namelist()
            if name.endswith("_001.txt")
        }


def score(truths: list[Truth], runs: dict[str, list[Trajectory]]) -> str:
    """Every measure of VOT2018."""
    protocol = open_benchmark("vot2018").build()
    values = protocol.summarise(
        [protocol.score(truth, runs[truth.name]) for truth in truths]
    ).values
    names = ("expected_average_overlap", "accuracy", "failures_per_100")
    return "EAO {:.4f}, A {:.4f}, R {:.4f}".format(*(values[name] for name in names))


def overlaps(truths: list[Truth], runs: dict[str, Trajectory]) -> str:
    """Overlaps alone."""
    found: list[Floats] = []
    for truth in truths:
        assert truth.polygons is not None  # noqa: S101 - they were read just now
        assert truth.size is not None  # noqa: S101
        limits = (truth.size[0] - 1, truth.size[1] - 1)
        found.append(
            region_overlaps(corners_of(runs[truth.name].rows), truth.polygons, limits=limits)
        )
    return f"mean {np.nanmean(np.concatenate(found)):.4f}"


def by_vot_toolkit(truths: list[Truth], runs: dict[str, Trajectory]) -> str:
    """Overlaps of the toolkit in Python, which has rectangles one pixel smaller."""
    peer = importlib.import_module("vot.region")
    found: list[float] = []
    for truth in truths:
        assert truth.polygons is not None  # noqa: S101 - they were read just now
        answers = runs[truth.name].rows
        asked = np.flatnonzero(~np.isnan(answers).any(axis=1))
        regions = [peer.Rectangle(*answers[index].tolist()) for index in asked]
        true = [peer.Polygon(truth.polygons[index].tolist()) for index in asked]
        found += peer.calculate_overlaps(regions, true, truth.size)
    return f"mean {np.mean(found):.4f}"


def moved(runs: dict[str, Trajectory]) -> dict[str, list[Trajectory]]:
    """Fifteen repetitions that differ."""
    random = np.random.default_rng(0)
    return {
        name: [
            Trajectory(run.rows + random.normal(0, 1, run.rows.shape), states=run.states)
            for _ in range(REPETITIONS)
        ]
        for name, run in runs.items()
    }


def best(name: str, work: Callable[[], str], rounds: int = ROUNDS) -> None:
    """Print the seconds of the fastest round, by the clock and of the processor."""
    took, said = [], ""
    for _ in range(rounds):
        begun, worked = time.perf_counter(), time.process_time()
        said = work()
        took.append((time.perf_counter() - begun, time.process_time() - worked))
    clock, processor = min(took)
    print(f"{name:24s} {clock:7.2f} s, {processor:6.2f} s of one core   {said}")


def main() -> None:
    """Print the machine and a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=SHARED)
    folder: Path = parser.parse_args().folder
    if not (folder / "VOT2018.json").is_file():
        print(f"{folder / 'VOT2018.json'}: no such file; give --folder")
        return
    machine = this_machine(None)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine.cpu}, {machine.cores} cores, {machine.system}")
    print(machine.versions)
    truths = read_truths(folder / "VOT2018.json")
    runs = read_results(folder / "DaSiamRPN_VOT2018.zip")
    many = moved(runs)
    frames = sum(len(truth.boxes) for truth in truths)
    print(f"{len(truths)} sequences, {frames} frames, DaSiamRPN")
    ways: dict[str, Callable[[], str]] = {
        "one repetition": lambda: score(truths, {name: [run] for name, run in runs.items()}),
        "15 that are the same": lambda: score(
            truths, {name: [run] * REPETITIONS for name, run in runs.items()}
        ),
        "15 that differ": lambda: score(truths, many),
        "overlaps alone": lambda: overlaps(truths, runs),
    }
    for name, work in ways.items():
        best(name, work)
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    try:
        by_vot_toolkit(truths[:1], runs)  # compiles
        best("overlaps of vot-toolkit", lambda: by_vot_toolkit(truths, runs), 1)
    except ImportError as error:
        print(f"vot-toolkit is not installed: {error}")


if __name__ == "__main__":
    main()
