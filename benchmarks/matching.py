"""How well weights match crops of recordings that they were not trained on: cheap and even."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from tirdata.config import read_json
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import MixReader
from tracking.models.correlation_filter import correlate_all
from tracking.models.mmnet import MMNet
from tracking.training.config import Augment, TrainConfig
from tracking.training.data import Batch, batches
from tracking.training.losses import RADIUS
from tracking.training.sampling import Sampler
from tracking.training.tracks import gather_tracks
from tracking.weights.load import pick_device

TOGETHER = 8  # pairs, of other recordings each
SAMPLING = TrainConfig(
    positive=1.0, hard_negative=0.0, batch=TOGETHER, max_gap=100, seed=1,
    augment=Augment(shift=45, scale=0.03),
)  # fmt: skip


class Matching(NamedTuple):
    """Shares of the pairs, 0..1."""

    found: float
    """The highest cell of the response is within two cells of the object, moved by up to 45 px."""
    told_apart: float
    """Pairs of exemplars and other recordings' crops that answer less than the own one does."""


@torch.inference_mode()
def matching(model: MMNet, mix: Path, pairs: int, device: str = "cpu") -> Matching:
    """Over the thermal tracks of the validation side of ``mix``; the same pairs for all weights.

    Raises:
        DataError: the mix cannot be read.
    """
    where = pick_device(device)
    model = model.to(where).eval()
    reader, manifest = MixReader(mix, "val"), read_json(mix / "mix.json", MixManifest)
    labels = {name: number for number, name in enumerate(manifest.classes)}
    sampler = Sampler(gather_tracks(reader.entries, labels, ("tir",)), SAMPLING, {})
    steps = range(max(1, pairs // TOGETHER))
    parts = [
        _of_batch(model, batch.to(where))
        for batch in batches(reader, sampler, size=manifest.recipe.crop_size, steps=steps)
    ]
    found, apart = (torch.cat([part[place] for part in parts]) for place in (0, 1))
    return Matching(float(found.float().mean()), float(apart.float().mean()))


def _of_batch(model: MMNet, batch: Batch) -> tuple[Tensor, Tensor]:
    """Whether each pair's object is found, (b,); whether others answer less, (b * (b - 1),)."""
    z, x = (model.embed(crops.float() / 255) for crops in (batch.z, batch.x))
    templates = model.templates(z)
    answers = correlate_all(templates.discriminative, x.conv5)
    if templates.fine_grained is not None:
        answers = answers + correlate_all(templates.fine_grained, x.conv3)
    count, side = len(batch), answers.shape[-1]
    own = answers[range(count), range(count)]
    place = own.flatten(1).argmax(dim=1)
    cells = torch.stack([place % side, place // side], dim=1) - (side - 1) / 2
    peaks = answers.flatten(2).amax(dim=2)
    others = ~torch.eye(count, dtype=torch.bool, device=peaks.device)
    found = (cells - batch.offsets).norm(dim=1) <= RADIUS
    return found, (peaks < peaks.diagonal()[:, None])[others]
