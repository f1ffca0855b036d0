"""Recordings that need two passes: out of room, stopped in the second one, by several workers."""

from collections.abc import Callable
from errno import ENOSPC
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tests.fetching import faults, fetch, frames, statuses, tree
from tests.made_pictures import made_folder, write_picture
from tests.made_video import Coding, write_video
from tirdata.dataset.convert import WORK_FOLDER
from tirdata.dataset.decoding import Job, decode
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame
from tirdata.errors import DataError
from tirdata.frames.normalise import Normaliser
from tirdata.frames.palettes import PALETTES
from tirdata.frames.settings import NormaliseConfig
from tirdata.types import Frame


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    """Two shots, both inverted: the first is stored in vain."""
    read = frames(clips, 0, 24) + frames(clips, 0, 24, "IR_HELICOPTER_043.mp4")
    turned = [np.bitwise_not(each) for each in read]
    return write_video(tmp_path_factory.mktemp("clip") / "twice.mkv", turned)


def full(at: int) -> Callable[[Path, bytes], int]:
    """Writing that finds the disk full from the ``at``-th frame on."""
    times = count()
    write = Path.write_bytes

    def fails(path: Path, data: bytes) -> int:
        if WORK_FOLDER in path.parts and next(times) >= at:
            raise OSError(ENOSPC, "No space left on device")
        return write(path, data)

    return fails


@pytest.mark.parametrize("at", [5, 40], ids=["first pass", "second pass"])
def test_a_full_disk_in_either_pass_leaves_nothing_half(
    at: int, twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset.create(tmp_path / "d", "same")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full(at))
        report = fetch(dataset, twice)
    (item,) = report.items
    assert (item.status, item.exit_code) == ("failed", 1)
    assert "cannot write (No space left on device); make room" in str(item.message)
    assert "\n" not in str(item.message)
    assert not [each for each in tree(dataset) if each.startswith(("Data", "Anno", "sequences"))]
    assert not list(dataset.root.rglob(WORK_FOLDER))
    assert statuses(fetch(dataset, twice)) == ["done"]
    assert faults(dataset) == []


@pytest.mark.parametrize("at", [3, 40])
def test_stopped_in_the_second_pass_nothing_half_is_left(
    at: int, twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = count()
    render = Normaliser.normalise

    def stop(normaliser: Normaliser, raw: RawFrame) -> Frame:
        if next(times) == at:
            raise KeyboardInterrupt
        return render(normaliser, raw)

    dataset, whole = (Dataset.create(tmp_path / name, "same") for name in ("stopped", "whole"))
    with monkeypatch.context() as patch:
        patch.setattr(Normaliser, "normalise", stop)
        with pytest.raises(KeyboardInterrupt):
            fetch(dataset, twice)
    assert dataset.sequence_ids() == []
    assert not list(dataset.root.rglob(".part"))
    assert statuses(fetch(dataset, twice)) == ["done"]
    fetch(whole, twice)
    assert tree(dataset) == tree(whole)
    assert faults(dataset) == []


def test_workers_make_the_same_of_recordings_that_need_a_second_pass(
    twice: Path, clips: Path, tmp_path: Path
) -> None:
    colours = [PALETTES["ironbow"][each] for each in frames(clips, 0, 30)[::3]]
    coding = Coding("libx264", "yuv420p", options=(("crf", "18"),))
    sources = [
        twice,
        clips / "apache-v2.cptv",
        write_video(tmp_path / "colour.mp4", colours, coding),
        made_folder(tmp_path),
    ]
    settings = IngestConfig(min_frames=1, lossless=True, tone_rolling=True, repeats="drop")
    made = []
    for workers in (1, 2):
        dataset = Dataset.create(tmp_path / f"workers{workers}", "same")
        fetch(dataset, *sources, settings=settings, workers=workers).check()
        assert faults(dataset) == []
        made.append(tree(dataset))
    assert made[0] == made[1]


def test_threads_make_the_same(twice: Path, tmp_path: Path) -> None:
    made = []
    for threads in (1, 3):
        dataset = Dataset.create(tmp_path / f"threads{threads}", "same")
        fetch(dataset, twice, settings=IngestConfig(threads=threads)).check()
        made.append(tree(dataset))
    assert made[0] == made[1]


def test_a_recording_that_changes_between_the_passes_is_an_error(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "long.mkv", frames(clips, 0, 30))
    shorter = write_video(tmp_path / "shorter.mkv", frames(clips, 0, 20))
    opened = iter([path, shorter])
    monkeypatch.setattr(
        "tirdata.dataset.decoding.open_frames",
        lambda _path, threads: open_frames(next(opened), threads),
    )
    job = Job(path, path.name, (), NormaliseConfig(polarity="black-hot"), 1, threads=1)
    with pytest.raises(DataError, match=r"long\.mkv: gave fewer frames when it was decoded again"):
        decode(job, tmp_path / "work")


def test_pictures_of_two_sizes_are_two_sequences(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 12)
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, each in enumerate(read + [each[:128, :160] for each in read]):
        write_picture(folder / f"{number:03d}.png", each)
    dataset = Dataset.create(tmp_path / "d")
    fetch(dataset, folder, settings=IngestConfig(polarity="black-hot")).check()
    cards = [dataset.read_card(each) for each in dataset.sequence_ids()]
    assert [(card.width, card.height) for card in cards] == [(320, 256), (160, 128)]
    assert [(card.first_frame, card.last_frame) for card in cards] == [(0, 11), (12, 23)]
    assert faults(dataset) == []


@pytest.mark.parametrize("name", ["frame_be.fff", "frame_le.fff"])
def test_a_single_frame_of_a_camera_is_too_short_unless_said(
    name: str, clips: Path, tmp_path: Path
) -> None:
    dataset = Dataset.create(tmp_path / "d")
    (item,) = fetch(dataset, clips / name).items
    assert item.exit_code == 3
    assert str(item.message) == (
        f"{clips / name}: has no shot of 10 frames (1 frames in 1 shots); "
        f"a lower --min-frames takes shorter ones"
    )
    assert dataset.recording_ids() == []
    fetch(dataset, clips / name, settings=IngestConfig(min_frames=1)).check()
    card = dataset.read_card(dataset.sequence_ids()[0])
    assert (card.frames, card.polarity.how, card.tone.curve) == (1, "sensor", "percentile")
    assert faults(dataset) == []
