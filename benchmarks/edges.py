"""Objects that come in over the frame's edge, or leave over it: with `mind_edges` and without.

Annotated clips are cut smaller, so that a straight edge runs through the object's first box and the
object moves away from it: it comes in, a third to half of it hidden at the start. The same frames
backwards: it leaves. Truth is the part of each true box that is in the smaller frame, where that is
a seventh of it at least. Every tracker starts at the first of them. With --hidden the boxes are not
tracked: the first visible part goes with the true middle, 4 % beside it, which shows what
`tracking/trackers/edges.py` does for other shares, objects that only touch the edge (0) among them.

Run: python -m benchmarks.edges --data ../shared/data [--hidden 0 0.1 0.2 0.35 0.5]
     python -m benchmarks.edges --picture docs/pictures/edge.png
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.annotated import Clip, Take, antiuav, svanstrom, svanstrom_visible
from benchmarks.following import first_part, held_out_clips, measures
from tirdata.geometry import clip as clipped
from tirdata.types import Box, Boxes, Flags, Floats
from tracking.evaluation.bootstrap import draw, interval_of, mean_of
from tracking.trackers.edges import cut_of, uncovered, visible, whole
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker

FRAMES = 45  # most of each clip, every third
HIDDEN = (0.3, 0.5, 0.4)  # of the first box, by turns
WAY = 1.0  # sides of the box that the object moves inwards, at least
BACK = 0.3  # and not farther back than this
SEEN = 0.15  # of a box, else there is no truth
LEAST = 60  # pixels of a frame's side
BESIDE = 0.04  # of the box's sides: error of the middle with --hidden
NAMES = "ltrb"
TILES, TILE, SHOWN = 5, 180, 24  # of the picture: frames, their sides in pixels, the last
WHITE, RED, GREEN = (255, 255, 255), (40, 40, 230), (60, 200, 60)


def ways(clip: Clip) -> Iterator[int]:
    """Sides (0 left, 1 top, 2 right, 3 bottom) from which the object of ``clip`` moves away."""
    middles = clip.boxes[:, :2] + clip.boxes[:, 2:] / 2
    moved = (middles - middles[0]) / clip.boxes[0, 2:]
    for side in range(4):
        inwards = moved[:, side % 2] * (1 if side < 2 else -1)
        if np.nanmax(inwards) > WAY and np.nanmin(inwards) > -BACK:
            yield side


def cut(clip: Clip, side: int, share: float) -> tuple[Clip, Boxes] | None:
    """``clip`` with an edge that hides ``share`` of its first box on ``side``, and whole boxes.

    None where too little would be left.
    """
    axis, near = side % 2, side < 2
    start, length = clip.boxes[0, axis], clip.boxes[0, 2 + axis]
    at = round(float(start + (share if near else 1 - share) * length))
    part = slice(at, None) if near else slice(0, at)
    frames = [frame[:, part] if axis == 0 else frame[part] for frame in clip.frames]
    boxes = clip.boxes.copy()
    boxes[:, axis] -= at if near else 0
    height, width = frames[0].shape
    if min(height, width) < LEAST:
        return None
    truth = clipped(boxes, width, height)
    with np.errstate(invalid="ignore"):
        truth[truth[:, 2:].prod(axis=1) < SEEN * boxes[:, 2:].prod(axis=1)] = np.nan
    name = f"{clip.name}-{NAMES[side]}"
    return Clip(name, clip.source, [np.ascontiguousarray(each) for each in frames], truth), boxes


def backwards(clip: Clip, middles: Floats, side: int) -> Clip | None:
    """What comes in, the other way round, from where it is a side of the box inwards."""
    way = np.abs(middles[:, side % 2] - middles[0, side % 2])
    far: Flags = way >= WAY * clip.boxes[0, 2 + side % 2]
    first = int(far.argmax())
    if not far.any() or np.isnan(clip.boxes[first]).any():
        return None
    part = slice(first, None, -1)
    return clip._replace(frames=clip.frames[part], boxes=clip.boxes[part])


def made(found: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Clips that come in and clips that leave."""
    sets: dict[str, list[Clip]] = {"come in": [], "leave": []}
    for clip in found:
        for side in ways(clip):
            smaller = cut(clip, side, HIDDEN[len(sets["come in"]) % len(HIDDEN)])
            if smaller is None:
                continue
            entering, boxes = smaller
            sets["come in"].append(entering)
            leaving = backwards(entering, boxes[:, :2] + boxes[:, 2:] / 2, side)
            sets["leave"] += [leaving] if leaving is not None else []
    return sets


class Recorder(MMNetTracker):
    """Tells what it would answer without `mind_edges`, which changes nothing of what it does."""

    def part(self) -> Box:
        """Of the one target."""
        return self._targets[0].box


def followed(tracker: Recorder, clip: Clip) -> tuple[float, float]:
    """Mean IoU of what is tracked without `mind_edges` and with it."""
    tracker.init(clip.frames[0], Box(*clip.boxes[0].tolist()))
    found = [(tracker.track(frame).box, tracker.part()) for frame in clip.frames[1:]]
    after, before = (
        measures(np.array(boxes), clip.boxes[1:])["mean_overlap"]
        for boxes in zip(*found, strict=True)
    )
    return before, after


def picture_of(tracker: Recorder, clip: Clip, path: Path) -> None:
    """Frames of ``clip`` side by side: truth white, with `mind_edges` green, without it red."""
    tracker.init(clip.frames[0], Box(*clip.boxes[0].tolist()))
    shown = np.linspace(1, min(SHOWN, len(clip.frames) - 1), TILES).round().astype(int)
    tiles = []
    for number in range(1, int(shown[-1]) + 1):
        found, truth = tracker.track(clip.frames[number]).box, clip.boxes[number]
        if number not in shown or np.isnan(truth).any():
            continue
        side = 2.2 * float(truth[2:].max())
        corner = truth[:2] + truth[2:] / 2 - side / 2
        scale = TILE / side
        matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
        picture = cv2.cvtColor(clip.frames[number], cv2.COLOR_GRAY2BGR)
        tile = cv2.warpAffine(picture, matrix, (TILE, TILE), borderValue=(90, 60, 60))
        for box, colour in ((truth, WHITE), (tracker.part(), RED), (found, GREEN)):
            x, y, w, h = (np.array(box) - [*corner, 0, 0]) * scale
            cv2.rectangle(tile, (round(x), round(y)), (round(x + w), round(y + h)), colour, 2)
        tiles.append(tile)
    cv2.imwrite(str(path), np.hstack(tiles))


def followed_by_truth(clip: Clip, whole_boxes: Boxes, seed: int) -> tuple[float, float]:
    """Mean IoU of the first visible part where it truly is, and of what ``edges`` makes of it."""
    first = clip.boxes[0]
    known = np.flatnonzero(~np.isnan(clip.boxes).any(axis=1))
    beside = np.random.default_rng(seed).normal(0, BESIDE, (len(clip.boxes), 2)) * first[2:]
    middles = whole_boxes[:, :2] + whole_boxes[:, 2:] / 2
    corners = first[:2] + middles - middles[0] + beside
    cut_off = cut_of(clip.frames[0], Box(*first.tolist()))
    parts, found = [], []
    for number in known[1:]:
        frame, part = clip.frames[number], Box(*corners[number].tolist(), *first[2:].tolist())
        if cut_off is not None:
            cut_off = uncovered(frame, cut_off, part)
        parts.append(visible(frame, part))
        found.append(visible(frame, whole(part, cut_off) if cut_off is not None else part))
    truth = clip.boxes[known[1:]]
    before, after = (measures(np.array(each), truth)["mean_overlap"] for each in (parts, found))
    return before, after


def sources(data: Path) -> list[Clip]:
    """Svanström's clips that choose, thermal and visible, Anti-UAV's and its daylight clip."""
    take = Take(every=3, frames=FRAMES, part="val")
    found = [
        first_part(clip, FRAMES)
        for source in (svanstrom, svanstrom_visible, antiuav)
        for clip in source(data, take)
    ]
    return found + held_out_clips(data, "antiuav-day", take)


def report(name: str, rows: Floats) -> str:
    """A row: mean IoU without and with, and the difference with its interval."""
    before, after = rows.mean(axis=0)
    change = rows[:, 1] - rows[:, 0]
    low, high = interval_of(mean_of(change)(draw(len(change))))
    return (f"| {name} | {len(rows)} | {before:.3f} | {after:.3f} | "
            f"{change.mean():+.3f} ({low:+.3f} to {high:+.3f}) |")  # fmt: skip


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--hidden", type=float, nargs="*", default=[])
    parser.add_argument("--picture", type=Path, help="of one clip; nothing else is done then")
    parser.add_argument("--clip", default="V_DRONE_017-t", help="of that picture")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found = sources(given.data)
    if given.picture:
        (one,) = (each for each in made(found)["come in"] if each.name == given.clip)
        picture_of(Recorder(MMNetConfig()), one, given.picture)
        return
    print("| | clips | without | with `mind_edges` | difference |\n|---|---|---|---|---|")
    if given.hidden:
        for share in given.hidden:
            smaller = [cut(clip, side, share) for clip in found for side in ways(clip)]
            rows = [followed_by_truth(*each, seed) for seed, each in enumerate(smaller) if each]
            print(report(f"hidden {share}", np.array(rows)), flush=True)
        return
    tracker = Recorder(MMNetConfig())
    for name, own in made(found).items():
        print(report(name, np.array([followed(tracker, clip) for clip in own])), flush=True)


if __name__ == "__main__":
    main()
