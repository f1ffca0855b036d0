"""A person at the page: looks at it, drags, presses keys."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.tirdata.review.client import WAIT_S, Client, Form, until

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

Box = tuple[float, float, float, float]
DRAWN = """new Promise((done) => setTimeout(() =>
    requestAnimationFrame(() => requestAnimationFrame(done))))"""
FAILED_REQUEST = re.compile(r"Failed to load resource: (net::|the server responded)")


@dataclass
class Reviewer:
    """One tab."""

    page: "Page"
    client: Client
    sequence: str
    complaints: list[str] = field(default_factory=list)
    forgives_network: bool = False  # where a test takes the server away

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: "ConsoleMessage") -> None:
        excused = self.forgives_network and FAILED_REQUEST.match(message.text)
        if message.type in ("error", "warning") and not excused:
            self.complaints.append(f"{message.text} {message.location}")

    def open(self, frame: int = 0) -> None:
        self.page.goto(f"http://127.0.0.1:{self.client.port}/#{self.sequence}@{frame}")
        self.at_frame(frame)

    def at_frame(self, frame: int) -> None:
        """Wait until the picture of a frame is shown."""
        self.page.wait_for_selector(f'body[data-sequence="{self.sequence}"][data-frame="{frame}"]')

    def painted(self) -> None:
        """Wait until what was pressed is taken up and shown: the page draws once a frame."""
        self.page.evaluate(DRAWN)

    def saved(self) -> None:
        """Wait until everything is on the disk, and the page shows it."""
        self.painted()
        self.until(
            "document.getElementById('save').dataset.state === 'saved'"
            " && !Object.keys(localStorage).some((key) => key.includes('outbox'))"
        )
        self.painted()

    def until(self, program: str) -> None:
        """Wait until the page says so; asked from outside, for it lets nobody evaluate text."""
        deadline = time.monotonic() + WAIT_S
        while not self.page.evaluate(program):
            assert time.monotonic() < deadline, program
            self.page.wait_for_timeout(20)

    def becomes(self, read: Callable[[], object], value: object) -> None:
        """Wait until something that is read off the page has a value."""
        deadline = time.monotonic() + WAIT_S
        while (found := read()) != value:
            assert time.monotonic() < deadline, f"{found} is not {value}"
            self.page.wait_for_timeout(20)

    def shows(self, selector: str, words: str | re.Pattern[str]) -> None:
        """Wait until an element has these words."""
        self.page.locator(selector, has_text=words).first.wait_for()

    def key(self, *keys: str) -> None:
        for each in keys:
            self.page.keyboard.press(each)
        self.painted()

    def _view(self) -> tuple[float, float, float]:
        """Where the frame's corner is in the window, and how large its pixels are."""
        canvas = self.page.locator("#canvas")
        place = canvas.bounding_box()
        assert place is not None
        view: dict[str, str] = canvas.evaluate("(canvas) => ({...canvas.dataset})")
        left, top, scale = (float(view[each]) for each in ("left", "top", "scale"))
        return place["x"] + left, place["y"] + top, scale

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the frame is in the window."""
        left, top, scale = self._view()
        return left + x * scale, top + y * scale

    def frame_point(self, x: float, y: float) -> tuple[float, float]:
        """Which point of the frame is at a point of the window."""
        left, top, scale = self._view()
        return (x - left) / scale, (y - top) / scale

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at one point of the frame, let go at another."""
        self.page.mouse.move(*self.point(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.point((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.page.mouse.move(*self.point(*end))
        self.page.mouse.up()
        self.painted()

    def draw_new(self, box: Box, class_name: str = "drone") -> None:
        """Draw a box that begins a track; the class is asked for the first time."""
        x, y, w, h = box
        self.key("n")
        self.drag((x, y), (x + w, y + h))
        if self.page.locator("#classes").is_visible():
            self.page.keyboard.type(class_name)
            self.key("Enter")
        self.saved()

    def button(self, action: str) -> "Locator":
        return self.page.locator(f'[data-action="{action}"]')

    def notice(self, words: str) -> "Locator":
        """A message with these words, waited for."""
        found = self.page.locator(".notice", has_text=words).first
        found.wait_for()
        return found

    @property
    def state(self) -> Form:
        """What the server has."""
        return self.client.sequence(self.sequence)

    def track(self, number: int = 0) -> Form:
        return next(each for each in self.state["tracks"] if each["id"] == number)

    def human(self, number: int = 0) -> dict[int, list[float]]:
        """The person's boxes of a track, on the server."""
        return {int(frame): box for frame, box in self.track(number)["human"].items()}

    def until_idle(self) -> None:
        """Wait until nothing is propagated, and the page knows."""
        until(lambda: not any(each["pending"] for each in self.state["tracks"]))
        self.page.wait_for_selector("#work", state="hidden")
        self.painted()

    def evaluate(self, program: str) -> Any:  # noqa: ANN401  # whatever the page says
        return self.page.evaluate(program)
