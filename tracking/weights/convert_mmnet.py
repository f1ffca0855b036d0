"""MMNet as its authors' MatConvNet code saves it: the parameters of a DagNN, in their order.

The file is not published where it can be had without an account, so this was written from the
order and shapes of the code and tried on files made by them alone.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tirdata.errors import DataError
from tracking.models.mmnet import BRANCHES, INPUT_SIZE, MMNet
from tracking.weights.kind import Kind, Shapes
from tracking.weights.mat_arrays import Array, read_arrays

CLASSES = 30
EPSILON = 1e-5  # of MatConvNet's batch norms: what is saved is sqrt(variance + EPSILON)
MOMENTS = "moments"

_NORM = ("weight", "bias", MOMENTS)
_CONV = ("weight", "bias")


def order() -> list[str]:
    """Our names of the parameters as they follow each other there; a norm's moments are one."""
    names = []
    for number in range(1, 5):
        names += [f"backbone.conv{number}.{kind}" for kind in _CONV]
        names += [f"backbone.norm{number}.{kind}" for kind in _NORM]
    names += [f"backbone.conv5.{kind}" for kind in _CONV]
    names += [f"fine_grained.reduce.{kind}" for kind in _CONV]
    for part in ("query", "key", "value"):
        names += [f"fine_grained.pixel_level.{part}.0.{kind}" for kind in _CONV]
        names += [f"fine_grained.pixel_level.{part}.1.{kind}" for kind in _NORM]
    for layer in ("pixel_level.out", "holistic.down1", "holistic.down2", "holistic.up1",
                  "holistic.up2", "fuse"):  # fmt: skip
        names += [f"fine_grained.{layer}.{kind}" for kind in _CONV]
    names += ["calibration5.gain", "calibration5.bias"]
    names += ["calibration3.gain", "calibration3.bias"]
    return [*names, "classifier.weight", "classifier.bias"]


def shapes() -> Shapes:
    """Of every tensor of ours by name."""
    model = MMNet(BRANCHES, CLASSES, INPUT_SIZE, compat="released")
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def read_mmnet(path: Path) -> dict[str, Tensor]:
    """From a .mat with ``net.params``.

    Parameters that are not the network's own (windows and targets of the filters) are passed over
    where they lie between those that are; nothing else may be left out.

    Raises:
        DataError: it is no such file, or a parameter is missing.
    """
    given = _parameters(path)
    wanted = shapes()
    found: dict[str, Tensor] = {}
    at = 0
    for name in order():
        target = _shape_there(name, wanted)
        while at < len(given) and _shape(given[at][1]) != target:
            if not name.startswith(("calibration", "classifier")):
                raise DataError(
                    f"{path}: parameter {at + 1} ({given[at][0]}) is {_shape(given[at][1])}; "
                    f"{name} is {target}: the file is of another network"
                )
            at += 1
        if at == len(given):
            raise DataError(f"{path}: {name} is missing; the file is of another network")
        found |= _ours(name, given[at][1], wanted)
        at += 1
    for name in wanted:
        if name.endswith(("num_batches_tracked", "delta")):
            found[name] = torch.ones(())  # the released attention is added as it is
    return found


def _parameters(path: Path) -> list[tuple[str, Array]]:
    variables = read_arrays(path)
    net = variables.get("net")
    inside = net[0] if isinstance(net, list) and net and isinstance(net[0], dict) else variables
    params = inside.get("params")
    if not isinstance(params, list):
        raise DataError(f"{path}: has no net.params; expected a DagNN of MatConvNet")
    found = []
    for each in params:
        value = each.get("value") if isinstance(each, dict) else None
        if isinstance(each, dict) and isinstance(value, np.ndarray):
            found.append((str(each.get("name")), value))
    return found


def _shape(value: Array) -> tuple[int, ...]:
    """Without the sides of 1 that MATLAB drops or keeps as it likes."""
    return tuple(side for side in value.shape if side != 1)


def _shape_there(name: str, wanted: Shapes) -> tuple[int, ...]:
    owner, _, kind = name.rpartition(".")
    if kind == MOMENTS:
        return (*wanted[f"{owner}.running_mean"], 2)
    sides = wanted[name]
    if len(sides) == 4:
        out, inner, height, width = sides
        sides = (height, width, 3 if name == "backbone.conv1.weight" else inner, out)
    return tuple(side for side in sides if side != 1)


def _ours(name: str, value: Array, wanted: Shapes) -> dict[str, Tensor]:
    owner, _, kind = name.rpartition(".")
    if kind == MOMENTS:
        mean, deviation = torch.from_numpy(value.reshape(-1, 2).T.copy())
        return {f"{owner}.running_mean": mean, f"{owner}.running_var": deviation**2 - EPSILON}
    sides = wanted[name]
    if len(sides) != 4:
        return {name: torch.from_numpy(value.copy()).reshape(sides)}
    out, inner, height, width = sides
    if name == "backbone.conv1.weight":
        # Three equal planes of 0..255 there, one of 0..1 here.
        whole = value.reshape(height, width, 3, out).sum(axis=2, keepdims=True) * 255
    else:
        whole = value.reshape(height, width, inner, out)
    return {name: torch.from_numpy(whole.transpose(3, 2, 0, 1).copy())}


MMNET_MAT = Kind(
    {"model": "mmnet", "branches": list(BRANCHES), "classes": CLASSES, "input_size": INPUT_SIZE,
     "compat": "released", "trained_on": "by the file's publisher"},
    shapes(),
    read_mmnet,
    "the links of https://github.com/QiaoLiuHit/MMNet",
)  # fmt: skip
