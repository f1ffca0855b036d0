"""Training MMNet: the five strategies of the paper over one loop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.optim import SGD

from tirdata import files
from tirdata.config import to_json
from tirdata.errors import ConfigError, DataError
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import MixReader
from tirdata.remote import Place
from tracking.models.mmnet import MMNet
from tracking.training import checkpoint
from tracking.training.boards import Board
from tracking.training.config import STRATEGIES, Strategy, TrainConfig
from tracking.training.data import batches
from tracking.training.distributed import Ranks, join, leave, share_norms
from tracking.training.loop import Progress, Schedule, silent, train, trim_log
from tracking.training.matching import MatchingLoss, classification_weight
from tracking.training.opened_mix import open_mix
from tracking.training.parameters import begins, freeze, hold, parameter_groups
from tracking.training.run_folder import CHECKPOINT, CONFIG, LOG, TrainResult, check_ours
from tracking.training.sampling import Sampler
from tracking.training.tracks import gather_tracks
from tracking.training.validation import VALIDATION, Validation, targets_of
from tracking.weights.load import load_weights, pick_device, read_about, write_weights

WEIGHTS = "mmnet.safetensors"


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
    ``cache``, or without it read in parts. Started by torchrun, each process takes its part of
    every batch, and the first one writes.

    Raises:
        ConfigError: the strategy needs --init, or one that was trained on the same classes, or the
            batch cannot be shared by the processes.
        DataError: the mix, the checkpoint or the initial weights do not fit, or the loss is not a
            number.
        UsageError: ``out`` holds files of somebody's that a run would write over.
        MissingError: the device, the initial weights or a package is not there, or memory runs out.
    """
    ranks, device = join(config.device)
    try:
        strategy = STRATEGIES[config.strategy]
        picked = pick_device(device)
        manifest, mix_hash = open_mix(mix, "matching")
        check_ours(out, WEIGHTS, TrainConfig)
        run = _Run(out, config, strategy, manifest, mix_hash, ranks)
        return run.go(MixReader(mix, "train", cache), picked, on_step, stop_after)
    finally:
        leave()


@dataclass(frozen=True)
class _Run:
    """A training, as one process sees it."""

    out: Path
    config: TrainConfig
    strategy: Strategy
    manifest: MixManifest
    mix_hash: str
    ranks: Ranks

    def go(
        self,
        reader: MixReader,
        device: torch.device,
        on_step: Callable[[Progress], None],
        stop_after: int | None,
    ) -> TrainResult:
        config, ranks = self.config, self.ranks
        places = ranks.slice_of(config.batch)
        sampler = _sampler(reader, self.manifest, config, self.strategy)
        model, optimizer = _prepare(config, self.strategy, self.manifest, device)
        done = self._done(model, optimizer)
        schedule = build_schedule(config, self.strategy)
        end = max(done, min(schedule.steps, stop_after or schedule.steps))
        losses: list[float] = []
        watched = self._watched(model, device, done, end, on_step)

        def note(progress: Progress) -> None:
            losses.append(progress.loss)
            watched(progress)

        share_norms(model, ranks)
        hold(model, self.strategy.frozen)
        train(
            model,
            batches(
                reader,
                sampler,
                size=self.manifest.recipe.crop_size,
                steps=range(done, end),
                device=device,
                places=places,
            ),
            MatchingLoss(config, self.strategy, ranks),
            optimizer,
            schedule=schedule,
            done=done,
            device=device,
            log=self.out / LOG,
            save=lambda step: self._save(model, optimizer, step),
            save_every=config.checkpoint_every,
            on_step=note,
            ranks=ranks,
        )
        if ranks.leads:
            if losses:
                self._save(model, optimizer, end)
            write_weights(self.out / WEIGHTS, model, self._about(end))
        ranks.meet()
        return TrainResult(self.out / WEIGHTS, end, done, losses)

    def _done(self, model: MMNet, optimizer: SGD) -> int:
        """Load the checkpoint, if there is one; the number of steps that are done."""
        saved, done = self.out / CHECKPOINT, 0
        if saved.exists():
            done = checkpoint.restore(saved, model, optimizer, self.config, self.mix_hash)
        self.ranks.meet()  # all have read what the first one may write over
        return done

    def _watched(
        self,
        model: MMNet,
        device: torch.device,
        done: int,
        end: int,
        on_step: Callable[[Progress], None],
    ) -> Callable[[Progress], None]:
        """``on_step`` with the curves and the looks from outside that were asked for."""
        config = self.config
        if not self.ranks.leads:
            return on_step
        targets = (
            None
            if config.validate_on is None
            else targets_of(config.validate_on, config.validate_sequences, config.validate_frames)
        )
        board = Board(self.out, done) if config.tensorboard else None
        files.write_text(self.out / CONFIG, to_json(config))
        trim_log(self.out / LOG, done)
        trim_log(self.out / VALIDATION, done)
        follows = None if targets is None else Validation(self.out, targets, device, self._about)

        def watch(progress: Progress) -> None:
            if board is not None:
                board.write(progress)
            if follows is not None and (
                progress.step % config.validate_every == 0 or progress.step == end
            ):
                overlap = follows(model, progress.step)
                if board is not None:
                    board.value("validation/overlap", overlap, progress.step)
            on_step(progress)

        return watch

    def _save(self, model: MMNet, optimizer: SGD, step: int) -> None:
        path = self.out / CHECKPOINT
        checkpoint.save(path, model, optimizer, step, self.config, self.mix_hash)

    def _about(self, steps: int) -> dict[str, Any]:
        return about(self.config, self.manifest, self.mix_hash, steps)


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
    kept = begins("classifier.weight", strategy.frozen)
    if kept and model.classifier is not None and classification_weight(config, strategy):
        raise ConfigError(
            f"{init}: was trained on other classes, and {config.strategy} keeps its classification "
            "layer as it is; set classification = 0 in --config, or train both on one mix"
        )


def _sampler(
    reader: MixReader, manifest: MixManifest, config: TrainConfig, strategy: Strategy
) -> Sampler:
    labels = {name: number for number, name in enumerate(manifest.classes)}
    tracks = gather_tracks(reader.entries, labels, strategy.domains)
    if missing := [domain for domain in strategy.domains if domain not in tracks.domains]:
        raise DataError(
            f"the mix has no track in {' and '.join(missing)}; {config.strategy} learns from "
            f"{' and '.join(strategy.domains)}: add such data or choose another strategy"
        )
    return Sampler(
        tracks,
        config,
        {"vid": manifest.recipe.vid_weight, "tir": manifest.recipe.tir_weight},
    )


def build_model(config: TrainConfig, manifest: MixManifest) -> MMNet:
    """The network of ``config`` for the classes of ``manifest``."""
    classes = max(30, len(manifest.classes))
    return MMNet(config.branches, classes, manifest.recipe.crop_size, config.compat)


def about(config: TrainConfig, manifest: MixManifest, mix_hash: str, steps: int) -> dict[str, Any]:
    """What the weights file says of itself."""
    return {
        "model": "mmnet",
        "branches": list(config.branches),
        "compat": config.compat,
        "classes": max(30, len(manifest.classes)),
        "class_names": list(manifest.classes),
        "input_size": manifest.recipe.crop_size,
        "steps": steps,
        "mix_sha256": mix_hash,
        "train": config.model_dump(mode="json"),
    }


def build_schedule(config: TrainConfig, strategy: Strategy) -> Schedule:
    """The strategy's schedule with what ``config`` says otherwise."""
    return Schedule(
        epochs=config.epochs or strategy.epochs,
        steps_per_epoch=max(1, config.pairs_per_epoch // config.batch),
        first=config.lr_first or strategy.lr_first,
        last=config.lr_last or strategy.lr_last,
    )
