"""`tirdata duplicates`: the table, the document, and what cannot be read."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_mix import made_tree, named


def run(*args: object) -> Result:
    line = ["duplicates", *(str(arg) for arg in args), "--engine", "serial"]
    return CliRunner().invoke(main, line)


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    one = made_tree(tmp_path / "one", [named(1), named(2)])
    return one, made_tree(tmp_path / "two", [named(2), named(3)])


def test_the_same_sequence_in_two_data_sets_is_said(trees: tuple[Path, Path]) -> None:
    result = run(*trees)
    assert result.exit_code == 0, result.stderr
    assert "exact" in result.stdout
    assert "4 sequences: 1 pairs of duplicates in 1 groups" in result.stdout


def test_the_document_has_pairs_and_groups(trees: tuple[Path, Path]) -> None:
    document = json.loads(run(*trees, "--json").stdout)
    names = [str(tree / "ILSVRC2015_train_00002000") for tree in trees]
    assert [(pair["first"], pair["second"]) for pair in document["pairs"]] == [tuple(names)]
    assert document["groups"] == [names]
    assert document["sequences"] == 4


def test_no_duplicates_are_no_fault(trees: tuple[Path, Path]) -> None:
    result = run(trees[0], "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["pairs"] == []


def test_what_cannot_be_read_is_named_and_the_rest_compared(trees: tuple[Path, Path]) -> None:
    broken = sorted(trees[0].rglob("000000.JPEG"))[0]
    broken.write_bytes(b"no picture")
    result = run(*trees)
    assert result.exit_code == 3
    assert "000000.JPEG: not an image" in result.stderr
    assert "3 sequences: 1 pairs" in result.stdout


def test_a_data_set_against_itself_is_refused(trees: tuple[Path, Path]) -> None:
    result = run(trees[0], trees[0] / ".." / trees[0].name)
    assert result.exit_code == 2
    assert "named twice" in result.stderr
