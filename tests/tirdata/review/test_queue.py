"""The queue: ordered by doubt, filtered, quick over a thousand sequences, and never in the way."""

import shutil
import time
from pathlib import Path

import pytest

from tests.tirdata.annotate.stand_ins import COUNT, box_at
from tests.tirdata.review.client import Client, Form, serving, until
from tests.tirdata.review.edits import begin
from tirdata.annotate.events import BoxEvent, Entry, PropagatedEvent
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.review import summary as module
from tirdata.review.doubt import KnownDoubts, Where, next_doubtful, suggestions
from tirdata.review.queue import CACHE_NAME, Queue
from tirdata.review.summary import Summary


def machine(dataset: Dataset, sequence: SequenceId, *scores: float | None) -> None:
    """A person's box in frame 0 and a machine's after it, with these confidences; None = lost."""
    journal = Journal(dataset.journal_path(sequence))
    box = box_at(0)
    journal.append([BoxEvent(track=0, frame=0, class_name="drone", box=box)])
    journal.append(
        [
            PropagatedEvent(
                track=0,
                tracker="made",
                state=replay(journal.read())[0].state,
                boxes=(None, *(None if score is None else box for score in scores)),
                confidence=(1.0, *(0.0 if score is None else score for score in scores)),
            )
        ]
    )


def queue(client: Client, query: str = "") -> list[Form]:
    items: list[Form] = client.get(f"/api/queue?{query}").form["items"]
    return items


def all_known(client: Client) -> None:
    def known() -> bool:
        page = client.get("/api/queue").form
        return bool(page["known"] == page["total"])

    until(known)


def test_most_doubtful_comes_first_and_the_reviewed_last(dataset: Dataset) -> None:
    sure, unsure = dataset.sequence_ids()
    machine(dataset, sure, *[0.95] * (COUNT - 1))
    machine(dataset, unsure, *[0.2] * 10, *[None] * 5, *[0.9] * (COUNT - 16))
    with serving(dataset) as client:
        all_known(client)
        first, second = queue(client)
        assert [first["sequence"], second["sequence"]] == [unsure.name, sure.name]
        assert first == {
            "sequence": unsure.name,
            "title": "made",
            "frames": COUNT,
            "tracks": 1,
            "human": 1,
            "doubt": round(8 + 2.5 + 0.1 * (COUNT - 16), 2),
            "doubtful": 10,
            "lost": 5,
            "pending": 0,
            "unboxed": [],
            "reviewed": False,
            "error": None,
        }
        assert [each["sequence"] for each in queue(client, "order=name")] == [
            sure.name,
            unsure.name,
        ]
        client.say(unsure.name, {"do": "reviewed", "value": True})
        until(lambda: queue(client)[0]["sequence"] == sure.name)
        assert [each["sequence"] for each in queue(client, "state=reviewed")] == [unsure.name]
        assert [each["sequence"] for each in queue(client, "state=doubtful")] == [unsure.name]
        assert [each["sequence"] for each in queue(client, f"find={sure.number}")] == [sure.name]
        assert queue(client, "find=MADE&offset=1&limit=1") == queue(client)[1:]
        client.say(unsure.name, {"do": "end", "track": 0, "frame": 30})
        until(lambda: queue(client)[0]["sequence"] == unsure.name)


def test_edit_shows_in_the_queue_and_so_does_what_others_write(dataset: Dataset, name: str) -> None:
    other = dataset.sequence_ids()[1]
    with serving(dataset) as client:
        all_known(client)
        assert len(queue(client, "state=empty")) == 2
        client.say(name, begin(client.sequence(name)))
        until(lambda: len(queue(client, "state=empty")) == 1)
        (found,) = queue(client, "state=pending")
        assert (found["sequence"], found["human"], found["pending"]) == (name, 1, 1)
        machine(dataset, other, 0.9)
        until(lambda: queue(client, "state=empty") == [])


def test_broken_journal_is_in_the_queue_with_its_fault(dataset: Dataset, name: str) -> None:
    path = dataset.journal_path(SequenceId.parse(name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("nothing\n")
    with serving(dataset) as client:
        all_known(client)
        (found,) = queue(client, "state=broken")
        assert "line 1" in found["error"]


@pytest.mark.parametrize(
    "query",
    ["order=size", "state=all", "offset=-1", "limit=0", "limit=501", "limit=x", "limit=1e2",
     "offset=99999999999999999999", "limit=%D9%A1"],
)  # fmt: skip
def test_query_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/queue?{query}")
    assert (answer.status, answer.kind) == (400, "usage")


def test_what_is_known_is_not_worked_out_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(dataset) as client:
        all_known(client)
    write_lists(dataset)
    assert not list(validate(dataset.root, frames=False))  # the cache is no stray
    worked: list[str] = []
    whole = Summary._of.__func__  # type: ignore[attr-defined]

    def counted(kind: type[Summary], data: Dataset, each: SequenceId, *rest: object) -> Summary:
        worked.append(each.name)
        found: Summary = whole(kind, data, each, *rest)
        return found

    monkeypatch.setattr(module.Summary, "_of", classmethod(counted))
    machine(dataset, dataset.sequence_ids()[1], 0.9)
    with serving(dataset) as client:
        all_known(client)
        until(lambda: worked)
    assert worked == [dataset.sequence_ids()[1].name]
    (dataset.root / CACHE_NAME).write_text("nonsense")
    with serving(dataset) as client:
        all_known(client)
    assert len(worked) == 3


def many(root: Path, count: int) -> Dataset:
    """Sequences of two frames; the frames of all but the first are links to the first's."""
    from tests.made_dataset import add_made

    dataset = Dataset.create(root)
    first = SequenceId("train", 0, 0)
    add_made(dataset, first, 2)
    for number in range(1, count):
        each = SequenceId("train", number, 0)
        for path in (dataset.annotation_dir(each), dataset.frame_dir(each)):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(dataset.annotation_dir(first), dataset.annotation_dir(each))
        dataset.frame_dir(each).symlink_to(dataset.frame_dir(first))
        shutil.copy(dataset.card_path(first), dataset.card_path(each))
        if number % 3 == 0:  # not through a journal: it waits for the disk
            events = [
                BoxEvent(track=0, frame=0, class_name="drone", box=box_at(0)),
                PropagatedEvent(
                    track=0,
                    tracker="made",
                    state="",
                    boxes=(None, box_at(0)),
                    confidence=(1, (number % 100) / 100),
                ),
            ]
            entry = Entry(id=1, time="2026-01-01", author="anna", events=tuple(events))
            path = dataset.journal_path(each)
            path.parent.mkdir(exist_ok=True)
            path.write_text(entry.model_dump_json() + "\n")
    return dataset


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_sequences_are_answered_at_once(tmp_path: Path, count: int) -> None:
    dataset = many(tmp_path / "data", count)
    with serving(dataset) as client:
        begun = time.monotonic()
        page = client.get("/api/queue?limit=500").form
        first = time.monotonic() - begun
        assert page["total"] == count
        assert len(page["items"]) == min(500, count)
        until(lambda: client.get("/api/queue?limit=1").form["known"] == count, 60)
        begun = time.monotonic()
        page = client.get("/api/queue?limit=500").form
        again = time.monotonic() - begun
        doubts = [each["doubt"] for each in page["items"]]
        assert doubts == sorted(doubts, reverse=True)
        assert max(first, again) < 1.0
    begun = time.monotonic()
    queue = Queue(dataset)
    queue.start()
    page = queue.page(order="doubt", state="any", find="", offset=0, limit=100)
    assert (page["known"], page["items"][0]["doubt"]) == (count, doubts[0])
    assert time.monotonic() - begun < 2.0
    queue.end()


def test_next_doubtful_frame_goes_around_both_ways(dataset: Dataset) -> None:
    sequence = dataset.sequence_ids()[0]
    machine(dataset, sequence, 0.9, 0.3, 0.2, 0.9, None, None, 0.8, 0.4)  # frames 1 to 8
    with serving(dataset) as client:
        where = f"/api/sequences/{sequence.name}/doubtful"

        def found(query: str) -> int:
            frame = client.get(f"{where}?{query}").form["frame"]
            assert isinstance(frame, int)
            return frame

        assert client.get(f"{where}?frame=0").form == {
            "frame": 2, "track": 0, "confidence": 0.3, "why": "unsure"
        }  # fmt: skip
        assert client.get(f"{where}?frame=3").form == {
            "frame": 5, "track": 0, "confidence": None, "why": "lost"
        }  # fmt: skip
        assert [found(f"frame={n}") for n in (2, 5, 8, 9)] == [3, 8, 9, 2]  # 9 on: nobody looked
        assert [found(f"frame={n}&step=-1") for n in (3, 2, 0)] == [2, 9, 9]
        assert found("frame=5&below=0.25") == 9
        assert client.get(f"{where}?frame=5&below=x").kind == "usage"
        (first, *_) = client.get(f"/api/sequences/{sequence.name}/suggest").form["suggestions"]
        assert first["track"] == 0
        assert first["gain"] > 1
        answer = client.get(f"/api/sequences/{dataset.sequence_ids()[1].name}/doubtful")
        assert answer.form == {"frame": None}


def test_suggestions_lie_where_doubt_is_best_first(dataset: Dataset) -> None:
    sequence = dataset.sequence_ids()[0]
    machine(dataset, sequence, *[0.9] * 25, *[0.1] * 10, *[0.9] * 4)
    tracks = replay(Journal(dataset.journal_path(sequence)).read())
    found = suggestions(tracks, COUNT, 3, KnownDoubts())
    assert 24 <= found[0]["frame"] <= 36
    assert found[0]["why"] == "unsure"
    assert len({each["frame"] for each in found}) == len(found)
    assert [each["gain"] for each in found] == sorted((e["gain"] for e in found), reverse=True)
    assert next_doubtful(tracks, COUNT, Where(0, 1, 0.5), KnownDoubts())["frame"] == 26
    assert suggestions({}, COUNT, 3, KnownDoubts()) == []
