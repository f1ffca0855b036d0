"""The journal loses nothing: torn lines, full disks, two writers, undo."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from tirdata.annotate import journal as module
from tirdata.annotate.events import BoxEvent, EndEvent, ImportEvent
from tirdata.annotate.journal import Journal, active
from tirdata.errors import AnnotationError, StorageError, UsageError
from tirdata.types import Box

BOX = BoxEvent(track=0, frame=3, class_name="drone", box=Box(1, 2, 3, 4))


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
    with journal.locked(), pytest.raises(AnnotationError, match="another process"):
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
