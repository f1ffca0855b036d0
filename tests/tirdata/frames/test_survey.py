"""What is kept of a shot while its frames go by: few of them, and as little of a long one."""

import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from tirdata.decode.base import Colours, Pixels, RawFrame
from tirdata.frames.survey import MOST_SAMPLES, Survey, is_coloured, plane_of

LONG = """
from pathlib import Path
import numpy as np
from tirdata.decode.base import RawFrame
from tirdata.frames.survey import Survey, plane_of

def peak_kb():  # getrusage would start from the parent's peak
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

random = np.random.default_rng(0)
noise = random.integers(0, 255, (600, 700)).astype(np.{kind})
survey = None
for number in range({count}):
    y, x = number % 80, number % 50
    raw = RawFrame(noise[y : y + 512, x : x + 640].copy(), number / 30)
    survey = survey or Survey(raw)
    survey.add(number, raw, plane_of(raw))
    if number == {count} // 4:
        before = peak_kb()
print(peak_kb() - before)
"""


def surveyed(count: int, shape: tuple[int, int] = (24, 32), kind: str = "uint8") -> Survey:
    random = np.random.default_rng(0)
    raws = [
        RawFrame(random.integers(0, 255, shape).astype(kind), index / 30) for index in range(count)
    ]
    survey = Survey(raws[0])
    for number, raw in enumerate(raws, start=7):
        survey.add(number, raw, plane_of(raw))
    return survey


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100, 1000])
def test_samples_are_spread_over_the_shot_however_long_it_is(count: int) -> None:
    survey = surveyed(count)
    assert survey.numbers == list(range(7, 7 + count))
    assert survey.times_s == [index / 30 for index in range(count)]
    kept = len(survey.samples)
    assert min(count, MOST_SAMPLES // 2) <= kept <= min(count, MOST_SAMPLES)


def test_of_large_frames_fewer_are_kept() -> None:
    survey = surveyed(40, (1500, 2000), "uint16")
    assert 6 <= len(survey.samples) <= 16
    assert sum(each.plane.nbytes for each in survey.samples) <= 96 << 20


def test_counts_have_a_histogram_and_levels_have_none() -> None:
    assert surveyed(3).histogram is None
    counted = surveyed(3, kind="uint16").histogram
    assert counted is not None
    assert counted.frames == 3


def test_colours_are_kept_of_the_frames_that_are_in_colour() -> None:
    painted: list[int] = []

    def paint() -> Colours:
        painted.append(1)
        return np.full((24, 32, 3), (200, 30, 30), np.uint8)

    grey = np.full((24, 32), 80, np.uint8)
    first = RawFrame(grey, 0.0, colour=60.0, paint=paint)
    survey = Survey(first)
    for number in range(64):
        raw = first._replace(colour=60.0 if number % 4 == 0 else 1.0)
        survey.add(number, raw, plane_of(raw))
    assert survey.coloured == 16
    assert [each.colours is not None for each in survey.samples] == [
        each % 4 == 0 for each in range(0, 64, 64 // len(survey.samples))
    ]
    assert len(painted) <= MOST_SAMPLES + MOST_SAMPLES // 2  # never of a frame that is not kept


def test_stored_colours_are_one_plane_of_luma() -> None:
    pixels: Pixels = np.array([[[255, 0, 0], [9, 9, 9]]], np.uint8)
    raw = RawFrame(pixels, 0.0, colour=40.0)
    assert is_coloured(raw)
    np.testing.assert_array_equal(plane_of(raw), [[76, 9]])


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_memory_does_not_grow_with_the_length_of_a_shot(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LONG.format(kind=kind, count=3000)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert int(done.stdout) < 24 * 1024  # kB from a quarter of it to its end
