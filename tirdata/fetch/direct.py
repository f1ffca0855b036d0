"""Plain files over HTTP: resumed where they stopped, and never glued together of two versions.

A part lies in ``original.part`` with a note of what the server said of the file. Going on asks for
the last bytes that are here and for the rest, if the file is still the same (``If-Range``); bytes
that differ, another size or an answer without a range mean that it begins anew.
"""

import mimetypes
import re
import shutil
import time
from collections.abc import Callable
from email.message import Message
from errno import ENOSPC
from io import FileIO
from os import strerror
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import yt_dlp
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError

from tirdata.config import Config, read_json, to_json
from tirdata.errors import DataError, FetchError
from tirdata.fetch.pace import Pace
from tirdata.fetch.web import StalledError
from tirdata.files import storage_error, write_text

if TYPE_CHECKING:
    from yt_dlp.networking import Response

HEAD_BYTES = 1024
_CHUNK = 1 << 14  # read at once at first; a transfer that breaks loses what came of the last one
_LARGEST_CHUNK = 1 << 20
_QUICK_S, _LONG_S = 0.05, 0.2
_OVERLAP = 4096  # bytes asked for again, to see that they are still the same
_LONGEST_NAME = 100
_SLOW_S = 60.0
_SLOWEST = 100  # bytes per second over a minute; less is no download
_PART, _NOTE = "original.part", "original.part.json"
_NUMBER = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_FILE_NAME = re.compile(r"filename\*=(?:UTF-8'[^']*')?([^;]+)|filename=\"?([^\";]+)", re.IGNORECASE)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<|#EXTM3U)")


class PartNote(Config):
    """``original.part.json``: what the server said of the file that the part is of."""

    name: str
    """What the file is to be called."""
    bytes: int | None = None
    """How large it is; none = not said."""
    same_if: str | None = None
    """Strong ETag, or time of the last change, by which the server knows this version."""
    resumable: bool = True
    """Whether the bytes are as they lie on the server."""


class PlainLink(NamedTuple):
    """What to download, and where to."""

    name: str  # for messages
    url: str
    referer: str | None
    folder: Path
    check: Callable[[], None]  # raises if a plain file is not wanted, before it is downloaded


class PlainFile(NamedTuple):
    """A file that came whole."""

    file: Path
    name: str


def is_page(head: bytes) -> bool:
    """Whether a link's first bytes are a page or a list of segments, rather than a file.

    HTML, XML (DASH, RSS) and HLS are; they begin with ``<`` or ``#EXTM3U`` and hold no NUL.
    """
    return _MARKUP.match(head) is not None and b"\0" not in head


def download_plain(tool: yt_dlp.YoutubeDL, link: PlainLink, pace: Pace) -> PlainFile | None:
    """Download the file behind a link; none = it is a page, of which nothing is kept.

    Raises:
        FetchError: the server answers with nothing, or the file is not wanted.
        StorageError: the disk is full.
        StalledError: the transfer stopped half way.
        YoutubeDLError: the server refuses or cannot be reached.
    """
    part, note = link.folder / _PART, _known(link.folder)
    have = part.stat().st_size if note is not None else 0
    if have <= _OVERLAP:
        note = None
    try:
        with tool.urlopen(_request(link, note, have)) as response:
            if note is None or response.status != 206:
                head = _read(response, HEAD_BYTES)
                if is_page(head):
                    _forget(link.folder)
                    return None
                link.check()
                note = _begin(response, link, head)
            else:
                _check_same(response, part, note, have)
            _receive(response, part, note, pace)
    except (HTTPError, _ChangedError) as error:
        if isinstance(error, HTTPError):
            if error.status != 416 or note is None:
                raise
            error.close()
        _forget(link.folder)
        return download_plain(tool, link, pace)
    return _finish(link.folder, note)


def _request(link: PlainLink, note: PartNote | None, have: int) -> Request:
    headers = {"Accept-Encoding": "identity"}
    if link.referer is not None:
        headers["Referer"] = link.referer
    if note is not None:
        headers["Range"] = f"bytes={have - _OVERLAP}-"
        if note.same_if is not None:
            headers["If-Range"] = note.same_if
    return Request(link.url, headers=headers)


class _ChangedError(Exception):
    """The file on the server is another one than the part is of."""


def _known(folder: Path) -> PartNote | None:
    if not (folder / _PART).is_file() or not (folder / _NOTE).is_file():
        return None
    try:
        note = read_json(folder / _NOTE, PartNote)
    except DataError:
        return None
    return note if note.resumable else None


def _check_same(response: "Response", part: Path, note: PartNote, have: int) -> None:
    """See that the answer is the rest of the file, by place, size and the bytes that overlap.

    Raises:
        _ChangedError: it is not.
    """
    match = _RANGE.fullmatch(response.headers.get("Content-Range") or "")
    if match is None or int(match[1]) != have - _OVERLAP:
        raise _ChangedError
    if note.bytes is not None and match[2] not in ("*", str(note.bytes)):
        raise _ChangedError
    with part.open("rb") as file:
        file.seek(have - _OVERLAP)
        if _read(response, _OVERLAP) != file.read(_OVERLAP):
            raise _ChangedError


def _begin(response: "Response", link: PlainLink, head: bytes) -> PartNote:
    headers = response.headers
    if response.status == 206:
        raise FetchError(f"{link.name}: no video came of it (a part that was not asked for)")
    encoded = headers.get("Content-Encoding") not in (None, "", "identity")
    said = headers.get("Content-Length") or ""
    size = int(said) if _NUMBER.fullmatch(said.strip()) and not encoded else None
    if not head:
        raise FetchError(f"{link.name}: no video came of it (the answer has 0 bytes)")
    etag = headers.get("ETag")
    strong = etag if etag and not etag.startswith("W/") else None
    note = PartNote(
        name=_name(headers, link.url, response.url),
        bytes=size,
        same_if=strong or headers.get("Last-Modified"),
        resumable=not encoded,
    )
    part = link.folder / _PART
    if size is not None and shutil.disk_usage(link.folder).free < size:
        reason = f"{strerror(ENOSPC)}: the file has {size / 1e9:.3g} GB"
        raise storage_error(part, OSError(ENOSPC, reason))
    try:
        part.write_bytes(head)
    except OSError as error:
        raise storage_error(part, error) from error
    write_text(link.folder / _NOTE, to_json(note))
    return note


def _receive(response: "Response", part: Path, note: PartNote, pace: Pace) -> None:
    """Add the rest of the answer to the part; every byte that came is kept whatever happens."""
    watch, size = _Watch(), _CHUNK
    try:
        file = part.open("ab", buffering=0)
    except OSError as error:
        raise storage_error(part, error) from error
    with file:
        began_s = time.monotonic()
        while data := response.read(pace.chunk(size)):
            size = _next_chunk(size, time.monotonic() - began_s, file.tell())
            try:
                _write_all(file, data)
            except OSError as error:
                raise storage_error(part, error) from error
            pace.wait(len(data))
            watch.check(len(data))
            began_s = time.monotonic()
        have = file.tell()
    if note.bytes is not None and have != note.bytes:
        raise StalledError(f"{have} bytes came, expected {note.bytes} bytes, as the server said")


class _Watch:
    """Sees that a transfer does not merely drip."""

    def __init__(self) -> None:
        self._since_s = time.monotonic()
        self._came = 0

    def check(self, count: int) -> None:
        """Note that ``count`` bytes came.

        Raises:
            StalledError: hardly any came for long.
        """
        self._came += count
        span_s = time.monotonic() - self._since_s
        if span_s <= _SLOW_S:
            return
        if self._came < _SLOWEST * span_s:
            raise StalledError(f"{self._came} bytes in {span_s:.0f} s")
        self._since_s, self._came = time.monotonic(), 0


def _next_chunk(size: int, took_s: float, have: int) -> int:
    """More at once while it comes quickly, but little of what is here already."""
    if took_s < _QUICK_S:
        size *= 2
    elif took_s > _LONG_S:
        size //= 2
    return max(_CHUNK, min(size, have // 8, _LARGEST_CHUNK))


def _write_all(file: FileIO, data: bytes) -> None:
    """An unbuffered file may take a part only, just before the disk is full."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _finish(folder: Path, note: PartNote) -> PlainFile:
    file = folder / f"original{Path(note.name).suffix}"
    try:
        (folder / _PART).rename(file)
        (folder / _NOTE).unlink()
    except OSError as error:
        raise storage_error(file, error) from error
    return PlainFile(file, note.name)


def _forget(folder: Path) -> None:
    for name in (_PART, _NOTE):
        (folder / name).unlink(missing_ok=True)


def _read(response: "Response", count: int) -> bytes:
    """The next ``count`` bytes, fewer only at the end."""
    data = b""
    while len(data) < count and (more := response.read(count - len(data))):
        data += more
    return data


def _name(headers: Message, url: str, last_url: str) -> str:
    """As the server calls the file, else as the link ends, else as a redirection ends."""
    match = _FILE_NAME.search(headers.get("Content-Disposition") or "")
    said = unquote((match[1] or match[2]).strip()) if match else ""
    names = [said, *(unquote(urlsplit(each).path).rpartition("/")[2] for each in (url, last_url))]
    name = next((each for each in names if Path(each).suffix), "") or next(filter(None, names), "")
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip()
    suffix = Path(name).suffix or mimetypes.guess_extension(kind) or ""
    stem = str(yt_dlp.utils.sanitize_filename(Path(name).stem, restricted=True)).strip("._")
    return (stem[:_LONGEST_NAME] or "original") + re.sub(r"[^.\w]", "", suffix)[:10]
