"""From MMNet's response maps to the probability that its box overlaps the object by half.

Runs the tracker on a dataset with true boxes, twice a sequence: as it is, and with the object
painted out half-way, so that there are frames in which it is gone. Fits logistic regressions to
features of the response maps; for the first, the one that the tracker uses, prints the numbers for
``tracking/trackers/mmnet.py`` and a table of how often the score was right.

Run: python -m benchmarks.calibrate_score TRUTH…    (datasets, such as held_out.py --part val makes)
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.geometry import overlap
from tirdata.layouts import open_layout
from tirdata.types import Box, Boxes, Floats, Frame
from tirdata.types import Sequence as TrackedSequence
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker, Target
from tracking.trackers.response import UPSAMPLING, Answer, apce, peak_to_sidelobe, second_peak

GONE_AFTER = 15  # frames before the object is painted out
FRAMES = 30
FEATURES = {
    "relative peak": [0],
    "and peak to sidelobe": [0, 1],
    "and APCE, second peak": [0, 1, 2, 3],
}


class Recorder(MMNetTracker):
    """Keeps the features of each frame."""

    def __init__(self, config: MMNetConfig) -> None:
        super().__init__(config)
        self.features: list[Floats] = []

    def _score(self, target: Target, answer: Answer) -> float:
        radius = 4 * UPSAMPLING
        response = answer.values.cpu().numpy()
        shape = (
            np.clip(answer.top / target.first_peak, 0.0, 2.0),
            np.log(max(peak_to_sidelobe(response, radius), 1e-3)),
            np.log(max(apce(response), 1e-3)),
            second_peak(response, radius),
        )
        self.features.append(np.array(shape))
        return super()._score(target, answer)


def painted_out(frame: Frame, box: Floats) -> Frame:
    """The frame with the object's place filled from around it."""
    mask = np.zeros(frame.shape, np.uint8)
    x, y, w, h = box
    grow = 0.35 * max(w, h) + 2
    left, top = max(0, round(x - grow)), max(0, round(y - grow))
    mask[top : round(y + h + grow), left : round(x + w + grow)] = 255
    return np.asarray(cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA), np.uint8)


def observe(
    tracker: Recorder, sequence: TrackedSequence, boxes: Boxes, *, vanish: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Features (n, 4) and whether the box was right (n,), frame by frame after the first."""
    present = np.flatnonzero(~np.isnan(boxes).any(axis=1))
    start = int(present[0])
    tracker.features = []
    tracker.init(sequence.frames[start], Box(*boxes[start].tolist()))
    right = []
    for number in range(start + 1, min(start + FRAMES, len(boxes))):
        frame = sequence.frames[number]
        gone = bool(np.isnan(boxes[number]).any())
        if vanish and not gone and number - start >= GONE_AFTER:
            frame, gone = painted_out(frame, boxes[number]), True
        box = np.array([tracker.track(frame).box])
        right.append(not gone and bool(overlap(box, boxes[number : number + 1])[0] >= 0.5))
    return np.array(tracker.features), np.array(right)


def fit(features: Floats, right: NDArray[np.bool_], ridge: float = 1.0) -> Floats:
    """Weights and bias of a logistic regression by Newton's method, (k + 1,)."""
    x = np.hstack([features, np.ones((len(features), 1))])
    weights = np.zeros(x.shape[1])
    penalty = ridge * np.eye(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - right) + penalty @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        weights = weights - np.linalg.solve(hessian, gradient)
    return weights


def main() -> None:
    """Observe every sequence, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--profile", default="default")
    given = parser.parse_args()
    # One score a frame: what a search elsewhere answers is no frame's.
    config = MMNetConfig(weights=given.weights, profile=given.profile, search_when_lost=False)
    tracker = Recorder(config)
    features, right, clips = [], [], []
    for clip, sequence in enumerate(
        s for root in given.truth for s in open_layout(root).read(root)
    ):
        r = np.zeros(0)
        for vanish in (False, True):
            f, r = observe(tracker, sequence, sequence.tracks[0].boxes, vanish=vanish)
            features.append(f)
            right.append(r)
            clips.append(np.full(len(r), clip))
        print(f"{sequence.name}: {r.mean():.2f} right with the object gone half-way", flush=True)
    x, y, group = np.concatenate(features), np.concatenate(right), np.concatenate(clips)
    for name, columns in FEATURES.items():
        unseen = unseen_scores(x[:, columns], y, group)
        print(f"{name}: Brier score {np.mean((unseen - y) ** 2):.4f}, on clips not fitted to")
    print(f"{len(y)} frames, {y.mean():.3f} of them right; by the first:")
    unseen = unseen_scores(x[:, :1], y, group)
    print("score       frames  right")
    for low in np.arange(0, 1, 0.1):
        inside = (unseen >= low) & (unseen < low + 0.1 + 1e-9 * (low > 0.85))
        if inside.any():
            print(f"{low:.1f}..{low + 0.1:.1f}  {inside.sum():8d}  {y[inside].mean():.3f}")
    gain, bias = fit(x[:, :1], y)
    print(f"SCORE_GAIN = {gain:.2f}\nSCORE_BIAS = {bias:.2f}")


def unseen_scores(x: Floats, y: NDArray[np.bool_], group: Floats) -> Floats:
    """Scores of each clip by a fit to four fifths of the clips that it is not among, (n,)."""
    scores = np.zeros(len(y))
    for fold in range(5):
        test = group % 5 == fold
        weights = fit(x[~test], y[~test])
        scores[test] = 1 / (1 + np.exp(-(x[test] @ weights[:-1] + weights[-1])))
    return scores


if __name__ == "__main__":
    main()
