"""A batch of tensors: what the training loop has to know of one."""

from dataclasses import dataclass, fields
from typing import Self

import torch


@dataclass(frozen=True)
class TensorBatch:
    """Fields are tensors whose first side counts the same b things."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def to(self, device: torch.device) -> Self:
        """The same batch on ``device``."""
        values = (getattr(self, each.name) for each in fields(self))
        return type(self)(*(value.to(device, non_blocking=True) for value in values))
