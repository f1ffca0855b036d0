"""Proposals from the global attention network; what a tracker holds as ``GlobalProposals``."""

import logging
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tirdata.config import Config
from tirdata.errors import DataError, MissingError, TrackerError
from tirdata.types import Box, Boxes, FramePair
from tracking.models.global_attention import HEIGHT, WIDTH, GlobalAttention
from tracking.trackers.attention_regions import AttentionMap, Placement, ProposalConfig, propose
from tracking.trackers.pair_features import same_shape
from tracking.weights.load import load_weights, pick_device, read_about

_LOG = logging.getLogger(__name__)

MODEL = "global-attention"
GREY = 128  # of a half that shows nothing

Picture = NDArray[np.uint8]  # (h, w, 3) red, green, blue, or (h, w) grey


class GlobalSearchConfig(Config):
    """The global attention network and what is done with its map."""

    weights: Path | None = None
    """What ``train dual-attention --stage global`` made (safetensors)."""
    random_init: bool = False
    """Without weights, start from random ones: for tests and for measuring speed alone."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto; never another one than asked for."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the convolutions."""
    seed: int = 0
    """Decides the proposals."""
    proposals: ProposalConfig = ProposalConfig()
    """From the map to boxes."""


class GlobalSearch:
    """Proposes boxes where the network sees the target of the first pair.

    Halves of one shape are taken to show the same. Otherwise the two boxes of the first pair say
    where a visible pixel lies on the thermal half, unless the network learned thermal boxes: their
    masks lay on the whole frame.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model, or do not say what their map means.
    """

    def __init__(self, config: GlobalSearchConfig) -> None:
        self.config = config
        self.device = pick_device(config.device)
        model, self.about = _load(config)
        self.inverted = bool(self.about.get("invert_output", False))
        self.size: tuple[int, int] = tuple(self.about.get("input_size", (WIDTH, HEIGHT)))
        self.model = model.to(
            self.device,
            memory_format=torch.channels_last,  # type: ignore[call-overload]
        ).eval()
        self._target: Tensor | None = None
        self._placement = Placement((1.0, 1.0))
        self._frames = 0

    def start(self, pair: FramePair, box: Box, visible_box: Box) -> None:
        """See what the object looks like on the first pair; forget any earlier one.

        Where the visible half does not show it, plain grey stands for it, as in training where a
        half is dropped.

        Raises:
            TrackerError: the box shows nothing of the thermal half.
        """
        halves = [cut_target(pair.visible, visible_box), cut_target(pair.thermal, box)]
        if not halves[1].size:
            raise TrackerError("the target lies outside the thermal frame; expected it inside")
        if not halves[0].size:
            halves[0] = np.full((1, 1, 3), GREY, np.uint8)
        self._placement = self._place(pair, box, visible_box)
        self._target = self._run(self.model.see_target, *(self._input(half) for half in halves))
        self._frames = 0

    def attention(self, pair: FramePair) -> AttentionMap:
        """The map over a pair, (h, w) of the network's input, high = target.

        Raises:
            RuntimeError: before ``start``.
        """
        if self._target is None:
            raise RuntimeError("attention before start")
        inputs = (self._input(pair.visible), self._input(pair.thermal))
        logits = self._run(self.model, *inputs, self._target)[0, 0].float()
        values = torch.sigmoid(-logits if self.inverted else logits)
        return np.asarray(values.cpu().numpy(), np.float32)

    def propose(self, pair: FramePair, previous: Box, *, failures: int, count: int) -> Boxes:
        """At most ``count`` boxes in pixels of the thermal half that passed the gate, (n, 4)."""
        self._frames += 1
        return propose(
            self.attention(pair),
            self._placement,
            previous,
            self.config.proposals,
            failures=failures,
            count=count,
            random=np.random.default_rng((self.config.seed, self._frames)),
        )

    def _place(self, pair: FramePair, box: Box, visible_box: Box) -> Placement:
        """Where the map lies on the thermal half."""
        thermal, visible = pair.thermal.shape[:2], pair.visible.shape[:2]
        width, height = self.size
        if same_shape(pair) or self.about.get("mask_boxes") == "thermal":
            return Placement((thermal[1] / width, thermal[0] / height))
        x, y = box.w / visible_box.w, box.h / visible_box.h
        return Placement(
            (x * visible[1] / width, y * visible[0] / height),
            (box.x - x * visible_box.x, box.y - y * visible_box.y),
        )

    @torch.inference_mode()
    def _run(self, part: Any, *inputs: Tensor) -> Tensor:  # noqa: ANN401 - a module or its method
        bf16 = self.config.precision == "bf16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bf16):
            result: Tensor = part(*inputs)
        return result

    def _input(self, picture: Picture) -> Tensor:
        planes = torch.from_numpy(as_input(picture, self.size))
        return planes.permute(2, 0, 1)[None].to(self.device)


def cut_target(picture: Picture, box: Box) -> Picture:
    """What a box shows, without surroundings; empty if that is nothing."""
    x, y, w, h = box
    if not np.isfinite(box).all():
        return picture[:0, :0]
    left, top = max(0, int(np.floor(x))), max(0, int(np.floor(y)))
    right, bottom = max(0, int(np.ceil(x + w))), max(0, int(np.ceil(y + h)))
    return picture[top:bottom, left:right]


def as_input(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture at the network's ``size`` (w, h), (h, w, 3); grey is put into all channels."""
    shrinks = picture.shape[1] >= size[0] and picture.shape[0] >= size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    made = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    return np.repeat(made[:, :, None], 3, axis=2) if made.ndim == 2 else made


def build_network(about: dict[str, Any]) -> GlobalAttention:
    """The network that weights say they are for.

    Raises:
        ValueError, KeyError, TypeError: they don't say it.
    """
    return GlobalAttention(
        int(about["width"]),
        decoder_width=int(about.get("decoder_width", about["width"])),
        decoder_relu=bool(about["decoder_relu"]),
        normalize=about["normalize"],
    )


def _load(config: GlobalSearchConfig) -> tuple[GlobalAttention, dict[str, Any]]:
    if config.weights is None:
        if not config.random_init:
            raise MissingError(
                "the global network needs weights and none ship with this package; train them with "
                "tirdata train dual-attention --stage global, or set random_init (tests, speed)"
            )
        _LOG.warning("the global network has random weights: what it proposes means nothing")
        torch.manual_seed(config.seed)
        return GlobalAttention(), {"random_init": True}
    about = read_about(config.weights)
    if about.get("model") != MODEL:
        found = about.get("model", "an unknown model")
        raise DataError(f"{config.weights}: weights of {found}; expected {MODEL}")
    if "invert_output" not in about:
        raise DataError(
            f"{config.weights}: does not say whether high is target; expected invert_output"
        )
    try:
        model = build_network(about)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{config.weights}: does not say which network it is ({error!r})") from None
    load_weights(config.weights, model)
    return model, about
