"""Shots: real cuts judged by eye, made cuts of real clips, and what must not cut."""

import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tirdata.decode import open_frames
from tirdata.frames.shots import REACH, mark_shots
from tirdata.types import Frame

CUT = 40  # where the made ones are


class Candidate(NamedTuple):
    """A frame that a detector took for the first of a shot, and what an eye saw there."""

    clip: str
    frame: int
    is_cut: bool
    what: str


def read(path: Path, first: int = 0, count: int | None = None) -> list[Frame]:
    last = None if count is None else first + count
    with closing(open_frames(path)) as reader:
        frames = []
        for index, frame in enumerate(reader.read()):
            if index == last:
                break
            if index >= first:
                frames.append(frame.pixels.astype(np.uint8))
        return frames


def cuts(frames: list[Frame]) -> list[int]:
    """The frames that begin a shot, without the first."""
    marked = [begins for _, begins in mark_shots(frames, lambda frame: frame)]
    assert len(marked) == len(frames)
    assert marked[0]
    return [index for index, begins in enumerate(marked) if begins and index]


@pytest.fixture(scope="module", params=["IR_DRONE_121", "IR_HELICOPTER_043", "V_HELICOPTER_004"])
def clip(request: pytest.FixtureRequest, clips: Path) -> list[Frame]:
    return read(clips / f"{request.param}.mp4", 0, 90)


def gain(factor: float, offset: float) -> Callable[[Frame], Frame]:
    return lambda frame: np.clip(frame * factor + offset, 0, 255).astype(np.uint8)


def after(frames: list[Frame], change: Callable[[Frame], Frame]) -> list[Frame]:
    return frames[:CUT] + [change(frame) for frame in frames[CUT:]]


def test_two_real_clips_one_after_the_other_are_two_shots(clips: Path) -> None:
    one = read(clips / "IR_DRONE_121.mp4", 0, CUT)
    other = read(clips / "IR_HELICOPTER_043.mp4", 100, 60)
    third = read(clips / "IR_HELICOPTER_043.mp4", 300, 25)
    assert cuts(one + other) == [CUT]
    assert cuts(one + other + one + third) == [CUT, CUT + 60, 2 * CUT + 60]
    assert cuts(one[:2] + other) == [2]
    assert cuts(one + other[:2]) == [CUT]


def test_one_shot_stays_one(clip: list[Frame]) -> None:
    assert cuts(clip) == []
    assert cuts(clip[::3]) == []  # as from a slow camera
    assert cuts([clip[index // 3 * 3] for index in range(len(clip))]) == []  # 9 Hz in 30 fps


@pytest.mark.parametrize(
    ("factor", "offset"), [(2.0, -60), (0.4, 40), (3.0, -200), (1.0, 60)]
)  # the last three lose levels at one end or the other
def test_a_gain_jump_is_no_cut(clip: list[Frame], factor: float, offset: float) -> None:
    assert cuts(after(clip, gain(factor, offset))) == []


def test_a_flip_of_polarity_begins_a_shot(clip: list[Frame]) -> None:
    assert cuts(after(clip, lambda frame: 255 - frame)) == [CUT]


def test_fading_out_and_in_is_no_cut(clip: list[Frame]) -> None:
    light = np.abs(np.linspace(-1, 1, len(clip)))
    assert cuts([gain(level, 0)(frame) for frame, level in zip(clip, light, strict=True)]) == []


@pytest.mark.parametrize("length", [1, 3, REACH - 2])
@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_flash_or_a_closed_shutter_is_no_cut(clip: list[Frame], length: int, level: int) -> None:
    blank = [np.full_like(clip[0], level)] * length
    assert cuts(clip[:CUT] + blank + clip[CUT + length :]) == []


def test_frozen_and_dropped_frames_are_no_cut(clip: list[Frame]) -> None:
    assert cuts(clip[:CUT] + [clip[CUT]] * 15 + clip[CUT + 15 :]) == []
    assert cuts(clip[:CUT] + clip[CUT + 8 :]) == []


def test_a_small_target_that_jumps_is_no_cut(clip: list[Frame]) -> None:
    frames = [frame.copy() for frame in clip]
    for index, frame in enumerate(frames):
        x = (20 if index < CUT else 200) + index
        cv2.rectangle(frame, (x, 40), (x + 9, 47), 255, -1)
    assert cuts(frames) == []


def test_a_pan_over_a_still_picture_is_no_cut(clip: list[Frame]) -> None:
    wide = cv2.resize(clip[0], None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    height, width = clip[0].shape
    starts = np.cumsum(np.r_[np.zeros(30), np.full(30, 8), np.zeros(30)]).astype(int)
    frames = [np.asarray(wide[height:, x : x + width][:height], np.uint8) for x in starts]
    assert cuts(frames) == []


def test_another_size_begins_a_shot(clip: list[Frame]) -> None:
    assert cuts(clip[:20] + [frame[:, :160] for frame in clip[20:40]]) == [20]


def test_blank_frames_are_one_shot() -> None:
    noise = np.random.default_rng(0)
    frames = [noise.normal(90, 3, (128, 160)).clip(0, 255).astype(np.uint8) for _ in range(40)]
    assert cuts(frames) == []
    assert cuts([np.zeros((64, 80), np.uint8)] * 30) == []


def test_items_come_out_in_order_and_never_more_than_reach_are_held() -> None:
    pulled = []

    def frames() -> Iterator[int]:
        for number in range(100):
            pulled.append(number)
            yield number

    picture = np.zeros((64, 80), np.uint8)
    for position, (number, _) in enumerate(mark_shots(frames(), lambda _: picture)):
        assert number == position
        assert len(pulled) - number <= REACH + 1


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [("tir", "IR_"), pytest.param("visible", "V_", marks=pytest.mark.slow)],
)
def test_precision_and_recall_on_candidates_judged_by_eye(
    folder: str, prefix: str, clips: Path, shared_data: Path
) -> None:
    with (clips / "cuts.csv").open(newline="") as file:
        truth = [
            Candidate(row["clip"], int(row["frame"]), row["is_cut"] == "1", row["what"])
            for row in csv.DictReader(file)
            if row["clip"].startswith(prefix)
        ]
    found = {  # whatever is found between the candidates counts as wrong
        (name, frame)
        for name in {candidate.clip for candidate in truth}
        for frame in cuts(read(shared_data / "svanstrom" / folder / f"{name}.mp4"))
    }
    real = {(each.clip, each.frame) for each in truth if each.is_cut}
    scenes = {(each.clip, each.frame) for each in truth if each.what == "scene"}
    precision, recall = len(found & real) / len(found), len(found & real) / len(real)
    scene_recall = len(found & scenes) / len(scenes)
    print(  # noqa: T201  # shown with -s and when it fails
        f"{folder}: {len(truth)} candidates, {len(real)} cuts: precision {precision:.3f}, recall "
        f"{recall:.3f}; of {len(scenes)} changes of scene or framing {scene_recall:.3f}"
    )
    assert precision >= 0.95
    assert scene_recall >= 0.95
    assert recall >= 0.75  # with splices of two moments of one still scene
