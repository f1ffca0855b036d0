"""What `tirdata evaluate` is asked: results or a tracker on a data set, or on true boxes alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracking.evaluation.benchmark import NamedBenchmark
    from tracking.evaluation.run import EvaluateConfig
    from tracking.evaluation.targets import Data, Truths


@dataclass(frozen=True)
class Request:
    """What is scored on what, and where it goes."""

    data: "Data"
    truths: "Truths"
    rules: "NamedBenchmark"
    settings: dict[str, Any]
    out: Path | None  # None = nothing is written
    names: tuple[str, ...]  # of all targets, asked for or not
    origin: int | None = None  # of the first pixel of ground truth without frames


def request_of(
    config: "EvaluateConfig", rules: "NamedBenchmark", *, data: Path | None,
    groundtruth: Path | None, layout: str | None, out: Path | None,
) -> Request:  # fmt: skip
    """Read the true boxes, with the frames at hand or without.

    Raises:
        UsageError: there is neither a data set nor ground truth, or there are both.
        DataError: nothing in it can be scored.
    """
    from tirdata.errors import UsageError

    if (data is None) == (groundtruth is None):
        found = "neither is given" if data is None else f"both {data} and {groundtruth} are given"
        raise UsageError(f"{found}; expected a data set, or its true boxes with --groundtruth")
    if groundtruth is not None:
        return _alone(groundtruth, config, rules, layout, out)
    assert data is not None  # noqa: S101
    return _with_frames(data, config, rules, layout, out or Path("evaluation"))


def _alone(
    path: Path, config: "EvaluateConfig", rules: "NamedBenchmark", form: str | None,
    out: Path | None,
) -> Request:  # fmt: skip
    from tracking.evaluation.groundtruth.read import read_groundtruth
    from tracking.evaluation.targets import Data

    found = read_groundtruth(path, rules, form=form, only=config.sequences)
    data = Data(path, found.form)
    return Request(data, found.truths, rules, config.settings, out, found.names, found.origin)


def _with_frames(
    path: Path, config: "EvaluateConfig", rules: "NamedBenchmark", layout: str | None, out: Path
) -> Request:
    from cli.scoring import open_data
    from tracking.evaluation.targets import read_truths

    data = open_data(path, layout)
    protocol = rules.build()
    truths = read_truths(
        data,
        only=config.sequences,
        machine_boxes=protocol.machine_boxes,
        sizes=protocol.sizes,
    )
    others = set(data.reader.names(path)) - {each.sequence for each in truths.targets}
    names = (*(each.name for each in truths.targets), *sorted(others))
    return Request(data, truths, rules, config.settings, out, names)
