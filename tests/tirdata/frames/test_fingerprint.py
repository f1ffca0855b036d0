"""Small pictures at fixed times: which frames are taken, and what is written."""

import numpy as np
import pytest

from tirdata.errors import DataError
from tirdata.frames.fingerprint import (
    HEIGHT,
    MOST,
    STEP_S,
    WIDTH,
    Fingerprints,
    details,
    fingerprint,
    read_fingerprints,
)
from tirdata.types import Frame


def flat(level: int, size: tuple[int, int] = (256, 320)) -> Frame:
    return np.full(size, level, np.uint8)


def test_a_fingerprint_is_the_mean_of_each_cell() -> None:
    frame = np.zeros((HEIGHT * 4, WIDTH * 5), np.uint8)
    frame[4:8, 10:15] = 200
    cells = np.frombuffer(fingerprint(frame), np.uint8).reshape(HEIGHT, WIDTH)
    assert cells[1, 2] == 200
    assert cells.sum() == 200


@pytest.mark.parametrize("fps", [9, 25, 30, 50])
def test_samples_are_half_a_second_apart_whatever_the_rate(fps: int) -> None:
    made = Fingerprints()
    for index in range(10 * fps):
        made.add(flat(index % 250), 7 + index / fps)
    times = read_fingerprints(made.result()).times_s
    assert len(times) == 20
    assert np.abs(times - STEP_S * np.arange(20)).max() <= 1 / fps


def test_a_long_sequence_has_no_more_samples_and_they_are_spread() -> None:
    made = Fingerprints()
    taken = 0
    for index in range(40_000):
        time_s = index / 10
        if made.due(time_s):
            made.add(flat(index % 250, (30, 40)), time_s)
            taken += 1
    samples = read_fingerprints(made.result())
    assert MOST / 2 < len(samples.times_s) <= MOST
    assert np.ptp(np.diff(samples.times_s)) == 0
    assert samples.times_s[-1] > 3900
    assert taken < 4 * MOST


def test_what_was_written_is_read() -> None:
    made = Fingerprints()
    made.add(flat(9), 3.0)
    made.add(flat(10), 3.2)  # too early
    made.add(flat(11), 3.512)
    samples = read_fingerprints(made.result(), 25.0)
    assert samples.times_s.tolist() == [0.0, 0.512]
    assert [set(each.flat) for each in samples.pictures] == [{9}, {11}]
    assert samples.fps == 25.0


def test_nothing_is_written_of_nothing() -> None:
    assert Fingerprints().result() == ()
    assert read_fingerprints(()).pictures.shape == (0, HEIGHT, WIDTH)


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!"])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="expected 1732 bytes in base64"):
        read_fingerprints([text])


def test_details_have_no_gain_jump_and_no_slope() -> None:
    slope = np.tile(np.linspace(50, 90, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    both = details(np.stack([slope, slope + 40]))
    assert np.abs(both[0] - both[1]).max() < 1e-3
    assert np.abs(both[:, :, 8:-8]).max() < 1


def test_times_without_a_rate_are_those_of_the_other() -> None:
    made = Fingerprints()
    made.add(flat(0), 0.0)
    made.add(flat(0), 0.5)
    unknown = read_fingerprints(made.result())
    known = read_fingerprints(made.result(), 15.0)
    assert unknown.beside(known).times_s.tolist() == [0.0, 1.0]  # frame 15 at 15 a second
    assert known.beside(unknown) is known
    assert unknown.beside(unknown) is unknown
