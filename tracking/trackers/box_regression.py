"""From features of a box beside the object to the object's: ridge regression in closed form."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from tirdata.geometry import overlap
from tirdata.types import Box, Boxes, Flags

ALPHA: Final = 1000.0
LEAST_OVERLAP: Final = 0.6  # of a box and the one that it is moved to, in training and in use
MOST_AREA: Final = 2.0  # times the smaller of the two areas


def comparable(boxes: Boxes, others: Boxes) -> Flags:
    """Which pairs of rows overlap, and are as large, as the regression has learned, (n,)."""
    areas = boxes[:, 2:].prod(axis=1) / others[:, 2:].prod(axis=1)
    alike: Flags = (
        (overlap(boxes, others) >= LEAST_OVERLAP) & (areas <= MOST_AREA) & (areas >= 1 / MOST_AREA)
    )
    return alike


def ridge(features: Tensor, wanted: Tensor, alpha: float = ALPHA) -> tuple[Tensor, Tensor]:
    """Weights (d, k) and intercept (k,) that minimise |Xw + b - Y|^2 + alpha |w|^2.

    In the dual form: as many unknowns as samples n, fewer than the features' d.
    """
    middle, about = features.mean(dim=0), wanted.mean(dim=0)
    x, y = features - middle, wanted - about
    kernel = x @ x.T + alpha * torch.eye(len(x), dtype=x.dtype, device=x.device)
    weights = x.T @ torch.cholesky_solve(y, torch.linalg.cholesky(kernel))
    return weights, about - middle @ weights


class BoxRegression:
    """Moves and scales boxes as it has learned on the first frame."""

    def __init__(self, features: Tensor, boxes: Boxes, box: Box) -> None:
        """Learn from ``features`` (n, d) of ``boxes`` (n, 4) where the object's ``box`` is."""
        middles, sides = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]
        target = np.array(box, np.float64)
        moves = (target[:2] + target[2:] / 2 - middles) / sides
        wanted = np.hstack([moves, np.log(target[2:] / sides)])
        as_tensor = torch.from_numpy(wanted).to(features.device, torch.float32)
        self.weights, self.intercept = ridge(features.float(), as_tensor)

    def __call__(self, features: Tensor, boxes: Boxes) -> Boxes:
        """Where the object is, by each box; a box that would change too much stays."""
        steps = (features.float() @ self.weights + self.intercept).double().cpu().numpy()
        sides = boxes[:, 2:] * np.exp(np.clip(steps[:, 2:], -2, 2))
        middles = boxes[:, :2] + boxes[:, 2:] / 2 + steps[:, :2] * boxes[:, 2:]
        moved: Boxes = np.hstack([middles - sides / 2, sides])
        return np.where(comparable(moved, boxes)[:, None], moved, boxes)
