"""The closed-form correlation filter of CFNet: a template from features, differentiable, in fp32.

Never half precision here: the Fourier sums lose the small frequencies. MMNet, section 3.
"""

import math

import torch
from torch import Tensor, nn

MARGIN = 16  # cells cut from each side of a template: 49 -> 17, 53 -> 21
REGULARISATION = 10.0  # lambda; tied to the scale of raw features
TARGET_SIGMA = 2.0  # cells: 8 px at stride 4


def hann(size: int) -> Tensor:
    """Symmetric Hann window with zeros at both ends, outer product, (size, size)."""
    steps = torch.arange(size, dtype=torch.float64)
    window = 0.5 * (1 - torch.cos(2 * math.pi * steps / (size - 1)))
    return torch.outer(window, window).float()


def gaussian_target(size: int, sigma: float = TARGET_SIGMA) -> Tensor:
    """Wanted circular response, (size, size): a Gaussian whose peak wraps around index (0, 0)."""
    steps = torch.arange(size, dtype=torch.float64)
    distance = torch.minimum(steps, size - steps)
    bell = torch.exp(-(distance**2) / (2 * sigma**2))
    return torch.outer(bell, bell).float()


def solve(features: Tensor, target: Tensor, regularisation: float = REGULARISATION) -> Tensor:
    """Filter whose circular correlation with ``features`` comes closest to ``target``.

    k = (1/n) sum_c |X_c|^2 + lambda, a = y / (n k), w_c = conj(a) X_c, with n = m*m.

    Args:
        features: windowed, (b, c, m, m), real.
        target: (m, m), peak at (0, 0).
        regularisation: lambda.

    Returns:
        The uncropped filter w, (b, c, m, m), with its centre at the features' centre.
    """
    size = features.shape[-1]
    spectrum = torch.fft.rfft2(features)
    energy = (spectrum.real**2 + spectrum.imag**2).sum(dim=1, keepdim=True)
    kernel = energy / (size * size) + regularisation
    dual = torch.fft.rfft2(target) / (size * size * kernel)
    template: Tensor = torch.fft.irfft2(dual.conj() * spectrum, s=(size, size))
    return template


def correlate(template: Tensor, search: Tensor) -> Tensor:
    """Valid correlation of each sample with its own template, summed over channels.

    Args:
        template: (b, c, t, t), or (1, c, t, t) for all samples.
        search: (b, c, m, m), unwindowed.

    Returns:
        Responses, (b, m - t + 1, m - t + 1).
    """
    # By Fourier at the search's own size: the valid part has no wrap-around, and channels are
    # summed before the one inverse transform.
    size = search.shape[-1]
    valid = size - template.shape[-1] + 1
    product = torch.fft.rfft2(template, s=(size, size)).conj() * torch.fft.rfft2(search)
    response: Tensor = torch.fft.irfft2(product.sum(dim=1), s=(size, size))
    return response[:, :valid, :valid]


def correlate_directly(templates: Tensor, searches: Tensor) -> Tensor:
    """As ``correlate`` without Fourier: faster where no gradient is wanted, one template for each.

    Each channel by itself, then summed; one convolution with a single output channel is ten times
    slower on a processor.
    """
    count, channels, size = searches.shape[0], searches.shape[1], searches.shape[-1]
    side = templates.shape[-1]
    maps = nn.functional.conv2d(
        searches.reshape(1, count * channels, size, size),
        templates.reshape(count * channels, 1, side, side),
        groups=count * channels,
    )
    return maps.view(count, channels, *maps.shape[2:]).sum(dim=1)


def correlate_all(templates: Tensor, searches: Tensor) -> Tensor:
    """Every template with every search: (z, c, t, t) and (x, c, m, m) give (z, x, r, r)."""
    size = searches.shape[-1]
    valid = size - templates.shape[-1] + 1
    left = torch.fft.rfft2(templates, s=(size, size)).conj()
    product = torch.einsum("zcuv,xcuv->zxuv", left, torch.fft.rfft2(searches))
    responses: Tensor = torch.fft.irfft2(product, s=(size, size))
    return responses[..., :valid, :valid]


class CorrelationFilter(nn.Module):
    """Features of an exemplar -> cropped template. No weights; window and target are fixed."""

    window: Tensor
    target: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("window", hann(size), persistent=False)
        self.register_buffer("target", gaussian_target(size), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Template of ``features`` (b, c, m, m): (b, c, m - 32, m - 32), fp32."""
        with torch.autocast(features.device.type, enabled=False):
            template = solve(features.float() * self.window, self.target)
        return template[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
