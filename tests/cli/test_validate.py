"""`tirdata validate`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_dataset import made_dataset
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Box

TRAIN, VAL = SequenceId("train", 0, 0), SequenceId("val", 0, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", [TRAIN, VAL], 4)


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


def test_a_whole_dataset_is_status_0(dataset: Dataset) -> None:
    result = tirdata("validate", dataset.root, "--hashes", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{dataset.root}: 2 sequences, no fault\n"


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_every_fault_is_named_and_status_3(dataset: Dataset, quiet: tuple[str, ...]) -> None:
    (dataset.frame_dir(VAL) / "000001.JPEG").write_bytes(b"")
    (dataset.annotation_dir(TRAIN) / "000003.xml").write_text("<annotation/>")
    result = tirdata("validate", dataset.root, "--workers", 1, *quiet)
    assert result.exit_code == 3
    assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in result.stdout.splitlines()] == [
        "000003.xml", "000001.JPEG",
    ]  # fmt: skip
    assert result.stderr.endswith("2 faults in 2 sequences; each is named above\n")


def test_json_is_one_document_and_the_rest_goes_to_stderr(dataset: Dataset) -> None:
    (dataset.annotation_dir(TRAIN) / "000003.xml").unlink()
    result = tirdata("validate", dataset.root, "--json", "--no-frames", "--engine", "serial")
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "dataset": str(dataset.root),
        "sequences": 2,
        "faults": [
            {"path": str(dataset.annotation_dir(TRAIN) / "000003.xml"), "message": "no such file"}
        ],
    }


def test_a_journal_is_checked_and_compared_with_the_xml(dataset: Dataset) -> None:
    Journal(dataset.journal_path(TRAIN)).append(
        [BoxEvent(track=0, frame=0, class_name="drone", box=Box(1, 2, 9, 9))]
    )
    dataset.journal_path(VAL).write_text('{"id": 1}\n')
    result = tirdata("validate", dataset.root, "--workers", 1)
    assert result.exit_code == 3
    first, second = result.stdout.splitlines()
    assert "train_00000000.jsonl: track 0: 4 XML files say otherwise, the first of frame 0" in first
    assert "val_00000000.jsonl: line 1: time: Field required" in second


def test_lists_are_written_anew_on_request(dataset: Dataset) -> None:
    (dataset.root / "ImageSets" / "VID" / "val.txt").unlink()
    result = tirdata("validate", dataset.root)
    assert result.exit_code == 3
    assert "run tirdata validate --write-lists" in result.stdout
    result = tirdata("validate", dataset.root, "--write-lists")
    assert result.exit_code == 0
    assert "1 list files written" in result.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "no such file; expected the folder of a dataset"), ("format = 2", "format 2; this")],
    ids=["no dataset", "newer"],
)
def test_what_cannot_be_opened_is_one_line_and_status_3(
    tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / "tirdata.toml").write_text(text)
    result = tirdata("validate", tmp_path)
    assert result.exit_code == 3
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_masks_are_checked_too(dataset: Dataset) -> None:
    assert tirdata("masks", dataset.root, "--style", "lasot", "--workers", 1).exit_code == 0
    assert tirdata("validate", dataset.root, "--workers", 1).exit_code == 0
    (dataset.masks_dir("lasot", VAL) / "00000002.png").write_bytes(b"")
    (dataset.root / "Masks" / "davis").mkdir()
    result = tirdata("validate", dataset.root, "--workers", 1)
    assert result.exit_code == 3
    first, second = result.stdout.splitlines()
    assert "Masks/davis: is no style of masks; there are: lasot, gtot" in first
    assert "00000002.png: has other bytes than when it was made" in second
