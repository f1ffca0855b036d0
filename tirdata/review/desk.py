"""All that one server works with: the dataset, what is open, the queue, the background."""

import threading
from collections import OrderedDict

from tirdata.annotate.annotate import Tracking
from tirdata.annotate.edited import followed
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.errors import DataError, TirDataError
from tirdata.review.forms import Form
from tirdata.review.hub import Hub
from tirdata.review.opened import Opened
from tirdata.review.propagator import Propagator
from tirdata.review.queue import Queue
from tirdata.review.summary import Said, Summary

MOST_OPEN = 100


class NoSuchSequenceError(DataError):
    """There is no sequence of this name."""


class Desk:
    """Ties the parts together; for several threads at once."""

    def __init__(self, dataset: Dataset, tracking: Tracking | None) -> None:
        self.dataset = dataset
        self.tracking = tracking
        self.hub = Hub()
        self.queue = Queue(dataset, self._found, self._said)
        self.propagator = Propagator(
            dataset, tracking, self.opened, self.hub, on_change=self.queue.touch
        )
        self._lock = threading.Lock()
        self._open: OrderedDict[SequenceId, Opened] = OrderedDict()
        self._met: set[SequenceId] = set()  # whose pending work was looked for since the start

    def start(self) -> None:
        self.propagator.start()
        self.queue.start()

    def end(self) -> None:
        self.queue.end()
        self.propagator.end()

    def find(self, name: str) -> Opened:
        """The sequence of this name; a name is read as what it stands for, never as a path.

        Raises:
            NoSuchSequenceError: it is no name, or none of this dataset.
            DataError: its files are broken.
        """
        try:
            sequence = SequenceId.parse(name)
        except DataError as error:
            raise NoSuchSequenceError(str(error)) from None
        if not self.dataset.card_path(sequence).is_file():
            raise NoSuchSequenceError(f"{name}: no such sequence in {self.dataset.root}")
        return self.opened(sequence)

    def opened(self, sequence: SequenceId) -> Opened:
        """The one that everybody shares.

        Raises:
            DataError: its files are broken.
        """
        with self._lock:
            found = self._open.get(sequence)
            if found is None:
                found = self._open[sequence] = Opened(self.dataset, sequence)
            self._open.move_to_end(sequence)
            heard = set(self.hub.heard())
            for each in list(self._open)[: max(0, len(self._open) - MOST_OPEN)]:
                if each not in heard:
                    del self._open[each]
        return found

    def said(self, opened: Opened, before: str, answer: Form) -> None:
        """Tell everybody what a person said, and begin what follows from it."""
        if answer["version"] == before:
            return
        tracks = [each.id for each in answer["tracks"]] + answer["removed"]
        self.changed(opened, tracks, "person", answer)
        self.propagator.edited(opened)

    def changed(self, opened: Opened, tracks: list[int] | None, by: str, head: Form) -> None:
        """The journal got longer."""
        data = {"tracks": tracks, "by": by, "version": head["version"], "entries": head["entries"]}
        self.hub.send(opened.sequence, "changed", data)
        self.queue.touch(opened.sequence)

    def look_outside(self, opened: Opened) -> None:
        """Notice what another process wrote."""
        if opened.outside():
            self.changed(opened, None, "outside", opened.head())
            self.propagator.edited(opened)

    def _said(self, sequence: SequenceId) -> Said | None:
        with self._lock:
            known = self._open.get(sequence)
        try:
            return known.said() if known is not None else None
        except TirDataError:
            return None  # the queue finds the same fault, and says it

    def _found(self, sequence: SequenceId, summary: Summary) -> None:
        """At the start: go on with what a server or a command before us could not finish."""
        if sequence in self._met:
            return
        self._met.add(sequence)
        behind = summary.entries and followed(self.dataset, sequence, -1) != summary.entries
        if summary.error is None and (summary.resume or behind):
            self.propagator.request(sequence, urgent=False)
