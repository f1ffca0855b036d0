"""Copies of real clips are found, other clips of the same camera are not."""

from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.copies import COPIES, write_copy
from tests.made import made_sequence
from tirdata.decode import open_frames
from tirdata.frames.duplicate_index import candidates, find_matches, grouped
from tirdata.frames.duplicates import Clip, match
from tirdata.frames.fingerprint import Fingerprints, Samples, read_fingerprints
from tirdata.types import Frame

NAMES = ("IR_DRONE_121", "IR_HELICOPTER_043", "V_DRONE_007", "V_HELICOPTER_004")
ROOT = Path(__file__).resolve().parents[2] / "data"


@cache
def frames_of(path: Path) -> tuple[Frame, ...]:
    with closing(open_frames(path)) as reader:
        return tuple(frame.pixels.astype(np.uint8) for frame in reader.read())


def clip_of(path: Path) -> Clip:
    made = Fingerprints()
    with closing(open_frames(path)) as reader:
        for frame in reader.read():
            made.add(frame.pixels.astype(np.uint8), frame.time_s)
    return Clip(read_fingerprints(made.result()))


@pytest.fixture(scope="module")
def originals(clips: Path) -> dict[str, Clip]:
    return {name: clip_of(clips / f"{name}.mp4") for name in NAMES}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_a_real_clip_is_found(
    name: str, originals: dict[str, Clip], tmp_path: Path
) -> None:
    crf = 35 if name == "encoded" else 23
    frames = frames_of(ROOT / "IR_HELICOPTER_043.mp4")[:300]
    found = match(
        originals["IR_HELICOPTER_043"], clip_of(write_copy(tmp_path / "a.mp4", frames, name, crf))
    )
    assert found is not None
    assert found.kind == "near"
    assert (found.mirrored, found.inverted) == (name == "mirrored", name == "inverted")
    assert found.offset_s == pytest.approx(100 / 30 if name == "trimmed" else 0, abs=0.3)
    assert found.share > 0.8


def test_matching_is_the_same_from_both_sides(originals: dict[str, Clip], tmp_path: Path) -> None:
    frames = frames_of(ROOT / "IR_DRONE_121.mp4")[90:240]
    copy = clip_of(write_copy(tmp_path / "a.mp4", frames, "mirrored"))
    there, back = match(originals["IR_DRONE_121"], copy), match(copy, originals["IR_DRONE_121"])
    assert there is not None
    assert back is not None
    assert there.offset_s == pytest.approx(3, abs=0.3)
    assert back.offset_s == pytest.approx(-3, abs=0.3)


def test_different_clips_are_no_duplicates(originals: dict[str, Clip]) -> None:
    clips = list(originals.values())
    assert not [
        (one, two) for one in range(4) for two in range(one) if match(clips[one], clips[two])
    ]


def test_empty_sky_is_no_duplicate_of_empty_sky() -> None:
    random = np.random.default_rng(1)
    skies = []
    for _ in range(2):
        made = Fingerprints()
        sky = np.tile(np.linspace(60, 120, 256)[:, None], (1, 320))
        for index in range(40):
            made.add((sky + random.normal(0, 2, sky.shape)).astype(np.uint8), index / 4)
        skies.append(Clip(read_fingerprints(made.result())))
    assert not skies[0].moves
    assert match(*skies) is None
    assert match(skies[0], Clip(read_fingerprints(()))) is None


def made_samples(seed: int, count: int = 120) -> Samples:
    made = Fingerprints()
    for index, frame in enumerate(made_sequence(count, seed=seed).frames):  # type: ignore[arg-type, var-annotated]
        made.add(frame, index / 30)
    return read_fingerprints(made.result(), 30.0)


def test_the_index_finds_the_pair_among_many() -> None:
    samples = [made_samples(seed) for seed in (*range(6), 3)]
    pairs = [(first, second) for first, second, _ in find_matches(samples)]
    assert (3, 6) in candidates(samples)
    assert pairs == [(3, 6)]


def test_nothing_among_nothing() -> None:
    assert find_matches([]) == []
    assert find_matches([read_fingerprints(())]) == []


def test_groups_are_what_the_pairs_hold_together() -> None:
    assert grouped(8, [(6, 2), (4, 5), (2, 7)]) == [[2, 6, 7], [4, 5]]


@pytest.mark.slow
def test_real_clips_of_one_camera_stay_apart(shared_data: Path) -> None:
    paths = sorted((shared_data / "svanstrom" / "tir").glob("*.mp4"))[::12]
    samples = [clip_of(path).samples for path in paths]
    assert len(paths) > 20
    assert find_matches(samples) == []
