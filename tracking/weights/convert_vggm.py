"""VGG-M as MatConvNet publishes it, and MDNet's networks, which began as that: conv1 to conv3."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tirdata.errors import DataError
from tracking.weights.kind import Kind, Shapes
from tracking.weights.matconvnet import convolutions

SHAPES: Shapes = {
    "conv1.weight": (96, 3, 7, 7),
    "conv1.bias": (96,),
    "conv2.weight": (256, 96, 5, 5),
    "conv2.bias": (256,),
    "conv3.weight": (512, 256, 3, 3),
    "conv3.bias": (512,),
}
_LAYERS = ("conv1", "conv2", "conv3")
_UNREADABLE = (OSError, RuntimeError, LookupError, TypeError, ValueError, EOFError,
               AttributeError, pickle.UnpicklingError)  # fmt: skip


def read_matconvnet(path: Path) -> dict[str, Tensor]:
    """From imagenet-vgg-m.mat; its fully connected layers are left out.

    Raises:
        DataError: it is no such file.
    """
    found = convolutions(path)
    return {
        f"{name}.{kind}": getattr(found[name], kind)
        for name in _LAYERS
        if name in found
        for kind in ("weight", "bias")
    }


def read_mdnet(path: Path) -> dict[str, Tensor]:
    """From a dict with ``shared_layers`` that torch saved; nothing in it is executed.

    Its fully connected layers are of one modality and left out.

    Raises:
        DataError: it is no such file.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
        layers = found["shared_layers"]
        if not isinstance(layers, Mapping):
            raise TypeError("shared_layers is no dict")
    except _UNREADABLE as error:
        what = str(error).partition("\n")[0]
        raise DataError(
            f"{path}: not a file of MDNet ({what}); expected a dict with shared_layers"
        ) from None
    return {
        f"{name}.{kind}": layers[key]
        for name in _LAYERS
        for kind in ("weight", "bias")
        if isinstance(layers.get(key := f"{name}.0.{kind}"), Tensor)
    }


_ABOUT = {"model": "vgg-m"}
WHERE = "https://www.vlfeat.org/matconvnet/models/imagenet-vgg-m.mat"
VGGM_MAT = Kind(
    {**_ABOUT, "lrn": "matconvnet", "trained_on": "ImageNet, by the file's publisher"},
    SHAPES,
    read_matconvnet,
    WHERE,
)
MDNET = Kind(
    {**_ABOUT, "lrn": "pymdnet", "trained_on": "tracking sequences, by the file's publisher"},
    SHAPES,
    read_mdnet,
    "https://github.com/hyeonseobnam/py-MDNet (models/mdnet_imagenet_vid.pth)",
)
