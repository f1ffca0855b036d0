"""The MMNet tracker: three scales a frame, summed responses, templates that follow slowly.

The loop and its numbers are the paper's (mmnet.md, sections 3b and 5), except that the crop covers
the same s_z * 255 / 127 as in training and that crops and peaks are exact below a pixel.
"""

import math
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from tirdata.config import Config
from tirdata.crops import EXEMPLAR_SIDE, centre, context_side, crop
from tirdata.errors import DataError
from tirdata.tracker import Prediction
from tirdata.types import Box, Floats, Frame
from tracking.models.alexnet import STRIDE, Features
from tracking.models.mmnet import MMNet, Templates
from tracking.trackers.response import (
    UPSAMPLING,
    Map,
    cosine_window,
    peak,
    upsample,
    windowed,
)
from tracking.weights.load import load_weights, pick_device, read_about, shipped


class MMNetConfig(Config):
    """Settings of the tracker; the defaults are the paper's."""

    weights: Path | None = None
    """safetensors file; None: the weights that ship."""
    device: str = "auto"
    """cpu, cuda, cuda:N or auto; never another one than asked for."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the convolutions; the correlation filter is always fp32."""
    scale_step: float = Field(1.0375, gt=1)
    """Ratio of neighbouring scales."""
    scale_penalty: float = Field(0.9745, gt=0, le=1)
    """Factor on the maxima of the two other scales."""
    scale_rate: float = Field(0.59, ge=0, le=1)
    """How far the size follows the best scale in one frame."""
    window_influence: float = Field(0.2625, ge=0, le=1)
    """Weight of the cosine window in the search for the peak."""
    template_rate: float = Field(0.005, ge=0, le=1)
    """Share of the new template in each frame."""
    template_every: int = Field(1, ge=1)
    """Frames between template updates; the rate is raised so that they weigh the same."""
    size_limit: float = Field(5.0, ge=1)
    """The crop's side stays within this factor (and its inverse) of the first."""


# The probability that the box overlaps the object by half, from the peak of the summed response as
# a share of the first frame's: 1 / (1 + exp(-(gain * share + bias))). Fitted on held-out recordings
# by benchmarks/calibrate_score.py; features of the map's shape fitted there better and called a
# target lost among its like.
SCORE_GAIN = 9.32
SCORE_BIAS = -5.24


class MMNetTracker:
    """Follows one object with MMNet.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(self, config: MMNetConfig) -> None:
        self.config = config
        self.device = pick_device(config.device)
        self.model = load_model(config.weights or shipped("mmnet")).to(
            self.device,
            memory_format=torch.channels_last,  # type: ignore[call-overload]
        )
        self.size = self.model.input_size
        self.window = cosine_window(self.model.response_size * UPSAMPLING)
        self._templates: Templates | None = None
        self._factors = np.array([1 / config.scale_step, 1.0, config.scale_step])
        self._penalties = np.array([config.scale_penalty, 1.0, config.scale_penalty])

    def init(self, frame: Frame, box: Box) -> None:
        """Start on ``frame`` with the object at ``box``; forget any earlier start."""
        self._pad = round(float(frame.mean()))
        self._middle = np.array(centre(box))
        self._extent = np.array([box.w, box.h])
        self._side = context_side(box.w, box.h) * self.size / EXEMPLAR_SIDE
        self._first_side = self._side
        self._templates = self._exemplar(frame, self._side)
        self._frames = 0
        # What the target's own crop answers: the peak later is judged against it.
        self._first_peak = max(float(self._search(frame, np.array([1.0])).max()), 1e-6)

    def track(self, frame: Frame) -> Prediction:
        """Say where the object is in ``frame``, the next one after the last seen."""
        if self._templates is None:
            raise RuntimeError("track before init")
        responses = self._search(frame, self._factors)
        peaks = responses.max(axis=(1, 2))
        # Below zero a factor would be a reward.
        best = int(np.argmax(peaks * self._penalties ** np.sign(peaks)))
        blended = windowed(responses[best], self.window, self.config.window_influence)
        dx, dy = peak(blended)
        shift = np.array([dx, dy]) * STRIDE / UPSAMPLING * self._side / self.size
        self._middle = self._middle + shift
        score = self._score(responses[best])
        template_side = self._side
        self._rescale(float(self._factors[best]))
        self._frames += 1
        if self._frames % self.config.template_every == 0 and self.config.template_rate > 0:
            self._update(frame, template_side)
        x, y = self._middle - self._extent / 2
        return Prediction(Box(float(x), float(y), *(float(v) for v in self._extent)), score)

    def _rescale(self, factor: float) -> None:
        wanted = 1 + self.config.scale_rate * (factor - 1)
        limit = self.config.size_limit
        side = float(
            np.clip(self._side * wanted, self._first_side / limit, self._first_side * limit)
        )
        # Box and crop keep one scale, so the box stops growing where the crop does.
        self._extent = self._extent * (side / self._side)
        self._side = side

    def _update(self, frame: Frame, side: float) -> None:
        if self._templates is None:
            return
        rate = 1 - (1 - self.config.template_rate) ** self.config.template_every
        new = self._exemplar(frame, side)
        self._templates = Templates(
            torch.lerp(self._templates.discriminative, new.discriminative, rate),
            None
            if self._templates.fine_grained is None or new.fine_grained is None
            else torch.lerp(self._templates.fine_grained, new.fine_grained, rate),
        )

    def _score(self, response: Map) -> float:
        share = float(np.clip(response.max() / self._first_peak, 0.0, 2.0))
        return 1 / (1 + math.exp(-(SCORE_GAIN * share + SCORE_BIAS)))

    @torch.inference_mode()
    def _search(self, frame: Frame, factors: Floats) -> Map:
        """Summed responses, upsampled, (scales, R, R)."""
        if self._templates is None:
            raise RuntimeError("search before init")
        features = self._embed(self._crops(frame, [self._side * factor for factor in factors]))
        total = self.model.responses(self._templates, features).total
        return np.asarray(upsample(total).cpu().numpy(), np.float32)

    @torch.inference_mode()
    def _exemplar(self, frame: Frame, side: float) -> Templates:
        templates: Templates = self.model.templates(self._embed(self._crops(frame, [side])))
        return templates

    def _embed(self, crops: Tensor) -> Features:
        with torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.config.precision == "bf16"
        ):
            features: Features = self.model.embed(crops)
        return features

    def _crops(self, frame: Frame, sides: list[float]) -> Tensor:
        middle = (float(self._middle[0]), float(self._middle[1]))
        crops = np.stack([crop(frame, middle, side, self.size, self._pad) for side in sides])
        tensor = torch.from_numpy(crops)[:, None].to(self.device).float().div_(255)
        return tensor.contiguous(memory_format=torch.channels_last)


def load_model(weights: Path) -> MMNet:
    """The network that ``weights`` were trained for, in evaluation mode.

    Raises:
        MissingError: no such file.
        DataError: the weights are not MMNet's.
    """
    about = read_about(weights)
    if about.get("model") != "mmnet":
        raise DataError(
            f"{weights}: weights of {about.get('model', 'an unknown model')}; expected mmnet"
        )
    try:
        model = MMNet(tuple(about["branches"]), about["classes"], about["input_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{weights}: does not say which MMNet it is for ({error!r})") from None
    load_weights(weights, model)
    return model.eval()
