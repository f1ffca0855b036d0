"""Everything that decides a training of MMNet, with the paper's values as defaults."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config

Branch = Literal["dis", "cls", "fin", "hc", "pc"]
StrategyName = Literal["only-vid", "only-tir", "re-train", "fine-tune", "mix-train"]


class Augment(Config):
    """What is changed in a crop before the network sees it; all off, as in the paper."""

    shift: float = Field(0.0, ge=0, le=64)
    """Most pixels (of the 255 crop) that the object is moved from the centre of the search crop."""
    scale: float = Field(0.0, ge=0, lt=1)
    """Search crops are enlarged or shrunk by up to 1 + scale."""
    contrast: float = Field(0.0, ge=0, lt=1)
    """Grey levels are multiplied by 1 +- contrast around the mean and moved by as much of 64."""
    blur: float = Field(0.0, ge=0, le=1)
    """Share of search crops blurred by a Gaussian of up to 2 px."""
    noise: float = Field(0.0, ge=0)
    """Most grey levels (standard deviation) of added sensor noise."""
    pattern: float = Field(0.0, ge=0)
    """Most grey levels (standard deviation) of offsets of whole rows and columns."""
    paste: float = Field(0.0, ge=0, le=1)
    """Share of positive pairs whose search crop shows the object before another recording."""
    invert: float = Field(0.0, ge=0, le=1)
    """Share of pairs turned to black-hot, both crops alike."""


STANDARD_AUGMENT = Augment(shift=40, scale=0.08, contrast=0.3, blur=0.15, noise=4, invert=0.1)


class TrainConfig(Config):
    """A training of MMNet."""

    strategy: StrategyName = "mix-train"
    """One of the paper's five."""
    branches: tuple[Branch, ...] = ("dis", "cls", "hc", "pc")
    """Rows of the paper's Table 1 are subsets; fin is conv3 matching without hc and pc, which bring
    it with them."""
    compat: Literal["paper", "released"] = "paper"
    """released: the fine-grained branch as the paper's code has it, with its start and decay."""
    init: Path | None = None
    """Weights to start from (safetensors); re-train and fine-tune need them."""
    epochs: int | None = Field(None, ge=1)
    """None: the strategy's own."""
    lr_first: float | None = Field(None, gt=0)
    """Learning rate of the first epoch; None: the strategy's own."""
    lr_last: float | None = Field(None, gt=0)
    """Learning rate of the last epoch, reached exponentially; None: the strategy's own."""
    pairs_per_epoch: int = Field(47_880, ge=1)
    """Pairs of crops an epoch."""
    batch: int = Field(8, ge=1)
    """Pairs a step."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of SGD, not Nesterov's."""
    decay: float = Field(5e-4, ge=0)
    """Weight decay; biases and batch norms have none."""
    positive: float = Field(0.6, ge=0, le=1)
    """Share of pairs from one track."""
    hard_negative: float = Field(0.2, ge=0, le=1)
    """Share of pairs whose exemplar is background beside the object; the rest are easy negatives
    from another recording."""
    max_gap: int = Field(100, ge=1)
    """Most usable frames between the crops of a positive pair."""
    in_batch_negatives: float = Field(0.0, ge=0)
    """Weight of a loss on every exemplar against every other search crop of the batch; 0 = off."""
    classification: float | None = Field(None, ge=0)
    """Weight of the classification loss; None: the strategy's own (1, and 0 for mix-train)."""
    augment: Augment = Augment()
    """Changes to the crops."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the convolutions; the correlation filter is always fp32."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto."""
    workers: int = Field(0, ge=0)
    """Processes that prepare batches."""
    keep_crops: bool = False
    """Every crop is read once and lies on the device from the start (121 KiB each), so that no
    batch waits for a file."""
    validate_on: Path | None = None
    """Data set whose objects are followed now and then while it learns, in any layout that
    ``open_layout`` reads; never learned from."""
    validate_every: int = Field(1000, ge=1)
    """Steps between these looks; one is taken at the end, too."""
    validate_sequences: int = Field(16, ge=1)
    """Sequences that are followed, spread evenly over all."""
    validate_frames: int = Field(40, ge=1)
    """Frames of each that are followed, after the first."""
    tensorboard: bool = False
    """Curves for TensorBoard, in ``tensorboard`` beside the log."""
    seed: int = 0
    """Decides the start, the pairs and their changes."""
    checkpoint_every: int = Field(200, ge=1)
    """Steps between checkpoints."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = self.positive + self.hard_negative
        if total > 1 + 1e-9:
            message = f"positive and hard_negative make {total:g} of the pairs; expected at most 1"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Strategy:
    """A strategy's schedule and what it trains on (paper, section 4; mmnet.md, section 4)."""

    epochs: int
    lr_first: float
    lr_last: float
    domains: tuple[str, ...]
    classification: float = 1.0
    needs_init: bool = False
    frozen: tuple[str, ...] = ()  # prefixes of parameter names


# Fine-tuning keeps conv1-3, the fine-grained branch and the classifier (the released code's list).
_KEPT = (
    *(f"backbone.{kind}{number}." for number in (1, 2, 3) for kind in ("conv", "norm")),
    "fine_grained.",
    "calibration3.",
    "classifier.",
)

STRATEGIES: dict[str, Strategy] = {
    "only-vid": Strategy(60, 1e-2, 1e-5, ("vid",)),
    "only-tir": Strategy(60, 1e-2, 1e-5, ("tir",)),
    "re-train": Strategy(30, 1e-3, 1e-5, ("tir",), needs_init=True),
    "fine-tune": Strategy(30, 1e-3, 1e-5, ("tir",), needs_init=True, frozen=_KEPT),
    # "Freeze the classification branch": read as weight 0, the only reading that needs no label
    # space shared by both domains.
    "mix-train": Strategy(70, 1e-2, 1e-5, ("vid", "tir"), classification=0.0),
}
