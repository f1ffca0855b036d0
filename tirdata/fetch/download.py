"""Links: plain files by our own downloader, pages and streams through yt-dlp.

Which of them it is, is decided once and by a rule, never by trying one after the other:

1. The link of a page that yt-dlp has an extractor for goes to yt-dlp, unless its path ends as a
   camera's file does (``.seq``, ``.tif``, ``.zip`` …).
2. Any other link is asked for, once. An answer whose first bytes are those of a page or of a
   stream's list (``<``, ``#EXTM3U``) goes to yt-dlp; everything else is the file itself.

A download is kept under a key of ours, as yt-dlp's ids are the same for many plain links.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yt_dlp

from tirdata.errors import FetchError, UsageError
from tirdata.fetch.base import Entry, Fetched, Listing, read_note, stored_name, write_note
from tirdata.fetch.direct import PlainLink, download_plain
from tirdata.fetch.licence import check_licence
from tirdata.fetch.pace import PACE_FOLDER, Pace, host_slot
from tirdata.fetch.settings import FetchConfig
from tirdata.fetch.wanted import Wanted
from tirdata.fetch.web import session_options, with_patience
from tirdata.files import sha256, storage_error

Info = dict[str, Any]

CAMERA_SUFFIXES = frozenset(
    {".seq", ".csq", ".fff", ".cptv", ".raw", ".tif", ".tiff", ".zip", ".png", ".jpg", ".jpeg"}
)
_LONGEST_NAME = 100


def download(wanted: Wanted, folder: Path, settings: FetchConfig) -> Fetched | Listing:
    """The recording behind a link, in ``folder``, or the list of those that it names.

    Goes on with a part that lies in ``folder``; what lies there whole is not asked for again.

    Raises:
        FetchError: no file came of it, or its licence is not wanted.
        UsageError: it is a playlist, but what is said of it fits one recording.
        StorageError: the disk is full or may not be written.
    """
    known = read_note(folder)
    if known is not None:
        check_licence(wanted.name, wanted.licence or known.licence, settings.licences)
        return known.model_copy(update={"licence": wanted.licence or known.licence})
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    with host_slot(folder.with_name(PACE_FOLDER), str(wanted.url), settings.per_host):
        found = _Link(wanted, folder, settings).download()
    if isinstance(found, Listing):
        _check_of_one(wanted, found, settings)
        return found
    write_note(folder, found)
    return found


def _check_of_one(wanted: Wanted, listing: Listing, settings: FetchConfig) -> None:
    said = {"title": wanted.title or settings.title, "start_s and end_s": wanted.clips}
    given = [name for name, value in said.items() if value]
    if given:
        raise UsageError(
            f"{wanted.name}: names {len(listing.entries)} videos; {' and '.join(given)} "
            f"fit one of them: give each its own row, or leave that out"
        )


class _Link:
    """One link that is being downloaded."""

    def __init__(self, wanted: Wanted, folder: Path, settings: FetchConfig) -> None:
        self._wanted = wanted
        self._url = str(wanted.url)
        self._folder = folder
        self._settings = settings
        own, total = settings.rate_limit, settings.total_rate_limit
        self._pace = Pace(folder.with_name(PACE_FOLDER), own, total)
        self._came = 0  # bytes of a download through yt-dlp that were waited for

    def download(self) -> Fetched | Listing:
        work = (self._wanted.name, self._folder, self._settings)
        if not _has_extractor(self._url):
            found = with_patience(*work, self._plain)
            if found is not None:
                return found
        return with_patience(*work, self._through_yt_dlp)

    def _plain(self) -> Fetched | None:
        wanted = self._wanted
        link = PlainLink(wanted.name, self._url, wanted.referer, self._folder, self._check_stated)
        with yt_dlp.YoutubeDL(session_options(self._settings), auto_init=False) as tool:
            came = download_plain(tool, link, self._pace)
        if came is None:
            return None
        name = stored_name(came.name)
        return self._fetched(came.file, name, title=Path(name).stem, licence=wanted.licence)

    def _check_stated(self) -> None:
        """A plain file states no licence; only the user can."""
        check_licence(self._wanted.name, self._wanted.licence, self._settings.licences)

    def _through_yt_dlp(self) -> Fetched | Listing:
        wanted = self._wanted
        with yt_dlp.YoutubeDL(self._options()) as tool:
            info: Info = tool.extract_info(self._url, download=False)
            if info.get("_type") == "playlist":
                listing = self._listing(info)
                if info.get("extractor_key") != "Generic" or len(listing.entries) != 1:
                    return listing
                info = tool.extract_info(str(listing.entries[0].url), download=False)
            if info.get("is_live"):
                raise FetchError(f"{wanted.name}: is live; expected a recording that has an end")
            licence = wanted.licence or info.get("license")
            check_licence(wanted.name, licence, self._settings.licences)
            file = self._file_of(tool, info)
        day = str(info.get("upload_date") or "")
        return self._fetched(
            file,
            stored_name(_file_name(self._url, info, file)),
            title=info.get("title"),
            uploader=info.get("uploader") or info.get("channel"),
            licence=licence,
            published=f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else None,
        )

    def _file_of(self, tool: yt_dlp.YoutubeDL, info: Info) -> Path:
        """Download what yt-dlp found; a plain file in a page as any other plain file."""
        is_file = info.get("protocol") in {"http", "https"} and "requested_formats" not in info
        if info.get("extractor_key") == "Generic" and is_file:
            name, nothing = self._wanted.name, lambda: None
            link = PlainLink(name, str(info["url"]), self._url, self._folder, nothing)
            came = download_plain(tool, link, self._pace)
            if came is None:
                raise FetchError(f"{name}: no video came of it (its video is a page again)")
            return came.file
        result: Info = tool.process_ie_result(info, download=True)
        if not result.get("requested_downloads"):
            raise FetchError(f"{self._wanted.name}: no video came of it (nothing was downloaded)")
        return Path(result["requested_downloads"][0]["filepath"])

    def _fetched(self, file: Path, name: str, **known: str | None) -> Fetched:
        size = file.stat().st_size
        if not size:
            file.unlink()
            raise FetchError(f"{self._wanted.name}: no video came of it (0 bytes)")
        tools = {"yt-dlp": yt_dlp.version.__version__}
        digest = sha256(file)
        return Fetched(file=file, name=name, sha256=digest, bytes=size, tools=tools, **known)

    def _listing(self, info: Info) -> Listing:
        found = [entry or {} for entry in info.get("entries") or ()]
        places = info.get("requested_entries") or range(1, len(found) + 1)
        most = self._settings.playlist_most
        if not found:
            raise FetchError(f"{self._wanted.name}: names no video; expected at least one")
        if len(found) > most:
            raise FetchError(
                f"{self._wanted.name}: names more than {most} videos; take some of them with "
                f"--playlist-items, or raise playlist_most"
            )
        return Listing(
            title=info.get("title"),
            uploader=info.get("uploader") or info.get("channel"),
            is_page=info.get("extractor_key") == "Generic",
            entries=tuple(
                Entry(index=place, url=_link_of(entry, self._url), title=entry.get("title"))
                for place, entry in zip(places, found, strict=True)
            ),
        )

    def _options(self) -> Info:
        """No names of yt-dlp's: plain links share its ids."""
        settings = self._settings
        options = session_options(settings) | {
            "format": settings.format,
            "noplaylist": True,
            "extract_flat": "in_playlist",
            "playlist_items": settings.playlist_items or f"1:{settings.playlist_most + 1}",
            "outtmpl": {"default": str(self._folder).replace("%", "%%") + "/original.%(ext)s"},
            "continuedl": True,
            "retries": 0,  # ours: each new try also asks the page again
            "extractor_retries": 0,
            "fragment_retries": settings.retries,
            "skip_unavailable_fragments": False,
            "ratelimit": settings.rate_limit,
            "updatetime": False,
            "progress_hooks": [self._hear],
        }
        if self._wanted.referer is not None:
            options["http_headers"] = {"Referer": self._wanted.referer}
        return options

    def _hear(self, progress: Info) -> None:
        """The share of yt-dlp's own downloads in what all of them may take."""
        if self._settings.total_rate_limit is not None:
            came = int(progress.get("downloaded_bytes") or 0)
            self._pace.wait(max(0, came - self._came))
            self._came = came


def _has_extractor(url: str) -> bool:
    """Whether yt-dlp knows the site of a link that does not end as a camera's file does."""
    if Path(urlsplit(url).path).suffix.lower() in CAMERA_SUFFIXES:
        return False
    return any(
        each.ie_key() != "Generic" and each.suitable(url)
        for each in yt_dlp.extractor.list_extractor_classes()
    )


def _link_of(entry: Info, page: str) -> str | None:
    """The link of a video in a playlist, or in a page: then of its file, if it has no page."""
    own = entry.get("webpage_url") or entry.get("original_url")
    for link in (None if own == page else own, entry.get("manifest_url"), entry.get("url")):
        if link and urlsplit(str(link)).scheme in {"http", "https", "ftp"}:
            return str(link)
    return None


def _file_name(url: str, info: Info, file: Path) -> str:
    suffix = file.suffix
    if suffix == ".unknown_video":
        suffix = Path(urlsplit(url).path).suffix
    title = yt_dlp.utils.sanitize_filename(str(info.get("title") or ""), restricted=True)
    return (title.strip("._")[:_LONGEST_NAME] or "original") + suffix
