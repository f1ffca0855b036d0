"""Fetching into a dataset: whole or not at all, in order, once, and going on after every stop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetching import faults, fetch, frames, short_clip, spliced_clip, statuses, tree
from tests.made_video import ramp, write_video
from tests.serve import Page, Site, serve
from tirdata.dataset.ingest import plan
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.errors import BusyError, PartlyDoneError, TirDataError, UsageError
from tirdata.fetch.sources import read_sources


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return short_clip(tmp_path_factory.mktemp("clip"), clips)


@pytest.fixture(scope="module")
def spliced(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return spliced_clip(tmp_path_factory.mktemp("clip"), clips)


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
    fetch(dataset, spliced, settings=IngestConfig(subset="val"))
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


def test_one_bad_source_leaves_the_others_alone(
    dataset: Dataset, short: Path, tmp_path: Path
) -> None:
    empty, words, still = (tmp_path / name for name in ("empty.mp4", "words.mp4", "still.mkv"))
    empty.write_bytes(b"")
    words.write_text("no video at all\n" * 9)
    write_video(still, [ramp()] * 3)
    missing = tmp_path / "missing.mp4"
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "read.me").write_text("nothing to see")
    report = fetch(dataset, missing, empty, words, still, notes, short)
    assert statuses(report) == ["failed"] * 5 + ["done"]
    assert [item.exit_code for item in report.items] == [2, 3, 3, 3, 2, 0]
    messages = [
        "no such file; expected a recording",
        "is empty (0 bytes)",
        "is no recording (starts with 'no video at all\\n')",
        "has no shot of 10 frames (3 frames in 1 shots); a lower --min-frames",
        "is a folder without pictures or recordings; expected files such as",
    ]
    for item, message in zip(report.items, messages, strict=False):
        assert str(item.message).startswith(f"{item.source}: {message}")
        assert "\n" not in str(item.message)
    assert faults(dataset) == []
    assert len(dataset.recording_ids()) == 1
    assert list(dataset.root.glob("recordings/.*")) == []
    with pytest.raises(PartlyDoneError, match="of 6 sources 5 failed and 0 broke off"):
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
    report = fetch(dataset, *sources, settings=IngestConfig(keep=False, retries=0))
    assert statuses(report) == ["done", "done"]
    left = [path.name for path in dataset.root.glob("recordings/*/*")]
    assert left == ["source.json", "source.json"]
    assert statuses(fetch(dataset, *sources)) == ["present", "present"]
    assert faults(dataset) == []


def test_an_unknown_class_is_refused_before_anything_is_done(dataset: Dataset, short: Path) -> None:
    with pytest.raises(UsageError, match="dorne"):
        fetch(dataset, short, settings=IngestConfig(class_name="dorne"))
    assert dataset.recording_ids() == []


def test_one_title_is_for_one_source(dataset: Dataset, short: Path, spliced: Path) -> None:
    with pytest.raises(UsageError, match="is for one source, there are 2"):
        fetch(dataset, short, spliced, settings=IngestConfig(title="both"))


def test_two_at_once_do_not_mix(dataset: Dataset, short: Path) -> None:
    with dataset.lock(), pytest.raises(BusyError, match="in use by process"):
        fetch(dataset, short)


def test_the_plan_writes_nothing(dataset: Dataset, short: Path, spliced: Path) -> None:
    fetch(dataset, short)
    before = tree(dataset)
    wanted = read_sources([str(short), str(spliced), "nosuch.mp4", "https://example.org/a.mp4"])
    assert statuses(plan(wanted, dataset)) == ["present", "to do", "failed", "to do"]
    assert tree(dataset) == before


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
    page.breaks = 1
    link = site.link("drone.mkv")
    report = fetch(dataset, link)
    assert statuses(report) == ["failed"]
    assert report.items[0].exit_code == 1
    have = next(dataset.root.glob("recordings/.download-*/*.part")).stat().st_size
    assert dataset.recording_ids() == []
    assert faults(dataset) == []
    page.breaks = 0
    assert statuses(fetch(dataset, link)) == ["done"]
    assert 0 < have <= len(page.body) // 2
    assert site.asked[-1][1] == f"bytes={have - 4096}-"
    assert list(dataset.root.glob("recordings/.*")) == []


def test_a_link_to_something_else_leaves_nothing(dataset: Dataset, site: Site) -> None:
    site.pages["words.mp4"] = Page(b"no video at all\n" * 99, "video/mp4")
    report = fetch(dataset, site.link("words.mp4"), site.link("none.mp4"))
    assert statuses(report) == ["failed", "failed"]
    assert str(report.items[0].message).startswith(f"{site.link('words.mp4')}: is no recording")
    assert [item.exit_code for item in report.items] == [3, 1]
    assert list(dataset.root.glob("recordings/*")) == []
    assert list(dataset.root.glob("recordings/.*")) == []
