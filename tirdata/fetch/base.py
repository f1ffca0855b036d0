"""What fetching a source gives, whatever the source, and the note of it beside the bytes."""

from pathlib import Path

from pydantic import Field

from tirdata.config import Config, read_json, to_json
from tirdata.errors import DataError
from tirdata.files import write_text

_NOTE_NAME = "fetched.json"
_TAKEN_NAMES = {"source.json", _NOTE_NAME}


class Fetched(Config):
    """The original bytes of one recording, and what is known of where they came from."""

    file: Path
    """Where the bytes lie now: a file, or a folder of frames."""
    name: str
    """What the file is to be called."""
    sha256: str
    """Of the file's bytes, or of all names and bytes of a folder."""
    bytes: int
    """Size, of all files together."""
    modified_ns: int | None = None
    """Of a local file, to know it again without reading it."""
    title: str | None = None
    """What people call it."""
    uploader: str | None = None
    """Who published it."""
    licence: str | None = None
    """As its publisher states it."""
    published: str | None = None
    """YYYY-MM-DD."""
    tools: dict[str, str] = Field(default_factory=dict)
    """Versions of what fetched it, by name."""

    @property
    def recording_id(self) -> str:
        """The same bytes are the same recording."""
        return self.sha256[:16]


class Entry(Config):
    """One video of a playlist."""

    index: int
    """Its place, from 1."""
    url: str | None = None
    """None = it has none, so it is dead."""
    title: str | None = None
    """What the playlist calls it."""


class Listing(Config):
    """What a link to several videos names."""

    title: str | None = None
    """What its site calls it."""
    uploader: str | None = None
    """Who keeps it."""
    is_page: bool = False
    """A page with videos in it, which their server may want to hear of."""
    entries: tuple[Entry, ...] = ()
    """In its order."""


def write_note(folder: Path, fetched: Fetched) -> None:
    """Note beside a download that it is whole, so that it is never done again.

    Raises:
        StorageError: it cannot be written.
    """
    relative = fetched.model_copy(update={"file": Path(fetched.file.name)})
    write_text(folder / _NOTE_NAME, to_json(relative))


def read_note(folder: Path) -> Fetched | None:
    """A download that lies whole in ``folder``; none = there is none."""
    try:
        fetched = read_json(folder / _NOTE_NAME, Fetched)
        file = folder / fetched.file.name
        if file.stat().st_size != fetched.bytes:  # a power cut before it was on the disk
            return None
    except (DataError, OSError):
        return None
    return fetched.model_copy(update={"file": file})


def stored_name(name: str) -> str:
    """``name`` such that it is neither hidden nor one of our own files."""
    plain = name.lstrip(".") or "original"
    return f"original-{plain}" if plain.lower() in _TAKEN_NAMES else plain
