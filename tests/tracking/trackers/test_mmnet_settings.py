"""Profiles are named sets of settings, and what auto came to is said."""

import logging
from pathlib import Path

import pytest
import torch

from tirdata.errors import ConfigError
from tracking.evaluation.choice import choose_tracker
from tracking.models.mmnet import MMNet
from tracking.trackers.mmnet import PROFILES, MMNetConfig, MMNetTracker
from tracking.weights import load
from tracking.weights.load import pick_precision, processor_has_bf16, write_weights


def test_every_profile_sets_what_there_is() -> None:
    for name, settings in PROFILES.items():
        config = MMNetConfig.model_validate({"profile": name, "device": "cpu"})
        assert {key: getattr(config, key) for key in settings} == settings


def test_single_settings_stand_over_the_profile() -> None:
    config = MMNetConfig(profile="released", device="cpu", template_every=7)
    assert (config.template_every, config.scales_every, config.folded) == (7, 1, False)


def test_what_a_profile_came_to_is_recorded() -> None:
    choice = choose_tracker("mmnet", {"profile": "fast"}, device="cpu")
    settings = choice.config.model_dump(mode="json")
    assert settings["reach"] == PROFILES["fast"]["reach"]
    assert settings["precision"] == ("bf16" if processor_has_bf16() else "fp32")
    again = choose_tracker("mmnet", settings, device="cpu")
    assert again.config == choice.config


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"profile": "quick"}, "profile: .*'released', 'default' or 'fast'"),
        ({"profile": 3}, "profile: .*'released', 'default' or 'fast'"),
        ({"reach": 17}, "reach: "),
        ({"precision": "int4"}, "precision: "),
        ({"scales_every": 0}, "scales_every: "),
    ],
    ids=str,
)
def test_settings_that_are_none_are_refused(settings: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=f"tracker 'mmnet': {part}"):
        choose_tracker("mmnet", settings, device="cpu")


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("model name : x\nflags\t\t: fpu avx512f avx512_bf16 vpclmulqdq\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("", False),
    ],
    ids=["AVX-512", "AMX", "ARM", "without", "empty"],
)
def test_bf16_is_read_from_the_processors_flags(tmp_path: Path, text: str, *, has: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text, encoding="utf-8")
    assert processor_has_bf16(tmp_path / "cpuinfo") is has


def test_a_system_that_does_not_tell_has_none(tmp_path: Path) -> None:
    assert not processor_has_bf16(tmp_path / "none")


def test_auto_is_fp32_where_bf16_would_be_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "processor_has_bf16", lambda: False)
    assert pick_precision("auto", "cpu") == "fp32"
    assert pick_precision("bf16", "cpu") == "bf16"
    monkeypatch.setattr(load, "processor_has_bf16", lambda: True)
    assert pick_precision("auto", "cpu") == "bf16"
    if not torch.cuda.is_available():
        assert pick_precision("auto", "cuda:3") == "auto"  # for the machine that has it to say


def test_emulated_bf16_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mmnet.safetensors"
    about = {"model": "mmnet", "branches": ["dis"], "classes": 30, "input_size": 191}
    write_weights(path, MMNet(("dis",), input_size=191), about)
    monkeypatch.setattr("tracking.trackers.mmnet_embedding.processor_has_bf16", lambda: False)
    with caplog.at_level(logging.WARNING):
        MMNetTracker(MMNetConfig(weights=path, device="cpu", precision="bf16"))
    assert "does not compute in bf16" in caplog.text
    caplog.clear()
    MMNetTracker(MMNetConfig(weights=path, device="cpu", precision="fp32"))
    assert not caplog.text
