"""How well burnt-in text and the like is found: on real shots, and planted in real shots.

    python -m benchmarks.overlay --data ../shared/data

Beside it stands what a few lines of OpenCV do: pixels that hardly change through the shot and lie
at a strong edge, joined to blobs. The truth of the real shots was drawn by eye
(``tests/data/overlays.csv``).
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.overlay_clips import Stack, samples, spread
from tests.made_marks import KINDS, with_mark
from tests.made_overlays import (
    STYLES,
    Font,
    Rectangle,
    coded,
    some_text,
    with_bar,
    with_cross,
    with_letterbox,
    with_logo,
    with_text,
)
from tirdata.frames.letterbox import find_letterbox
from tirdata.frames.overlay import Overlay, find_overlay, treat
from tracking.evaluation.machine import this_machine

Finder = Callable[[Stack], list[Rectangle]]

FACES = (0, 1, 2, None)
PLANTED_SAMPLES = 12
MARK_SAMPLES = 24  # of a moving shot: fewer show too few views


@dataclass
class Tally:
    """Regions and areas over some shots."""

    shots: int = 0
    regions: int = 0
    found: int = 0
    false: int = 0
    false_shots: int = 0
    true_area: int = 0
    found_area: int = 0
    right_area: int = 0  # of the true area
    told_right: int = 0  # of the found area
    missed: list[str] = field(default_factory=list)

    def add(
        self, name: str, size: tuple[int, int], true: list[Rectangle], said: list[Rectangle]
    ) -> None:
        """Count one shot.

        A region is found when most of it is covered, and false when hardly any of it is true.
        """
        truth, told = _plane(size, true, 2), _plane(size, said, 0)
        self.shots += 1
        self.regions += len(true)
        for x, y, w, h in true:
            hit = _plane(size, said, 2)[y : y + h, x : x + w].mean() > 0.5
            self.found += bool(hit)
            if not hit:
                self.missed.append(f"{name} {x},{y},{w},{h}")
        wrong = [box for box in said if _part(truth, box).mean() < 0.2]
        self.false += len(wrong)
        self.false_shots += bool(wrong)
        exact = _plane(size, true, 0)
        self.true_area += int(exact.sum())
        self.found_area += int(told.sum())
        self.right_area += int((exact & _plane(size, said, 2)).sum())
        self.told_right += int((told & truth).sum())

    def row(self) -> str:
        recall = self.right_area / self.true_area if self.true_area else float("nan")
        precision = self.told_right / self.found_area if self.found_area else float("nan")
        return (
            f"{self.shots:>6}{self.regions:>9}{self.found:>7}{self.false:>7}{self.false_shots:>13}"
            f"{recall:>13.2f}{precision:>16.2f}"
        )


HEAD = (
    f"{'shots':>6}{'regions':>9}{'found':>7}{'false':>7}{'shots false':>13}"
    f"{'area found':>13}{'area that is':>16}"
)


def _plane(size: tuple[int, int], boxes: list[Rectangle], grown: int) -> NDArray[np.bool_]:
    plane = np.zeros(size, bool)
    for x, y, w, h in boxes:
        plane[max(y - grown, 0) : y + h + grown, max(x - grown, 0) : x + w + grown] = True
    return plane


def _part(plane: NDArray[np.bool_], box: Rectangle) -> NDArray[np.bool_]:
    x, y, w, h = box
    return plane[y : y + h, x : x + w]


def ours(frames: Stack) -> list[Rectangle]:
    return boxes_of(find_overlay(list(frames)))


def boxes_of(overlay: Overlay) -> list[Rectangle]:
    return [(each.x, each.y, each.w, each.h) for each in overlay.regions]


def peer(frames: Stack) -> list[Rectangle]:
    """Still pixels at strong edges, closed to blobs."""
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)
    across, down = (
        cv2.Sobel(mean.astype(np.float32), cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1))
    )
    edge = np.hypot(across, down) > 160
    marks = (edge & (deviation < 6)).astype(np.uint8)
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((5, 15), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined)[2][1:].tolist()
    return [(x, y, w, h) for x, y, w, h, area in stats if area >= 60]


def truth(path: Path) -> Iterator[tuple[str, int, int | None, list[tuple[str, Rectangle]]]]:
    """Each shot of the list: path, first and last frame, and its regions by kind."""
    shots: dict[tuple[str, int, int | None], list[tuple[str, Rectangle]]] = {}
    with path.open() as file:
        for row in csv.DictReader(file):
            last = int(row["last"]) if row["last"] else None
            boxes = shots.setdefault((row["path"], int(row["first"]), last), [])
            if row["kind"] != "none":
                x, y, w, h = (int(row[side]) for side in "xywh")
                boxes.append((row["kind"], (x, y, w, h)))
    for (name, first, last), boxes in shots.items():
        yield name, first, last, boxes


def source_of(name: str) -> str:
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] != "antiuav" else "antiuav"


def real(data: Path, listed: Path, keep: list[tuple[str, Stack]]) -> None:
    """Print how the real shots went; those without overlay are added to ``keep``."""
    tallies: dict[str, dict[str, Tally]] = {}
    letterboxes, seconds, most = [], 0.0, 0.0
    logos: list[str] = []
    sought = 0
    for name, first, last, boxes in truth(listed):
        if not (data / name).exists():
            print(f"not here: {name}")
            continue
        frames = samples(data / name, first, last)
        true = [box for _, box in boxes]
        started = time.process_time()
        overlay = find_overlay(frames)
        took = time.process_time() - started
        seconds, most = seconds + took, max(most, took)
        sought += bool(overlay.logos_sought)
        logos += [f"  {name} {each}" for each in overlay.regions if each.kind == "logo"]
        for finder, said in (("tirdata", boxes_of(overlay)), ("still edges", peer(frames))):
            for source in (source_of(name), "all"):
                tally = tallies.setdefault(finder, {}).setdefault(source, Tally())
                tally.add(name, frames[0].shape, true, said)
        if find_letterbox(list(frames)) is not None:
            letterboxes.append(name)
        if not boxes and "visible" not in name and len(keep) < 400:
            keep.append((name, frames))
    for finder, by_source in tallies.items():
        print(f"\n{finder + ', real shots':<36}{HEAD}")
        for source, tally in sorted(by_source.items()):
            print(f"{source:<36}{tally.row()}")
    print(f"{sought} shots in which logos were looked for: {len(logos)} with a region of that kind")
    print(*logos, sep="\n")
    mine = tallies["tirdata"]["all"]
    print("missed:", *mine.missed, sep="\n  ")
    print(f"letterbox where there is none: {letterboxes or 'nowhere'}")
    print(f"find_overlay: {seconds / mine.shots:.3f} s of processor a shot, {most:.2f} s at most")


def planted(clean: list[tuple[str, Stack]], count: int) -> None:
    """Print how planted overlays were found, kind by kind."""
    random = np.random.default_rng(1)
    chosen = [clean[number] for number in random.permutation(len(clean))[:count]]
    kinds = [f"text, {style}" for style in STYLES]
    kinds += ["clock", "reticle", "bar", "logo, see-through"]
    print(f"\n{'planted, H.264':<36}{HEAD}")
    for kind in kinds:
        mine, other = Tally(), Tally()
        for name, frames in chosen:
            some = np.stack(spread(list(frames), PLANTED_SAMPLES))
            made, boxes = plant(some, kind, random)
            made = coded(made, int(random.integers(18, 29)))
            for tally, find in ((mine, ours), (other, peer)):
                tally.add(name, made[0].shape, boxes, find(made))
        print(f"{kind:<36}{mine.row()}")
        print(f"{'  still edges':<36}{other.row()}")
    for pillar in (False, True):
        right = near = 0
        for _, frames in chosen:
            some = np.stack(spread(list(frames), PLANTED_SAMPLES))
            made, box = with_letterbox(some, float(random.uniform(0.05, 0.2)), pillar=pillar,
                                       level=int(random.choice([0, 8, 16])))  # fmt: skip
            found = find_letterbox(list(coded(made, int(random.integers(18, 29)))))
            off = max(np.abs(np.subtract(found, box))) if found else 999
            right, near = right + (off <= 1), near + (off <= 4)
        name = "pillarbox" if pillar else "letterbox"
        print(f"{name:<36}{len(chosen):>6} shots, {right} right to 1 pixel, {near} to 4")


def marked(clean: list[tuple[str, Stack]], count: int) -> None:
    """Print how planted logos were found, in shots whose camera moves."""
    random = np.random.default_rng(3)
    chosen: list[Stack] = []
    for number in random.permutation(len(clean)):
        frames = np.stack(spread(list(clean[number][1]), MARK_SAMPLES))
        if len(chosen) < count and find_overlay(frames).logos_sought:
            chosen.append(frames)
    print(f"\n{'planted where the camera moves, H.264':<38}{HEAD}{'looked for':>12}")
    for kind in KINDS:
        tally, sought = Tally(), 0
        for frames in chosen:
            made, boxes = with_mark(frames, kind, random)
            made = coded(made, int(random.integers(18, 29)))
            overlay = find_overlay(list(made))
            sought += bool(overlay.logos_sought)
            tally.add(kind, made[0].shape, boxes, boxes_of(overlay))
        print(f"{kind:<38}{tally.row()}{sought:>12}")


def plant(frames: Stack, kind: str, random: np.random.Generator) -> tuple[Stack, list[Rectangle]]:
    height = frames[0].shape[0]
    if kind == "clock":
        font = Font(max(8, height // 30), FACES[int(random.integers(4))])
        return with_text(frames, [("2031-05-17  {clock}  Z{n}", (10, 6))], font)
    if kind == "reticle":
        return with_cross(frames, int(random.choice([0, 255])), max(1, height // 300))
    if kind == "bar":
        return with_bar(
            frames, right=bool(random.random() < 0.5), border=bool(random.random() < 0.5)
        )
    if kind == "logo, see-through":
        return with_logo(frames, 0.45)
    return some_text(frames, random, kind.removeprefix("text, "), FACES)


def filling(clean: list[tuple[str, Stack]], count: int) -> None:
    """Print how far filled pixels are from the scene that the text had hidden."""
    random = np.random.default_rng(2)
    errors: dict[str, list[float]] = {"tirdata": [], "cv2.inpaint (Telea)": [], "black": []}
    times: dict[str, float] = dict.fromkeys(errors, 0.0)
    for number in random.permutation(len(clean))[:count]:
        some = np.stack(spread(list(clean[number][1]), 6))
        made, _ = some_text(some, random, "outlined", FACES)
        overlay = find_overlay(list(made))
        if not overlay.regions:
            continue
        hidden = overlay.mask
        still = made[0]

        def telea(still: Stack = still, hidden: NDArray[np.bool_] = hidden) -> Stack:
            filled = cv2.inpaint(still, hidden.astype(np.uint8), 3, cv2.INPAINT_TELEA)
            return np.asarray(filled, np.uint8)

        ways: dict[str, Callable[[], Stack]] = {
            "tirdata": partial(treat, still, overlay, "inpaint"),
            "cv2.inpaint (Telea)": telea,
            "black": partial(treat, still, overlay, "black"),
        }
        for name, way in ways.items():
            started = time.process_time()
            filled = way()
            times[name] += time.process_time() - started
            off = np.abs(filled[hidden].astype(int) - some[0][hidden])
            errors[name].append(float(off.mean()))
    print(
        f"\n{'filling of outlined text':<36}{'shots':>6}{'mean error, levels':>21}"
        f"{'ms a frame':>13}"
    )
    for name, each in errors.items():
        took = 1000 * times[name] / len(each)
        print(f"{name:<36}{len(each):>6}{np.mean(each):>21.2f}{took:>13.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--truth", type=Path, default=Path("tests/data/overlays.csv"))
    parser.add_argument("--planted", type=int, default=40, help="shots to plant each kind in")
    parser.add_argument("--logos", action="store_true", help="of what is planted, only logos")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(this_machine(None))
    clean: list[tuple[str, Stack]] = []
    real(given.data, given.truth, clean)
    marked(clean, given.planted)
    if not given.logos:
        planted(clean, given.planted)
        filling(clean, given.planted)


if __name__ == "__main__":
    main()
