"""The losses of MMNet (section 4 of the paper): balanced matching, masked classification."""

import torch
from torch import Tensor

RADIUS = 2.0  # cells: 8 px at stride 4


def label_map(offsets: Tensor, size: int = 33, radius: float = RADIUS) -> Tensor:
    """+1 within ``radius`` cells of the object, else -1; no neutral ring.

    Args:
        offsets: (b, 2), cells right and down of the map's centre.
        size: cells of the response along a side.
        radius: Euclidean, inclusive.

    Returns:
        (b, size, size); 13 positives for an object in the centre.
    """
    cells = torch.arange(size, device=offsets.device) - (size - 1) / 2
    dx = cells[None, None, :] - offsets[:, 0, None, None]
    dy = cells[None, :, None] - offsets[:, 1, None, None]
    near = dx**2 + dy**2 <= radius**2 + 1e-6
    return torch.where(near, 1.0, -1.0)


def matching_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Balanced logistic loss of each map, (b,): positives weigh 0.5 in total, negatives 0.5.

    A map without positives (a negative pair) has total weight 0.5. Equation 3 of the paper with
    CFNet's weights: sum of weight * log(1 + exp(-y s)).
    """
    losses = torch.nn.functional.softplus(-labels * scores)
    positive = labels > 0
    return 0.5 * (_mean(losses, positive) + _mean(losses, ~positive))


def classification_loss(scores: Tensor, labels: Tensor, keep: Tensor) -> Tensor:
    """Soft-max cross-entropy averaged over the pairs of ``keep``; 0 when none is kept.

    Hard negatives show background under the object's label, so they are not kept.
    """
    losses = torch.nn.functional.cross_entropy(scores, labels, reduction="none")
    return (losses * keep).sum() / keep.sum().clamp(min=1)


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum(dim=(1, 2)) / where.sum(dim=(1, 2)).clamp(min=1)
