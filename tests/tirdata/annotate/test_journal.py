"""The journal loses nothing: torn lines, full disks, two writers, undo."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tirdata.annotate import journal as module
from tirdata.annotate.events import BoxEvent, EndEvent, Entry, ImportEvent, PropagatedEvent
from tirdata.annotate.journal import Journal, active, version
from tirdata.errors import (
    AnnotationError,
    BusyError,
    ConflictError,
    StorageError,
    UsageError,
)
from tirdata.types import Box

BOX = BoxEvent(track=0, frame=3, class_name="drone", box=Box(1, 2, 3, 4))


MACHINE = PropagatedEvent(track=0, tracker="made", state="", boxes=(), confidence=())


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "keyframes" / "one.jsonl", "anna")


def test_no_file_is_no_entries(journal: Journal) -> None:
    assert journal.read() == ()


def test_entry_is_one_line_and_comes_back_whole(journal: Journal) -> None:
    entry = journal.append([BOX, EndEvent(track=0, frame=9)])
    (line,) = journal.path.read_text().splitlines()
    assert json.loads(line)["author"] == "anna"
    assert json.loads(line)["time"].endswith("+00:00")
    assert journal.read() == (entry,)
    assert entry.events == (BOX, EndEvent(track=0, frame=9))


def test_torn_last_line_is_left_out_and_the_next_entry_stands_alone(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    first = journal.append([BOX])
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[: len(whole) // 2])
    assert journal.read() == (first,)
    assert "line 2 is torn" in caplog.text
    second = journal.append([EndEvent(track=0, frame=9)])
    assert journal.read() == (first, second)
    assert len(journal.path.read_text().splitlines()) == 2


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_every_cut_of_the_last_line_keeps_all_before_it(journal: Journal, share: float) -> None:
    entries = [journal.append([BOX]), journal.append([BOX])]
    data = journal.path.read_bytes()
    start = data.index(b"\n") + 1
    journal.path.write_bytes(data[: start + max(1, int((len(data) - start) * share) - 1)])
    assert journal.read() in {tuple(entries[:1]), tuple(entries)}


def test_whole_last_line_without_its_end_counts(journal: Journal) -> None:
    journal.append([BOX])
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    journal.append([BOX])
    assert [entry.id for entry in journal.read()] == [1, 2]


def test_broken_line_in_the_middle_is_named(journal: Journal) -> None:
    journal.append([BOX])
    journal.append([BOX])
    first, second = journal.path.read_text().splitlines()
    journal.path.write_text(first.replace('"frame":3', '"frame":-3') + "\n" + second + "\n")
    with pytest.raises(AnnotationError, match=r"one\.jsonl: line 1: .*greater than or equal to 0"):
        journal.read()


def test_missing_line_is_noticed(journal: Journal) -> None:
    journal.append([BOX])
    journal.append([BOX])
    journal.path.write_text(journal.path.read_text().splitlines()[1] + "\n")
    with pytest.raises(AnnotationError, match="line 1: entry 2; expected 1"):
        journal.read()


def test_import_needs_a_flag_for_each_box() -> None:
    with pytest.raises(ValueError, match="generated has 1 entries for 2 boxes"):
        ImportEvent(track=0, class_name="bird", boxes=(None, None), generated=(0,), source="a.txt")


def test_undo_and_redo_walk_the_edits_back_and_forth(journal: Journal) -> None:
    journal.append([BOX])
    journal.append([EndEvent(track=0, frame=9)])

    def edits() -> list[int]:
        return [entry.id for entry in active(journal.read()) if not entry.undone]

    journal.undo()
    assert edits() == [1]
    journal.undo()
    assert edits() == []
    with pytest.raises(UsageError, match="nothing to undo"):
        journal.undo()
    journal.redo()
    assert edits() == [1]
    journal.redo()
    assert edits() == [1, 2]
    with pytest.raises(UsageError, match="nothing to redo"):
        journal.redo()


def test_redo_ends_where_something_new_was_done(journal: Journal) -> None:
    journal.append([BOX])
    journal.undo()
    journal.append([BOX])
    with pytest.raises(UsageError, match="nothing to redo"):
        journal.redo()


def test_nothing_is_added_when_the_disk_is_full(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.append([BOX])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        journal.append([BOX])
    monkeypatch.undo()
    assert journal.read() == (first,)


def test_read_only_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        Journal(tmp_path / "file" / "one.jsonl").append([BOX])


def test_held_journal_is_said(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.05)
    with journal.locked(), pytest.raises(BusyError, match=rf"this process \({os.getpid()}\)"):
        Journal(journal.path).append([BOX])


def append_many(path: Path, count: int) -> None:
    for _ in range(count):
        Journal(path).append([BOX])


def test_two_writers_lose_nothing(journal: Journal) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(journal.path, 15)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [entry.id for entry in journal.read()] == list(range(1, 31))


HOLDING = """
import sys, time
from pathlib import Path
from tirdata.annotate.journal import Journal

with Journal(Path(sys.argv[1])).locked():
    print(flush=True)
    time.sleep(60)
"""


def test_holder_of_a_journal_is_named(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.05)
    command = [sys.executable, "-c", HOLDING, str(journal.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(BusyError, match=rf"one\.jsonl: process {process.pid} \(python"):
            journal.append([BOX])
        process.kill()
    journal.append([BOX])  # a lock ends with its process


def test_edit_for_an_older_version_is_refused_and_nothing_is_written(journal: Journal) -> None:
    before = version(journal.read())
    journal.append([BOX], expected=before)
    data = journal.path.read_bytes()
    with pytest.raises(ConflictError, match=f"since version {before}"):
        journal.append([BOX], before)
    with pytest.raises(ConflictError, match=f"since version {before}"):
        journal.undo(before)
    assert journal.path.read_bytes() == data


def test_a_machines_entry_leaves_the_version(journal: Journal) -> None:
    journal.append([BOX])
    before = version(journal.read())
    journal.append([MACHINE])
    assert version(journal.read()) == before
    journal.undo()
    assert version(journal.read()) != before


def test_journal_that_is_kept_parses_only_what_is_new(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Journal(journal.path)
    for _ in range(3):
        other.append([BOX])
    assert len(journal.read()) == 3
    other.append([EndEvent(track=0, frame=9)])
    parsed: list[int] = []
    whole = Journal._parse

    def counted(self: Journal, data: bytes, before: tuple[Entry, ...]) -> object:
        parsed.append(data.count(b"\n"))
        return whole(self, data, before)

    monkeypatch.setattr(Journal, "_parse", counted)
    assert journal.read() == other.read()
    assert parsed == [1, 0]


def test_journal_that_is_kept_notices_another_file_in_its_place(journal: Journal) -> None:
    journal.append([BOX])
    journal.append([BOX])
    first = journal.path.read_text().splitlines()[0]
    journal.path.unlink()
    journal.path.write_text(
        first.replace("anna", "bert") + "\n" + first.replace(":1,", ":2,", 1) + "\n"
    )
    assert [entry.author for entry in journal.read()] == ["bert", "anna"]


def test_line_end_that_comes_later_is_no_line(journal: Journal) -> None:
    journal.append([BOX])
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole.rstrip(b"\n"))
    assert len(journal.read()) == 1
    Journal(journal.path).append([BOX])
    assert len(journal.read()) == 2
    journal.append([BOX])
    assert len(journal.read()) == 3


def test_boxes_of_an_xml_without_a_journal_are_not_undone(journal: Journal) -> None:
    journal.append([ImportEvent(track=0, class_name="a", boxes=(), source="Annotations/VID/x")])
    journal.append([BOX])
    journal.undo()
    with pytest.raises(UsageError, match="nothing to undo"):
        journal.undo()


@given(st.lists(st.sampled_from(["edit", "machine", "undo", "redo"]), max_size=30))
def test_undo_and_redo_are_a_stack(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder, "one.jsonl"))
        done: list[int] = []
        undone: list[int] = []
        for number, step in enumerate(steps):
            if step == "edit":
                journal.append([EndEvent(track=0, frame=number)])
                done, undone = [*done, number], []
            elif step == "machine":
                journal.append([MACHINE])
            elif source := done if step == "undo" else undone:
                (journal.undo if step == "undo" else journal.redo)()
                (undone if step == "undo" else done).append(source.pop())
            else:
                with pytest.raises(UsageError, match=f"nothing to {step}"):
                    (journal.undo if step == "undo" else journal.redo)()
        events = [event for entry in active(journal.read()) for event in entry.events]
        assert [event.frame for event in events if isinstance(event, EndEvent)] == done


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a file system of its own")
def test_full_disk_refuses_an_entry_and_keeps_all_before_it(tmp_path: Path) -> None:
    program = f"""
import os, sys
from pathlib import Path
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.errors import StorageError
from tirdata.types import Box

journal = Journal(Path({str(tmp_path)!r}) / "one.jsonl")
box = BoxEvent(track=0, frame=3, class_name="drone", box=Box(1, 2, 3, 4))
kept = 0
try:
    while kept < 10_000:
        journal.append([box] * 20)
        kept += 1
except StorageError as error:
    assert "No space left" in str(error), error
entries = Journal(journal.path).read()
assert len(entries) == kept < 10_000, (len(entries), kept)
print("kept", kept)
"""
    mount = f"mount -t tmpfs -o size=128k none {tmp_path} && exec {sys.executable} -"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount],
        cwd=ROOT, input=program, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no file system of its own here: {done.stderr.strip()}")
    assert done.stdout.startswith("kept "), done.stderr
