"""The README and the command line tell the same: commands, options, exit statuses."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, main
from tests import code_map
from tests.conftest import ROOT
from tirdata import errors

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shell_lines() -> Iterator[str]:
    """Every `tirdata …` line in the shell blocks of the README, the docs and the demo."""
    blocks = [block for page in PAGES for block in SHELL.findall(page.read_text(encoding="utf-8"))]
    blocks += [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.sh")]
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        if match := re.search(r"(?:^|[\s(])(tirdata .*)", line):
            yield match[1]


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


def parse(line: str) -> None:
    """Parse ``line`` without running it; a click error where an option or argument is not there."""
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("-"):
        assert words[0] in {option for each in main.params for option in each.opts} | {"--help"}
        return
    assert words[0] in COMMANDS, f"no command {words[0]}"
    _parse_command(command(words[0]), words[0], words[1:])


def _parse_command(found: click.Command, name: str, words: list[str]) -> None:
    context = click.Context(found, info_name=name)
    if isinstance(found, click.Group) and words and not words[0].startswith("-"):
        inner = found.get_command(context, words[0])
        assert inner is not None, f"no command {name} {words[0]}"
        _parse_command(inner, words[0], words[1:])
        return
    given, rest, _ = found.make_parser(context).parse_args(args=list(words))
    assert rest == []
    for parameter in found.params:
        value, _ = parameter.consume_value(context, given)
        missing = parameter.required and parameter.value_is_missing(value)
        assert "--help" in words or not missing, f"{name} needs {parameter.human_readable_name}"


@pytest.mark.parametrize("line", list(shell_lines()))
def test_a_command_line_in_the_documents_parses(line: str) -> None:
    parse(line)


def test_there_are_command_lines_in_the_readme() -> None:
    assert len(list(shell_lines())) >= 10


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme(name: str) -> None:
    assert f"| `tirdata {name}` |" in README


def test_every_command_in_the_readme_exists() -> None:
    assert set(re.findall(r"\| `tirdata ([a-z-]+)` \|", README)) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_an_example_that_parses(name: str) -> None:
    found = command(name)
    commands = found.commands.values() if isinstance(found, click.Group) else [found]
    for each in commands:
        first, _, rest = (each.help or "").lstrip("\b\n ").partition("\n\n")
        assert first.startswith("Example: tirdata "), each.name
        assert rest.strip(), f"{name} does not say what it does"
        parse(first.removeprefix("Example: ").splitlines()[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name: str) -> None:
    silent = [
        parameter.name
        for parameter in command(name).params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not silent


def test_the_table_of_exit_statuses_is_the_error_trees() -> None:
    table = {int(number) for number in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    assert table == {0} | {
        kind.exit_code for kind in kinds if issubclass(kind, errors.TirDataError)
    }


def test_the_map_of_the_code_is_the_code() -> None:
    assert code_map.PAGE.read_text(encoding="utf-8") == code_map.page(), (
        "docs/code.md is not what the code is; write it with python -m tests.code_map"
    )


def test_every_folder_of_the_code_is_in_the_readme() -> None:
    block = re.findall(r"^```\n(tirdata/.*?)^```", README, re.MULTILINE | re.DOTALL)[0]
    named = [line.split()[0].rstrip("/") for line in block.splitlines()]
    for package in code_map.PACKAGES:
        for folder in (ROOT / package).rglob("*"):
            if folder.is_dir() and any(folder.glob("*.py")):
                assert folder.name in named, folder


def test_every_file_of_the_code_says_what_it_holds() -> None:
    assert re.findall(r"^\| `(.*)` \|  \|$", code_map.page(), re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (page.parent / target).exists(), target
