"""Where MMNet's features are computed: torch on its device, or OpenVINO. The seam.

To add one, write a function as those below and list it in ``BACKENDS``.
"""

import logging
from collections.abc import Callable
from importlib.resources import files as package_files
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from tirdata.errors import ConfigError, MissingError
from tracking.models.alexnet import Features
from tracking.models.inference import inference_copy
from tracking.models.mmnet import INPUT_SIZE, MMNet
from tracking.models.quantised import quantised
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.weights.load import pick_precision, processor_has_bf16

logger = logging.getLogger(__name__)

TILES: Final = 4  # along a side of the calibration picture

Embed = Callable[[Tensor], Features]  # of crops (n, 1, s, s) uint8, on the device


class Embedding(NamedTuple):
    """How crops become features."""

    search: Embed
    exemplars: Embed  # never in eight bits: templates are few, and kept
    model: MMNet  # what the features are of: filter and correlation


def build_embedding(model: MMNet, config: MMNetConfig, device: torch.device) -> Embedding:
    """Features of ``model`` as ``config`` wants them.

    Raises:
        MissingError: the backend's package is not installed.
        ConfigError: the backend does not compute so.
    """
    return BACKENDS[config.backend](model, config, device)


def _by_torch(model: MMNet, config: MMNetConfig, device: torch.device) -> Embedding:
    precision = pick_precision(config.precision, str(device))
    if precision == "int8":
        raise ConfigError("precision int8: torch has none on this path; set backend=openvino, too")
    if precision == "bf16" and device.type == "cpu" and not processor_has_bf16():
        logger.warning(
            "this processor does not compute in bf16: it is emulated, slower than fp32 would be"
        )
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    ready = _ready(model, config, dtype).to(device)

    def run(crops: Tensor) -> Features:
        images = crops.to(dtype).contiguous(memory_format=torch.channels_last)
        features: Features = ready.embed(images)
        return features

    return Embedding(run, run, ready)


def _by_openvino(model: MMNet, config: MMNetConfig, device: torch.device) -> Embedding:
    from tracking.models.openvino_backend import OpenVinoFeatures  # noqa: PLC0415 - imports lazily

    if device.type != "cpu":
        raise ConfigError(f"backend openvino: computes on the CPU, not on {device}; --device cpu")
    ready = _ready(model, config, torch.float32)
    hint = {"bf16": "bf16", "fp32": "f32"}.get(
        pick_precision(config.precision, "cpu"), "bf16" if processor_has_bf16() else "f32"
    )
    threads = torch.get_num_threads()
    try:
        plain = OpenVinoFeatures(ready, hint, threads)
        search = plain
        if config.precision == "int8":
            rounded = quantised(ready, calibration_crops(model.input_size))
            search = OpenVinoFeatures(rounded, hint, threads)
    except ImportError:
        raise MissingError(
            "backend openvino: OpenVINO is not installed; pip install 'tirdata[openvino]'"
        ) from None
    return Embedding(search, plain, ready)


BACKENDS: Final[dict[str, Callable[[MMNet, MMNetConfig, torch.device], Embedding]]] = {
    "torch": _by_torch,
    "openvino": _by_openvino,
}


def calibration_crops(size: int) -> Tensor:
    """Sixteen crops (16, 1, size, size) of 0..255, fp32, every second one black-hot.

    They ship with the weights: thermal and visible, sky and ground (see mmnet.md there).
    """
    path = package_files("tracking.weights") / "calibration.jpg"
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape != (TILES * INPUT_SIZE, TILES * INPUT_SIZE):
        raise MissingError(f"{path}: no picture of calibration crops; install the package again")
    tiles = picture.reshape(TILES, INPUT_SIZE, TILES, INPUT_SIZE).swapaxes(1, 2)
    crops = tiles.reshape(-1, INPUT_SIZE, INPUT_SIZE)
    if size != INPUT_SIZE:
        crops = np.stack([cv2.resize(each, (size, size)) for each in crops])
    crops = np.where(np.arange(len(crops))[:, None, None] % 2, 255 - crops, crops)
    return torch.from_numpy(crops.astype(np.float32))[:, None]


def _ready(model: MMNet, config: MMNetConfig, dtype: torch.dtype) -> MMNet:
    folded = config.folded or config.backend == "openvino"
    pooling = 2 if config.attention == "pooled" else 1
    return inference_copy(model, folded=folded, pooling=pooling, dtype=dtype)
