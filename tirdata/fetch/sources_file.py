"""A sources file, TOML or CSV: its rows, each with its line for what is said of it."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from tirdata.config import Config, check
from tirdata.errors import ConfigError
from tirdata.fetch.wanted import PlatformName, PolarityName, Seconds, SubsetName, Treatment

_HEADING = re.compile(r"\s*\[\[\s*(?:source|\"source\"|'source')\s*\]\]")


class Row(Treatment):
    """One recording to fetch, or one part of it: a row of a sources file."""

    model_config = ConfigDict(populate_by_name=True)

    url: str | None = None
    """A page that yt-dlp knows, a playlist, or a plain link to a file."""
    path: str | None = None
    """A local file or folder, seen from the folder of the sources file."""
    class_name: str | None = Field(default=None, alias="class")
    """What is to be followed."""
    title: str | None = None
    """What people call it."""
    licence: str | None = None
    """As its publisher states it."""
    subset: SubsetName | None = None
    """All shots of a recording are on one side of the split."""
    start_s: Seconds | None = None
    """Only from this time on, in seconds or as 1:02:03.5."""
    end_s: Seconds | None = None
    """Only before this time."""
    polarity: PolarityName | None = None
    """Of the recording; the stored frames are white-hot."""
    platform: PlatformName | None = None
    """What carried the camera."""
    scene: str | None = None
    """What is seen."""
    notes: str | None = None
    """Anything else."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.url is None) == (self.path is None):
            message = "expected either a url or a path"
            raise ValueError(message)
        if self.start_s is not None and self.end_s is not None and self.end_s <= self.start_s:
            message = f"end_s {self.end_s:g} is not after start_s {self.start_s:g}"
            raise ValueError(message)
        return self


class SourcesFile(Config):
    """A sources file: one ``[[source]]`` table a recording, or a part of one."""

    source: tuple[Row, ...] = ()
    """The recordings, in the order in which they are numbered."""


class Placed(NamedTuple):
    """A row and where it stands."""

    where: str
    row: Row


def read_file(path: Path) -> Iterator[Placed]:
    """The rows of a sources file, in order.

    Raises:
        ConfigError: it is missing or has a fault; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected a sources file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as text ({error})") from None
    return _csv_rows(path, text) if path.suffix.lower() == ".csv" else _toml_rows(path, text)


def _toml_rows(path: Path, text: str) -> Iterator[Placed]:
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number, or tables in tables, without end
        raise ConfigError(f"{path}: not TOML ({error})") from None
    rows = values.get("source", [])
    if set(values) - {"source"} or not isinstance(rows, list):
        check(values, SourcesFile, where=str(path))
        raise ConfigError(f"{path}: source is no list; expected a [[source]] table a recording")
    lines = _headings(text)
    for number, values_of_row in enumerate(rows):
        # An array in another notation has no headings, and a heading may stand in a long string.
        place = f"line {lines[number]}" if len(lines) == len(rows) else f"source {number + 1}"
        where = f"{path} {place}"
        if not isinstance(values_of_row, dict):
            raise ConfigError(f"{where}: is no table; expected [[source]] with url or path")
        yield Placed(where, check(values_of_row, Row, where=where))


def _headings(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if _HEADING.match(line)]


def _csv_rows(path: Path, text: str) -> Iterator[Placed]:
    """Rows below the headings; lines that begin with ``#`` are comments."""
    above, text = _from_headings(text)
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)  # as spreadsheets of many countries write them
    reader = csv.DictReader(
        io.StringIO(text), skipinitialspace=True, strict=True, delimiter=delimiter
    )
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        _check_columns(f"{path} line {above + 1}", names)
        line = above + reader.line_num + 1
        for row in reader:
            where = f"{path} line {line}"
            line = above + reader.line_num + 1
            cells = _cells(row)
            if cells and not str(next(iter(row.values()))).startswith("#"):
                yield Placed(where, check(cells, Row, where=where))
    except csv.Error as error:
        raise ConfigError(f"{path} line {above + reader.line_num}: not CSV ({error})") from None


def _from_headings(text: str) -> tuple[int, str]:
    """How many lines are above the headings, and the text from there."""
    lines = text.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (lines[above].startswith("#") or not lines[above].strip()):
        above += 1
    return above, "".join(lines[above:])


def _check_columns(where: str, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ConfigError(f"{where}: columns {', '.join(sorted(twice))} are there twice")
    if names and not {"url", "path"} & set(names):
        raise ConfigError(
            f"{where}: headings are {', '.join(names)}; expected url or path among them"
        )


def _cells(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """The cells that say something; those beyond the headings are an unknown key."""
    named = {(key or "cells without a heading").strip(): value for key, value in row.items()}
    plain = {
        key: value.strip() if isinstance(value, str) else value for key, value in named.items()
    }
    return {key: value for key, value in plain.items() if value not in (None, "", [""])}
