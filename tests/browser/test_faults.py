"""Nothing is lost: tabs at the same time, reloads, a server that is killed, a full disk."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open
from tests.conftest import ROOT
from tests.tirdata.review.client import Client, serving, until
from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame

if TYPE_CHECKING:
    from playwright.sync_api import Route

BOX = (203.0, 117.0, 29.0, 16.0)
OTHER = {"do": "draw", "track": None, "class": "bird", "frame": 0, "box": [10, 10, 20, 20]}


def say_elsewhere(client: Client, name: str) -> None:
    """Another window draws a bird in frame 0."""
    edit = OTHER | {"hash": client.sequence(name)["hashes"][0]}
    assert client.say(name, edit).status == 200


def test_what_one_tab_says_the_other_shows(open_page: Open, client: Client) -> None:
    one, other = open_page(client), open_page(client)
    one.draw_new(BOX)
    other.page.locator(".track-name", has_text="drone 0").wait_for()
    other.key("x")
    other.saved()
    one.page.locator(".track-what", has_text="gone").wait_for()
    one.key("u")
    one.saved()
    other.page.locator(".track-what", has_text="by hand").wait_for()
    assert sorted(one.human()) == [0]


@pytest.mark.parametrize("again", [True, False], ids=["done again", "left"])
def test_an_edit_that_meets_a_newer_state_is_offered_again(
    open_page: Open, client: Client, name: str, again: bool
) -> None:
    tab = open_page(client)
    tab.forgives_network = True  # a 409 is one
    tab.draw_new(BOX)
    late = iter([True])

    def first_the_other(route: "Route") -> None:
        if next(late, False):
            say_elsewhere(client, name)
        route.continue_()

    tab.page.route("**/edits", first_the_other)
    tab.key("Shift+ArrowRight")
    tab.at_frame(10)
    tab.key("x")
    notice = tab.notice("Not written: end drone 0 in frame 10")
    tab.page.locator(".track-name", has_text="bird 1").wait_for()  # the newer state is shown
    assert tab.track()["ends"] == []
    words = "Do mine again" if again else "Leave it"
    notice.get_by_role("button", name=words).click()
    tab.saved()
    assert tab.track()["ends"] == ([10] if again else [])
    assert len(tab.state["tracks"]) == 2


def test_an_offer_outlives_a_reload(open_page: Open, client: Client, name: str) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)

    def first_the_other(route: "Route") -> None:
        say_elsewhere(client, name)
        route.continue_()

    tab.page.route("**/edits", first_the_other, times=1)
    tab.key("c")
    tab.page.keyboard.type("airplane")
    tab.key("Enter")
    tab.notice("Not written: drone 0 is a airplane")
    tab.page.reload()
    tab.notice("Not written").get_by_role("button", name="Do mine again").click()
    tab.saved()
    assert tab.track()["class"] == "airplane"


def test_a_reload_before_the_request_got_through_loses_nothing(
    open_page: Open, client: Client
) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)
    tab.page.route("**/edits", lambda route: route.abort())
    tab.key("x")
    tab.page.wait_for_selector('#save[data-state="failed"]')
    assert tab.track()["ends"] == []
    tab.page.unroute("**/edits")
    tab.page.reload()
    tab.saved()
    assert tab.track()["ends"] == [0]


def test_an_answer_that_is_lost_is_no_second_edit(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.forgives_network = True

    def lose_the_answer(route: "Route") -> None:
        route.fetch()
        route.abort()

    tab.page.route("**/edits", lose_the_answer, times=1)
    tab.draw_new(BOX)
    tab.until_idle()
    assert [each["id"] for each in tab.state["tracks"]] == [0]
    assert tab.page.locator(".notice", has_text="Not written").count() == 0
    assert tab.state["undo"] == "draw track 0 in frame 0"
    tab.page.route("**/undo", lose_the_answer, times=1)
    tab.key("u")
    tab.saved()
    assert tab.state["tracks"] == []
    assert tab.state["undo"] is None


def test_a_full_disk_is_told_and_the_edit_kept(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)
    full = '{"error": {"kind": "storage", "message": "no space left on the device"}}'
    tab.page.route("**/edits", lambda route: route.fulfill(status=507, body=full))
    tab.key("x")
    tab.page.locator("#save-text", has_text="no space left on the device").wait_for()
    tab.page.unroute("**/edits")
    tab.button("retry").click()
    tab.saved()
    assert tab.track()["ends"] == [0]


def test_an_edit_that_makes_no_sense_is_told_and_taken_off_the_page(
    open_page: Open, client: Client
) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)
    tab.page.fill('[data-side="0"]', "5000")
    tab.key("Enter", "Escape")
    tab.notice("Not written (correct drone 0 in frame 0)")
    tab.saved()
    assert tab.human()[0] == pytest.approx(BOX, abs=0.3)
    left = tab.page.locator('[data-side="0"]')
    tab.becomes(lambda: float(left.input_value()), pytest.approx(BOX[0], abs=0.3))


def test_a_frame_that_is_another_picture_is_not_shown(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)
    paths = sorted(dataset.frame_dir(dataset.sequence_ids()[0]).glob("*.JPEG"))
    paths[30].write_bytes(paths[31].read_bytes())
    tab.key("End")
    tab.page.fill("#frame", "30")
    tab.key("Enter", "Escape")
    tab.page.locator("#blank").wait_for()
    tab.shows("#blank", "another picture")
    entries = tab.state["entries"]
    tab.key("x", "o", "a", "Delete")
    assert tab.state["entries"] == entries


def test_a_new_object_done_again_takes_its_later_edits_along(
    open_page: Open, client: Client, name: str
) -> None:
    tab = open_page(client)
    tab.forgives_network = True
    tab.page.route("**/edits", lambda route: route.abort())
    tab.key("n")
    tab.drag(BOX[:2], (BOX[0] + BOX[2], BOX[1] + BOX[3]))
    tab.page.keyboard.type("drone")
    tab.key("Enter", "o")
    tab.page.locator("#save-text", has_text="2 not saved yet").wait_for()
    say_elsewhere(client, name)  # a bird, and now it has the number that the drone had
    tab.page.unroute("**/edits")
    notice = tab.notice("Not written: draw drone in frame 0; occluded: drone 0 in frame 0")
    notice.get_by_role("button", name="Do mine again").click()
    tab.saved()
    assert [each["class"] for each in tab.state["tracks"]] == ["bird", "drone"]
    assert [each["occluded"] for each in tab.state["tracks"]] == [[], [[0, 0]]]


class Slow:
    """Keeps the box, slowly."""

    def init(self, frame: Frame, box: Box) -> None:
        self._box = box

    def track(self, frame: Frame) -> Prediction:
        time.sleep(0.15)
        return Prediction(self._box, 0.9)


def test_boxes_appear_as_they_are_tracked_and_it_can_be_stopped(
    open_page: Open, dataset: Dataset, hold: Tracking
) -> None:
    with serving(dataset, replace(hold, factory=Slow)) as client:
        tab = open_page(client)
        tab.draw_new(BOX)
        tab.page.wait_for_selector("#work", state="visible")
        tab.key("ArrowRight")
        tab.at_frame(1)
        tab.page.locator(".track-what", has_text="tracking 90 %").wait_for()
        assert tab.track()["boxes"][1] is None  # not in the journal yet
        tab.button("cancel").click()
        tab.page.wait_for_selector("#work", state="hidden")
        tab.button("propagate").wait_for()
        tab.page.locator(".track-what", has_text="waiting").wait_for()
        tab.page.goto("about:blank")


@pytest.fixture
def killed(dataset: Dataset) -> Iterator["Killed"]:
    server = Killed(dataset.root)
    yield server
    server.kill()


class Killed:
    """The command in a process of its own, always on the same port."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "cli", "review", str(self.root), "--tracker", "hold"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        found = re.search(r":(\d+)/", self._process.stdout.readline())
        assert found is not None
        self.port = int(found[1])

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back_gets_what_was_said_meanwhile(
    open_page: Open, killed: Killed, name: str
) -> None:
    client = Client(killed.port)
    tab = open_page(client)
    tab.forgives_network = True
    tab.draw_new(BOX)
    tab.until_idle()
    killed.kill()
    tab.page.wait_for_selector('#save[data-state="away"]')
    tab.key("ArrowRight")  # its picture is at hand
    tab.at_frame(1)
    tab.key("a", "o")
    tab.page.wait_for_selector('#save[data-state="failed"]')
    tab.shows("#save-text", "2 not saved yet")
    tab.shows(".track-what", "by hand, occluded")
    killed.start()
    tab.saved()
    assert sorted(tab.human()) == [0, 1]
    assert tab.track()["occluded"] == [[1, 1]]
    say_elsewhere(client, name)  # and what happens is told again
    tab.page.locator(".track-name", has_text="bird 1").wait_for()
    until(lambda: len(tab.state["tracks"]) == 2)


def test_files_that_were_edited_by_hand_are_asked_about(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    path = sorted(dataset.annotation_dir(dataset.sequence_ids()[0]).glob("*.xml"))[20]
    until(lambda: b"<xmin>" in path.read_bytes())
    ours = path.read_bytes()
    path.write_bytes(re.sub(rb"<xmin>\d+<", b"<xmin>1<", ours))
    tab.key("o")
    tab.saved()
    notice = tab.notice(path.name)
    notice.get_by_role("button", name="Write them anew").click()
    notice.wait_for(state="hidden")
    until(lambda: path.read_bytes() == ours)


def test_what_is_said_while_another_sequence_loads_is_of_the_one_that_is_seen(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    other = dataset.sequence_ids()[1].name
    held: list[Route] = []
    tab.page.route(f"**/api/sequences/{other}", lambda route: held.append(route))  # noqa: PLW0108
    tab.page.locator("#queue .row", has_text="HELICOPTER").click()
    tab.becomes(lambda: len(held), 1)
    tab.key("o")
    tab.saved()
    assert tab.track()["occluded"] == [[0, 0]]
    held[0].continue_()
    tab.page.wait_for_selector(f'body[data-sequence="{other}"][data-frame="0"]')
    assert client.sequence(other)["tracks"] == []
