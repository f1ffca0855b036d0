"""`tirdata fetch`: what it prints, how it ends, and that it can be killed at any moment."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.conftest import ROOT
from tests.fetching import faults, short_clip, tree
from tests.made_pictures import made_folder
from tests.serve import Page, Site, serve
from tirdata.dataset.tree import CONFIG_NAME, Dataset


def fetch(folder: Path, *arguments: object) -> Result:
    words = ["fetch", *(str(each) for each in arguments), "--dataset", str(folder)]
    return CliRunner().invoke(main, [*words, "--workers", "1"])


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return short_clip(tmp_path_factory.mktemp("clip"), clips)


@pytest.fixture
def site(short: Path) -> Iterator[Site]:
    with serve({"drone.mkv": Page(short.read_bytes(), "video/x-matroska")}) as running:
        yield running


def test_it_makes_a_dataset_where_there_is_none_and_says_what_it_did(
    short: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    result = fetch(folder, short)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[2].split()[:4] == ["drone.mkv", "done", "1", "24"]
    assert faults(Dataset.open(folder)) == []
    again = fetch(folder, short)
    assert again.exit_code == 0
    assert "nothing to do: all of it is in the dataset already" in again.stdout


def test_a_single_one_that_breaks_off_says_where(tmp_path: Path) -> None:
    pictures = made_folder(tmp_path)
    (pictures / "frame11.png").write_bytes(b"")  # as a capture that was stopped leaves it
    result = fetch(tmp_path / "d", pictures, "--min-frames", "1")
    assert result.exit_code == 4
    message = f"partly: {pictures}: breaks off after frame 2 (frame11.png: is empty (0 bytes))"
    assert any(line.startswith(message) for line in result.stderr.splitlines())


def test_a_name_that_no_text_can_hold_is_refused_in_one_line(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"a\xff.mp4")
    odd.write_bytes(b"1")
    result = fetch(tmp_path / "d", odd, "--json")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith("a\\xff.mp4: is no name in UTF-8; rename it")
    assert json.loads(result.stdout)["counts"]["failed"] == 1


def test_json_says_all_and_nothing_else_is_on_stdout(short: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"
    result = fetch(tmp_path / "d", short, missing, "--json")
    assert result.exit_code == 4
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["counts"]["done"] == document["counts"]["failed"] == 1
    first, second = document["items"]
    assert first["source"] == str(short)
    assert (first["status"], first["frames"]) == ("done", 24)
    assert first["sequences"] == ["ILSVRC2015_train_00000000"]
    assert (second["status"], second["exit_code"]) == ("failed", 2)
    assert f"failed: {missing}: no such file" in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last == "error: of 2 sources 1 failed and 0 broke off; each is named above"


def test_a_dry_run_writes_nothing(short: Path, tmp_path: Path) -> None:
    result = fetch(tmp_path / "d", short, "--dry-run")
    assert result.exit_code == 0
    assert "to do" in result.stdout
    assert not (tmp_path / "d").exists()


def test_flags_win_over_the_config_file(short: Path, tmp_path: Path) -> None:
    config = tmp_path / "fetch.toml"
    config.write_text('subset = "val"\nmin_frames = 30\npolarity = "black-hot"\n')
    result = fetch(tmp_path / "d", short, "--config", config, "--min-frames", "5")
    assert result.exit_code == 0, result.output
    dataset = Dataset.open(tmp_path / "d")
    card = dataset.read_card(dataset.sequence_ids("val")[0])
    assert (card.polarity.value, card.polarity.how) == ("black-hot", "stated")


def test_a_sources_file_names_links_and_files(site: Site, short: Path, tmp_path: Path) -> None:
    rows = f"url,path,class,title\n{site.link('drone.mkv')},,drone,From afar\n,{short},bird,\n"
    (tmp_path / "sources.csv").write_text(rows)
    result = fetch(tmp_path / "d", tmp_path / "sources.csv", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [item["status"] for item in document["items"]] == ["done", "present"]  # same bytes
    dataset = Dataset.open(tmp_path / "d")
    source = dataset.read_source(dataset.recording_ids()[0])
    assert (source.url, source.title) == (site.link("drone.mkv"), "From afar")


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (None, 2, "no such file; expected a recording, a link or a sources file"),
        (b"", 3, "is empty (0 bytes); expected a recording"),
        (b"GIF89a" + bytes(50), 3, "cannot be opened as video ("),
        (b"only words", 3, "is no recording (starts with 'only words'); expected video"),
    ],
    ids=["missing", "empty", "broken", "no video"],
)
def test_one_bad_file_is_one_line_and_its_status(
    content: bytes | None, status: int, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    result = fetch(tmp_path / "d", path)
    assert result.exit_code == status
    lines = [line for line in result.stderr.splitlines() if not line.startswith("fetch: ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {path}: {message}")
    assert list((tmp_path / "d").glob("recordings/*")) == []


def test_a_dead_link_is_one_line_and_status_1(site: Site, tmp_path: Path) -> None:
    result = fetch(tmp_path / "d", site.link("none.mp4"), "--retries", "0")
    assert result.exit_code == 1
    line = f"error: {site.link('none.mp4')}: no video came of it (HTTP Error 404: Not Found)"
    assert line in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--subset", "test"], "subset: Input should be 'train' or 'val'"),
        (["--min-frames", "0"], "min_frames: Input should be greater than or equal to 1"),
        (["--class", "dorne"], "dorne"),
        (["--polarity", "hot"], "polarity: Input should be 'white-hot' or 'black-hot'"),
        (["--config", "none.toml"], "none.toml: no such file"),
    ],
)
def test_bad_settings_are_usage_errors(
    arguments: list[str], message: str, short: Path, tmp_path: Path
) -> None:
    result = fetch(tmp_path / "d", short, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_newer_dataset_and_a_foreign_folder_are_left_alone(short: Path, tmp_path: Path) -> None:
    newer, other = tmp_path / "newer", tmp_path / "other"
    newer.mkdir()
    (newer / CONFIG_NAME).write_text('format = 99\nname = "x"\n')
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    assert "install a newer one" in fetch(newer, short).stderr
    for folder in (newer, other):
        assert fetch(folder, short).exit_code == 3
        assert len(list(folder.iterdir())) == 1


def command(folder: Path, *arguments: object) -> list[str]:
    words = ["fetch", *(str(each) for each in arguments), "--dataset", str(folder)]
    return [sys.executable, "-m", "cli", *words]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, short: Path, clips: Path) -> Dataset:
    """What comes of two recordings when nothing stops the command."""
    dataset = Dataset.create(tmp_path_factory.mktemp("whole") / "d", "same")
    assert fetch(dataset.root, short, clips / "V_HELICOPTER_004.mp4").exit_code == 0
    return dataset


@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGTERM, 1), (signal.SIGINT, 2), (signal.SIGKILL, 1), (signal.SIGKILL, 2)],
)
def test_killed_at_work_the_same_command_goes_on(
    number: signal.Signals, workers: int, short: Path, clips: Path, whole: Dataset, tmp_path: Path
) -> None:
    dataset = Dataset.create(tmp_path / "d", "same")
    words = command(dataset.root, short, clips / "V_HELICOPTER_004.mp4", "--workers", workers)
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    wait_for(dataset.root, "recordings/*/.part/000/000040.JPEG", process)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)  # until orphaned workers have ended, too
    assert process.returncode == (-number if number == signal.SIGKILL else 130)
    if number != signal.SIGKILL:
        assert said.splitlines()[-1] == "error: stopped; what is done is kept"
    names = {path.stem for path in dataset.root.glob("sequences/*")}
    assert names == {path.name for path in dataset.root.glob("Data/VID/*/*/*")}
    if workers == 1:  # a worker that outlives its command may end what it has in hand
        assert "ILSVRC2015_train_00001000" not in names
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    assert tree(dataset) == tree(whole)
    assert faults(dataset) == []


def wait_for(root: Path, pattern: str, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 30
    while not list(root.glob(pattern)):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_full_disk_is_one_line_and_nothing_half_is_left(short: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: writing fails in the same way."""
    dataset = Dataset.create(tmp_path / "d")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); "
    run = limit + "from cli.main import main; main()"
    words = ["fetch", str(short), "--dataset", str(dataset.root), "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-c", run, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "cannot write (File too large); make room or choose a folder" in last
    assert list(dataset.root.glob("Data/VID/*/*/*")) == []
    assert list(dataset.root.glob("recordings/*/.part")) == []
    assert fetch(dataset.root, short).exit_code == 0
    assert faults(dataset) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_line(short: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    result = fetch(tmp_path / "locked" / "d", short)
    assert result.exit_code == 1
    assert "cannot write (Permission denied)" in result.stderr
