"""Which pairs are drawn: shares, gaps, recordings; and always the same ones for a step."""

import tracemalloc
from collections import Counter

import numpy as np
import pytest

from tirdata.errors import DataError
from tirdata.mix.shards import Entry, Sample
from tracking.training.config import TrainConfig
from tracking.training.sampling import HARD_GAP, Kind, Pair, Sampler, near
from tracking.training.tracks import CropRef, TrackTable, gather_tracks

Made = tuple[str, str, int, list[tuple[int, int]]]


def _tracks(domain: str, recordings: int, *, length: int = 200, first: int = 0) -> list[Made]:
    return [
        (domain, f"{domain}{number}", number % 3, [(first + number, length)])
        for number in range(recordings)
    ]


def _draw(
    tracks: list[Made], batches: int, weights: dict[str, float] | None = None, **config: object
) -> list[list[Pair]]:
    table = TrackTable.of(tracks)
    sampler = Sampler(table, TrainConfig.model_validate(config), weights or {})
    return [sampler.batch(step) for step in range(batches)]


def test_shares_of_kinds_are_the_papers() -> None:
    pairs = [pair for batch in _draw(_tracks("tir", 50), 500) for pair in batch]
    counts = Counter(pair.kind for pair in pairs)
    shares = {kind: counts[kind] / len(pairs) for kind in Kind}
    assert shares == pytest.approx({Kind.POSITIVE: 0.6, Kind.EASY: 0.2, Kind.HARD: 0.2}, abs=0.03)


def test_positives_are_two_frames_of_one_track_at_most_the_gap_apart() -> None:
    gaps = [
        pair.x.crop - pair.z.crop
        for batch in _draw(_tracks("tir", 20), 200, max_gap=30, positive=1.0, hard_negative=0.0)
        for pair in batch
        if pair.z.entry == pair.x.entry
    ]
    assert len(gaps) == 200 * 8
    assert {abs(gap) for gap in gaps} == set(range(1, 31))
    assert abs(np.mean(np.sign(gaps))) < 0.1  # either may come first


def test_hard_negatives_are_far_apart_in_their_track_and_use_all_corners() -> None:
    pairs = [
        pair for batch in _draw(_tracks("tir", 20), 100, positive=0.0, hard_negative=1.0)
        for pair in batch
    ]  # fmt: skip
    assert all(pair.kind == Kind.HARD and pair.z.entry == pair.x.entry for pair in pairs)
    assert min(abs(pair.z.crop - pair.x.crop) for pair in pairs) > HARD_GAP
    assert {pair.quadrant for pair in pairs} == {0, 1, 2, 3}


def test_easy_negatives_are_of_another_recording() -> None:
    for batch in _draw(_tracks("tir", 4), 100, positive=0.0, hard_negative=0.0):
        assert all(pair.kind == Kind.EASY and pair.z.entry != pair.x.entry for pair in batch)


def test_easy_negatives_are_of_another_recording_when_a_domain_has_but_one() -> None:
    tracks = [*_tracks("tir", 1), *_tracks("vid", 5, first=1)]
    for batch in _draw(tracks, 100, positive=0.0, hard_negative=0.0):
        assert all(pair.z.entry != pair.x.entry for pair in batch)


def test_two_tracks_of_one_recording_are_no_easy_negative() -> None:
    """What is the background of one may be the object of the other."""
    twins: list[Made] = [("tir", "same", 0, [(entry, 9)]) for entry in (0, 1)]
    for batch in _draw([*twins, *_tracks("tir", 1, first=2)], 60, positive=0.0, hard_negative=0.0):
        assert all({pair.z.entry, pair.x.entry} != {0, 1} for pair in batch)


def test_one_recording_alone_gives_positives_only() -> None:
    pairs = [pair for batch in _draw(_tracks("tir", 1), 20) for pair in batch]
    assert {pair.kind for pair in pairs} == {Kind.POSITIVE}


@pytest.mark.parametrize("recordings", [8, 9, 40])
def test_a_batch_is_of_distinct_recordings_while_there_are_enough(recordings: int) -> None:
    for batch in _draw(_tracks("tir", recordings), 200):
        assert len({pair.z.entry for pair in batch}) == 8


def test_fewer_recordings_than_pairs_still_fill_the_batch() -> None:
    for batch in _draw(_tracks("tir", 3), 20):
        assert len(batch) == 8
        assert {pair.z.entry for pair in batch} == {0, 1, 2}


@pytest.mark.parametrize(
    ("weights", "share"), [({}, 0.5), ({"vid": 3.0, "tir": 1.0}, 0.25), ({"vid": 0.0}, 1.0)]
)
def test_domains_are_drawn_by_their_weights_not_by_their_size(
    weights: dict[str, float], share: float
) -> None:
    tracks = [*_tracks("tir", 10), *_tracks("vid", 90, first=10)]
    pairs = [pair for batch in _draw(tracks, 250, weights) for pair in batch]
    assert np.mean([pair.z.entry < 10 for pair in pairs]) == pytest.approx(share, abs=0.04)


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    tracks = TrackTable.of(_tracks("tir", 20))
    first, second = (Sampler(tracks, TrainConfig(seed=3), {}) for _ in range(2))
    for step in range(5):
        second.batch(step + 100)  # what was drawn before changes nothing
        assert first.batch(step) == second.batch(step)
    assert first.batch(0) != first.batch(1)
    assert first.batch(0) != Sampler(tracks, TrainConfig(seed=4), {}).batch(0)


def test_labels_are_those_of_the_exemplar() -> None:
    for batch in _draw(_tracks("tir", 20), 20):
        assert all(pair.label == pair.z.entry % 3 for pair in batch)


@pytest.mark.parametrize("least", [1, 26])
def test_a_short_track_gives_its_widest_pair(least: int) -> None:
    crops = [CropRef(0, crop) for crop in range(2)]
    rng = np.random.default_rng(0)
    drawn = {near(rng, crops, least, 100) for _ in range(20)}
    assert drawn == {(crops[0], crops[1]), (crops[1], crops[0])}


def _entry(key: str, frames: range, *, domain: str = "tir", name: str = "drone") -> Entry:
    count = len(frames)
    sample = Sample(
        key=key, domain=domain, sequence="same", track=0, class_name=name, recording="rec",
        frames=tuple(frames), sides=(9.0,) * count, boxes=((1.0, 1.0, 2.0, 2.0),) * count,
    )  # fmt: skip
    return Entry(sample=sample, shard="s", offsets=(0,) * count, sizes=(1,) * count)


def test_the_tracklets_of_a_track_are_one_track_in_time_order() -> None:
    entries = [
        _entry("tir0-a-t00-0000", range(3)),
        _entry("tir0-a-t01-0000", range(2)),
        _entry("tir0-a-t00-0001", range(3, 5)),
    ]
    table = gather_tracks(entries, {"drone": 7}, ("tir",))
    assert len(table) == 2
    first, second = table[0], table[1]
    assert [*first.crops] == [*(CropRef(0, i) for i in range(3)), CropRef(2, 0), CropRef(2, 1)]
    assert first.crops[2:4] == [CropRef(0, 2), CropRef(2, 0)]
    assert first.crops[-1] == CropRef(2, 1)
    assert (first.label, first.recording, first.domain) == (7, 0, "tir")
    assert len(second.crops) == 2


def test_sequences_of_one_name_in_two_datasets_are_two_tracks() -> None:
    entries = [_entry("tir0-same-t00-0000", range(3)), _entry("tir1-same-t00-0000", range(3))]
    assert len(gather_tracks(entries, {"drone": 0}, ("tir",))) == 2


def test_only_the_wanted_domains_and_tracks_with_a_pair() -> None:
    entries = [
        _entry("tir0-a-t00-0000", range(1)),
        _entry("vid0-b-t00-0000", range(4), domain="vid"),
    ]
    table = gather_tracks(entries, {"drone": 0}, ("vid", "tir"))
    assert (len(table), table[0].domain) == (1, "vid")
    with pytest.raises(DataError, match="no track of two or more crops in tir; add data"):
        gather_tracks(entries, {"drone": 0}, ("tir",))


def test_a_crop_costs_hardly_a_byte() -> None:
    entries = [
        _entry(f"tir0-a{number // 4}-t00-{number % 4:04d}", range(50)) for number in range(800)
    ]
    tracemalloc.start()
    try:
        table = gather_tracks(entries, {"drone": 0}, ("tir",))
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(table) == 200
    assert kept / (800 * 50) < 2
