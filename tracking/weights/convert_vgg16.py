"""VGG-16 as torchvision and as MatConvNet publish it: conv1_1 to conv5_3 of it."""

import pickle
from pathlib import Path

import torch
from torch import Tensor

from tirdata.errors import DataError
from tracking.models.vgg16 import layers
from tracking.weights.kind import Kind, Shapes
from tracking.weights.matconvnet import convolutions

WIDTH = 64
_NAMES = tuple(layers(WIDTH))
# Numbers of the convolutions in torchvision's ``features``; ReLUs and poolings count too.
_TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_UNREADABLE = (OSError, RuntimeError, LookupError, TypeError, ValueError, EOFError,
               AttributeError)  # fmt: skip


def shapes() -> Shapes:
    """Of every tensor by name."""
    found: Shapes = {}
    for name, (before, after) in layers(WIDTH).items():
        found |= {f"{name}.weight": (after, before, 3, 3), f"{name}.bias": (after,)}
    return found


def read_torchvision(path: Path) -> dict[str, Tensor]:
    """From a state dict with ``features.N``; ``classifier`` is left out.

    Raises:
        DataError: it is no such file.
    """
    state = read_state(path)
    places = dict(zip(_TORCHVISION, _NAMES, strict=True))
    return {
        f"{name}.{kind}": state[key]
        for number, name in places.items()
        for kind in ("weight", "bias")
        if (key := f"features.{number}.{kind}") in state
    }


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file that torch saved; nothing in it is executed.

    Raises:
        DataError: it is no such file.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in state.items() if isinstance(value, Tensor)}
    except pickle.UnpicklingError:  # torch's words tell people to let the file run code
        raise DataError(
            f"{path}: not a state dict that torch saved, or with more than tensors in it"
        ) from None
    except _UNREADABLE as error:
        what = str(error).partition("\n")[0]
        raise DataError(f"{path}: not a state dict that torch saved ({what})") from None


def read_matconvnet(path: Path) -> dict[str, Tensor]:
    """From imagenet-vgg-verydeep-16.mat.

    Raises:
        DataError: it is no such file.
    """
    found = convolutions(path)
    return {
        f"{name}.{kind}": getattr(found[name], kind)
        for name in _NAMES
        if name in found
        for kind in ("weight", "bias")
    }


_ABOUT = {"model": "vgg16", "width": WIDTH, "trained_on": "ImageNet, by the file's publisher"}
VGG16_TORCH = Kind(
    {**_ABOUT, "normalize": "imagenet"},
    shapes(),
    read_torchvision,
    "https://download.pytorch.org/models/vgg16-397923af.pth",
)
VGG16_MAT = Kind(
    {**_ABOUT, "normalize": "matconvnet"},
    shapes(),
    read_matconvnet,
    "https://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-16.mat",
)
