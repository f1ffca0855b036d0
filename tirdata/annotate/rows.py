"""Boxes as people give them: a row of a CSV or JSON file, or of the command line."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tirdata.annotate.events import Number
from tirdata.config import Config, check
from tirdata.errors import DataError, UsageError


class Row(Config):
    """One box as a person gives it."""

    model_config = ConfigDict(populate_by_name=True)

    sequence: str | None = None
    frame: Number
    track: Number | None = None
    class_name: Annotated[str | None, Field(alias="class")] = None
    x: float
    y: float
    w: Annotated[float, Field(gt=0)]
    h: Annotated[float, Field(gt=0)]
    occluded: bool = False


def read_boxes(path: Path) -> Iterator[tuple[str, Row]]:
    """The rows of a CSV or JSON file of boxes, each with where it stands.

    Raises:
        DataError: the file is missing or is neither, or a row is wrong; the row is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); expected CSV or JSON") from None
    rows = _json_rows(path, text) if path.suffix == ".json" else _csv_rows(path, text)
    for number, values in rows:
        where = f"{path}: row {number}"
        try:
            yield where, check(values, Row, where=where)
        except UsageError as error:
            raise DataError(str(error)) from None


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error})") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(
            f"{path}: not a list of objects; expected [{{frame, class, x, y, w, h}}, …]"
        )
    yield from enumerate(rows, start=1)


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    lines = text.splitlines()
    heading = lines[0] if lines else ""
    delimiter = max(",;\t", key=heading.count)  # as spreadsheets of many countries write them
    reader = csv.DictReader(lines, skipinitialspace=True, delimiter=delimiter)
    missing = {"frame", "x", "y", "w", "h"} - {name.strip() for name in reader.fieldnames or ()}
    if missing:
        raise DataError(
            f"{path}: row 1: no column {', '.join(sorted(missing))}; expected "
            "sequence,frame,track,class,x,y,w,h"
        )
    for row in reader:
        if None in row:
            raise DataError(f"{path}: row {reader.line_num}: more values than columns")
        cells = {name.strip(): (value or "").strip() for name, value in row.items()}
        yield reader.line_num, {name: value for name, value in cells.items() if value}
