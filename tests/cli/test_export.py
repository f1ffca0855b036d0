"""The command `export`, and `import` of what other tools hand back."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_dataset import made_dataset
from tirdata.dataset.tree import Dataset, SequenceId

IDS = (SequenceId("train", 0, 0), SequenceId("val", 0, 0))


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", IDS, 5)


def _words(dataset: Dataset, name: str, out: Path) -> list[object]:
    return ["export", dataset.root, "--format", name, "--out", out, "--workers", 1]


def test_it_is_planned_done_and_done_already(dataset: Dataset, tmp_path: Path) -> None:
    words = _words(dataset, "mot", tmp_path / "out")
    planned = tirdata(*words, "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert "2 sequences, 10 frames, 2 tracks would go to" in planned.stdout
    assert not (tmp_path / "out").exists()
    first = tirdata(*words, "--json")
    assert first.exit_code == 0, first.output
    manifest = json.loads(first.stdout)
    assert manifest == json.loads((tmp_path / "out" / "export.json").read_text())
    assert manifest["lost"] == {"generated": 8, "confidence": 2}
    assert "not said in mot: 8 boxes marked as a machine's" in first.stderr
    again = tirdata(*words)
    assert again.exit_code == 0
    assert "nothing to do: all of it lies in" in again.stdout


def test_annotations_go_out_and_come_back_with_every_flag(dataset: Dataset, tmp_path: Path) -> None:
    words = _words(dataset, "cvat", tmp_path / "out")
    assert tirdata(*words, "--no-frames", "--sequence", IDS[0].name).exit_code == 0
    before = dataset.read_sequence(IDS[0]).tracks[0]
    dataset.write_tracks(IDS[0], ())
    path = tmp_path / "out" / IDS[0].name / "annotations.xml"
    result = tirdata("import", path, "--dataset", dataset.root)
    assert result.exit_code == 0, result.output
    after = dataset.read_sequence(IDS[0]).tracks[0]
    assert after.boxes.tolist() == before.boxes.tolist()
    assert after.generated.tolist() == before.generated.tolist()
    assert "taken in before" in tirdata("import", path, "--dataset", dataset.root).stdout
    assert tirdata("validate", dataset.root, "--workers", 1).exit_code == 0


def test_wrong_records_are_named_and_are_status_4_or_3(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("1,1,10,10,8,6,1,1,1\n2,1,oops,10,8,6,1,1,1\n3,1,999,10,8,6,1,1,1\n")
    words = ["import", path, "--dataset", dataset.root, "--sequence", IDS[1].name]
    strict = tirdata(*words, "--strict")
    assert (strict.exit_code, "gt.txt: line 2" in strict.stderr) == (3, True)
    result = tirdata(*words, "--json")
    assert result.exit_code == 4
    document = json.loads(result.stdout)
    assert (document["format"], document["fault_count"]) == ("mot", 2)
    assert "error: " in result.stderr.splitlines()[-1]
    assert "2 records left out, the rest is taken in" in result.stderr
    assert [track.class_name for track in dataset.read_sequence(IDS[1]).tracks] == [
        "drone", "person",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--track", 1), "--track: is for boxes"),
        (("--one-based",), "--one-based: is for boxes"),
        (("--recording", "clip"), "--sequence or --recording, once"),
        (("--format", "otb"), "a file is never otb"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    dataset: Dataset, tmp_path: Path, args: tuple[object, ...], message: str
) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("1,1,10,10,8,6,1,1,1\n")
    result = tirdata("import", path, "--dataset", dataset.root, "--sequence", "00000000", *args)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_strict_stops_a_data_set_before_anything_is_written(
    dataset: Dataset, tmp_path: Path
) -> None:
    assert tirdata(*_words(dataset, "mot", tmp_path / "out")).exit_code == 0
    truth = tmp_path / "out" / IDS[1].name / "gt" / "gt.txt"
    truth.write_text("1,1,999,10,8,6,1,1,1\n")
    words = ["import", tmp_path / "out", "--format", "mot", "--dataset", tmp_path / "new"]
    strict = tirdata(*words, "--strict", "--workers", 1)
    assert (strict.exit_code, "outside" in strict.stderr) == (3, True), strict.stderr
    assert Dataset.open(tmp_path / "new").recording_ids() == []
    assert tirdata(*words, "--workers", 1).exit_code == 4


def test_a_sequence_that_cannot_be_read_is_status_4(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.annotation_dir(IDS[0]) / "000001.xml").unlink()
    result = tirdata(*_words(dataset, "coco", tmp_path / "out"))
    assert result.exit_code == 4
    assert "1 of 2 sequences failed; " in result.stderr
    assert (tmp_path / "out" / "export.json").is_file()
    assert tirdata(*_words(dataset, "coco", tmp_path / "x"), "--strict").exit_code == 3


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("--format", "lasso"), 2, "no format 'lasso'; there are: ilsvrc, "),
        (("--no-frames", "--link"), 2, "expected one of them"),
        (("--format", "otb", "--strict"), 2, "otb cannot say everything"),
        (("--class", "dragon"), 2, "class 'dragon' is not known"),
    ],
)
def test_what_cannot_be_is_one_line(
    dataset: Dataset, tmp_path: Path, args: tuple[str, ...], status: int, message: str
) -> None:
    result = tirdata(*_words(dataset, "mot", tmp_path / "out"), *args)
    assert (result.exit_code, message in result.stderr) == (status, True), result.stderr
    assert not (tmp_path / "out").exists()
