"""What to fetch: links, files and folders on the command line, or sources files in TOML or CSV."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tirdata.errors import UsageError
from tirdata.fetch.folders import is_folder
from tirdata.fetch.sources_file import Placed, Row, read_file
from tirdata.fetch.wanted import Clip, Treatment, Wanted, public

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SCHEMES = ("http", "https", "ftp")
_OF_A_PART = ("class_name", "title", "polarity", "platform", "scene", "notes")
_OF_THE_WHOLE = ("url", "path", "licence", "subset", *Treatment.model_fields)


def read_sources(arguments: Sequence[str]) -> list[Wanted]:
    """What the arguments name, in order, each once; rows of one recording become its parts.

    Raises:
        ConfigError: a sources file is missing or has a fault.
        UsageError: an argument is no source, or the rows of one recording do not fit together.
    """
    rows: dict[str, list[Placed]] = {}
    for argument in arguments:
        for placed in _read_argument(argument):
            known = rows.setdefault(placed.row.url or placed.row.path or "", [])
            if all(placed.row != each.row for each in known):
                known.append(placed)
    if not rows:
        raise UsageError(f"{', '.join(arguments) or 'no arguments'}: name no source to fetch")
    return [_merged(name, placed) for name, placed in rows.items()]


def _read_argument(argument: str) -> Iterator[Placed]:
    if not argument.strip():  # a variable of the shell that was not set; not this folder
        raise UsageError(f"source {argument!r}: names nothing; expected a recording or a link")
    path = Path(argument)
    if _LINK.match(argument):
        _check_url(argument, argument)
        yield Placed(argument, Row(url=argument))
    elif path.suffix.lower() in {".toml", ".csv"} and not is_folder(path):
        for where, row in read_file(path):
            if row.url is not None:
                _check_url(row.url, f"{where}: {row.url}")
                yield Placed(where, row)
            else:
                local = str((path.parent / str(row.path)).absolute())
                yield Placed(where, row.model_copy(update={"path": local}))
    else:
        yield Placed(argument, Row(path=str(path.absolute())))


def _check_url(url: str, shown: str) -> None:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise UsageError(
            f"{shown}: {scheme if separator else 'this'} is no link to fetch; "
            f"expected {', '.join(_SCHEMES)}, or a path"
        )
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        whole = False
    if not whole:
        raise UsageError(f"{shown}: is no whole link; expected such as https://host/file")


def _merged(name: str, rows: Sequence[Placed]) -> Wanted:
    """One recording of all the rows that name it."""
    shown = name if rows[0].row.url is None else public(name)
    whole: dict[str, Any] = {field: _agreed(shown, field, rows) for field in _OF_THE_WHOLE}
    treatment = Treatment.model_validate(
        {field: whole.pop(field) for field in Treatment.model_fields}
    )
    common: dict[str, Any] = {}
    for field in _OF_A_PART:
        values = [getattr(row, field) for _, row in rows]
        common[field] = values[0] if values.count(values[0]) == len(values) else None
    first = rows[0].row
    if len(rows) == 1 and first.start_s is None and first.end_s is None:
        return Wanted(**whole, **common, treatment=treatment)
    parts = sorted(
        ((_clip(row, common), where) for where, row in rows), key=lambda part: part[0].start_s
    )
    for (one, there), (other, here) in pairwise(parts):
        if one.overlaps(other):
            raise UsageError(
                f"{here}: {shown} from {other} overlaps {one} of {there}; expected parts that "
                f"share no frame, or one row"
            )
    return Wanted(**whole, **common, treatment=treatment, clips=tuple(clip for clip, _ in parts))


def _clip(row: Row, common: Mapping[str, Any]) -> Clip:
    """The part that a row wants, with what is said of it and not of all."""
    own = {field: getattr(row, field) for field in _OF_A_PART if common[field] is None}
    return Clip(start_s=row.start_s or 0.0, end_s=row.end_s, **own)


def _agreed(name: str, field: str, rows: Sequence[Placed]) -> object:
    """What the rows say of the whole recording: all the same, or nothing."""
    stated = [(where, value) for where, row in rows if (value := getattr(row, field)) is not None]
    for where, value in stated[1:]:
        if value != stated[0][1]:
            raise UsageError(
                f"{where}: {name} with {field} {value}, but {stated[0][0]} says {stated[0][1]}; "
                f"expected the same for all parts of a recording"
            )
    return stated[0][1] if stated else None
