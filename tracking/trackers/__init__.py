"""Trackers by name: the seam.

To add one, write a Config and a class with ``init`` and ``track`` in a file of its own here, and
list it below. Each entry imports its file when it is asked for, so that listing names costs nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from tirdata.config import Config, check
from tirdata.errors import ConfigError
from tirdata.tracker import Tracker, TrackerFactory


class Entry(NamedTuple):
    """A tracker's class, called with its checked configuration, and that configuration's class."""

    build: Callable[[Any], Tracker]
    config: type[Config]


def _mmnet() -> Entry:
    from tracking.trackers.mmnet import MMNetConfig, MMNetTracker  # noqa: PLC0415

    return Entry(MMNetTracker, MMNetConfig)


TRACKERS: dict[str, Callable[[], Entry]] = {
    "mmnet": _mmnet,
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
