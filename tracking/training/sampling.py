"""Which crops make a pair: pure functions of an index and an explicit random generator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tirdata.errors import DataError
from tirdata.mix.shards import Entry, Sample
from tracking.training.config import TrainConfig

HARD_GAP = 25  # usable frames between exemplar and search crop of a hard negative


class Kind(IntEnum):
    """What a pair teaches."""

    POSITIVE = 0
    EASY = 1  # another recording
    HARD = 2  # background beside the object


@dataclass(frozen=True)
class CropRef:
    """A crop of the mix: a sample (by its place in the index) and the number of the crop in it."""

    entry: int
    crop: int


@dataclass(frozen=True)
class TrackRef:
    """All crops of one track, in time order, over as many samples as it was cut into."""

    domain: str
    recording: str
    label: int
    crops: tuple[CropRef, ...]


@dataclass(frozen=True)
class Pair:
    """Exemplar z and search crop x; ``quadrant`` is the corner of z taken in a hard negative."""

    z: CropRef
    x: CropRef
    kind: Kind
    label: int
    quadrant: int = 0


def gather_tracks(
    entries: Sequence[Entry], labels: Mapping[str, int], domains: Sequence[str]
) -> list[TrackRef]:
    """Tracks with at least two crops, of the wanted domains.

    Raises:
        DataError: no track is left.
    """
    crops: dict[str, list[CropRef]] = {}
    first: dict[str, Sample] = {}
    for number, entry in enumerate(entries):
        sample = entry.sample
        if sample.domain in domains:
            track = sample.key.rpartition("-")[0]  # less the tracklet's number; names may repeat
            crops.setdefault(track, []).extend(
                CropRef(number, i) for i in range(len(sample.frames))
            )
            first.setdefault(track, sample)
    tracks = [
        TrackRef(
            first[key].domain, first[key].recording, labels[first[key].class_name], tuple(refs)
        )
        for key, refs in crops.items()
        if len(refs) > 1
    ]
    if not tracks:
        raise DataError(
            f"the mix has no track of two or more crops in {' or '.join(domains)}; "
            "add data of that domain or choose another strategy"
        )
    return tracks


class Sampler:
    """Draws batches of pairs; a batch depends on the seed and its step alone."""

    def __init__(
        self, tracks: Sequence[TrackRef], config: TrainConfig, weights: Mapping[str, float]
    ) -> None:
        self.config = config
        self.tracks = list(tracks)
        self.by_domain = {
            domain: [track for track in tracks if track.domain == domain]
            for domain in sorted({track.domain for track in tracks})
        }
        share = np.array([weights.get(domain, 1.0) for domain in self.by_domain])
        self.share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
        self.recordings = len({track.recording for track in tracks})

    def batch(self, step: int) -> list[Pair]:
        """The pairs of ``step``, from distinct recordings as far as there are enough."""
        rng = np.random.default_rng((self.config.seed, step))
        used: set[str] = set()
        pairs = []
        for _ in range(self.config.batch):
            track = self._track(rng, used)
            used.add(track.recording)
            pairs.append(self._pair(rng, track))
        return pairs

    def _track(self, rng: np.random.Generator, used: set[str]) -> TrackRef:
        domain = list(self.by_domain)[int(rng.choice(len(self.share), p=self.share))]
        tracks = self.by_domain[domain]
        for _ in range(20):
            track = tracks[int(rng.integers(len(tracks)))]
            if track.recording not in used:
                return track
        left = [track for track in tracks if track.recording not in used] or tracks
        return left[int(rng.integers(len(left)))]

    def _pair(self, rng: np.random.Generator, track: TrackRef) -> Pair:
        config = self.config
        draw = rng.random()
        if draw < config.positive or self.recordings < 2:
            z, x = near(rng, track.crops, 1, config.max_gap)
            return Pair(z, x, Kind.POSITIVE, track.label)
        if draw < config.positive + config.hard_negative:
            z, x = near(rng, track.crops, HARD_GAP + 1, len(track.crops))
            return Pair(z, x, Kind.HARD, track.label, quadrant=int(rng.integers(4)))
        other = self._track(rng, {track.recording})
        if other.recording == track.recording:  # the domain drawn has no other
            others = [each for each in self.tracks if each.recording != track.recording]
            other = others[int(rng.integers(len(others)))]
        z = track.crops[int(rng.integers(len(track.crops)))]
        return Pair(z, other.crops[int(rng.integers(len(other.crops)))], Kind.EASY, track.label)


def near(
    rng: np.random.Generator, crops: Sequence[CropRef], least: int, most: int
) -> tuple[CropRef, CropRef]:
    """Two crops of a track ``least`` to ``most`` places apart; a short track gives its widest."""
    least = min(least, len(crops) - 1)
    gap = int(rng.integers(least, max(least, min(most, len(crops) - 1)) + 1))
    first = int(rng.integers(len(crops) - gap))
    pair = crops[first], crops[first + gap]
    return pair if rng.random() < 0.5 else pair[::-1]
