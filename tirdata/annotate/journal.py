"""The journal of one sequence: append-only JSON lines, forced to disk before an edit counts."""

import getpass
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from pydantic import ValidationError

from tirdata.annotate.events import Entry, Event, UndoEvent
from tirdata.annotate.lock import holder, take
from tirdata.errors import AnnotationError, BusyError, ConflictError, UsageError
from tirdata.files import storage_error

logger = logging.getLogger(__name__)

LOCK_WAIT_S = 10.0
_TAIL_BYTES = 4096  # of what was read, compared before the rest of a longer file is read alone


class _Known(NamedTuple):
    """What was read of a file that only ever gets longer."""

    inode: int
    size: int  # of the whole entries, in bytes
    tail: bytes  # the last of them
    entries: tuple[Entry, ...]


_NOTHING = _Known(-1, 0, b"", ())


class Journal:
    """Reads and appends entries; two writers wait for each other.

    Whoever keeps one and reads again parses only what is new. Not for several threads at once.
    """

    def __init__(self, path: Path, author: str | None = None) -> None:
        self.path = path
        self.author = author or _user()
        self._known = _NOTHING

    def read(self) -> tuple[Entry, ...]:
        """Every entry, oldest first; a torn last line (a write that never ended) is left out.

        Raises:
            AnnotationError: a line is not an entry; the file and the line are named.
        """
        try:
            file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            return ()
        with file:
            return self._load(file).entries

    def append(self, events: Iterable[Event], expected: str | None = None) -> Entry:
        """Write one entry and return when it is on the disk.

        ``expected`` is the ``version`` that the entry is meant for.

        Raises:
            StorageError: the disk is full or the file cannot be written; nothing is added.
            AnnotationError: the journal is broken.
            BusyError: another process holds it.
            ConflictError: a person said something since ``expected``.
        """
        given = tuple(events)
        return self.append_if(lambda _: given, expected)

    def append_if(
        self, decide: Callable[[tuple[Entry, ...]], tuple[Event, ...]], expected: str | None = None
    ) -> Entry:
        """As ``append``, with events that follow from the entries while nobody else can write.

        What ``decide`` raises comes out, and nothing is written.
        """
        with self.locked() as file:
            known = self._load(file)
            if expected not in (None, found := version(known.entries)):
                raise ConflictError(
                    f"{self.path}: something was said since version {expected}; now it is {found}"
                )
            entry = Entry(
                id=len(known.entries) + 1,
                time=datetime.now(UTC).isoformat(timespec="milliseconds"),
                author=self.author,
                events=decide(known.entries),
            )
            line = entry.model_dump_json().encode() + b"\n"
            if known.tail and not known.tail.endswith(b"\n"):  # a whole entry without its end
                line = b"\n" + line
            self._write(file, known.size, line)
            self._known = self._extended(known, known.inode, known.tail + line, (entry,))
        return entry

    def undo(self, expected: str | None = None) -> Entry:
        """Take back the last thing a person did, and what a tracker made of it since.

        Raises:
            UsageError: there is nothing left to undo.
            ConflictError: a person said something since ``expected``.
        """
        return self.append_if(self._last_edit, expected)

    def redo(self, expected: str | None = None) -> Entry:
        """Take back the last undo, as long as a person did nothing else since.

        Raises:
            UsageError: there is nothing to redo.
            ConflictError: a person said something since ``expected``.
        """
        return self.append_if(self._last_undo, expected)

    @contextmanager
    def locked(self) -> Iterator[IO[bytes]]:
        """The open file, held against other writers.

        Raises:
            StorageError: the file cannot be made or opened for writing.
            BusyError: another process held it for too long.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise storage_error(self.path, error) from error
        with file:
            if not take(file, LOCK_WAIT_S):
                raise BusyError(
                    f"{self.path}: {holder(file)} is writing this journal; try again when it has "
                    "ended, or stop it"
                )
            yield file

    def _last_edit(self, entries: tuple[Entry, ...]) -> tuple[Event, ...]:
        taken = undoable(entries)
        if not taken:
            raise UsageError(f"{self.path.stem}: nothing to undo")
        return (UndoEvent(entries=tuple(entry.id for entry in taken)),)

    def _last_undo(self, entries: tuple[Entry, ...]) -> tuple[Event, ...]:
        undo = redoable(entries)
        if undo is None:
            raise UsageError(f"{self.path.stem}: nothing to redo")
        return (UndoEvent(entries=(undo.id,)),)

    def _load(self, file: IO[bytes]) -> _Known:
        """All entries; those that were known already are not parsed again."""
        known, status = self._known, os.fstat(file.fileno())
        if known.inode != status.st_ino or known.size > status.st_size:
            known = _NOTHING
        file.seek(known.size - len(known.tail))
        data = file.read()
        if not data.startswith(known.tail):
            known = _NOTHING
            file.seek(0)
            data = file.read()
        entries, size = self._parse(data[len(known.tail) :], known.entries)
        found = self._extended(known, status.st_ino, data[: len(known.tail) + size], entries)
        if found.tail.endswith(b"\n"):  # else somebody may yet write the end of the last line
            self._known = found
        return found

    @staticmethod
    def _extended(known: _Known, inode: int, data: bytes, more: tuple[Entry, ...]) -> _Known:
        """``data``: the known tail and the whole lines after it."""
        size = known.size - len(known.tail) + len(data)
        return _Known(inode, size, data[-_TAIL_BYTES:], known.entries + more)

    def _write(self, file: IO[bytes], whole: int, line: bytes) -> None:
        try:
            file.truncate(whole)  # a torn line must not be glued to ours
            try:
                left = memoryview(line)
                while left:  # a nearly full disk takes a part and then refuses
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
                if not whole:  # a new file is there for good when its folder says so
                    self._sync_folder()
            except OSError:
                file.truncate(whole)
                raise
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _parse(self, data: bytes, before: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], int]:
        """Entries after ``before``, and how many bytes of ``data`` they fill."""
        entries: list[Entry] = []
        offset = 0
        for number, line in enumerate(data.splitlines(keepends=True), start=len(before) + 1):
            try:
                entry = Entry.model_validate_json(line)
            except ValidationError as error:
                if not line.endswith(b"\n"):
                    logger.warning("%s: line %d is torn and left out", self.path, number)
                    return tuple(entries), offset
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"]) or "line"
                raise AnnotationError(
                    f"{self.path}: line {number}: {where}: {fault['msg']}; expected an entry "
                    "as schemas/journal-entry.schema.json says"
                ) from None
            if entry.id != number:
                raise AnnotationError(
                    f"{self.path}: line {number}: entry {entry.id}; expected {number}: "
                    "lines are missing or doubled"
                )
            entries.append(entry)
            offset += len(line)
        return tuple(entries), offset


def version(entries: Iterable[Entry]) -> str:
    """Changes with everything that a person says, and with nothing that a machine does."""
    said = [entry for entry in entries if not entry.by_machine]
    text = said[-1].model_dump_json() if said else ""
    return f"{len(said)}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def undoable(entries: Iterable[Entry]) -> list[Entry]:
    """What an undo takes back: the last thing a person did, and a machine's work since."""
    alive = [entry for entry in active(entries) if not entry.undone]
    last = next((entry for entry in reversed(alive) if not entry.by_machine), None)
    if last is None or last.adoption:
        return []
    return [e for e in alive if e.id == last.id or (e.id > last.id and e.by_machine)]


def redoable(entries: Iterable[Entry]) -> Entry | None:
    """The undo that a redo takes back; None when a person did something else since."""
    known = tuple(entries)
    undos = {entry.id for entry in known if entry.undone}
    for entry in reversed(active(known)):
        if entry.undone and undos.isdisjoint(entry.undone):
            return entry
        if not entry.undone and not entry.by_machine:
            break
    return None


def active(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that no later undo has taken back, oldest first (live undos among them)."""
    gone: set[int] = set()
    alive: list[Entry] = []
    for entry in reversed(list(entries)):
        if entry.id in gone:
            continue
        alive.append(entry)
        gone |= entry.undone
    return alive[::-1]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
