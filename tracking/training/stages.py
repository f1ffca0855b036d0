"""The stages of training the dual-attention tracker, by name: the seam.

To add one, write a Config and a function that trains in a file of its own here, and list it below.
Each entry imports its file when it is asked for, so listing names costs nothing.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from tirdata.config import Config
from tracking.training.run_folder import TrainResult


class Stage(NamedTuple):
    """How a stage is trained."""

    train: Callable[..., TrainResult]
    """Called with mix, folder, config, what to call after each step, ``stop_after``, ``cache``."""
    config: type[Config]
    augment: Any
    """What ``--augment`` means: a Config whose defaults change nothing."""


def _global() -> Stage:
    from tracking.training.global_attention import train_global  # noqa: PLC0415
    from tracking.training.global_config import (  # noqa: PLC0415
        STANDARD_PAIR_AUGMENT,
        GlobalTrainConfig,
    )

    return Stage(train_global, GlobalTrainConfig, STANDARD_PAIR_AUGMENT)


def _local() -> Stage:
    from tracking.training.local_attention import train_local  # noqa: PLC0415
    from tracking.training.local_config import (  # noqa: PLC0415
        STANDARD_LOCAL_AUGMENT,
        LocalTrainConfig,
    )

    return Stage(train_local, LocalTrainConfig, STANDARD_LOCAL_AUGMENT)


STAGES: dict[str, Callable[[], Stage]] = {"global": _global, "local": _local}
