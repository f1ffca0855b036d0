"""Tone curves: fitted, stored, undone; without flicker; hot pixels and shutters do no harm."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.decode.base import Counts, Pixels
from tirdata.errors import ConfigError, DataError
from tirdata.frames.histogram import CountHistogram
from tirdata.frames.rolling import SLEW, RollingCurve, flicker
from tirdata.frames.tone import CURVES, LEAST_SPAN, TAIL, Curve, curve_of, fit_curve

SIZE = (120, 160)


class Planck:
    """Kelvin as of an ideal camera: T = B / ln(R / (counts - O) + 1)."""

    def kelvin(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        radiance = np.where(np.asarray(counts) > 1000, counts, np.nan) - 1000.0
        return np.asarray(1400.0 / np.log(1.6e6 / radiance + 1))

    @property
    def constants(self) -> dict[str, float]:
        return {"R": 1.6e6, "B": 1400.0, "O": -1000.0}


def still(count: int = 1, noise: float = 3.0) -> list[Counts]:
    """A scene of sky, ground and a warm thing that stands still, in noisy counts."""
    random = np.random.default_rng(2)
    rows = np.linspace(7000, 8200, SIZE[0])[:, None]
    picture = rows + 150 * np.sin(np.arange(SIZE[1]) / 9.0)[None, :]
    picture[60:75, 30:60] += 900
    return [
        np.rint(picture + random.normal(0, noise, SIZE)).astype(np.uint16) for _ in range(count)
    ]


def histogram_of(frames: list[Counts]) -> CountHistogram:
    histogram = CountHistogram()
    for frame in frames:
        histogram.add(frame)
    return histogram


def fitted(name: str, frames: list[Counts]) -> Curve:
    ranges = {"counts": (6900.0, 8500.0), "kelvin": (240.0, 320.0)}
    return fit_curve(name, histogram_of(frames), ranges.get(name), Planck())


every_curve = pytest.mark.parametrize("name", sorted(CURVES))


@every_curve
def test_warmer_is_never_darker(name: str) -> None:
    table = fitted(name, still(4)).table
    assert table.shape == (65536,)
    assert (np.diff(table.astype(int)) >= 0).all()
    assert (table[0], table[-1]) == (0, 255)


@every_curve
def test_what_the_card_keeps_makes_the_same_curve_again(name: str) -> None:
    curve = fitted(name, still(4))
    stored = json.loads(json.dumps(curve.parameters))
    again = {key: tuple(each) if isinstance(each, list) else each for key, each in stored.items()}
    assert curve_of(name, again).table.tobytes() == curve.table.tobytes()


@every_curve
def test_undone_counts_are_off_by_half_a_bin_at_most(name: str) -> None:
    curve = fitted(name, still(4))
    low, high = curve.limits
    counts = np.arange(int(np.ceil(low)), int(high) + 1).astype(np.uint16)[None, :]
    error = np.abs(curve.undo(curve.apply(counts)) - counts)
    assert error.max() <= curve.error + 1e-3
    widths = np.unique(curve.apply(counts), return_counts=True)[1]
    assert curve.error <= widths.max() / 2


def test_a_straight_curve_errs_by_half_of_one_level() -> None:
    curve = fitted("percentile", still(4))
    low, high = curve.limits
    assert curve.error <= (high - low) / 255 / 2


def test_what_was_clipped_comes_back_as_the_end_of_the_range() -> None:
    curve = curve_of("counts", {"low": 1000.0, "high": 3000.0})
    found = curve.undo(curve.apply(np.array([[0, 999, 3001, 65535]], np.uint16)))
    np.testing.assert_allclose(found, [[1000, 1000, 3000, 3000]], atol=curve.error)


@given(low=st.integers(0, 65000), span=st.integers(2, 60000))
def test_any_range_of_counts_can_be_undone(low: int, span: int) -> None:
    high = min(low + span, 65535)
    curve = curve_of("counts", {"low": float(low), "high": float(high)})
    counts = np.arange(low, high + 1).astype(np.uint16)
    assert np.abs(curve.undo(curve.apply(counts)) - counts).max() <= max(0.5, curve.error)


def test_few_pixels_are_clipped() -> None:
    frames = still(8)
    curve = fitted("percentile", frames)
    levels = np.stack([curve.apply(frame) for frame in frames])
    assert ((levels == 0) | (levels == 255)).mean() <= 2 * TAIL
    assert levels.max() - levels.min() > 200


def test_dead_and_hot_pixels_do_not_move_the_curve() -> None:
    frames = still(4)
    spoilt = [frame.copy() for frame in frames]
    at = np.random.default_rng(4).integers(1, 119, (2, 60))
    for frame in spoilt:
        frame[at[0, ::2], at[1, ::2]] = 65535
        frame[at[0, 1::2], at[1, 1::2]] = 0
    clean, other = fitted("percentile", frames), fitted("percentile", spoilt)
    assert np.abs(np.subtract(clean.limits, other.limits)).max() < 0.02 * np.ptp(clean.limits)


def test_a_blank_shot_is_not_stretched_to_its_noise() -> None:
    blank = [np.full(SIZE, 3000, np.uint16)] * 3
    low, high = fitted("percentile", blank).limits
    assert high - low == LEAST_SPAN
    assert low < 3000 < high


@pytest.mark.parametrize("value", [0, 65535])
def test_shots_at_the_ends_of_the_counts_have_curves_too(value: int) -> None:
    frames = [np.full(SIZE, value, np.uint16)] * 2
    for name in ("percentile", "plateau"):
        low, high = fitted(name, frames).limits
        assert 0 <= low < high <= 65535


def test_plateau_equalisation_is_bounded_in_slope_and_spreads_the_levels() -> None:
    frames = still(6)
    equal, straight = fitted("plateau", frames), fitted("percentile", frames)
    low, high = equal.limits
    span = np.arange(int(low), int(high))
    steepest = np.diff(equal.table[span[::64]].astype(float)).max() / 64
    assert steepest <= 4.5 * 255 / (high - low)
    spread = [float(curve.apply(frames[0])[:55].std()) for curve in (equal, straight)]
    assert spread[0] > spread[1]


def test_kelvin_levels_are_temperatures() -> None:
    curve = fitted("kelvin", still())
    counts = np.arange(int(curve.limits[0]), int(curve.limits[1]), 50).astype(np.uint16)
    kelvin = 240 + curve.apply(counts).astype(float) / 255 * 80
    assert np.abs(kelvin - Planck().kelvin(counts)).max() <= 80 / 255 / 2 + 1e-6


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: fit_curve("gamma", histogram_of(still())), "no tone curve 'gamma'; there are: c"),
        (lambda: fit_curve("counts", histogram_of(still())), "tone_range: missing; the curve 'cou"),
        (
            lambda: fit_curve("counts", histogram_of(still()), (9.0, 9.0)),
            "9 to 9; expected the low end first",
        ),
        (
            lambda: fit_curve("counts", histogram_of(still()), (0.0, 70000.0)),
            "0 to 70000; expected counts in 0..65535",
        ),
        (
            lambda: fit_curve("kelvin", histogram_of(still()), (1e5, 2e5), Planck()),
            "100000 to 200000 K; the recording's counts reach from",
        ),
        (lambda: curve_of("percentile", {"low": 5.0}), "has parameters low; 'high'"),
        (lambda: curve_of("plateau", {"counts": (5.0, 1.0)}), "expected counts to rise"),
        (lambda: curve_of("kelvin", {"first_counts": (1.0, 2.0)}), "expected 255 first_counts"),
        (lambda: RollingCurve(slew=-1), "slew: -1; expected a share"),
    ],
)
def test_settings_that_make_no_curve_are_refused(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        build()
    assert message in str(raised.value)


def test_kelvin_need_a_calibration_and_a_curve_needs_a_frame() -> None:
    with pytest.raises(DataError, match="has no calibration; expected a radiometric recording"):
        fit_curve("kelvin", histogram_of(still()), (240, 320))
    with pytest.raises(DataError, match="no frame to fit a curve to"):
        fit_curve("percentile", CountHistogram())


def rolled(frames: list[Counts], start: Curve | None = None) -> list[Pixels]:
    rolling = RollingCurve(start)
    return [rolling.push(frame).apply(frame) for frame in frames]


BOUND = 255 * SLEW + 1  # levels


def test_one_curve_a_shot_does_not_flicker() -> None:
    frames = still(20)
    curve = fitted("percentile", frames)
    assert flicker([curve.apply(frame) for frame in frames]) < 0.1


def test_a_rolling_curve_keeps_still_on_a_still_scene() -> None:
    frames = still(20)
    assert flicker(rolled(frames)) < 0.1
    rolling = RollingCurve()
    assert len({rolling.push(frame).limits for frame in frames}) == 1


def test_a_hot_thing_that_enters_moves_no_other_pixel_by_more_than_the_bound() -> None:
    frames = still(60, noise=0)
    for frame in frames[20:]:
        frame[80:110, 100:150] = 20_000
    levels = np.stack(rolled(frames)).astype(int)
    others = levels[:, :60]
    assert np.abs(np.diff(others, axis=0)).max() <= BOUND
    per_frame = [fitted("percentile", [frame]).apply(frame) for frame in frames[19:21]]
    assert np.abs(np.diff(np.stack(per_frame)[:, :60].astype(int), axis=0)).max() > 50
    assert levels[-1, :60].std() < 0.9 * levels[0, :60].std()  # it does follow, slowly


@pytest.mark.parametrize("step", [-300, 40, 900])
def test_a_step_of_all_counts_leaves_the_picture_as_it_is(step: int) -> None:
    frames = still(30)
    jumped = [
        *frames[:15],
        *((frame.astype(int) + step).astype(np.uint16) for frame in frames[15:]),
    ]
    levels = rolled(jumped)
    assert flicker(levels) < 1
    assert np.abs(levels[15].astype(int) - levels[14]).mean() < 3


def test_without_slew_a_curve_stays_but_for_steps_of_all_counts() -> None:
    frames = still(8)
    start = fitted("percentile", frames)
    rolling = RollingCurve(start, slew=0)
    assert all(rolling.push(frame).limits == start.limits for frame in frames[:4])
    for frame in frames[:2]:
        frame[30:90, 30:90] += 5000  # a hot thing is no step of all counts
        assert rolling.push(frame).limits == start.limits
    rolling.push(frames[4])
    moved = rolling.push(frames[5] + np.uint16(300)).limits
    np.testing.assert_allclose(moved, np.add(start.limits, 300), atol=3)


def test_a_closed_shutter_does_not_move_a_rolling_curve() -> None:
    frames = still(6)
    rolling = RollingCurve()
    before = rolling.push(frames[0]).limits
    for _ in range(20):
        assert rolling.push(np.full(SIZE, 9000, np.uint16), shutter=True).limits == before
    after = rolling.push((frames[1] + 200).astype(np.uint16))
    np.testing.assert_allclose(after.limits, np.add(before, 200), atol=5)


def test_a_rolling_curve_starts_from_the_shots_own() -> None:
    start = curve_of("percentile", {"low": 5000.0, "high": 9000.0})
    first = RollingCurve(start).push(still()[0])
    np.testing.assert_allclose(first.limits, start.limits, atol=4000 * SLEW + 0.01)
    plateau = fitted("plateau", still())
    with pytest.raises(ConfigError, match="a curve 'plateau'; expected a linear one"):
        RollingCurve(plateau)


def test_frames_of_8_bits_take_the_same_curves() -> None:
    frames = [(frame // 80).astype(np.uint8) for frame in still(3)]
    histogram = CountHistogram()
    for frame in frames:
        histogram.add(frame)
    curve = fit_curve("percentile", histogram)
    assert np.ptp(curve.apply(frames[0])) > 1.5 * np.ptp(frames[0])


@pytest.mark.parametrize("name", ["SampleSEQ.seq", "SampleCSQ.csq", "IR_2412.jpg", "frame_le.fff"])
def test_real_thermograms_use_the_levels(shared_data: Path, name: str) -> None:
    with closing(open_frames(shared_data / "containers" / "flir" / name)) as reader:
        frames = [frame.pixels for frame in reader.read()]
        radiometry = reader.info.radiometry
    assert radiometry is not None
    histogram = CountHistogram()
    for frame in frames:
        histogram.add(frame)
    span = tuple(radiometry.kelvin(np.array(histogram.quantiles(0.01, 0.99))))
    for curve_name in ("percentile", "plateau", "kelvin"):
        curve = fit_curve(curve_name, histogram, (span[0], span[1]), radiometry)
        levels = np.stack([curve.apply(frame) for frame in frames])
        assert ((levels == 0) | (levels == 255)).mean() < (0.06 if curve_name == "kelvin" else 0.02)
        assert np.ptp(levels) > 150
        low, high = curve.limits
        inside = (np.stack(frames) >= low) & (np.stack(frames) <= high)
        error = np.abs(curve.undo(levels) - np.stack(frames).astype(float))[inside]
        assert error.max() <= curve.error + 0.01


@pytest.mark.parametrize("name", ["possum", "hedgehog", "apache-v2"])
def test_real_counts_roll_within_the_bound(shared_data: Path, name: str) -> None:
    with closing(open_frames(shared_data / "containers" / "cptv" / f"{name}.cptv")) as reader:
        frames = [frame.pixels for _, frame in zip(range(120), reader.read(), strict=False)]
    rolling = RollingCurve()
    ends = np.array([rolling.push(frame).limits for frame in frames])
    span = np.ptp(ends[:-1], axis=1)
    moved = np.abs(np.diff(ends, axis=0))
    steps = np.abs(np.diff(np.median(np.stack(frames), axis=(1, 2))))
    slow = steps < 0.5 * SLEW * span  # the others are steps of all counts, which are followed
    assert (moved[slow] <= (SLEW * span[slow] + 0.03)[:, None]).mean() > 0.99
