"""Everything that decides a training of the global attention network, the paper's by default."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tirdata.config import Config
from tirdata.masks.manifest import Size
from tirdata.masks.rectangle import Polarity
from tracking.models.global_attention import HEIGHT, WIDTH
from tracking.models.vgg16 import BLOCKS, STRIDE
from tracking.training.run_config import RunConfig


class PairAugment(Config):
    """What is changed in a pair before the network sees it; all off, as in the paper."""

    flip: float = Field(0.0, ge=0, le=1)
    """Share of pairs that are mirrored, with their targets."""
    zoom: float = Field(0.0, ge=0, le=3)
    """Frames are cut to a window about the target and enlarged by up to 1 + zoom."""
    contrast: float = Field(0.0, ge=0, lt=1)
    """Grey levels of frames are multiplied by 1 +- contrast about the mean, moved by its 64th."""
    noise: float = Field(0.0, ge=0)
    """Most grey levels (standard deviation) of added noise."""
    invert: float = Field(0.0, ge=0, le=1)
    """Share of pairs whose thermal halves are turned to black-hot, target and frame alike."""
    drop: float = Field(0.0, ge=0, le=1)
    """Share of pairs of which one half, either, is a plain grey."""
    paste: float = Field(0.0, ge=0, le=1)
    """Share of pairs beside whose target one of another recording is pasted, where there is room;
    half of them are asked for that one."""


STANDARD_PAIR_AUGMENT = PairAugment(
    flip=0.5, zoom=0.5, contrast=0.3, noise=4, invert=0.1, drop=0.05
)


class GlobalTrainConfig(RunConfig):
    """A training of the global attention network."""

    init: Path | None = None
    """Weights to start from (safetensors): VGG-16, or a whole network of this kind."""
    random_init: bool = False
    """Without ``init``, start from random weights: for tests, and for very much data."""
    epochs: int = Field(50, ge=1)
    """Times that every pair is seen."""
    pairs_per_epoch: int | None = Field(None, ge=1)
    """None: every pair once."""
    batch: int = Field(20, ge=1)
    """Pairs a step, of all processes together."""
    lr: float = Field(5e-5, gt=0)
    """Of Adagrad, the same to the end."""
    decay: float = Field(0.0, ge=0)
    """Weight decay."""
    input_size: Size = (WIDTH, HEIGHT)
    """Width and height of the pictures; multiples of 16. As text: HEIGHTxWIDTH."""
    width: int = Field(64, ge=1)
    """Channels of the first convolution; 64 is VGG-16."""
    decoder_width: int | None = Field(None, ge=1)
    """Channels of the decoder's last convolutions; None: ``width``, VGG-16 reversed as the paper
    has it. With 16 the decoder computes a twelfth."""
    decoder_relu: bool = True
    """ReLUs between the decoder's convolutions; the group's published code has none."""
    normalize: Literal["imagenet", "matconvnet", "unit_bgr"] | None = None
    """How grey levels are scaled; None: as ``init`` says, else imagenet."""
    divide_features: float = Field(1.0, gt=0)
    """The encoder's last layer is divided by this when it starts from VGG-16: the features of
    weights for grey levels (MatConvNet's, Keras') are some 13 times those of torchvision's, and
    so would be the first steps of the decoder."""
    frozen_blocks: int = Field(0, ge=0, le=len(BLOCKS))
    """Blocks of the encoder, from the first, that stay as they are."""
    views: int = Field(0, ge=0)
    """With all blocks frozen: so many changed views of each pair are made and encoded, each once,
    and their features kept in memory; a step then costs the decoder alone. Halves that are one
    picture stay so. 0: pairs are changed and encoded anew each time."""
    train_label: Literal["target", "background"] = "target"
    """What is 1 in the map that is learned: section 3.2 of the paper, or 4.2; the weights say."""
    mask_polarity: Polarity | None = None
    """What the masks must say of themselves; None: whichever they say."""
    positive_weight: float = Field(1.0, gt=0)
    """Weight of target pixels in the loss; targets cover a few percent of a frame."""
    negative: float = Field(0.0, ge=0, lt=1)
    """Share of pairs shown with the target of another recording and an empty label."""
    augment: PairAugment = PairAugment()
    """Changes to the pairs."""

    @model_validator(mode="after")
    def _network_takes_the_pictures(self) -> Self:
        width, height = self.input_size
        if width % STRIDE or height % STRIDE:
            message = f"input_size {height}x{width}; the network takes multiples of {STRIDE}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _kept_features_stay_true(self) -> Self:
        if self.views and self.frozen_blocks < len(BLOCKS):
            message = (
                f"views {self.views} with frozen_blocks {self.frozen_blocks}; features that are "
                f"kept stay true where nothing learns them: set frozen_blocks = {len(BLOCKS)}"
            )
            raise ValueError(message)
        return self
