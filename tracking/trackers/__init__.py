"""Trackers by name: the seam.

To add one, write a Config and a class with ``init`` and ``track`` in a file of its own here, and
list it below. Each entry imports its file when it is asked for, so listing names costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tirdata.config import Config, check
from tirdata.errors import ConfigError
from tirdata.tracker import Tracker, TrackerFactory


def _named_files(config: Config) -> Iterable[Path]:
    """Every setting that is a path."""
    return (value for _, value in config if isinstance(value, Path))


class Entry(NamedTuple):
    """A tracker's class, called with its checked configuration, and that configuration's class."""

    build: Callable[[Any], Tracker]
    config: type[Config]
    files: Callable[[Any], Iterable[Path]] = _named_files
    """Files whose content decides what the tracker answers: its weights."""


def _mmnet() -> Entry:
    from tracking.trackers.mmnet import MMNetConfig, MMNetTracker  # noqa: PLC0415
    from tracking.weights.load import shipped  # noqa: PLC0415

    return Entry(MMNetTracker, MMNetConfig, lambda config: (config.weights or shipped("mmnet"),))


def _dual_attention() -> Entry:
    from tracking.trackers.dual_attention import build_dual_attention  # noqa: PLC0415
    from tracking.trackers.dual_attention_settings import DualAttentionConfig  # noqa: PLC0415
    from tracking.trackers.local_net import local_weights  # noqa: PLC0415

    return Entry(
        build_dual_attention,
        DualAttentionConfig,
        lambda config: filter(None, (local_weights(config), config.global_weights)),
    )


def _hold() -> Entry:
    from tracking.trackers.hold import HoldConfig, HoldTracker  # noqa: PLC0415

    return Entry(HoldTracker, HoldConfig)


def _interpolate() -> Entry:
    from tracking.trackers.interpolate import InterpolateConfig, InterpolateTracker  # noqa: PLC0415

    return Entry(InterpolateTracker, InterpolateConfig)


def _csrt() -> Entry:
    from tracking.trackers.opencv import CsrtTracker, OpencvConfig  # noqa: PLC0415

    return Entry(CsrtTracker, OpencvConfig)


def _kcf() -> Entry:
    from tracking.trackers.opencv import KcfTracker, OpencvConfig  # noqa: PLC0415

    return Entry(KcfTracker, OpencvConfig)


def _mil() -> Entry:
    from tracking.trackers.opencv import MilConfig, MilTracker  # noqa: PLC0415

    return Entry(MilTracker, MilConfig)


def _nano() -> Entry:
    from tracking.trackers.opencv import NanoConfig, NanoTracker  # noqa: PLC0415

    return Entry(NanoTracker, NanoConfig)


def _trax() -> Entry:
    from tracking.trackers.program import files_of, split_command  # noqa: PLC0415
    from tracking.trackers.trax import TraxConfig, TraxTracker  # noqa: PLC0415

    return Entry(
        TraxTracker,
        TraxConfig,
        lambda config: files_of(split_command(config.command), config.folder),
    )


def _command() -> Entry:
    from tracking.trackers.command import CommandConfig, CommandTracker  # noqa: PLC0415
    from tracking.trackers.program import files_of, split_command  # noqa: PLC0415

    return Entry(
        CommandTracker,
        CommandConfig,
        lambda config: files_of(split_command(config.command), config.folder),
    )


def _refined() -> Entry:
    from tracking.trackers.refined import RefinedConfig, build_refined, files_of  # noqa: PLC0415

    return Entry(build_refined, RefinedConfig, files_of)


TRACKERS: dict[str, Callable[[], Entry]] = {
    "mmnet": _mmnet,
    "dual-attention": _dual_attention,
    "hold": _hold,
    "interpolate": _interpolate,
    "csrt": _csrt,
    "kcf": _kcf,
    "mil": _mil,
    "nano": _nano,
    "trax": _trax,
    "command": _command,
    "refined": _refined,
}


def tracker_factory(name: str, settings: Mapping[str, Any]) -> TrackerFactory:
    """Check ``settings`` now; build the tracker later, in whichever process calls.

    Settings of None count as not given.

    Raises:
        ConfigError: no such tracker, or a setting that it does not have.
    """
    if name not in TRACKERS:
        raise ConfigError(f"no tracker {name!r}; there are: {', '.join(sorted(TRACKERS))}")
    entry = TRACKERS[name]()
    given = {key: value for key, value in settings.items() if value is not None}
    return partial(entry.build, check(given, entry.config, where=f"tracker {name!r}"))
