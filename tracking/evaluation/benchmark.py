"""Benchmarks: a protocol and its rules, as TOML files of which some ship with the package.

To add one whose protocol is known, write ``benchmarks/<name>.toml``; there is nothing to list.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field

from tirdata.config import Config, load
from tirdata.errors import ConfigError, UsageError
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.protocols import build_protocol
from tracking.evaluation.protocols.base import EvaluationProtocol

_FOLDER = Path(str(files("tracking.evaluation") / "benchmarks"))


class Benchmark(Config):
    """``<name>.toml``: by which rules trackers are scored on a data set."""

    title: str
    """What people call it."""
    protocol: str
    """Name of an evaluation protocol."""
    aliases: tuple[str, ...] = ()
    """Other names of a benchmark that ships; case, ``-``, ``_`` and spaces make no difference."""
    source: str = ""
    """Whose rules these are, and where they are written down."""
    names: dict[str, str] = Field(default_factory=dict)
    """What its authors call a measure, by our name for it: ``precision = "PR"``."""
    rules: dict[str, Any] = Field(default_factory=dict)
    """Settings of the protocol."""
    compat: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By tool: the settings in which it differs from the benchmark's authors."""


class NamedBenchmark(Config):
    """A benchmark and the name it goes by."""

    name: str
    """Name of the file without its ending."""
    benchmark: Benchmark
    """What the file says."""

    def build(self) -> EvaluationProtocol:
        """The protocol with the rules of this benchmark.

        Raises:
            ConfigError: no such protocol, or a rule that it does not have.
        """
        where = f"benchmark {self.name}"
        return build_protocol(self.benchmark.protocol, self.benchmark.rules, where=where)


def shipped_benchmarks() -> list[str]:
    """Names of the benchmarks that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def open_benchmark(name: str | None) -> NamedBenchmark:
    """A shipped benchmark or a TOML file, checked; the plain rules of a protocol have its name.

    Raises:
        UsageError: none is given, or nothing goes by the name.
        ConfigError: the file does not say what a benchmark has to.
    """
    if name is None:
        raise UsageError(f"no protocol is given; say which with --protocol: {_known()}")
    path = _path(name)
    found = NamedBenchmark(name=path.stem, benchmark=load(path, Benchmark, {}))
    try:
        for each in (found, *(compat_rules(found, tool) for tool in found.benchmark.compat)):
            each.build()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    unknown = set(found.benchmark.names) - set(MEASURES)
    if unknown:
        raise ConfigError(f"{path}: names: no measure {min(unknown)!r}")
    return found


def compat_rules(found: NamedBenchmark, tool: str) -> NamedBenchmark:
    """The same benchmark as another tool scores it, called ``NAME+TOOL``.

    Raises:
        UsageError: nothing is known of how that tool differs here.
    """
    compat = found.benchmark.compat
    if tool not in compat:
        known = ", ".join(sorted(compat)) or "none"
        raise UsageError(f"no compat {tool!r} of {found.name}; there are: {known}")
    rules = found.benchmark.rules | compat[tool]
    benchmark = found.benchmark.model_copy(update={"rules": rules, "compat": {}})
    return NamedBenchmark(name=f"{found.name}+{tool}", benchmark=benchmark)


def _path(name: str) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    found = _paths_by_name().get(_loose(name))
    if found is None:
        raise UsageError(f"no protocol {name!r}; there are: {_known()}; or give a .toml file")
    return found


def _paths_by_name() -> dict[str, Path]:
    """Files by every name they go by, written loosely."""
    found: dict[str, Path] = {}
    for path in _FOLDER.glob("*.toml"):
        aliases = load(path, Benchmark, {}).aliases
        found |= {_loose(name): path for name in (path.stem, *aliases)}
    return found


def _loose(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _known() -> str:
    return ", ".join(shipped_benchmarks())
