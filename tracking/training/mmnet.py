"""Training MMNet: the five strategies of the paper over one loop."""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD

from tirdata import files
from tirdata.config import read_json, to_json
from tirdata.errors import ConfigError, UsageError
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import MixReader
from tirdata.remote import Place
from tracking.models.alexnet import Features
from tracking.models.correlation_filter import correlate_all
from tracking.models.mmnet import MMNet, Templates
from tracking.training import checkpoint
from tracking.training.config import STRATEGIES, Strategy, TrainConfig
from tracking.training.data import Batch, batches
from tracking.training.loop import Progress, Schedule, silent, train, trim_log
from tracking.training.losses import classification_loss, label_map, matching_loss
from tracking.training.run_folder import TrainResult, check_ours
from tracking.training.sampling import Kind, Sampler
from tracking.training.tracks import gather_tracks
from tracking.weights.load import load_weights, pick_device, read_about, write_weights


def train_mmnet(
    mix: Place,
    out: Path,
    config: TrainConfig,
    on_step: Callable[[Progress], None] = silent,
    *,
    stop_after: int | None = None,
    cache: Path | None = None,
) -> TrainResult:
    """Train on ``mix`` into the folder ``out``; goes on where an earlier call stopped.

    Leaves ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and, at the end of the schedule or
    after ``stop_after`` steps in all, ``mmnet.safetensors``. Shards of an address are copied to
    ``cache``, or without it read in parts.

    Raises:
        ConfigError: the strategy needs --init, or one that was trained on the same classes.
        DataError: the mix, the checkpoint or the initial weights do not fit.
        UsageError: ``out`` holds files of somebody's that a run would write over.
        MissingError: the device or the initial weights are not there.
    """
    strategy = STRATEGIES[config.strategy]
    device = pick_device(config.device)
    manifest = read_json(mix / "mix.json", MixManifest)
    _check_task(mix, manifest)
    mix_hash = hashlib.sha256((mix / "mix.json").read_bytes()).hexdigest()
    check_ours(out, "mmnet.safetensors", TrainConfig)
    model, optimizer = _prepare(config, strategy, manifest, device)
    done = 0
    saved = out / "checkpoint.pt"
    if saved.exists():
        done = checkpoint.restore(saved, model, optimizer, config, mix_hash)
    files.write_text(out / "config.json", to_json(config))

    schedule = build_schedule(config, strategy)
    end = max(done, min(schedule.steps, stop_after or schedule.steps))
    reader = MixReader(mix, "train", cache)
    sampler = _sampler(reader, manifest, config, strategy)
    hold(model, strategy.frozen)
    trim_log(out / "log.jsonl", done)
    losses: list[float] = []

    def note(progress: Progress) -> None:
        losses.append(progress.loss)
        on_step(progress)

    train(
        model,
        batches(
            reader,
            sampler,
            size=manifest.recipe.crop_size,
            steps=range(done, end),
            pin=device.type == "cuda",
        ),
        MatchingLoss(config, strategy),
        optimizer,
        schedule=schedule,
        done=done,
        device=device,
        log=out / "log.jsonl",
        save=lambda step: checkpoint.save(saved, model, optimizer, step, config, mix_hash),
        save_every=config.checkpoint_every,
        on_step=note,
    )
    if losses:
        checkpoint.save(saved, model, optimizer, end, config, mix_hash)
    weights = out / "mmnet.safetensors"
    write_weights(weights, model, about(config, manifest, mix_hash, end))
    return TrainResult(weights, end, done, losses)


def _check_task(mix: Place, manifest: MixManifest) -> None:
    """See that the mix holds crops.

    Raises:
        UsageError: it holds pairs of whole frames.
    """
    task = manifest.recipe.task
    if task != "matching":
        pairs = sum(counts.crops for counts in manifest.subsets.values())
        raise UsageError(
            f"{mix}: holds {pairs} pairs of frames (task {task}); mmnet trains on crops: build "
            "another mix with build-mix --task matching"
        )


def _prepare(
    config: TrainConfig, strategy: Strategy, manifest: MixManifest, device: torch.device
) -> tuple[MMNet, SGD]:
    """The network as the strategy starts it, and its optimizer."""
    if strategy.needs_init and config.init is None:
        raise ConfigError(
            f"--strategy {config.strategy} starts from weights; name them with --init"
        )
    torch.manual_seed(config.seed)
    model = build_model(config, manifest)
    if config.init is not None:
        _start_from(config.init, model, config, strategy, manifest)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    freeze(model, strategy.frozen)
    groups = parameter_groups(model, config.decay)
    return model, SGD(groups, lr=0.0, momentum=config.momentum)


def _start_from(
    init: Path, model: MMNet, config: TrainConfig, strategy: Strategy, manifest: MixManifest
) -> None:
    """Load ``init``; its classification layer only where it means the same classes."""
    told = read_about(init)
    same = told.get("class_names") == list(manifest.classes) and "cls" in told.get("branches", ())
    if same and model.classifier is not None:
        load_weights(init, model)
        return
    load_weights(init, model, but=("classifier.",))
    kept = _begins("classifier.weight", strategy.frozen)
    if kept and model.classifier is not None and classification_weight(config, strategy):
        raise ConfigError(
            f"{init}: was trained on other classes, and {config.strategy} keeps its classification "
            "layer as it is; set classification = 0 in --config, or train both on one mix"
        )


def _sampler(
    reader: MixReader, manifest: MixManifest, config: TrainConfig, strategy: Strategy
) -> Sampler:
    labels = {name: number for number, name in enumerate(manifest.classes)}
    return Sampler(
        gather_tracks(reader.entries, labels, strategy.domains),
        config,
        {"vid": manifest.recipe.vid_weight, "tir": manifest.recipe.tir_weight},
    )


def build_model(config: TrainConfig, manifest: MixManifest) -> MMNet:
    """The network of ``config`` for the classes of ``manifest``."""
    return MMNet(config.branches, max(30, len(manifest.classes)), manifest.recipe.crop_size)


def about(config: TrainConfig, manifest: MixManifest, mix_hash: str, steps: int) -> dict[str, Any]:
    """What the weights file says of itself."""
    return {
        "model": "mmnet",
        "branches": list(config.branches),
        "classes": max(30, len(manifest.classes)),
        "class_names": list(manifest.classes),
        "input_size": manifest.recipe.crop_size,
        "steps": steps,
        "mix_sha256": mix_hash,
        "train": config.model_dump(mode="json"),
    }


def classification_weight(config: TrainConfig, strategy: Strategy) -> float:
    """Weight of the classification loss: what ``config`` says, else the strategy's own."""
    weight = config.classification
    return strategy.classification if weight is None else weight


def build_schedule(config: TrainConfig, strategy: Strategy) -> Schedule:
    """The strategy's schedule with what ``config`` says otherwise."""
    return Schedule(
        epochs=config.epochs or strategy.epochs,
        steps_per_epoch=max(1, config.pairs_per_epoch // config.batch),
        first=config.lr_first or strategy.lr_first,
        last=config.lr_last or strategy.lr_last,
    )


def parameter_groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights at rate 1 with decay; biases at 2, batch-norm gains at 2 and shifts at 1, without."""
    norms = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        owner, _, kind = name.rpartition(".")
        if owner in norms:
            key = (2.0, 0.0) if kind == "weight" else (1.0, 0.0)
        elif kind == "bias":
            key = (2.0, 0.0)
        else:
            # delta and the calibrations' gains: ordinary rate, no decay
            key = (1.0, decay if parameter.ndim > 1 else 0.0)
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "lr_multiplier": multiplier, "weight_decay": group_decay}
        for (multiplier, group_decay), parameters in groups.items()
    ]


def freeze(model: nn.Module, prefixes: tuple[str, ...]) -> None:
    """Stop gradients of the parameters whose names begin so; ``hold`` does the batch norms."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not _begins(name, prefixes))


def hold(model: nn.Module, prefixes: tuple[str, ...]) -> None:
    """Training mode, but frozen batch norms keep normalising by their stored statistics."""
    model.train()
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d) and _begins(f"{name}.", prefixes):
            module.eval()


def _begins(name: str, prefixes: tuple[str, ...]) -> bool:
    return bool(prefixes) and name.startswith(prefixes)


class MatchingLoss:
    """L_dis + L_fin + lambda_2 L_cls of a batch; equations 3-5 of the paper."""

    def __init__(self, config: TrainConfig, strategy: Strategy) -> None:
        self.precision = config.precision
        self.in_batch = config.in_batch_negatives
        self.classification = classification_weight(config, strategy)

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Parts by name."""
        if not isinstance(model, MMNet):
            raise TypeError("expected an MMNet")
        count = len(batch.z)
        images = torch.cat([batch.z, batch.x]).float().div_(255)
        images = images.contiguous(memory_format=torch.channels_last)
        with self._autocast(images.device.type):
            features = model.embed(images)
        z = Features(features.conv3[:count], features.conv5[:count])
        x = Features(features.conv3[count:], features.conv5[count:])
        templates = model.templates(z)
        responses = model.responses(templates, x)
        negative = (batch.kinds != Kind.POSITIVE)[:, None, None]
        labels = torch.where(negative, -1.0, label_map(batch.offsets, responses.total.shape[-1]))

        parts = {"dis": matching_loss(model.calibration5(responses.discriminative), labels).mean()}
        if responses.fine_grained is not None:
            parts["fin"] = matching_loss(model.calibration3(responses.fine_grained), labels).mean()
        if model.classifier is not None and self.classification:
            keep = (batch.kinds != Kind.HARD).float()
            scores = model.classify(Features(z.conv3.float(), z.conv5.float()))
            parts["cls"] = self.classification * classification_loss(scores, batch.labels, keep)
        if self.in_batch:
            parts["others"] = self.in_batch * self._others(model, templates, x)
        return parts

    def _others(self, model: MMNet, templates: Templates, x: Features) -> Tensor:
        """Every exemplar against every other search crop: all negative, no extra features."""
        pairs = [(model.calibration5, templates.discriminative, x.conv5)]
        if templates.fine_grained is not None:
            pairs.append((model.calibration3, templates.fine_grained, x.conv3))
        total = torch.zeros((), device=x.conv5.device)
        if len(x.conv5) < 2:
            return total
        for calibration, template, search in pairs:
            scores = calibration(correlate_all(template, search.float()))
            losses = nn.functional.softplus(scores).mean(dim=(2, 3))
            count = len(losses)
            off = ~torch.eye(count, dtype=torch.bool, device=losses.device)
            total = total + 0.5 * losses[off].mean()
        return total

    def _autocast(self, device: str) -> Any:  # noqa: ANN401 - torch's own context managers
        if self.precision == "bf16":
            return torch.autocast(device, dtype=torch.bfloat16)
        return nullcontext()
