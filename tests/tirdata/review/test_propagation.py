"""Behind the page: spans propagated one by one, stopped, begun anew, gone on with; all is told."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import COUNT, TemplateTracker, box_at, truth
from tests.tirdata.annotate.test_annotate import TEMPLATE, item
from tests.tirdata.annotate.test_annotate import draw as drawn
from tests.tirdata.review.client import Client, Form, at_rest, serving, until
from tests.tirdata.review.edits import begin, draw
from tirdata.annotate.annotate import Tracking, annotate_sequence, due
from tirdata.annotate.check import journal_faults
from tirdata.annotate.events import BoxEvent, PropagatedEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.geometry import overlap
from tirdata.tracker import Prediction
from tirdata.types import Boxes, Frame


class SlowTracker(TemplateTracker):
    """Takes long enough to be disturbed."""

    def track(self, frame: Frame) -> Prediction:
        time.sleep(0.02)
        return super().track(frame)


class FailingTracker(TemplateTracker):
    """Has no luck."""

    def track(self, frame: Frame) -> Prediction:
        message = "out of memory"
        raise RuntimeError(message)


SLOW = Tracking(TEMPLATE.config, SlowTracker)


@pytest.fixture
def tracking_client(dataset: Dataset) -> Iterator[Client]:
    with serving(dataset, TEMPLATE) as found:
        yield found


def propagated(dataset: Dataset, name: str) -> list[tuple[int | None, int]]:
    """First frame and length of every span in the journal."""
    entries = Journal(dataset.journal_path(SequenceId.parse(name))).read()
    return [
        (event.first_frame, len(event.boxes))
        for entry in entries
        for event in entry.events
        if isinstance(event, PropagatedEvent)
    ]


def boxes(state: Form) -> Boxes:
    rows = state["tracks"][0]["boxes"]
    return np.array([row or [np.nan] * 4 for row in rows])


def test_drawn_box_is_followed_and_all_of_it_is_told(
    tracking_client: Client, dataset: Dataset, name: str
) -> None:
    with tracking_client.events(name) as events:
        assert next(events)[0] == "hello"
        state = tracking_client.sequence(name)
        version = tracking_client.say(name, begin(state)).form["version"]
        seen: list[tuple[str, Form]] = []
        for event in events:
            seen.append(event)
            if event[0] == "xml" and "stopped" in {each for each, _ in seen}:
                break
    names = [each for each, _ in seen]
    first, *_, done = (data for each, data in seen if each == "changed")
    assert (first["by"], first["tracks"], first["version"]) == ("person", [0], version)
    assert (done["by"], done["tracks"], done["version"]) == ("machine", [0], version)
    assert done["entries"] == first["entries"] + 1
    started = seen[names.index("started")][1]
    assert started == {"track": 0, "first": 1, "last": COUNT - 1, "total": COUNT - 1}
    assert seen[names.index("stopped")][1]["why"] == "done"
    assert names.index("changed") < names.index("started") < names.index("stopped")
    assert seen[-1][1]["state"] == "current"
    state = tracking_client.sequence(name)
    assert np.nanmean(overlap(boxes(state), truth())) > 0.6
    assert state["tracks"][0]["pending"] == []
    assert state["xml"]["state"] == "current"
    tracks = dataset.read_tracks(SequenceId.parse(name), COUNT)
    assert tracks[0].generated.tolist() == [False] + [True] * (COUNT - 1)
    assert not list(journal_faults(dataset, SequenceId.parse(name), tracks))


def test_progress_tells_frame_by_frame_what_the_tracker_says(dataset: Dataset, name: str) -> None:
    with serving(dataset, SLOW) as client, client.events(name) as events:
        client.say(name, begin(client.sequence(name)))
        told: list[list[float]] = []
        running = None
        for kind, data in events:
            if kind == "progress":
                told += data["boxes"]
                assert data["done"] == len(told) <= data["total"] == COUNT - 1
                running = running or client.sequence(name)["running"]
            if kind == "stopped":
                break
    assert [row[0] for row in told] == list(range(1, len(told) + 1))
    assert len(told) > COUNT // 2
    assert np.mean(overlap(np.array(told)[:, 1:5], truth()[1 : len(told) + 1])) > 0.6
    assert running is not None
    assert (running["track"], running["first"], running["last"]) == (0, 1, COUNT - 1)


def test_correction_propagates_only_the_span_that_it_touches(
    tracking_client: Client, dataset: Dataset, name: str
) -> None:
    state = tracking_client.sequence(name)
    tracking_client.say(name, begin(state), draw(state, 20))
    at_rest(tracking_client)
    assert propagated(dataset, name) == [(1, 19), (21, COUNT - 21)]
    before = boxes(tracking_client.sequence(name))
    tracking_client.say(name, draw(state, 30))
    at_rest(tracking_client)
    assert propagated(dataset, name)[2:] == [(21, 9), (31, COUNT - 31)]
    after = boxes(tracking_client.sequence(name))
    assert np.array_equal(before[:21], after[:21])
    assert due(dataset, item(dataset, SequenceId.parse(name)), TEMPLATE) == []
    tracking_client.step(name, "undo")
    at_rest(tracking_client)
    assert np.array_equal(boxes(tracking_client.sequence(name)), before)
    assert len(propagated(dataset, name)) == 4  # what was known is not tracked again


def test_newer_edit_of_the_span_in_hand_begins_it_anew(dataset: Dataset, name: str) -> None:
    with serving(dataset, SLOW) as client, client.events(name) as events:
        state = client.sequence(name)
        client.say(name, begin(state))
        stopped: list[Form] = []
        for kind, data in events:
            if kind == "progress" and not stopped and data["last"] == COUNT - 1:
                client.say(name, draw(state, 10))
            if kind == "stopped":
                stopped.append(data)
                if len(stopped) == 3:
                    break
    assert [(each["first"], each["last"], each["why"]) for each in stopped] == [
        (1, COUNT - 1, "edited"),
        (1, 9, "done"),
        (11, COUNT - 1, "done"),
    ]


def test_edit_elsewhere_leaves_the_span_in_hand(dataset: Dataset, name: str) -> None:
    with serving(dataset, SLOW) as client, client.events(name) as events:
        state = client.sequence(name)
        client.say(name, begin(state), draw(state, 20))
        for kind, data in events:
            if kind == "progress" and data["first"] == 1 and data["done"] < 30:
                client.say(name, {"do": "end", "track": 0, "frame": 35})
            if kind == "stopped":
                assert (data["first"], data["last"], data["why"]) == (1, 19, "done")
                break
        at_rest(client)
    assert propagated(dataset, name) == [(1, 19), (21, 14)]


def test_stopped_server_goes_on_where_it_was(dataset: Dataset, name: str) -> None:
    with serving(dataset, TEMPLATE) as client:
        client.say(name, begin(client.sequence(name)))
        at_rest(client)
    with serving(dataset, SLOW) as client:
        client.say(name, draw(client.sequence(name), 20))
        until(lambda: client.sequence(name)["running"])
    assert len(propagated(dataset, name)) == 1
    with serving(dataset, TEMPLATE):  # nobody opens anything
        until(lambda: len(propagated(dataset, name)) == 3)
    (found,) = dataset.read_tracks(SequenceId.parse(name), COUNT)
    assert np.flatnonzero(~found.generated).tolist() == [0, 20]
    assert not list(validate(dataset.root, frames=False))


def test_first_box_that_was_never_followed_waits_until_the_sequence_is_opened(
    dataset: Dataset, name: str
) -> None:
    drawn(dataset, SequenceId.parse(name), 0)
    with serving(dataset, TEMPLATE) as client:
        queue = client.get("/api/queue").form
        until(lambda: client.get("/api/queue").form["known"] == 2)
        at_rest(client)
        assert propagated(dataset, name) == [], queue
        with client.events(name) as events:
            assert "stopped" in (kind for kind, _ in events)
    assert propagated(dataset, name) == [(1, COUNT - 1)]


def test_cancel_stops_until_somebody_says_something(dataset: Dataset, name: str) -> None:
    where = f"/api/sequences/{name}"
    with serving(dataset, SLOW) as client:
        state = client.sequence(name)
        client.say(name, begin(state))
        until(lambda: client.sequence(name)["running"])
        assert client.post(f"{where}/cancel", {}).form == {"pending": 1}
        at_rest(client)
        assert propagated(dataset, name) == []
        assert client.post(f"{where}/propagate", {}).form == {"pending": 1}
        until(lambda: propagated(dataset, name))


def test_tracker_that_fails_is_told_and_boxes_of_people_stay(dataset: Dataset, name: str) -> None:
    with serving(dataset, Tracking(TEMPLATE.config, FailingTracker)) as client:
        with client.events(name) as events:
            client.say(name, begin(client.sequence(name)))
            stopped = next(data for kind, data in events if kind == "stopped")
        assert (stopped["why"], stopped["message"]) == ("failed", "out of memory")
        at_rest(client)
        state = client.sequence(name)
        assert state["problems"] == ["track 0: out of memory"]
        assert state["xml"]["state"] == "current"
        assert state["tracks"][0]["pending"] == [[1, COUNT - 1]]
        client.say(name, draw(state, 5))  # tries again, and fails again
        at_rest(client)
        assert len(client.sequence(name)["problems"]) == 2
    (found,) = dataset.read_tracks(SequenceId.parse(name), COUNT)
    assert np.flatnonzero(found.present).tolist() == [0, 5]


def test_frame_that_changed_fails_its_span_and_is_named(dataset: Dataset, name: str) -> None:
    folder = dataset.frame_dir(SequenceId.parse(name))
    (folder / "000020.JPEG").write_bytes((folder / "000021.JPEG").read_bytes())
    with serving(dataset, TEMPLATE) as client:
        client.say(name, begin(client.sequence(name)))
        at_rest(client)
        (problem,) = client.sequence(name)["problems"]
        assert "000020.JPEG: is another picture" in problem


def test_what_another_process_says_reaches_an_open_page(
    tracking_client: Client, dataset: Dataset, name: str
) -> None:
    sequence = SequenceId.parse(name)
    with tracking_client.events(name) as events:
        assert next(events)[1]["entries"] == 0
        journal = Journal(dataset.journal_path(sequence))
        journal.append([BoxEvent(track=0, frame=0, class_name="drone", box=box_at(0))])
        told = (data for kind, data in events if kind == "changed" and data["by"] == "outside")
        data = next(told)  # the machine may have begun with it before
    assert data["tracks"] is None
    assert data["entries"] >= 1
    until(lambda: propagated(dataset, name))


def test_command_line_and_server_at_once_lose_nothing(
    tracking_client: Client, dataset: Dataset, name: str
) -> None:
    sequence = SequenceId.parse(name)
    state = tracking_client.sequence(name)
    tracking_client.say(name, begin(state))
    for frame in (5, 15, 25, 35):
        answer = tracking_client.say(name, draw(state, frame))
        assert answer.status == 200
        drawn(dataset, sequence, frame + 2)
        annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    at_rest(tracking_client)
    human = [0, *sorted(each + more for each in (5, 15, 25, 35) for more in (0, 2))]
    assert [int(each) for each in tracking_client.sequence(name)["tracks"][0]["human"]] == human
    (found,) = dataset.read_tracks(sequence, COUNT)
    assert np.flatnonzero(~found.generated).tolist() == human
    assert not list(journal_faults(dataset, sequence, (found,)))


def test_last_asked_for_comes_first(dataset: Dataset, name: str) -> None:
    other = dataset.sequence_ids()[1].name
    with serving(dataset, SLOW) as client:
        client.say(name, begin(client.sequence(name)))
        until(lambda: client.sequence(name)["running"])
        state = client.sequence(other)
        client.say(other, begin(state, 0, box=list(box_at(0, 1))))
        until(lambda: client.sequence(other)["running"])
        assert client.sequence(name)["running"] is None
        until(lambda: propagated(dataset, name) and propagated(dataset, other))


def test_without_a_tracker_only_the_xml_follows(
    client: Client, dataset: Dataset, name: str
) -> None:
    client.say(name, begin(client.sequence(name)))
    at_rest(client)
    state = client.sequence(name)
    assert (state["xml"]["state"], state["tracks"][0]["unseen"]) == ("current", [[1, COUNT - 1]])
    assert not list(validate(dataset.root, frames=False))
