"""Convolutions of the networks that MatConvNet publishes as MAT-files."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tirdata.errors import DataError
from tracking.weights.mat_arrays import Array, Value, read_arrays


class Convolution(NamedTuple):
    """One layer as torch has it."""

    weight: Tensor  # (out, in, h, w)
    bias: Tensor  # (out,)


def convolutions(path: Path) -> dict[str, Convolution]:
    """The convolutions of a network by their names, such as conv1_1; fully connected ones too.

    Filters lie in the file as (h, w, in, out). Files from before 2015 have them as ``filters`` and
    ``biases``, newer ones as the cell ``weights``.

    Raises:
        MissingError: there is no such file.
        DataError: it is no such network.
    """
    layers = read_arrays(path).get("layers")
    if not isinstance(layers, list):
        raise DataError(f"{path}: has no layers; expected a network of MatConvNet")
    found = {}
    for layer in layers:
        told = layer[0] if isinstance(layer, list) and layer else layer
        if isinstance(told, dict) and told.get("type") == "conv":
            found[str(told.get("name"))] = _convolution(path, told)
    if not found:
        raise DataError(f"{path}: has no convolutions; expected a network of MatConvNet")
    return found


def _convolution(path: Path, layer: dict[str, Value]) -> Convolution:
    pair = layer.get("weights")
    filters, bias = (
        pair[:2]
        if isinstance(pair, list) and len(pair) > 1
        else (layer.get("filters"), layer.get("biases"))
    )
    if not isinstance(filters, np.ndarray) or not isinstance(bias, np.ndarray):
        raise DataError(f"{path}: {layer.get('name')} has no weights; expected filters and biases")
    return Convolution(_as_torch(filters), torch.from_numpy(bias.ravel().copy()))


def _as_torch(filters: Array) -> Tensor:
    # MATLAB leaves out sides of 1 at the end
    whole = filters.reshape(filters.shape + (1,) * (4 - filters.ndim))
    return torch.from_numpy(np.ascontiguousarray(whole.transpose(3, 2, 0, 1)))
