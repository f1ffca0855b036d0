"""Training the box refiner on a mix of crops."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from tirdata.geometry import overlap
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import MixReader
from tirdata.remote import Place
from tirdata.types import Box
from tracking.models.box_refiner import BoxRefiner
from tracking.trackers.refine_crops import corrected
from tracking.training.box_refiner_config import RefinerConfig
from tracking.training.box_refiner_data import RefinerBatch, RefinerPairs
from tracking.training.data import in_order
from tracking.training.loop import Progress, Schedule, silent
from tracking.training.opened_mix import open_mix
from tracking.training.run import Learning, Run
from tracking.training.run_folder import TrainResult, check_ours
from tracking.training.tracks import gather_tracks
from tracking.weights.load import pick_device, write_weights

WEIGHTS = "box_refiner.safetensors"
UNIT = Box(-0.5, -0.5, 1.0, 1.0)  # a box in its own sides


@dataclass(frozen=True)
class RefinerResult(TrainResult):
    """What a run left behind, and what it makes of pairs it has not seen."""

    overlap_before: float | None
    """Mean IoU of the validation side's boxes; None = there are none."""
    overlap_after: float | None
    """The same after correction."""


class CorrectionLoss:
    """Minus the logarithm of the Laplace likelihood of what is off."""

    def __init__(self, config: RefinerConfig) -> None:
        self.bf16 = config.precision == "bf16"

    def __call__(self, model: nn.Module, batch: RefinerBatch) -> dict[str, Tensor]:
        """Parts by name."""
        if not isinstance(model, BoxRefiner):
            raise TypeError("expected a BoxRefiner")
        with torch.autocast(batch.z.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            found = model(model.exemplars(batch.z), batch.x)
        error = (found.mean - batch.off).abs()
        return {"box": (error / found.doubt + found.doubt.log()).mean()}


def train_refiner(
    mix: Place,
    out: Path,
    config: RefinerConfig,
    on_step: Callable[[Progress], None] = silent,
    *,
    stop_after: int | None = None,
    cache: Path | None = None,
) -> RefinerResult:
    """Train on the crops of ``mix`` into ``out``; goes on where an earlier call stopped.

    Leaves ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and ``box_refiner.safetensors``.

    Raises:
        DataError: the mix or the checkpoint do not fit.
        UsageError: a mix of pairs, or ``out`` holds files of somebody's.
        MissingError: the device is not there.
    """
    device = pick_device(config.device)
    manifest, mix_hash = open_mix(mix, "matching")
    check_ours(out, WEIGHTS, RefinerConfig)
    torch.manual_seed(config.seed)
    model = BoxRefiner().to(device)
    groups = [{"params": list(model.parameters()), "lr_multiplier": 1.0}]
    optimizer = AdamW(groups, lr=0.0, weight_decay=config.decay)
    reader = MixReader(mix, "train", cache)

    def batches(steps: range) -> Iterator[RefinerBatch]:
        return in_order(pairs_of(reader, manifest, config, steps), config.workers)

    learning = Learning(
        model.train(), optimizer, CorrectionLoss(config), batches, build_schedule(config),
        config.checkpoint_every,
    )  # fmt: skip
    last = min(config.steps, stop_after or config.steps)
    done = Run(out, config, mix_hash).go(learning, device, on_step, last)
    before, after = _overlaps(model.eval(), MixReader(mix, "val", cache), manifest, config, device)
    told = {
        "model": "box_refiner", "mix_sha256": mix_hash, "steps": done.end, "overlap_before": before,
        "overlap_after": after, "train": config.model_dump(mode="json"),
    }  # fmt: skip
    write_weights(out / WEIGHTS, model, told)
    return RefinerResult(out / WEIGHTS, *done, before, after)


def pairs_of(
    reader: MixReader, manifest: MixManifest, config: RefinerConfig, steps: range
) -> RefinerPairs:
    labels = {name: number for number, name in enumerate(manifest.classes)}
    return RefinerPairs(
        reader, gather_tracks(reader.entries, labels, ("vid", "tir")), config, steps
    )


def build_schedule(config: RefinerConfig) -> Schedule:
    """Twenty stages, or one a step where there are fewer."""
    stages = min(20, config.steps)
    each = -(-config.steps // stages)
    return Schedule(-(-config.steps // each), each, config.lr_first, config.lr_last)


@torch.inference_mode()
def _overlaps(
    model: BoxRefiner, reader: MixReader, manifest: MixManifest, config: RefinerConfig,
    device: torch.device,
) -> tuple[float | None, float | None]:  # fmt: skip
    """Mean IoU with the true box of boxes that are off, and of the same corrected."""
    if not len(reader.entries) or not config.validation:
        return None, None
    plain = config.model_copy(update={"lost": 0.0, "anywhere": 0.0})
    pairs = pairs_of(reader, manifest, plain, range(-(-config.validation // config.batch)))
    found = []
    for batch in in_order(pairs, 0):
        answer = model(model.exemplars(batch.z.to(device)), batch.x.to(device)).mean.cpu().numpy()
        truth = np.array([corrected(UNIT, off) for off in batch.off.double().numpy()])
        for row, boxes in enumerate((np.array([UNIT] * len(truth)), _all(answer))):
            found.append((row, overlap(boxes, truth)))
    before, after = (
        float(np.concatenate([values for row, values in found if row == wanted]).mean())
        for wanted in (0, 1)
    )
    return before, after


def _all(off: np.ndarray) -> np.ndarray:
    return np.array([corrected(UNIT, row.astype(np.float64)) for row in off])
