"""Proposals from the network: weights it takes, pictures it sees, the seam it fits."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from tirdata.errors import DataError, MissingError, TrackerError
from tirdata.types import Box, FramePair
from tracking.models.global_attention import GlobalAttention
from tracking.trackers.global_proposals import GlobalProposals
from tracking.trackers.global_search import (
    GlobalSearch,
    GlobalSearchConfig,
    as_input,
    cut_target,
)
from tracking.weights.load import write_weights

ABOUT = {
    "model": "global-attention", "width": 1, "decoder_relu": True, "normalize": "imagenet",
    "invert_output": False, "input_size": [64, 48],
}  # fmt: skip
PAIR = FramePair(
    np.random.default_rng(0).integers(0, 255, (96, 128), np.uint8),
    np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8),
)
BOX = Box(20, 30, 24, 16)


def weights(path: Path, **about: object) -> Path:
    torch.manual_seed(0)
    write_weights(path, GlobalAttention(1), {**ABOUT, **about})
    return path


def search(path: Path, **settings: object) -> GlobalSearch:
    values = {"weights": path, "device": "cpu", **settings}
    return GlobalSearch(GlobalSearchConfig.model_validate(values))


def test_it_proposes_boxes_of_the_thermal_half(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors")
    # random weights see something everywhere: a low level makes regions of it
    easy = {"gate": "off", "level": 0.01, "relative": 0.0}
    ours = search(path, proposals=easy)
    proposer: GlobalProposals = ours
    proposer.start(PAIR, BOX, BOX)
    boxes = proposer.propose(PAIR, BOX, failures=0, count=64)
    assert boxes.shape[1] == 4
    assert 0 < len(boxes) <= 64
    assert ours.attention(PAIR).shape == (48, 64)
    proposer.start(PAIR, BOX, BOX)
    assert np.array_equal(boxes, proposer.propose(PAIR, BOX, failures=0, count=64))


def test_the_map_depends_on_the_target_and_is_the_networks(tmp_path: Path) -> None:
    ours = search(weights(tmp_path / "w.safetensors"))
    ours.start(PAIR, BOX, BOX)
    first = ours.attention(PAIR)
    ours.start(PAIR, Box(60, 10, 40, 50), Box(60, 10, 40, 50))
    assert not np.array_equal(first, ours.attention(PAIR))


def test_a_network_that_learned_the_background_is_turned_round(tmp_path: Path) -> None:
    plain = search(weights(tmp_path / "a.safetensors"))
    turned = search(weights(tmp_path / "b.safetensors", invert_output=True))
    for each in (plain, turned):
        each.start(PAIR, BOX, BOX)
    np.testing.assert_allclose(plain.attention(PAIR), 1 - turned.attention(PAIR), atol=1e-6)


def test_bf16_gives_nearly_the_same_map(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors")
    exact, coarse = search(path), search(path, precision="bf16")
    for each in (exact, coarse):
        each.start(PAIR, BOX, BOX)
    assert np.abs(exact.attention(PAIR) - coarse.attention(PAIR)).max() < 0.05


@pytest.mark.parametrize(
    ("about", "part"),
    [
        ({"model": "mmnet"}, "weights of mmnet; expected global-attention"),
        ({"width": "wide"}, "does not say which network it is"),
        ({"invert_output": None}, ""),
        ({"width": 2}, r"tensor .* is .*; the model expects"),
    ],
)
def test_weights_of_something_else_are_refused(
    tmp_path: Path, about: dict[str, object], part: str
) -> None:
    path = tmp_path / "w.safetensors"
    if about == {"invert_output": None}:
        told = {name: value for name, value in ABOUT.items() if name != "invert_output"}
        write_weights(path, GlobalAttention(1), told)
        part = "does not say whether high is target"
    else:
        weights(path, **about)
    with pytest.raises(DataError, match=part):
        search(path)


def test_no_weights_is_an_error_and_random_ones_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(MissingError, match="train dual-attention --stage global"):
        GlobalSearch(GlobalSearchConfig(device="cpu"))
    monkeypatch.setattr("tracking.trackers.global_search.GlobalAttention",
                        lambda: GlobalAttention(1))  # fmt: skip
    with caplog.at_level(logging.WARNING):
        made = GlobalSearch(GlobalSearchConfig(device="cpu", random_init=True))
    assert "random weights" in caplog.text
    assert made.about == {"random_init": True}


def test_a_target_outside_one_half_is_grey_or_named(tmp_path: Path) -> None:
    ours = search(weights(tmp_path / "w.safetensors"))
    ours.start(PAIR, BOX, Box(500, 30, 24, 16))
    without = ours.attention(PAIR)
    ours.start(PAIR._replace(visible=np.full_like(PAIR.visible, 128)), BOX, BOX)
    np.testing.assert_array_equal(without, ours.attention(PAIR))
    ours = search(weights(tmp_path / "w.safetensors"))
    with pytest.raises(TrackerError, match="outside the thermal frame"):
        ours.start(PAIR, Box(20, -90, 24, 16), BOX)
    with pytest.raises(RuntimeError, match="before start"):
        ours.attention(PAIR)


def test_targets_are_cut_as_masks_are_drawn_and_grey_fills_three_channels() -> None:
    cut = cut_target(PAIR.thermal, Box(10.4, 20.6, 5.2, 4.1))
    assert np.array_equal(cut, PAIR.thermal[20:25, 10:16])
    made = as_input(cut, (64, 48))
    assert made.shape == (48, 64, 3)
    assert np.array_equal(made[..., 0], made[..., 2])
    assert as_input(PAIR.visible, (64, 48)).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("learned", "expected"),
    [
        ("visible", ((0.5 * 256 / 64, 0.4 * 144 / 48), (10.0, 20.0))),
        ("thermal", ((128 / 64, 96 / 48), (0.0, 0.0))),
    ],
)
def test_halves_of_two_shapes_meet_at_the_first_boxes(
    tmp_path: Path, learned: str, expected: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    ours = search(weights(tmp_path / "w.safetensors", mask_boxes=learned))
    larger = FramePair(PAIR.thermal, np.zeros((144, 256, 3), np.uint8))
    ours.start(larger, Box(40, 60, 20, 8), Box(60, 100, 40, 20))
    assert ours._placement.scale == pytest.approx(expected[0])
    assert ours._placement.shift == pytest.approx(expected[1])
    ours.start(PAIR, Box(40, 60, 20, 8), Box(60, 50, 40, 20))
    assert ours._placement == ((2.0, 2.0), (0.0, 0.0))  # of one shape: they show the same
