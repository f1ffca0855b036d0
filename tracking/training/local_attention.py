"""Multi-domain training of the local net: what all sequences share, and a last layer for each."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD

from tirdata.errors import DataError, MissingError
from tirdata.mix.pair_reader import PairReader
from tirdata.remote import Place
from tracking.models.local_attention import LocalAttention
from tracking.models.vgg_m import LRNS, VggM, initialise
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import TRUNK, WHERE, WHOLE
from tracking.trackers.pair_features import Extractor
from tracking.training.data import in_order
from tracking.training.distributed import ALONE, Ranks, join, leave
from tracking.training.domains import DomainBatch, DomainDataset, Domains, SampledFrame
from tracking.training.local_config import LocalTrainConfig
from tracking.training.loop import Progress, Schedule, silent
from tracking.training.opened_mix import open_mix
from tracking.training.pair_checks import check_samples
from tracking.training.run import Learning, Run
from tracking.training.run_folder import TrainResult, check_ours
from tracking.weights.load import load_weights, pick_device, read_about, write_weights

WEIGHTS = "local-attention.safetensors"

_LOG = logging.getLogger(__name__)


def train_local(
    mix: Place,
    out: Path,
    config: LocalTrainConfig,
    on_step: Callable[[Progress], None] = silent,
    *,
    stop_after: int | None = None,
    cache: Path | None = None,
) -> TrainResult:
    """Train on ``mix`` (of pairs) into the folder ``out``; goes on where an earlier call stopped.

    Leaves ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and ``local-attention.safetensors``:
    the trunks, fc4 and fc5; the last layers of the sequences are in the checkpoint alone. Started
    by torchrun, each process takes some frames of every step, and the first one writes.

    Raises:
        ConfigError: the frames of a step cannot be shared by the processes.
        DataError: the mix, the checkpoint or the initial weights do not fit.
        UsageError: the mix is of another task, or ``out`` holds files of somebody's.
        MissingError: the device or the initial weights are not there.
    """
    ranks, device = join(config.device)
    try:
        place = pick_device(device)
        frames = ranks.slice_of(config.frames, "frames")
        reader, mix_hash = _open(mix, cache)
        domains = Domains.of(reader)
        check_ours(out, WEIGHTS, LocalTrainConfig)
        model, about = build_model(config, len(domains))
        model.to(place)

        def batches(steps: range) -> Iterator[DomainBatch]:
            made = DomainDataset(reader, domains, config, steps, frames)
            return in_order(made, config.workers)

        learning = Learning(
            model.train(), _optimizer(model, config), DomainLoss(model, config, ranks), batches,
            Schedule(config.epochs, len(domains), config.lr, config.lr), config.checkpoint_every,
        )  # fmt: skip
        done = Run(out, config, mix_hash, ranks).go(learning, place, on_step, stop_after)
        if ranks.leads:
            about |= {"domains": len(domains), "steps": done.end, "mix_sha256": mix_hash}
            about |= {"train": config.model_dump(mode="json")}
            write_weights(out / WEIGHTS, _shared(model), about)
        ranks.meet()
        return TrainResult(out / WEIGHTS, *done)
    finally:
        leave()


class DomainLoss:
    """Mean cross entropy of the samples of a batch, by the last layer of their sequence."""

    def __init__(
        self, model: LocalAttention, config: LocalTrainConfig, ranks: Ranks = ALONE
    ) -> None:
        asked = {"features": config.features, "precision": config.precision, "attention": "off"}
        self.extractor = Extractor(model, DualAttentionConfig.model_validate(asked))
        self.ranks = ranks

    def __call__(self, model: nn.Module, batch: DomainBatch) -> dict[str, Tensor]:
        """Parts by name; their mean over the processes is that over all samples."""
        if not isinstance(model, LocalAttention):
            raise TypeError("expected a LocalAttention")
        sums = torch.stack([self._sum(model, frame, batch.domain) for frame in batch.frames])
        samples = torch.tensor(float(sum(len(frame.boxes) for frame in batch.frames)))
        return {"ce": sums.sum() / self.ranks.mean(samples.to(sums))}

    def _sum(self, model: LocalAttention, frame: SampledFrame, domain: int) -> Tensor:
        features = self.extractor.learning(frame.view, frame.boxes, np.array(frame.size))
        device = features.device
        labels = torch.zeros(len(features), dtype=torch.long, device=device)
        labels[: frame.positives] = 1
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(frame.seed)  # dropout, too, depends on step and frame alone
            scores = model.head(features, domain)
        return nn.functional.cross_entropy(scores, labels, reduction="sum")


def build_model(config: LocalTrainConfig, domains: int) -> tuple[LocalAttention, dict[str, Any]]:
    """The network as the training starts it, and what its weights say of themselves.

    Raises:
        MissingError: there are no initial weights, and random ones are not asked for.
        DataError: they are of another model or normalisation.
    """
    told = {} if config.init is None else read_about(config.init)
    if config.init is None and not config.random_init:
        raise MissingError(WHERE.format(flag="--init"))
    if told and (told.get("model") != TRUNK or told.get("lrn") not in LRNS):
        raise DataError(
            f"{config.init}: weights of {told.get('model', 'an unknown model')}; expected {TRUNK}"
        )
    lrn = told.get("lrn") or config.lrn or "matconvnet"
    if config.lrn not in (None, lrn):
        raise DataError(f"{config.init}: trained with normalisation {lrn}; not {config.lrn}")
    torch.manual_seed(config.seed)
    dense = config.features == "scene"
    model = LocalAttention(
        lrn, fusion=config.fusion, share_conv=config.share_conv, dense=dense, domains=domains
    )
    if config.init is None:
        _LOG.warning("starting from random weights")
    for trunk in model.trunks:
        assert isinstance(trunk, VggM)  # noqa: S101 - for mypy
        if config.init is None:
            initialise(trunk)
        else:
            load_weights(config.init, trunk)
    return model, {
        "model": WHOLE, "lrn": lrn, "fusion": config.fusion, "dense": dense,
        "share_conv": config.share_conv, "start": told.get("source_sha256", "random"),
    }  # fmt: skip


def _shared(model: LocalAttention) -> LocalAttention:
    """All but the last layers of the sequences."""
    trunk, head = model.trunks[0], model.head
    assert isinstance(trunk, VggM)  # noqa: S101 - for mypy
    kept = LocalAttention(
        trunk.lrn, fusion=head.fusion, share_conv=len(model.trunks) == 1, dense=trunk.dense,
        domains=0,
    )  # fmt: skip
    state = model.state_dict()
    kept.load_state_dict({name: state[name] for name in kept.state_dict()})
    return kept


def _open(mix: Place, cache: Path | None) -> tuple[PairReader, str]:
    _, mix_hash = open_mix(mix, "rgbt")
    reader = PairReader(mix, "train", cache)
    check_samples(reader)
    if not len(reader.entries):
        raise DataError(f"{mix}: no pair to train on")
    return reader, mix_hash


def _optimizer(model: LocalAttention, config: LocalTrainConfig) -> SGD:
    model.trunks.requires_grad_(not config.frozen)
    groups: list[dict[str, Any]] = [
        {"params": [*model.head.parameters()], "lr_multiplier": config.head_rate}
    ]
    if not config.frozen:
        groups.insert(0, {"params": [*model.trunks.parameters()], "lr_multiplier": 1.0})
    made = SGD(groups, lr=0.0, momentum=config.momentum, weight_decay=config.decay)
    weights = [each for group in groups for each in group["params"]]

    def clip(*_: object) -> None:
        nn.utils.clip_grad_norm_(weights, config.clip)

    made.register_step_pre_hook(clip)
    return made
