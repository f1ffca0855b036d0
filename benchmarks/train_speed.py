"""Pairs a second that MMNet's training takes, by batch and by where crops come from.

Every variant is a run of its own through the command's own function; told are medians of the steps
after the first ones, the share of the time in which a batch was waited for, and operations a second
beside what a matrix product of the same precision reaches. Without --mix a small one is made.

Run: python -m benchmarks.train_speed --device cuda --batches 32 64 128 --workers 0 8
"""

import argparse
import json
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.track_parts import roofline
from tests.made_mix import build, made_trees
from tirdata.mix.manifest import read_manifest
from tirdata.mix.recipe import Recipe
from tracking.evaluation.machine import this_machine
from tracking.models.mmnet import MMNet
from tracking.training.config import STANDARD_AUGMENT, STRATEGIES, TrainConfig
from tracking.training.data import Batch
from tracking.training.matching import MatchingLoss
from tracking.training.mmnet import train_mmnet
from tracking.weights.load import pick_device


def small_mix(root: Path) -> Path:
    """A mix of a few made recordings, whole crops."""
    vid, tir = made_trees(root, recordings=4, count=12)
    build(Recipe(vid=(vid,), tir=(tir,)), root / "mix")
    return root / "mix"


def operations_of_a_pair(size: int) -> float:
    """Floating-point operations of a pair, forward and backward, Fourier transforms not counted."""
    config = TrainConfig()
    model = MMNet(input_size=size)
    crops = torch.zeros(1, 1, size, size, dtype=torch.uint8)
    batch = Batch(crops, crops, torch.zeros(1, 2), torch.zeros(1), torch.zeros(1, dtype=torch.long))
    with FlopCounterMode(display=False) as counter:
        sum(MatchingLoss(config, STRATEGIES["mix-train"])(model, batch).values()).backward()  # type: ignore[union-attr]
    return float(counter.get_total_flops())


def run(mix: Path, config: TrainConfig, steps: int, skipped: int) -> tuple[float, float]:
    """Pairs a second, and the share of the time in which batches were waited for."""
    with tempfile.TemporaryDirectory() as out:
        train_mmnet(mix, Path(out), config, stop_after=steps)
        text = (Path(out) / "log.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()][skipped:]
    seconds = np.array([config.batch / line["pairs_per_s"] for line in lines])
    waited = np.array([line["waited"] for line in lines])
    return config.batch * len(lines) / float(seconds.sum()), float(
        (waited * seconds).sum() / seconds.sum()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mix", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batches", type=int, nargs="*", default=[32, 64, 128])
    parser.add_argument("--workers", type=int, nargs="*", default=[8])
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--skipped", type=int, default=20, help="steps that warm up")
    given = parser.parse_args()
    print(this_machine(given.device))
    device = pick_device(given.device)
    with tempfile.TemporaryDirectory() as scratch:
        mix = given.mix or small_mix(Path(scratch))
        size = read_manifest(mix).recipe.crop_size
        flops = operations_of_a_pair(size)
        dtype = torch.bfloat16 if given.precision == "bf16" else torch.float32
        roof = roofline(device, dtype)
        print(f"{flops / 1e9:.1f} GFLOP a pair, forward and backward; a matrix product in "
              f"{given.precision} reaches {roof / 1e12:.2f} TFLOP/s")  # fmt: skip
        print(f"{'crops':>8}{'loaders':>9}{'batch':>7}{'pairs/s':>10}{'waited':>8}{'busy':>7}"
              f"{'TFLOP/s':>9}{'of roof':>9}")  # fmt: skip
        for kept, workers, batch in product((False, True), given.workers, given.batches):
            config = TrainConfig(
                batch=batch, workers=workers, keep_crops=kept, device=given.device,
                precision=given.precision, augment=STANDARD_AUGMENT, in_batch_negatives=0.25,
                pairs_per_epoch=batch * given.steps, checkpoint_every=10**6,
            )  # fmt: skip
            rate, waited = run(mix, config, given.steps, given.skipped)
            print(f"{'kept' if kept else 'read':>8}{workers:>9}{batch:>7}{rate:>10.1f}"
                  f"{waited:>8.1%}{1 - waited:>7.1%}{rate * flops / 1e12:>9.2f}"
                  f"{rate * flops / roof:>9.0%}")  # fmt: skip


if __name__ == "__main__":
    main()
