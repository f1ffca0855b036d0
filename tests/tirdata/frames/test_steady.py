"""Repeats, freezes and gain jumps."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tirdata.decode import open_frames
from tirdata.frames.steady import Found, Steadiness, _level, find_freezes, find_repeats
from tirdata.types import Frame


def noisy(count: int, seed: int = 0) -> list[Frame]:
    """A still scene with the noise of a sensor."""
    random = np.random.default_rng(seed)
    scene = random.integers(40, 200, (12, 16)).repeat(8, 0).repeat(8, 1)
    frames = [scene + random.normal(0, 2, scene.shape) for _ in range(count)]
    return [np.clip(frame, 0, 255).astype(np.uint8) for frame in frames]


def found(frames: Sequence[Frame], rate: float = 30.0) -> Found:
    steadiness = Steadiness()
    for frame in frames:
        steadiness.add(frame)
    return steadiness.found(np.arange(len(frames)) / rate)


def test_a_still_scene_with_noise_repeats_nothing() -> None:
    assert found(noisy(60)) == Found((), (), ())


def test_a_9_hz_camera_in_a_30_hz_file_repeats_two_of_three_and_is_not_frozen() -> None:
    frames = [frame for frame in noisy(20) for _ in range(3)]
    result = found(frames)
    assert result.repeated == tuple(index for index in range(60) if index % 3)
    assert result.frozen == ()


def test_the_same_picture_coded_twice_is_a_repeat() -> None:
    frames = noisy(40)
    again = frames[20].copy()
    again[:4, :4] ^= 1  # what a codec leaves of it
    assert found([*frames[:21], again, *frames[21:]]).repeated == (21,)


def test_a_closed_shutter_is_a_freeze_and_the_level_after_it_a_gain_jump() -> None:
    frames = noisy(80)
    held = [frames[39]] * 20
    brighter = [np.clip(frame.astype(int) + 12, 0, 255).astype(np.uint8) for frame in frames[40:]]
    result = found([*frames[:40], *held, *brighter])
    assert result.repeated == result.frozen == tuple(range(40, 60))
    assert result.gain_jumps == (60,)


def test_a_flash_is_no_gain_jump() -> None:
    frames = noisy(40)
    frames[20] = np.clip(frames[20].astype(int) + 40, 0, 255).astype(np.uint8)
    assert found(frames).gain_jumps == ()


def test_a_file_that_knows_its_shutter_says_which_frames_are_frozen() -> None:
    steadiness = Steadiness()
    for index, frame in enumerate(noisy(30)):
        steadiness.add(frame, since_shutter_s=None if index < 10 else (index - 10) / 9)
    assert steadiness.found(np.arange(30) / 9).frozen == (10, 11, 12, 13, 14)


def test_counts_are_judged_by_the_span_that_they_use() -> None:
    steadiness = Steadiness()
    for frame in noisy(40):
        steadiness.add((frame.astype(np.uint16) * 8) + 3000)
    assert steadiness.found(np.arange(40) / 30, levels=8 * 255) == Found((), (), ())


def test_one_frame_or_none_is_nothing() -> None:
    assert find_repeats(np.zeros(1)).tolist() == [False]
    assert find_freezes(np.zeros(0, np.bool_), np.zeros(0)).tolist() == []


@pytest.mark.parametrize(
    ("clip", "jump"), [("IR_BIRD_040", 210), ("IR_AIRPLANE_009", None), ("IR_DRONE_100", None)]
)
def test_a_real_gain_jump_is_found_and_calm_clips_have_none(
    shared_data: Path, clip: str, jump: int | None
) -> None:
    steadiness = Steadiness()
    times: list[float] = []
    with closing(open_frames(shared_data / "svanstrom" / "tir" / f"{clip}.mp4")) as reader:
        for raw in reader.read():
            steadiness.add(raw.pixels)
            times.append(raw.time_s)
    jumps = steadiness.found(np.array(times)).gain_jumps
    assert jumps == () if jump is None else jump in jumps


def test_held_frames_of_a_real_recording_are_repeats(shared_data: Path) -> None:
    steadiness = Steadiness()
    with closing(open_frames(shared_data / "svanstrom/tir/IR_AIRPLANE_003.mp4")) as reader:
        count = 0
        for raw in reader.read():
            steadiness.add(raw.pixels)
            count += 1
    result = steadiness.found(np.arange(count) / 30)
    assert 180 < len(result.repeated) < 220
    assert result.frozen == ()


@pytest.mark.parametrize("span", [(0, 65536), (3000, 3400), (60000, 60004)])
def test_levels_of_counts_are_their_mean_and_deviation(span: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    counts = random.integers(*span, (61, 77)).astype(np.uint16)
    assert _level(counts) == pytest.approx((counts.mean(), counts.std()), abs=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_frames_with_a_step_between_are_no_trouble(count: int) -> None:
    frames = [np.full((16, 16), level, np.uint8) for level in (20, 90, 91)]
    assert found(frames[:count]).repeated == ()
