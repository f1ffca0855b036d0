"""The head that ships, on real clips: boxes that fit stay, boxes that are off come nearer."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.reading import read
from tirdata.geometry import overlap
from tirdata.layouts.text import read_boxes
from tirdata.types import Box, Boxes, Frame
from tracking.trackers.refine import Refiner
from tracking.trackers.refine_crops import corrected
from tracking.trackers.refined import RefinedConfig
from tracking.weights.load import read_about, shipped

CLIPS = ("IR_DRONE_121", "IR_HELICOPTER_043")
USUAL = RefinedConfig(tracker="hold")


class Real(NamedTuple):
    """Some labelled frames of a clip."""

    frames: list[Frame]
    boxes: Boxes


@pytest.fixture(scope="module", params=CLIPS)
def real(request: pytest.FixtureRequest, clips: Path) -> Real:
    _, raw, _ = read(clips / f"{request.param}.mp4")
    boxes = read_boxes(clips / f"{request.param}.txt", origin=1)[: len(raw)]
    numbers = np.flatnonzero(~np.isnan(boxes).any(axis=1))[::5][:20]
    return Real([raw[number].pixels.astype(np.uint8) for number in numbers], boxes[numbers])


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    return Refiner(device="cpu")


def refined(
    refiner: Refiner, real: Real, boxes: Boxes, look: Callable[[Frame], Frame] = lambda frame: frame
) -> Boxes:
    frames = [look(frame) for frame in real.frames]
    first = refiner.exemplars(frames[:1], [Box(*real.boxes[0].tolist())])
    own = type(first)(*(value.expand(len(frames), *value.shape[1:]) for value in first))
    asked = [Box(*row) for row in boxes.tolist()]
    return np.array(refiner.refine(own, frames, asked, trust=USUAL.trust, rounds=USUAL.rounds))


def off(boxes: Boxes) -> Boxes:
    """Each box by a tenth of its sides beside its place, and a sixth too large or too small."""
    random = np.random.default_rng(0)
    rows = zip(boxes, random.choice([-1, 1], (len(boxes), 4)), strict=True)
    amounts = np.array([0.1, 0.1, 0.16, 0.16])
    return np.array([corrected(Box(*box.tolist()), amounts * signs) for box, signs in rows])


def test_boxes_that_fit_stay_and_boxes_that_are_off_come_nearer(
    refiner: Refiner, real: Real
) -> None:
    kept = overlap(refined(refiner, real, real.boxes), real.boxes)
    assert kept[0] > 0.9  # the exemplar itself
    assert kept.mean() > 0.82  # labels are off by a pixel of 14 themselves
    before = overlap(off(real.boxes), real.boxes).mean()
    assert overlap(refined(refiner, real, off(real.boxes)), real.boxes).mean() > before + 0.005


def test_polarity_and_gain_change_next_to_nothing(refiner: Refiner, real: Real) -> None:
    boxes = off(real.boxes)
    usual = refined(refiner, real, boxes)
    darker = refined(refiner, real, boxes, lambda frame: 255 - frame)
    flatter = refined(refiner, real, boxes, lambda frame: (frame * 0.7 + 20).astype(np.uint8))
    assert overlap(usual, darker).min() > 0.97
    assert overlap(usual, flatter).mean() > 0.95
    np.testing.assert_array_equal(usual, refined(refiner, real, boxes))


def test_the_weights_that_ship_are_small_and_say_what_they_are() -> None:
    path = shipped("box_refiner")
    assert path.stat().st_size < 2_000_000
    assert read_about(path)["model"] == "box_refiner"
