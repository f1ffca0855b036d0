"""Settings of a tracker, and what the command line lays over them."""

from pathlib import Path

import pytest

from tirdata.errors import ConfigError, MissingError
from tracking.evaluation.choice import TrackerChoice, choose_tracker


def test_flags_win_over_settings() -> None:
    assert choose_tracker("mil", {"seed": 4}, seed=9).settings == {"seed": 9}
    assert choose_tracker("mil", {"seed": 4}).settings == {"seed": 4}


def test_the_device_is_made_plain_where_a_tracker_has_one() -> None:
    device = choose_tracker("mmnet", {}, device="auto").settings["device"]
    assert device in {"cpu", "cuda"}
    assert choose_tracker("mmnet", {}).settings["device"] == device
    assert choose_tracker("mmnet", {"device": "cpu"}).settings["device"] == "cpu"
    assert "device" not in choose_tracker("hold", {}).settings


def test_what_a_tracker_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="weights: Extra inputs"):
        choose_tracker("hold", {}, weights=Path("w.safetensors"))
    with pytest.raises(ConfigError, match="seed: Extra inputs"):
        choose_tracker("hold", {}, seed=3)
    with pytest.raises(ConfigError, match=r"no tracker 'kfc'; there are: .*kcf"):
        choose_tracker("kfc", {})


def _nano(folder: Path) -> TrackerChoice:
    return TrackerChoice("nano", {"backbone": folder / "b.onnx", "head": folder / "h.onnx"})


def _files(folder: Path, head: bytes) -> Path:
    folder.mkdir()
    (folder / "b.onnx").write_bytes(b"backbone")
    (folder / "h.onnx").write_bytes(head)
    return folder


def test_the_same_weights_elsewhere_are_the_same_choice(tmp_path: Path) -> None:
    first = _nano(_files(tmp_path / "one", b"head"))
    moved = _nano(_files(tmp_path / "two", b"head"))
    other = _nano(_files(tmp_path / "three", b"another head"))
    assert first.fingerprint() == moved.fingerprint()
    assert first.fingerprint() != other.fingerprint()
    assert sorted(first.hashes()) == ["b.onnx", "h.onnx"]


def test_other_settings_are_another_choice() -> None:
    assert TrackerChoice("mil", {"seed": 1}).fingerprint() == TrackerChoice("mil", {}).fingerprint()
    assert TrackerChoice("mil", {"seed": 2}).fingerprint() != TrackerChoice("mil", {}).fingerprint()


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"b\.onnx: no such file; nano needs it"):
        _nano(tmp_path).fingerprint()
