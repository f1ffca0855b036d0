"""Which palette a shot has, and its intensity from its colours, on real thermal frames."""

from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tirdata.frames.coloured import (
    OLD_AVI,
    agreement,
    h264,
    thermal,
    through_video,
    with_bar,
    with_text,
)
from tirdata.decode import open_frames
from tirdata.errors import DataError
from tirdata.frames.inversion import Inverter
from tirdata.frames.palette import detect_palette, measure_palette
from tirdata.frames.palettes import PALETTES, Table, limited, tinted, variants
from tirdata.types import Frame

OFTEN = ("ironbow", "rainbow", "jet", "inferno", "arctic")
REST = tuple(name for name in PALETTES if name not in {*OFTEN, "grey", "iron-black", "rainbow-hc"})


@pytest.fixture(scope="module")
def truth() -> list[Frame]:
    from tests.conftest import ROOT

    return thermal(ROOT / "tests" / "data" / "IR_DRONE_121.mp4", (0, 150))


@pytest.mark.parametrize(
    "name", [*OFTEN, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]
)
def test_the_palette_is_found_and_inverted_after_h264(
    name: str, truth: list[Frame], tmp_path: Path
) -> None:
    for crf in (18, 28):
        coloured = [PALETTES[name][frame] for frame in truth]
        seen = through_video(tmp_path / f"{crf}.mp4", coloured, h264(crf))
        match = detect_palette(seen)
        assert match is not None
        assert (match.name, match.how) == (name, "table")
        assert match.residual < 2.5
        inverter = Inverter(match.table)
        correlation, error = agreement(truth, [inverter.intensity(each) for each in seen])
        assert correlation > 0.99 if crf == 18 else correlation > 0.985
        assert error < 3


def test_rainbow_hc_which_passes_each_luma_seven_times_is_inverted(
    truth: list[Frame], tmp_path: Path
) -> None:
    coloured = [PALETTES["rainbow-hc"][frame] for frame in truth]
    seen = through_video(tmp_path / "v.mp4", coloured, h264(18))
    match = detect_palette(seen)
    assert match is not None
    assert match.name == "rainbow-hc"
    inverter = Inverter(match.table)
    correlation, error = agreement(truth, [inverter.intensity(each) for each in seen])
    assert correlation > 0.985
    assert error < 3


def test_without_compression_the_intensity_is_exact_to_a_level(truth: list[Frame]) -> None:
    inverter = Inverter(PALETTES["ironbow"])
    found = inverter.intensity(PALETTES["ironbow"][truth[0]])
    assert np.abs(found.astype(int) - truth[0]).mean() < 0.6
    assert inverter.residual(PALETTES["ironbow"][truth[0]]).max() <= 3


def test_a_small_target_survives(truth: list[Frame]) -> None:
    frame = np.full((120, 160), 90, np.uint8)
    frame[60:63, 80:83] = 200
    found = Inverter(PALETTES["jet"]).intensity(PALETTES["jet"][frame])
    assert np.abs(found.astype(int) - frame).max() <= 2


@pytest.mark.parametrize("name", ["jet", "turbo", "rainbow", "rainbow-opencv"])
def test_small_hot_targets_survive_the_blurred_chroma_of_h264(
    name: str, truth: list[Frame], tmp_path: Path
) -> None:
    hot = truth[0].copy()
    places = [(y, x) for y in range(20, 240, 24) for x in range(20, 300, 24)]
    for y, x in places:
        hot[y - 1 : y + 2, x - 1 : x + 2] = 235
    (seen,) = through_video(tmp_path / "v.mp4", [PALETTES[name][hot]], h264(18))
    found = Inverter(PALETTES[name]).intensity(seen)
    lost = [found[y - 1 : y + 2, x - 1 : x + 2].max() < 200 for y, x in places]
    assert np.mean(lost) < 0.1


def test_an_edge_is_not_filled_with_levels_that_are_on_neither_side(tmp_path: Path) -> None:
    """Blurred chroma of two colours may be that of a third, which is a level of its own."""
    table = PALETTES["rainbow-hc"]
    frame = np.full((128, 128), 60, np.uint8)
    frame[:, 65:] = 160
    frame[33:97, 33:97] = 220 - frame[33:97, 33:97]
    (seen,) = through_video(tmp_path / "v.mp4", [table[frame]], h264(18))
    found = Inverter(table).intensity(seen).astype(int)
    assert np.mean(np.abs(found - frame) > 20) < 0.001


def test_small_frames_in_an_old_avi(truth: list[Frame], tmp_path: Path) -> None:
    small = [np.asarray(cv2.resize(frame, (320, 240)), np.uint8) for frame in truth]
    seen = through_video(tmp_path / "v.avi", [PALETTES["jet"][f] for f in small], OLD_AVI)
    match = detect_palette(seen)
    assert match is not None
    assert match.name == "jet"
    correlation, error = agreement(small, [Inverter(match.table).intensity(e) for e in seen])
    assert correlation > 0.99
    assert error < 3


def test_burnt_in_text_does_not_hide_the_palette(truth: list[Frame], tmp_path: Path) -> None:
    coloured = [with_text(PALETTES["ironbow"][frame]) for frame in truth]
    match = detect_palette(through_video(tmp_path / "v.mp4", coloured, h264(28)))
    assert match is not None
    assert match.name == "ironbow"
    assert match.residual < 2.5


def test_black_bars_around_the_picture_do_not_count(truth: list[Frame], tmp_path: Path) -> None:
    bars = ((48, 48), (64, 64), (0, 0))
    coloured = [np.pad(PALETTES["jet"][frame], bars) for frame in truth]
    match = detect_palette(through_video(tmp_path / "v.mp4", coloured, h264(28)))
    assert match is not None
    assert match.name == "jet"
    assert match.sure


def test_what_is_to_be_ignored_does_not_count(truth: list[Frame]) -> None:
    picture = PALETTES["jet"][truth[0]].copy()
    picture[:100] = PALETTES["viridis"][truth[0][:100]]
    ignore = np.zeros(truth[0].shape, np.uint8)
    ignore[:104] = 255
    match = detect_palette([picture], ignore=ignore)
    assert match is not None
    assert match.name == "jet"
    assert match.residual < 1


def rolled(table: Table) -> Table:
    return variants(table)[3]  # hues turned by 5 %


@pytest.mark.parametrize("name", ["ironbow", "arctic"])
@pytest.mark.parametrize("change", [rolled, limited])
def test_another_cameras_variant_keeps_the_name(
    name: str, change: object, truth: list[Frame], tmp_path: Path
) -> None:
    assert callable(change)
    table = change(PALETTES[name])
    seen = through_video(tmp_path / "v.mp4", [table[frame] for frame in truth], h264(18))
    match = detect_palette(seen)
    assert match is not None
    assert match.name == name
    correlation, error = agreement(truth, [Inverter(match.table).intensity(e) for e in seen])
    assert correlation > 0.99
    assert error < 3


def test_a_reversed_palette_has_its_name_and_comes_out_black_hot(truth: list[Frame]) -> None:
    table = PALETTES["ironbow"][::-1]
    match = detect_palette([table[frame] for frame in truth])
    assert match is not None
    assert match.name == "ironbow"
    found = Inverter(match.table).intensity(table[truth[0]])
    assert np.abs((255 - found).astype(int) - truth[0]).mean() < 1


def test_a_bar_says_at_which_pace_the_palette_runs(truth: list[Frame], tmp_path: Path) -> None:
    bent = PALETTES["ironbow"][np.round(255 * (np.arange(256) / 255) ** 1.4).astype(int)]
    coloured = [with_bar(bent[frame], bent) for frame in truth]
    seen = through_video(tmp_path / "v.mp4", coloured, h264(18))
    match = detect_palette(seen)
    assert match is not None
    assert (match.name, match.how) == ("ironbow", "bar")
    left = (slice(None), slice(0, 280))  # without the bar
    found = [Inverter(match.table).intensity(each)[left] for each in seen]
    correlation, error = agreement([frame[left] for frame in truth], found)
    assert correlation > 0.99
    assert error < 3


def test_a_bar_is_the_table_of_a_palette_that_is_not_known(
    truth: list[Frame], tmp_path: Path
) -> None:
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    table = np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_COOL), np.uint8)[:, 0, ::-1]
    coloured = [with_bar(table[frame], table) for frame in truth]
    seen = through_video(tmp_path / "v.mp4", coloured, h264(18))
    match = detect_palette(seen)
    assert match is not None
    assert (match.name, match.how) == ("bar", "bar")
    left = (slice(None), slice(0, 280))
    found = [Inverter(match.table).intensity(each)[left] for each in seen]
    correlation, _ = agreement([frame[left] for frame in truth], found)
    assert correlation > 0.98


@pytest.mark.parametrize("hue", [(255, 191, 91), (0, 255, 0), (90, 160, 110)])
def test_one_hue_is_tinted(hue: tuple[int, int, int], truth: list[Frame], tmp_path: Path) -> None:
    table = tinted(*hue)
    seen = through_video(tmp_path / "v.mp4", [table[frame] for frame in truth], h264(28))
    match = detect_palette(seen)
    assert match is not None
    assert match.name == "tinted"
    correlation, error = agreement(truth, [Inverter(match.table).intensity(e) for e in seen])
    assert correlation > 0.99
    assert error < 3


def test_grey_video_is_grey(clips: Path) -> None:
    for name in ("IR_DRONE_121.mp4", "IR_HELICOPTER_043.mp4"):
        with closing(open_frames(clips / name)) as reader:
            match = detect_palette([raw.colours for raw in islice(reader.read(), 3)])
        assert match is not None
        assert match.name == "grey"
        assert match.sure


def visible(path: Path) -> str | None:
    with closing(open_frames(path)) as reader:
        match = detect_palette([r.colours for n, r in enumerate(reader.read()) if n in (0, 40, 80)])
    return None if match is None else match.name


def test_natural_colours_are_no_palette(clips: Path) -> None:
    for name in ("V_DRONE_007.mp4", "V_HELICOPTER_004.mp4"):
        assert visible(clips / name) is None


@pytest.mark.slow
def test_none_of_the_visible_clips_is_taken_for_false_colour(shared_data: Path) -> None:
    paths = sorted((shared_data / "svanstrom" / "visible").glob("*.mp4"))
    found = {path.stem: visible(path) for path in paths}
    assert set(found.values()) <= {None, "grey"}, found  # one is of an overcast sky


def test_a_real_false_colour_clip_is_told_by_its_colours(shared_data: Path) -> None:
    path = shared_data / "research-only" / "false_colour" / "clip25.avi"
    with closing(open_frames(path)) as reader:
        pictures = [raw.colours for raw in reader.read()][::8]
    match = detect_palette(pictures)
    assert match is not None
    assert match.name == "rainbow-dark"
    assert match.sure
    grey = Inverter(match.table).intensity(pictures[0])
    chest, ground, face = grey[200:240, 310:340], grey[300:340, 100:200], grey[100:120, 322:338]
    assert np.median(chest) > np.median(face) > np.median(ground) + 60


def test_a_stated_palette_is_measured(truth: list[Frame]) -> None:
    pictures = [PALETTES["jet"][frame] for frame in truth]
    assert measure_palette(pictures, "jet").residual < 2
    assert measure_palette(pictures, "ironbow").residual > 12
    assert measure_palette(pictures, "tinted").residual > 12


def test_an_unknown_name_is_refused_with_the_known_ones(truth: list[Frame]) -> None:
    with pytest.raises(DataError, match="palette irnbow: not known; expected one of grey, ironbow"):
        measure_palette([PALETTES["jet"][truth[0]]], "irnbow")


def test_no_picture_is_refused() -> None:
    with pytest.raises(DataError, match="no picture"):
        detect_palette([])
