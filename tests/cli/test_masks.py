"""The command `masks`, on the real library and a made dataset."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.layouts import LAYOUTS


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", [SequenceId("train", 0, 0)])


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["masks", *map(str, args)])


def test_masks_go_into_the_dataset(dataset: Dataset) -> None:
    result = run(dataset.root, "--style", "gtot", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "6 masks; 0 frames without a target, 1 sequences thermal only" in result.stdout
    folder = dataset.masks_dir("gtot", SequenceId("train", 0, 0))
    assert sorted(path.name for path in (folder / "i").iterdir())[0] == "00001i.png"
    assert "nothing to do" in run(dataset.root, "--style", "gtot", "--workers", 1).stdout


def test_json_is_the_manifest(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    result = run(dataset.root, "--style", "lasot", "--out", out, "--resize", "24x32", "--json")
    document = json.loads(result.stdout)
    assert document == json.loads((out / "manifest.json").read_text())
    assert document["settings"]["resize"] == [32, 24]


def test_dry_run_writes_nothing(dataset: Dataset) -> None:
    result = run(dataset.root, "--style", "lasot", "--dry-run")
    assert "masks of 1 sequences would go into" in result.stdout
    assert not (dataset.root / "Masks").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "which style"),
        (("--style", "davis"), "no style 'davis'; there are: lasot, gtot"),
        (("--style", "lasot", "--resize", "5x0"), "resize.0: Input should be greater"),
        (("--style", "lasot", "--resize", "192"), "expected HEIGHTxWIDTH"),
        (("--style", "lasot", "--limit", "0"), "--limit"),
        (("--style", "lasot", "--polarity", "white"), "target-white"),
        (("--style", "lasot", "--track", "9"), "no frame has a box"),
    ],
)
def test_bad_input_is_usage(dataset: Dataset, args: tuple[str, ...], message: str) -> None:
    result = run(dataset.root, *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_nothing_is_written_into_the_data_of_others_unasked(tmp_path: Path) -> None:
    LAYOUTS["otb"].write([made_sequence(2, name="Car")], tmp_path / "otb")
    result = run(tmp_path / "otb", "--style", "lasot")
    assert result.exit_code == 2
    assert "a data set of others (otb); expected --out DIR" in result.stderr


def test_folder_that_is_no_data_is_said(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "--style", "lasot").exit_code == 2


def test_tanet_s_pictures_are_written_on_request(dataset: Dataset, tmp_path: Path) -> None:
    result = run(dataset.root, "--style", "lasot", "--export-tanet", tmp_path / "tanet")
    assert result.exit_code == 0, result.output
    assert f"6 frames with masks written to {tmp_path / 'tanet'}" in result.stdout
    assert len(list((tmp_path / "tanet").rglob("*_mask-*.jpg"))) == 6


def test_pairs_and_substitutes_are_settings_of_the_manifest(tmp_path: Path) -> None:
    thermal, visible = made_sequence(3, name="pair"), made_sequence(3, seed=1)
    pair = replace(thermal, visible=visible.frames, visible_tracks=visible.tracks)
    LAYOUTS["rgbt234"].write([pair], tmp_path / "pairs")
    shares = {}
    for boxes in ("own", "union"):
        result = run(tmp_path / "pairs", "--style", "gtot", "--out", tmp_path / boxes,
                     "--boxes", boxes, "--thermal-substitute", "gray", "--json")  # fmt: skip
        assert result.exit_code == 0, result.output
        made = json.loads(result.stdout)
        assert made["settings"]["boxes"] == boxes
        assert made["settings"]["thermal_substitute"] == "gray"
        assert made["masks"] == 6
        shares[boxes] = made["mean_share"]
    assert shares["own"] < shares["union"] < 2.1 * shares["own"]
