"""What fetching a source gives, whatever the source."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Fetched:
    """The original bytes of one recording, and what is known of where they came from."""

    file: Path  # where the bytes lie now
    name: str  # what the file is to be called
    sha256: str
    bytes: int
    modified_ns: int | None = None  # of a local file, to know it again without reading it
    title: str | None = None
    uploader: str | None = None
    licence: str | None = None
    published: str | None = None  # YYYY-MM-DD
    tools: dict[str, str] = field(default_factory=dict)

    @property
    def recording_id(self) -> str:
        """The same bytes are the same recording."""
        return self.sha256[:16]
