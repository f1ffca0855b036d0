"""Zips, as CVAT exports them and as data sets are handed out, into a dataset."""

import json
import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tests.made_layouts import made_pair
from tirdata.dataset.tree import Dataset
from tirdata.layouts import LAYOUTS


def tirdata(*args: object) -> Result:
    line = ["import", *(str(arg) for arg in args)]
    return CliRunner().invoke(main, line, prog_name="tirdata")


def zipped(folder: Path, path: Path, *, only: str = "*", below: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob(only)):
            if file.is_file():
                archive.write(file, below + file.relative_to(folder).as_posix())
        archive.writestr("__MACOSX/._annotations.xml", b"litter")
    return path


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """The folder of one CVAT task, as its export has it."""
    LAYOUTS["cvat"].write([made_sequence(6, size=(64, 48), name="flight")], tmp_path / "made")
    return tmp_path / "made" / "flight"


def boxes(folder: Path) -> list[tuple[int, str, int]]:
    dataset = Dataset.open(folder)
    return [
        (len(track.boxes), track.class_name, int(track.present.sum()))
        for each in dataset.sequence_ids()
        for track in dataset.read_sequence(each).tracks
    ]


def test_a_task_with_its_frames_becomes_a_sequence(task: Path, tmp_path: Path) -> None:
    path = zipped(task, tmp_path / "flight 7.zip")
    words = (path, "--dataset", tmp_path / "ours", "--class", "bird", "--workers", 1)
    assert tirdata(*words, "--dry-run").exit_code == 0
    result = tirdata(*words, "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["sequences"]
    assert (found["name"], found["frames"], found["new"]) == ("flight 7", 6, True)
    assert boxes(tmp_path / "ours") == [(6, "bird", 6)]
    dataset = Dataset.open(tmp_path / "ours")
    source = dataset.read_source(dataset.recording_ids()[0])
    assert (source.path, source.title) == (str(path), "flight 7")
    assert "nothing to do" in tirdata(*words).stdout


def test_a_task_without_frames_goes_onto_a_sequence(task: Path, tmp_path: Path) -> None:
    tirdata(task, "--dataset", tmp_path / "ours", "--format", "cvat", "--class", "bird")
    path = zipped(task, tmp_path / "corrected.zip", only="*.xml")
    name = Dataset.open(tmp_path / "ours").sequence_ids()[0].name
    words = (path, "--dataset", tmp_path / "ours", "--sequence", name, "--class", "bird")
    result = tirdata(*words)
    assert result.exit_code == 0, result.output
    assert tirdata(path, "--dataset", tmp_path / "ours").exit_code == 2  # onto which one?


@pytest.mark.parametrize("below", ["", "GTOT/", "download/GTOT/"])
def test_other_data_sets_are_read_too(below: str, tmp_path: Path) -> None:
    LAYOUTS["gtot"].write([made_pair(4, "car"), made_pair(4, "swan", 3)], tmp_path / "gtot")
    path = zipped(tmp_path / "gtot", tmp_path / "gtot.zip", below=below)
    result = tirdata(path, "--dataset", tmp_path / "ours", "--class", "drone", "--format", "gtot")
    assert result.exit_code == 0, result.output
    assert len(boxes(tmp_path / "ours")) == 2


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("../annotations.xml", b"x", "which leads out of it; expected names inside"),
        ("/etc/annotations.xml", b"x", "which leads out of it"),
        ("bomb.xml", bytes(200_000_000), "unpacks to 200000000 bytes, more than 200 times its"),
        (".hidden", b"x", "is empty; expected a data set, or CVAT's annotations.xml"),
        ("notes/readme.txt", b"x", "not laid out as any of"),
    ],
    ids=["up", "root", "bomb", "hidden", "strange"],
)
def test_a_zip_that_is_none_is_refused(name: str, data: bytes, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    result = tirdata(path, "--dataset", tmp_path / "ours")
    assert result.exit_code in (2, 3), result.output
    assert fault in result.stderr
    assert not (tmp_path / "ours").exists()
    assert not (tmp_path / "annotations.xml").exists()


def test_links_in_a_zip_are_not_made(task: Path, tmp_path: Path) -> None:
    path = zipped(task, tmp_path / "linked.zip")
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("images/frame_000006.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    result = tirdata(path, "--dataset", tmp_path / "ours", "--class", "bird")
    assert result.exit_code == 0, result.output
    assert boxes(tmp_path / "ours") == [(6, "bird", 6)]


def test_a_broken_zip_is_named(task: Path, tmp_path: Path) -> None:
    path = zipped(task, tmp_path / "cut.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    result = tirdata(path, "--dataset", tmp_path / "ours")
    assert result.exit_code == 3
    assert "cut.zip: is no whole zip" in result.stderr
    path.write_bytes(whole[:200] + bytes(80) + whole[280:])
    result = tirdata(path, "--dataset", tmp_path / "ours")
    assert result.exit_code == 3
    assert "damaged" in result.stderr
