"""A backbone's own start: trained to name the classes of a mix of crops, and what is background.

For want of weights trained on ImageNet. Thermal and visible crops alike, in grey. What is written
has the form of converted weights, so whatever starts from those starts from these.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD

from tirdata.mix.shards import MixReader
from tirdata.remote import Place
from tracking.models.global_attention import GlobalAttention
from tracking.models.vgg16 import Vgg16
from tracking.models.vgg_m import GREY, VggM, initialise
from tracking.training.class_crops import ClassBatch, ClassCrops, gather_objects
from tracking.training.data import in_order
from tracking.training.loop import Progress, Schedule, silent
from tracking.training.opened_mix import open_mix
from tracking.training.pretrain_config import PretrainConfig, Trunk
from tracking.training.run import Learning, Run
from tracking.training.run_folder import TrainResult, check_ours
from tracking.weights.load import pick_device, write_weights


class Backbone(nn.Module):
    """A trunk, the mean of its features over space, and a layer that names the class."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, trunk: Trunk, classes: int) -> None:
        super().__init__()
        self.about: dict[str, Any]
        if trunk == "vgg-m":
            local = VggM()
            initialise(local)
            self.trunk: nn.Module = local
            mean, deviation = torch.tensor([GREY]), torch.ones(1)
            self.about = {"model": "vgg-m", "lrn": local.lrn}
        else:
            self.trunk = Vgg16()
            whole = GlobalAttention(1, normalize="imagenet")
            mean, deviation = whole.mean, whole.deviation
            self.about = {"model": "vgg16", "width": 64, "normalize": "imagenet"}
        self.register_buffer("mean", mean.view(1, -1, 1, 1), persistent=False)
        self.register_buffer("deviation", deviation.view(1, -1, 1, 1), persistent=False)
        self.classifier = nn.Linear(512, classes)

    def forward(self, crops: Tensor) -> Tensor:
        """Scores (b, classes) of crops (b, 1, h, w), grey levels 0..255."""
        images = crops.float().expand(-1, 3, -1, -1)
        features = self.trunk(((images - self.mean) / self.deviation).contiguous())
        scores: Tensor = self.classifier(features.float().mean(dim=(2, 3)))
        return scores


@dataclass(frozen=True)
class Pretrained(TrainResult):
    """What a run left behind, and how well it names what it has not seen."""

    accuracy: float | None
    """Mean over classes of the share named rightly on the validation side; None = it is empty."""


class ClassLoss:
    """Cross-entropy of the class."""

    def __init__(self, config: PretrainConfig) -> None:
        self.config = config

    def __call__(self, model: nn.Module, batch: ClassBatch) -> dict[str, Tensor]:
        """Parts by name."""
        bf16 = self.config.precision == "bf16"
        with torch.autocast(batch.crops.device.type, dtype=torch.bfloat16, enabled=bf16):
            scores = model(batch.crops)
        return {"class": nn.functional.cross_entropy(scores.float(), batch.labels)}


def pretrain_backbone(
    mix: Place,
    out: Path,
    config: PretrainConfig,
    on_step: Callable[[Progress], None] = silent,
    *,
    stop_after: int | None = None,
    cache: Path | None = None,
) -> Pretrained:
    """Train on the crops of ``mix`` into ``out``; goes on where an earlier call stopped.

    Leaves ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and ``TRUNK.safetensors``.

    Raises:
        DataError: the mix or the checkpoint do not fit.
        UsageError: a mix of pairs, or ``out`` holds files of somebody's.
        MissingError: the device is not there.
    """
    device = pick_device(config.device)
    _, mix_hash = open_mix(mix, "matching")
    weights = out / f"{config.trunk}.safetensors"
    check_ours(out, weights.name, PretrainConfig)
    reader = MixReader(mix, "train", cache)
    objects = gather_objects(reader.entries)
    names = [*sorted({each.class_name for each in objects}), "background"]
    model, optimizer = _prepare(config, len(names), device)

    def batches(steps: range) -> Iterator[ClassBatch]:
        return in_order(ClassCrops(reader, objects, names, config, steps), config.workers)

    learning = Learning(
        model.train(), optimizer, ClassLoss(config), batches, build_schedule(config),
        config.checkpoint_every,
    )  # fmt: skip
    last = min(config.steps, stop_after or config.steps)
    done = Run(out, config, mix_hash).go(learning, device, on_step, last)
    accuracy = _accuracy(model.eval(), MixReader(mix, "val", cache), names, config, device)
    told = {
        "trained_on": f"crops of a mix in grey: {', '.join(names)}",
        "mix_sha256": mix_hash, "steps": done.end, "accuracy": accuracy,
        "train": config.model_dump(mode="json"),
    }  # fmt: skip
    write_weights(weights, model.trunk, model.about | told)
    return Pretrained(weights, *done, accuracy)


def _prepare(config: PretrainConfig, classes: int, device: torch.device) -> tuple[Backbone, SGD]:
    torch.manual_seed(config.seed)
    model = Backbone(config.trunk, classes).to(device)
    groups = [{"params": list(model.parameters()), "lr_multiplier": 1.0}]
    return model, SGD(groups, lr=0.0, momentum=config.momentum, weight_decay=config.decay)


def build_schedule(config: PretrainConfig) -> Schedule:
    """Twenty stages, or one a step where there are fewer."""
    stages = min(20, config.steps)
    each = -(-config.steps // stages)
    return Schedule(-(-config.steps // each), each, config.lr_first, config.lr_last)


@torch.inference_mode()
def _accuracy(
    model: nn.Module, reader: MixReader, names: list[str], config: PretrainConfig,
    device: torch.device,
) -> float | None:  # fmt: skip
    found = gather_objects(reader.entries)
    objects = [each for each in found if each.class_name in names]
    if not objects or not config.validation:
        return None
    each = min(64, config.validation)
    plain = {"shift": 0.0, "contrast": 0.0, "invert": 0.0, "batch": each}
    steps = range(-(-config.validation // each))
    shown = ClassCrops(reader, objects, names, config.model_copy(update=plain), steps)
    right, seen = torch.zeros(len(names)), torch.zeros(len(names))
    for batch in in_order(shown, 0):
        answers = model(batch.crops.to(device)).argmax(1).cpu()
        seen += torch.bincount(batch.labels, minlength=len(names))
        hits = batch.labels[answers == batch.labels]
        right += torch.bincount(hits, minlength=len(names))
    return float((right / seen)[seen > 0].mean())
