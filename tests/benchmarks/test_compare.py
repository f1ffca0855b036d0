"""Scores, paired differences and lost overlap of compared trackers; what is done is kept."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import compare
from benchmarks.annotated import Clip, Take
from benchmarks.compare_tables import Outcome, decomposition, page
from benchmarks.following import first_part, follow, held_out_clips, measures
from tests.made import made_sequence
from tirdata.errors import ConfigError, MissingError
from tirdata.types import Sequence
from tracking.trackers.hold import HoldConfig, HoldTracker

TRUTH = np.array([[10.0, 20.0, 8.0, 4.0], [12.0, 20.0, 8.0, 4.0]])


def clip_of(sequence: Sequence, source: str = "svanstrom") -> Clip:
    frames = [sequence.frames[number] for number in range(len(sequence.frames))]
    return Clip(sequence.name, source, frames, sequence.tracks[0].boxes.copy())


@pytest.mark.parametrize(
    ("change", "whole", "part"),
    [
        ([0.0, 0.0, 0.0, 0.0], ("tracked", "true centre", "true size"), ""),
        ([3.0, 1.0, 0.0, 0.0], ("true centre", "true centre and aspect"), "tracked"),
        ([-2.0, -1.0, 4.0, 2.0], ("true size",), "true centre and aspect"),  # larger, same centre
        ([-4.0, 1.0, 8.0, -2.0], ("true size", "true centre and aspect"), "true centre"),  # aspect
    ],
    ids=["perfect", "centre", "scale", "aspect"],
)
def test_what_was_wrong_with_a_box_is_what_its_truth_repairs(
    change: list[float], whole: tuple[str, ...], part: str
) -> None:
    told = decomposition(TRUTH + np.array(change), TRUTH)
    for name in whole:
        assert told[name] == pytest.approx(1.0), name
    if part:
        assert told[part] < 0.95


def test_frames_without_a_true_box_do_not_count() -> None:
    absent = np.vstack([TRUTH, np.full((1, 4), np.nan)])
    found = np.vstack([TRUTH, [[0.0, 0.0, 1.0, 1.0]]])
    assert measures(found, absent) == measures(TRUTH, TRUTH)
    assert measures(TRUTH, TRUTH)["mean_overlap"] == 1
    assert measures(TRUTH, TRUTH)["success"] == pytest.approx(20 / 21)
    assert decomposition(found, absent)["tracked"] == 1


def test_a_clip_starts_at_its_first_true_box() -> None:
    clip = clip_of(made_sequence(8))
    clip.boxes[:3] = np.nan
    part = first_part(clip, 4)
    assert len(part.frames) == len(part.boxes) == 4
    assert np.array_equal(part.boxes[0], clip.boxes[3])
    followed = follow(HoldTracker(HoldConfig()), part)
    assert np.array_equal(followed.found, np.repeat(part.boxes[:1], 3, axis=0))
    assert np.array_equal(followed.truth, part.boxes[1:])


def test_a_tracker_and_its_settings_are_typed_as_words() -> None:
    spec = compare.spec_of("mmnet profile=fast weights=/some/where/no-conv3.safetensors")
    assert spec.choice.name == "mmnet"
    assert spec.choice.settings == {
        "profile": "fast", "weights": "/some/where/no-conv3.safetensors",
    }  # fmt: skip
    assert spec.label == "mmnet profile=fast no-conv3.safetensors"
    assert "/" not in spec.folder
    named = compare.spec_of("Nano v2: nano backbone=/a/b.onnx head=/a/h.onnx")
    assert (named.label, named.folder, named.choice.name) == ("Nano v2", "Nano_v2", "nano")


@pytest.fixture
def compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """Two clips followed by a tracker that stays where it is and one that this OpenCV lacks."""
    found = [clip_of(made_sequence(6, seed=seed, name=f"made{seed}")) for seed in (1, 2)]
    monkeypatch.setattr(compare, "all_clips", lambda *given: found)
    for _ in range(2):
        compare.main(["--trackers", "hold", "nano backbone=none.onnx head=none.onnx",
                      "--out", str(tmp_path), "--against", "hold"])  # fmt: skip
        assert "left out: none.onnx: no such file" in capsys.readouterr().out
    return tmp_path


def test_what_was_followed_is_kept_and_tabled(compared: Path) -> None:
    table = (compared / "compared.md").read_text()
    assert "### svanstrom: 2 clip(s), 10 frames" in table
    assert "### all clips: 2 clip(s), 10 frames" in table
    assert table.count("\n| hold | 0.") == 2
    assert len([*compared.glob("hold/*.json")]) == 2


def test_what_is_done_is_not_done_again(compared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "follow", lambda *given: pytest.fail("followed again"))
    clips = [clip_of(made_sequence(6, seed=1, name="made1"))]
    compare.run_tracker(compare.spec_of("hold"), clips, compared)
    shorter = [clips[0]._replace(frames=clips[0].frames[:4], boxes=clips[0].boxes[:4])]
    compare.run_tracker(compare.spec_of("hold"), shorter, compared)
    (cut,) = compare.outcomes(compared, shorter)
    assert len(cut.found) == len(cut.truth) == 3
    clips[0].frames[0][:] = 0  # another start
    assert compare.outcomes(compared, clips) == []
    with pytest.raises(pytest.fail.Exception):
        compare.run_tracker(compare.spec_of("hold"), clips, compared)


def test_a_tracker_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no tracker 'sort'"):
        compare.run_tracker(compare.spec_of("sort"), [], tmp_path)
    with pytest.raises(MissingError, match=r"none\.onnx"):
        compare.run_tracker(compare.spec_of("nano backbone=none.onnx head=n.onnx"), [], tmp_path)


def test_differences_are_paired_over_clips() -> None:
    def outcome(tracker: str, clip: str, shift: float) -> Outcome:
        found = (TRUTH + np.array([shift, 0, 0, 0])).tolist()
        return Outcome(tracker=tracker, clip=clip, source="tass", fingerprint="", start="",
                       found=found, truth=[*TRUTH.tolist()], cpu_s=0.01)  # fmt: skip

    text = page([outcome("ours", "a", 0), outcome("ours", "b", 0), outcome("theirs", "a", 4),
                 outcome("theirs", "b", 2)], "ours")  # fmt: skip
    row = next(line for line in text.splitlines() if line.startswith("| theirs |"))
    assert "+0.533 (+0.400 to +0.667), better on 2 of 2 | 10.0 |" in row
    assert page([], "ours") == "nothing was tracked\n"
    half = page([outcome("ours", "a", 0), outcome("ours", "b", 0), outcome("new", "a", 0)], "ours")
    assert half.startswith("new: 1 of 2 clips are done; not in the tables\n")
    assert "| new |" not in half


def test_the_clips_of_every_source_are_there(shared_data: Path) -> None:
    clips = compare.all_clips(shared_data, "test", 10, 0.05)
    by_source = {each.source for each in clips}
    assert by_source == {"svanstrom", "antiuav", "vot-tir", "tass", "antiuav-day"}
    for clip in clips:
        assert len(clip.frames) == len(clip.boxes) >= 2
        assert not np.isnan(clip.boxes[0]).any()


def test_a_source_that_is_not_there_has_no_clip(tmp_path: Path) -> None:
    for source in compare.FRAMES:
        assert held_out_clips(tmp_path, source, Take()) == []
