"""No moment stands on both sides of the split: copies under other names included."""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_mix import build, made_tree, recipe_of
from tirdata.dataset.duplicates import fingerprint_of
from tirdata.engine.pool import PoolEngine
from tirdata.frames.duplicate_index import find_matches
from tirdata.frames.fingerprint import read_fingerprints
from tirdata.layouts import LAYOUTS
from tirdata.mix.shards import MixReader
from tirdata.mix.split import split_together
from tirdata.types import Frame, Sequence

COUNT = 110


def original(number: int) -> Sequence:
    """A sequence of its own, under an ILSVRC name."""
    name = f"ILSVRC2015_train_{number:05d}000"
    return made_sequence(COUNT, size=(96, 80), seed=number, name=name)


def copy(sequence: Sequence, number: int, *, mirror: bool = False, quality: int = 40) -> Sequence:
    """The same moments with other bytes, under another name."""
    frames: list[Frame] = []
    for index in range(COUNT):
        frame = sequence.frames[index]
        coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        frames.append(np.ascontiguousarray(again[:, ::-1]) if mirror else again)
    boxes = sequence.tracks[0].boxes.copy()
    if mirror:
        boxes[:, 0] = 96 - boxes[:, 0] - boxes[:, 2]
    tracks = (replace(sequence.tracks[0], boxes=boxes),)
    name = f"ILSVRC2015_train_{number:05d}000"
    return Sequence(name, frames, tracks)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Six originals in one dataset; in the other three copies of them and two more originals."""
    root = tmp_path_factory.mktemp("planted")
    ours = [original(number) for number in range(6)]
    theirs = [
        copy(ours[1], 101, quality=60),
        copy(ours[2], 102, mirror=True),
        replace(ours[4], name="ILSVRC2015_train_00104000"),
        original(50),
        original(51),
    ]
    return made_tree(root / "visible", theirs), made_tree(root / "thermal", ours)


TOGETHER = [{1, 101}, {2, 102}, {4, 104}]


def number_of(name: str) -> int:
    return int(name.rsplit("_", 1)[-1][:5])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_moment_is_on_both_sides(planted: tuple[Path, Path], tmp_path: Path, seed: int) -> None:
    recipe = recipe_of(*planted, val_share=0.4, stride=10, seed=seed)
    build(recipe, tmp_path / "mix")
    sides: dict[int, set[str]] = defaultdict(set)
    for subset in ("train", "val"):
        entries = MixReader(tmp_path / "mix", subset).entries
        assert entries
        for entry in entries:
            sides[number_of(entry.sample.sequence)].add(subset)
    assert len(sides) == 11
    for together in TOGETHER:
        assert len(set.union(*(sides[number] for number in together))) == 1


def test_the_manifest_says_what_was_found(planted: tuple[Path, Path], tmp_path: Path) -> None:
    manifest = build(recipe_of(*planted, stride=10), tmp_path / "mix").manifest
    pairs = {frozenset((number_of(p.first), number_of(p.second))): p for p in manifest.duplicates}
    assert set(pairs) == {frozenset(each) for each in TOGETHER}
    assert pairs[frozenset({4, 104})].kind == "exact"
    assert pairs[frozenset({1, 101})].kind == "near"
    subsets = manifest.subsets.values()
    assert sum(counts.recordings for counts in subsets) == 11
    assert sum(counts.groups for counts in subsets) == 8
    assert json.loads((tmp_path / "mix" / "mix.json").read_text())["duplicates"]


def test_who_does_not_want_to_know_is_not_told(planted: tuple[Path, Path], tmp_path: Path) -> None:
    recipe = recipe_of(*planted, stride=10, duplicates="ignore")
    manifest = build(recipe, tmp_path / "mix").manifest
    assert manifest.duplicates == ()
    assert all(record.group == record.recording for record in manifest.sequences)


def test_a_copy_in_another_layout_is_found_whatever_the_frame_rate(
    planted: tuple[Path, Path], tmp_path: Path
) -> None:
    renamed = replace(copy(original(3), 0), name="borrowed")
    LAYOUTS["otb"].write([renamed], tmp_path / "otb")
    recipe = recipe_of(tmp_path / "otb", planted[1], stride=10)
    manifest = build(recipe, tmp_path / "mix").manifest
    (pair,) = manifest.duplicates
    assert pair.first.endswith("borrowed")
    assert number_of(pair.second) == 3


def test_groups_carry_the_first_name() -> None:
    pairs = [("d", "b"), ("b", "c"), ("x", "y")]
    assert split_together(pairs) == {"b": "b", "c": "b", "d": "b", "x": "x", "y": "x"}
    assert split_together([]) == {}


def test_several_workers_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [original(1), original(2), copy(original(1), 101), copy(original(2), 102)]
    samples = [read_fingerprints(fingerprint_of(each.frames), 30.0) for each in made]
    alone = find_matches(samples)
    assert [pair[:2] for pair in alone] == [(0, 2), (1, 3)]
    monkeypatch.setattr("tirdata.frames.duplicate_index._LOOKS", 1)
    assert find_matches(samples, PoolEngine(2)) == alone
