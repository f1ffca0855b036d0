"""Numbers and names as text."""

from tracking.evaluation.benchmark import Benchmark
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores

NO_TIME = 1e6  # frames a second; what is faster has done nothing
FEWER_IS_BETTER = "↓"


def value_text(measure: str, value: float) -> str:
    """With as many digits as the measure has."""
    return f"{value:.{MEASURES[measure].digits}f}"


def difference_text(measure: str, value: float) -> str:
    """With its sign, and a minus that is as wide as a plus."""
    return f"{value:+.{MEASURES[measure].digits}f}".replace("-", "−")


def rate_text(per_second: float) -> str:
    """Frames per second with three digits that mean something; none where it took no time."""
    if per_second > NO_TIME:
        return "-"
    return f"{per_second:.1f}" if per_second < 100 else f"{per_second:.0f}"


def targets_text(scores: Scores) -> str:
    """How many targets are in the mean, and of how many."""
    whole = scores.summary.targets
    return f"{whole} of {whole + len(scores.failed)}" if scores.failed else str(whole)


def printed_name(benchmark: Benchmark, measure: str) -> str:
    """What the benchmark's authors call a measure; our short name where they have none."""
    return benchmark.names.get(measure, MEASURES[measure].short)


def counted(number: int, noun: str) -> str:
    """``1 target`` or ``2 targets``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\u202f")
