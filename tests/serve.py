"""A small web server on 127.0.0.1 to fetch from: with and without Range, and with faults."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 4096


@dataclass
class Page:
    """What is served under one path."""

    body: bytes
    kind: str = "video/mp4"
    ranges: bool = True  # whether a part may be asked for
    tagged: bool = True  # whether it has an ETag
    breaks: int = 0  # how many answers stop half way through what was asked
    fails: int = 0  # how many answers are 503 before the first good one
    status: int = 200
    more: int = 0  # how many bytes more than there are the server announces
    stall_s: float = 0.0  # how long it says nothing in the middle
    slow_s: float = 0.0  # how long it waits after each chunk
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Another one for other bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass
class Site:
    """A running server: its pages may be changed, and it remembers what was asked."""

    url: str
    pages: dict[str, Page]
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range header
    heard: list[dict[str, str]] = field(default_factory=list)  # headers of each, lower case
    sent: int = 0  # bytes of bodies
    at_once: int = 0  # answers that are being sent now
    most_at_once: int = 0

    def link(self, path: str) -> str:
        """The whole link of a page."""
        return f"{self.url}/{path}"


@contextmanager
def serve(pages: dict[str, Page]) -> Iterator[Site]:
    """Serve ``pages`` while the block lasts."""

    class Handler(_Handler):
        site: Site

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.site = Site(f"http://127.0.0.1:{server.server_address[1]}", pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Handler.site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        pass

    def _answer(self, *, with_body: bool) -> None:
        site = self.site
        path = self.path.lstrip("/")
        page = site.pages.get(path)
        site.asked.append((path, self.headers.get("Range")))
        site.heard.append({name.lower(): value for name, value in self.headers.items()})
        if page is None or page.status >= 400:
            self.send_error(404 if page is None else page.status)
            return
        if page.fails:
            page.fails -= 1
            self._refuse(page)
            return
        site.at_once += 1
        site.most_at_once = max(site.most_at_once, site.at_once)
        try:
            body = self._head(page)
            if with_body:
                self._body(page, body)
        finally:
            site.at_once -= 1

    def _refuse(self, page: Page) -> None:
        self.send_response(503)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _head(self, page: Page) -> bytes:
        size = len(page.body)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked and page.ranges and self.headers.get("If-Range", page.etag) == page.etag:
            first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
            if first >= size:
                self.send_error(416)
                return b""
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            first, last = 0, size - 1
            self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(last - first + 1 + page.more))
        if page.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if page.tagged:
            self.send_header("ETag", page.etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        return page.body[first : last + 1]

    def _body(self, page: Page, body: bytes) -> None:
        whole = len(body)
        if page.breaks and whole > CHUNK:
            page.breaks -= 1
            body = body[: whole // 2]
        try:
            for start in range(0, len(body), CHUNK):
                if start >= whole // 2 > start - CHUNK:
                    time.sleep(page.stall_s)
                self.wfile.write(body[start : start + CHUNK])
                self.site.sent += len(body[start : start + CHUNK])
                time.sleep(page.slow_s)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):  # whoever asked has seen enough
            pass
        if len(body) < whole or page.more:
            self.close_connection = True
