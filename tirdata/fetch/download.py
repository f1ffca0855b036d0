"""Links through yt-dlp: one video a link, under a key of ours, resumed where it stopped."""

import logging
import re
import time
from collections.abc import Iterator
from errno import EACCES, EDQUOT, ENOSPC, EROFS
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yt_dlp
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError

from tirdata.errors import FetchError
from tirdata.fetch.base import Fetched
from tirdata.fetch.licence import check_licence
from tirdata.fetch.settings import FetchConfig
from tirdata.files import sha256, storage_error

Info = dict[str, Any]

_LONGEST_WAIT_S = 30.0
_LONGEST_NAME = 100
_NO_ROOM = frozenset({EACCES, EDQUOT, ENOSPC, EROFS})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that may be better later
_NOISE = re.compile(
    r"\x1b\[[0-9;]*m|^ERROR: |^\[[^\]]+\] |\(caused by .*|; please report this issue.*|"
    r"Confirm you are on the latest version.*|^Got error: ",
    re.DOTALL,
)

_log = logging.getLogger(__name__)


def download(url: str, folder: Path, settings: FetchConfig, licence: str | None = None) -> Fetched:
    """Download the one video of a link into ``folder``; goes on with a part that lies there.

    ``licence`` is what the user says of the link; it wins over what the page says.

    Raises:
        FetchError: no file came of it, or its licence is not wanted.
        StorageError: the disk is full or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    info = _with_patience(url, folder, settings, licence)
    file = Path(info["requested_downloads"][0]["filepath"])
    day = str(info.get("upload_date") or "")
    return Fetched(
        file=file,
        name=_file_name(url, info, file),
        sha256=sha256(file),
        bytes=file.stat().st_size,
        title=info.get("title"),
        uploader=info.get("uploader") or info.get("channel"),
        licence=licence or info.get("license"),
        published=f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else None,
        tools={"yt-dlp": yt_dlp.version.__version__},
    )


def _with_patience(url: str, folder: Path, settings: FetchConfig, licence: str | None) -> Info:
    """Try again what may be better later, after a wait that doubles."""
    for left in range(settings.retries, -1, -1):
        try:
            return _download(url, folder, settings, licence)
        except yt_dlp.utils.YoutubeDLError as error:
            chain = list(_chain(error))
            for cause in chain:
                if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
                    raise storage_error(folder, cause) from error
                if isinstance(cause, HTTPError):
                    cause.close()
            if not left or not any(map(_is_passing, chain)):
                again = "; the same command goes on from there" if _parts(folder) else ""
                raise FetchError(f"{url}: no video came of it ({_reason(error)}){again}") from error
            tries = settings.retries - left
            wait_s = min(settings.backoff_s * 2**tries, _LONGEST_WAIT_S)
            _log.info("%s: %s; next try in %g s", url, _reason(error), wait_s)
            time.sleep(wait_s)
    raise AssertionError


def _download(url: str, folder: Path, settings: FetchConfig, licence: str | None) -> Info:
    with yt_dlp.YoutubeDL(_options(folder, settings)) as tool:
        info: Info = tool.extract_info(url, download=False)
        if info.get("_type") == "playlist":
            info = _only_entry(url, info, tool)
        if info.get("is_live"):
            raise FetchError(f"{url}: is live; expected a recording that has an end")
        check_licence(url, licence or info.get("license"), settings.licences)
        result: Info = tool.process_ie_result(info, download=True)
    if not result.get("requested_downloads"):
        raise FetchError(f"{url}: no video came of it (nothing was downloaded)")
    return result


def _only_entry(url: str, playlist: Info, tool: yt_dlp.YoutubeDL) -> Info:
    entries = [entry for entry in playlist.get("entries") or () if entry]
    if len(entries) != 1:
        raise FetchError(f"{url}: has {len(entries)} videos; expected a link to one of them")
    link = entries[0].get("url") or entries[0].get("webpage_url")
    found: Info = tool.extract_info(link, download=False)
    return found


def _options(folder: Path, settings: FetchConfig) -> dict[str, Any]:
    """No download archive and no names of yt-dlp's: plain links share its ids."""
    options: dict[str, Any] = {
        "format": settings.format,
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "outtmpl": {"default": str(folder).replace("%", "%%") + "/original.%(ext)s"},
        "continuedl": True,
        "retries": 0,  # ours: each new try also asks the page again
        "extractor_retries": 0,
        "fragment_retries": settings.retries,
        "skip_unavailable_fragments": False,
        "socket_timeout": settings.timeout_s,
        "ratelimit": settings.rate_limit,
        "cachedir": False,
        "updatetime": False,
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "logger": _Log(),
    }
    if settings.cookies_from_browser is not None:
        options["cookiesfrombrowser"] = (settings.cookies_from_browser, None, None, None)
    return options


class _Log:
    """What yt-dlp says goes to our log; its errors are raised as ours."""

    def debug(self, message: str) -> None:
        _log.debug("%s", message)

    info = warning = error = debug


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what caused it, in yt-dlp's way and in Python's."""
    while error is not None:
        yield error
        known = (getattr(error, "exc_info", None) or (None, None))[1]
        error = known or getattr(error, "cause", None) or error.__cause__


def _is_passing(error: BaseException) -> bool:
    """Whether the same request may go well a little later."""
    if isinstance(error, HTTPError):
        return error.status in _PASSING
    if isinstance(error, TransportError):
        return not isinstance(error, CertificateVerifyError)
    return "Got error:" in str(error)  # a transfer that stopped half way has no cause


def _reason(error: BaseException) -> str:
    text = str(error)
    for _ in range(3):  # one noise may stand behind another
        text = _NOISE.sub("", text).strip()
    return " ".join(text.split()).rstrip(".;( ") or type(error).__name__


def _parts(folder: Path) -> list[Path]:
    return list(folder.glob("*.part"))


def _file_name(url: str, info: Info, file: Path) -> str:
    suffix = file.suffix
    if suffix == ".unknown_video":
        suffix = Path(urlsplit(url).path).suffix
    title = yt_dlp.utils.sanitize_filename(str(info.get("title") or ""), restricted=True)
    return (title.strip("._")[:_LONGEST_NAME] or "original") + suffix
