"""A review server on a free port, and a client that says exactly what a test wants."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset
from tirdata.review.app import build_app
from tirdata.review.connection import Connection
from tirdata.review.desk import Desk
from tirdata.review.security import Rules

Form = dict[str, Any]
WAIT_S = 20.0


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def form(self) -> Form:
        found: Form = json.loads(self.data)
        return found

    @property
    def kind(self) -> str:
        """Of an error."""
        return str(self.form["error"]["kind"])

    @property
    def message(self) -> str:
        return str(self.form["error"]["message"])


@dataclass
class Client:
    """Talks to one server."""

    port: int
    desk: Desk | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            found = connection.getresponse()
            names = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, names, found.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, value: object, headers: Mapping[str, str] | None = None) -> Answer:
        given = {"content-type": "application/json", **(headers or {})}
        return self.ask("POST", path, json.dumps(value).encode(), given)

    @contextmanager
    def events(self, name: str) -> Iterator[Iterator[tuple[str, Form]]]:
        """The events of a sequence as they come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request("GET", f"/api/sequences/{name}/events")
            found = connection.getresponse()
            assert found.status == 200, found.read()
            assert found.getheader("content-type", "").startswith("text/event-stream")
            yield _events(found)
        finally:
            connection.close()

    def sequence(self, name: str) -> Form:
        found = self.get(f"/api/sequences/{name}")
        assert found.status == 200, found.data
        return found.form

    def say(self, name: str, *edits: Form, version: str | None = None) -> Answer:
        version = version or self.sequence(name)["version"]
        return self.post(f"/api/sequences/{name}/edits", {"version": version, "edits": edits})

    def step(self, name: str, verb: str) -> Answer:
        """Undo or redo."""
        version = self.sequence(name)["version"]
        return self.post(f"/api/sequences/{name}/{verb}", {"version": version})


@contextmanager
def serving(
    dataset: Dataset, tracking: Tracking | None = None, token: str | None = None, local: bool = True
) -> Iterator[Client]:
    """A server in this process, and its client."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        desk = Desk(Dataset.open(dataset.root), tracking)
        app = build_app(desk, Rules(port, token=token, local=local))
        config = uvicorn.Config(
            app,
            http=Connection,
            log_config=None,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started)
            yield Client(port, desk)
        finally:
            server.should_exit = True
            thread.join(timeout=WAIT_S)
            assert not thread.is_alive()


def until(done: Callable[[], object], wait_s: float = WAIT_S) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + wait_s
    while not done():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.02)


def at_rest(client: Client) -> None:
    """Wait until the background has nothing to do."""
    desk = client.desk
    assert desk is not None
    until(desk.propagator.idle)


def _events(stream: http.client.HTTPResponse) -> Iterator[tuple[str, Form]]:
    name = ""
    while line := stream.readline():
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, json.loads(text.removeprefix("data: "))
