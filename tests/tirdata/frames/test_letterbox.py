"""Bars are cut off, dark parts of a scene are not."""

from pathlib import Path

import numpy as np
import pytest

from tests.made_overlays import Font, Stack, coded, with_letterbox, with_text
from tests.tirdata.frames.test_overlay import CLIPS, read
from tirdata.frames.letterbox import find_letterbox


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, clips: Path) -> Stack:
    return read(clips / f"{request.param}.mp4")


@pytest.mark.parametrize("level", [0, 16])
@pytest.mark.parametrize("pillar", [False, True])
@pytest.mark.parametrize("share", [0.04, 0.125])
def test_bars_are_found_after_h264(clip: Stack, level: int, pillar: bool, share: float) -> None:
    made, box = with_letterbox(clip, share, pillar=pillar, level=level)
    found = find_letterbox(coded(made))
    assert found is not None
    assert np.abs(np.subtract(found, box)).max() <= 2


def test_a_clock_and_a_name_stand_on_the_bar(clip: Stack) -> None:
    made, box = with_letterbox(clip, 0.12)
    made, _ = with_text(made, [("10:4{n} VISION", (8, 8)), ("CAM 2", (200, 236))], Font(10))
    found = find_letterbox(coded(made))
    assert found is not None
    assert np.abs(np.subtract(found, box)).max() <= 2


def test_a_frame_in_a_frame(clip: Stack) -> None:
    made, (x, _, w, _) = with_letterbox(clip, 0.1, pillar=True, level=0)
    made, (_, y, _, h) = with_letterbox(made, 0.1, level=0)
    found = find_letterbox(coded(made))
    assert found is not None
    assert np.abs(np.subtract(found, (x, y, w, h))).max() <= 2


def test_a_scene_has_no_bars(clip: Stack) -> None:
    assert find_letterbox(clip) is None
    dark = (clip // 8).astype(np.uint8)
    assert find_letterbox(dark) is None
    assert find_letterbox(np.zeros_like(clip)) is None


def test_a_black_sky_is_no_bar(clip: Stack) -> None:
    """The sky is below the range of the curve, so black; the tree line is not straight."""
    made = clip.copy()
    edge = 60 + (12 * np.sin(np.arange(320) / 25)).astype(int)
    sky = np.arange(256)[:, None] < edge[None]
    made[:, sky] = 0
    assert find_letterbox(made) is None


def test_a_sky_that_fades_into_the_scene_is_no_bar(clip: Stack) -> None:
    fade = np.clip((np.arange(256) - 50) / 60, 0, 1)[:, None]
    assert find_letterbox(coded((clip * fade).astype(np.uint8))) is None


def test_of_three_samples_nothing_is_said(clip: Stack) -> None:
    assert find_letterbox(with_letterbox(clip)[0][:3]) is None
