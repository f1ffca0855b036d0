"""What a run needs to go on exactly where it stopped."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from tirdata import files
from tirdata.config import Config
from tirdata.errors import DataError, VersionError

FORMAT = 1
_UNREADABLE = (
    OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError
)  # fmt: skip
# What may differ between a run and its continuation without changing what is learned.
_FREE = {
    "device", "workers", "checkpoint_every", "keep_crops",
    "validate_on", "validate_every", "validate_sequences", "validate_frames", "tensorboard",
}  # fmt: skip


def save(  # noqa: PLR0913
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    step: int,
    config: Config,
    mix: str,
    *,
    polarity: str = "",
) -> None:
    """Write everything under a temporary name, then rename.

    Batches depend on seed and step alone, so the step is all the random state there is.
    ``polarity`` is that of the masks that are learned from, where it is masks.

    Raises:
        StorageError: the disk is full or read-only.
    """
    state = {
        "format": FORMAT,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "config": config.model_dump_json(),
        "mix": mix,
        "polarity": polarity,
    }
    with files.whole(path) as part:
        torch.save(state, part)


def restore(
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    config: Config,
    mix: str,
    *,
    polarity: str = "",
) -> int:
    """Load ``path`` into model and optimizer; the number of steps that are done.

    Raises:
        DataError: not a checkpoint, or one of another configuration, polarity or mix; says which.
        VersionError: made by a newer tirdata.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state["format"] > FORMAT:
            raise VersionError(f"{path}: made by a newer tirdata; install that one")
        found = type(config).model_validate_json(state["config"]).model_dump()
    except _UNREADABLE as error:
        what = str(error).partition("\n")[0]
        raise DataError(
            f"{path}: not a checkpoint of ours ({what}); remove it to begin again"
        ) from None
    for name, value in config.model_dump().items():
        if name not in _FREE and found[name] != value:
            raise DataError(
                f"{path}: {name} was {found[name]}, now it is {value}; "
                "train with the same settings or choose another --out"
            )
    found_polarity = state.get("polarity", "")
    if found_polarity != polarity:
        raise DataError(
            f"{path}: learned from masks {found_polarity or 'without polarity'}, "
            f"these are {polarity or 'without'}; build them the same way or choose another --out"
        )
    if state["mix"] != mix:
        raise DataError(f"{path}: made with another mix; choose another --out")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
