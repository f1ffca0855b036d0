"""SIGKILL at random moments: whatever was acknowledged is there, and the work goes on."""

import http.client
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.tirdata.annotate.stand_ins import COUNT, box_at
from tests.tirdata.annotate.test_annotate import TEMPLATE, item, xml
from tests.tirdata.review.client import Client, at_rest, serving, until
from tests.tirdata.review.edits import begin, draw
from tirdata.annotate.annotate import annotate_sequence, derive
from tirdata.annotate.check import journal_faults
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay
from tirdata.dataset.tree import Dataset, SequenceId

SERVER = """
import sys, time
from pathlib import Path
from tests.tirdata.annotate.stand_ins import TemplateTracker
from tests.tirdata.annotate.test_annotate import TEMPLATE
from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset
from tirdata.review.serve import serve

class Slow(TemplateTracker):
    def track(self, frame):
        time.sleep(0.002)
        return super().track(frame)

tracking = Tracking(TEMPLATE.config, Slow)
serve(Dataset.open(Path(sys.argv[1])), tracking, "127.0.0.1", 0, lambda at: print(at, flush=True))
"""


class Server:
    """The server in a process that can be killed."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        found = re.search(r":(\d+)/", self.process.stdout.readline())
        assert found is not None
        self.client = Client(int(found[1]))

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL


def edit_until_killed(client: Client, name: str, chance: random.Random) -> list[tuple[int, str]]:
    """Frames whose box was acknowledged, each with the last word on it."""
    done: list[tuple[int, str]] = []
    try:
        state = client.sequence(name)
        if not state["tracks"]:
            client.say(name, begin(state))
            done.append((0, "draw"))
        while True:
            frame = chance.randrange(1, COUNT)
            human = client.sequence(name)["tracks"][0]["human"]
            delete = str(frame) in human and chance.random() < 0.5
            edit = {"do": "delete_box", "track": 0, "frame": frame}
            box = [5 + chance.random() * 100, 5 + chance.random() * 80, 20.0, 14.0]
            answer = client.say(name, edit if delete else draw(state, frame, box=box))
            if answer.status == 200:
                done.append((frame, "delete" if delete else "draw"))
    except (OSError, http.client.HTTPException, ValueError):
        return done


def run_and_kill(dataset: Dataset, name: str, chance: random.Random) -> list[tuple[int, str]]:
    server = Server(dataset.root)
    killer = threading.Timer(chance.uniform(0.0, 0.8), server.kill)
    assert server.client.get("/api/dataset").status == 200
    killer.start()
    done = edit_until_killed(server.client, name, chance)
    killer.join()
    return done


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_while_people_edit_and_a_tracker_runs(
    dataset: Dataset, name: str, kills: int
) -> None:
    sequence = SequenceId.parse(name)
    journal = Journal(dataset.journal_path(sequence))
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    acknowledged = 0
    for _ in range(kills):
        before = {frame for human in replay(journal.read()).values() for frame in human.boxes}
        done = run_and_kill(dataset, name, chance)
        acknowledged += len(done)
        wanted = dict.fromkeys(before, "draw") | dict(done)
        after = {frame for human in replay(journal.read()).values() for frame in human.boxes}
        drawn = {frame for frame, what in wanted.items() if what == "draw"}
        # The last request may have been written and not acknowledged: one frame more or less.
        assert len(after ^ drawn) <= 1, (after, drawn)
    assert acknowledged > kills
    with serving(dataset, TEMPLATE) as client, client.events(name) as events:
        next(events)
        until(lambda: not client.sequence(name)["tracks"][0]["pending"], 60)
        at_rest(client)
        assert client.sequence(name)["xml"]["state"] == "current"
    tracks = dataset.read_tracks(sequence, COUNT)
    assert not list(journal_faults(dataset, sequence, tracks))
    human = replay(journal.read())[0]
    assert np.flatnonzero(~tracks[0].generated).tolist() == sorted(human.boxes)
    replayed(dataset, sequence)


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_annotate_killed_while_it_propagates(dataset: Dataset, name: str, kills: int) -> None:
    sequence = SequenceId.parse(name)
    program = SERVER.partition("serve(Dataset")[0] + (
        "from tirdata.annotate.annotate import Item, annotate_sequence\n"
        "dataset = Dataset.open(Path(sys.argv[1]))\n"
        "print(flush=True)\n"
        "tracking = Tracking(TEMPLATE.config, Slow, again=True)\n"
        "while True:\n"
        "    annotate_sequence(Item(dataset.root, dataset.sequence_ids()[0]), tracking=tracking)\n"
    )
    chance = random.Random(3)  # noqa: S311
    journal = Journal(dataset.journal_path(sequence))
    with serving(dataset) as client:
        state = client.sequence(name)
        client.say(name, begin(state), draw(state, 20))
        at_rest(client)
    for kill in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(dataset.root)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.4))
            process.kill()
        assert replay(journal.read())[0].boxes == {0: box_at(0), 20: box_at(20)}, kill
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    tracks = dataset.read_tracks(sequence, COUNT)
    assert not list(journal_faults(dataset, sequence, tracks))
    assert np.flatnonzero(~tracks[0].generated).tolist() == [0, 20]
    replayed(dataset, sequence)


def replayed(dataset: Dataset, sequence: SequenceId) -> None:
    """The journal alone gives the same XML."""
    before = xml(dataset, sequence)
    for path in dataset.annotation_dir(sequence).iterdir():
        path.unlink()
    derive(dataset, sequence)
    assert xml(dataset, sequence) == before
