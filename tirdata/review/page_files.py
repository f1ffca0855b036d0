"""The files of the page, from the package and from nowhere else."""

from pathlib import Path

from starlette.responses import Response

from tirdata.review.desk import NoSuchSequenceError

FOLDER = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
}


def page_file(name: str) -> Response:
    """A file of the page, which a browser asks for again each time.

    Raises:
        NoSuchSequenceError: there is none of this name.
    """
    known = {
        path.relative_to(FOLDER).as_posix(): path
        for path in FOLDER.rglob("*")
        if path.suffix in TYPES and path.is_file() and not path.is_symlink()
    }
    if name not in known:  # looked up, never joined
        raise NoSuchSequenceError(f"{name[:100]}: no such file of the page")
    path = known[name]
    headers = {"cache-control": "no-cache"}
    return Response(path.read_bytes(), headers=headers, media_type=TYPES[path.suffix])
