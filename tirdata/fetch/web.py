"""Asking a server: through yt-dlp's networking, with cookies, and with patience where it helps."""

import io
import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EROFS
from pathlib import Path
from typing import Any, TypeVar

import yt_dlp
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, TransportError

from tirdata.errors import ConfigError, FetchError
from tirdata.fetch.settings import FetchConfig
from tirdata.files import storage_error

Result = TypeVar("Result")

_LONGEST_WAIT_S = 30.0
_PROGRESS_BYTES = 1 << 16  # a try that brings more of them was not in vain
_NO_ROOM = frozenset({EACCES, EDQUOT, EFBIG, ENOSPC, EROFS})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses that may be better later
_NOISE = re.compile(
    r"\x1b\[[0-9;]*m|^ERROR: |^\[[^\]]+\] |\(caused by .*|; please report this issue.*|"
    r"Confirm you are on the latest version.*|^Got error: ",
    re.DOTALL,
)

_log = logging.getLogger(__name__)


class StalledError(Exception):
    """A transfer that stopped before its end; it may be better later."""


def session_options(settings: FetchConfig) -> dict[str, Any]:
    """Of every session with yt-dlp. No download archive, no cache: all we keep is ours."""
    options: dict[str, Any] = {
        "socket_timeout": settings.timeout_s,
        "cachedir": False,
        "js_runtimes": {"deno": {}, "node": {}},  # yt-dlp alone takes deno only
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "logger": _Log(),
    }
    if settings.cookies_from_browser is not None:
        options["cookiesfrombrowser"] = (settings.cookies_from_browser, None, None, None)
    if settings.cookies is not None:  # as text: yt-dlp would write into the user's file
        options["cookiefile"] = io.StringIO(_cookies(settings.cookies))
    return options


def check_web(settings: FetchConfig) -> None:
    """Refuse settings that no link can be fetched with.

    Raises:
        ConfigError: the file of cookies or the items of a playlist make no sense.
    """
    if settings.cookies is not None:
        _cookies(settings.cookies)
    if settings.playlist_items is not None:
        try:
            list(yt_dlp.utils.PlaylistEntries.parse_playlist_items(settings.playlist_items))
        except ValueError as error:
            raise ConfigError(
                f"playlist_items {settings.playlist_items}: {error}; expected such as 1-5,8"
            ) from None


def _cookies(path: Path) -> str:
    """The text of a file of cookies; no word of it is ever said, as they are secret."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected one of cookies") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as text ({error})") from None
    for number, line in enumerate(text.splitlines(), 1):
        cookie = line.removeprefix("#HttpOnly_")
        if cookie.strip() and not cookie.startswith("#") and cookie.count("\t") != 6:
            raise ConfigError(
                f"{path}: is no file of cookies (line {number} has {cookie.count(chr(9)) + 1} "
                f"fields, not 7); expected the format of Netscape, as browsers' add-ons export it"
            )
    return text


def with_patience(
    name: str, folder: Path, settings: FetchConfig, work: Callable[[], Result]
) -> Result:
    """``work``, tried again after a wait that doubles while that may help.

    The count of tries begins anew when much more has come than ever before.

    Raises:
        FetchError: it does not, or the server asks for more patience than is allowed.
        StorageError: the disk is full or may not be written.
    """
    tries = most = 0
    while True:
        try:
            return work()
        except (yt_dlp.utils.YoutubeDLError, StalledError) as error:
            causes = list(_chain(error))
            reason = _reason(error)
            for cause in causes:
                if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
                    raise storage_error(folder, cause) from error
            asked_s = max((_asked_wait_s(cause) for cause in causes), default=0.0)
            passing = any(map(_is_passing, causes))
            for cause in causes:
                if isinstance(cause, HTTPError):
                    cause.close()
            came = _part_bytes(folder)
            tries, most = (
                (1, came)
                if most and came > most + _PROGRESS_BYTES
                else (tries + 1, max(most, came))
            )
            again = "; the same command goes on from there" if came else ""
            if asked_s > settings.longest_wait_s:
                raise FetchError(
                    f"{name}: no video came of it ({reason}; the server asks to wait "
                    f"{asked_s:.0f} s, longest_wait_s is {settings.longest_wait_s:g})"
                ) from error
            if not passing or tries > settings.retries:
                raise FetchError(f"{name}: no video came of it ({reason}){again}") from error
            wait_s = max(asked_s, min(settings.backoff_s * 2 ** (tries - 1), _LONGEST_WAIT_S))
            _log.info("%s: %s; next try in %g s", name, reason, wait_s)
            time.sleep(wait_s)


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
        cause = getattr(error, "cause", None)
        around = error.__context__ if isinstance(error.__context__, OSError) else None
        error = known or (cause if isinstance(cause, BaseException) else error.__cause__ or around)


def _is_passing(error: BaseException) -> bool:
    """Whether the same request may go well a little later."""
    if isinstance(error, HTTPError):
        return error.status in _PASSING
    if isinstance(error, TransportError):
        return not isinstance(error, CertificateVerifyError)
    # A transfer through yt-dlp that stopped half way has no cause.
    return isinstance(error, StalledError) or "Got error:" in str(error)


def _asked_wait_s(error: BaseException) -> float:
    """What the server asks for with ``Retry-After``: seconds, or a date."""
    value = error.response.headers.get("Retry-After") if isinstance(error, HTTPError) else None
    if value is None:
        return 0.0
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _reason(error: BaseException) -> str:
    text = str(error)
    for _ in range(3):  # one noise may stand behind another
        text = _NOISE.sub("", text).strip()
    if text.startswith("Unsupported URL"):
        return "a page in which yt-dlp finds no video; a direct link or --cookies may help"
    return " ".join(text.split()).rstrip(".;( ") or type(error).__name__


def _part_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.part*") if path.suffix != ".json")
