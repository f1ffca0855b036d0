"""The weights that ship with a part taken out, for `benchmarks.compare` to run: nothing is trained.

    python -m benchmarks.ablated --data ../shared/data --out ablated
    python -m benchmarks.compare --trackers mmnet "mmnet weights=ablated/no-conv3.safetensors" …

no-conv3 and no-conv5 leave the other matching branch alone; no-pc takes away what the attention
adds; no-hc puts the mean of its map over the held-out clips' first crops in the map's place. A part
that a network learned to do with is not worth what taking it out loses: retraining without it
(`benchmarks.results`) is the fair question.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.annotated import Take
from benchmarks.following import held_out_clips
from benchmarks.responses import first_crop
from tracking.models.mmnet import MMNet
from tracking.trackers.mmnet import load_model
from tracking.weights.load import read_about, shipped, write_weights

VARIANTS = ("no-conv3", "no-conv5", "no-pc", "no-hc")


@torch.no_grad()
def mean_gain(model: MMNet, crops: torch.Tensor) -> float:
    """Of the holistic module's map over crops (b, 1, s, s) in 0..1."""
    fine = model.fine_grained
    if fine is None or fine.holistic is None:
        raise ValueError("these weights have no holistic module")
    gain: torch.Tensor = fine.holistic.gain(fine.reduce(model.backbone(crops).conv3))
    return float(gain.mean())


@torch.no_grad()
def ablated(
    weights: Path, variant: str, about: dict[str, Any], gain: float
) -> tuple[MMNet, dict[str, Any]]:
    """The network of ``weights`` without a part, and what its file is to say of itself."""
    model = load_model(weights)
    fine = model.fine_grained
    if fine is None or fine.pixel_level is None or fine.holistic is None:
        raise ValueError(f"{weights}: already lacks a part; expected all branches")
    if variant == "no-conv3":
        kept = [name for name in about["branches"] if name in ("dis", "cls")]
        smaller = MMNet(tuple(kept), about["classes"], about["input_size"])
        known = smaller.state_dict().keys()
        smaller.load_state_dict({k: v for k, v in model.state_dict().items() if k in known})
        return smaller.eval(), {**about, "branches": kept}
    if variant == "no-conv5":
        for value in model.backbone.conv5.parameters():
            value.zero_()
    elif variant == "no-pc":
        fine.pixel_level.delta.zero_()
    elif variant == "no-hc":
        fine.holistic.up2.weight.zero_()
        nn.init.constant_(fine.holistic.up2.bias, math.log(gain / (1 - gain)))  # type: ignore[arg-type]
    else:
        raise ValueError(f"{variant}: expected {', '.join(VARIANTS)}")
    return model, about


def main() -> None:
    """Write a file a variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, help="default: those that ship")
    parser.add_argument("--out", type=Path, default=Path("ablated"))
    given = parser.parse_args()
    weights = given.weights or shipped("mmnet")
    model, about = load_model(weights), read_about(weights)
    clips = held_out_clips(given.data, "svanstrom", Take(every=1, frames=1, part="val", clips=8))
    gain = mean_gain(model, torch.cat([first_crop(model, clip) for clip in clips]))
    delta = float(model.state_dict()["fine_grained.pixel_level.delta"])
    print(f"mean gain of hc {gain:.3f}; delta of pc {delta:.3f}")
    given.out.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        made, told = ablated(weights, variant, about, gain)
        write_weights(given.out / f"{variant}.safetensors", made, told)


if __name__ == "__main__":
    main()
