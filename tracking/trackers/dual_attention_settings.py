"""Settings of the dual-attention tracker, with two profiles of defaults."""

from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config
from tracking.trackers.attention_regions import ProposalConfig

Profile = Literal["fast", "paper"]

# What the paper's base (DAT, MDNet) does where the fast profile does less or otherwise.
PAPER: Final[dict[str, Any]] = {
    "features": "crops",
    "attention": "conv1",
    "init_positives": 500,
    "init_negatives": 5000,
    "init_steps": 50,
    "init_rate": 2e-4,
    "update_stride": 1,
    "update_steps": 15,
    "update_rate": 3e-4,
    "negative_move": 1.5,
    "negatives_looked_at": 1024,
    "mined_negatives": 32,
    "box_samples": 1000,
    "guess": False,
    "global_every": 1,
    "global_below": 1.0,
    "precision": "fp32",
}


class DualAttentionConfig(Config):
    """Settings of the tracker; the defaults are those of the fast profile."""

    profile: Profile = "fast"
    """fast: one feature map for all samples of a frame; paper: a crop of 107 x 107 for each, and
    the counts of the paper's base. Settings that are given win."""
    weights: Path | None = None
    """Of the local net: what weights convert made of VGG-M or MDNet, or a training of ours; None:
    the start that ships."""
    global_weights: Path | None = None
    """Of the global net; None: local attention only."""
    random_init: bool = False
    """Without weights take random ones, not those that ship: to compare, and for tests."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto; never another one than asked for."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of the convolutions; head, attention and regression are always fp32. auto: bf16 where the
    processor or GPU computes in it."""
    graphs: bool = False
    """On a GPU: score in fixed slots, recorded once a sequence (a CUDA graph)."""
    seed: int = Field(0, ge=0)
    """Of samples and of the head's first weights."""
    missing_half: Literal["refuse", "copy"] = "refuse"
    """A sequence without visible frames. copy: thermal ones stand for them."""
    align: Literal["auto", "size", "first-box", "follow"] = "auto"
    """How a thermal pixel finds its visible one. size: both halves show the same field of view;
    first-box: by the two boxes of the first pair; follow: by those at first, then the object is
    looked for on the visible half in each frame; auto: size where both are of one shape, else
    follow."""

    features: Literal["scene", "crops"] = "scene"
    """crops: each sample is cut and run alone; scene: samples share a map (RT-MDNet)."""
    lrn: Literal["matconvnet", "pymdnet", "rt"] | None = None
    """Normalisation; None: the one that the weights were trained with."""
    fusion: Literal["conv3", "fc5"] = "conv3"
    """Where the halves meet."""
    attention: Literal["roi", "conv1", "input", "off"] = "roi"
    """What reciprocative learning looks at: the features of the sample, what conv1 gives, the
    pixels, or nothing. conv1 and input need crops."""
    attention_fuse: Literal["common", "per_modality"] = "common"
    """One map of both halves, or one for each."""
    regulariser: Literal["per_sample", "batch_ratio"] = "per_sample"
    """Ratios of Eq. 2 and 3: of each sample, or of sums over the batch as DAT's code has them."""
    weight: float = Field(3.0, ge=0)
    """Lambda of Eq. 4."""
    cross_entropy: Literal["sum", "mean"] = "sum"
    """Over the samples of a step."""

    candidates: int = Field(256, ge=5)
    """Boxes looked at in each frame."""
    move: float = Field(0.6, gt=0)
    """Mean sides that a candidate's centre is moved at most."""
    move_when_lost: float = Field(1.5, gt=0)
    """The same after a frame in which the object was not found; twice and three times as far after
    two and more."""
    guess: bool = True
    """Half of the candidates are drawn where the object's patches correlate best, where that is
    far from the last place."""
    scale: float = Field(1.05, ge=1)
    """Most that a candidate is enlarged or shrunk."""
    init_positives: int = Field(200, ge=1)
    """Samples of the first frame that overlap by 0.7."""
    init_negatives: int = Field(1000, ge=1)
    """Samples of the first frame that overlap by at most 0.5."""
    distant_places: int = Field(4, ge=1)
    """Scenes in which the first negatives far from the object are taken."""
    init_steps: int = Field(30, ge=1)
    """Steps of learning on the first frame."""
    init_rate: float = Field(1e-3, gt=0)
    """Their learning rate."""
    update_positives: int = Field(50, ge=1)
    """Samples of a later frame that overlap by 0.7."""
    update_negatives: int = Field(200, ge=1)
    """Samples of a later frame that overlap by at most 0.3."""
    negative_move: float = Field(1.0, gt=0)
    """Mean sides that a later negative's centre is moved at most."""
    update_steps: int = Field(10, ge=1)
    """Steps of an update."""
    update_rate: float = Field(1e-3, gt=0)
    """Their learning rate."""
    update_every: int = Field(10, ge=1)
    """Frames between long updates."""
    update_stride: int = Field(2, ge=1)
    """Samples are taken from each so-manieth frame in which the object was found."""
    head_rate: float = Field(10.0, gt=0)
    """Factor on the last layer's learning rate."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of SGD."""
    decay: float = Field(5e-4, ge=0)
    """Weight decay."""
    clip: float = Field(10.0, gt=0)
    """Most that the gradient's norm is."""
    positives: int = Field(32, ge=1)
    """Of a step."""
    mined_negatives: int = Field(96, ge=1)
    """Of a step, the hardest of ``negatives_looked_at``."""
    negatives_looked_at: int = Field(256, ge=1)
    """Negatives scored to find the hardest."""
    long_memory: int = Field(100, ge=1)
    """Frames whose positives are kept."""
    short_memory: int = Field(20, ge=1)
    """Frames whose negatives are kept, and whose positives a short update learns from."""
    box_samples: int = Field(400, ge=0)
    """Samples that the box regression learns from; 0 = none."""
    scene_limit: float = Field(6.0, gt=1.5)
    """Sides of a scene over those of the object at most; samples beyond share another scene."""
    global_every: int = Field(10, ge=1)
    """Frames between two looks at the whole frame."""
    global_below: float = Field(0.5, ge=0, le=1)
    """Score (0..1) below which the whole frame is looked at at once."""
    proposals: ProposalConfig = ProposalConfig()
    """From the global net's map to boxes, and which of them count."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a user wrote
        if isinstance(given, dict) and given.get("profile") == "paper":
            return {**PAPER, **given}
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.features == "scene" and self.attention in ("conv1", "input"):
            message = (
                f"attention {self.attention} needs features = crops; "
                "samples of a scene have no pixels of their own: take roi"
            )
            raise ValueError(message)
        return self
