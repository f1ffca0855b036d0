"""`tirdata pretrain-backbone`."""

import json
from pathlib import Path

from click.testing import CliRunner

from cli.main import main
from tests.made_mix import build, made_trees, recipe_of


def test_a_run_writes_a_trunk_and_says_how_well_it_names(tmp_path: Path) -> None:
    build(recipe_of(*made_trees(tmp_path, recordings=2, count=3)), tmp_path / "mix")
    (tmp_path / "few.toml").write_text("validation = 4\n")
    line = [
        "pretrain-backbone", "--mix", str(tmp_path / "mix"), "--out", str(tmp_path / "run"),
        "--steps", "2", "--batch", "2", "--size", "75", "--device", "cpu",
        "--config", str(tmp_path / "few.toml"), "--json",
    ]  # fmt: skip
    result = CliRunner().invoke(main, line, prog_name="tirdata")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["steps"] == 2
    assert Path(document["weights"]).name == "vgg-m.safetensors"
    assert Path(document["weights"]).is_file()
    again = CliRunner().invoke(main, line[:-1], prog_name="tirdata")
    assert "nothing to do: 2 steps are done" in again.stdout
