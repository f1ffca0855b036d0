"""Which crops make a pair: drawn from a table of tracks with an explicit random generator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from tracking.training.config import TrainConfig
from tracking.training.tracks import CropRef, TrackRef, TrackTable

HARD_GAP = 25  # usable frames between exemplar and search crop of a hard negative


class Kind(IntEnum):
    """What a pair teaches."""

    POSITIVE = 0
    EASY = 1  # another recording
    HARD = 2  # background beside the object


@dataclass(frozen=True)
class Pair:
    """Exemplar z and search crop x; ``quadrant`` is the corner of z taken in a hard negative."""

    z: CropRef
    x: CropRef
    kind: Kind
    label: int
    quadrant: int = 0
    background: CropRef | None = None  # of another recording, to stand about the object of x


class Sampler:
    """Draws batches of pairs; a batch depends on the seed and its step alone."""

    def __init__(
        self, tracks: TrackTable, config: TrainConfig, weights: Mapping[str, float]
    ) -> None:
        self.config = config
        self.tracks = tracks
        self.by_domain = {
            domain: np.flatnonzero(tracks.domain == tracks.domains.index(domain)).astype(np.uint32)
            for domain in sorted(tracks.domains)
        }
        self.by_domain = {domain: each for domain, each in self.by_domain.items() if len(each)}
        share = np.array([weights.get(domain, 1.0) for domain in self.by_domain])
        self.share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
        self.recordings = len(np.unique(tracks.recording))

    def batch(self, step: int) -> list[Pair]:
        """The pairs of ``step``, from distinct recordings as far as there are enough."""
        rng = np.random.default_rng((self.config.seed, step))
        used: set[int] = set()
        pairs = []
        for _ in range(self.config.batch):
            track = self._track(rng, used)
            used.add(track.recording)
            pair = self._pair(rng, track)
            share = self.config.augment.paste
            if (
                share
                and self.recordings > 1
                and pair.kind == Kind.POSITIVE
                and rng.random() < share
            ):
                other = self._other(rng, track)
                pair = replace(pair, background=other.crops[int(rng.integers(len(other.crops)))])
            pairs.append(pair)
        return pairs

    def _track(self, rng: np.random.Generator, used: set[int]) -> TrackRef:
        domain = list(self.by_domain)[int(rng.choice(len(self.share), p=self.share))]
        tracks = self.by_domain[domain]
        recordings = self.tracks.recording
        for _ in range(20):
            number = int(tracks[int(rng.integers(len(tracks)))])
            if int(recordings[number]) not in used:
                return self.tracks[number]
        left = tracks[~np.isin(recordings[tracks], [*used])]
        left = left if len(left) else tracks
        return self.tracks[int(left[int(rng.integers(len(left)))])]

    def _pair(self, rng: np.random.Generator, track: TrackRef) -> Pair:
        config = self.config
        draw = rng.random()
        if draw < config.positive or self.recordings < 2:
            z, x = near(rng, track.crops, 1, config.max_gap)
            return Pair(z, x, Kind.POSITIVE, track.label)
        if draw < config.positive + config.hard_negative:
            z, x = near(rng, track.crops, HARD_GAP + 1, len(track.crops))
            return Pair(z, x, Kind.HARD, track.label, quadrant=int(rng.integers(4)))
        other = self._other(rng, track)
        z = track.crops[int(rng.integers(len(track.crops)))]
        return Pair(z, other.crops[int(rng.integers(len(other.crops)))], Kind.EASY, track.label)

    def _other(self, rng: np.random.Generator, track: TrackRef) -> TrackRef:
        """A track of another recording."""
        other = self._track(rng, {track.recording})
        if other.recording == track.recording:  # the domain drawn has no other
            others = np.flatnonzero(self.tracks.recording != track.recording)
            other = self.tracks[int(others[int(rng.integers(len(others)))])]
        return other


def near(
    rng: np.random.Generator, crops: Sequence[CropRef], least: int, most: int
) -> tuple[CropRef, CropRef]:
    """Two crops of a track ``least`` to ``most`` places apart; a short track gives its widest."""
    least = min(least, len(crops) - 1)
    gap = int(rng.integers(least, max(least, min(most, len(crops) - 1)) + 1))
    first = int(rng.integers(len(crops) - gap))
    pair = crops[first], crops[first + gap]
    return pair if rng.random() < 0.5 else pair[::-1]
