"""`tirdata stats`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tests.made_mix import build, made_trees, recipe_of
from tirdata.dataset.tree import SequenceId
from tirdata.layouts import LAYOUTS
from tirdata.statistics.document import Statistics


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return made_dataset(tmp_path / "data", [SequenceId("train", 0, 0)]).root


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["stats", *map(str, args), "--workers", "1"])


def test_tables_for_people(dataset: Path) -> None:
    result = run(dataset, "--pixels", 2)
    assert result.exit_code == 0, result.output
    assert "1 sequences of 1 recordings, 6 frames (0 s), 1 tracks, 6 boxes, 16.7% by a person" in (
        result.stdout
    )
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["drone", "1", "6"] in lines
    assert ["low", "resolution", "1", "1", "100.0", "6"] in lines
    assert ["subset", "train", "1"] in lines


def test_json_is_one_document_by_its_schema(dataset: Path, tmp_path: Path) -> None:
    picture, rows = tmp_path / "a.svg", tmp_path / "rows.jsonl"
    result = run(dataset, "--json", "--picture", picture, "--rows", rows)
    assert result.exit_code == 0, result.output
    found = Statistics.model_validate(json.loads(result.stdout))
    assert found.data[0].frames == 6
    assert picture.read_text().startswith("<svg")
    assert len(rows.read_text().splitlines()) == 1


def test_rules_come_from_a_file(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "stats.toml").write_text("pixels = 3\n[rules]\nlow_resolution_px = 10\n")
    found = json.loads(run(dataset, "--config", tmp_path / "stats.toml", "--json").stdout)
    assert found["settings"]["pixels"] == 3
    assert "low resolution" not in found["data"][0]["attributes"]
    (tmp_path / "stats.toml").write_text("[rules]\nlow_resolution = 10\n")
    result = run(dataset, "--config", tmp_path / "stats.toml")
    assert result.exit_code == 2
    assert "rules.low_resolution: Extra inputs are not permitted" in result.stderr


def test_a_mix_and_a_data_set_beside_it(tmp_path: Path) -> None:
    visible, thermal = made_trees(tmp_path)
    build(recipe_of(visible, thermal), tmp_path / "mix")
    result = run(tmp_path / "mix", thermal, "--picture", tmp_path / "a.png")
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / 'mix'}: a mix" in result.stdout
    assert ["class", "airplane", "24"] in [line.split() for line in result.stdout.splitlines()]


def test_sequences_that_cannot_be_read_are_status_4(tmp_path: Path) -> None:
    for name in ("Car", "Dog"):
        LAYOUTS["otb"].write([made_sequence(3, name=name)], tmp_path / "otb")
    (tmp_path / "otb" / "Dog" / "groundtruth_rect.txt").write_text("1,2\n")
    result = run(tmp_path / "otb")
    assert result.exit_code == 4
    assert "1 sequences could not be read, the first:" in result.stderr
    assert result.stderr.count("error:") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("none",), "no such folder"),
        (("--picture", "a.gif"), "is no name of a picture; expected .png or .svg"),
        (("--pixels", "0"), "--pixels"),
        (("--format", "voc"), "no format 'voc'"),
    ],
)
def test_bad_input_is_usage(dataset: Path, args: tuple[str, ...], message: str) -> None:
    result = run(dataset, *args)
    assert result.exit_code == 2
    assert message in result.stderr
