"""What happens to stored crops before the network sees them: drawn by numpy, done on the device.

Grey levels are the white-hot ones of the mix, after tone mapping, 0..255. What is drawn for a pair
depends on the seed, the step and its place in the batch alone, and so do the crops.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tracking.training.config import Augment

BLUR_RADIUS = 6  # pixels; three times the widest blur
CONTEXT = 1.25  # sides of what keeps its own background when another is pasted, of the object's
FEATHER = 6.0  # pixels over which one background goes over into the other


class Change(NamedTuple):
    """What is done to one crop."""

    dx: float = 0.0  # pixels right and down that the object moves
    dy: float = 0.0
    scale: float = 1.0  # its growth
    quadrant: float = -1.0  # 0..3: a quarter, enlarged, instead of the crop; -1: no
    gain: float = 1.0  # on grey levels, about their mean
    lift: float = 0.0  # added to them
    blur: float = 0.0  # deviation of a Gaussian, pixels
    noise: float = 0.0  # deviation of sensor noise, grey levels
    pattern: float = 0.0  # deviation of rows' and columns' offsets, grey levels
    invert: float = 0.0  # 1: black-hot
    w: float = 0.0  # of the object in the stored crop, pixels; 0: no other background
    h: float = 0.0


class Warp(NamedTuple):
    """Where the object goes: pixels right and down of the centre, and its growth."""

    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0


def draw_warp(rng: np.random.Generator, augment: Augment) -> Warp:
    """A random shift and scale within the bounds of ``augment``."""
    dx, dy = rng.uniform(-augment.shift, augment.shift, 2)
    bound = np.log1p(augment.scale)
    return Warp(float(dx), float(dy), float(np.exp(rng.uniform(-bound, bound))))


def draw_greys(rng: np.random.Generator, augment: Augment) -> Change:
    """Random changes of grey levels within the bounds of ``augment``, but for their inversion."""
    gain, lift, blur = 1.0, 0.0, 0.0
    if augment.contrast:
        gain = rng.uniform(1 - augment.contrast, 1 + augment.contrast)
        lift = rng.uniform(-64, 64) * augment.contrast
    if augment.blur and rng.random() < augment.blur:
        blur = rng.uniform(0.5, 2.0)
    noise = rng.uniform(0, augment.noise) if augment.noise else 0.0
    pattern = rng.uniform(0, augment.pattern) if augment.pattern else 0.0
    return Change(gain=gain, lift=lift, blur=blur, noise=noise, pattern=pattern)


def make(
    stored: Tensor,
    changes: Sequence[Change],
    size: int,
    seeds: Sequence[int] = (),
    backgrounds: Tensor | None = None,
) -> Tensor:
    """Crops as the network gets them, made where ``stored`` lies.

    Args:
        stored: (n, 1, S, S) uint8, S >= size.
        changes: n of them.
        size: side of the crops.
        seeds: n, of noise and pattern; may be left out where there is neither.
        backgrounds: (p, 1, S, S) uint8: one for each change with a ``w``, in their order; a corner
            of it stands about the object then.

    Returns:
        (n, 1, size, size) uint8.
    """
    columns = _Columns(changes, stored.device)
    values = cut(stored, columns, size)
    if backgrounds is not None:
        corners = [Change(quadrant=number % 4) for number in range(len(backgrounds))]
        there = cut(backgrounds, _Columns(corners, stored.device), size)
        values = _pasted(values, columns, there)
    gains, lifts, inverted = (
        columns.of(name)[:, None, None, None] for name in ("gain", "lift", "invert")
    )
    means = values.mean(dim=(2, 3), keepdim=True)
    values = (values - means) * gains + means + lifts
    values = _noisy(_blurred(values, columns), columns, seeds).round_().clamp_(0, 255)
    return torch.where(inverted > 0, 255 - values, values).to(torch.uint8)


class _Columns:
    """Changes by column on the device, sent there at once and without a wait."""

    def __init__(self, changes: Sequence[Change], device: torch.device) -> None:
        self.changes, self.device = changes, device
        self._table = sent(torch.tensor(changes, dtype=torch.float32), device)

    def of(self, name: str, rows: Tensor | None = None) -> Tensor:
        """One number of each change, (n,), or of some."""
        found = self._table[:, Change._fields.index(name)]
        return found if rows is None else found[rows]

    def where(self, name: str) -> Tensor | None:
        """Numbers of the changes in which it is not 0; None = of none."""
        at = Change._fields.index(name)
        rows = [row for row, each in enumerate(self.changes) if each[at]]
        return sent(torch.tensor(rows), self.device) if rows else None


def sent(values: Tensor, device: torch.device) -> Tensor:
    """``values`` on ``device``; a GPU is not waited for."""
    if device.type == "cuda" and not values.is_pinned():
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def cut(stored: Tensor, columns: _Columns, size: int) -> Tensor:
    """Moved, scaled, or a quarter enlarged: (n, 1, size, size) grey levels, fp32, bilinear.

    A quarter is ``size // 2`` pixels of the plain crop: background, and at most a corner of the
    object. Beyond the stored crop its edge goes on.
    """
    device, whole = stored.device, stored.shape[-1]
    half, margin = size // 2, (whole - size) // 2
    grow, quadrant = columns.of("scale"), columns.of("quadrant")
    corner = quadrant >= 0
    step = torch.where(corner, half / size, 1 / grow)
    lines = []
    for name, far in (("dx", quadrant % 2 == 1), ("dy", quadrant >= 2)):
        first = margin + far * (size - half)
        # Pixel centres: the stored centre maps to the crop's centre plus the shift.
        moved = (whole - 1) / 2 - ((size - 1) / 2 + columns.of(name)) / grow
        start = torch.where(corner, first + 0.5 * step - 0.5, moved)
        low = torch.where(corner, first, 0)[:, None]
        high = torch.where(corner, first + half - 1, whole - 1)[:, None]
        places = start[:, None] + step[:, None] * torch.arange(size, device=device)
        lines.append((2 * places.clamp(low, high) + 1) / whole - 1)
    x, y = lines
    grid = torch.stack(
        [x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], dim=-1
    )
    return functional.grid_sample(
        stored.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def _pasted(values: Tensor, columns: _Columns, backgrounds: Tensor) -> Tensor:
    """The objects of the changes with a ``w`` on other backgrounds, as bright as their own."""
    rows = columns.where("w")
    if rows is None:
        return values
    chosen = values[rows]
    cells = torch.arange(values.shape[-1], device=values.device) - (values.shape[-1] - 1) / 2
    covers = []
    for side, shift in (("w", "dx"), ("h", "dy")):
        reach = 0.5 * CONTEXT * columns.of(side, rows) * columns.of("scale", rows)
        far = (cells - columns.of(shift, rows)[:, None]).abs()
        covers.append(((reach[:, None] - far) / FEATHER + 0.5).clamp(0, 1))
    mask = (covers[1][:, :, None] * covers[0][:, None, :])[:, None]
    level = (chosen - backgrounds).mean(dim=(2, 3), keepdim=True)
    there = (backgrounds + level).clamp(0, 255)
    return values.index_copy(0, rows, mask * chosen + (1 - mask) * there)


def _blurred(values: Tensor, columns: _Columns) -> Tensor:
    rows = columns.where("blur")
    if rows is None:
        return values
    sigma = columns.of("blur", rows)
    taps = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=values.device)
    kernel = torch.exp(-(taps**2) / (2 * sigma[:, None] ** 2))
    kernel = (kernel / kernel.sum(dim=1, keepdim=True))[:, None]  # (rows, 1, taps)
    some = functional.pad(values[rows].transpose(0, 1), (BLUR_RADIUS,) * 4, mode="reflect")
    some = functional.conv2d(some, kernel[:, :, None, :], groups=len(rows))
    some = functional.conv2d(some, kernel[:, :, :, None], groups=len(rows))
    return values.index_copy(0, rows, some.transpose(0, 1))


def _noisy(values: Tensor, columns: _Columns, seeds: Sequence[int]) -> Tensor:
    """Noise of every pixel by itself, and offsets of whole rows and columns."""
    noisy = [row for row, each in enumerate(columns.changes) if each.noise or each.pattern]
    if not noisy:
        return values
    size = values.shape[-1]
    generator = torch.Generator(values.device)
    drawn = values.new_empty(len(noisy), size * size + 2 * size)
    for own, row in zip(drawn, noisy, strict=True):
        own.normal_(generator=generator.manual_seed(seeds[row]))
    across, down, pixels = torch.split(drawn, [size, size, size * size], 1)
    at = sent(torch.tensor(noisy), values.device)
    noise, pattern = (columns.of(name, at)[:, None, None] for name in ("noise", "pattern"))
    offsets = pattern * (across[:, None, :] + down[:, :, None])
    values[at, 0] += noise * pixels.view(-1, size, size) + offsets
    return values
