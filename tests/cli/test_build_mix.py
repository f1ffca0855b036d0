"""`tirdata build-mix`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_mix import made_tree, made_trees, named
from tirdata.config import read_json
from tirdata.mix.manifest import MixManifest


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_trees(tmp_path_factory.mktemp("trees"), recordings=2, count=4)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A recipe of small crops."""
    path = tmp_path / "recipe.toml"
    path.write_text("crop_size = 191\nmargin = 16\nstride = 2\nseed = 4\n")
    return path


def tirdata(*args: object) -> Result:
    line = ["build-mix", *(str(arg) for arg in args), "--engine", "serial"]
    return CliRunner().invoke(main, line, prog_name="tirdata")


def test_a_mix_is_built_and_then_left_alone(
    trees: tuple[Path, Path], small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mix"
    line = ("--vid", trees[0], "--tir", trees[1], "--out", out, "--config", small)
    result = tirdata(*line)
    assert result.exit_code == 0, result.output
    assert "train" in result.stdout
    assert "nothing to do" not in result.stdout
    assert read_json(out / "mix.json", MixManifest).class_crops == {"airplane": 4, "drone": 4}
    again = tirdata(*line)
    assert again.exit_code == 0
    assert f"{out}: nothing to do" in again.stdout


def test_flags_win_over_the_recipe(trees: tuple[Path, Path], small: Path, tmp_path: Path) -> None:
    out = tmp_path / "mix"
    result = tirdata(
        "--tir", trees[1], "--vid", trees[0], "--out", out, "--config", small,
        "--stride", 1, "--seed", 7, "--class", "drone", "--val-share", 0,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    recipe = read_json(out / "mix.json", MixManifest).recipe
    assert (recipe.stride, recipe.seed, recipe.classes) == (1, 7, ("drone",))
    assert (recipe.val_share, recipe.human_only, recipe.crop_size) == (0, False, 191)
    assert "2 tracks left out: class not in the recipe" in result.stdout


def test_human_only_in_the_recipe_is_not_undone_by_the_flags_absence(
    trees: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("crop_size = 191\nhuman_only = true\n")
    out = tmp_path / "mix"
    assert tirdata("--tir", trees[1], "--out", out, "--config", recipe).exit_code == 0
    assert read_json(out / "mix.json", MixManifest).recipe.human_only


def test_json_is_the_manifest_and_words_go_to_stderr(
    trees: tuple[Path, Path], small: Path, tmp_path: Path
) -> None:
    result = tirdata("--tir", trees[1], "--out", tmp_path / "mix", "--config", small, "--json")
    document = json.loads(result.stdout)
    assert document["subsets"]["train"]["sequences"] == 1
    assert document == json.loads((tmp_path / "mix" / "mix.json").read_text())


def test_a_dry_run_lists_and_writes_nothing(
    trees: tuple[Path, Path], small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mix"
    result = tirdata("--tir", trees[1], "--out", out, "--config", small, "--dry-run", "--json")
    assert json.loads(result.stdout)["sequences"] == [
        str(trees[1] / f"ILSVRC2015_train_0010{number}000") for number in range(2)
    ]
    assert "2 sequences would go into" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("args", "status", "part"),
    [
        ((), 2, "--vid or --tir"),
        (("--tir", "nosuch"), 2, "nosuch: no such folder"),
        (("--tir", "{tir}", "--vid", "{tir}"), 2, "named twice"),
        (("--tir", "{tir}", "--class", "whale"), 3, "no track of the recipe's classes"),
        (("--tir", "{tir}", "--config", "nosuch.toml"), 2, "nosuch.toml: no such file"),
        (("--tir", "{tir}", "--stride", "0"), 2, "stride"),
    ],
    ids=["no data", "no folder", "twice", "nothing left", "no recipe", "stride"],
)
def test_mistakes_are_one_line_and_their_status(
    trees: tuple[Path, Path], tmp_path: Path, args: tuple[str, ...], status: int, part: str
) -> None:
    filled = [arg.replace("{tir}", str(trees[1])) for arg in args]
    result = tirdata(*filled, "--out", tmp_path / "mix")
    assert result.exit_code == status
    assert part in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "mix" / "mix.json").exists()


def test_several_broken_sequences_are_partly_done(tmp_path: Path, small: Path) -> None:
    tree = made_tree(tmp_path / "tree", [named(number, count=3) for number in range(3)])
    for path in sorted((tree / "Data").rglob("000002.JPEG"))[:2]:
        path.write_bytes(b"")
    result = tirdata("--tir", tree, "--out", tmp_path / "mix", "--config", small)
    assert result.exit_code == 4
    assert "2 of 3 sequences are not in the mix" in result.stderr
    assert "000002.JPEG" in result.stderr
    failed = read_json(tmp_path / "mix" / "mix.json", MixManifest).failed
    assert [each.name[-8:] for each in failed] == ["00000000", "00001000"]
    again = tirdata("--tir", tree, "--out", tmp_path / "strict", "--config", small, "--strict")
    assert again.exit_code == 4
    assert "2 of 3 sequences failed, the mix is not written" in again.stderr
    assert not (tmp_path / "strict" / "mix.json").exists()
