"""Links and folders that name several recordings, and downloads that are kept."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetching import SETTINGS, faults, fetch, frames, short_clip, statuses
from tests.made_video import write_video
from tests.serve import Page, Site, serve
from tirdata.dataset.ingest import plan
from tirdata.dataset.tree import Dataset
from tirdata.errors import PartlyDoneError
from tirdata.fetch.sources import read_sources
from tirdata.types import Frame


def small(clips: Path, first: int, count: int) -> list[Frame]:
    """Real frames, every third pixel of them."""
    return [np.ascontiguousarray(frame[::3, ::3]) for frame in frames(clips, first, count)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset")


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> list[bytes]:
    """Three short recordings."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        write_video(folder / f"{first}.mkv", small(clips, first, 12)).read_bytes()
        for first in (0, 100, 200)
    ]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return short_clip(tmp_path_factory.mktemp("clip"), clips)


@pytest.fixture
def site(bodies: list[bytes]) -> Iterator[Site]:
    pages = {f"{name}.mkv": Page(body) for name, body in zip("abc", bodies, strict=True)}
    with serve(pages) as running:
        running.pages["feed"] = feed(running, "a.mkv", "dead.mkv", "b.mkv")
        yield running


def feed(site: Site, *names: str) -> Page:
    items = "".join(
        f"<item><title>{name}</title><link>{site.link(name)}</link></item>" for name in names
    )
    text = f"<rss version='2.0'><channel><title>Flights</title>{items}</channel></rss>"
    return Page(text.encode(), "application/rss+xml")


def numbers(dataset: Dataset) -> dict[str, int]:
    """Of the recordings, by the name of the file in their link or path."""
    sources = [dataset.read_source(each) for each in dataset.recording_ids()]
    return {str(each.url or each.path).rpartition("/")[2]: each.number for each in sources}


def test_each_entry_of_a_playlist_is_a_source_and_a_dead_one_is_named(
    dataset: Dataset, site: Site
) -> None:
    report = fetch(dataset, site.link("feed"), site.link("c.mkv"))
    assert [item.source for item in report.items] == [
        site.link(name) for name in ("a.mkv", "dead.mkv", "b.mkv", "c.mkv")
    ]
    assert statuses(report) == ["done", "failed", "done", "done"]
    assert "HTTP Error 404" in str(report.items[1].message)
    assert [item.playlist for item in report.items] == [site.link("feed")] * 3 + [None]
    assert numbers(dataset) == {"a.mkv": 0, "b.mkv": 1, "c.mkv": 2}
    place = dataset.read_source(str(report.items[2].recording_id)).playlist
    assert place is not None
    assert (place.url, place.title, place.index) == (site.link("feed"), "Flights", 3)
    assert faults(dataset) == []
    with pytest.raises(PartlyDoneError, match="of 4 sources 1 failed"):
        report.check()


def test_a_playlist_that_grows_keeps_its_numbers(dataset: Dataset, site: Site) -> None:
    site.pages["feed"] = feed(site, "a.mkv", "b.mkv")
    fetch(dataset, site.link("feed")).check()
    site.pages["feed"] = feed(site, "c.mkv", "b.mkv", "a.mkv")
    site.asked.clear()
    report = fetch(dataset, site.link("feed"))
    report.check()
    assert statuses(report) == ["done", "present", "present"]
    assert {path for path, _ in site.asked} == {"feed", "c.mkv"}
    assert numbers(dataset) == {"a.mkv": 0, "b.mkv": 1, "c.mkv": 2}


def test_some_of_a_playlist(dataset: Dataset, site: Site) -> None:
    settings = SETTINGS.model_copy(update={"playlist_items": "1,3"})
    report = fetch(dataset, site.link("feed"), settings=settings)
    assert [item.source for item in report.items] == [site.link("a.mkv"), site.link("b.mkv")]
    sources = [dataset.read_source(each) for each in dataset.recording_ids()]
    places = [each.playlist.index for each in sources if each.playlist is not None]
    assert sorted(places) == [1, 3]


def test_an_endless_playlist_is_refused_with_what_to_do(dataset: Dataset, site: Site) -> None:
    settings = SETTINGS.model_copy(update={"playlist_most": 2})
    item = fetch(dataset, site.link("feed"), settings=settings).items[0]
    assert item.status == "failed"
    assert str(item.message).startswith(f"{site.link('feed')}: names more than 2 videos; take some")


def test_what_is_said_of_one_recording_does_not_fit_a_playlist(
    dataset: Dataset, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "s.csv").write_text(f"url,title,end_s\n{site.link('feed')},At noon,4\n")
    item = fetch(dataset, tmp_path / "s.csv").items[0]
    assert (item.status, item.exit_code) == ("failed", 2)
    assert "names 3 videos; title and start_s and end_s fit one of them" in str(item.message)


def test_a_page_with_two_videos_gives_both(dataset: Dataset, site: Site) -> None:
    page = b"<title>Two</title><video src='a.mkv'></video><video src='/b.mkv'></video>"
    site.pages["two"] = Page(b"<html>" + page + b"</html>", "text/html")
    report = fetch(dataset, site.link("two"))
    report.check()
    assert [item.source for item in report.items] == [site.link("a.mkv"), site.link("b.mkv")]
    referers = {heard.get("referer") for heard in site.heard if "range" not in heard}
    assert site.link("two") in referers
    assert numbers(dataset) == {"a.mkv": 0, "b.mkv": 1}


def test_a_playlist_in_a_playlist_is_opened_but_no_circle(dataset: Dataset, site: Site) -> None:
    site.pages["outer"] = feed(site, "feed", "outer", "c.mkv")
    report = fetch(dataset, site.link("outer"))
    assert statuses(report) == ["done", "failed", "done", "done"]
    assert [item.source.rpartition("/")[2] for item in report.items] == [
        "a.mkv", "dead.mkv", "b.mkv", "c.mkv"
    ]  # fmt: skip


def test_a_download_that_other_settings_may_take_is_kept(dataset: Dataset, site: Site) -> None:
    strict = SETTINGS.model_copy(update={"min_frames": 50})
    item = fetch(dataset, site.link("a.mkv"), settings=strict).items[0]
    assert item.status == "failed"
    assert str(item.message).endswith("; its download is kept for another try")
    assert dataset.recording_ids() == []
    assert faults(dataset) == []
    site.asked.clear()
    fetch(dataset, site.link("a.mkv")).check()
    assert site.asked == []
    source = dataset.read_source(dataset.recording_ids()[0])
    assert (source.url, source.file, source.number) == (site.link("a.mkv"), "a.mkv", 0)
    assert list(dataset.root.glob("recordings/.*")) == []
    assert faults(dataset) == []


def test_what_workers_share_for_politeness_is_cleared_away(dataset: Dataset, site: Site) -> None:
    settings = SETTINGS.model_copy(update={"per_host": 1, "total_rate_limit": 10**9})
    fetch(dataset, site.link("a.mkv"), site.link("b.mkv"), settings=settings).check()
    assert list(dataset.root.glob("recordings/.*")) == []


def pictures(folder: Path, clips: Path, first: int = 0, count: int = 12) -> Path:
    folder.mkdir(parents=True)
    for number, frame in enumerate(small(clips, first, count)):
        assert cv2.imwrite(str(folder / f"{number:06d}.png"), frame)
    return folder


def test_a_folder_of_pictures_is_one_recording(
    dataset: Dataset, clips: Path, tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "flight 7", clips)
    (folder / "notes.txt").write_text("no frame")
    (folder / "recording.toml").write_text("fps = 30\n")
    report = fetch(dataset, folder)
    report.check()
    source = dataset.read_source(dataset.recording_ids()[0])
    assert (source.file, source.title, source.frames) == ("flight 7", "flight 7", 12)
    assert source.bytes == sum(path.stat().st_size for path in folder.glob("*.[pt][no][gm]*"))
    kept = dataset.recording_dir(source.recording_id) / "flight 7"
    assert len(list(kept.iterdir())) == 13
    assert (kept / "000003.png").stat().st_ino == (folder / "000003.png").stat().st_ino
    assert faults(dataset) == []
    assert statuses(fetch(dataset, folder)) == ["present"]
    copy = pictures(tmp_path / "copy", clips)
    (copy / "recording.toml").write_text("fps = 30\n")
    assert "is the same bytes" in str(fetch(dataset, copy).items[0].message) or (
        statuses(fetch(dataset, copy)) == ["present"]
    )
    (folder / "000003.png").write_bytes((folder / "000004.png").read_bytes())
    assert len(fetch(dataset, folder).items[0].sequences) == 1
    assert len(dataset.recording_ids()) == 2  # other bytes are another recording


def test_a_folder_without_keeping_its_frames(dataset: Dataset, clips: Path, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "flight", clips)
    settings = SETTINGS.model_copy(update={"keep": False})
    fetch(dataset, folder, settings=settings).check()
    assert [path.name for path in dataset.root.glob("recordings/*/*")] == ["source.json"]
    assert len(list(folder.iterdir())) == 12
    assert statuses(fetch(dataset, folder)) == ["present"]
    assert faults(dataset) == []


def test_a_folder_of_recordings_and_folders_gives_each(
    dataset: Dataset, short: Path, clips: Path, tmp_path: Path
) -> None:
    root = tmp_path / "all"
    pictures(root / "day 1" / "seq", clips, 100)
    (root / "day 2").mkdir()
    os.link(short, root / "day 2" / "drone.mkv")
    (root / ".hidden").mkdir()
    assert statuses(plan(read_sources([str(root)]), dataset)) == ["to do", "to do"]
    report = fetch(dataset, root)
    report.check()
    assert [item.source for item in report.items] == [
        str(root / "day 1" / "seq"),
        str(root / "day 2" / "drone.mkv"),
    ]
    assert numbers(dataset) == {"seq": 0, "drone.mkv": 1}


def test_folders_that_make_no_sense_are_refused(
    dataset: Dataset, short: Path, clips: Path, tmp_path: Path
) -> None:
    mixed = pictures(tmp_path / "mixed", clips, count=2)
    os.link(short, mixed / "drone.mkv")
    out, circle = tmp_path / "out", tmp_path / "circle"
    out.mkdir()
    (out / "a.mkv").symlink_to(short)
    circle.mkdir()
    (circle / "again").symlink_to(circle)
    report = fetch(dataset, mixed, out, circle)
    expected = [
        "holds 2 pictures and 1 other recordings, such as 000000.png and drone.mkv; give them",
        f"is a link out of {out}, to {short}; expected the file itself",
        "leads in a circle",
    ]
    assert [item.exit_code for item in report.items] == [2, 3, 3]
    for item, message in zip(report.items, expected, strict=True):
        assert message in str(item.message)


def test_a_zip_of_frames_comes_from_a_link(
    dataset: Dataset, site: Site, clips: Path, tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "seq", clips)
    with zipfile.ZipFile(tmp_path / "seq.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"seq/{path.name}")
    site.pages["seq.zip"] = Page((tmp_path / "seq.zip").read_bytes(), "application/zip")
    report = fetch(dataset, site.link("seq.zip"))
    report.check()
    source = dataset.read_source(dataset.recording_ids()[0])
    assert (source.file, source.frames, source.container) == ("seq.zip", 12, "images")


def test_parts_of_one_recording_are_downloaded_once(
    dataset: Dataset, site: Site, tmp_path: Path
) -> None:
    link = site.link("a.mkv")
    rows = f"url,start_s,end_s,title\n{link},0,0.2,first\n{link},0.2,,second\n"
    (tmp_path / "s.csv").write_text(rows)
    settings = SETTINGS.model_copy(update={"min_frames": 3})
    report = fetch(dataset, tmp_path / "s.csv", settings=settings)
    report.check()
    assert len(site.asked) == 1
    source = dataset.read_source(dataset.recording_ids()[0])
    assert [(str(clip), clip.title) for clip in source.clips] == [
        ("0 s to 0.2 s", "first"), ("0.2 s to the end", "second")
    ]  # fmt: skip
    assert statuses(fetch(dataset, tmp_path / "s.csv", settings=settings)) == ["present"]
    item = fetch(dataset, link, settings=settings).items[0]
    assert "with parts 0 s to 0.2 s, 0.2 s to the end; asked for none" in str(item.message)
