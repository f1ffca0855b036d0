"""The sequences of a dataset, most doubtful first, kept up to date in the background."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from tirdata.config import Config, read_json
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import TirDataError
from tirdata.files import write_text
from tirdata.review.summary import Said, Summary, signature_of

logger = logging.getLogger(__name__)

CACHE_NAME = ".tirdata-review.json"  # in the root of the dataset; may be removed at any time
LOOK_AGAIN_S = 2.0
SAVE_S = 10.0

STATES: dict[str, Callable[[Summary], bool]] = {
    "any": lambda _: True,
    "empty": lambda each: each.error is None and each.tracks == 0,
    "doubtful": lambda each: each.doubtful > 0 or each.lost > 0,
    "pending": lambda each: each.pending > 0,
    "reviewed": lambda each: each.reviewed,
    "broken": lambda each: each.error is not None,
}
ORDERS = ("doubt", "name")


class Summaries(Config):
    """The cache's file."""

    format: int = 1
    """Version of what a summary counts; another one is worked out anew."""
    sequences: dict[str, Summary]
    """By name."""


class Queue:
    """Summaries of all sequences; one thread works them out, nobody waits for it."""

    def __init__(
        self,
        dataset: Dataset,
        on_found: Callable[[SequenceId, Summary], None] = lambda *_: None,
        said: Callable[[SequenceId], Said | None] = lambda _: None,
    ) -> None:
        """``said`` is asked for what is known already of a sequence, before its journal is read."""
        self._dataset = dataset
        self._on_found = on_found
        self._said = said
        self._wake = threading.Condition()
        self._known: dict[str, Summary] = {}
        self._ids: list[SequenceId] = []
        self._touched: set[SequenceId] = set()
        self._look = True
        self._looked = float("-inf")
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="queue", daemon=True)

    def start(self) -> None:
        self._ids = self._dataset.sequence_ids()
        self._known = self._load()
        self._thread.start()

    def end(self) -> None:
        with self._wake:
            self._ended = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def touch(self, sequence: SequenceId) -> None:
        """Something changed in a sequence."""
        with self._wake:
            self._touched.add(sequence)
            self._wake.notify()

    def __len__(self) -> int:
        return len(self._ids)

    def page(self, *, order: str, state: str, find: str, offset: int, limit: int) -> dict[str, Any]:
        """A part of the queue, as the page is told."""
        with self._wake:
            known, ids = dict(self._known), self._ids
            if time.monotonic() - self._looked > LOOK_AGAIN_S:
                self._look = True
                self._wake.notify()
        wanted = STATES[state]
        words = find.casefold()
        rows = [
            (each, found)
            for each in ids
            if (found := known.get(each.name)) is not None or state == "any"
            if found is None or wanted(found)
            if words in f"{each.name} {found.title if found else ''}".casefold()
        ]
        if order == "doubt":
            rows.sort(key=lambda row: _rank(*row))
        return {
            "total": len(rows),
            "known": sum(each.name in known for each in ids),
            "offset": offset,
            "items": [_item(*row) for row in rows[offset : offset + limit]],
        }

    def _work(self) -> None:
        saved = time.monotonic()
        dirty = False
        while True:
            with self._wake:
                if not (self._touched or self._look or self._ended):
                    self._wake.wait(SAVE_S if dirty else None)
                ended, look, touched = self._ended, self._look, self._touched
                self._look, self._touched = False, set()
            if look and not ended:
                dirty |= self._look_at_all()
            for each in touched:
                dirty |= self._look_at(each)
            if dirty and (ended or time.monotonic() - saved >= SAVE_S):
                self._save()
                saved, dirty = time.monotonic(), False
            if ended:
                return

    def _look_at_all(self) -> bool:
        ids = self._dataset.sequence_ids()
        with self._wake:
            self._ids = ids
            names = {each.name for each in ids}
            self._known = {name: each for name, each in self._known.items() if name in names}
        changed = False
        for each in ids:
            if self._ended:
                break
            changed |= self._look_at(each)
        self._looked = time.monotonic()
        return changed

    def _look_at(self, sequence: SequenceId) -> bool:
        signature = signature_of(self._dataset, sequence)
        old = self._known.get(sequence.name)
        if old is not None and old.signature == signature:
            self._on_found(sequence, old)
            return False
        try:
            found = Summary.of(self._dataset, sequence, signature, self._said(sequence))
        except Exception as error:  # one sequence must not end the queue
            logger.exception("%s: no summary", sequence.name)
            found = Summary(signature=signature, error=f"{type(error).__name__}: {error}")
        with self._wake:
            self._known[sequence.name] = found
        self._on_found(sequence, found)
        return True

    def _load(self) -> dict[str, Summary]:
        path = self._dataset.root / CACHE_NAME
        try:
            found = read_json(path, Summaries) if path.exists() else None
        except (TirDataError, OSError):
            found = None  # a cache that cannot be read is one that is not there
        return dict(found.sequences) if found is not None and found.format == 1 else {}

    def _save(self) -> None:
        with self._wake:
            value = Summaries(sequences=dict(self._known))
        try:
            write_text(self._dataset.root / CACHE_NAME, value.model_dump_json() + "\n")
        except TirDataError as error:
            logger.warning("the queue is worked out anew at the next start: %s", error)


def _rank(sequence: SequenceId, found: Summary | None) -> tuple[int, float, SequenceId]:
    if found is None:
        return (2, 0.0, sequence)
    return (1 if found.reviewed else 0, -found.doubt, sequence)


def _item(sequence: SequenceId, found: Summary | None) -> dict[str, Any]:
    if found is None:
        keys = ("title", "frames", "tracks", "human", "doubt", "doubtful", "lost", "pending")
        empty: dict[str, Any] = dict.fromkeys((*keys, "unboxed", "reviewed", "error"))
        return {"sequence": sequence.name, **empty}
    hidden = {"signature", "resume", "entries"}
    return {"sequence": sequence.name, **found.model_dump(mode="json", exclude=hidden)}
