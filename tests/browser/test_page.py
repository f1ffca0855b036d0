"""The page itself: frames and their boxes, the eye's means, keys, the queue of a large dataset."""

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open
from tests.browser.reviewer import Reviewer
from tests.made_dataset import made_dataset
from tests.tirdata.review.client import Client, serving
from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset, SequenceId

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

BOX = (203.0, 117.0, 29.0, 16.0)
CONTROLS = {
    "button", "slider", "textbox", "searchbox", "combobox", "listbox", "spinbutton", "checkbox",
    "link", "application", "progressbar",
}  # fmt: skip
ORDER = ["find", "state", "order", "queue", "canvas", "frame", "timeline", "contrast", "gamma"]
WITHOUT_BUTTON = {"play-back", "reviewed-next"}  # ways to press two buttons at once


def test_boxes_wait_for_the_picture_of_their_frame(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.until_idle()
    held: list[Route] = []
    tab.page.route("**/frames/30/*", lambda route: held.append(route))  # noqa: PLW0108  # it marks what it is given
    tab.page.fill("#frame", "30")
    tab.key("Enter", "Escape")
    tab.page.wait_for_selector('body[data-busy="true"]')
    assert tab.page.get_attribute("body", "data-frame") == "0"
    tab.becomes(lambda: len(held), 1)
    tab.painted()
    tab.shows(".track-what", "by hand")  # of frame 0 still
    held[0].continue_()
    tab.at_frame(30)
    tab.shows(".track-what", "machine")


def test_steps_jumps_and_playing(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    last = tab.state["frames"] - 1
    ways = [("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10), ("End", last)]
    for key, frame in [*ways, ("Shift+ArrowLeft", last - 10), ("Home", 0)]:
        tab.key(key)
        tab.at_frame(frame)
    tab.key("]", "]", "]")
    tab.page.locator("#speed", has_text="8×").wait_for()
    tab.key("Space")
    tab.at_frame(last)
    tab.becomes(lambda: tab.button("play").get_attribute("aria-label"), "Play")  # it has stopped
    lane = tab.page.locator("#timeline").bounding_box()
    assert lane is not None
    tab.page.mouse.click(lane["x"] + lane["width"] / 2, lane["y"] + lane["height"] / 2)
    tab.at_frame((last + 1) // 2)


def test_next_keyframe_doubt_and_suggestion(open_page: Open, client: Client, name: str) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.key("End")
    last = tab.state["frames"] - 1
    tab.at_frame(last)
    tab.until_idle()
    tab.key("a")
    tab.saved()
    tab.until_idle()
    tab.key(".")
    tab.at_frame(0)
    tab.key(",")
    tab.at_frame(last)
    tab.key("g")
    tab.page.locator(".notice").first.wait_for()
    found = tab.client.get(f"/api/sequences/{name}/suggest").form["suggestions"]
    if found:
        tab.at_frame(found[0]["frame"])


def test_zoom_pan_and_parts_of_pixels(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    before = float(tab.page.locator("#canvas").get_attribute("data-scale") or 0)
    x, y = map(round, tab.point(203, 117))
    at = tab.frame_point(x, y)
    tab.page.mouse.move(x, y)
    tab.page.mouse.wheel(0, -1200)
    tab.until(f"+document.getElementById('canvas').dataset.scale > {4 * before}")
    assert tab.point(*at) == pytest.approx((x, y), abs=0.5)  # it stayed under the mouse
    tab.drag((205, 118), (208, 118))  # nothing is there: the frame moves
    tab.becomes(lambda: tab.point(203, 117)[0] > x + 10, True)
    tab.draw_new((204.3, 117.6, 5.2, 3.1))
    assert tab.human()[0] == pytest.approx([204.3, 117.6, 5.2, 3.1], abs=0.15)
    tab.key("f")
    tab.until(f"Math.abs(document.getElementById('canvas').dataset.scale - {before}) < 1e-6")


def test_two_fingers_zoom_and_one_draws(browser: "Browser", client: Client, name: str) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
    try:
        tab = Reviewer(context.new_page(), client, name)
        tab.open()
        session = context.new_cdp_session(tab.page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            there = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": there})

        x, y = tab.point(160, 100)
        before = float(tab.page.locator("#canvas").get_attribute("data-scale") or 0)
        touch("touchStart", (x - 20, y), (x + 20, y))
        for far in (30, 45, 60):
            touch("touchMove", (x - far, y), (x + far, y))
        touch("touchEnd")
        tab.becomes(
            lambda: float(tab.page.locator("#canvas").get_attribute("data-scale") or 0),
            pytest.approx(3 * before, rel=0.02),
        )
        assert tab.point(160, 100) == pytest.approx((x, y), abs=1)
        assert tab.state["tracks"] == []  # two fingers draw nothing
        tab.key("n")
        tab.shows("#hint", "Draw a new object")
        corner, other = tab.point(150, 90), tab.point(170, 110)
        touch("touchStart", corner)
        touch("touchMove", ((corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2))
        touch("touchMove", other)
        touch("touchEnd")
        tab.page.wait_for_selector("#classes[open]")
        tab.page.keyboard.type("bird")
        tab.key("Enter")
        tab.saved()
        assert tab.human()[0] == pytest.approx([150, 90, 20, 20], abs=0.5)
        assert not tab.complaints
    finally:
        context.close()


def test_with_a_token_the_printed_address_opens_all_and_another_nothing(
    browser: "Browser", dataset: Dataset, hold: Tracking, name: str
) -> None:
    with serving(dataset, hold, token="only-those-who-know", local=False) as server:  # noqa: S106
        context = browser.new_context()
        try:
            page = context.new_page()
            at = f"http://127.0.0.1:{server.port}/"
            refused = page.goto(at)
            assert refused is not None
            assert refused.status == 401
            page.goto(f"{at}?token=only-those-who-know#{name}@3")
            page.wait_for_selector(f'body[data-sequence="{name}"][data-frame="3"]')
            assert "token" not in page.url  # neither shown nor kept in the history
            (cookie,) = context.cookies()
            assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
            page.reload()
            page.wait_for_selector(f'body[data-sequence="{name}"][data-frame="3"]')
            page.locator("#save[data-state=saved]").wait_for()
        finally:
            context.close()


def test_every_control_has_a_name_and_is_reached_by_tab(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    session = tab.page.context.new_cdp_session(tab.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    controls = {
        node["nodeId"]: (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in CONTROLS
    }
    assert len(controls) > 40
    assert [role for role, words in controls.values() if not words] == []
    tab.page.reload()  # Tab goes on from where the mouse was last
    tab.at_frame(0)
    tab.page.locator(".track").wait_for()
    seen: list[str] = []
    while True:
        tab.key("Tab")
        now = tab.evaluate(
            "(() => { const it = document.activeElement; const style = getComputedStyle(it);"
            " return it === document.body ? '' : [it.id, it.dataset.action, it.dataset.side,"
            " style.outlineStyle === 'none' && style.boxShadow === 'none' ? 'UNSEEN' : '']"
            ".join(' '); })()"
        )
        if now == "":
            break  # and out of the page: it holds nobody
        assert len(seen) < 200
        assert "UNSEEN" not in now, now
        seen.append(now)
    assert [each for each in (words.split(" ")[0] for words in seen) if each in ORDER] == ORDER


def test_tone_is_for_the_eye_only(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    middle = """(() => {
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(document.getElementById("canvas"), -400, -300);
        return [...copy.getImageData(0, 0, 1, 1).data];
    })()"""
    plain = tab.evaluate(middle)
    tab.key("i")
    tab.becomes(lambda: tab.evaluate(middle)[0], pytest.approx(255 - plain[0], abs=2))
    tab.key("Shift+V")
    tab.becomes(lambda: tab.evaluate(middle), plain)
    tab.page.locator("#gamma").fill("2.5")
    tab.becomes(lambda: tab.evaluate(middle)[0] > plain[0], True)


def test_light_and_dark_are_remembered(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    ground = "getComputedStyle(document.querySelector('main')).backgroundColor"
    dark = tab.evaluate(ground)
    tab.button("theme").click()
    light = tab.evaluate(ground)
    assert sum(map(int, light[4:-1].split(","))) > 3 * sum(map(int, dark[4:-1].split(",")))
    tab.page.reload()
    tab.at_frame(0)
    tab.becomes(lambda: tab.evaluate(ground), light)


def test_the_map_of_keys_names_them_all_and_each_has_a_button(
    open_page: Open, client: Client
) -> None:
    tab = open_page(client)
    tab.page.focus("#canvas")
    tab.key("?")
    tab.page.wait_for_selector("#help[open]")
    actions: dict[str, list[str]] = tab.evaluate(
        "import('/page/actions.js').then(({ACTIONS}) =>"
        " Object.fromEntries([...ACTIONS.values()].map((each) => [each.id, each.keys])))"
    )
    listed = tab.page.locator("#keys dd").count()
    assert listed == sum(bool(keys) for keys in actions.values())
    keys = [key for each in actions.values() for key in each]
    assert len(keys) == len(set(keys))
    tab.key("n")  # keys do nothing behind a dialog
    tab.key("Escape")
    tab.page.wait_for_selector("#help", state="hidden")
    assert tab.evaluate("document.activeElement.id") == "canvas"
    assert "Draw" not in tab.page.locator("#hint").inner_text()
    buttons = set(
        tab.page.locator("[data-action]").evaluate_all("(all) => all.map((b) => b.dataset.action)")
    )
    assert set(actions) - buttons == WITHOUT_BUTTON
    unnamed = (
        "(all) => all.filter((b) => !b.ariaLabel && !b.innerText.trim()).map((b) => b.outerHTML)"
    )
    assert tab.page.locator("button").evaluate_all(unnamed) == []


def test_those_who_listen_are_told_what_is_on_the_frame(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    tab.page.locator("#said", has_text="Frame 0. drone 0 by hand").wait_for(state="attached")
    value = f"frame 0 of {tab.state['frames'] - 1}"
    tab.becomes(lambda: tab.page.locator("#timeline").get_attribute("aria-valuetext"), value)


def test_everything_is_reachable_on_a_narrow_screen(open_page: Open, client: Client) -> None:
    tab = open_page(client)
    tab.page.set_viewport_size({"width": 420, "height": 860})
    tab.button("queue").click()
    tab.page.locator("#queue .row").nth(1).click()
    tab.page.wait_for_selector("#queue", state="hidden")
    tab.until(f"document.body.dataset.sequence !== '{tab.sequence}'")
    wide = "document.documentElement.scrollWidth <= innerWidth"
    tab.until(wide)


def test_proposed_boxes_are_taken_with_one_key(open_page: Open, client: Client, name: str) -> None:
    tab = open_page(client)
    tab.draw_new(BOX)
    digits = tab.state["hashes"][0]
    proposed = [{"box": [40, 50, 12, 9], "score": 0.7}, {"box": [90, 30, 8, 8], "score": 0.4}]
    answer = json.dumps({"frame": 0, "hash": digits, "candidates": proposed})
    tab.page.route("**/candidates?*", lambda route: route.fulfill(body=answer))
    tab.evaluate("document.querySelector('[data-action=candidates]').hidden = false")
    tab.key("p")
    tab.page.locator("#proposals button").nth(1).wait_for()
    tab.key("2")
    tab.saved()
    assert tab.human(1) == {0: [90, 30, 8, 8]}
    tab.becomes(tab.page.locator("#proposals button").count, 1)


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same two frames a thousand times, as links."""
    ids = [SequenceId("train", number, 0) for number in range(1000)]
    dataset = made_dataset(tmp_path_factory.mktemp("thousand") / "data", ids[:1], count=2)
    for each in ids[1:]:
        shutil.copy(dataset.card_path(ids[0]), dataset.card_path(each))
        for folder in (dataset.frame_dir, dataset.annotation_dir):
            shutil.copytree(folder(ids[0]), folder(each), copy_function=os.link)
    return dataset.root


@pytest.mark.slow
def test_a_queue_of_a_thousand_sequences(open_page: Open, thousand: Path) -> None:
    with serving(Dataset.open(thousand)) as client:
        first = client.get("/api/queue").form["items"][0]["sequence"]
        tab = open_page(client, first)
        tab.page.locator("#dataset-text", has_text="0 of 1,000 reviewed").wait_for()
        rows = tab.page.locator("#queue .row")
        assert rows.count() < 60
        tab.page.focus("#queue")
        tab.key("End")
        tab.page.locator("#queue-999 .row-title", has_text="made").wait_for()
        assert rows.count() < 60
        tab.page.fill("#find", "00777000")
        tab.until("document.querySelectorAll('#queue .row').length === 1")
        rows.first.click()
        tab.page.wait_for_selector('body[data-sequence="ILSVRC2015_train_00777000"]')
        tab.page.fill("#find", "")
        tab.until("document.querySelectorAll('#queue .row').length > 5")
        tab.page.focus("#canvas")
        seen = set()
        for _ in range(3):
            before = tab.page.get_attribute("body", "data-sequence")
            tab.key("PageDown")
            tab.until(f"document.body.dataset.sequence !== '{before}'")
            seen.add(tab.page.get_attribute("body", "data-sequence"))
        assert len(seen) == 3
