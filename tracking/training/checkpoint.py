"""What a run needs to go on exactly where it stopped."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from tirdata import files
from tirdata.errors import DataError, VersionError
from tracking.training.config import TrainConfig

FORMAT = 1
_UNREADABLE = (
    OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError
)  # fmt: skip
# What may differ between a run and its continuation without changing what is learned.
_FREE = {"device", "workers", "checkpoint_every"}


def save(
    path: Path, model: nn.Module, optimizer: Optimizer, step: int, config: TrainConfig, mix: str
) -> None:
    """Write everything under a temporary name, then rename.

    Batches depend on seed and step alone, so the step is all the random state there is.

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
    }
    with files.whole(path) as part:
        torch.save(state, part)


def restore(
    path: Path, model: nn.Module, optimizer: Optimizer, config: TrainConfig, mix: str
) -> int:
    """Load ``path`` into model and optimizer; the number of steps that are done.

    Raises:
        DataError: not a checkpoint, or one of another configuration or mix; names the field.
        VersionError: made by a newer tirdata.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state["format"] > FORMAT:
            raise VersionError(f"{path}: made by a newer tirdata; install that one")
        found = TrainConfig.model_validate_json(state["config"]).model_dump()
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
    if state["mix"] != mix:
        raise DataError(f"{path}: made with another mix; choose another --out")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
