"""A real Chromium, a dataset of two real recordings, and pages that complain of nothing."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.annotating import tracking_of
from cli.main import main
from tests.browser.reviewer import Reviewer
from tests.tirdata.review.client import Client, serving
from tirdata.annotate.annotate import Tracking
from tirdata.dataset.tree import Dataset

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

CLIPS = """path,class,licence,start_s,end_s
IR_DRONE_121.mp4,drone,CC0-1.0,0,1.2
IR_HELICOPTER_043.mp4,helicopter,CC0-1.0,0,1.2
"""
WAIT_MS = 20_000
PORT = re.compile(r"https?://127\.0\.0\.1:\d+/")

Open = Callable[..., Reviewer]


@pytest.fixture(scope="session")
def two_clips(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    sources = folder / "sources.csv"
    sources.write_text(CLIPS.replace("IR_", f"{clips}/IR_"), encoding="utf-8")
    root = folder / "data"
    done = CliRunner().invoke(main, ["fetch", str(sources), "--dataset", str(root)])
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture
def dataset(two_clips: Path, tmp_path: Path) -> Dataset:
    shutil.copytree(two_clips, tmp_path / "data")
    return Dataset.open(tmp_path / "data")


@pytest.fixture
def name(dataset: Dataset) -> str:
    return dataset.sequence_ids()[0].name


@pytest.fixture(scope="session")
def hold() -> Tracking:
    """Keeps the last box: quick, and its boxes are known."""
    return tracking_of(None, "hold", None, None, again=False)


@pytest.fixture
def client(dataset: Dataset, hold: Tracking) -> Iterator[Client]:
    with serving(dataset, hold) as found:
        yield found


@pytest.fixture(scope="package")  # not longer: it keeps an event loop
def browser() -> Iterator["Browser"]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'tirdata[dev]'"
    )
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    flags = ["--disable-dev-shm-usage"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: "Browser", client: Client) -> Iterator["BrowserContext"]:
    """Tabs that share what one person's browser keeps; nothing may ask beyond this machine.

    Asks for ``client`` so that tabs are closed before their server ends.
    """
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(WAIT_MS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context
    context.close()
    outside = [url for url in asked if not PORT.match(url) and not url.startswith("blob:")]
    assert not outside


@pytest.fixture
def open_page(context: "BrowserContext", name: str) -> Iterator[Open]:
    """Opens a tab on a server; at the end, none may have complained."""
    opened: list[Reviewer] = []

    def open_one(client: Client, sequence: str = name, *, frame: int = 0) -> Reviewer:
        tab = Reviewer(context.new_page(), client, sequence)
        opened.append(tab)
        tab.open(frame)
        return tab

    yield open_one
    for each in opened:
        assert not each.complaints
