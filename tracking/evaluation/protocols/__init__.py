"""Evaluation protocols by name: the seam."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tirdata.config import Config, check
from tirdata.errors import ConfigError
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.protocols.effort import Effort, EffortConfig
from tracking.evaluation.protocols.one_pass import OnePass, OnePassConfig
from tracking.evaluation.protocols.rgbt import Rgbt, RgbtConfig
from tracking.evaluation.protocols.vot_supervised import VotSupervised, VotSupervisedConfig


class Entry(NamedTuple):
    """A protocol's class, called with its checked rules, and the class of those."""

    build: Callable[[Any], EvaluationProtocol]
    config: type[Config]


PROTOCOLS: Final[dict[str, Entry]] = {
    "one-pass": Entry(OnePass, OnePassConfig),
    "rgbt": Entry(Rgbt, RgbtConfig),
    "vot-supervised": Entry(VotSupervised, VotSupervisedConfig),
    "effort": Entry(Effort, EffortConfig),
}


def build_protocol(name: str, rules: Mapping[str, Any], *, where: str) -> EvaluationProtocol:
    """The protocol called ``name`` with ``rules``, which ``where`` gave.

    Raises:
        ConfigError: no such protocol, or a rule that it does not have.
    """
    if name not in PROTOCOLS:
        raise ConfigError(f"{where}: no protocol {name!r}; there are: {', '.join(PROTOCOLS)}")
    entry = PROTOCOLS[name]
    return entry.build(check(rules, entry.config, where=where))
