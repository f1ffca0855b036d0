"""What `benchmarks.results` trains, in which order and with which settings: pure functions."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from pydantic import Field

from tirdata.config import Config
from tirdata.errors import ConfigError
from tracking.training.config import Branch, StrategyName

Settings: TypeAlias = dict[str, Any]  # of `tracking.training.config.TrainConfig`, by name


class Experiment(Config):
    """A row of a table."""

    name: str
    label: str
    tables: tuple[str, ...]
    shipped: bool = False
    """Nothing is trained: the weights that ship."""
    strategy: StrategyName = "mix-train"
    branches: tuple[Branch, ...] = ("dis", "cls", "hc", "pc")
    init: str | None = None
    """The experiment whose weights it starts from, of the same seed."""
    settings: Settings = Field(default_factory=dict)
    """Over those of the budget."""


class Budget(Config):
    """How much of everything."""

    note: str
    seeds: tuple[int, ...]
    more: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Seeds of single experiments, after all others."""
    tracker: Settings
    """Of the MMNet tracker that scores."""
    sources: dict[str, int]
    """Held-out recordings that it follows, and how many frames of each clip."""
    every: int = Field(1, ge=1)
    """Takes every so many of each source's clips."""
    pairs: int = Field(ge=2)
    """Of held-out crops."""
    settings: Settings = Field(default_factory=dict)
    from_scratch: Settings = Field(default_factory=dict)
    from_weights: Settings = Field(default_factory=dict)


class Table(Config):
    """`benchmarks/results.toml`."""

    reference: str
    """The experiment that the others of its tables are compared with."""
    budget: dict[str, Budget]
    experiment: tuple[Experiment, ...]


class Run(NamedTuple):
    """One training."""

    experiment: Experiment
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.experiment.name if self.experiment.shipped else _name(*self)


def _name(experiment: Experiment, seed: int) -> str:
    return f"{experiment.name}-seed{seed}"


def plan(table: Table, budget: Budget) -> list[Run]:
    """All runs: every experiment with each seed, then single ones with more.

    Raises:
        ConfigError: an experiment starts from one that is not there or comes later.
    """
    known: set[str] = set()
    for each in table.experiment:
        if each.init is not None and each.init not in known:
            raise ConfigError(f"{each.name}: starts from {each.init}, which is not before it")
        known.add(each.name)
    if missing := sorted(set(budget.more) - known):
        raise ConfigError(f"more: no experiment {', '.join(missing)}; there are {sorted(known)}")
    runs = [
        Run(each, seed)
        for seed in budget.seeds
        for each in table.experiment
        if not each.shipped or seed == budget.seeds[0]
    ]
    by_name = {each.name: each for each in table.experiment}
    return runs + [Run(by_name[name], seed) for name, seeds in budget.more.items()
                   for seed in seeds]  # fmt: skip


def settings_of(run: Run, budget: Budget, device: str) -> dict[str, Any]:
    """What `tirdata train mmnet --config` is to read; the start is given beside it."""
    experiment = run.experiment
    own = budget.from_weights if experiment.init else budget.from_scratch
    return {
        "strategy": experiment.strategy,
        "branches": list(experiment.branches),
        "seed": run.seed,
        "device": device,
        **budget.settings,
        **own,
        **experiment.settings,
    }


def start_of(run: Run) -> str | None:
    """The run whose weights it starts from."""
    return None if run.experiment.init is None else f"{run.experiment.init}-seed{run.seed}"


def toml_of(settings: Mapping[str, Any]) -> str:
    """Settings as TOML: scalars and lists, then one table for each mapping."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in settings.items()
             if not isinstance(value, Mapping)]  # fmt: skip
    tables = [f"\n[{key}]\n{toml_of(value)}" for key, value in settings.items()
              if isinstance(value, Mapping)]  # fmt: skip
    return "\n".join([*plain, *tables]) + "\n"


def key_of(settings: Mapping[str, Any], start: str | None, budget: Budget, mix: str) -> str:
    """A hash of all that decides a row: what is trained, on what, and how it is scored."""
    decides = {key: value for key, value in settings.items() if key not in _FREE}
    scored = (budget.tracker, budget.sources, budget.every, budget.pairs)
    text = json.dumps([decides, start, scored, mix], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_FREE = ("device", "workers", "checkpoint_every")  # what a run may go on with otherwise
