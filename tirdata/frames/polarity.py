"""White-hot or black-hot: what the cues of a shot, and the shots of a recording, say together.

A shot is judged sure only where something with a physical reason speaks for it: things that move
before a still background (people, engines and animals are warm), or a sky (it is cold). What is
small, bumpy or rich in detail is mostly warm too, but cars in the sun, seen from above, are not:
such cues alone never make a shot sure, and their probability stays low. Weights, scales and both
slopes come from ``benchmarks/polarity.py``, which leaves out one source of clips after another.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.frames.likeness import Look, likeness, moved_likeness
from tirdata.frames.polarity_cues import CUES, measure, views
from tirdata.types import Frame

PolarityName: TypeAlias = Literal["white-hot", "black-hot"]


class CueWeight(NamedTuple):
    """How a cue counts: ``weight * tanh(cue / scale)``, in log-odds before the slope."""

    scale: float  # root mean square of the cue over the clips
    weight: float


WEIGHTS = {
    "movers": CueWeight(0.329, 1.12),
    "spots": CueWeight(0.208, 0.69),
    "bumps": CueWeight(0.427, 0.64),
    "detail": CueWeight(0.366, 0.43),
    "sky": CueWeight(0.09, 0.39),
}
# One of these at least so far the same way is a reason. Seen from a moving drone a smooth road at
# the top passes for a sky of 0.21.
ANCHORS = {"movers": 0.2, "sky": 0.3}
ANCHORED_SLOPE = 2.5  # log-odds with a reason
FREE_SLOPE = 0.5  # and without one
SURE = 0.96  # probability
_OPPOSED = 0.25  # log-odds, before the slope, of one cue for the other side: then not sure
_FEWEST = 4  # frames that show motion; fewer never make a shot sure
_LEAST_SCENE = 0.05  # of the frame, not covered by text and the like
_MOST = 4.0  # log-odds: ten sources of clips cannot show that more is true

_FLIP_LIKENESS = 0.5  # with the sign turned
_SAME = math.log(0.97 / 0.03)  # log-odds that a cut within a recording keeps the polarity


@dataclass(frozen=True)
class PolarityGuess:
    """What a shot seems to be."""

    value: PolarityName
    score: float  # probability that ``value`` is right, 0.5..1
    sure: bool  # else a person is to look at it
    cues: dict[str, float]  # log-odds for white-hot by cue; "recording": from the other shots

    @property
    def log_odds(self) -> float:
        """Of white-hot."""
        odds = math.log(self.score / (1 - self.score))
        return odds if self.value == "white-hot" else -odds


def judge_polarity(
    frames: Sequence[Frame], ignore: NDArray[np.bool_] | None = None
) -> PolarityGuess:
    """Judge one shot by frames spread evenly over it.

    Args:
        frames: at least one, of one size; with fewer than four the result is never sure.
        ignore: (h, w), true where text and the like are burnt in; it would be taken for warm.
    """
    seen = views(frames, ignore)
    if seen.share < _LEAST_SCENE:
        return combine(dict.fromkeys(CUES, 0.0), 0)
    return combine(measure(seen), len(frames))


def combine(
    values: Mapping[str, float], count: int, weights: Mapping[str, CueWeight] = WEIGHTS
) -> PolarityGuess:
    """The guess from each cue's value, -1..1, over ``count`` frames."""
    parts = {
        name: cue.weight * math.tanh(values[name] / cue.scale) for name, cue in weights.items()
    }
    whole = sum(parts.values())
    side = 1.0 if whole >= 0 else -1.0
    reason = count >= _FEWEST and any(values[name] * side > far for name, far in ANCHORS.items())
    slope = ANCHORED_SLOPE if reason else FREE_SLOPE
    against = max(0.0, *(-side * part for part in parts.values()))
    guess = _guess(slope * whole, {name: slope * part for name, part in parts.items()})
    return replace(guess, sure=reason and against <= _OPPOSED and guess.score >= SURE)


def is_flip(before: Look, after: Look) -> bool:
    """Whether the second shows what the first does with the sign turned.

    Args:
        before: the last frame of a shot.
        after: the first frame of the next shot that is kept: a fade of some frames may stand
            between them as a very short shot.
    """
    if likeness(before, after) < -_FLIP_LIKENESS:
        return True
    turned = Look(255 - after.small, -after.across, -after.down)
    alike = moved_likeness(before, turned)
    return alike > _FLIP_LIKENESS and alike > moved_likeness(before, after) + _FLIP_LIKENESS / 2


def judge_recording(guesses: Sequence[PolarityGuess], flips: Sequence[bool]) -> list[PolarityGuess]:
    """The guesses of a recording's shots, in order, each with what the others say of it.

    Shots joined by flips show one scene and are judged as one. Across other cuts the polarity
    mostly stays, but recordings are also put together from several cameras. Shots of one
    recording share what misleads the cues: unsure ones are averaged, never added up, and without
    a sure one none becomes sure.

    Args:
        guesses: one for each shot.
        flips: for each shot but the first, whether the cut before it is a flip.
    """
    if not guesses:
        return []
    signs = [1]
    for flip in flips:
        signs.append(-signs[-1] if flip else 1)
    scene = np.cumsum([0, *(not flip for flip in flips)])
    scenes = [
        [(guesses[shot], signs[shot]) for shot, _ in members]
        for _, members in groupby(enumerate(scene), key=lambda item: item[1])
    ]
    own = [_of_scene(members) for members in scenes]
    ends = [members[-1][1] for members in scenes]
    others = _from_others(own, ends)
    some_sure = any(is_sure for _, is_sure in own)
    return [
        _settled(guesses[shot], signs[shot], own[scene[shot]], (others[scene[shot]], some_sure))
        for shot in range(len(guesses))
    ]


def _of_scene(members: list[tuple[PolarityGuess, int]]) -> tuple[float, bool]:
    """Log-odds of white-hot for the first shot of a scene, and whether they are sure."""
    trusted = [(guess, sign) for guess, sign in members if guess.sure] or members
    mean = sum(guess.log_odds * sign for guess, sign in trusted) / len(trusted)
    return mean, trusted[0][0].sure and _probability(abs(mean)) >= SURE


def _from_others(own: list[tuple[float, bool]], ends: list[int]) -> list[float]:
    """What the scenes before and after say of each scene: log-odds for its first shot.

    A chain: each cut passes on what is known up to it, less the chance that the polarity changed.
    """
    unsure = max(1, sum(not is_sure for _, is_sure in own))
    told = [odds if is_sure else odds / unsure for odds, is_sure in own]
    before, after = [0.0], [0.0]
    for odds, end in zip(told[:-1], ends[:-1], strict=True):
        before.append(_across((before[-1] + odds) * end))
    for index in range(len(own) - 2, -1, -1):
        after.append(_across(after[-1] + told[index + 1]) * ends[index])
    return [one + other for one, other in zip(before, reversed(after), strict=True)]


def _across(odds: float) -> float:
    """Log-odds on the other side of a cut."""
    stays = _probability(_SAME)
    there = _probability(odds)
    here = stays * there + (1 - stays) * (1 - there)
    return math.log(here / (1 - here))


def _settled(
    guess: PolarityGuess, sign: int, own: tuple[float, bool], others: tuple[float, bool]
) -> PolarityGuess:
    whole = own[0] + others[0]
    told = sign * whole - guess.log_odds
    cues = guess.cues if abs(told) < 1e-9 else guess.cues | {"recording": told}
    result = _guess(sign * whole, cues)
    return replace(result, sure=others[1] and result.score >= SURE)


def _guess(log_odds: float, cues: dict[str, float]) -> PolarityGuess:
    # The sign of zero counts: two shots that a flip joins are never given one value.
    value: PolarityName = "white-hot" if math.copysign(1, log_odds) > 0 else "black-hot"
    return PolarityGuess(value, _probability(min(abs(log_odds), _MOST)), False, cues)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
