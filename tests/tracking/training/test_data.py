"""Batches: crops in their place, the same whatever prepares them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tirdata.errors import DataError
from tirdata.mix.shards import MixReader
from tirdata.types import Frame
from tracking.models.alexnet import STRIDE
from tracking.training.config import TrainConfig
from tracking.training.data import Batch, batches
from tracking.training.sampling import Kind, Sampler
from tracking.training.tracks import gather_tracks

CROP = 191
LABELS = {"airplane": 0, "drone": 30}


def _batches(mix: Path, steps: range, **config: object) -> list[Batch]:
    checked = TrainConfig.model_validate({"batch": 4, **config})
    reader = MixReader(mix, "train")
    sampler = Sampler(gather_tracks(reader.entries, LABELS, ("vid", "tir")), checked, {})
    return list(batches(reader, sampler, size=CROP, steps=steps))


def _same(a: Batch, b: Batch) -> bool:
    return all(torch.equal(value, b.__dict__[name]) for name, value in a.__dict__.items())


def _warm_centre(crop: Frame) -> tuple[float, float]:
    """Where the blob lies, in pixels from the middle of the crop."""
    rows, columns = np.nonzero(crop > 145)
    middle = (CROP - 1) / 2
    return float(columns.mean() - middle), float(rows.mean() - middle)


def test_a_batch_has_the_shapes_it_says(tiny_mix: Path) -> None:
    (batch,) = _batches(tiny_mix, range(1))
    assert batch.z.shape == batch.x.shape == (4, 1, CROP, CROP)
    assert batch.z.dtype == batch.x.dtype == torch.uint8
    assert batch.offsets.shape == (4, 2)
    assert batch.offsets.abs().sum() == 0  # nothing is moved unless asked for
    assert batch.kinds.shape == batch.labels.shape == (4,)
    assert set(batch.labels.tolist()) <= set(LABELS.values())


def test_offsets_say_where_the_object_went(tiny_mix: Path) -> None:
    shares = {"positive": 1.0, "hard_negative": 0.0}
    plain = _batches(tiny_mix, range(8), **shares)
    moved = _batches(tiny_mix, range(8), **shares, augment={"shift": 30})
    before, after = (
        np.array([_warm_centre(x[0].numpy()) for batch in made for x in batch.x])
        for made in (plain, moved)
    )
    offsets = torch.cat([batch.offsets for batch in moved]).numpy() * STRIDE
    assert np.abs(offsets).max() > 25
    assert np.median(np.abs(after - before - offsets)) < 0.3
    # the exemplar stays where it was
    assert all(torch.equal(a.z, b.z) for a, b in zip(plain, moved, strict=True))


def test_the_exemplar_of_a_hard_negative_is_not_the_object(tiny_mix: Path) -> None:
    (batch,) = _batches(tiny_mix, range(1), positive=0.0, hard_negative=1.0)
    assert (batch.kinds == Kind.HARD).all()
    middle = slice(CROP // 2 - 10, CROP // 2 + 10)
    assert batch.z[:, 0, middle, middle].float().mean() < 130
    assert batch.x[:, 0, middle, middle].float().mean() > 150


def test_both_crops_of_a_pair_are_turned_black_hot_together(tiny_mix: Path) -> None:
    made = _batches(tiny_mix, range(8), positive=1.0, hard_negative=0.0, augment={"invert": 0.5})
    middle = slice(CROP // 2 - 10, CROP // 2 + 10)
    z, x = (
        torch.cat([crops[:, 0, middle, middle].float().mean((1, 2)) for crops in both]) < 110
        for both in ([batch.z for batch in made], [batch.x for batch in made])
    )
    assert torch.equal(z, x)
    assert 0 < z.sum() < len(z)


def test_a_batch_depends_on_its_step_and_not_on_what_came_before(tiny_mix: Path) -> None:
    augment = {"shift": 10, "noise": 4}
    straight = _batches(tiny_mix, range(4), augment=augment)
    resumed = _batches(tiny_mix, range(2, 4), augment=augment)
    assert all(_same(a, b) for a, b in zip(straight[2:], resumed, strict=True))
    assert not _same(straight[0], straight[1])
    assert not _same(straight[0], _batches(tiny_mix, range(1), augment=augment, seed=1)[0])


def test_the_number_of_workers_changes_nothing(tiny_mix: Path) -> None:
    augment = {"shift": 10, "noise": 4, "invert": 0.5}
    here = _batches(tiny_mix, range(3), augment=augment)
    there = _batches(tiny_mix, range(3), augment=augment, workers=2)
    assert all(_same(a, b) for a, b in zip(here, there, strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_shard_is_one_line_wherever_it_is_read(
    tiny_mix: Path, tmp_path: Path, workers: int
) -> None:
    (tmp_path / "train").mkdir()
    index = (tiny_mix / "train" / "index.jsonl").read_bytes()
    (tmp_path / "train" / "index.jsonl").write_bytes(index)
    with pytest.raises(DataError, match=r"shard-000000\.tar: no such shard") as caught:
        _batches(tmp_path, range(1), workers=workers)
    assert "\n" not in str(caught.value)


def test_a_batch_moves_whole(tiny_mix: Path) -> None:
    (batch,) = _batches(tiny_mix, range(1))
    assert _same(batch.to(torch.device("cpu")), batch)
