"""Checkpoints: everything comes back, and another run's is refused with the reason."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tirdata.errors import DataError, VersionError
from tracking.training import checkpoint
from tracking.training.config import TrainConfig

CONFIG = TrainConfig(seed=5, batch=2)


def _trained(steps: int = 3) -> tuple[nn.Module, torch.optim.SGD]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        model(torch.rand(2, 1, 3, 3)).square().sum().backward()
        optimizer.step()
    return model, optimizer


def _save(path: Path) -> tuple[nn.Module, torch.optim.SGD]:
    model, optimizer = _trained()
    checkpoint.save(path, model, optimizer, 3, CONFIG, "mix-hash")
    return model, optimizer


def test_weights_norms_momentum_and_step_come_back(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    model, optimizer = _save(path)
    other, fresh = _trained(0)
    assert checkpoint.restore(path, other, fresh, CONFIG, "mix-hash") == 3
    for name, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name
    ours, theirs = optimizer.state_dict()["state"], fresh.state_dict()["state"]
    assert ours.keys() == theirs.keys() != set()
    for key, state in ours.items():
        assert torch.equal(state["momentum_buffer"], theirs[key]["momentum_buffer"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"seed": 6}, "seed was 5, now it is 6"),
        ({"batch": 4}, "batch was 2, now it is 4"),
        ({"strategy": "only-tir"}, "strategy was mix-train, now it is only-tir"),
        ({"augment": {"shift": 4}}, "augment was"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_other_settings_are_refused_by_name(
    tmp_path: Path, change: dict[str, object], part: str
) -> None:
    path = tmp_path / "checkpoint.pt"
    _save(path)
    config = TrainConfig.model_validate({**CONFIG.model_dump(), **change})
    with pytest.raises(DataError, match=rf"checkpoint\.pt: {part}"):
        checkpoint.restore(path, *_trained(0), config, "mix-hash")


@pytest.mark.parametrize("change", [{"device": "cpu"}, {"workers": 3}, {"checkpoint_every": 7}])
def test_what_changes_nothing_learned_may_change(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "checkpoint.pt"
    _save(path)
    config = CONFIG.model_copy(update=change)
    assert checkpoint.restore(path, *_trained(0), config, "mix-hash") == 3


def test_another_mix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    _save(path)
    with pytest.raises(DataError, match="made with another mix"):
        checkpoint.restore(path, *_trained(0), CONFIG, "another-hash")


@pytest.mark.parametrize("how", ["empty", "text", "short", "other"])
def test_what_is_no_checkpoint_is_said_in_one_line(tmp_path: Path, how: str) -> None:
    path = tmp_path / "checkpoint.pt"
    _save(path)
    whole = path.read_bytes()
    if how == "other":
        torch.save({"weights": 1}, path)
    else:
        path.write_bytes({"empty": b"", "text": b"not a checkpoint", "short": whole[:400]}[how])
    with pytest.raises(DataError, match=r"checkpoint\.pt: not a checkpoint of ours") as caught:
        checkpoint.restore(path, *_trained(0), CONFIG, "mix-hash")
    assert "\n" not in str(caught.value)


def test_a_newer_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
        _save(path)
    with pytest.raises(VersionError, match="newer"):
        checkpoint.restore(path, *_trained(0), CONFIG, "mix-hash")
