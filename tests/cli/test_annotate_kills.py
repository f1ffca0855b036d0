"""`annotate --propagate` killed at random moments: nothing acknowledged is lost, and it goes on."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.processes import assert_gone
from tests.tirdata.annotate.stand_ins import COUNT, bare_dataset, truth
from tirdata.annotate.annotate import derive
from tirdata.annotate.check import journal_faults
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Box

SEQUENCES, TRACKS = 2, 3
Said = dict[tuple[SequenceId, int, int], Box]
"""Sequence, track and frame to the box that was acknowledged."""


def cli(dataset: Dataset, *words: str) -> list[str]:
    command = [sys.executable, "-m", "cli", "annotate", str(dataset.root)]
    return [*command, "--device", "cpu", "--workers", "2", *words]


def say(dataset: Dataset, folder: Path, chance: random.Random) -> Said:
    """Some boxes by one command that ends well: from then on they count."""
    said: Said = {}
    lines = ["sequence,frame,track,class,x,y,w,h"]
    for sequence in dataset.sequence_ids():
        track, frame = chance.randrange(TRACKS), chance.randrange(COUNT)
        x, y, w, h = truth(sequence.recording)[frame].tolist()
        x = max(0.0, x - 12 * track)
        box = Box(round(x, 2), round(y, 2), round(w, 2), round(h, 2))
        said[sequence, track, frame] = box
        lines.append(f"{sequence.name},{frame},{track},drone,{','.join(map(str, box))}")
    rows = folder / "said.csv"
    rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        cli(dataset, "--boxes", str(rows)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return said


@contextmanager
def propagating(dataset: Dataset, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The command in a session of its own, so that its workers can be seen to end."""
    with subprocess.Popen(
        cli(dataset, "--propagate", *words),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        yield process


def kill_at_random(dataset: Dataset, words: tuple[str, ...], moment_s: float) -> None:
    with propagating(dataset, *words) as process:
        deadline = time.monotonic() + moment_s
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()
    assert_gone(process.pid, within_s=300)


def people_say(dataset: Dataset) -> Said:
    """All that the journals have of people."""
    return {
        (sequence, human.id, frame): box
        for sequence in dataset.sequence_ids()
        for human in replay(Journal(dataset.journal_path(sequence)).read()).values()
        for frame, box in human.boxes.items()
    }


def files(dataset: Dataset) -> dict[str, bytes]:
    """Every XML file and every confidence."""
    paths = [*dataset.root.glob("Annotations/**/*.xml"), *dataset.root.glob("confidence/*.json")]
    return {str(path.relative_to(dataset.root)): path.read_bytes() for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("tracker", ["hold", "mmnet"])
def test_sigkill_at_random_moments_loses_nothing(tmp_path: Path, tracker: str) -> None:
    kill_again_and_again(tmp_path, 50, tracker)


def kill_again_and_again(folder: Path, kills: int, tracker: str) -> None:
    dataset = bare_dataset(folder / "data", SEQUENCES)
    chance = random.Random(11)  # noqa: S311  # moments, not secrets
    words = ("--tracker", tracker)
    said = say(dataset, folder, chance)
    began = time.monotonic()
    finish(dataset, words)
    whole_s = time.monotonic() - began  # of this machine, as busy as it is
    for kill in range(kills):
        said |= say(dataset, folder, chance)
        kill_at_random(dataset, words, chance.uniform(0.0, 1.1 * whole_s))
        assert people_say(dataset) == said, kill
    finish(dataset, words)
    check(dataset, said)


def finish(dataset: Dataset, words: tuple[str, ...]) -> None:
    """The same command, left alone."""
    with propagating(dataset, *words) as process:
        assert process.wait() == 0


def check(dataset: Dataset, said: Said) -> None:
    """The XML has every box of people, says what the journals say, and follows from them alone."""
    left = list(dataset.root.rglob(".part-*"))
    assert not left
    for sequence in dataset.sequence_ids():
        tracks = dataset.read_tracks(sequence, COUNT)
        assert not list(journal_faults(dataset, sequence, tracks))
        human = replay(Journal(dataset.journal_path(sequence)).read())
        for track in tracks:
            frames = np.flatnonzero(~track.generated & track.present).tolist()
            assert frames == sorted(human[track.id].boxes)
            assert not human[track.id].stale(COUNT)
    assert people_say(dataset) == said
    before = files(dataset)
    other = Dataset.open(Path(shutil.copytree(dataset.root, dataset.root.with_name("replayed"))))
    for sequence in other.sequence_ids():
        shutil.rmtree(other.annotation_dir(sequence))
        other.confidence_path(sequence).unlink(missing_ok=True)
        derive(other, sequence)
    assert files(other) == before


def test_one_kill_in_the_middle(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "data", 1)
    said = say(dataset, tmp_path, random.Random(5))  # noqa: S311
    (sequence,) = dataset.sequence_ids()
    size = dataset.journal_path(sequence).stat().st_size
    with propagating(dataset, "--tracker", "hold") as process:
        while process.poll() is None and dataset.journal_path(sequence).stat().st_size == size:
            time.sleep(0.001)
        process.kill()  # the tracker's word is in the journal, the XML is being written
        process.wait()
    assert process.returncode in (0, -signal.SIGKILL)
    assert_gone(process.pid, within_s=300)
    assert people_say(dataset) == said
    finish(dataset, ("--tracker", "hold"))
    check(dataset, said)
