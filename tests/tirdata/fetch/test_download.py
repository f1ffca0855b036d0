"""Downloads from a server on this machine: whole, resumed, started over, refused."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve import Page, Site, serve
from tirdata.errors import FetchError, StorageError
from tirdata.fetch.base import Fetched
from tirdata.fetch.direct import is_page
from tirdata.fetch.download import download
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import Wanted

AT_ONCE = FetchConfig(retries=0, timeout_s=5)
PATIENT = FetchConfig(retries=3, backoff_s=0.01, timeout_s=5)
OVERLAP = 4096  # bytes of a part that are asked for again
LOST = 1 << 14  # bytes that may not have reached the part when a transfer breaks


@pytest.fixture(scope="module")
def clip(clips: Path) -> bytes:
    return (clips / "IR_HELICOPTER_043.mp4").read_bytes()


@pytest.fixture
def site(clip: bytes) -> Iterator[Site]:
    with serve({"clip.mp4": Page(clip)}) as running:
        yield running


def get(
    link: str, folder: Path, settings: FetchConfig = AT_ONCE, licence: str | None = None
) -> Fetched:
    fetched = download(Wanted(url=link, licence=licence), folder, settings)
    assert isinstance(fetched, Fetched)
    return fetched


def refused(link: str, folder: Path, settings: FetchConfig = AT_ONCE) -> str:
    with pytest.raises(FetchError) as error:
        get(link, folder, settings)
    message = str(error.value)
    assert message.startswith(f"{link}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("ranges", [True, False], ids=["Range", "no Range"])
def test_a_plain_link_comes_whole_with_one_request(
    site: Site, clip: bytes, ranges: bool, tmp_path: Path
) -> None:
    site.pages["clip.mp4"].ranges = ranges
    fetched = get(site.link("clip.mp4"), tmp_path)
    assert fetched.file.read_bytes() == clip
    assert fetched.sha256 == hashlib.sha256(clip).hexdigest()
    assert (fetched.bytes, fetched.name, fetched.title) == (len(clip), "clip.mp4", "clip")
    assert "yt-dlp" in fetched.tools
    assert len(site.asked) == 1


def test_a_file_of_a_camera_comes_by_its_bytes_whatever_the_server_calls_it(
    site: Site, tmp_path: Path
) -> None:
    body = b"FFF\0" + bytes(range(256)) * 64
    site.pages["get?file=7"] = Page(
        body,
        "text/html",
        headers={"Content-Disposition": "attachment; filename*=UTF-8''flight%207.seq"},
    )
    fetched = get(site.link("get?file=7"), tmp_path)
    assert fetched.file.read_bytes() == body
    assert fetched.name == "flight_7.seq"


@pytest.mark.parametrize(
    ("head", "page"),
    [
        (b"<!doctype html>", True),
        (b"\xef\xbb\xbf\n <html>", True),
        (b"<?xml version='1.0'?><MPD>", True),
        (b"#EXTM3U\n", True),
        (b"\0\0\0\x20ftypisom", False),
        (b"<\0\0binary", False),
        (b"FFF\0", False),
        (b"only words", False),
        (b"", False),
    ],
)
def test_the_first_bytes_tell_pages_from_files(head: bytes, page: bool) -> None:
    assert is_page(head) == page


def test_a_video_in_a_page_comes_and_goes_on(site: Site, clip: bytes, tmp_path: Path) -> None:
    page = b"<html><title>Flight 7</title><video src='clip.mp4'></video></html>"
    site.pages["page"] = Page(page, "text/html")
    site.pages["clip.mp4"].breaks = 1
    assert "the same command goes on" in refused(site.link("page"), tmp_path)
    fetched = get(site.link("page"), tmp_path)
    assert fetched.file.read_bytes() == clip
    assert fetched.title is not None
    assert fetched.title.startswith("Flight 7")
    assert fetched.name.startswith("Flight_7")
    assert fetched.name.endswith(".mp4")
    assert site.asked[-1][1] is not None
    assert site.heard[-1]["referer"] == site.link("page")


@pytest.mark.parametrize("ranges", [True, False], ids=["Range", "no Range"])
@pytest.mark.parametrize("tagged", [True, False], ids=["ETag", "no ETag"])
def test_a_link_that_stops_half_way_goes_on_or_starts_over(
    site: Site, clip: bytes, ranges: bool, tagged: bool, tmp_path: Path
) -> None:
    page = site.pages["clip.mp4"]
    page.ranges, page.tagged, page.breaks = ranges, tagged, 1
    message = refused(site.link("clip.mp4"), tmp_path)
    assert f"{len(clip) // 2} bytes" in message
    assert message.endswith("; the same command goes on from there")
    part = next(tmp_path.glob("*.part"))
    have = part.stat().st_size
    assert len(clip) // 2 - LOST <= have <= len(clip) // 2
    site.sent = 0
    fetched = get(site.link("clip.mp4"), tmp_path)
    assert fetched.file.read_bytes() == clip
    assert site.asked[-1] == ("clip.mp4", f"bytes={have - OVERLAP}-")
    assert site.sent == (len(clip) - have + OVERLAP if ranges else len(clip))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched.json", "original.mp4"]


@pytest.mark.parametrize("tagged", [True, False], ids=["ETag", "no ETag"])
@pytest.mark.parametrize("longer", [0, 999], ids=["same size", "longer"])
def test_two_versions_of_a_file_are_never_glued_together(
    site: Site, clip: bytes, tagged: bool, longer: int, tmp_path: Path
) -> None:
    page = site.pages["clip.mp4"]
    page.tagged, page.breaks = tagged, 1
    refused(site.link("clip.mp4"), tmp_path)
    page.body = bytes(byte ^ 0x55 for byte in clip) + bytes(longer)
    assert get(site.link("clip.mp4"), tmp_path).file.read_bytes() == page.body


def test_what_fails_in_passing_is_tried_again(site: Site, clip: bytes, tmp_path: Path) -> None:
    page = site.pages["clip.mp4"]
    page.fails, page.breaks = 1, 2
    assert get(site.link("clip.mp4"), tmp_path, PATIENT).file.read_bytes() == clip
    assert len(site.asked) == 4


def test_a_server_says_how_long_to_wait(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tirdata.fetch.web.time.sleep", waits.append)
    page = site.pages["clip.mp4"]
    page.fails, page.headers = 2, {"Retry-After": "7"}
    get(site.link("clip.mp4"), tmp_path, PATIENT)
    assert waits[:2] == [7.0, 7.0]
    page.fails, page.headers = 1, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert "the server asks to wait" in refused(site.link("clip.mp4"), tmp_path / "b", PATIENT)


def test_a_finished_download_is_not_asked_for_again(
    site: Site, clip: bytes, tmp_path: Path
) -> None:
    get(site.link("clip.mp4"), tmp_path)
    site.asked.clear()
    assert get(site.link("clip.mp4"), tmp_path).file.read_bytes() == clip
    assert site.asked == []
    (tmp_path / "original.mp4").write_bytes(clip[:99])  # a power cut
    assert get(site.link("clip.mp4"), tmp_path).file.read_bytes() == clip


@pytest.mark.parametrize(
    ("path", "message", "asked"),
    [
        ("none.mp4", "no video came of it (HTTP Error 404: Not Found)", 1),
        ("words", "no video came of it (a page in which yt-dlp finds no video; a direct link", 2),
        ("gone", "HTTP Error 410", 1),
        ("empty.mp4", "no video came of it (the answer has 0 bytes)", 1),
        ("round", "redirect loop", 1),
        ("part.mp4", "a part that was not asked for", 1),
        ("local.mp4", "no video came of it (", 1),
    ],
)
def test_a_link_without_a_video_is_refused_at_once(
    path: str, message: str, asked: int, site: Site, tmp_path: Path
) -> None:
    site.pages["words"] = Page(b"<html><title>Words</title>only words</html>", "text/html")
    site.pages["gone"] = Page(b"", status=410)
    site.pages["empty.mp4"] = Page(b"")
    site.pages["part.mp4"] = Page(bytes(99), status=206)
    site.pages["local.mp4"] = Page(b"", status=302, headers={"Location": "file:///etc/hosts"})
    site.pages["round"] = Page(b"", status=302, headers={"Location": "/round"})
    assert message in refused(site.link(path), tmp_path, PATIENT)
    assert len(site.asked) == asked or path == "round"
    assert list(tmp_path.iterdir()) == []


def test_a_redirection_is_followed_and_the_file_named_by_its_end(
    site: Site, clip: bytes, tmp_path: Path
) -> None:
    site.pages["latest"] = Page(b"", status=302, headers={"Location": "/clip.mp4"})
    fetched = get(site.link("latest"), tmp_path)
    assert (fetched.name, fetched.bytes) == ("clip.mp4", len(clip))


def test_a_server_that_announces_more_than_it_has_is_not_believed(
    site: Site, tmp_path: Path
) -> None:
    page = site.pages["clip.mp4"]
    page.more, page.ranges = 5000, False
    message = refused(site.link("clip.mp4"), tmp_path, PATIENT)
    assert f"{len(page.body)} bytes" in message
    assert len(site.asked) == 1 + PATIENT.retries


def test_a_server_that_says_nothing_is_left_and_gone_on_with(
    site: Site, clip: bytes, tmp_path: Path
) -> None:
    page = site.pages["clip.mp4"]
    page.stall_s = 1.0
    short = FetchConfig(retries=0, timeout_s=0.3)
    assert "timed out" in refused(site.link("clip.mp4"), tmp_path, short)
    page.stall_s = 0.0
    assert get(site.link("clip.mp4"), tmp_path).file.read_bytes() == clip
    assert site.asked[-1][1] is not None


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    assert "Connection refused" in refused("http://127.0.0.1:9/clip.mp4", tmp_path)


def test_the_licence_decides_before_anything_is_downloaded(site: Site, tmp_path: Path) -> None:
    settings = AT_ONCE.model_copy(update={"licences": ("cc0",)})
    page = site.pages["clip.mp4"]
    page.body = page.body * 40
    assert "licence is not stated; wanted is cc0" in refused(
        site.link("clip.mp4"), tmp_path, settings
    )
    assert site.sent < len(page.body)
    assert get(site.link("clip.mp4"), tmp_path, settings, "CC0 1.0").licence == "CC0 1.0"


def test_a_folder_that_cannot_be_made_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot write"):
        get(site.link("clip.mp4"), tmp_path / "file" / "folder")


def test_a_file_larger_than_the_disk_is_not_begun(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Full)
    with pytest.raises(StorageError, match="No space left on device: the file has"):
        get(site.link("clip.mp4"), tmp_path)


def test_cookies_and_passwords_are_sent_and_never_written_down(site: Site, tmp_path: Path) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret7\n")
    before = jar.read_bytes()
    link = site.link("clip.mp4").replace("http://", "http://me:pass7@")
    settings = AT_ONCE.model_copy(update={"cookies": jar})
    get(link, tmp_path / "d", settings)
    assert site.heard[0]["cookie"] == "session=secret7"
    assert site.heard[0]["authorization"].startswith("Basic ")
    assert jar.read_bytes() == before
    written = b"".join(path.read_bytes() for path in (tmp_path / "d").glob("*.json"))
    assert b"secret7" not in written
    assert b"pass7" not in written
    assert Wanted(url=link).name == site.link("clip.mp4")


def test_a_server_that_drips_is_left(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tirdata.fetch.direct._SLOW_S", 0.2)
    monkeypatch.setattr("tirdata.fetch.direct._SLOWEST", 10**9)
    site.pages["clip.mp4"].slow_s = 0.05
    assert " bytes in " in refused(site.link("clip.mp4"), tmp_path)


def test_a_packed_answer_is_unpacked_and_not_gone_on_with(
    site: Site, clip: bytes, tmp_path: Path
) -> None:
    import gzip

    page = site.pages["clip.mp4"]
    page.body, page.headers, page.breaks = gzip.compress(clip), {"Content-Encoding": "gzip"}, 1
    refused(site.link("clip.mp4"), tmp_path)
    assert get(site.link("clip.mp4"), tmp_path).file.read_bytes() == clip
    assert site.asked[-1][1] is None


def test_a_name_of_a_server_leads_nowhere_else(site: Site, tmp_path: Path) -> None:
    for said, name in (
        ("../../up.seq", "up.seq"),
        ("source.json", "original-source.json"),
        (".hidden.seq", "hidden.seq"),
    ):
        site.pages["get"] = Page(
            b"FFF\0" * 9, headers={"Content-Disposition": f"x; filename={said}"}
        )
        fetched = get(site.link("get"), tmp_path / name)
        assert fetched.name.endswith(name)
        assert "/" not in fetched.name
        assert not fetched.name.startswith(".")
        assert fetched.file.parent == tmp_path / name
