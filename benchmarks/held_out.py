"""MMNet against OpenCV's trackers on recordings that were not trained on, frame for frame the same.

Held out are the last tenth of the clip numbers of each class of Svanström's thermal set (`--part
val`: the tenth before it), where one shot is labelled for at least a second: clips with close
numbers were filmed minutes apart, so the split is by number. Each clip counts from the first frame
of that shot on, for `--seconds`.

CSRT and KCF are in opencv-contrib only; without it the program says so and runs MMNet alone:

    pip install "opencv-contrib-python-headless<5"    # in an environment of its own

Run: python -m benchmarks.held_out --data ../shared/data/svanstrom
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

Row = dict[str, str]


PARTS = {"val": (0.8, 0.9), "test": (0.9, 1.0)}  # of the clips of a class, by number


def held_out(table: Path, part: str) -> list[Row]:
    """Rows of a tenth of each class whose longest labelled shot lasts a second."""
    by_class: dict[str, list[Row]] = {}
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_class.setdefault(row["class"], []).append(row)
    kept: list[Row] = []
    for rows in by_class.values():
        ranked = sorted(rows, key=lambda row: row["clip"])
        first, last = (int(share * len(ranked)) for share in PARTS[part])
        kept += ranked[first:last]
    return [row for row in kept if int(row["shot_run_len"]) >= float(row["fps"])]


def sources_file(rows: list[Row], clips: Path, seconds: float) -> str:
    """The clips as a sources file for `tirdata fetch`."""
    items = []
    for row in rows:
        start = int(row["shot_run_start"]) / float(row["fps"])
        end = start + min(seconds, int(row["shot_run_len"]) / float(row["fps"]))
        items.append(
            f"[[source]]\npath = {json.dumps(str(clips / row['clip']) + '.mp4')}\n"
            f'class = "{row["class"]}"\nstart_s = {start:.3f}\nend_s = {end:.3f}\n'
        )
    return "\n".join(items)


def tirdata(*words: str | Path) -> None:
    """Run a command of ours in this environment; stop with it if it fails."""
    subprocess.run([sys.executable, "-m", "cli", *map(str, words)], check=True)


def build_truth(rows: list[Row], clips: Path, seconds: float, work: Path) -> Path:
    """A dataset of the held-out parts with the labels of the set's authors."""
    dataset = work / "truth"
    if (dataset / "done").exists():
        return dataset
    sources = work / "sources.toml"
    sources.write_text(sources_file(rows, clips, seconds), encoding="utf-8")
    tirdata("init", dataset)
    tirdata("fetch", sources, "--dataset", dataset, "--no-keep")
    for row in rows:
        tirdata(
            "import", clips / f"{row['clip']}.txt", "--dataset", dataset, "--format", "boxes",
            "--recording", f"{row['clip']}.mp4", "--class", row["class"], "--one-based", "-q",
        )  # fmt: skip
    (dataset / "done").touch()
    return dataset


def main() -> None:
    """Build the truth once, then run each tracker and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/svanstrom"))
    parser.add_argument("--trackers", nargs="*", default=["mmnet", "csrt", "kcf"])
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--work", type=Path, help="keep what is made here and go on from it")
    parser.add_argument("--weights", type=Path, help="for mmnet; default: those that ship")
    given = parser.parse_args()
    if not given.data.is_dir():
        print(f"{given.data}: not there; this benchmark needs Svanström's clips")
        return
    trackers = [name for name in given.trackers if name == "mmnet" or _has(name)]
    rows = held_out(given.data / "tir.csv", given.part)
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        truth = build_truth(rows, (given.data / "tir").resolve(), given.seconds, work)
        for name in trackers:
            extra = ["--weights", given.weights] if given.weights and name == "mmnet" else []
            tirdata(
                "evaluate", name, truth, "--protocol", "one-pass", "--out", work / "results",
                "--workers", "1", *extra,
            )  # fmt: skip


def _has(name: str) -> bool:
    if hasattr(cv2, f"Tracker{name.upper()}_create"):
        return True
    print(f"{name}: not in this build of OpenCV ({cv2.__version__}); left out")
    return False


if __name__ == "__main__":
    main()
