"""`tirdata fetch` of links: stopped, out of room, partly dead; the same command goes on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.conftest import ROOT
from tests.fetching import faults, short_clip
from tests.serve import Page, Site, serve
from tirdata.dataset.tree import Dataset


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return short_clip(tmp_path_factory.mktemp("clip"), clips)


@pytest.fixture
def site(short: Path) -> Iterator[Site]:
    with serve({"drone.mkv": Page(short.read_bytes())}) as running:
        yield running


def words(folder: Path, *arguments: str) -> list[str]:
    return ["fetch", *arguments, "--dataset", str(folder), "--workers", "1"]


def run(*arguments: str, limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    """The command; with ``limit``, files cannot be larger, as if the disk were full."""
    setup = (
        ""
        if limit is None
        else (f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); ")
    )
    code = setup + "from cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def invoke(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, list(arguments))


def part_of(folder: Path) -> Path:
    return next(folder.glob("recordings/.download-*/original.part"))


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_stopped_in_a_download_it_goes_on_where_it_was(
    number: signal.Signals, site: Site, tmp_path: Path
) -> None:
    page = site.pages["drone.mkv"]
    page.slow_s = 0.02
    folder = tmp_path / "d"
    command = words(folder, site.link("drone.mkv"))
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 30
    while site.sent < len(page.body) // 3:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert said.splitlines()[-1] == "error: stopped; what is done is kept"
    page.slow_s = 0.0
    have = part_of(folder).stat().st_size
    assert have > len(page.body) // 6
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert site.asked[-1] == ("drone.mkv", f"bytes={have - 4096}-")
    assert faults(Dataset.open(folder)) == []


def test_a_disk_that_is_full_loses_nothing_of_a_download(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    command = words(folder, site.link("drone.mkv"))
    done = run(*command, limit=200_000)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"error: {part_of(folder)}: cannot write (File too large); make room")
    assert part_of(folder).stat().st_size == 200_000
    assert run(*command).returncode == 0
    assert site.asked[-1] == ("drone.mkv", f"bytes={200_000 - 4096}-")
    assert faults(Dataset.open(folder)) == []


def test_a_playlist_with_a_dead_item_ends_with_4_and_names_it(site: Site, tmp_path: Path) -> None:
    items = "".join(
        f"<item><title>{name}</title><link>{site.link(name)}</link></item>"
        for name in ("drone.mkv", "dead.mkv")
    )
    text = f"<rss version='2.0'><channel><title>Flights</title>{items}</channel></rss>"
    site.pages["feed"] = Page(text.encode(), "application/rss+xml")
    done = invoke(*words(tmp_path / "d", site.link("feed"), "--json", "--retries", "0"))
    assert done.exit_code == 4
    document = json.loads(done.stdout)
    assert document["counts"]["done"] == document["counts"]["failed"] == 1
    assert [item["playlist"] for item in document["items"]] == [site.link("feed")] * 2
    assert f"failed: {site.link('dead.mkv')}: no video came of it (HTTP Error 404" in done.stderr
    assert "of 2 sources 1 failed" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cookies", "none.txt"], "none.txt: no such file; expected one of cookies"),
        (["--cookies", str(ROOT / "README.md")], "README.md: is no file of cookies"),
        (["--playlist-items", "1,,3"], "playlist_items 1,,3: "),
        (["--per-host", "0"], "per_host: Input should be greater than or equal to 1"),
    ],
)
def test_settings_of_links_are_checked_before_anything_is_asked_for(
    arguments: list[str], message: str, site: Site, tmp_path: Path
) -> None:
    done = invoke(*words(tmp_path / "d", site.link("drone.mkv"), *arguments))
    assert done.exit_code == 2
    assert message in done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("fetch: ")] == [
        done.stderr.splitlines()[-1]
    ]
    assert site.asked == []
