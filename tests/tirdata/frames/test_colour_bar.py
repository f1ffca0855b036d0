"""Colour bars on screen."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.tirdata.frames.coloured import h264, thermal, through_video, with_bar
from tirdata.decode import open_frames
from tirdata.frames.colour_bar import find_bar
from tirdata.frames.palettes import PALETTES
from tirdata.types import Frame


@pytest.fixture(scope="module")
def truth() -> list[Frame]:
    from tests.conftest import ROOT

    return thermal(ROOT / "tests" / "data" / "IR_HELICOPTER_043.mp4", (0, 60, 120))


@pytest.mark.parametrize("name", ["ironbow", "jet", "lava"])
def test_a_standing_bar_is_found_with_its_colours(
    name: str, truth: list[Frame], tmp_path: Path
) -> None:
    table = PALETTES[name]
    coloured = [with_bar(table[frame], table) for frame in truth]
    bar = find_bar(through_video(tmp_path / "v.mp4", coloured, h264(18)))
    assert bar is not None
    assert abs(bar.x - 292) <= 3
    assert abs(bar.y - 42) <= 3
    assert abs(bar.h - 170) <= 5
    assert 7 <= bar.w <= 14
    assert np.abs(bar.table.astype(int) - table).mean() < 6


def test_a_lying_bar_has_its_warm_end_at_the_right(truth: list[Frame]) -> None:
    table = PALETTES["inferno"]
    coloured = [np.rot90(with_bar(table[np.rot90(f)], table), -1) for f in truth]
    bar = find_bar([np.ascontiguousarray(each) for each in coloured])
    assert bar is not None
    assert bar.w > 10 * bar.h
    assert np.abs(bar.table.astype(int) - table).mean() < 6


def test_what_moves_is_no_bar(truth: list[Frame]) -> None:
    table = PALETTES["jet"]
    coloured = [with_bar(table[frame], table) for frame in truth]
    assert find_bar([np.roll(each, 9 * n, axis=1) for n, each in enumerate(coloured)]) is None


def test_a_scene_without_one_has_none(truth: list[Frame], clips: Path) -> None:
    assert find_bar([PALETTES["jet"][frame] for frame in truth]) is None
    with closing(open_frames(clips / "V_DRONE_007.mp4")) as reader:
        assert find_bar([r.colours for n, r in enumerate(reader.read()) if n % 60 == 0]) is None


def test_pictures_of_several_sizes_share_no_bar(truth: list[Frame]) -> None:
    table = PALETTES["jet"]
    picture = with_bar(table[truth[0]], table)
    assert find_bar([picture, picture[:-2]]) is None
