"""Counts that are temperatures up to a factor and an offset, as cores with TLinear give them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LinearRadiometry:
    """Kelvin = scale * count + offset."""

    kelvin_per_count: float
    kelvin_at_zero: float = 0.0

    def kelvin(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        return self.kelvin_per_count * counts.astype(np.float64) + self.kelvin_at_zero

    @property
    def constants(self) -> dict[str, float]:
        return {"kelvin_per_count": self.kelvin_per_count, "kelvin_at_zero": self.kelvin_at_zero}


CENTIKELVIN = LinearRadiometry(0.01)
