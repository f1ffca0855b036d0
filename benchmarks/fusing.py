"""What each part of fusing two passes is worth, and what choosing better between them could be.

People's boxes stand on the first and the last frame of each clip, and every so many (--gaps). Rows:
straight lines; the forward pass alone; both, weighed by distance alone; both, fused as `annotate`
does it without and with what it knows of drift; that smoothed; and the best of both passes and the
fused box in each frame, known from the truth, which no fusing can beat.

Run: python -m benchmarks.fusing --work FOLDER    (which keeps passes, as effort.py does)
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.annotated import Clip, Take, clips
from benchmarks.certainty_fit import spans_of
from benchmarks.effort import SOURCES, tried_of
from benchmarks.effort_runs import Frames, Tried, build
from tirdata.annotate.follow import PropagateConfig, passes
from tirdata.annotate.fuse import Pass, fuse
from tirdata.annotate.lost import filled
from tirdata.annotate.smooth import smooth
from tirdata.annotate.spans import Span
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Boxes, Floats

SETTINGS = PropagateConfig()
RAW = PropagateConfig(undrift=False)


def ways(tracker: Tracker, clip: Clip, span: Span) -> dict[str, Floats]:
    """Overlap with the truth of each frame of a span that has one, by what made the box."""
    frames = Frames(clip.frames)
    plain = passes(frames, tracker, span, RAW)
    forward, backward = passes(frames, tracker, span, SETTINGS)
    fused = fuse(forward, backward)[0]
    found = {
        "straight lines": np.full_like(fused, np.nan),
        "forward pass alone": _kept(forward),
        "both, weighed by distance alone": fuse(*(_even(each) for each in plain))[0],
        "both, fused": fuse(*plain)[0],
        "and drift taken off": fused,
    }
    found = {name: filled(boxes, span, "lines") for name, boxes in found.items()}
    last = found["and drift taken off"]
    found["and smoothed"] = _smoothed(last, span)
    truth = clip.boxes[span.first : span.last + 1]
    overlaps = {name: np.nan_to_num(overlap(boxes, truth)) for name, boxes in found.items()}
    each = [np.nan_to_num(overlap(_kept(one), truth)) for one in (forward, backward)]
    overlaps["the best of all, by the truth"] = np.max([*each, *overlaps.values()], axis=0)
    there = ~np.isnan(truth[:, 0])
    return {name: values[there] for name, values in overlaps.items()}


def _kept(run: Pass) -> Boxes:
    return np.where(run.found[:, None], run.boxes, np.nan)


def _even(run: Pass) -> Pass:
    return run._replace(scores=np.ones(len(run.scores)), arrival=1.0)


def _smoothed(boxes: Boxes, span: Span) -> Boxes:
    ends = {0: span.before, len(boxes) + 1: span.after}
    padded = np.pad(boxes, ((1, 1), (0, 0)), constant_values=np.nan)
    known = {frame: box for frame, box in ends.items() if box is not None}
    return smooth(padded, known, SETTINGS.smooth_frames)[1:-1]


def show(tried: Tried, found: Sequence[Clip], gap: int, work: Path) -> None:
    """One table: the mean overlap, and shares of frames from 0.5 and 0.7 on, by source."""
    rows: dict[str, dict[str, list[Floats]]] = {}
    for clip in found:
        tracker = build(tried, work, clip.name)
        for span in spans_of(clip, gap):
            for name, values in ways(tracker, clip, span).items():
                rows.setdefault(name, {}).setdefault(clip.source, []).append(values)
    spacing = f"every {gap} frames" if gap else "first and last frame"
    print(f"\n| {tried.name}, {spacing} | {' | '.join(rows['straight lines'])} |")
    for name, sources in rows.items():
        cells = []
        for parts in sources.values():
            each = np.concatenate(parts)
            cells.append(
                f"{each.mean():.3f}, {(each >= 0.5).mean():.1%}, {(each >= 0.7).mean():.1%}"
            )
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """A table for each tracker and spacing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes, as effort.py does")
    parser.add_argument("--trackers", nargs="*", default=["mmnet", "csrt"])
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--gaps", nargs="*", type=int, default=[0, 30])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--nano", type=Path, help="folder of backbone.onnx and head.onnx")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    take = Take(3, given.frames, given.clips, given.part)
    found = [clip for source in given.sources for clip in clips(given.data, source, take)]
    for tried in tried_of(given.trackers, given.nano):
        for gap in given.gaps:
            show(tried, found, gap, given.work)


if __name__ == "__main__":
    main()
