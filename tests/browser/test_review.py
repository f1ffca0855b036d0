"""What a person says on the page is in the journal, and on the page, as it was said."""

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.conftest import Open
from tests.tirdata.review.client import Client
from tirdata.dataset.tree import Dataset

if TYPE_CHECKING:
    from playwright.sync_api import Route

BOX = (203.0, 117.0, 29.0, 16.0)  # of the drone in frame 0


def test_a_new_object_is_drawn_named_and_followed(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.shows("#hint", re.compile("^Nobody has said anything here"))
    tab.draw_new(BOX)
    assert tab.human()[0] == pytest.approx(BOX, abs=0.3)
    assert tab.track()["class"] == "drone"
    tab.until_idle()
    count = tab.state["frames"]
    (track,) = dataset.read_tracks(dataset.sequence_ids()[0], count)
    assert track.generated.tolist() == [False] + [True] * (count - 1)
    tab.key("ArrowRight")
    tab.at_frame(1)
    tab.shows(".track-what", "machine")


def test_handles_middle_arrow_keys_and_numbers_correct_a_box(
    open_page: Open, client: Client
) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    x, y, w, h = tab.human()[0]
    tab.key("z")  # near the box, where pixels are large
    tab.drag((x + w, y + h), (x + w + 6, y + h + 3))
    tab.saved()
    assert tab.human()[0] == pytest.approx([x, y, w + 6, h + 3], abs=0.15)
    tab.drag((x, y), (x - 2.5, y - 1.5))
    tab.saved()
    assert tab.human()[0] == pytest.approx([x - 2.5, y - 1.5, w + 8.5, h + 4.5], abs=0.3)
    x, y, w, h = tab.human()[0]
    tab.drag((x + w / 2, y + h / 2), (x + w / 2 + 10, y + h / 2 - 4))
    tab.saved()
    assert tab.human()[0] == pytest.approx([x + 10, y - 4, w, h], abs=0.3)

    x, y, w, h = tab.human()[0]
    tab.until_idle()
    entries = tab.state["entries"]
    tab.key("e", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "Control+ArrowLeft", "Escape")
    tab.saved()
    assert tab.human()[0] == pytest.approx([x + 2, y + 10, w - 1, h])
    tab.until_idle()
    assert tab.state["entries"] - entries <= 2  # one edit, whatever the keys; one span of a machine

    tab.page.fill('[data-side="0"]', "100.25")
    tab.key("Enter", "Escape")
    tab.saved()
    assert tab.human()[0][0] == 100.25


def test_undo_and_redo_go_through_everything(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.key("ArrowRight", "ArrowRight")
    tab.at_frame(2)
    tab.key("b")
    tab.drag((200, 110), (230, 130))
    tab.saved()
    assert sorted(tab.human()) == [0, 2]
    tab.key("Control+z")
    tab.saved()
    assert sorted(tab.human()) == [0]
    tab.key("u")
    tab.saved()
    assert tab.state["tracks"] == []
    tab.key("Control+Shift+Z", "Control+y")
    tab.saved()
    assert sorted(tab.human()) == [0, 2]
    assert tab.state["redo"] is None


def test_accept_makes_one_box_the_persons(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("ArrowRight")
    tab.at_frame(1)
    tab.key("a")
    tab.saved()
    assert sorted(tab.human()) == [0, 1]
    assert tab.human()[1] == tab.human()[0]
    tab.key("a")  # it is a person's already
    tab.notice("Nothing of a machine's to accept here")


def test_accept_goes_to_the_next_doubtful_frame(open_page: Open, client: Client, name: str) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("ArrowRight")
    tab.at_frame(1)
    doubt = client.get(f"/api/sequences/{name}/doubtful?frame=1").form["frame"]
    tab.button("accept-next").click()
    tab.at_frame(1 if doubt is None else doubt)  # how sure the tracker is, is not for this test
    tab.saved()
    assert sorted(tab.human()) == [0, 1]


def test_where_nothing_is_in_doubt_it_is_said(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("ArrowRight")
    tab.at_frame(1)
    tab.key("x")  # gone from here on: a machine has nothing to say
    tab.saved()
    tab.until_idle()
    tab.key("j")
    tab.notice("No frame is in doubt")


def test_occluded_in_one_frame_and_in_a_span(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("ArrowRight")
    tab.at_frame(1)
    tab.key("o")
    tab.saved()
    assert tab.track()["occluded"] == [[1, 1]]
    tab.shows(".track-what", "occluded")
    tab.key("o")
    tab.saved()
    assert tab.track()["occluded"] == []
    tab.key("Shift+O")
    tab.shows("#hint", "Occluded from frame 1")
    tab.key("Shift+ArrowRight")
    tab.at_frame(11)
    tab.key("Shift+O")
    tab.saved()
    assert tab.track()["occluded"] == [[1, 11]]


def test_a_span_in_hand_waits_while_another_sequence_is_looked_at(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("ArrowRight")
    tab.at_frame(1)
    tab.key("Shift+O")
    tab.shows("#hint", "Occluded from frame 1")
    other = dataset.sequence_ids()[1].name
    tab.page.evaluate(f"location.hash = '{other}@0'")
    tab.page.wait_for_selector(f'body[data-sequence="{other}"][data-frame="0"]')
    tab.notice("The span from frame 1 waits in")
    tab.page.evaluate(f"location.hash = '{tab.sequence}@11'")
    tab.at_frame(11)
    tab.shows("#hint", "Occluded from frame 1")
    tab.key("Shift+O")
    tab.saved()
    assert tab.track()["occluded"] == [[1, 11]]


def test_what_arrow_keys_did_is_said_when_another_sequence_opens(
    open_page: Open, client: Client, dataset: Dataset
) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    x = tab.human()[0][0]
    held: list[Route] = []
    other = dataset.sequence_ids()[1].name
    tab.page.route(f"**/sequences/{other}", lambda route: held.append(route))  # noqa: PLW0108
    tab.page.evaluate(f"location.hash = '{other}@0'")
    tab.becomes(lambda: len(held), 1)
    tab.key("e", "ArrowRight")  # while it loads, this one is still here
    held[0].continue_()
    tab.page.wait_for_selector(f'body[data-sequence="{other}"][data-frame="0"]')
    tab.saved()
    assert tab.human()[0][0] == x + 1


def test_end_delete_a_box_and_delete_a_track(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    tab.key("Shift+ArrowRight")
    tab.at_frame(10)
    tab.key("x")
    tab.saved()
    assert (tab.track()["ends"], tab.track()["gone"]) == ([10], [[10, tab.state["frames"] - 1]])
    tab.shows(".track-what", re.compile("^gone$"))
    tab.key("Delete")
    tab.saved()
    assert tab.track()["ends"] == []
    tab.key("Delete")
    tab.notice("You said nothing of this frame")
    tab.key("Shift+Delete")
    tab.saved()
    assert tab.state["tracks"] == []
    tab.notice("drone 0 is deleted").get_by_role("button", name="Undo").click()
    tab.saved()
    assert sorted(tab.human()) == [0]


def test_the_class_is_chosen_by_a_part_of_its_name(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.key("c")
    tab.page.keyboard.type("airp")
    tab.key("Enter")
    tab.saved()
    assert tab.track()["class"] == "airplane"
    tab.key("c", "Escape")  # thought better of it
    tab.page.wait_for_selector("#classes", state="hidden")
    assert tab.track()["class"] == "airplane"


def test_a_box_is_drawn_without_a_mouse(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.key("n", "Enter")
    tab.page.keyboard.type("bird")
    tab.key("Enter", "ArrowLeft", "Escape")
    tab.saved()
    x, y, w, h = tab.human()[0]
    state = tab.state
    middle = [state["width"] / 2 - 1, state["height"] / 2]
    assert np.allclose([x + w / 2, y + h / 2], middle, atol=1.01)


def test_two_objects_have_two_tracks_colours_and_rows(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.draw_new((40.0, 40.0, 20.0, 12.0))  # the class is known by now
    assert [each["class"] for each in tab.state["tracks"]] == ["drone", "drone"]
    swatches = tab.page.locator(".track .swatch")
    colours = {swatches.nth(i).evaluate("(it) => it.style.background") for i in range(2)}
    assert len(colours) == 2
    pressed = tab.page.locator('.track[aria-pressed="true"] .track-name')
    pressed.filter(has_text="drone 1").wait_for()  # rows follow with the next picture
    tab.key("t")
    pressed.filter(has_text="drone 0").wait_for()
    tab.page.mouse.click(*tab.point(50, 46))
    pressed.filter(has_text="drone 1").wait_for()


def test_reviewed_is_said_and_taken_back(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.key("r")
    tab.saved()
    assert tab.state["reviewed"]
    tab.key("Shift+ArrowRight", "o")
    tab.saved()
    assert not tab.state["reviewed"]  # something was said after it
    tab.becomes(lambda: tab.button("reviewed").get_attribute("aria-pressed"), "false")
