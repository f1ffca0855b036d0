"""Fit the weights of `tirdata.frames.text_lines` to text planted in real shots without any.

    python -m benchmarks.overlay_fit --data ../shared/data

Each shot is taken as it is and with planted text, coded with H.264 at a random rate. Lines over
planted text are text, all others are not. Printed: how well it separates scenes that it was not
fitted to, then the table for the module.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.overlay_clips import Stack, main_shots, samples, spread
from tests.made_overlays import STYLES, Rectangle, coded, some_text
from tirdata.frames.glyphs import lines
from tirdata.frames.strokes import strokes
from tirdata.frames.text_lines import EVIDENCE_NAMES, LEAST_HEIGHT, SURE_GLYPHS, evidence

Floats = NDArray[np.float64]

WITH_OVERLAY = ("IR_AIRPLANE_001",)
FOLDS = 6
PENALTY = 1.0


class Row(NamedTuple):
    """One line of strokes."""

    scene: str
    glyphs: int
    text: bool
    evidence: list[float]


def shots(data: Path, cuts: Path) -> Iterator[tuple[str, Stack]]:
    """Real shots without overlay, by scene: clips with close numbers show the same one."""
    for clip, first, last in main_shots(data, cuts):
        kind, number = clip.split("_")[1], int(clip.split("_")[2])
        if clip not in WITH_OVERLAY and not (kind == "DRONE" and number % 5):
            path = data / "svanstrom" / "tir" / f"{clip}.mp4"
            yield f"{kind}{number // 12}", samples(path, first, last)
    for path in sorted((data / "svanstrom" / "visible").glob("V_*.mp4"))[::6]:
        if path.stem != "V_HELICOPTER_010":  # there is a name on the wall
            kind, number = path.stem.split("_")[1:]
            yield f"{kind}{int(number) // 12}", samples(path)
    for path in sorted((data / "research-only" / "lynred").glob("*.avi")):
        yield path.stem, samples(path)
    for path in sorted((data / "research-only" / "tass").iterdir())[::4]:
        yield "tass", samples(path)
    for number, path in enumerate(sorted((data / "hit-uav" / "images").iterdir())[::2]):
        still = np.asarray(cv2.imread(str(path), 0), np.float64)
        noise = np.random.default_rng(number).normal(0, 1.5, (6, *still.shape))
        yield "hit-uav", (still + noise).round().clip(0, 255).astype(np.uint8)


def rows(scene: str, frames: Stack, planted: list[Rectangle]) -> Iterator[Row]:
    """Every line of strokes of a shot; left out is what lies partly over planted text."""
    seen = strokes(list(frames))
    for line in lines(seen):
        if line.height < LEAST_HEIGHT:
            continue
        left, upper, right, lower = line.box
        area = (right - left) * (lower - upper)
        share = max(
            (
                max(0, min(right, x + w + 2) - max(left, x - 2))
                * max(0, min(lower, y + h + 2) - max(upper, y - 2))
                / area
                for x, y, w, h in planted
            ),
            default=0.0,
        )
        if share == 0 or share > 0.8:
            yield Row(scene, len(line.glyphs), share > 0.8, evidence(line, seen))


def gather(data: Path, cuts: Path) -> list[Row]:
    """Lines of all shots, as they are and planted."""
    random = np.random.default_rng(0)
    fonts = sorted(Path("/usr/share/fonts").rglob("*Sans*.ttf"))
    faces = [0, 1, 2, None, None, *map(str, fonts)]
    found: list[Row] = []
    for scene, frames in shots(data, cuts):
        found += rows(scene, frames, [])
        some = np.stack(spread(list(frames), int(random.integers(4, 17))))
        style = STYLES[int(random.integers(len(STYLES)))]
        planted, boxes = some_text(some, random, style, faces)
        found += rows(scene, coded(planted, int(random.integers(16, 31))), boxes)
    return found


def fit(inputs: Floats, text: Floats) -> Floats:
    """Logistic regression with a small penalty on all but the last weight."""
    weights = np.zeros(inputs.shape[1])
    penalty = np.diag([PENALTY] * (len(weights) - 1) + [0.0])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        bend = (inputs * (chance * (1 - chance) + 1e-6)[:, None]).T @ inputs + penalty
        weights += np.linalg.solve(bend, inputs.T @ (text - chance) - penalty @ weights)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cuts", type=Path, default=Path("tests/data/cuts.csv"))
    given = parser.parse_args()
    cv2.setNumThreads(1)
    found = gather(given.data, given.cuts)
    table = np.array([row.evidence for row in found])
    text = np.array([row.text for row in found], float)
    mean, spread_ = table.mean(axis=0), table.std(axis=0)
    inputs = np.hstack([(table - mean) / spread_, np.ones((len(table), 1))])
    scenes = np.array([re.sub(r"\W", "", row.scene) for row in found])
    fold = np.unique(scenes, return_inverse=True)[1] % FOLDS
    odds = np.zeros(len(text))
    for each in range(FOLDS):
        odds[fold == each] = inputs[fold == each] @ fit(inputs[fold != each], text[fold != each])
    many = np.array([row.glyphs for row in found]) >= SURE_GLYPHS
    print(f"{len(found)} lines, {int(text.sum())} of text, {len(set(scenes))} scenes; in others:")
    for least in (0.0, 1.0, 2.0, 2.5, 3.0, 4.0):
        sure = (odds > least) & many
        share = (sure & (text == 1)).sum() / ((text == 1) & many).sum()
        wrong = (sure & (text == 0)).sum()
        print(f"  log odds > {least}: {share:.3f} of the text, {wrong} other lines")
    weights = fit(inputs, text)
    for name, *numbers in zip(EVIDENCE_NAMES, mean, spread_, weights[:-1], strict=True):
        print(f'    "{name}": ({", ".join(f"{number:.3f}" for number in numbers)}),')
    print(f"BIAS = {weights[-1]:.3f}")


if __name__ == "__main__":
    main()
