"""Settings of the MMNet tracker, and the profiles that name sets of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from tirdata.config import Config
from tracking.models.correlation_filter import MARGIN
from tracking.weights.load import pick_precision

Profile = Literal["released", "default", "fast"]

PROFILES: Final[Mapping[str, Mapping[str, Any]]] = {
    "released": {
        "precision": "fp32",
        "folded": False,
        "attention": "exact",
        "reach": MARGIN,
        "scales_every": 1,
        "template_every": 1,
        "template_above": 0.0,
        "size_from": "response",
        "follow_camera": False,
        "search_when_lost": False,
        "mind_edges": False,
    },
    "default": {},
    "fast": {"reach": 12, "scales_every": 5},
}
"""What each profile sets otherwise than the fields below; settings that are given stand over it."""


class MMNetConfig(Config):
    """Settings of the tracker: a profile, and what is to differ from it."""

    profile: Profile = "default"
    """released: the schedule of the paper's code. default: the same answers but for rounding and
    frames between which nothing changes. fast: a smaller search and fewer scales."""
    weights: Path | None = None
    """safetensors file; None: the weights that ship."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto; never another one than asked for."""
    precision: Literal["auto", "fp32", "bf16", "int8"] = "auto"
    """Of the convolutions; the correlation filter is always fp32. auto: bf16 where the processor
    or GPU computes in it, else fp32; what it came to is recorded. int8: of search crops alone,
    with backend openvino."""
    backend: Literal["torch", "openvino"] = "torch"
    """What computes the features; openvino: on the CPU, pip install 'tirdata[openvino]'."""
    cuda_graphs: bool = False
    """Record the GPU's work once and replay it, for few targets on a fast GPU."""
    folded: bool = True
    """Batch norms go into the weights beside them: the same function but for rounding."""
    attention: Literal["exact", "pooled"] = "pooled"
    """pooled: every position attends to means of 2 x 2 positions."""
    reach: int = Field(MARGIN, ge=4, le=MARGIN)
    """Cells (of 4 crop pixels) that the object may move each way between frames."""
    size_from: Literal["both", "response", "picture"] = "both"
    """response: of three scales the one with the highest peak, as in the paper. picture: one scale,
    and the size at which pictures of the object, its first and one of lately, fit best, by
    normalised correlation; where they do not say, its first size. both: where the pictures do not
    say, what the response says."""
    scale_step: float = Field(1.0375, gt=1)
    """Ratio of neighbouring scales."""
    scale_penalty: float = Field(0.9745, gt=0, le=1)
    """Factor on the maxima of the two other scales."""
    scale_rate: float = Field(0.59, ge=0, le=1)
    """How far the size follows the best scale in one frame."""
    scales_every: int = Field(3, ge=1)
    """Frames between those in which three scales are tried while the size is steady; one scale in
    the others. After a frame that changed the size three are tried at once."""
    window_influence: float = Field(0.2625, ge=0, le=1)
    """Weight of the cosine window in the search for the peak."""
    template_rate: float = Field(0.005, ge=0, le=1)
    """Share of the new template in each frame."""
    template_every: int = Field(10, ge=1)
    """Frames between template updates; the rate is raised so that they weigh the same."""
    template_above: float = Field(0.5, ge=0, le=1)
    """The template is left as it is in frames scored lower."""
    size_limit: float = Field(5.0, ge=1)
    """The crop's side stays within this factor (and its inverse) of the first."""
    follow_camera: bool = True
    """Move the expected place with the camera where the background says how it moved."""
    search_when_lost: bool = True
    """While the score is under ``lost_below``, look in the same frame at places that are like the
    object, nearby at first, everywhere after a while."""
    lost_below: float = Field(0.35, ge=0, le=1)
    """A score under this counts as lost."""
    found_above: float = Field(0.6, ge=0, le=1)
    """A lost object is taken for found elsewhere from this score on."""
    search_crops: int = Field(3, ge=1)
    """Places that are looked at in one frame of the search."""

    mind_edges: bool = True
    """Boxes are of what is in the frame, and an object whose first box ends at the frame's edge is
    taken for cut off there: what looks like it beyond that side is added as it comes into view.
    Neither where the first box reaches beyond the frame."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:  # noqa: ANN401 - pydantic gives what it was given
        if not isinstance(values, dict):
            return values
        profile = values.get("profile", "default")
        full = {**(PROFILES.get(profile, {}) if isinstance(profile, str) else {}), **values}
        if full.get("precision", "auto") == "auto" and isinstance(full.get("device", ""), str):
            full["precision"] = pick_precision("auto", full.get("device", "auto"))
        return full
