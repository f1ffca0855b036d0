"""No room on the disk: one line that says so, nothing lost, and it goes on when there is room."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tirdata.annotate.stand_ins import bare_dataset, box_at
from tests.tirdata.review.edits import begin, draw
from tests.tirdata.review.test_kills import Server
from tirdata.annotate.annotate import derive
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay
from tirdata.dataset.tree import Dataset

BOX = ("--box", ",".join(f"{side:.2f}" for side in box_at(0)), "--frame", "0", "--class", "drone")
WORDS = (*BOX, "--propagate", "--tracker", "hold", "--engine", "serial")


def annotate(dataset: Dataset, most_bytes: int | None = None) -> "subprocess.CompletedProcess[str]":
    """The command; no file may get longer than ``most_bytes``, as on a disk that is nearly full."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-m", "cli", "annotate", str(dataset.root), *WORDS],
        cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


def written(dataset: Dataset) -> dict[str, bytes]:
    """All XML files, and the confidence."""
    found = [*dataset.root.glob("Annotations/**/*.xml"), *dataset.root.glob("confidence/*.json")]
    return {str(path.relative_to(dataset.root)): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("most_bytes", "boxes"),
    [
        pytest.param(0, 0, id="nothing", marks=pytest.mark.slow),
        pytest.param(250, 0, id="half of the box", marks=pytest.mark.slow),
        pytest.param(700, 1, id="the box alone"),
        pytest.param(1500, 1, id="half of what the tracker says", marks=pytest.mark.slow),
    ],
)
def test_annotate_says_it_in_a_line_and_goes_on_with_room(
    tmp_path: Path, most_bytes: int, boxes: int
) -> None:
    dataset, other = bare_dataset(tmp_path / "data"), bare_dataset(tmp_path / "other")
    (sequence,) = dataset.sequence_ids()
    done = annotate(dataset, most_bytes)
    assert done.returncode == 1, done
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    assert "cannot write (File too large); make room" in line
    assert "Traceback" not in done.stderr
    entries = Journal(dataset.journal_path(sequence)).read()
    assert sum(len(human.boxes) for human in replay(entries).values()) == boxes
    assert not list(dataset.root.rglob(".part-*"))
    for each in (dataset, other):
        again = annotate(each)
        assert again.returncode == 0, again.stderr
    assert written(dataset) == written(other)


def test_review_refuses_and_goes_on_with_room(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "data")
    (sequence,) = dataset.sequence_ids()
    path = dataset.journal_path(sequence)
    server = Server(dataset.root)
    try:
        client, name = server.client, sequence.name
        state = client.sequence(name)
        assert client.say(name, begin(state)).status == 200
        soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        room = (path.stat().st_size + 50, hard)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, room)
        refused = client.say(name, draw(state, 20))
        assert (refused.status, refused.kind) == (507, "storage")
        assert "cannot write (File too large)" in refused.message
        assert sorted(replay(Journal(path).read())[0].boxes) == [0]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        assert client.say(name, draw(state, 20)).status == 200
        assert sorted(replay(Journal(path).read())[0].boxes) == [0, 20]
    finally:
        server.kill()
    derive(dataset, sequence)
    assert len(written(dataset)) > 1
