"""Fetching into a dataset: whole or not at all, in order, once, and going on after every stop."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made_video import Coding, ramp, write_video
from tests.serve import Page, Site, serve
from tirdata.dataset import convert
from tirdata.dataset.frames import encode_frame
from tirdata.dataset.ingest import FetchReport, ingest, plan
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.decode import open_frames
from tirdata.engine import build_engine
from tirdata.errors import DataError, PartlyDoneError, TirDataError, UsageError
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.sources import Wanted, read_sources
from tirdata.files import write_text
from tirdata.types import Frame

SETTINGS = FetchConfig(retries=0, timeout_s=5)
FIRST = SequenceId("train", 0, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    """Twenty-four frames of a drone, without loss."""
    return write_video(tmp_path_factory.mktemp("clip") / "drone.mkv", frames(clips, 0, 24))


@pytest.fixture(scope="module")
def spliced(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    """Shots of 20, 4 and 15 frames."""
    other = frames(clips, 0, 4, "IR_HELICOPTER_043.mp4")
    last = frames(clips, 300, 15, "IR_HELICOPTER_043.mp4")
    pictures = frames(clips, 0, 20) + other + [255 - frame for frame in last]
    return write_video(tmp_path_factory.mktemp("clip") / "spliced.mkv", pictures)


def frames(clips: Path, first: int, number: int, name: str = "IR_DRONE_121.mp4") -> list[Frame]:
    with closing(open_frames(clips / name)) as reader:
        read = [frame.pixels.astype(np.uint8) for frame in reader.read()]
    return read[first : first + number]


def fetch(
    dataset: Dataset, *sources: object, settings: FetchConfig = SETTINGS, workers: int = 1
) -> FetchReport:
    wanted = read_sources([str(source) for source in sources])
    return ingest(wanted, dataset, settings, build_engine("local", workers))


def statuses(report: FetchReport) -> list[str]:
    return [item.status for item in report.items]


def faults(dataset: Dataset) -> list[str]:
    found = [f"{each.path}: {each.message}" for each in validate(dataset.root, hashes=True)]
    return found + [str(path) for path in dataset.root.rglob(".part*")]


def tree(dataset: Dataset) -> dict[str, str]:
    """Every file with the hash of its bytes, but for the times of fetching."""
    digests = {}
    for path in sorted(dataset.root.rglob("*")):
        if path.is_file() and path.name not in {"tirdata.toml", ".tirdata.lock"}:
            data = path.read_bytes()
            if path.name == "source.json":
                data = json.dumps(json.loads(data) | {"fetched": None}).encode()
            digests[str(path.relative_to(dataset.root))] = hashlib.sha256(data).hexdigest()
    return digests


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
    assert (card.polarity.value, card.polarity.how) == ("white-hot", "assumed")
    assert card.warnings == ()
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
    fetch(dataset, spliced, settings=FetchConfig(min_frames=4))
    assert [dataset.read_card(each).frames for each in dataset.sequence_ids()] == [20, 4, 15]


def test_running_again_does_nothing(dataset: Dataset, short: Path, spliced: Path) -> None:
    fetch(dataset, short, spliced)
    before = {path: path.stat().st_mtime_ns for path in dataset.root.rglob("*") if path.is_file()}
    report = fetch(dataset, short, spliced)
    report.check()
    assert statuses(report) == ["present", "present"]
    assert report.items[1].frames == 39
    after = {path: path.stat().st_mtime_ns for path in dataset.root.rglob("*") if path.is_file()}
    before.pop(dataset.root / ".tirdata.lock")
    after.pop(dataset.root / ".tirdata.lock")
    assert after == before


def test_numbers_follow_the_sources_whatever_the_workers(
    tmp_path: Path, short: Path, spliced: Path, clips: Path
) -> None:
    other = write_video(tmp_path / "other.mkv", frames(clips, 0, 40, "IR_HELICOPTER_043.mp4"))
    sources = [other, tmp_path / "none.mp4", short, spliced]
    one, two = (Dataset.create(tmp_path / name, "same") for name in ("one", "two"))
    assert statuses(fetch(one, *sources)) == ["done", "failed", "done", "done"]
    fetch(two, *sources, workers=2)
    assert tree(one) == tree(two)
    assert [each.number for each in one.sequence_ids()] == [
        "00000000", "00001000", "00002000", "00002001"
    ]  # fmt: skip


def test_later_recordings_get_later_numbers(dataset: Dataset, short: Path, spliced: Path) -> None:
    fetch(dataset, short)
    fetch(dataset, spliced, settings=FetchConfig(subset="val"))
    fetch(dataset, spliced.parent.parent / "clip0" / "none.mkv", spliced, short)
    assert {each.name for each in dataset.sequence_ids()} == {
        "ILSVRC2015_train_00000000", "ILSVRC2015_val_00000000", "ILSVRC2015_val_00000001"
    }  # fmt: skip
    assert faults(dataset) == []


def test_the_same_bytes_are_one_recording(dataset: Dataset, short: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mkv"
    copy.write_bytes(short.read_bytes())
    report = fetch(dataset, short, copy)
    assert statuses(report) == ["done", "present"]
    assert report.items[1].message == f"{copy}: is {short} again, the same bytes"
    assert len(dataset.recording_ids()) == 1
    assert list(dataset.root.glob("recordings/.*")) == []


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


def test_one_bad_source_leaves_the_others_alone(
    dataset: Dataset, short: Path, tmp_path: Path
) -> None:
    empty, words, deep, still = (
        tmp_path / name for name in ("empty.mp4", "words.mp4", "deep.mkv", "still.mkv")
    )
    empty.write_bytes(b"")
    words.write_text("no video at all\n" * 9)
    counts = [np.full((16, 16), 21_000, np.uint16)] * 20
    write_video(deep, counts, Coding(pixel_format="gray16le"))
    write_video(still, [ramp()] * 3)
    missing = tmp_path / "missing.mp4"
    report = fetch(dataset, missing, empty, words, deep, still, tmp_path, short)
    assert statuses(report) == ["failed"] * 6 + ["done"]
    assert [item.exit_code for item in report.items] == [2, 3, 3, 3, 3, 2, 0]
    messages = [
        "no such file; expected a video file",
        "is empty (0 bytes)",
        "is no recording (starts with 'no video at all\\n')",
        "holds 16-bit counts (gray16le)",
        "has no shot of 10 frames (3 frames in 1 shots); a lower --min-frames",
        "is a folder; expected a video file",
    ]
    for item, message in zip(report.items, messages, strict=False):
        assert str(item.message).startswith(f"{item.source}: {message}")
        assert "\n" not in str(item.message)
    assert faults(dataset) == []
    assert len(dataset.recording_ids()) == 1
    assert list(dataset.root.glob("recordings/.*")) == []
    with pytest.raises(PartlyDoneError, match="of 7 sources 6 failed and 0 broke off"):
        report.check()


def test_all_bad_sources_end_with_their_own_status(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TirDataError, match=r"a\.mp4: no such file") as error:
        fetch(dataset, tmp_path / "a.mp4").check()
    assert error.value.exit_code == 2
    with pytest.raises(TirDataError, match="all 2 sources failed") as error:
        fetch(dataset, tmp_path / "a.mp4", tmp_path / "b.mp4").check()
    assert error.value.exit_code == 2


def test_without_keeping_the_bytes_source_json_stays(
    dataset: Dataset, spliced: Path, site: Site
) -> None:
    sources = (spliced, site.link("drone.mkv"))
    report = fetch(dataset, *sources, settings=FetchConfig(keep=False, retries=0))
    assert statuses(report) == ["done", "done"]
    left = [path.name for path in dataset.root.glob("recordings/*/*")]
    assert left == ["source.json", "source.json"]
    assert statuses(fetch(dataset, *sources)) == ["present", "present"]
    assert faults(dataset) == []


def test_a_part_of_a_recording_with_its_own_words(dataset: Dataset, clips: Path) -> None:
    wanted = Wanted(
        path=str(clips / "IR_DRONE_121.mp4"),
        class_name="drone",
        title="At noon",
        licence="CC0-1.0",
        subset="val",
        start_s=2.0,
        end_s=3.0,
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
    assert "with start_s 2.0; asked for none" in str(whole.message)


def test_colour_is_stored_as_luma_and_said(dataset: Dataset, clips: Path) -> None:
    report = fetch(dataset, clips / "V_DRONE_007.mp4")
    assert len(report.items[0].warnings) == 1
    assert report.items[0].warnings[0].startswith("302 of 302 frames are in colour")
    assert dataset.read_source(str(report.items[0].recording_id)).coloured_frames == 302


def test_an_unknown_class_is_refused_before_anything_is_done(dataset: Dataset, short: Path) -> None:
    with pytest.raises(UsageError, match="dorne"):
        fetch(dataset, short, settings=FetchConfig(class_name="dorne"))
    assert dataset.recording_ids() == []


def test_one_title_is_for_one_source(dataset: Dataset, short: Path, spliced: Path) -> None:
    with pytest.raises(UsageError, match="is for one source, there are 2"):
        fetch(dataset, short, spliced, settings=FetchConfig(title="both"))


def test_two_at_once_do_not_mix(dataset: Dataset, short: Path) -> None:
    with dataset.lock(), pytest.raises(DataError, match="in use by process"):
        fetch(dataset, short)


def test_the_plan_writes_nothing(dataset: Dataset, short: Path, spliced: Path) -> None:
    fetch(dataset, short)
    before = tree(dataset)
    wanted = read_sources([str(short), str(spliced), "nosuch.mp4", "https://example.org/a.mp4"])
    assert statuses(plan(wanted, dataset)) == ["present", "to do", "failed", "to do"]
    assert tree(dataset) == before


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


@pytest.fixture
def site(short: Path) -> Iterator[Site]:
    with serve({"drone.mkv": Page(short.read_bytes(), "video/x-matroska")}) as running:
        yield running


def test_a_link_becomes_a_sequence_once(dataset: Dataset, site: Site) -> None:
    link = site.link("drone.mkv")
    report = fetch(dataset, link)
    report.check()
    source = dataset.read_source(str(report.items[0].recording_id))
    assert (source.url, source.path, source.file) == (link, None, "drone.mkv")
    assert "yt-dlp" in source.tools
    asked = len(site.asked)
    assert statuses(fetch(dataset, link)) == ["present"]
    assert len(site.asked) == asked
    assert list(dataset.root.glob("recordings/.*")) == []
    assert faults(dataset) == []


def test_a_link_that_stops_half_way_goes_on_with_the_same_command(
    dataset: Dataset, site: Site
) -> None:
    page = site.pages["drone.mkv"]
    page.breaks = 2
    link = site.link("drone.mkv")
    report = fetch(dataset, link)
    assert statuses(report) == ["failed"]
    assert report.items[0].exit_code == 1
    assert dataset.recording_ids() == []
    assert faults(dataset) == []
    page.breaks = 0
    assert statuses(fetch(dataset, link)) == ["done"]
    assert site.asked[-1][1] == f"bytes={len(page.body) // 2}-"
    assert list(dataset.root.glob("recordings/.*")) == []


def test_a_link_to_something_else_leaves_nothing(dataset: Dataset, site: Site) -> None:
    site.pages["words.mp4"] = Page(b"no video at all\n" * 99, "video/mp4")
    report = fetch(dataset, site.link("words.mp4"), site.link("none.mp4"))
    assert statuses(report) == ["failed", "failed"]
    assert str(report.items[0].message).startswith(f"{site.link('words.mp4')}: is no recording")
    assert [item.exit_code for item in report.items] == [3, 1]
    assert list(dataset.root.glob("recordings/*")) == []
    assert list(dataset.root.glob("recordings/.*")) == []
