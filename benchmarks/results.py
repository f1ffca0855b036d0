"""The five strategies and the ablation of MMNet: trains, scores and tables all, and goes on.

Each row of `benchmarks/results.toml` is trained by `tirdata train mmnet` in a folder of its own and
scored on recordings that it was not trained on (the tenth of Svanström's clips that validates,
Anti-UAV's clip 41, and what may not be trained on at all) and on pairs of crops from the mix's
validation side. A run that is scored is not done again; killed at any moment, the same command goes
on from the last checkpoint. Several may work on other experiments (--only) in the same folder.

    python -m benchmarks.first_mix --data ../shared/data --out mix-first
    python -m benchmarks.results --mix mix-first --data ../shared/data --budget gpu --out results

Budgets: small (a smoke test of an hour on one core), gpu (minutes), paper (days; its own
schedules). Written are results.md, results.json and curves.png in --out, anew after each run.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.annotated import Clip, Take
from benchmarks.following import follow, held_out_clips, measures
from benchmarks.matching import matching
from benchmarks.results_plan import Budget, Run, Table, key_of, plan, settings_of, start_of, toml_of
from benchmarks.results_table import Score, curves, markdown
from tirdata import files
from tirdata.config import load, read_json, to_json
from tirdata.errors import TirDataError, UsageError
from tracking.evaluation.machine import this_machine
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker, load_model
from tracking.weights.load import shipped

WEIGHTS = "mmnet.safetensors"


class Bench:
    """One budget's runs in one folder."""

    def __init__(self, given: argparse.Namespace, table: Table) -> None:
        self.given, self.table = given, table
        self.budget: Budget = table.budget[given.budget]
        self.out: Path = given.out / given.budget
        self.mix_hash = hashlib.sha256((given.mix / "mix.json").read_bytes()).hexdigest()
        self._clips: list[Clip] | None = None

    def run(self, run: Run) -> Score:
        """Train and score what is not done yet.

        Raises:
            UsageError: the folder was made by other settings.
        """
        folder = self.out / run.name
        settings = settings_of(run, self.budget, self.given.device)
        start = start_of(run)
        key = key_of(settings, start, self.budget, self.mix_hash)
        told = folder / "score.json"
        if told.exists():
            score = read_json(told, Score)
            if score.key != key:
                raise UsageError(f"{folder}: made by other settings; choose another --out")
            return score
        folder.mkdir(parents=True, exist_ok=True)
        command, took = ([], {}) if run.experiment.shipped else self._train(run, folder, settings)
        score = self._score(run, key, command, took)
        files.write_text(told, to_json(score))
        return score

    def _train(
        self, run: Run, folder: Path, settings: dict[str, Any]
    ) -> tuple[list[str], dict[str, float]]:
        files.write_text(folder / "train.toml", toml_of(settings))
        words = ["train", "mmnet", "--mix", str(self.given.mix), "--config",
                 str(folder / "train.toml"), "--out", str(folder)]  # fmt: skip
        start = start_of(run)
        if start is not None:
            words += ["--init", str(self.out / start / WEIGHTS)]
        before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli", *words, "-q"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return ["tirdata", *words], {"wall_s": time.perf_counter() - clock, "cpu_s": cpu}

    def _score(self, run: Run, key: str, command: list[str], took: dict[str, float]) -> Score:
        folder = self.out / run.name
        weights = shipped("mmnet") if run.experiment.shipped else folder / WEIGHTS
        device = self.given.device
        tracker = MMNetTracker(
            MMNetConfig.model_validate(
                {**self.budget.tracker, "weights": weights, "device": device}
            )
        )
        clips: dict[str, dict[str, dict[str, float]]] = {}
        for clip in self.clips():
            followed = follow(tracker, clip)
            measured = measures(followed.found, followed.truth)
            clips.setdefault(clip.source, {})[clip.name] = measured
        pairs = matching(load_model(weights), self.given.mix, self.budget.pairs, device)
        return Score(
            run=run.name, experiment=run.experiment.name, seed=run.seed, key=key, command=command,
            steps=_steps(folder / "log.jsonl"), pairs=_pairs(folder, self.budget),
            took=took, matching=pairs._asdict(), clips=clips,
        )  # fmt: skip

    def clips(self) -> list[Clip]:
        """Held-out clips, read once."""
        if self._clips is None:
            found = {
                source: held_out_clips(
                    self.given.data, source, Take(every=1, frames=frames, part="val")
                )
                for source, frames in self.budget.sources.items()
            }
            if missing := [source for source, clips in found.items() if not clips]:
                raise UsageError(f"{self.given.data}: no held-out clip of {', '.join(missing)}")
            self._clips = [clip for clips in found.values() for clip in clips[:: self.budget.every]]
        return self._clips

    def write(self, scores: list[Score], missing: list[str]) -> None:
        """The table, the numbers and the plot of what is done."""
        machine = this_machine(self.given.device)
        text = markdown(self.table, self.budget, scores, missing, machine, self.given.device)
        told = {"budget": self.given.budget, "machine": machine.model_dump(), "missing": missing,
                "threads": os.environ.get("OMP_NUM_THREADS"),
                "scores": [score.model_dump() for score in scores]}  # fmt: skip
        files.write_text(self.out / "results.md", text)
        files.write_text(self.out / "results.json", json.dumps(told, indent=1) + "\n")
        logs = {score.run: self.out / score.run / "log.jsonl" for score in scores}
        curves(logs, self.out / "curves.png")


def _steps(log: Path) -> int:
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def _pairs(folder: Path, budget: Budget) -> int:
    return _steps(folder / "log.jsonl") * int(budget.settings.get("batch", 8))


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mix", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--table", type=Path, default=Path(__file__).with_suffix(".toml"))
    parser.add_argument("--budget", default="small")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--only", nargs="*", help="experiments by name; default all")
    parser.add_argument("--dry-run", action="store_true", help="say what would run")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    """Do what is left, in order, and write the table after each run."""
    given = parse(words)
    table = load(given.table, Table, {})
    if given.budget not in table.budget:
        raise UsageError(f"--budget {given.budget}: {given.table} has {', '.join(table.budget)}")
    budget = table.budget[given.budget]
    runs = [run for run in plan(table, budget)
            if not given.only or run.experiment.name in given.only]  # fmt: skip
    print(budget.note.strip(), flush=True)
    if given.dry_run:
        print("\n".join(run.name for run in runs))
        return
    bench = Bench(given, table)
    scores: list[Score] = []
    for number, run in enumerate(runs):
        scores.append(bench.run(run))
        bench.write(scores, [each.name for each in runs[number + 1 :]])
        print(f"{number + 1}/{len(runs)} {run.name}", flush=True)
    print(f"{bench.out / 'results.md'}")


if __name__ == "__main__":
    try:
        main()
    except TirDataError as error:
        sys.exit(f"error: {error}")
