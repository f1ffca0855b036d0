"""Weights of other people's files, as ours: the seam.

To add a kind, write a function that reads the file in a file of its own here, and list it in
``KINDS``. Each entry imports its file when it is asked for, so listing names costs nothing.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from tirdata import files
from tirdata.errors import DataError, MissingError
from tracking.weights.kind import Kind, Shapes


@dataclass(frozen=True)
class Converted:
    """What was read and written."""

    path: Path
    sha256: str
    """Of the file that was read."""
    tensors: int
    numbers: int
    about: dict[str, Any]


def _vgg16_torch() -> Kind:
    from tracking.weights.convert_vgg16 import VGG16_TORCH  # noqa: PLC0415

    return VGG16_TORCH


def _vgg16_mat() -> Kind:
    from tracking.weights.convert_vgg16 import VGG16_MAT  # noqa: PLC0415

    return VGG16_MAT


def _vgg16_keras() -> Kind:
    from tracking.weights.convert_keras import VGG16_KERAS  # noqa: PLC0415

    return VGG16_KERAS


def _vggm_mat() -> Kind:
    from tracking.weights.convert_vggm import VGGM_MAT  # noqa: PLC0415

    return VGGM_MAT


def _mdnet() -> Kind:
    from tracking.weights.convert_vggm import MDNET  # noqa: PLC0415

    return MDNET


def _mmnet_mat() -> Kind:
    from tracking.weights.convert_mmnet import MMNET_MAT  # noqa: PLC0415

    return MMNET_MAT


KINDS: dict[str, Callable[[], Kind]] = {
    "vgg16-torch": _vgg16_torch,
    "vgg16-mat": _vgg16_mat,
    "vgg16-keras": _vgg16_keras,
    "vggm-mat": _vggm_mat,
    "mdnet": _mdnet,
    "mmnet-mat": _mmnet_mat,
}


def convert(kind: str, source: Path, out: Path, sha256: str | None = None) -> Converted:
    """Read ``source``, see that it holds that network, and write it as safetensors to ``out``.

    ``sha256`` (or its beginning) is what the file's must be; without it, the one in the file's
    name, where it has one as torchvision's do (vgg16-397923af.pth).

    Raises:
        MissingError: no such file; says where people get it.
        DataError: another file than asked for, a tensor is missing, of another shape or not finite.
    """
    entry = KINDS[kind]()
    if not source.is_file():
        raise MissingError(f"{source}: no such file; get it from {entry.where}")
    found = _checked_hash(source, sha256)
    tensors = entry.read(source)
    check_shapes(source, tensors, entry.shapes)
    about = {**entry.about, "source": kind, "source_name": source.name, "source_sha256": found}
    data = {name: tensors[name].float().contiguous() for name in entry.shapes}
    files.write_bytes(out, save(data, {"about": json.dumps(about, sort_keys=True)}))
    return Converted(out, found, len(data), sum(each.numel() for each in data.values()), about)


def check_shapes(source: Path, tensors: dict[str, Tensor], shapes: Shapes) -> None:
    """See that every tensor is there, of its shape and finite; others may be there too.

    Raises:
        DataError: one is not; names it.
    """
    for name, shape in shapes.items():
        if name not in tensors:
            raise DataError(f"{source}: {name} is missing; the file is of another network")
        if tuple(tensors[name].shape) != shape:
            raise DataError(
                f"{source}: {name} is {tuple(tensors[name].shape)}; expected {shape}: "
                "the file is of another network"
            )
        if not tensors[name].isfinite().all():
            raise DataError(f"{source}: {name} holds NaN or infinity; expected numbers")


def _checked_hash(source: Path, wanted: str | None) -> str:
    found = files.sha256(source)
    if wanted is None:
        named = re.search(r"-([0-9a-f]{8,64})$", source.stem)
        wanted = named[1] if named else ""
    if not found.startswith(wanted.lower()):
        raise DataError(
            f"{source}: sha256 is {found}; expected {wanted}: broken off or another file, "
            "get it again"
        )
    return found
