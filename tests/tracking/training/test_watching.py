"""What a training tells while it runs, what it keeps on the device, how it ends without room."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.made_mix import made_tree, named
from tests.tracking.training.test_mmnet import _config, _logged, _tensors
from tirdata.errors import DataError, MissingError
from tirdata.mix.shards import MixReader
from tracking.training import matching
from tracking.training.data import keep_crops
from tracking.training.mmnet import train_mmnet


def test_the_tracker_is_tried_on_sequences_of_its_own_and_learning_stays_the_same(
    tiny_mix: Path, tmp_path: Path
) -> None:
    tree = made_tree(tmp_path / "held-out", [named(7, count=4), named(8, count=4)])
    config = _config(validate_on=tree, validate_every=1, validate_sequences=1, validate_frames=1)
    train_mmnet(tiny_mix, tmp_path / "run", config, stop_after=2)
    train_mmnet(tiny_mix, tmp_path / "alone", _config(), stop_after=2)
    told = (tmp_path / "run/validation.jsonl").read_text().splitlines()
    looks = [json.loads(line) for line in told]
    assert [look["step"] for look in looks] == [1, 2]
    assert all(0 <= look["overlap"] <= 1 for look in looks)
    ours, theirs = _tensors(tmp_path / "run"), _tensors(tmp_path / "alone")
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_nothing_to_follow_is_said_before_anything_is_written(
    tiny_mix: Path, tmp_path: Path
) -> None:
    tree = made_tree(tmp_path / "held-out", [named(7, count=1)])
    with pytest.raises(DataError, match="held-out: no object with two known boxes"):
        train_mmnet(tiny_mix, tmp_path / "run", _config(validate_on=tree))
    assert not (tmp_path / "run").exists()


def test_crops_kept_on_the_device_make_the_same_pairs(tiny_mix: Path, tmp_path: Path) -> None:
    augment = {"shift": 8, "noise": 3, "paste": 1.0}
    for name, kept in (("read", False), ("kept", True)):
        config = _config(keep_crops=kept, augment=augment)
        train_mmnet(tiny_mix, tmp_path / name, config, stop_after=2)
    losses = [[line["loss"] for line in _logged(tmp_path / name)] for name in ("read", "kept")]
    assert losses[0] == losses[1]


def test_too_many_crops_for_the_device_say_how_much_room_they_take(
    tiny_mix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Tensor:
        message = "[enforce fail] DefaultCPUAllocator: can't allocate memory"
        raise RuntimeError(message)

    monkeypatch.setattr(torch, "empty", full)
    with pytest.raises(MissingError, match=r"24 crops of 223 x 223 take .* GiB; cpu has no room"):
        keep_crops(MixReader(tiny_mix, "train"), torch.device("cpu"), 0)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
    ids=["gpu", "cpu", "python"],
)
def test_out_of_memory_is_advice_and_the_last_checkpoint_is_whole(
    tiny_mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    train_mmnet(tiny_mix, tmp_path, _config(), stop_after=1)
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def fail(*_: object) -> Tensor:
        raise error

    monkeypatch.setattr(matching, "label_map", fail)
    with pytest.raises(MissingError, match=r"step 1: out of memory with 1 pairs .*--batch") as told:
        train_mmnet(tiny_mix, tmp_path, _config())
    assert told.value.exit_code == 5
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    monkeypatch.undo()
    assert train_mmnet(tiny_mix, tmp_path, _config(), stop_after=2).resumed_at == 1


def test_another_error_of_torch_stays_what_it_is(
    tiny_mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Tensor:
        message = "shapes do not fit"
        raise RuntimeError(message)

    monkeypatch.setattr(matching, "label_map", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        train_mmnet(tiny_mix, tmp_path, _config())


def test_tensorboard_has_the_curves_of_every_part(tiny_mix: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = _config(tensorboard=True)
    train_mmnet(tiny_mix, tmp_path, config, stop_after=1)
    train_mmnet(tiny_mix, tmp_path, config)
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    tags = set(found.Tags()["scalars"])
    assert {"loss/total", "loss/dis", "loss/fin", "lr", "pairs_per_s", "waited"} <= tags
    assert [event.step for event in found.Scalars("loss/total")] == [1, 8]


def test_without_tensorboard_it_says_what_to_install(
    tiny_mix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingError, match=r"pip install 'tirdata\[track\]'"):
        train_mmnet(tiny_mix, tmp_path / "run", _config(tensorboard=True))
    assert not (tmp_path / "run").exists()
