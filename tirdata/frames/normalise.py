"""Raw frames to white-hot 8-bit grey by a plan; what needs nothing passes through unharmed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tirdata.decode.base import Pixels, RawFrame
from tirdata.frames.overlay import treat
from tirdata.frames.plan import Plan, crop_to, repaired
from tirdata.frames.rolling import RollingCurve
from tirdata.frames.survey import plane_of
from tirdata.types import Frame


class Normaliser:
    """Renders the frames of one shot, in order and all of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rolling = RollingCurve(plan.curve) if plan.rolling and plan.curve else None
        self._frozen = frozenset(plan.steady.frozen)
        self._ends: list[tuple[float, float]] = []  # of the rolling curve, frame by frame

    def normalise(self, raw: RawFrame) -> Frame:
        """The next frame of the shot, (h, w) uint8; never an array that the reader still uses."""
        plan = self._plan
        if plan.inverter is not None:
            frame = plan.inverter.intensity(crop_to(raw.colours, plan.crop))
        else:
            frame = self._toned(repaired(crop_to(plane_of(raw), plan.crop), plan))
        if plan.polarity == "black-hot":
            frame = np.bitwise_not(frame)
        return treat(frame, plan.overlay, plan.hud)

    def finished(self, kept: Sequence[int]) -> Plan:
        """The plan with what rendering added to it, for the ``kept`` frames, from 0."""
        if self._rolling is None:
            return self._plan
        return replace(self._plan, rolling_ends=tuple(self._ends[index] for index in kept))

    def _toned(self, plane: Pixels) -> Frame:
        if self._rolling is not None:
            index = len(self._ends)
            curve = self._rolling.push(plane, shutter=index in self._frozen)
            self._ends.append(curve.limits)
            return curve.apply(plane)
        if self._plan.curve is not None:
            return self._plan.curve.apply(plane)
        return plane.astype(np.uint8, copy=False)
