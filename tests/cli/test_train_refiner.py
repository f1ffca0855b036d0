"""`tirdata train refiner`."""

import json
from pathlib import Path

from click.testing import CliRunner

from cli.main import main
from tests.made_mix import build, made_trees, recipe_of


def test_a_run_writes_weights_and_says_what_they_are_worth(tmp_path: Path) -> None:
    build(recipe_of(*made_trees(tmp_path, recordings=2, count=3)), tmp_path / "mix")
    (tmp_path / "few.toml").write_text("validation = 4\n")
    line = [
        "train", "refiner", "--mix", str(tmp_path / "mix"), "--out", str(tmp_path / "run"),
        "--steps", "2", "--batch", "2", "--device", "cpu",
        "--config", str(tmp_path / "few.toml"), "--json",
    ]  # fmt: skip
    result = CliRunner().invoke(main, line, prog_name="tirdata")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["steps"] == 2
    assert Path(document["weights"]).name == "box_refiner.safetensors"
    assert 0 <= document["overlap_after"] <= 1
    again = CliRunner().invoke(main, line[:-1], prog_name="tirdata")
    assert "nothing to do: 2 steps are done" in again.stdout
    assert "boxes that are off: mean IoU 0." in again.stdout
