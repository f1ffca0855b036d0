"""A site that yt-dlp has an extractor for: one made up here, on a server of this machine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yt_dlp
from yt_dlp.extractor.common import InfoExtractor

from tests.serve import Page, Site, serve
from tirdata.errors import FetchError
from tirdata.fetch.base import Fetched, Listing
from tirdata.fetch.download import download
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import Wanted

SETTINGS = FetchConfig(retries=0, timeout_s=5)


class MadeSiteIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    """``/watch/NAME`` is a page with one video, ``/list/NAMES`` a playlist of such."""

    _VALID_URL = r"http://127\.0\.0\.1:\d+/(?P<kind>watch|list|live)/(?P<id>[^/]+)"

    def _real_extract(self, url: str) -> dict[str, Any]:
        kind, name = self._match_valid_url(url).group("kind", "id")
        base = re.sub(r"/(?:watch|list|live)/.*", "", url)
        if kind == "list":
            entries = [
                self.url_result(f"{base}/watch/{each}", MadeSiteIE, video_title=each)
                for each in name.split(",")
            ]
            return {**self.playlist_result(entries, name, "All of them"), "uploader": "Ada"}
        self._download_webpage(url, name)
        return {
            "id": "always the same",  # such sites exist
            "title": f"Flight {name} / 7",
            "uploader": "Ada",
            "license": "Creative Commons Attribution license (reuse allowed)",
            "upload_date": "20240131",
            "is_live": kind == "live",
            "formats": [
                {"format_id": "sound", "url": f"{base}/sound.m4a", "vcodec": "none"},
                {"format_id": "small", "url": f"{base}/small.mp4", "acodec": "none", "height": 100},
                {"format_id": "full", "url": f"{base}/clip.mp4", "acodec": "none", "height": 256},
                {"format_id": "huge", "url": f"{base}/huge.mp4", "acodec": "none", "height": 4320},
            ],
        }


@pytest.fixture(scope="module")
def clip(clips: Path) -> bytes:
    return (clips / "IR_HELICOPTER_043.mp4").read_bytes()


@pytest.fixture
def site(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    yt_dlp.extractor.import_extractors()
    known = yt_dlp.globals.extractors.value
    monkeypatch.setattr(yt_dlp.globals.extractors, "value", {"MadeSiteIE": MadeSiteIE, **known})
    page = Page(b"<html>page</html>", "text/html")
    pages = {"clip.mp4": Page(clip), "watch/a": page, "watch/b": page, "live/a": page}
    with serve(pages) as running:
        yield running


def test_what_a_site_says_of_a_video_is_kept(site: Site, clip: bytes, tmp_path: Path) -> None:
    fetched = download(Wanted(url=site.link("watch/a")), tmp_path, SETTINGS)
    assert isinstance(fetched, Fetched)
    assert fetched.file.read_bytes() == clip
    assert (fetched.title, fetched.uploader) == ("Flight a / 7", "Ada")
    assert (fetched.published, fetched.name) == ("2024-01-31", "Flight_a_7.mp4")
    assert str(fetched.licence).startswith("Creative Commons")
    assert [path for path, _ in site.asked] == ["watch/a", "clip.mp4"]


def test_a_site_s_playlist_is_listed_without_looking_at_its_videos(
    site: Site, tmp_path: Path
) -> None:
    listing = download(Wanted(url=site.link("list/a,gone")), tmp_path, SETTINGS)
    assert isinstance(listing, Listing)
    assert (listing.title, listing.uploader, listing.is_page) == ("All of them", "Ada", False)
    assert [(each.index, each.url, each.title) for each in listing.entries] == [
        (1, site.link("watch/a"), "a"), (2, site.link("watch/gone"), "gone")
    ]  # fmt: skip
    assert site.asked == []
    one = download(Wanted(url=site.link("list/a")), tmp_path / "one", SETTINGS)
    assert isinstance(one, Listing)  # it may grow


def test_a_site_s_licence_decides_before_the_download(site: Site, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"licences": ("cc0",)})
    with pytest.raises(FetchError, match="its licence is Creative Commons Attribution"):
        download(Wanted(url=site.link("watch/a")), tmp_path, settings)
    assert [path for path, _ in site.asked] == ["watch/a"]
    settings = SETTINGS.model_copy(update={"licences": ("cc-by",)})
    assert isinstance(download(Wanted(url=site.link("watch/a")), tmp_path, settings), Fetched)


def test_a_live_stream_is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="live/a: is live; expected a recording that has an end"):
        download(Wanted(url=site.link("live/a")), tmp_path, SETTINGS)


def test_two_videos_with_one_id_are_two(site: Site, tmp_path: Path) -> None:
    one, other = (
        download(Wanted(url=site.link(f"watch/{name}")), tmp_path / name, SETTINGS) for name in "ab"
    )
    assert isinstance(one, Fetched)
    assert isinstance(other, Fetched)
    assert (one.title, other.title) == ("Flight a / 7", "Flight b / 7")


def test_a_download_through_yt_dlp_goes_on_and_keeps_to_the_limit_of_all(
    site: Site, clip: bytes, tmp_path: Path
) -> None:
    site.pages["clip.mp4"].breaks = 1
    with pytest.raises(FetchError, match="the same command goes on from there"):
        download(Wanted(url=site.link("watch/a")), tmp_path / "d", SETTINGS)
    settings = SETTINGS.model_copy(update={"total_rate_limit": 10**7})
    fetched = download(Wanted(url=site.link("watch/a")), tmp_path / "d", settings)
    assert isinstance(fetched, Fetched)
    assert fetched.file.read_bytes() == clip
    assert site.asked[-1][1] is not None
    assert (tmp_path / ".pace" / "total").exists()
