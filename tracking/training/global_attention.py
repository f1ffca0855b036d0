"""Training the global attention network on masks: the second paper's second stage."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adagrad

from tirdata import files
from tirdata.config import to_json
from tirdata.errors import DataError, MissingError
from tirdata.remote import Place
from tracking.models.global_attention import GlobalAttention
from tracking.trackers.global_search import MODEL
from tracking.training import checkpoint
from tracking.training.data import in_order
from tracking.training.distributed import Ranks, join, leave
from tracking.training.global_config import GlobalTrainConfig
from tracking.training.loop import Progress, Schedule, silent, train, trim_log
from tracking.training.pair_batches import PairBatch, PairDataset
from tracking.training.pair_sources import PairSource, open_pairs
from tracking.training.run_folder import CHECKPOINT, CONFIG, LOG, TrainResult, check_ours
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
        run = _Run(out, config, source, mix_hash, ranks)
        return run.go(pick_device(device), on_step, stop_after)
    finally:
        leave()


@dataclass(frozen=True)
class _Run:
    """A training, as one process sees it."""

    out: Path
    config: GlobalTrainConfig
    source: PairSource
    mix_hash: str
    ranks: Ranks

    def go(
        self, device: torch.device, on_step: Callable[[Progress], None], stop_after: int | None
    ) -> TrainResult:
        config, ranks, log = self.config, self.ranks, self.out / LOG
        places = ranks.slice_of(config.batch)
        check_ours(self.out, WEIGHTS, GlobalTrainConfig)
        model, start = build_model(config)
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = _optimizer(model, config)
        done = self._done(model, optimizer)
        schedule = build_schedule(config, len(self.source))
        end = max(done, min(schedule.steps, stop_after or schedule.steps))
        if ranks.leads:
            files.write_text(self.out / CONFIG, to_json(config))
            trim_log(log, done)
        losses: list[float] = []

        def note(progress: Progress) -> None:
            losses.append(progress.loss)
            on_step(progress)

        dataset = PairDataset(self.source, config, range(done, end), places)
        train(
            model.train(),
            in_order(dataset, config.workers, pin=device.type == "cuda"),
            MaskLoss(config),
            optimizer,
            schedule=schedule,
            done=done,
            device=device,
            log=log,
            save=lambda step: self._save(model, optimizer, step),
            save_every=config.checkpoint_every,
            on_step=note,
            ranks=ranks,
        )
        if ranks.leads:
            if losses:
                self._save(model, optimizer, end)
            write_weights(self.out / WEIGHTS, model, start | self._about(model, end))
        ranks.meet()
        return TrainResult(self.out / WEIGHTS, end, done, losses)

    def _done(self, model: GlobalAttention, optimizer: Adagrad) -> int:
        """Load the checkpoint, if there is one; the number of steps that are done."""
        path, done = self.out / CHECKPOINT, 0
        if path.exists():
            done = checkpoint.restore(
                path, model, optimizer, self.config, self.mix_hash, polarity=self.source.polarity
            )
        self.ranks.meet()  # all have read what the first one may write over
        return done

    def _save(self, model: GlobalAttention, optimizer: Adagrad, step: int) -> None:
        checkpoint.save(
            self.out / CHECKPOINT, model, optimizer, step, self.config, self.mix_hash,
            polarity=self.source.polarity,
        )  # fmt: skip

    def _about(self, model: GlobalAttention, steps: int) -> dict[str, Any]:
        """What the weights file says of itself."""
        config = self.config
        return {
            "model": MODEL,
            "width": config.width,
            "decoder_relu": config.decoder_relu,
            "normalize": model.normalize,
            "input_size": list(config.input_size),
            "invert_output": config.train_label == "background",
            "mask_polarity": self.source.polarity,
            "mask_boxes": self.source.mask_boxes,
            "pairs": len(self.source),
            "left_out": self.source.left_out,
            "steps": steps,
            "mix_sha256": self.mix_hash,
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
    model = GlobalAttention(config.width, decoder_relu=config.decoder_relu, normalize=normalize)
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

    def __call__(self, model: nn.Module, batch: PairBatch) -> dict[str, Tensor]:
        """Parts by name."""
        if not isinstance(model, GlobalAttention):
            raise TypeError("expected a GlobalAttention")
        bf16 = self.config.precision == "bf16"
        with torch.autocast(batch.visible.device.type, dtype=torch.bfloat16, enabled=bf16):
            target = model.see_target(batch.target_visible, batch.target_thermal)
            logits = model(batch.visible, batch.thermal, target)
        if self.config.train_label == "background":
            logits = -logits
        weight = torch.tensor(self.config.positive_weight, device=logits.device)
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits.float(), batch.label.float() / 255, pos_weight=weight
        )
        return {"mask": loss}
