"""What the house rules say about imports and sizes, measured."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.conftest import ROOT
from tirdata.decode import READERS
from tirdata.layouts import LAYOUTS

FOLDERS = ("tirdata", "tracking", "cli", "tests", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
HEAVY = ("av", "cv2", "lxml", "matplotlib", "numpy", "PIL", "rich", "torch", "yt_dlp")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring's."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return lines - (docstring.end_lineno - docstring.lineno + 1)


def run(program: str) -> subprocess.CompletedProcess[str]:
    """A Python program in a process of its own, in the checkout."""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_imports_go_one_way() -> None:
    # Apart: import-linter configures logging and with it switches off every logger there is.
    done = run("from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_a_file_is_short_says_what_it_is_for_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert not text or ast.get_docstring(ast.parse(text)), "no docstring"
    long = {each.name: length(each) for each in functions(path) if length(each) > LONGEST_FUNCTION}
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_imports_are_absolute(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level
    ]


SEAMS = {
    "readers": {reader.__module__ for reader in READERS.values()},
    "layouts": {type(layout).__module__ for layout in LAYOUTS.values()},
    "commands": {where.partition(":")[0] for where in COMMANDS.values()},
}


@pytest.mark.parametrize("seam", SEAMS)
def test_entries_of_a_seam_do_not_import_each_other(seam: str) -> None:
    for module in SEAMS[seam]:
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & SEAMS[seam], module


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from cli.main import main; "
        "result = CliRunner().invoke(main, ['--help']); "
        "assert result.exit_code == 0, result.output; "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = run(program)
    assert done.stdout == "[]\n", done.stdout + done.stderr
