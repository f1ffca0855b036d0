"""What a person says through the page: each verb, its undo, conflicts and refusals."""

import json
import os

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import COUNT, box_at
from tests.tirdata.annotate.test_annotate import TEMPLATE, item, xml
from tests.tirdata.review.client import Client, Form, at_rest, serving
from tests.tirdata.review.edits import begin, draw
from tirdata.annotate.annotate import annotate_sequence, derive
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Box


def kinds(dataset: Dataset, name: str) -> list[list[str]]:
    journal = Journal(dataset.journal_path(SequenceId.parse(name)))
    return [[event.kind for event in entry.events] for entry in journal.read()]


def track(client: Client, name: str, number: int = 0) -> Form:
    found: Form = next(each for each in client.sequence(name)["tracks"] if each["id"] == number)
    return found


def test_untouched_sequence_has_no_tracks_and_a_hash_for_each_frame(
    client: Client, name: str
) -> None:
    state = client.sequence(name)
    assert (state["frames"], state["width"], state["height"]) == (COUNT, 160, 128)
    assert len(state["hashes"]) == len(state["times_s"]) == COUNT
    assert (state["tracks"], state["undo"], state["redo"]) == ([], None, None)
    assert (state["entries"], state["reviewed"]) == (0, False)


def test_drawn_box_is_on_the_disk_when_the_answer_comes(
    client: Client, dataset: Dataset, name: str
) -> None:
    state = client.sequence(name)
    answer = client.say(name, begin(state, 3)).form
    assert kinds(dataset, name) == [["box"]]
    journal = Journal(dataset.journal_path(SequenceId.parse(name)))
    human = replay(journal.read())[0]
    assert human.boxes == {3: box_at(3)}
    assert human.hashes[3].startswith(state["hashes"][3])
    assert (answer["added"], answer["entries"], answer["undo"]) == (
        [0],
        1,
        "draw track 0 in frame 3",
    )
    (form,) = answer["tracks"]
    assert (form["class"], form["human"]) == ("drone", {"3": list(box_at(3))})
    assert form["pending"] == [[0, 2], [4, COUNT - 1]]
    assert client.sequence(name)["tracks"] == [form]


def test_every_verb_can_be_undone_and_brought_back(
    client: Client, dataset: Dataset, name: str
) -> None:
    state = client.sequence(name)
    verbs: list[Form] = [
        begin(state),
        draw(state, 20),
        draw(state, 20, box=[5, 5, 20, 10], occluded=True),
        begin(state, 7, **{"class": "bird"}),
        {"do": "occluded", "track": 0, "first": 4, "last": 9, "value": True},
        {"do": "occluded", "track": 0, "first": 6, "last": 7, "value": False},
        {"do": "end", "track": 0, "frame": 30},
        {"do": "delete_box", "track": 0, "frame": 20},
        {"do": "class", "track": 0, "class": "person"},
        {"do": "delete_track", "track": 1},
        {"do": "reviewed", "value": True},
    ]
    states = [client.sequence(name)]
    for verb in verbs:
        answer = client.say(name, verb)
        assert answer.status == 200, (verb, answer.data)
        states.append(client.sequence(name))

    def same(one: Form, other: Form) -> bool:
        return all(one[key] == other[key] for key in ("tracks", "undo", "reviewed"))

    for before in reversed(states[:-1]):
        assert client.step(name, "undo").status == 200
        assert same(client.sequence(name), before)
    assert client.step(name, "undo").kind == "usage"
    for after in states[1:]:
        assert client.step(name, "redo").status == 200
        assert same(client.sequence(name), after)
    assert client.step(name, "redo").kind == "usage"
    assert len(kinds(dataset, name)) == 3 * len(verbs)


def test_what_the_verbs_say_is_in_the_state(client: Client, name: str) -> None:
    state = client.sequence(name)
    client.say(
        name,
        begin(state),
        {"do": "occluded", "track": 0, "first": 0, "last": 0, "value": True},
        {"do": "end", "track": 0, "frame": 30},
        {"do": "class", "track": 0, "class": "bird"},
    )
    found = track(client, name)
    assert (found["class"], found["occluded"], found["ends"]) == ("bird", [[0, 0]], [30])
    assert (found["gone"], found["unseen"], found["lost"]) == ([[30, COUNT - 1]], [[1, 29]], [])
    assert found["boxes"][0] == found["human"]["0"]
    assert found["boxes"][1:] == [None] * (COUNT - 1)
    assert client.step(name, "undo").form["removed"] == [0]  # one entry, one undo


def test_boxes_accepted_together_are_the_persons_one_by_one(
    client: Client, dataset: Dataset, name: str
) -> None:
    sequence = SequenceId.parse(name)
    state = client.sequence(name)
    client.say(name, begin(state))
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    shown = track(client, name)["boxes"]
    frames = [{"frame": f, "hash": state["hashes"][f], "box": shown[f]} for f in (5, 6, 9)]
    answer = client.say(name, {"do": "accept", "track": 0, "frames": frames})
    assert answer.status == 200
    assert kinds(dataset, name)[-1] == ["accept"] * 3
    assert sorted(map(int, track(client, name)["human"])) == [0, 5, 6, 9]
    derive(dataset, sequence)
    (found,) = dataset.read_tracks(sequence, COUNT)
    assert np.flatnonzero(~found.generated).tolist() == [0, 5, 6, 9]
    other = [{**frames[0], "frame": 12, "hash": state["hashes"][12]}]
    refused = client.say(name, {"do": "accept", "track": 0, "frames": other})
    assert (refused.status, refused.kind) == (409, "conflict")


def test_stale_tab_gets_the_newer_state_and_changes_nothing(
    client: Client, dataset: Dataset, name: str
) -> None:
    state = client.sequence(name)
    assert client.say(name, begin(state), version=state["version"]).status == 200
    before = dataset.journal_path(SequenceId.parse(name)).read_bytes()
    stale = client.say(name, draw(state, 9), version=state["version"])
    assert (stale.status, stale.kind) == (409, "conflict")
    newer = client.sequence(name)
    assert stale.form["state"]["version"] == newer["version"] != state["version"]
    assert stale.form["state"]["tracks"] == newer["tracks"]
    undo = client.post(f"/api/sequences/{name}/undo", {"version": state["version"]})
    assert (undo.status, undo.kind) == (409, "conflict")
    assert dataset.journal_path(SequenceId.parse(name)).read_bytes() == before


def test_another_process_makes_a_tab_stale_too(client: Client, dataset: Dataset, name: str) -> None:
    state = client.sequence(name)
    client.say(name, begin(state))
    version = client.sequence(name)["version"]
    Journal(dataset.journal_path(SequenceId.parse(name))).undo()
    assert client.say(name, draw(state, 9), version=version).kind == "conflict"


def test_same_box_again_is_no_entry(client: Client, name: str) -> None:
    state = client.sequence(name)
    first = client.say(name, begin(state)).form
    again = client.say(name, draw(state, 0)).form
    assert (again["version"], again["tracks"]) == (first["version"], [])


BAD_EDITS: dict[str, Form] = {
    "no such frame": {"frame": COUNT},
    "outside": {"box": [150, 5, 20, 10]},
    "no size": {"box": [5, 5, 0, 10]},
    "not a number": {"box": [5, 5, float("nan"), 10]},
    "three sides": {"box": [5, 5, 10]},
    "unknown class": {"class": "quark", "track": None},
    "new without a class": {"class": None, "track": None},
    "no such track": {"track": 7},
    "unknown key": {"colour": "red"},
    "negative": {"frame": -1},
    "text": {"frame": "first"},
    "no hash": {"hash": ""},
}


@pytest.mark.parametrize("change", BAD_EDITS.values(), ids=BAD_EDITS)
def test_impossible_edit_is_refused_in_words_and_nothing_of_it_is_written(
    client: Client, dataset: Dataset, name: str, change: Form
) -> None:
    state = client.sequence(name)
    frame = change.get("frame") if change.get("frame") in range(COUNT) else 0
    assert isinstance(frame, int)
    bad = {**begin(state, frame), **change}
    answer = client.say(name, begin(state, 1), bad)
    assert (answer.status, answer.kind) == (400, "usage")
    assert "\n" not in answer.message
    assert kinds(dataset, name) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"version": 1, "edits": []}', b"\xff"])
def test_body_that_is_no_edit_is_refused(client: Client, name: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = client.ask("POST", f"/api/sequences/{name}/edits", body, headers)
    assert (answer.status, answer.kind) == (400, "usage")


def test_box_on_another_picture_than_the_cards_is_refused(
    client: Client, dataset: Dataset, name: str
) -> None:
    state = client.sequence(name)
    answer = client.say(name, begin(state, 0, hash=state["hashes"][1]))
    assert (answer.status, answer.kind) == (409, "frame_changed")
    folder = dataset.frame_dir(SequenceId.parse(name))
    (folder / "000000.JPEG").write_bytes((folder / "000001.JPEG").read_bytes())
    answer = client.say(name, begin(state))
    assert (answer.status, answer.kind) == (409, "frame_changed")
    assert kinds(dataset, name) == []


def test_xml_without_a_journal_is_shown_and_taken_over_by_the_first_edit(
    dataset: Dataset, name: str
) -> None:
    sequence = SequenceId.parse(name)
    with serving(dataset) as client:
        client.say(name, begin(client.sequence(name)))
        at_rest(client)
    before = xml(dataset, sequence)
    dataset.journal_path(sequence).unlink()
    with serving(dataset) as client:
        state = client.sequence(name)
        assert (state["entries"], state["tracks"][0]["human"]) == (0, {"0": [34, 95, 20, 15]})
        at_rest(client)
        assert not dataset.journal_path(sequence).exists()
        client.say(name, begin(state, 5, **{"class": "bird"}))
        assert kinds(dataset, name) == [["import"], ["box"]]
        client.step(name, "undo")
        assert client.step(name, "undo").message.endswith("nothing to undo")
        at_rest(client)
    assert xml(dataset, sequence) == before


def test_xml_edited_by_hand_is_named_and_taken_or_replaced(dataset: Dataset, name: str) -> None:
    sequence = SequenceId.parse(name)
    path = dataset.annotation_dir(sequence) / "000000.xml"
    with serving(dataset) as client:
        client.say(name, begin(client.sequence(name)))
        at_rest(client)
        ours = path.read_text()
        for take in (True, False):
            path.write_text(path.read_text().replace("<xmin>3", "<xmin>4"))
            edited = path.read_text()
            client.say(name, {"do": "reviewed", "value": take})
            at_rest(client)
            state = client.sequence(name)
            assert (state["xml"]["state"], state["xml"]["files"]) == ("edited", ["000000.xml"])
            assert path.read_text() == edited
            body = {"version": state["version"], "take": take}
            answer = client.post(f"/api/sequences/{name}/xml", body)
            assert answer.status == 200, answer.data
            assert client.sequence(name)["xml"]["state"] == "current"
            assert (path.read_text() == edited) is take
            if take:
                assert answer.form["tracks"][0]["human"]["0"] != list(box_at(0))
                path.write_text(ours)
                client.step(name, "undo")
                at_rest(client)


def test_broken_journal_is_named_and_the_others_go_on(dataset: Dataset, name: str) -> None:
    dataset.journal_path(SequenceId.parse(name)).parent.mkdir(exist_ok=True)
    dataset.journal_path(SequenceId.parse(name)).write_text("{}\n")
    with serving(dataset) as client:
        answer = client.get(f"/api/sequences/{name}")
        assert (answer.status, answer.kind) == (409, "data")
        assert "line 1" in answer.message
        other = dataset.sequence_ids()[1].name
        assert client.sequence(other)["tracks"] == []


def test_held_journal_is_busy_and_full_disk_is_storage(
    client: Client, dataset: Dataset, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tirdata.annotate import journal as module

    state = client.sequence(name)
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)
    with Journal(dataset.journal_path(SequenceId.parse(name))).locked():
        answer = client.say(name, begin(state))
    assert (answer.status, answer.kind) == (503, "busy")
    assert "is writing this journal" in answer.message

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = client.say(name, begin(state))
    assert (answer.status, answer.kind) == (507, "storage")
    assert kinds(dataset, name) == []
    assert client.say(name, begin(state)).status == 200


def test_track_without_a_persons_box_is_said(client: Client, dataset: Dataset, name: str) -> None:
    state = client.sequence(name)
    client.say(name, begin(state))
    client.say(name, {"do": "delete_box", "track": 0, "frame": 0})
    state = client.sequence(name)
    assert "track 0 has no person's box" in state["problems"][0]
    assert state["tracks"][0]["pending"] == []
    assert json.dumps(state)


def test_box_is_exact_in_the_journal(client: Client, dataset: Dataset, name: str) -> None:
    state = client.sequence(name)
    client.say(name, begin(state, 0, box=[1.25, 2.125, 10.0625, 7.5]))
    journal = Journal(dataset.journal_path(SequenceId.parse(name)))
    assert replay(journal.read())[0].boxes[0] == Box(1.25, 2.125, 10.0625, 7.5)
