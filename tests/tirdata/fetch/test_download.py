"""Downloads from a server on this machine: whole, resumed, started over, refused."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve import Page, Site, serve
from tirdata.errors import FetchError, StorageError
from tirdata.fetch.download import download
from tirdata.fetch.settings import FetchConfig

AT_ONCE = FetchConfig(retries=0, timeout_s=5)
PATIENT = FetchConfig(retries=3, backoff_s=0.01, timeout_s=5)


@pytest.fixture(scope="module")
def clip(clips: Path) -> bytes:
    return (clips / "IR_HELICOPTER_043.mp4").read_bytes()


@pytest.fixture
def site(clip: bytes) -> Iterator[Site]:
    with serve({"clip.mp4": Page(clip)}) as running:
        yield running


@pytest.mark.parametrize("ranges", [True, False], ids=["Range", "no Range"])
def test_a_plain_link_comes_whole(site: Site, clip: bytes, ranges: bool, tmp_path: Path) -> None:
    site.pages["clip.mp4"].ranges = ranges
    fetched = download(site.link("clip.mp4"), tmp_path, AT_ONCE)
    assert fetched.file.read_bytes() == clip
    assert fetched.sha256 == hashlib.sha256(clip).hexdigest()
    assert (fetched.bytes, fetched.name, fetched.title) == (len(clip), "clip.mp4", "clip")
    assert "yt-dlp" in fetched.tools


def test_a_video_in_a_page_comes(site: Site, clip: bytes, tmp_path: Path) -> None:
    page = b"<html><title>Flight 7</title><video src='clip.mp4'></video></html>"
    site.pages["page"] = Page(page, "text/html")
    fetched = download(site.link("page"), tmp_path, AT_ONCE)
    assert fetched.file.read_bytes() == clip
    assert fetched.title is not None
    assert fetched.title.startswith("Flight 7")
    assert fetched.name.startswith("Flight_7")


@pytest.mark.parametrize("ranges", [True, False], ids=["Range", "no Range"])
def test_a_link_that_stops_half_way_goes_on_or_starts_over(
    site: Site, clip: bytes, ranges: bool, tmp_path: Path
) -> None:
    page = site.pages["clip.mp4"]
    page.ranges, page.breaks = ranges, 2  # one look at it, one download
    with pytest.raises(FetchError, match=r"expected .* bytes.*the same command goes on") as error:
        download(site.link("clip.mp4"), tmp_path, AT_ONCE)
    assert "\n" not in str(error.value)
    part = next(tmp_path.glob("*.part"))
    assert part.stat().st_size == len(clip) // 2
    page.breaks = 0
    site.asked.clear()
    fetched = download(site.link("clip.mp4"), tmp_path, AT_ONCE)
    assert fetched.file.read_bytes() == clip
    assert site.asked[-1] == ("clip.mp4", f"bytes={len(clip) // 2}-")
    assert list(tmp_path.iterdir()) == [fetched.file]


def test_what_fails_in_passing_is_tried_again(site: Site, clip: bytes, tmp_path: Path) -> None:
    page = site.pages["clip.mp4"]
    page.fails, page.breaks = 1, 2
    assert download(site.link("clip.mp4"), tmp_path, PATIENT).file.read_bytes() == clip


def test_a_finished_download_is_not_done_again(site: Site, clip: bytes, tmp_path: Path) -> None:
    download(site.link("clip.mp4"), tmp_path, AT_ONCE)
    site.asked.clear()
    assert download(site.link("clip.mp4"), tmp_path, AT_ONCE).file.read_bytes() == clip
    assert len(site.asked) == 1  # a look at the link


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none.mp4", r"none\.mp4: no video came of it \(.*HTTP Error 404: Not Found\)$"),
        ("words", r"words: no video came of it \(Unsupported URL"),
        ("gone", r"HTTP Error 410"),
        ("two", r"has 2 videos; expected a link to one of them"),
    ],
)
def test_a_link_without_a_video_is_refused_at_once(
    path: str, message: str, site: Site, tmp_path: Path
) -> None:
    site.pages["words"] = Page(b"<html><title>Words</title>only words</html>", "text/html")
    site.pages["gone"] = Page(b"", status=410)
    two = (
        b"<html><title>Two</title><video src='clip.mp4'></video><video src='b.mp4'></video></html>"
    )
    site.pages["two"] = Page(two, "text/html")
    with pytest.raises(FetchError, match=message) as error:
        download(site.link(path), tmp_path, PATIENT)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(site.link(path))
    assert len(site.asked) == 1


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="Connection refused"):
        download("http://127.0.0.1:9/clip.mp4", tmp_path, AT_ONCE)


def test_the_licence_decides_before_anything_is_downloaded(site: Site, tmp_path: Path) -> None:
    settings = AT_ONCE.model_copy(update={"licences": ("cc0",)})
    with pytest.raises(FetchError, match="licence is not stated; wanted is cc0"):
        download(site.link("clip.mp4"), tmp_path, settings)
    assert len(site.asked) == 1
    assert download(site.link("clip.mp4"), tmp_path, settings, "CC0 1.0").licence == "CC0 1.0"


def test_a_folder_that_cannot_be_made_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot write"):
        download(site.link("clip.mp4"), tmp_path / "file" / "folder", AT_ONCE)
