"""The command `import`, on real boxes and a made data set."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tirdata.dataset.tree import Dataset
from tirdata.layouts import LAYOUTS


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    root = tmp_path_factory.mktemp("import") / "data"
    clip = clips / "IR_DRONE_121.mp4"
    assert tirdata("fetch", clip, "--dataset", root, "--workers", 1, "-q").exit_code == 0
    return root


def test_boxes_of_a_real_recording(fetched: Path, clips: Path) -> None:
    words = ["import", clips / "IR_DRONE_121.txt", "--dataset", fetched, "--format", "boxes",
             "--recording", "IR_DRONE_121.mp4", "--class", "drone", "--one-based"]  # fmt: skip
    planned = tirdata(*words, "--dry-run")
    assert "would be imported" in planned.stdout
    assert Dataset.open(fetched).read_sequence(Dataset.open(fetched).sequence_ids()[0]).tracks == ()
    first = tirdata(*words, "--json")
    assert first.exit_code == 0, first.output
    (track,) = json.loads(first.stdout)["tracks"]
    assert (track["boxes"], track["absent"], track["already"]) == (312, 0, False)
    again = tirdata(*words)
    assert again.exit_code == 0
    assert "nothing to do: IR_DRONE_121.txt was taken in before" in again.stdout
    dataset = Dataset.open(fetched)
    (read,) = dataset.read_sequence(dataset.sequence_ids()[0]).tracks
    line = (clips / "IR_DRONE_121.txt").read_text().splitlines()[0]
    x, y, *_ = (float(word) for word in line.split(","))
    assert abs(read.boxes[0, 0] - (x - 1)) <= 0.5
    assert abs(read.boxes[0, 1] - (y - 1)) <= 0.5
    assert tirdata("validate", fetched, "--workers", 1).exit_code == 0


@pytest.mark.parametrize(
    ("text", "args", "status", "message"),
    [
        ("1,1,5,5\n" * 7, (), 3, "boxes.txt: 7 lines; expected 312"),
        ("1,1,5\n" * 312, (), 3, "line 1: '1,1,5'"),
        ("999,1,5,5\n" * 312, (), 3, "line 1: box 999,1,5,5 (from 0) is outside the frame"),
        ("1,1,5,5\n" * 312, ("--class", "dragon"), 2, "dragon"),
        ("1,1,5,5\n" * 312, ("--recording", "film"), 2, "recording film: not in"),
    ],
)
def test_a_bad_file_is_one_line_and_a_status(
    fetched: Path, tmp_path: Path, text: str, args: tuple[str, ...], status: int, message: str
) -> None:
    path = tmp_path / "boxes.txt"
    path.write_text(text)
    given = ["--recording", "IR_DRONE_121", "--class", "drone", *args]
    result = tirdata("import", path, "--dataset", fetched, *given)
    assert result.exit_code == status
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "of which recording; expected --recording"),
        (("--format", "otb"), "a file is never otb; expected a folder, or boxes, cvat, coco, mot"),
    ],
)
def test_what_is_left_open_is_asked_for(
    fetched: Path, clips: Path, args: tuple[str, ...], message: str
) -> None:
    result = tirdata("import", clips / "IR_DRONE_121.txt", "--dataset", fetched, *args)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    result = tirdata("import", tmp_path / "none.txt", "--dataset", tmp_path)
    assert (result.exit_code, "none.txt: no such file" in result.stderr) == (2, True)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    made = [made_sequence(4, size=(64, 48), seed=seed, name=f"s{seed}") for seed in range(2)]
    LAYOUTS["otb"].write(made, tmp_path / "theirs")
    return tmp_path / "theirs"


def test_a_data_set_becomes_ours(theirs: Path, tmp_path: Path) -> None:
    words = ["import", theirs, "--dataset", tmp_path / "ours", "--class", "bird", "--workers", 1]
    assert "2 sequences (otb) would be taken in" in tirdata(*words, "--dry-run").stdout
    assert not (tmp_path / "ours").exists()
    result = tirdata(*words, "--json")
    assert result.exit_code == 0, result.output
    assert [each["frames"] for each in json.loads(result.stdout)["sequences"]] == [4, 4]
    assert "nothing to do" in tirdata(*words).stdout
    assert tirdata("validate", tmp_path / "ours", "--workers", 1).exit_code == 0


def test_some_bad_sequences_are_status_4_and_all_are_3(theirs: Path, tmp_path: Path) -> None:
    words = ["import", theirs, "--dataset", tmp_path / "ours", "--class", "bird", "--workers", 1]
    (theirs / "s0" / "img" / "0002.jpg").write_bytes(b"")
    result = tirdata(*words)
    assert result.exit_code == 4
    assert "1 of 2 sequences failed" in result.stderr
    (theirs / "s1" / "groundtruth_rect.txt").write_text("1,1,2,2\n")
    assert tirdata(*words).exit_code == 3
