"""Challenge attributes that boxes alone decide: pure rules, true or not for every frame.

A track has an attribute when one frame has it, as the benchmarks count sequences. To add a rule,
write a function of that form and list it in ``BOX_RULES``; a name that a data set uses for its own
attributes is compared with what it says.

Sources: OTB is Wu, Lim, Yang, "Object Tracking Benchmark", PAMI 2015, table 2. LaSOT is Fan et al.,
CVPR 2019, table 2, with issue 12 of its toolkit. RGBT234 and LasHeR: the tables in their README
files. PTB-TIR is Liu et al., TMM 2019; LSOTB-TIR is Liu et al., ACM MM 2020.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from tirdata.geometry import centre_distance
from tirdata.statistics.rules import AttributeRules
from tirdata.types import Boxes, Flags, Floats, Track


class Seen(NamedTuple):
    """A track in its frames."""

    track: Track
    size: tuple[int, int]  # (w, h) of the frames


Rule: TypeAlias = Callable[[Seen, AttributeRules], Flags]


def steps(boxes: Boxes) -> Floats:
    """How far the centre moved since the frame before, in pixels, (n,); NaN where unknown."""
    moved: Floats = np.full(len(boxes), np.nan)
    if len(boxes) > 1:
        moved[1:] = centre_distance(boxes[1:], boxes[:-1])
    return moved


def fast_motion(seen: Seen, rules: AttributeRules) -> Flags:
    """The centre moves more than 20 pixels between two adjacent frames (OTB, RGBT234, LasHeR)."""
    return _more(steps(seen.track.boxes), rules.motion_px)


def fast_motion_for_size(seen: Seen, rules: AttributeRules) -> Flags:  # noqa: ARG001  # a Rule
    """The centre moves by more than the diagonal of the box, between adjacent frames (LaSOT)."""
    boxes = seen.track.boxes
    moved = steps(boxes)
    moved[1:] /= np.hypot(boxes[:-1, 2], boxes[:-1, 3])
    return _more(moved, 1.0)


def scale_variation(seen: Seen, rules: AttributeRules) -> Flags:
    """The area is outside [0.5, 2] times that of the first box (OTB, LaSOT, RGBT234)."""
    return _apart(seen.track.boxes[:, 2] * seen.track.boxes[:, 3], rules.scale_ratio)


def aspect_ratio_variation(seen: Seen, rules: AttributeRules) -> Flags:
    """Width over height is outside [0.5, 2] times that of the first box (LaSOT, LasHeR)."""
    return _apart(seen.track.boxes[:, 2] / seen.track.boxes[:, 3], rules.aspect_ratio)


def low_resolution(seen: Seen, rules: AttributeRules) -> Flags:
    """Fewer than 400 pixels are in the box (OTB; LaSOT has 1000)."""
    return _more(-seen.track.boxes[:, 2] * seen.track.boxes[:, 3], -rules.low_resolution_px)


def out_of_view(seen: Seen, rules: AttributeRules) -> Flags:
    """A part of the target leaves the view (OTB).

    Boxes end where the view does, so a box at the edge of the frame counts as cut by it.
    """
    boxes = seen.track.boxes
    inner = np.hstack([boxes[:, :2], np.array(seen.size) - boxes[:, :2] - boxes[:, 2:]])
    return _more(-inner.min(axis=1), -rules.edge_px, or_equal=True)


def disappearance(seen: Seen, rules: AttributeRules) -> Flags:  # noqa: ARG001  # a Rule
    """No box between the first and the last one: wholly hidden or out of view (LaSOT FOC, OV)."""
    present = seen.track.present
    before = np.maximum.accumulate(present)
    after = np.maximum.accumulate(present[::-1])[::-1]
    return np.asarray(~present & before & after, np.bool_)


def occlusion(seen: Seen, rules: AttributeRules) -> Flags:  # noqa: ARG001  # a Rule
    """Partly or wholly hidden (all benchmarks): what a person marked as occluded."""
    return np.asarray(seen.track.occluded, np.bool_)


BOX_RULES: Final[dict[str, Rule]] = {
    "fast motion": fast_motion,
    "fast motion for size": fast_motion_for_size,
    "scale variation": scale_variation,
    "aspect ratio variation": aspect_ratio_variation,
    "low resolution": low_resolution,
    "out of view": out_of_view,
    "disappearance": disappearance,
    "occlusion": occlusion,
}


def _apart(values: Floats, ratio: float) -> Flags:
    """Whether values are more than ``ratio`` times the first one that is known, or less than so."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), np.bool_)
    return _more(np.abs(np.log(values / known[0])), float(np.log(ratio)) * (1 + 1e-12))


def _more(values: Floats, than: float, *, or_equal: bool = False) -> Flags:
    """True where a value is known and above ``than``."""
    with np.errstate(invalid="ignore"):
        return np.asarray(values >= than if or_equal else values > than, np.bool_)
