"""The journal of one sequence: append-only JSON lines, forced to disk before an edit counts."""

import fcntl
import getpass
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from tirdata.annotate.events import Entry, Event, UndoEvent
from tirdata.errors import AnnotationError, UsageError
from tirdata.files import storage_error

logger = logging.getLogger(__name__)

LOCK_WAIT_S = 10.0


class Journal:
    """Reads and appends entries; two writers wait for each other."""

    def __init__(self, path: Path, author: str | None = None) -> None:
        self.path = path
        self.author = author or _user()

    def read(self) -> tuple[Entry, ...]:
        """Every entry, oldest first; a torn last line (a write that never ended) is left out.

        Raises:
            AnnotationError: a line is not an entry; the file and the line are named.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        entries, _ = self._parse(data)
        return entries

    def append(self, events: Iterable[Event]) -> Entry:
        """Write one entry and return when it is on the disk.

        Raises:
            StorageError: the disk is full or the file cannot be written; nothing is added.
            AnnotationError: the journal is broken, or another process holds it.
        """
        given = tuple(events)
        return self._add(lambda _: given)

    def undo(self) -> Entry:
        """Take back the last thing a person did, and what a tracker made of it since.

        Raises:
            UsageError: there is nothing left to undo.
        """
        return self._add(self._last_edit)

    def redo(self) -> Entry:
        """Take back the last undo, as long as a person did nothing else since.

        Raises:
            UsageError: there is nothing to redo.
        """
        return self._add(self._last_undo)

    @contextmanager
    def locked(self) -> Iterator[IO[bytes]]:
        """The open file, held against other writers, at its start.

        Raises:
            StorageError: the file cannot be made or opened for writing.
            AnnotationError: another process held it for too long.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise storage_error(self.path, error) from error
        with file:
            self._wait_for_lock(file)
            file.seek(0)
            yield file

    def _add(self, decide: Callable[[tuple[Entry, ...]], tuple[Event, ...]]) -> Entry:
        with self.locked() as file:
            data = file.read()
            entries, whole = self._parse(data)
            entry = Entry(
                id=len(entries) + 1,
                time=datetime.now(UTC).isoformat(timespec="milliseconds"),
                author=self.author,
                events=decide(entries),
            )
            line = entry.model_dump_json().encode() + b"\n"
            if whole and data[whole - 1 : whole] != b"\n":  # a whole entry without its line end
                line = b"\n" + line
            self._write(file, whole, line)
        return entry

    def _last_edit(self, entries: tuple[Entry, ...]) -> tuple[Event, ...]:
        alive = [entry for entry in active(entries) if not entry.undone]
        last = next((entry.id for entry in reversed(alive) if not entry.by_machine), None)
        if last is None:
            raise UsageError(f"{self.path.stem}: nothing to undo")
        taken = (e.id for e in alive if e.id == last or (e.id > last and e.by_machine))
        return (UndoEvent(entries=tuple(taken)),)

    def _last_undo(self, entries: tuple[Entry, ...]) -> tuple[Event, ...]:
        undos = {entry.id for entry in entries if entry.undone}
        for entry in reversed(active(entries)):
            if entry.undone and undos.isdisjoint(entry.undone):
                return (UndoEvent(entries=(entry.id,)),)
            if not entry.undone and not entry.by_machine:
                break
        raise UsageError(f"{self.path.stem}: nothing to redo")

    def _wait_for_lock(self, file: IO[bytes]) -> None:
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AnnotationError(
                        f"{self.path}: another process is writing this journal; "
                        "try again when it has ended"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def _write(self, file: IO[bytes], whole: int, line: bytes) -> None:
        try:
            file.truncate(whole)  # a torn line must not be glued to ours
            try:
                left = memoryview(line)
                while left:  # a nearly full disk takes a part and then refuses
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(whole)
                raise
        except OSError as error:
            raise storage_error(self.path, error) from error

    def _parse(self, data: bytes) -> tuple[tuple[Entry, ...], int]:
        """Entries, and how many bytes of ``data`` they fill."""
        entries: list[Entry] = []
        offset = 0
        for number, line in enumerate(data.splitlines(keepends=True), start=1):
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
