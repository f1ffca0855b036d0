"""Normalising by a plan: what needs nothing passes unharmed, everything else is done in order."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.made_video import ramp
from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame
from tirdata.frames.normalise import Normaliser
from tirdata.frames.overlay import Overlay
from tirdata.frames.plan import Plan
from tirdata.frames.regions import Region
from tirdata.frames.tone import curve_of

PLAIN = Plan(size=(250, 66))


def test_white_hot_grey_passes_unharmed(clips: Path) -> None:
    normaliser = Normaliser(PLAIN)
    with closing(open_frames(clips / "IR_DRONE_121.mp4")) as reader:
        for raw in reader.read():
            found = normaliser.normalise(raw)
            assert found.dtype == np.uint8
            assert found.tobytes() == raw.pixels.tobytes()


def test_black_hot_is_inverted() -> None:
    found = Normaliser(replace(PLAIN, polarity="black-hot")).normalise(RawFrame(ramp(), 0.0))
    np.testing.assert_array_equal(found, 255 - ramp())


def test_stored_colours_become_their_luma() -> None:
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8)
    found = Normaliser(PLAIN).normalise(RawFrame(rgb, 0.0))
    np.testing.assert_array_equal(found, [[76, 150, 29, 7]])


def test_counts_are_cropped_then_toned() -> None:
    counts = (np.arange(40 * 50, dtype=np.uint16) + 5000).reshape(40, 50)
    curve = curve_of("counts", {"low": 5500.0, "high": 6500.0})
    plan = Plan(size=(20, 10), crop=(5, 4, 20, 10), curve=curve)
    found = Normaliser(plan).normalise(RawFrame(counts, 0.0))
    np.testing.assert_array_equal(found, curve.apply(counts[4:14, 5:25]))


def test_a_rolling_curve_says_its_ends_for_each_stored_frame() -> None:
    random = np.random.default_rng(0)
    start = curve_of("percentile", {"low": 3000.0, "high": 3600.0})
    normaliser = Normaliser(Plan(size=(64, 48), curve=start, rolling=True))
    frames = [random.integers(3000 + 40 * n, 3500 + 40 * n, (48, 64)) for n in range(6)]
    stored = [normaliser.normalise(RawFrame(each.astype(np.uint16), 0.0)) for each in frames]
    ends = normaliser.finished([0, 2, 5]).rolling_ends
    assert len(ends) == 3
    for index, (low, high) in zip((0, 2, 5), ends, strict=True):
        curve = curve_of("percentile", {"low": low, "high": high})
        np.testing.assert_array_equal(stored[index], curve.apply(frames[index].astype(np.uint16)))


def test_burnt_in_text_is_black_after_the_polarity_is_turned() -> None:
    mask = np.zeros((66, 250), np.bool_)
    mask[10:20, 30:60] = True
    overlay = Overlay((Region(30, 10, 30, 10),), mask)
    plan = replace(PLAIN, polarity="black-hot", overlay=overlay, hud="black")
    found = Normaliser(plan).normalise(RawFrame(ramp(), 0.0))
    assert (found[mask] == 0).all()
    np.testing.assert_array_equal(found[~mask], (255 - ramp())[~mask])
