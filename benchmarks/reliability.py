"""Whether a confidence of 0.7 means right in 7 of 10 frames: reliability by source, and a plot.

A person's box stands on the first and on the last frame of each clip; between them the tracker runs
both ways and the passes are fused, as `annotate --propagate` does. A frame is right from IoU 0.5
on. Beside the confidence as it is stands the same fitted anew (a gain and a bias on its log odds)
to the other sources: what generalises over sources would make the error smaller there.

Run: python benchmarks/reliability.py --work FOLDER --plot docs/pictures/reliability.svg
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.annotated import Clip, Take, clips
from benchmarks.calibrate_score import fit
from benchmarks.effort import SOURCES, Frames, build
from tirdata.annotate.follow import PropagateConfig, Span, follow
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Box, Floats
from tracking.evaluation.machine import this_machine

BINS = np.linspace(0, 1, 11)

Right = NDArray[np.bool_]


def observe(tracker: Tracker, clip: Clip) -> tuple[Floats, Right]:
    """Confidence and whether the box was right, (n,) each, of frames with a true box."""
    known = np.flatnonzero(~np.isnan(clip.boxes[:, 0]))
    first, last = int(known[0]), int(known[-1])
    ends = (Box(*clip.boxes[index].tolist()) for index in (first, last))
    span = Span(first + 1, last - 1, *ends)
    boxes, sure = follow(Frames(clip.frames), tracker, span, PropagateConfig())
    truth = clip.boxes[first + 1 : last]
    there = ~np.isnan(truth[:, 0])
    right = np.nan_to_num(overlap(boxes, truth)) >= 0.5
    return sure[there], right[there]


def error(sure: Floats, right: Right) -> float:
    """Expected calibration error over ten bins."""
    places = np.clip(np.digitize(sure, BINS) - 1, 0, 9)
    parts = [places == place for place in range(10)]
    return float(
        sum(
            abs(sure[part].mean() - right[part].mean()) * part.mean()
            for part in parts
            if part.any()
        )
    )


def refitted(sure: Floats, right: Right, group: Floats) -> Floats:
    """Each source's confidence by a fit to the other sources, (n,)."""
    odds = np.log(np.clip(sure, 1e-3, 1 - 1e-3) / np.clip(1 - sure, 1e-3, 1))
    found = np.zeros(len(sure))
    for each in np.unique(group):
        own = group == each
        gain, bias = fit(odds[~own, None], right[~own])
        found[own] = 1 / (1 + np.exp(-(gain * odds[own] + bias)))
    return found


def plot(path: Path, curves: dict[str, tuple[Floats, Right]]) -> None:
    """Share of right frames over confidence, one line a source; a dot's area is its frames."""
    colours = ("#0072b2", "#d55e00", "#009e73", "#444444")
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 420" font-family="sans-serif" '
        'font-size="12"><rect width="420" height="420" fill="white"/>',
        '<path d="M50 370H370M50 370V50M50 370L370 50" stroke="#999" fill="none"/>',
        '<text x="210" y="405" text-anchor="middle">confidence</text>',
        '<text x="18" y="210" text-anchor="middle" transform="rotate(-90 18 210)">'
        "share of frames with IoU at least 0.5</text>",
    ]
    for mark in (0.0, 0.5, 1.0):
        lines.append(f'<text x="{50 + 320 * mark}" y="386" text-anchor="middle">{mark}</text>')
        lines.append(f'<text x="44" y="{374 - 320 * mark}" text-anchor="end">{mark}</text>')
    for row, (colour, (name, (sure, right))) in enumerate(
        zip(colours, curves.items(), strict=False)
    ):
        places = np.clip(np.digitize(sure, BINS) - 1, 0, 9)
        points = []
        for place in np.unique(places):
            part = places == place
            x, y = 50 + 320 * sure[part].mean(), 370 - 320 * right[part].mean()
            radius = max(1.5, 12 * np.sqrt(part.mean()))
            points.append(f"{x:.1f},{y:.1f}")
            lines.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" '
                'fill-opacity="0.5"/>'
            )
        lines.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>')
        lines.append(f'<text x="60" y="{66 + 16 * row}" fill="{colour}">{name}</text>')
    path.write_text("\n".join([*lines, "</svg>\n"]), encoding="utf-8")


def main() -> None:
    """Observe, print, plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes, as effort.py does")
    parser.add_argument("--tracker", default="mmnet")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    tracker = build(given.tracker, {}, given.work)
    found = {}
    for source in SOURCES:
        each = clips(given.data, source, Take(3, given.frames, given.clips))
        parts = [observe(tracker, clip) for clip in each]
        if parts:
            found[source] = tuple(np.concatenate(part) for part in zip(*parts, strict=True))
    sure, right = (np.concatenate([each[which] for each in found.values()]) for which in (0, 1))
    group = np.concatenate([np.full(len(s), n) for n, (s, _) in enumerate(found.values())])
    anew = refitted(sure, right, group)
    print(this_machine("cpu"))
    print("source       frames   right  mean confidence  error  error, fitted to the others")
    for number, name in enumerate(found):
        own = group == number
        print(
            f"{name:12s} {own.sum():6d}  {right[own].mean():6.3f}  {sure[own].mean():15.3f}"
            f"  {error(sure[own], right[own]):5.3f}  {error(anew[own], right[own]):5.3f}"
        )
    briers = [np.mean((each - right) ** 2) for each in (sure, anew)]
    print(f"all: error {error(sure, right):.3f}, fitted to the others {error(anew, right):.3f}")
    print(f"Brier score {briers[0]:.3f}, fitted to the others {briers[1]:.3f}")
    if given.plot:
        plot(given.plot, {**found, "all": (sure, right)})


if __name__ == "__main__":
    main()
