"""CPU seconds of each stage of dual-attention's profiles on made pairs, and their operations.

Run as ``python -m benchmarks.track_rgbt``; ``--profile paper`` takes minutes. One thread; weights
are random, which changes no time. The paper's profile has fewer samples on the first frame, and
after the last of its two frames an update of fewer steps: they are timed where they are taken, on
all that those frames left in memory, and a frame is reckoned from what its own update costs.
"""

import argparse
import time

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

FRAMES = {"fast": 10, "paper": 2}  # the last one with an update
FEWER: dict[str, dict[str, int]] = {
    "fast": {"init_steps": 3},
    "paper": {"init_positives": 24, "init_negatives": 40, "init_steps": 1, "box_samples": 24,
              "update_every": 2, "update_steps": 3},
}  # fmt: skip


def main() -> None:
    """Measure a profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=list(FRAMES), default="fast")
    profile = parser.parse_args().profile
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    time.perf_counter = time.process_time  # what the tracker notes are CPU seconds, then
    print(this_machine("cpu"))
    asked = {"random_init": True, "device": "cpu", "profile": profile, **FEWER[profile]}
    tracker = DualAttentionTracker(DualAttentionConfig.model_validate(asked))
    sequence, pairs = made_pairs(FRAMES[profile] + 1)
    tracker.init_pair(pairs[0], Box(*(float(each) for each in sequence.tracks[0].boxes[0])))
    show("first frame", tracker.seconds, 1)
    tracker.seconds = {}
    for pair in pairs[1:]:
        tracker.track_pair(pair)
    show("a frame, updates aside", without_updates(tracker.seconds), FRAMES[profile])
    whole = DualAttentionConfig.model_validate({"profile": profile})
    step_s = tracker.seconds["learning"] / tracker.config.update_steps
    print(f"an update: {step_s * whole.update_steps:.2f} CPU s ({whole.update_steps} steps)")
    rest_s = sum(without_updates(tracker.seconds).values()) / FRAMES[profile]
    total_s = rest_s + step_s * whole.update_steps / whole.update_every
    print(f"a frame, updates included: {total_s:.2f} CPU s")
    count_operations(tracker)


def without_updates(seconds: dict[str, float]) -> dict[str, float]:
    """Seconds of all stages but learning."""
    return {name: value for name, value in seconds.items() if name != "learning"}


def show(what: str, seconds: dict[str, float], frames: int) -> None:
    """A line of CPU seconds."""
    stages = ", ".join(f"{name} {value / frames:.3f}" for name, value in seconds.items())
    print(f"{what}: {sum(seconds.values()) / frames:.3f} CPU s ({stages})")


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
    begun = time.process_time()
    with FlopCounterMode(display=False) as counted:
        learner._step(Bank([*tracker._memory.positives]), Bank(samples), learner._later)
    took_s = time.process_time() - begun
    print(f"a step: {counted.get_total_flops() / 1e9:.1f} GFLOP, {took_s:.2f} CPU s")


if __name__ == "__main__":
    main()
