"""FLIR's measurement model: sensor counts to the temperature of what is seen, and back.

A black body of T kelvin gives ``R1 / (R2 * (exp(B / T) - F)) - O`` counts. What reaches the
sensor is a mixture of the object, of what it reflects, of the air before it and of a window
before the lens, weighted by emissivity and transmissions; counts mix like radiance. The model is
FLIR's "measurement formula" (every camera's manual prints it); the constants and the
transmission of air by distance and humidity are described in the ExifTool forum, topic 4898,
and in Minkina and Dudzik, Infrared Thermography: Errors and Uncertainties, 2009.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ZERO_CELSIUS_K = 273.15
_LEVELS = 1 << 16


@dataclass(frozen=True)
class Planck:
    """What calibration found for one camera, lens and range."""

    r1: float
    r2: float
    b: float
    f: float
    o: float


@dataclass(frozen=True)
class Air:
    """How air attenuates; the values are those of every long-wave FLIR camera."""

    alpha1: float = 0.006569
    alpha2: float = 0.012620
    beta1: float = -0.002276
    beta2: float = -0.006670
    x: float = 1.9


@dataclass(frozen=True)
class Scene:
    """What the operator told the camera of the object and of what lies between."""

    emissivity: float = 1.0
    distance_m: float = 0.0
    reflected_k: float = 293.15
    air_k: float = 293.15
    window_k: float = 293.15
    window_transmission: float = 1.0
    air_transmission: float = 0.0  # 0 = by distance, humidity and air temperature
    humidity: float = 0.5  # 0..1


def black_body_counts(kelvin: NDArray[np.float64], planck: Planck) -> NDArray[np.float64]:
    """Counts of a black body that fills the view; 0 kelvin gives those of no radiation."""
    with np.errstate(over="ignore", divide="ignore"):
        growth = np.exp(planck.b / kelvin) - planck.f
        result: NDArray[np.float64] = planck.r1 / (planck.r2 * growth) - planck.o
    return result


def black_body_kelvin(counts: NDArray[np.float64], planck: Planck) -> NDArray[np.float64]:
    """The inverse; NaN where no temperature gives such counts."""
    radiation = counts + planck.o
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = planck.r1 / (planck.r2 * radiation) + planck.f
        kelvin = planck.b / np.log(inner)
    result: NDArray[np.float64] = np.where((radiation > 0) & (inner > 1), kelvin, np.nan)
    return result


def air_transmission(scene: Scene, air: Air) -> float:
    """The share of radiation that air lets through, over the whole distance at once.

    SC660 files hold the camera's own result for 1 m, 20 degrees, 50 %: 0.9939432. (Thermimage
    and flirpy take half the distance twice, which is less, by 0.0025 there.)
    """
    if scene.air_transmission > 0:
        return scene.air_transmission
    celsius = scene.air_k - _ZERO_CELSIUS_K
    vapour = scene.humidity * math.exp(
        1.5587 + 6.939e-2 * celsius - 2.7816e-4 * celsius**2 + 6.8455e-7 * celsius**3
    )
    path, root = math.sqrt(scene.distance_m), math.sqrt(vapour)
    with np.errstate(over="ignore", invalid="ignore"):  # out of bounds is for the caller to see
        dry = np.exp(-path * (air.alpha1 + air.beta1 * root))
        wet = np.exp(-path * (air.alpha2 + air.beta2 * root))
        return float(air.x * dry + (1 - air.x) * wet)


def mixing(planck: Planck, scene: Scene, transmission: float) -> tuple[float, float]:
    """The line from an object's own counts to those of the sensor: factor and offset."""
    sources = np.array([scene.reflected_k, scene.air_k, scene.window_k])
    through = scene.window_transmission * transmission
    weights = np.array(
        [
            through * (1 - scene.emissivity),
            scene.window_transmission * (1 - transmission),
            1 - scene.window_transmission,
        ]
    )
    with np.errstate(invalid="ignore"):  # what does not radiate may be of no temperature at all
        offset = (weights * black_body_counts(sources, planck)).sum()
    return through * scene.emissivity, float(offset)


def kelvin_of_counts(
    counts: NDArray[Any], planck: Planck, scene: Scene, transmission: float
) -> NDArray[np.float64]:
    """Temperature of the object for each count of the sensor; NaN where there is none."""
    factor, offset = mixing(planck, scene, transmission)
    return black_body_kelvin((counts.astype(np.float64) - offset) / factor, planck)


def counts_of_kelvin(
    kelvin: NDArray[np.float64], planck: Planck, scene: Scene, transmission: float
) -> NDArray[np.float64]:
    """Counts of the sensor, not rounded, for each temperature of the object."""
    factor, offset = mixing(planck, scene, transmission)
    return factor * black_body_counts(kelvin, planck) + offset


class FlirRadiometry:
    """The model with the constants of one file."""

    def __init__(self, planck: Planck, scene: Scene, air: Air | None = None) -> None:
        """Check them.

        Raises:
            ValueError: with them counts have no temperature; says which.
        """
        self.planck = planck
        self._scene = scene
        self._air = Air() if air is None else air
        _check(planck, scene, self._air)
        self.transmission = air_transmission(scene, self._air)
        if not 0 < self.transmission <= 1:
            raise ValueError(f"air transmission {self.transmission:g}")
        if not all(np.isfinite(mixing(planck, scene, self.transmission))):
            raise ValueError("they give no line of counts")
        self._table: NDArray[np.float64] | None = None

    def kelvin(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Temperatures of ``counts``; a table does it where they are whole numbers of 16 bits."""
        if counts.dtype not in (np.uint8, np.uint16):
            return kelvin_of_counts(counts, self.planck, self._scene, self.transmission)
        if self._table is None:
            levels = np.arange(_LEVELS)
            self._table = kelvin_of_counts(levels, self.planck, self._scene, self.transmission)
        result: NDArray[np.float64] = self._table[counts]
        return result

    def counts(self, kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the sensor would give for objects of these temperatures."""
        return counts_of_kelvin(kelvin, self.planck, self._scene, self.transmission)

    @property
    def constants(self) -> dict[str, float]:
        planck = {f"planck_{name}": value for name, value in asdict(self.planck).items()}
        air = {f"air_{name}": value for name, value in asdict(self._air).items()}
        scene = {**asdict(self._scene), "air_transmission": self.transmission}
        return {**planck, **scene, **air}


def _check(planck: Planck, scene: Scene, air: Air) -> None:
    values = {**asdict(planck), **asdict(scene), **asdict(air)}
    faults = [f"{name} {value}" for name, value in values.items() if not math.isfinite(value)]
    faults += [
        f"{name} {values[name]:g}"
        for name in ("r1", "r2", "b", "emissivity", "window_transmission", *_temperatures(scene))
        if not values[name] > 0
    ]
    faults += [
        f"{name} {values[name]:g}"
        for name in ("emissivity", "window_transmission", "air_transmission", "humidity")
        if values[name] > 1
    ]
    faults += [
        f"{name} {values[name]:g}"
        for name in ("distance_m", "humidity", "air_transmission")
        if values[name] < 0
    ]
    if scene.air_k > _HOTTEST_AIR_K:
        faults.append(f"air_k {scene.air_k:g}")
    if faults:
        raise ValueError(", ".join(faults))


_HOTTEST_AIR_K = 1000.0  # the polynomial of the vapour pressure is out of bounds long before


def _temperatures(scene: Scene) -> list[str]:
    """The temperatures that count: those of what does not reach the sensor may be anything."""
    weights = {
        "reflected_k": 1 - scene.emissivity,
        "air_k": 1 - scene.air_transmission,
        "window_k": 1 - scene.window_transmission,
    }
    return [name for name, weight in weights.items() if weight > 0]
