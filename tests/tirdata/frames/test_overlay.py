"""Overlays planted in real frames are found and filled; real scenes have none."""

import csv
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.made_overlays import (
    STYLES,
    Font,
    Rectangle,
    Stack,
    coded,
    with_bar,
    with_cross,
    with_text,
)
from tirdata.decode import open_frames
from tirdata.frames.overlay import Overlay, find_overlay, treat
from tirdata.types import Flags

LINES = [("REC  FOV 12.4", (12, 8)), ("2031-05-17  ALT 120m", (20, 230))]
CLIPS = ("IR_DRONE_121", "IR_HELICOPTER_043")


def read(path: Path, first: int = 0, last: int = 10**6, count: int = 12) -> Stack:
    reader = open_frames(path, 1)
    kept = [raw.pixels.copy() for raw in islice(reader.read(), first, min(last, first + 250) + 1)]
    reader.close()
    chosen = np.linspace(0, len(kept) - 1, count).round().astype(int)
    return np.stack([kept[number] for number in chosen]).astype(np.uint8)


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, clips: Path) -> Stack:
    """Samples of a still scene, and of one that the camera pans over; nothing is burnt in."""
    return read(clips / f"{request.param}.mp4")


def plane(boxes: list[Rectangle], size: tuple[int, ...]) -> Flags:
    result: Flags = np.zeros(size, bool)
    for x, y, w, h in boxes:
        result[y : y + h, x : x + w] = True
    return result


def regions(overlay: Overlay, kind: str) -> list[Rectangle]:
    return [(each.x, each.y, each.w, each.h) for each in overlay.regions if each.kind == kind]


def test_a_scene_has_no_overlay(clip: Stack) -> None:
    overlay = find_overlay(clip)
    assert overlay.regions == ()
    assert not overlay.mask.any()


@pytest.mark.parametrize("style", STYLES)
def test_text_is_found_after_h264(clip: Stack, style: str) -> None:
    lines = LINES[:1] if style == "green" else LINES  # its luma is that of the lower scene
    made, boxes = with_text(clip, lines, Font(10), style)
    overlay = find_overlay(coded(made))
    assert {each.kind for each in overlay.regions} == {"text"}
    found, true = (plane(each, clip[0].shape) for each in (regions(overlay, "text"), boxes))
    assert found[true].mean() > 0.8
    assert true[found].mean() > 0.8


def test_digits_that_change_belong_to_their_line(clip: Stack) -> None:
    made, ((x, y, w, _),) = with_text(clip, [("TIME {clock}", (10, 8))], Font(10))
    (text,) = regions(find_overlay(coded(made)), "text")
    assert text[0] + text[2] >= x + w - 3
    assert abs(text[1] - y) <= 2


def test_letters_that_turn_black_half_way_are_found_beside_others(clip: Stack) -> None:
    made, _ = with_text(clip, LINES[:1], Font(10))
    line = [("ZOOM 4x NUC", (150, 8))]
    made[:6], boxes = with_text(made[:6], line, Font(10), "white")
    made[6:], _ = with_text(made[6:], line, Font(10), "black")
    overlay = find_overlay(coded(made))
    covered = plane(regions(overlay, "text"), clip[0].shape)
    assert covered[plane(boxes, clip[0].shape)].mean() > 0.8


@pytest.mark.parametrize("level", [0, 255])
def test_a_reticle_is_found_line_by_line(clip: Stack, level: int) -> None:
    made, boxes = with_cross(clip, level)
    overlay = find_overlay(coded(made, 20))
    assert {each.kind for each in overlay.regions} == {"reticle"}
    covered = plane([(x - 1, y - 1, w + 2, h + 2) for x, y, w, h in boxes], clip[0].shape)
    found = plane(regions(overlay, "reticle"), clip[0].shape)
    assert covered[found].mean() > 0.9
    assert found.sum() > 0.25 * plane(boxes, clip[0].shape).sum()


def test_a_pole_and_a_roof_are_no_reticle(clip: Stack) -> None:
    made = clip.copy()
    made[:, 60:, 159:161] = 250  # upright, in the middle
    made[:, 130:132, 200:320] = 250
    assert find_overlay(made).regions == ()


@pytest.mark.parametrize("border", [False, True])
def test_a_bar_of_levels_is_found(clip: Stack, border: bool) -> None:
    made, (box,) = with_bar(clip, border=border)
    (found,) = regions(find_overlay(coded(made, 20)), "bar")
    assert np.abs(np.subtract(found, box)).max() <= 4


def test_a_gradient_of_the_sky_is_no_bar(clip: Stack) -> None:
    made = np.tile(np.linspace(10, 250, 256).astype(np.uint8)[:, None], (12, 1, 320))
    noise = np.random.default_rng(0).normal(0, 2, made.shape)
    assert find_overlay((made + noise).clip(0, 255).astype(np.uint8)).regions == ()


def test_of_three_samples_nothing_is_said(clip: Stack) -> None:
    made, _ = with_text(clip, LINES, Font(10))
    assert find_overlay(made[:3]).regions == ()


def test_the_same_samples_give_the_same(clip: Stack) -> None:
    made, _ = with_text(clip, LINES, Font(10))
    first, second = find_overlay(made), find_overlay(made)
    assert first.regions == second.regions
    np.testing.assert_array_equal(first.mask, second.mask)


def test_kept_black_and_filled(clip: Stack) -> None:
    made, _ = with_text(clip, LINES, Font(10), "outlined")
    overlay = find_overlay(made)
    frame, scene = made[3], clip[3].astype(int)
    assert treat(frame, overlay, "keep") is frame
    black = treat(frame, overlay, "black")
    assert not black[overlay.mask].any()
    filled = treat(frame, overlay, "inpaint")
    for treated in (black, filled):
        np.testing.assert_array_equal(treated[~overlay.mask], frame[~overlay.mask])
    drawn = np.abs(made[3].astype(int) - scene)
    assert drawn[~overlay.mask].max() < 60  # no letter is left
    assert np.abs(filled - scene)[overlay.mask].mean() < 0.2 * drawn[overlay.mask].mean()


def test_no_overlay_leaves_the_frame(clip: Stack) -> None:
    frame = clip[0]
    assert treat(frame, find_overlay(clip), "inpaint") is frame


def _truth(clips: Path) -> dict[str, list[dict[str, str]]]:
    shots: dict[str, list[dict[str, str]]] = {}
    with (clips / "overlays.csv").open() as file:
        for row in csv.DictReader(file):
            shots.setdefault(row["path"], []).append(row)
    return shots


@pytest.mark.parametrize(
    "name",
    [
        "svanstrom/tir/IR_AIRPLANE_001.mp4",
        "antiuav/4.avi",
        "antiuav/41.avi",
        "research-only/antiuav_day/infrared.mp4",
    ],
)
def test_real_text_is_found(shared_data: Path, clips: Path, name: str) -> None:
    rows = _truth(clips)[name]
    frames = read(shared_data / name, int(rows[0]["first"]), int(rows[0]["last"] or 250), 16)
    found = plane(regions(find_overlay(frames), "text"), frames[0].shape)
    true = [tuple(int(row[s]) for s in "xywh") for row in rows if row["kind"] in ("text", "logo")]
    hits = [found[y : y + h, x : x + w].mean() > 0.5 for x, y, w, h in true]
    assert sum(hits) >= (3 if "AIRPLANE" in name else len(hits) - 1)
    around = plane([(x - 3, y - 3, w + 20, h + 6) for x, y, w, h in true], found.shape)
    assert (found & ~around).sum() < 20


@pytest.mark.parametrize(
    "name",
    [
        "svanstrom/tir/IR_HELICOPTER_034.mp4",  # fences and lamps, the camera stands still
        "svanstrom/tir/IR_BIRD_014.mp4",  # boats, poles
        "svanstrom/tir/IR_AIRPLANE_044.mp4",  # rows of lamps and aircraft
        "research-only/lynred/drive_1.avi",
    ],
)
def test_real_scenes_have_none(shared_data: Path, clips: Path, name: str) -> None:
    (row,) = _truth(clips)[name]
    assert row["kind"] == "none"
    frames = read(shared_data / name, int(row["first"]), int(row["last"] or 250), 16)
    assert find_overlay(frames).regions == ()
