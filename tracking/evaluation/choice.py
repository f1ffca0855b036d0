"""Which tracker runs, with which settings, and what tells one such choice from another."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tirdata.config import Config
from tirdata.errors import ConfigError, MissingError
from tirdata.files import sha256
from tirdata.tracker import TrackerFactory
from tracking.trackers import TRACKERS, tracker_factory

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrackerChoice:
    """A tracker from the registry with checked settings."""

    name: str
    settings: dict[str, Any]

    @cached_property
    def factory(self) -> TrackerFactory:
        """Builds it.

        Raises:
            ConfigError: no such tracker, or a setting that it does not have.
        """
        return tracker_factory(self.name, self.settings)

    @property
    def config_class(self) -> type[Config]:
        """What its settings may be.

        Raises:
            ConfigError: no such tracker.
        """
        if self.name not in TRACKERS:
            raise ConfigError(f"no tracker {self.name!r}; there are: {', '.join(TRACKERS)}")
        return TRACKERS[self.name]().config

    @property
    def config(self) -> Config:
        """The settings with all defaults."""
        config: Config = self.factory.args[0]  # type: ignore[attr-defined]  # it is a partial
        return config

    def hashes(self) -> dict[str, str]:
        """SHA-256 of the files it reads, by name.

        Raises:
            MissingError: one is not there.
        """
        paths = [*TRACKERS[self.name]().files(self.config)]
        for path in paths:
            if not path.is_file():
                raise MissingError(f"{path}: no such file; {self.name} needs it")
        return {path.name: sha256(path) for path in paths}

    def fingerprint(self) -> str:
        """Hash of all that decides its answers; where its files lie does not."""
        settings = {name: None if isinstance(value, Path) else value for name, value in self.config}
        content = {"tracker": self.name, "settings": settings, "files": self.hashes()}
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def choose_tracker(
    name: str,
    settings: Mapping[str, Any],
    *,
    weights: Path | None = None,
    device: str | None = None,
    seed: int | None = None,
    random_init: bool = False,
) -> TrackerChoice:
    """A tracker with what the command line has for all of them laid over its own settings.

    Args:
        name: in the registry.
        settings: its own.
        weights: its weights; None = those it comes with.
        device: where it runs; None = as its settings say, or a GPU if there is one. ``auto`` is
            made plain here, so that ``run.json`` says what it was.
        seed: of its random numbers; None = as its settings say.
        random_init: whether it may go on with random weights, where it has none.

    Raises:
        ConfigError: no such tracker, or a setting that it does not have.
        MissingError: the device is not there.
    """
    known = TrackerChoice(name, {}).config_class.model_fields
    given = {
        "weights": weights, "device": device, "seed": seed, "random_init": random_init or None
    }  # fmt: skip
    wanted = {**settings, **{key: value for key, value in given.items() if value is not None}}
    if "device" in known and wanted.setdefault("device", "auto") == "auto":
        from tracking.weights.load import pick_device  # noqa: PLC0415 - only where torch is needed

        wanted["device"] = str(pick_device("auto"))
    choice = TrackerChoice(name, wanted)
    choice.factory  # noqa: B018 - checks the settings
    if getattr(choice.config, "random_init", False) and not getattr(choice.config, "weights", None):
        _LOG.warning("%s: RANDOM WEIGHTS; its results say nothing of the tracker", name)
    return choice
