"""Training the global attention network on masks: the second paper's second stage."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adagrad

from tirdata import files
from tirdata.errors import DataError, MissingError
from tirdata.remote import Place
from tracking.models.global_attention import GlobalAttention
from tracking.trackers.global_search import MODEL
from tracking.training.data import in_order
from tracking.training.distributed import join, leave
from tracking.training.global_config import GlobalTrainConfig
from tracking.training.kept_views import FeatureBatch, KeptViews
from tracking.training.loop import Progress, Schedule, silent
from tracking.training.pair_batches import PairBatch, PairDataset
from tracking.training.pair_sources import PairSource, open_pairs
from tracking.training.run import Learning, Run
from tracking.training.run_folder import TrainResult, check_ours
from tracking.weights.load import load_weights, pick_device, read_about, write_weights

WEIGHTS = "global-attention.safetensors"

_LOG = logging.getLogger(__name__)


def train_global(
    mix: Place,
    out: Path,
    config: GlobalTrainConfig,
    on_step: Callable[[Progress], None] = silent,
    *,
    stop_after: int | None = None,
    cache: Path | None = None,
) -> TrainResult:
    """Train on ``mix`` (of pairs, or built masks) into ``out``; goes on where it stopped.

    Leaves ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and, at the end of the schedule or
    after ``stop_after`` steps in all, ``global-attention.safetensors``. Started by torchrun, each
    process takes its part of every batch, and the first one writes.

    Raises:
        ConfigError: the batch cannot be shared by the processes.
        DataError: the mix, the checkpoint or the initial weights do not fit.
        UsageError: ``out`` holds files of somebody's that a run would write over.
        MissingError: the device or the initial weights are not there.
    """
    ranks, device = join(config.device)
    try:
        source, mix_hash = open_pairs(mix, cache)
        _check_source(mix, source, config)
        check_ours(out, WEIGHTS, GlobalTrainConfig)
        model, start = build_model(config)
        place = pick_device(device)
        learning = _learning(model.to(place), config, source, ranks.slice_of(config.batch))
        run = Run(out, config, mix_hash, ranks, source.polarity)
        done = run.go(learning, place, on_step, stop_after)
        if ranks.leads:
            told = start | _about(model, config, source)
            write_weights(out / WEIGHTS, model, told | {"steps": done.end, "mix_sha256": mix_hash})
        ranks.meet()
        return TrainResult(out / WEIGHTS, *done)
    finally:
        leave()


def _learning(
    model: GlobalAttention, config: GlobalTrainConfig, source: PairSource, places: range
) -> Learning[PairBatch | FeatureBatch]:
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    cuda = next(model.parameters()).is_cuda

    def batches(steps: range) -> Iterator[PairBatch | FeatureBatch]:
        if config.views:
            kept = KeptViews(model, source, config)
            return (kept.batch(step, places) for step in steps)
        dataset = PairDataset(source, config, steps, places)
        made: Iterator[PairBatch | FeatureBatch] = in_order(dataset, config.workers, pin=cuda)
        return made

    return Learning(
        model.train(), _optimizer(model, config), MaskLoss(config), batches,
        build_schedule(config, len(source)), config.checkpoint_every,
    )  # fmt: skip


def _about(model: GlobalAttention, config: GlobalTrainConfig, source: PairSource) -> dict[str, Any]:
    """What the weights file says of itself."""
    return {
        "model": MODEL,
        "width": config.width,
        "decoder_width": config.decoder_width or config.width,
        "decoder_relu": config.decoder_relu,
        "normalize": model.normalize,
        "input_size": list(config.input_size),
        "invert_output": config.train_label == "background",
        "mask_polarity": source.polarity,
        "mask_boxes": source.mask_boxes,
        "pairs": len(source),
        "left_out": source.left_out,
        "train": config.model_dump(mode="json"),
    }


def _check_source(mix: Place, source: PairSource, config: GlobalTrainConfig) -> None:
    if config.mask_polarity not in (None, source.polarity):
        raise DataError(
            f"{mix}: masks are {source.polarity}; asked for {config.mask_polarity}: "
            "build them so, or leave mask_polarity out (labels are the same either way)"
        )
    for reason, count in source.left_out.items():
        _LOG.warning("%s: %d sequences left out: %s", mix, count, reason)


def build_model(config: GlobalTrainConfig) -> tuple[GlobalAttention, dict[str, Any]]:
    """The network as the training starts it, and what its weights will say of the start.

    Raises:
        MissingError: no weights to start from were named, or they are not there.
        DataError: the weights are of another network, or learned the other label.
    """
    if config.init is None and not config.random_init:
        raise MissingError(
            "the global stage starts from VGG-16 trained on ImageNet, which does not ship with "
            "this package: get https://download.pytorch.org/models/vgg16-397923af.pth, turn it "
            "into FILE with tirdata weights convert --from vgg16-torch, and name it with --init; "
            "or say --random-init"
        )
    found = {} if config.init is None else read_about(config.init)
    normalize = config.normalize or found.get("normalize", "imagenet")
    torch.manual_seed(config.seed)
    model = GlobalAttention(
        config.width, decoder_width=config.decoder_width, decoder_relu=config.decoder_relu,
        normalize=normalize,
    )  # fmt: skip
    if config.init is None:
        _LOG.warning("starting from random weights, not from VGG-16 as the paper does")
        return model, {"random_init": True}
    _start_from(config.init, found, model, config)
    return model, {"random_init": bool(found.get("random_init", False)),
                   "init": config.init.name, "init_sha256": files.sha256(config.init)}  # fmt: skip


def _start_from(
    init: Path, found: dict[str, Any], model: GlobalAttention, config: GlobalTrainConfig
) -> None:
    if found.get("model") == "vgg16":
        load_weights(init, model.encoder)
        with torch.no_grad():  # a ReLU follows: features are divided, nothing else changes
            for each in model.encoder.get_submodule("conv5_3").parameters():
                each.div_(config.divide_features)
        return
    if found.get("model") != MODEL:
        raise DataError(
            f"{init}: weights of {found.get('model', 'something else')}; expected vgg16 or {MODEL}"
        )
    label = "background" if found.get("invert_output") else "target"
    if label != config.train_label:
        raise DataError(
            f"{init}: its map means {label}; this training's is {config.train_label}: "
            f"set train_label = {label!r} or start from other weights"
        )
    load_weights(init, model)


def _optimizer(model: GlobalAttention, config: GlobalTrainConfig) -> Adagrad:
    for name, parameter in model.encoder.named_parameters():
        block = int(name.removeprefix("conv").partition("_")[0])
        parameter.requires_grad_(block > config.frozen_blocks)
    learned = [each for each in model.parameters() if each.requires_grad]
    groups = [{"params": learned, "lr_multiplier": 1.0}]
    return Adagrad(groups, lr=config.lr, weight_decay=config.decay)


def build_schedule(config: GlobalTrainConfig, pairs: int) -> Schedule:
    """Every pair once an epoch, at one rate."""
    steps = -(-(config.pairs_per_epoch or pairs) // config.batch)
    return Schedule(config.epochs, steps, config.lr, config.lr)


class MaskLoss:
    """Binary cross-entropy between map and mask, the mean over pixels and pairs."""

    def __init__(self, config: GlobalTrainConfig) -> None:
        self.config = config

    def __call__(self, model: nn.Module, batch: PairBatch | FeatureBatch) -> dict[str, Tensor]:
        """Parts by name."""
        if not isinstance(model, GlobalAttention):
            raise TypeError("expected a GlobalAttention")
        bf16 = self.config.precision == "bf16"
        with torch.autocast(batch.label.device.type, dtype=torch.bfloat16, enabled=bf16):
            if isinstance(batch, FeatureBatch):
                logits = model.decode(batch.features, model.take_target(batch.target))
            else:
                target = model.see_target(batch.target_visible, batch.target_thermal)
                logits = model(batch.visible, batch.thermal, target)
        if self.config.train_label == "background":
            logits = -logits
        weight = torch.tensor(self.config.positive_weight, device=logits.device)
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits.float(), batch.label.float() / 255, pos_weight=weight
        )
        return {"mask": loss}
