"""Whether a confidence of 0.7 means right in 7 of 10 frames: reliability by source, and a plot.

People's boxes stand on the first and the last frame of each clip, and every so many frames
(--gaps); between them a tracker runs both ways and the passes are fused, as `annotate --propagate`
does. A frame is right from IoU 0.5 on. Frames without a box are judged by what straight lines
would give there.

`--fit` fits the numbers of tirdata/annotate/certainty.py, says how a fit to four fifths of the
clips does on the fifth, and prints them: on the validation tenth of Svanström's set and antiuav
without its clip 41. Without it, the numbers that ship are judged on what they were not fitted to:
the test tenth, clip 41, and VOT-TIR's.

Run: python -m benchmarks.reliability --work FOLDER [--fit] --plot docs/pictures/reliability.svg
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from benchmarks.annotated import Clip, Take, clips
from benchmarks.certainty_fit import (
    Seen,
    bins,
    error,
    fit,
    grouped,
    joined,
    observe,
    probability,
    ranking,
    unseen,
)
from benchmarks.effort import tried_of
from tirdata.types import Flags, Floats
from tracking.evaluation.machine import this_machine

LEFT_OUT = "antiuav-41"  # of the fit; judged on
SIDE = 420  # of the plot


def main() -> None:
    """Observe, fit or judge, print, plot."""
    given = _arguments()
    cv2.setNumThreads(1)
    found = _clips(given)
    gaps = given.gaps
    print(f"{this_machine('cpu')}\n{len(found)} clips, human boxes every {gaps} frames")
    seen = {
        tried.name: observe(tried, found, gaps, given.work)
        for tried in tried_of(given.trackers, given.nano, given.set)
    }
    if given.fit:
        for number, name in enumerate(("BETWEEN", "BEYOND")):
            _fit(name, joined([grouped(both[number], each) for each, both in seen.items()]))
        return
    print("spans    tracker      source      frames  right  mean sure  error   Brier  ranking")
    for number, kind in enumerate(("between", "beyond")):
        for tracker, both in seen.items():
            _judge(f"{kind:8s} {tracker:12s}", both[number])
    if given.plot:
        plot(given.plot, {name: both[0] for name, both in seen.items()})


def _fit(name: str, seen: Seen) -> None:
    for level in (0.5, 0.7):
        right = seen.overlaps >= level
        sure = unseen(seen, level)
        print(
            f"\n{name}, IoU {level}: {len(right)} frames, {right.mean():.3f} right; on clips not "
            f"fitted to: error {error(sure, right):.3f}, Brier {np.mean((sure - right) ** 2):.3f}, "
            f"ranking {ranking(sure, right):.3f}"
        )
        weights = fit(seen, level)
        print({key: round(value, 2) for key, value in weights.items()})
    low, high = (probability(seen, fit(seen, level)) for level in (0.5, 0.7))
    odds = [np.log(np.clip(p, 1e-3, 1 - 1e-3) / np.clip(1 - p, 1e-3, 1)) for p in (low, high)]
    slope, rest = np.polyfit(odds[0], odds[1], 1)
    print(f"log odds of IoU 0.7 by those of 0.5: {slope:.2f} * odds {rest:+.2f}")


def _judge(label: str, seen: Seen) -> None:
    for source in [*dict.fromkeys(seen.groups.tolist()), "all"]:
        part = seen.part((seen.groups == source) | (source == "all"))
        sure, right = part.sure, part.overlaps >= 0.5
        print(
            f"{label} {source:10s} {len(sure):7d}  {right.mean():5.3f}  {sure.mean():9.3f}"
            f"  {error(sure, right):5.3f}  {np.mean((sure - right) ** 2):5.3f}"
            f"  {ranking(sure, right):6.3f}",
            flush=True,
        )


def plot(path: Path, curves: Mapping[str, Seen]) -> None:
    """Share of right frames over confidence, one line a tracker; a dot's area is its frames."""
    colours = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#444444")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" '
        f'font-family="sans-serif" font-size="12"><rect width="{SIDE}" height="{SIDE}" '
        'fill="white"/><path d="M50 370H370M50 370V50M50 370L370 50" stroke="#999" fill="none"/>',
        '<text x="210" y="405" text-anchor="middle">confidence</text>',
        '<text x="18" y="210" text-anchor="middle" transform="rotate(-90 18 210)">'
        "share of frames with IoU at least 0.5</text>",
    ]
    for mark in (0.0, 0.5, 1.0):
        lines.append(f'<text x="{50 + 320 * mark}" y="386" text-anchor="middle">{mark}</text>')
        lines.append(f'<text x="44" y="{374 - 320 * mark}" text-anchor="end">{mark}</text>')
    rows = zip(colours, curves.items(), strict=False)
    for row, (colour, (name, seen)) in enumerate(rows):
        lines += _curve(seen.sure, seen.overlaps >= 0.5, colour)
        lines.append(f'<text x="60" y="{66 + 16 * row}" fill="{colour}">{name}</text>')
    path.write_text("\n".join([*lines, "</svg>\n"]), encoding="utf-8")


def _curve(sure: Floats, right: Flags, colour: str) -> list[str]:
    places, points, lines = bins(sure), [], []
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
    return lines


def _clips(given: argparse.Namespace) -> list[Clip]:
    sources = ("svanstrom", "antiuav") if given.fit else ("svanstrom", "antiuav", "vot-tir")
    take = Take(3, given.frames, given.clips, "val" if given.fit else "test")
    found = [clip for source in sources for clip in clips(given.data, source, take)]
    return [
        clip for clip in found if clip.source != "antiuav" or (clip.name != LEFT_OUT) == given.fit
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes, as effort.py does")
    parser.add_argument("--trackers", nargs="*", default=["mmnet", "csrt", "kcf", "nano", "hold"])
    parser.add_argument("--gaps", nargs="*", type=int, default=[0, 30])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--nano", type=Path, help="folder of backbone.onnx and head.onnx")
    parser.add_argument("--set", nargs="*", default=[], help="settings of mmnet, name=value")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
