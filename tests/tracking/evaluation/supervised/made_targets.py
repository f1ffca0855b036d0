"""Made runs: repetitions that differ, failures early, late and at the very end."""

import numpy as np

from tracking.evaluation.supervised.runs import Run, Target

TAGS = ("camera_motion", "occlusion")


def made_run(random: np.random.Generator, length: int, *failures: int) -> Run:
    """A run of a supervised experiment with these failures, from 0."""
    overlaps = random.uniform(0.2, 1, length)
    wide = np.where(random.uniform(size=length) < 0.1, overlaps * 0.9, overlaps)
    starts = [0, *(each + 5 for each in failures if each + 5 < length)]
    for each in failures:
        overlaps[each : each + 5] = wide[each : each + 5] = np.nan
    overlaps[starts] = wide[starts] = np.nan
    return Run(overlaps, wide, np.array(starts), np.array(failures, np.int64))


def made_target(seed: int, length: int, *repetitions: tuple[int, ...]) -> Target:
    """Repetitions, each given by its failures."""
    random = np.random.default_rng(seed)
    tags = {tag: random.uniform(size=length) < 0.4 for tag in TAGS}
    runs = tuple(made_run(random, length, *failures) for failures in repetitions)
    return Target(length, runs, tags)


def made_targets() -> list[Target]:
    """Three targets with 1, 3 and 2 repetitions."""
    return [
        made_target(1, 40, ()),
        made_target(2, 60, (12, 30), (31,), ()),
        made_target(3, 35, (20, 33), (29, 30 + 4)),
    ]
