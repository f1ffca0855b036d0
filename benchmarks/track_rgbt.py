"""Seconds of each stage of dual-attention's profiles on made pairs, updates included.

Run as ``python -m benchmarks.track_rgbt``; ``--profile paper`` takes minutes on a CPU. On a CPU
they are process seconds of one thread, so that other programs do not count; on a GPU those of the
clock. Weights are random, which changes no time. Frames end with the long update that every tenth
of them has, of all steps and of what all of them left in memory. Of the paper's profile the first
frame alone is cut short: fewer samples, and learned without attention at the fast profile's rate.
"""

import argparse
import time
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.made_pairs import made_pairs
from tirdata.types import Box
from tracking.evaluation.machine import this_machine
from tracking.trackers.dual_attention import DualAttentionTracker
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.online import Bank, Learner
from tracking.trackers.pair_features import Extractor

SHORT: dict[str, dict[str, Any]] = {
    "fast": {},
    "paper": {"init_positives": 50, "init_negatives": 100, "box_samples": 50, "init_rate": 1e-3,
              "attention": "off"},
}  # fmt: skip
"""What is otherwise on the first frame."""


def main() -> None:
    """Measure a profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=list(SHORT), default="fast")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--graphs", action="store_true", help="on a GPU: the setting graphs")
    parser.add_argument("--frames", type=int, default=10, help="after the first; in tens")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if given.device == "cpu":
        time.perf_counter = time.process_time  # what the tracker notes are CPU seconds, then
    print(f"{this_machine(given.device)}; {given.profile}; {given.frames} frames")
    asked = {"random_init": True, "device": given.device, "profile": given.profile,
             "graphs": given.graphs}  # fmt: skip
    whole, short = (DualAttentionConfig.model_validate(asked | each)
                    for each in ({}, SHORT[given.profile]))  # fmt: skip
    tracker = DualAttentionTracker(short)
    sequence, pairs = made_pairs(given.frames + 1)
    tracker.init_pair(pairs[0], Box(*(float(each) for each in sequence.tracks[0].boxes[0])))
    assert tracker._learner is not None  # noqa: S101 - for mypy
    tracker.config = tracker._learner.config = whole
    show("first frame", tracker.seconds, 1)
    tracker.seconds, begun = {}, now(tracker)
    lost = sum(tracker.track_pair(pair).score < 0.5 for pair in pairs[1:])
    took = now(tracker) - begun
    show("a frame", tracker.seconds, given.frames)
    print(f"a frame, all: {took / given.frames:.3f} s; {given.frames / took:.2f} frames/s", end="")
    print(f"; {lost} frames of {given.frames} with the object lost, each an update of its own")
    count_operations(tracker)


def now(tracker: DualAttentionTracker) -> float:
    """Seconds, once the device has done what it was told."""
    if tracker.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def show(what: str, seconds: dict[str, float], frames: int) -> None:
    """A line of seconds."""
    stages = ", ".join(f"{name} {value / frames:.3f}" for name, value in seconds.items())
    print(f"{what}: {stages} s", flush=True)


def count_operations(tracker: DualAttentionTracker) -> None:
    """Operations of the candidates of a frame, of their scores and of one step of learning."""
    config = tracker.config
    extract = Extractor(tracker.model, config)
    learner = Learner(extract, config, np.random.default_rng(0))
    samples = [*tracker._memory.negatives]
    view, box = samples[0].view, np.array([tracker._box], np.float64)
    some = 16 if config.features == "crops" else config.candidates
    boxes = tracker._around().gaussian(some, config.move, config.scale, valid=True)
    with FlopCounterMode(display=False) as counted:
        found = extract(view, boxes, box[0, 2:])
    times = config.candidates / some if config.features == "crops" else 1
    print(f"candidates: {counted.get_total_flops() * times / 1e9:.1f} GFLOP")
    with FlopCounterMode(display=False) as counted:
        learner.scores(found.features)
    print(f"scores: {counted.get_total_flops() * config.candidates / some / 1e9:.1f} GFLOP")
    begun = time.perf_counter()
    with FlopCounterMode(display=False) as counted:
        learner._step(Bank([*tracker._memory.positives]), Bank(samples), learner._later)
    took_s = time.perf_counter() - begun
    print(f"a step: {counted.get_total_flops() / 1e9:.1f} GFLOP, {took_s:.2f} s")


if __name__ == "__main__":
    main()
