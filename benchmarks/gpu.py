"""Everything that wants a GPU, one step after another: about 25 minutes on an H100 with 16 cores.

Each step is a program of its own with a limit; its words go to OUT/NAME.txt, its time and status to
OUT/steps.jsonl. A step that ended well is not run again, so a machine that is taken back costs one
step. Afterwards OUT has what docs/speed.md and docs/results.md are missing.

    python -m benchmarks.first_mix --data ../shared/data --out mix-first    # before, without a GPU
    python -m benchmarks.gpu --mix mix-first --data ../shared/data --out gpu

    python -m benchmarks.gpu --device cpu --tiny --out gpu-tiny    # do the steps run at all?
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """A program, and how long it may take."""

    name: str
    limit_s: int
    arguments: list[str]  # of Python


def steps(given: argparse.Namespace) -> list[Step]:
    """What is run, the shortest and most wanted first."""
    device, tiny = ["--device", given.device], given.tiny
    mix = ["--mix", str(given.mix)] if given.mix else []
    track = ["-m", "benchmarks.track", *device]
    few = ["--rounds", "1", "--frames", "2", "--profiles", "fast", "--targets", "1", "2"]
    many = ["--rounds", "5", "--frames", "60", "--readers", "8"]
    speed = ["-m", "benchmarks.train_speed", *device, *mix]
    found = [
        Step("tests", 300, ["-m", "pytest", "-q", "-m", "gpu", "tests/tracking"]),
        Step("host", 120, ["-m", "benchmarks.host", *(
            ["--profiles", "fast", "--targets", "2", "--frames", "3"] if tiny else [])]),
        Step("track", 300, [*track, *(few if tiny else many)]),
        Step("train", 480, [*speed, *(
            ["--batches", "2", "--workers", "0", "--steps", "2", "--skipped", "1"] if tiny else
            ["--batches", "32", "64", "128", "256", "--workers", "12"])]),
        Step("rgbt", 240, ["-m", "benchmarks.track_rgbt", "--profile", "fast", *device]),
    ]  # fmt: skip
    if not tiny:
        graphs = [*track, *many, "--cuda-graphs", "--profiles", "default", "fast"]
        found.insert(2, Step("track-graphs", 240, graphs))
    if given.mix and given.data:
        arguments = [*mix, "--data", str(given.data), "--out", str(given.out / "results"), *device]
        budget = ["--dry-run"] if tiny else ["--budget", "gpu"]
        only = ["--only", *given.only] if given.only else []
        found.append(
            Step(
                "results", given.results_s, ["-m", "benchmarks.results", *arguments, *budget, *only]
            )
        )
    return found


def run(step: Step, out: Path) -> tuple[int, float]:
    """The status of a step (124: it ran past its limit) and its seconds."""
    started = time.perf_counter()
    with (out / f"{step.name}.txt").open("ab") as words:
        try:
            status = subprocess.run(
                [sys.executable, *step.arguments],
                stdout=words, stderr=subprocess.STDOUT, timeout=step.limit_s, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            status = 124
    return status, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mix", type=Path, help="what first_mix made; without it results are left")
    parser.add_argument("--data", type=Path, help="where the recordings of the results lie")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("gpu"))
    parser.add_argument("--only", nargs="*", help="rows of the results table; default: all")
    parser.add_argument("--results-s", type=int, default=600, help="limit; the next call goes on")
    parser.add_argument("--tiny", action="store_true", help="only see that every step runs")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    log = given.out / "steps.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    good = {each["step"] for each in done if each["status"] == 0}
    failed = 0
    for step in steps(given):
        if step.name in good:
            print(f"{step.name}: done before")
            continue
        print(f"{step.name}: python {' '.join(step.arguments)}", flush=True)
        status, seconds = run(step, given.out)
        # pytest says 5 where it found nothing to run: no GPU here.
        status = 0 if step.name == "tests" and status == 5 else status
        failed += status != 0
        with log.open("a") as lines:
            line = {"step": step.name, "status": status, "seconds": round(seconds, 1)}
            lines.write(json.dumps(line) + "\n")
        print(f"{step.name}: status {status}, {seconds:.0f} s", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
