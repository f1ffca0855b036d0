"""Reading a response map: where its peak is, and how far it can be believed."""

import numpy as np
import pytest
import torch

from tracking.trackers.response import (
    Answer,
    Map,
    answer_of,
    apce,
    cosine_window,
    middle_part,
    peak_to_sidelobe,
    peaks,
    read,
    second_peak,
    upsample,
    windowed,
)


def _bump(*peaks: tuple[float, float, float], size: int = 33, sigma: float = 2.0) -> Map:
    """Gaussians at (dx, dy) cells from the centre, each as high as the third number says."""
    cells = np.arange(size) - (size - 1) / 2
    values = np.zeros((size, size))
    for dx, dy, height in peaks:
        distance = (cells[None, :] - dx) ** 2 + (cells[:, None] - dy) ** 2
        values += height * np.exp(-distance / (2 * sigma**2))
    result: Map = values.astype(np.float32)
    return result


def _peak(response: Map) -> tuple[float, ...]:
    return tuple(peaks(torch.from_numpy(response)[None])[1][0].tolist())


def _read(response: Map) -> Answer:
    values = torch.from_numpy(response)
    (row,) = read(values[None], cosine_window(33), 0.2625).tolist()
    return answer_of(row, values)


def test_upsampling_is_bicubic_with_a_of_minus_a_half() -> None:
    impulse = torch.zeros(1, 33, 33)
    impulse[0, 16, 16] = 1
    large = upsample(impulse)
    assert large.shape == (1, 264, 264)
    assert large.min().item() == pytest.approx(-0.073, abs=0.002)  # a = -0.75 gives -0.110
    torch.testing.assert_close(large, large.flip(1, 2))  # the centre stays the centre


def test_the_middle_of_a_window_is_its_middle_with_sum_one() -> None:
    whole = cosine_window(264)
    part = middle_part(whole, 200)
    assert part.shape == (200, 200)
    assert part.sum().item() == pytest.approx(1.0, abs=1e-4)
    torch.testing.assert_close(part / part.max(), whole[32:-32, 32:-32] / whole.max())


@pytest.mark.parametrize("at", [(0.0, 0.0), (3.0, -5.0), (2.25, 0.75), (-7.4, 4.6)])
def test_the_peak_of_the_upsampled_map_is_where_the_object_is(at: tuple[float, float]) -> None:
    ((dx, dy),) = peaks(upsample(torch.from_numpy(_bump((*at, 1.0)))[None]))[1].tolist()
    assert (dx / 8, dy / 8) == pytest.approx(at, abs=0.06)


@pytest.mark.parametrize("at", [(0.0, 0.0), (0.3, -0.4), (5.45, -2.2)])
def test_the_peak_is_found_below_a_cell(at: tuple[float, float]) -> None:
    assert _peak(_bump((*at, 1.0), sigma=4)) == pytest.approx(at, abs=0.02)


@pytest.mark.parametrize("at", [(-16.0, -16.0), (16.0, 0.0), (0.0, 16.0)])
def test_a_peak_on_the_border_stays_there(at: tuple[float, float]) -> None:
    assert _peak(_bump((*at, 1.0))) == pytest.approx(at, abs=1e-6)


def test_a_map_of_one_value_has_its_peak_in_a_cell() -> None:
    assert all(place == round(place) for place in _peak(np.zeros((5, 5), np.float32)))


def test_the_window_sums_to_one_and_ends_at_zero() -> None:
    window = cosine_window(264)
    assert window.sum().item() == pytest.approx(1, abs=1e-4)
    assert window[0].max() == window[:, -1].max() == 0
    torch.testing.assert_close(window, window.flip(0, 1))
    assert window[131:133, 131:133].min() == window.max()


def test_the_blend_is_a_distribution_between_map_and_window() -> None:
    window = cosine_window(33)
    response = torch.from_numpy(_bump((6.0, 0.0, 1.0)) - 5)
    (blended,) = windowed(response[None], window, 0.2625)
    assert blended.sum().item() == pytest.approx(1, abs=1e-4)
    shifted = response - response.min()
    torch.testing.assert_close(blended, 0.7375 * shifted / shifted.sum() + 0.2625 * window)
    torch.testing.assert_close(windowed(response[None], window, 1.0)[0], window)


def test_the_window_prefers_the_nearer_of_two_equals() -> None:
    response = _bump((2.0, 0.0, 1.0), (-12.0, 0.0, 1.0))
    assert _read(response).near[0] == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("level", [0.0, 0.4, -0.4, 1e-7])
@pytest.mark.parametrize("rounding", [0.0, 3e-7])
def test_a_map_that_says_nothing_leaves_the_position(level: float, rounding: float) -> None:
    """Rounding in the transforms must not be blown up to a peak."""
    noise = np.random.default_rng(0).uniform(-1, 1, (33, 33))
    flat: Map = (level + rounding * noise).astype(np.float32)
    assert _read(flat).near == pytest.approx((0, 0), abs=1e-6)


def test_small_but_real_differences_count() -> None:
    response = (0.4 + 1e-3 * _bump((5.0, 0.0, 1.0))).astype(np.float32)
    assert _read(response).near[0] > 3


def test_many_maps_are_read_as_each_alone() -> None:
    several = [
        _bump((3.0, -5.0, 1.0)),
        _bump((-16.0, 0.0, 0.5), (4.0, 4.0, 0.4)),
        _bump((0.0, 0.0, 2.0)),
    ]
    together = read(torch.from_numpy(np.stack(several)), cosine_window(33), 0.2625)
    for found, response in zip(together.tolist(), several, strict=True):
        alone = _read(response)
        assert found == pytest.approx([alone.top, *alone.at, *alone.near])
        assert alone.top == pytest.approx(response.max())


def test_a_lone_peak_is_believed_more_than_a_crowd() -> None:
    random = np.random.default_rng(0)
    noise = (0.05 * random.normal(size=(33, 33))).astype(np.float32)
    lone = _bump((0.0, 0.0, 1.0)) + noise
    crowd = _bump(*((dx, dy, 1.0) for dx in (-10, 0, 10) for dy in (-10, 0, 10))) + noise
    assert peak_to_sidelobe(lone) > 10 > peak_to_sidelobe(crowd)
    assert apce(lone) > 2 * apce(crowd)
    assert second_peak(lone) < 0.35
    assert second_peak(crowd) > 0.9


@pytest.mark.parametrize("height", [0.3, 0.6, 0.9])
def test_the_second_peak_is_a_share_of_the_first(height: float) -> None:
    response = _bump((-6.0, 0.0, 2.0), (8.0, 3.0, 2.0 * height)) - 7
    assert second_peak(response) == pytest.approx(height, abs=0.01)


def test_the_flank_of_the_first_peak_is_no_second() -> None:
    assert second_peak(_bump((0.0, 0.0, 1.0), sigma=5)) == 0


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0])
def test_a_constant_map_has_finite_measures(value: float) -> None:
    flat = np.full((33, 33), value, np.float32)
    assert np.isfinite([peak_to_sidelobe(flat), apce(flat), second_peak(flat)]).all()
    assert second_peak(flat) == 1
    assert apce(flat) == 0


def test_measures_do_not_depend_on_level_and_height() -> None:
    response = _bump((2.0, 1.0, 1.0), (-9.0, 4.0, 0.5))
    other = 3 * response + 1
    assert apce(other) == pytest.approx(apce(response), rel=1e-4)
    assert second_peak(other) == pytest.approx(second_peak(response), rel=1e-4)
    assert peak_to_sidelobe(other) == pytest.approx(peak_to_sidelobe(response), rel=1e-3)
