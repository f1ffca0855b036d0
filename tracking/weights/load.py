"""Trained weights as safetensors: reading, writing, and the file that ships with the package."""

import json
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tirdata import files
from tirdata.errors import DataError, MissingError


def shipped(name: str) -> Path:
    """Path of the weights ``name`` that ship with the package.

    Raises:
        MissingError: there are none of that name.
    """
    path = Path(str(package_files("tracking.weights") / f"{name}.safetensors"))
    if not path.is_file():
        raise MissingError(
            f"{path.name}: no such weights in this installation; install the package again or "
            "name a file with --weights"
        )
    return path


def write_weights(path: Path, model: nn.Module, about: dict[str, Any]) -> None:
    """Write the model's tensors, and ``about`` as JSON in the header.

    Raises:
        StorageError: the disk is full or read-only.
    """
    tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    files.write_bytes(path, save(tensors, {"about": json.dumps(about, sort_keys=True)}))


def read_about(path: Path) -> dict[str, Any]:
    """What the file says of itself.

    Raises:
        MissingError: no such file.
        DataError: not a safetensors file of ours.
    """
    return _open(path)[1]


def load_weights(path: Path, model: nn.Module, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Load ``path`` into ``model``; tensors whose names begin with one of ``but`` are left alone.

    Returns:
        What the file says of itself.

    Raises:
        MissingError: no such file.
        DataError: a tensor is missing, left over, of another shape or not finite; names it.
    """
    tensors, about = _open(path)
    own = model.state_dict()
    wanted = {name: value for name, value in own.items() if not name.startswith(but or ("\0",))}
    found = {name: value for name, value in tensors.items() if not name.startswith(but or ("\0",))}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise DataError(f"{path}: tensor {name} is missing; the weights are of another model")
        if name not in wanted:
            raise DataError(f"{path}: tensor {name} is unknown; the weights are of another model")
        if found[name].shape != wanted[name].shape:
            raise DataError(
                f"{path}: tensor {name} is {tuple(found[name].shape)}; "
                f"the model expects {tuple(wanted[name].shape)}"
            )
        if not found[name].isfinite().all():
            raise DataError(f"{path}: tensor {name} holds NaN or infinity; expected numbers")
    model.load_state_dict({**own, **found})
    return about


def _open(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise MissingError(f"{path}: no such weights file")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise DataError(f"{path}: not a safetensors file ({error})") from None
    try:
        about: dict[str, Any] = json.loads(metadata.get("about", "{}"))
    except ValueError as error:
        raise DataError(f"{path}: what it says of itself is not JSON ({error})") from None
    return tensors, about


def pick_device(name: str) -> torch.device:
    """The device ``name``; never another one. ``auto`` is a GPU where there is one, else the CPU.

    Raises:
        MissingError: CUDA was asked for and is not there, or there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise MissingError(f"device {name!r}: unknown; expected cpu, cuda, cuda:N or auto")
    if device.type == "cuda" and (
        not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()
    ):
        raise MissingError(f"device {name!r}: not there; use --device cpu or a machine with a GPU")
    return device


def pick_precision(name: str, device: str) -> str:
    """The precision ``name``; ``auto`` is bf16 where ``device`` computes in it, else fp32.

    ``auto`` stays where the device is a GPU that is not here: it is for another machine to say.
    """
    if name != "auto":
        return name
    if device.startswith("cuda") or (device == "auto" and torch.cuda.is_available()):
        if not torch.cuda.is_available():
            return name
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if processor_has_bf16() else "fp32"


@cache
def processor_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies in bf16 by instructions of its own, as Linux tells it."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
