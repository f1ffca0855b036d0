"""Events from whatever thread they come to every tab that listens to a sequence."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tirdata.dataset.tree import SequenceId

Listener = asyncio.Queue[str]
WAITING = 1000  # events of a tab that does not read; then it has to begin anew


class Hub:
    """Who listens to which sequence."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[SequenceId, list[tuple[asyncio.AbstractEventLoop, Listener]]] = {}

    def send(self, sequence: SequenceId, name: str, data: dict[str, Any]) -> None:
        """Tell everybody who listens; returns at once."""
        text = event_text(name, data)
        with self._lock:
            listeners = list(self._listeners.get(sequence, ()))
        for loop, queue in listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_put, queue, text)

    def end(self) -> None:
        """End every stream, so that a server that is told to stop has nothing to wait for."""
        with self._lock:
            listeners = [each for found in self._listeners.values() for each in found]
        for loop, queue in listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_put, queue, "")

    @contextmanager
    def listening(self, sequence: SequenceId) -> Iterator[Listener]:
        """A queue of the texts of all events; only on an event loop."""
        entry = (asyncio.get_running_loop(), Listener(WAITING))
        with self._lock:
            self._listeners.setdefault(sequence, []).append(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._listeners[sequence].remove(entry)
                if not self._listeners[sequence]:
                    del self._listeners[sequence]

    def heard(self) -> list[SequenceId]:
        """The sequences that somebody listens to."""
        with self._lock:
            return list(self._listeners)


def event_text(name: str, data: dict[str, Any]) -> str:
    """One event as Server-Sent Events have it."""
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n"


def _put(queue: Listener, text: str) -> None:
    try:
        queue.put_nowait(text)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait("")  # ends the stream: the tab connects again and asks for everything
