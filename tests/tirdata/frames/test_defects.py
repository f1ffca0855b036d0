"""Sensor faults: planted ones are found and repaired, scenes are left alone; real ones too."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.decode.base import Pixels
from tirdata.frames.defects import Defects, find_defects, repair

Planted = NDArray[np.float64]

SIZE = (192, 256)


def scene(seed: int = 0) -> NDArray[np.float32]:
    """A wide thermal panorama through a lens: blobs and edges, nothing one pixel wide."""
    random = np.random.default_rng(seed)
    height, width = SIZE[0] + 160, SIZE[1] + 320
    picture = np.zeros((height, width), np.float32)
    for _ in range(120):
        x, y = int(random.integers(width)), int(random.integers(height))
        half = (int(random.integers(6, 60)), int(random.integers(6, 40)))
        cv2.rectangle(
            picture, (x, y), (x + half[0], y + half[1]), float(random.uniform(40, 180)), -1
        )
    return np.asarray(cv2.GaussianBlur(picture + 30, (0, 0), 1.2), np.float32)


def shot(fault: Planted | float = 0.0, *, moves: bool = True, count: int = 24) -> list[Pixels]:
    """Frames that pan over the panorama, with noise, and with ``fault`` added by the sensor."""
    random = np.random.default_rng(7)
    whole = scene()
    frames: list[Pixels] = []
    for number in range(count):
        x, y = (number * 13, number * 6) if moves else (80, 40)
        view = whole[y : y + SIZE[0], x : x + SIZE[1]] + random.normal(0, 1.0, SIZE) + fault
        frames.append(np.clip(np.rint(view), 0, 255).astype(np.uint8))
    return frames


def sensor_noise() -> Planted:
    random = np.random.default_rng(3)
    height, width = SIZE
    stripes = random.normal(0, 3, (1, width)) + random.normal(0, 1.5, (height, 1))
    return np.asarray(stripes + random.normal(0, 2, SIZE))


def fine(values: NDArray[Any]) -> float:
    """Strength of what is finer than about ten pixels, away from the border."""
    plane = values.astype(np.float32)
    detail = plane - cv2.GaussianBlur(plane, (0, 0), 10)
    return float(detail[8:-8, 8:-8].std())


def left_over_db(planted: Planted, found: Defects) -> float:
    assert found.pattern is not None
    return 20 * float(np.log10(fine(planted) / fine(planted - found.pattern)))


def test_a_clean_sensor_has_no_faults() -> None:
    found = find_defects(shot())
    assert found.pattern is None
    assert found.sure
    assert not len(found.dead)
    assert found.strength == 0.0


def test_a_fixed_pattern_under_a_moving_scene_is_found_and_taken_off() -> None:
    planted = sensor_noise()
    found = find_defects(shot(planted))
    assert found.sure
    assert found.columns == pytest.approx(3, rel=0.3)
    assert found.rows == pytest.approx(1.5, rel=0.4)
    assert found.pixels == pytest.approx(2, rel=0.4)
    assert left_over_db(planted, found) > 10


@pytest.mark.parametrize("axis", [0, 1], ids=["columns", "rows"])
def test_stripes_alone_are_told_by_their_direction(axis: int) -> None:
    offsets = np.random.default_rng(5).normal(0, 3, SIZE[1 - axis])
    planted = np.broadcast_to(np.expand_dims(offsets, axis), SIZE).copy()
    found = find_defects(shot(planted))
    assert (found.columns > 1, found.rows > 1) == (axis == 0, axis == 1)
    assert found.pixels == 0
    assert left_over_db(planted, found) > 10


def test_a_scene_that_stands_still_is_not_taken_for_a_pattern() -> None:
    still = shot(moves=False)
    found = find_defects(still)
    assert found.pattern is None
    assert not found.sure
    np.testing.assert_array_equal(repair(still[0], found, dead=True, pattern=True), still[0])


def test_a_still_scene_hides_a_pattern_and_it_says_so() -> None:
    found = find_defects(shot(sensor_noise(), moves=False))
    assert not found.sure
    assert found.pattern is None
    assert found.columns > 1


def test_counts_are_repaired_in_their_own_unit() -> None:
    planted = 16 * sensor_noise()
    frames = [(frame.astype(np.uint16) * 16 + 3000) for frame in shot()]
    spoilt = [np.rint(frame + planted).astype(np.uint16) for frame in frames]
    found = find_defects(spoilt)
    assert left_over_db(planted, found) > 10
    after = repair(spoilt[0], found, pattern=True)
    assert after.dtype == np.uint16
    assert fine(after.astype(float) - frames[0]) < fine(spoilt[0].astype(float) - frames[0]) / 2


def dead_at(count: int) -> set[tuple[int, int]]:
    random = np.random.default_rng(11)
    rows, columns = (random.integers(4, side - 4, count) for side in SIZE)
    return set(zip(rows.tolist(), columns.tolist(), strict=True))


@pytest.mark.parametrize("moves", [True, False], ids=["moving", "still"])
def test_dead_pixels_are_found_and_filled_in(moves: bool) -> None:
    frames = shot(moves=moves)
    truth = dead_at(30)
    at = tuple(np.array(sorted(truth)).T)
    spoilt = [frame.copy() for frame in frames]
    for frame in spoilt:
        frame[at] = np.where(np.arange(len(truth)) % 2, 255, 0)
    found = find_defects(spoilt)
    listed = {(int(row), int(column)) for row, column in found.dead}
    assert listed <= truth
    assert len(listed) >= 0.9 * len(truth)
    repaired = repair(spoilt[3], found, dead=True)
    known = tuple(found.dead.T)
    error = np.abs(repaired[known].astype(float) - frames[3][known])
    assert np.median(error) <= 2
    untouched = np.ones(SIZE, np.bool_)
    untouched[known] = False
    np.testing.assert_array_equal(repaired[untouched], spoilt[3][untouched])


def test_burnt_in_text_is_neither_dead_nor_a_pattern() -> None:
    frames = shot()
    for frame in frames:
        cv2.putText(frame, "FLIR 21.5 C", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    found = find_defects(frames)
    assert not len(found.dead)
    after = repair(frames[0], found, dead=True, pattern=True)
    np.testing.assert_array_equal(after[12:36, 5:120], frames[0][12:36, 5:120])


def test_nothing_is_found_where_overlays_are() -> None:
    frames = shot(sensor_noise())
    overlay = np.zeros(SIZE, np.bool_)
    overlay[:40] = True
    for frame in frames:
        frame[20, 50] = 255
    found = find_defects(frames, ignore=overlay)
    assert found.pattern is not None
    assert not found.pattern[:40].any()
    assert not len(found.dead)


def test_a_target_that_hovers_is_no_dead_pixel() -> None:
    frames = shot(moves=False)
    spot = np.zeros(SIZE, np.float32)
    spot[100, 100] = 700
    target = cv2.GaussianBlur(spot, (0, 0), 0.8)
    hovering = [np.clip(frame + target, 0, 255).astype(np.uint8) for frame in frames]
    found = find_defects(hovering)
    assert not len(found.dead)


def test_a_target_that_hovers_in_a_noisy_sky_stays_when_the_noise_is_taken_off() -> None:
    random = np.random.default_rng(9)
    offsets = random.normal(0, 6, SIZE)
    target = np.zeros(SIZE, np.float32)
    target[100:103, 100:103] = 60
    target = np.asarray(cv2.GaussianBlur(target, (0, 0), 0.8), np.float32)
    sky = np.linspace(60, 120, SIZE[0])[:, None] + offsets + target
    frames: list[Pixels] = [
        np.clip(np.rint(sky + random.normal(0, 3, SIZE)), 0, 255).astype(np.uint8)
        for _ in range(24)
    ]
    found = find_defects(frames)
    assert found.sure
    assert found.pixels > 4
    before, after = frames[5], repair(frames[5], found, dead=True, pattern=True)
    spot, around = np.s_[100:103, 100:103], np.s_[80:95, 80:120]
    left = float(after[spot].mean()) - float(after[around].mean())
    assert left > 0.8 * (float(before[spot].mean()) - float(before[around].mean()))
    assert after[around].std() < 0.8 * before[around].std()


def test_dead_pixels_in_corners_and_clumps_are_filled_from_live_ones() -> None:
    frame = np.full((20, 20), 100, np.uint8)
    dead = np.array(
        [[0, 0], [19, 19], *((row, column) for row in (9, 10, 11) for column in (9, 10, 11))]
    )
    frame[tuple(dead.T)] = 255
    after = repair(frame, Defects((20, 20), dead, None), dead=True)
    assert (after == 100).all()


def test_rounding_and_clipping_are_those_of_the_subtraction() -> None:
    offsets = np.linspace(-40, 40, 256, dtype=np.float32).reshape(16, 16)
    none = np.empty((0, 2), np.int64)
    kinds: tuple[type[np.uint8 | np.uint16], ...] = (np.uint8, np.uint16)
    for kind in kinds:
        frame: Pixels = np.arange(256).reshape(16, 16).astype(kind)
        after = repair(frame, Defects((16, 16), none, offsets), pattern=True)
        expected = np.clip(frame - np.rint(offsets), 0, np.iinfo(kind).max)
        np.testing.assert_array_equal(after, expected.astype(kind))


def test_a_picture_that_is_all_overlay_or_tiny_says_nothing() -> None:
    frames = shot(sensor_noise())
    hidden = find_defects(frames, ignore=np.ones(SIZE, np.bool_))
    assert not hidden.sure
    assert hidden.pattern is None
    small = find_defects([frame[:40, :40].copy() for frame in frames])
    assert (small.columns, small.rows) == (0, 0)


@pytest.mark.parametrize("count", [1, 7])
def test_few_frames_say_nothing(count: int) -> None:
    found = find_defects(shot(sensor_noise())[:count])
    assert found.pattern is None
    assert not found.sure


def test_the_same_frames_give_the_same_faults() -> None:
    frames = shot(sensor_noise())
    first, second = find_defects(frames), find_defects(frames)
    assert first.pattern is not None
    assert second.pattern is not None
    assert first.pattern.tobytes() == second.pattern.tobytes()
    assert first.describe() == second.describe()


def some_frames(path: Path, count: int = 16) -> list[Pixels]:
    def every() -> Iterator[Pixels]:
        with closing(open_frames(path, threads=1)) as reader:
            yield from (frame.pixels for frame in reader.read())

    frames = list(every())
    return [frames[at] for at in np.linspace(0, len(frames) - 1, count).astype(int)]


@pytest.mark.parametrize("name", ["IR_DRONE_121", "IR_HELICOPTER_043", "V_DRONE_007"])
def test_real_clean_clips_have_no_pattern(clips: Path, name: str) -> None:
    found = find_defects(some_frames(clips / f"{name}.mp4"))
    assert found.pattern is None


def test_the_uncorrected_sensor_is_repaired_towards_the_corrected_one(shared_data: Path) -> None:
    lynred = shared_data / "research-only" / "lynred"  # the same drive, before and after
    spoilt = some_frames(lynred / "drive_uncorrected.avi", 24)
    clean = find_defects(some_frames(lynred / "drive_1.avi", 24))
    found = find_defects(spoilt)
    assert clean.pattern is None
    assert clean.sure
    assert 2 <= len(clean.dead) <= 10
    assert found.sure
    assert found.columns > 1.5
    assert {(280, 99), (351, 271), (460, 62)} <= {tuple(at) for at in found.dead.tolist()}
    after = repair(spoilt[12], found, dead=True, pattern=True)
    assert column_noise(after) < 0.3 * column_noise(spoilt[12])


def test_dead_pixels_smeared_by_a_codec_are_found(shared_data: Path) -> None:
    by_eye = {(47, 5), (58, 313), (114, 126), (120, 569), (121, 61), (133, 517), (138, 436),
              (460, 587), (466, 630)}  # fmt: skip
    frames = some_frames(shared_data / "research-only" / "lynred" / "indoor_people.avi")
    found = find_defects(frames)
    assert by_eye <= {tuple(at) for at in found.dead.tolist()}
    assert len(found.dead) < 60
    assert found.pattern is None


def column_noise(frame: Pixels) -> float:
    """Standard deviation of the differences of neighbouring columns' medians, in levels."""
    steps = np.median(np.diff(frame.astype(float), axis=1), axis=0)
    return float((steps + np.mean(np.diff(frame.astype(float), axis=1), axis=0)).std()) / 2
