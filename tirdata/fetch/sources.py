"""What to fetch: links and files on the command line, or a sources file in TOML or CSV."""

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from tirdata.config import Config, check
from tirdata.errors import ConfigError, UsageError

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")
_SCHEMES = ("http", "https", "ftp")


def _seconds(value: object) -> object:
    """``1:02:03.5`` and ``02:03`` as seconds; anything else as it is."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return value
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


Seconds = Annotated[float, Field(ge=0), BeforeValidator(_seconds)]


class Wanted(Config):
    """One recording to fetch: a row of a sources file."""

    model_config = ConfigDict(populate_by_name=True)

    url: str | None = None
    """A page that yt-dlp knows, or a plain link to a file."""
    path: str | None = None
    """A local file, seen from the folder of the sources file."""
    class_name: str | None = Field(default=None, alias="class")
    """What is to be followed."""
    title: str | None = None
    """What people call it."""
    licence: str | None = None
    """As its publisher states it."""
    subset: Literal["train", "val"] | None = None
    """All shots of a recording are on one side of the split."""
    start_s: Seconds | None = None
    """Only from this time on, in seconds or as 1:02:03.5."""
    end_s: Seconds | None = None
    """Only before this time."""
    polarity: Literal["white-hot", "black-hot"] | None = None
    """Of the recording; the stored frames are white-hot."""
    platform: Literal["hand-held", "vehicle", "surveillance", "drone"] | None = None
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

    @property
    def name(self) -> str:
        """The link or the path."""
        return self.url or self.path or ""

    @property
    def key(self) -> str:
        """Tells this source from all others."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:16]


class SourcesFile(Config):
    """A sources file: one ``[[source]]`` table a recording."""

    source: tuple[Wanted, ...] = ()
    """The recordings, in the order in which they are numbered."""


def read_sources(arguments: Sequence[str]) -> list[Wanted]:
    """What the arguments name, in order, each once.

    Raises:
        ConfigError: a sources file is missing or has a fault.
        UsageError: an argument is no source, or one source has two different rows.
    """
    wanted: dict[str, Wanted] = {}
    for argument in arguments:
        for each in _read_argument(argument):
            other = wanted.setdefault(each.key, each)
            if other != each:
                raise UsageError(
                    f"{each.name}: is named twice with different settings; expected one row"
                )
    if not wanted:
        raise UsageError(f"{', '.join(arguments) or 'no arguments'}: name no source to fetch")
    return list(wanted.values())


def _read_argument(argument: str) -> Iterator[Wanted]:
    if _LINK.match(argument):
        yield Wanted(url=_checked_url(argument))
    elif Path(argument).suffix.lower() in {".toml", ".csv"}:
        yield from _read_file(Path(argument))
    else:
        yield Wanted(path=str(Path(argument).absolute()))


def _checked_url(url: str) -> str:
    scheme = url.split(":", 1)[0].lower()
    if scheme not in _SCHEMES:
        raise UsageError(
            f"{url}: {scheme} is no link to fetch; expected {', '.join(_SCHEMES)}, or a path"
        )
    return url


def _read_file(path: Path) -> Iterator[Wanted]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected a sources file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as text ({error})") from None
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _toml_rows(path, text)
    for each in rows:
        if each.url is not None:
            yield each.model_copy(update={"url": _checked_url(each.url)})
        else:
            yield each.model_copy(update={"path": str((path.parent / str(each.path)).absolute())})


def _toml_rows(path: Path, text: str) -> Sequence[Wanted]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML ({error})") from None
    return check(values, SourcesFile, where=str(path)).source


def _csv_rows(path: Path, text: str) -> Iterator[Wanted]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True, strict=True)
    try:
        for row in reader:
            yield check(_cells(row), Wanted, where=f"{path} line {reader.line_num}")
    except csv.Error as error:
        raise ConfigError(f"{path} line {reader.line_num}: not CSV ({error})") from None


def _cells(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """The cells that say something; those beyond the header are an unknown key."""
    named = {key or "cells without a heading": value for key, value in row.items()}
    return {key: value for key, value in named.items() if value not in (None, "")}
