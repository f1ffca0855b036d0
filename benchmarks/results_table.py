"""The table and the plot of `benchmarks.results`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.learning import losses, read_log, smoothed
from benchmarks.results_plan import Budget, Experiment, Table
from tirdata.config import Config
from tirdata.types import Floats
from tracking.evaluation.bootstrap import draw, interval_of, mean_of
from tracking.evaluation.scores import Machine

SOURCES = {"svanstrom": "sky", "antiuav": "clutter", "vot-tir": "birds", "tass": "people"}
SMOOTH = 10  # steps


class Score(Config):
    """What a run came to."""

    run: str
    experiment: str
    seed: int
    key: str
    command: list[str]
    steps: int
    pairs: int
    took: dict[str, float]
    matching: dict[str, float]
    clips: dict[str, dict[str, dict[str, float]]]
    """Each of ``benchmarks.following.MEASURED`` by source and clip."""


def markdown(
    table: Table, budget: Budget, scores: Sequence[Score], missing: Sequence[str],
    machine: Machine, device: str,
) -> str:  # fmt: skip
    """The whole page."""
    gpu = f", {machine.gpu}" if machine.gpu else ", no GPU"
    versions = ", ".join(f"{name} {value}" for name, value in machine.versions.items())
    parts = [budget.note.strip(), f"Machine: {machine.cpu}, {machine.cores} cores{gpu} "
             f"(--device {device}); {versions}."]  # fmt: skip
    names = dict.fromkeys(each for row in table.experiment for each in row.tables)
    parts += [f"### {name.capitalize()}\n\n{table_of(name, table, scores)}" for name in names]
    parts.append("### Commands\n\n```sh\n" + "\n".join(
        " ".join(score.command) for score in scores if score.command) + "\n```")  # fmt: skip
    if missing:
        parts.append(f"Not run yet: {', '.join(missing)}.")
    return "\n\n".join(parts) + "\n"


def table_of(name: str, table: Table, scores: Sequence[Score]) -> str:
    """One markdown table; of several seeds the mean and, in brackets, the lowest to the highest."""
    sources = list(dict.fromkeys(source for score in scores for source in score.clips))
    head = ["row", "seeds", "pairs", "object found", "told apart",
            *(f"mean IoU, {SOURCES[source]}" for source in sources),
            f"all clips - {table.reference}", "CPU s"]  # fmt: skip
    rows = [head, ["---"] * len(head)]
    reference = [score for score in scores if score.experiment == table.reference]
    for experiment in table.experiment:
        own = [score for score in scores if score.experiment == experiment.name]
        if name in experiment.tables and own:
            told = "" if own == reference or not reference else difference(reference, own)
            rows.append(_row(experiment, own, sources, told))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(
    experiment: Experiment, own: Sequence[Score], sources: Sequence[str], compared: str
) -> list[str]:
    return [
        experiment.label,
        ", ".join(str(score.seed) for score in own) if not experiment.shipped else "",
        f"{own[0].pairs:,}" if not experiment.shipped else "",
        _mean([score.matching["found"] for score in own]),
        _mean([score.matching["told_apart"] for score in own]),
        *(_mean([_overlap(score, source) for score in own]) for source in sources),
        compared,
        _whole([score.took["cpu_s"] for score in own if "cpu_s" in score.took]),
    ]


def _overlap(score: Score, source: str) -> float:
    return float(np.mean([clip["mean_overlap"] for clip in score.clips[source].values()]))


def _mean(values: Sequence[float]) -> str:
    if not values:
        return ""
    text = f"{np.mean(values):.3f}"
    return text if len(values) == 1 else f"{text} ({min(values):.3f} to {max(values):.3f})"


def _whole(values: Sequence[float]) -> str:
    return f"{np.mean(values):.0f}" if values else ""


def difference(reference: Sequence[Score], own: Sequence[Score]) -> str:
    """Mean IoU less the reference's, means over seeds, paired over clips, with its interval."""
    first, second = _clip_means(reference), _clip_means(own)
    change = np.array([second[name] - first[name] for name in sorted(set(first) & set(second))])
    low, high = interval_of(mean_of(change)(draw(len(change))))
    return f"{change.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def _clip_means(scores: Sequence[Score]) -> dict[str, float]:
    by_clip = [
        {name: measured["mean_overlap"] for clips in score.clips.values()
         for name, measured in clips.items()}
        for score in scores
    ]  # fmt: skip
    names = set.intersection(*map(set, by_clip))
    return {name: float(np.mean([each[name] for each in by_clip])) for name in names}


def curves(logs: Mapping[str, Path], path: Path) -> None:
    """Matching losses of each run against its steps, smoothed, as a PNG."""
    import matplotlib  # noqa: ICN001, PLC0415 - an optional package, for the plot alone

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(8, 4.4))
    for name, log in logs.items():
        if log.exists():
            axes.plot(*smoothed(matching_losses(log), SMOOTH), label=name, linewidth=1.2)
    axes.set_xlabel("step")
    axes.set_ylabel(f"matching loss a branch, mean of {SMOOTH} steps")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(fontsize=7, ncols=2, frameon=False)
    figure.tight_layout()
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=110)
    plt.close(figure)
    part.replace(path)


def matching_losses(log: Path) -> Floats:
    """The mean of the matching branches' losses, (steps,)."""
    parts = losses(read_log(log))
    own: Floats = np.mean([parts[name] for name in ("dis", "fin") if name in parts], axis=0)
    return own
