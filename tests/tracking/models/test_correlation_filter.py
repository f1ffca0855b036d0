"""The closed-form filter against what it must satisfy, and the correlations against conv2d."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from tracking.models.correlation_filter import (
    REGULARISATION,
    CorrelationFilter,
    correlate,
    correlate_all,
    correlate_directly,
    gaussian_target,
    hann,
    solve,
)


def _seeded(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def _depthwise(template: Tensor, search: Tensor) -> Tensor:
    """The reference: grouped conv2d, then the sum over channels."""
    b, c, t, _ = template.shape
    flat = conv2d(search.reshape(1, b * c, *search.shape[2:]), template.reshape(b * c, 1, t, t),
                  groups=b * c)  # fmt: skip
    return flat.reshape(b, c, *flat.shape[2:]).sum(dim=1)


@pytest.mark.parametrize("size", [49, 53])
def test_the_uncropped_filter_gives_its_own_features_back_as_the_target(size: int) -> None:
    features = 3 * _seeded(1, 8, size, size) * hann(size)
    target = gaussian_target(size)
    spectrum = torch.fft.fft2(features)
    template = torch.fft.fft2(solve(features, target))
    response = torch.fft.ifft2((template.conj() * spectrum).sum(dim=1)).real
    energy = spectrum.abs().square().sum(dim=1) / size**2
    # y * (k - lambda) / k, in the Fourier domain; k - lambda is the energy
    wanted = torch.fft.ifft2(torch.fft.fft2(target) * energy / (energy + REGULARISATION)).real
    torch.testing.assert_close(response, wanted, rtol=0, atol=1e-5)
    assert response.flatten().argmax() == 0


@pytest.mark.parametrize("size", [6, 7], ids=["even", "odd"])
def test_half_the_spectrum_gives_what_the_whole_gives(size: int) -> None:
    features = _seeded(2, 3, size, size, dtype=torch.float64)
    target = gaussian_target(size).double()
    spectrum = torch.fft.fft2(features)
    kernel = spectrum.abs().square().sum(dim=1, keepdim=True) / size**2 + REGULARISATION
    dual = torch.fft.fft2(target) / (size**2 * kernel)
    whole = torch.fft.ifft2(dual.conj() * spectrum)
    assert whole.imag.abs().max() < 1e-12
    torch.testing.assert_close(solve(features, target), whole.real, rtol=0, atol=1e-12)


def test_the_gradient_is_right_where_energy_is_zero_too() -> None:
    target = gaussian_target(5).double()
    features = _seeded(1, 2, 5, 5, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: solve(x, target, 1.0), features)
    empty = torch.zeros(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: solve(x, target, 1.0), empty)


def test_the_window_is_zero_at_both_ends_and_one_in_the_middle() -> None:
    window = hann(49)
    assert window[0].abs().max() == window[:, -1].abs().max() == 0
    assert window[24, 24] == 1
    torch.testing.assert_close(window, window.flip(0).T)


def test_the_target_peaks_at_the_corner_and_wraps() -> None:
    target = gaussian_target(49)
    assert target[0, 0] == 1
    torch.testing.assert_close(target[0, 1], target[0, -1])
    assert target[2, 0].item() == pytest.approx(0.6065, abs=1e-4)  # exp(-1/2) at sigma = 2 cells


@pytest.mark.parametrize(("size", "template"), [(49, 17), (53, 21), (12, 5)])
def test_correlation_is_the_depthwise_convolutions_sum(size: int, template: int) -> None:
    left, right = _seeded(2, 6, template, template), _seeded(2, 6, size, size) + 1
    torch.testing.assert_close(correlate(left, right), _depthwise(left, right), rtol=0, atol=1e-3)


@pytest.mark.parametrize(("size", "template"), [(49, 17), (53, 21), (12, 5)])
def test_without_fourier_it_answers_the_same(size: int, template: int) -> None:
    left, right = _seeded(2, 6, template, template), _seeded(2, 6, size, size) + 1
    wide = right.contiguous(memory_format=torch.channels_last)
    for search in (right, wide):
        torch.testing.assert_close(
            correlate_directly(left, search), correlate(left, right), rtol=0, atol=1e-3
        )


def test_one_template_serves_all_searches() -> None:
    left, right = _seeded(1, 4, 5, 5), _seeded(3, 4, 12, 12)
    torch.testing.assert_close(correlate(left, right), correlate(left.expand(3, 4, 5, 5), right))


def test_the_diagonal_of_all_pairs_is_each_with_its_own() -> None:
    left, right = _seeded(3, 4, 5, 5), _seeded(3, 4, 12, 12)
    every = correlate_all(left, right)
    assert every.shape == (3, 3, 8, 8)
    torch.testing.assert_close(every.diagonal().permute(2, 0, 1), correlate(left, right))
    torch.testing.assert_close(every[0, 2], correlate(left[:1], right[2:])[0])


def test_a_template_answers_where_its_features_went() -> None:
    features = _seeded(1, 16, 49, 49)
    template = CorrelationFilter(49)(features)
    assert template.shape == (1, 16, 17, 17)
    moved = features.roll((3, -5), dims=(2, 3))
    peak = int(correlate(template, moved)[0].argmax())
    assert divmod(peak, 33) == (16 + 3, 16 - 5)


def test_autocast_does_not_reach_the_filter() -> None:
    module, features = CorrelationFilter(49), _seeded(1, 4, 49, 49)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = module(features.bfloat16())
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, module(features.bfloat16().float()), rtol=0, atol=0)


def test_window_and_target_are_not_weights() -> None:
    assert not CorrelationFilter(49).state_dict()
