"""A recording to sequences: exact frames, shots, cards, what breaks off, stops at any place."""

import hashlib
from collections.abc import Callable
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetching import SETTINGS, faults, fetch, frames, spliced_clip, statuses, tree
from tests.made_video import write_video
from tirdata.dataset import convert
from tirdata.dataset.frames import encode_frame
from tirdata.dataset.ingest import ingest
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine import build_engine
from tirdata.errors import PartlyDoneError
from tirdata.fetch.wanted import Clip, Wanted
from tirdata.files import write_text

FIRST = SequenceId("train", 0, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset")


@pytest.fixture(scope="module")
def spliced(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return spliced_clip(tmp_path_factory.mktemp("clip"), clips)


def test_a_clip_becomes_a_sequence_with_everything_about_it(dataset: Dataset, clips: Path) -> None:
    path = clips / "IR_DRONE_121.mp4"
    report = fetch(dataset, path)
    report.check()
    assert statuses(report) == ["done"]
    assert report.items[0].sequences == (FIRST.name,)
    assert dataset.sequence_ids() == [FIRST]
    assert faults(dataset) == []
    card = dataset.read_card(FIRST)
    assert (card.frames, card.first_frame, card.last_frame) == (312, 0, 311)
    assert (card.width, card.height) == (320, 256)
    assert card.times_s == pytest.approx([index / 30 for index in range(312)], abs=1e-6)
    assert (card.polarity.value, card.polarity.how) == ("white-hot", "measured")
    assert card.warnings == ()
    assert card.sensor.pattern_sure is not None
    sequence = dataset.read_sequence(FIRST)
    assert len(sequence.frames) == 312
    assert sequence.tracks == ()
    source = dataset.read_source(card.recording_id)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.sha256 == digest
    assert card.recording_id == digest[:16]
    assert (source.path, source.file, source.title) == (str(path), path.name, "IR_DRONE_121")
    assert (source.status, source.codec, source.pixel_format) == ("done", "h264", "yuv420p")
    assert (source.frames, source.fps, source.colour_range) == (312, 30.0, "tv")
    assert {"av", "tirdata"} <= set(source.tools)
    assert (dataset.recording_dir(card.recording_id) / path.name).read_bytes() == path.read_bytes()


def test_stored_frames_are_the_decoded_luma(dataset: Dataset, clips: Path) -> None:
    fetch(dataset, clips / "IR_DRONE_121.mp4")
    for index, frame in enumerate(frames(clips, 0, 50)):
        path = dataset.frame_dir(FIRST) / f"{index:06d}.JPEG"
        assert path.read_bytes() == encode_frame(path, frame)
        stored = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        assert stored is not None
        assert stored.shape == frame.shape
        assert np.abs(stored.astype(int) - frame).mean() < 1.5


def test_shots_become_sequences_and_short_ones_are_counted(dataset: Dataset, spliced: Path) -> None:
    report = fetch(dataset, spliced)
    cards = [dataset.read_card(each) for each in dataset.sequence_ids()]
    assert [(card.first_frame, card.last_frame) for card in cards] == [(0, 19), (24, 38)]
    assert [each.name[-8:] for each in dataset.sequence_ids()] == ["00000000", "00000001"]
    assert cards[1].times_s[0] == pytest.approx(24 / 30, abs=1e-3)
    assert report.items[0].short_shots == 1
    source = dataset.read_source(cards[0].recording_id)
    assert (source.short_shots, source.short_frames, source.min_frames) == (1, 4, 10)
    assert faults(dataset) == []


def test_a_lower_bound_takes_short_shots(dataset: Dataset, spliced: Path) -> None:
    fetch(dataset, spliced, settings=IngestConfig(min_frames=4))
    assert [dataset.read_card(each).frames for each in dataset.sequence_ids()] == [20, 4, 15]


def test_a_cut_off_recording_gives_what_is_whole(
    dataset: Dataset, clips: Path, tmp_path: Path
) -> None:
    whole = write_video(tmp_path / "whole.mkv", frames(clips, 0, 60))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    report = fetch(dataset, cut)
    item = report.items[0]
    assert item.status == "partly"
    assert 20 < item.frames < 35
    assert str(item.message).startswith(f"{cut}: breaks off after frame {item.frames - 1} (")
    card = dataset.read_card(FIRST)
    assert card.frames == item.frames
    assert card.warnings == (item.message,)
    assert dataset.read_source(card.recording_id).status == "partly"
    assert faults(dataset) == []
    with pytest.raises(PartlyDoneError, match="0 failed and 1 broke off"):
        report.check()
    with pytest.raises(PartlyDoneError):
        fetch(dataset, cut).check()


def test_a_part_of_a_recording_with_its_own_words(dataset: Dataset, clips: Path) -> None:
    wanted = Wanted(
        path=str(clips / "IR_DRONE_121.mp4"),
        class_name="drone",
        title="At noon",
        licence="CC0-1.0",
        subset="val",
        clips=(Clip(start_s=2.0, end_s=3.0),),
        polarity="black-hot",
        platform="hand-held",
        scene="field",
        notes="made up",
    )
    report = ingest([wanted], dataset, SETTINGS, build_engine("serial", 1))
    assert statuses(report) == ["done"]
    each = SequenceId("val", 0, 0)
    card = dataset.read_card(each)
    assert (card.first_frame, card.last_frame) == (60, 89)
    assert (card.title, card.licence, card.platform, card.scene) == (
        "At noon", "CC0-1.0", "hand-held", "field"
    )  # fmt: skip
    assert (card.polarity.value, card.polarity.how) == ("black-hot", "stated")
    source = dataset.read_source(card.recording_id)
    assert (source.class_hint, source.notes) == ("drone", "made up")
    assert (source.clip_start_s, source.clip_end_s) == (2.0, 3.0)
    inverted = 255 - frames(clips, 60, 1)[0]
    path = dataset.frame_dir(each) / "000000.JPEG"
    assert path.read_bytes() == encode_frame(path, inverted)
    whole = fetch(dataset, clips / "IR_DRONE_121.mp4").items[0]
    assert whole.status == "failed"
    assert "with parts 2 s to 3 s; asked for none" in str(whole.message)


def test_colour_is_stored_as_luma_and_said(dataset: Dataset, clips: Path) -> None:
    report = fetch(dataset, clips / "V_DRONE_007.mp4")
    (warning,) = report.items[0].decided[0].warnings
    assert "in colours that are no palette" in warning
    card = dataset.read_card(FIRST)
    assert card.palette.name == "visible"
    assert card.sensor.pattern_sure is None  # faults of a thermal sensor were not looked for
    assert dataset.read_source(str(report.items[0].recording_id)).coloured_frames == 302


def stopping(call: Callable[..., None], at: int) -> Callable[..., None]:
    """``call``, which at its ``at``-th time ends the work as Ctrl-C does."""
    times = count()

    def stop(*arguments: object) -> None:
        if next(times) == at:
            raise KeyboardInterrupt
        call(*arguments)

    return stop


@pytest.mark.parametrize(
    ("place", "at"),
    [("moving folders", 0), ("moving folders", 3), ("writing cards", 0), ("writing cards", 1)],
)
def test_stopped_while_it_is_put_in_place_nothing_half_is_left(
    place: str, at: int, tmp_path: Path, spliced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset.create(tmp_path / "stopped", "same")
    with monkeypatch.context() as patch:
        if place == "moving folders":
            patch.setattr(convert, "_move", stopping(convert._move, at))
        else:
            patch.setattr(convert, "write_text", stopping(write_text, at))
        with pytest.raises(KeyboardInterrupt):
            fetch(dataset, spliced)
    assert dataset.read_source(dataset.recording_ids()[0]).status == "fetched"
    assert any("stopped fetch" in fault for fault in faults(dataset))
    whole = Dataset.create(tmp_path / "whole", "same")
    fetch(whole, spliced)
    assert statuses(fetch(dataset, spliced)) == ["done"]
    assert tree(dataset) == tree(whole)
    assert faults(dataset) == []


def test_a_part_beyond_the_end_is_named(dataset: Dataset, spliced: Path) -> None:
    wanted = Wanted(path=str(spliced), clips=(Clip(start_s=100.0, end_s=120.0),))
    (item,) = ingest([wanted], dataset, SETTINGS, build_engine("serial", 1)).items
    assert item.message == (
        f"{spliced}: none of its frames is from 100 s to 120 s; expected start_s and end_s "
        "within the recording"
    )


def test_frames_too_small_for_a_box_are_those_of_a_file(dataset: Dataset, tmp_path: Path) -> None:
    path = write_video(tmp_path / "dot.mkv", [np.full((1, 8), 9, np.uint8)] * 12)
    (item,) = fetch(dataset, path).items
    assert item.message == f"{path}: frames are 8x1; a box needs 2x2"
    assert dataset.recording_ids() == []
