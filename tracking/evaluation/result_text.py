"""The text of a result file as numbers: whatever separates them, however the lines end.

A line a frame: 4 numbers x, y, w, h, 8 numbers of corners, ``nan`` (once or for each number) where
the tracker has no answer, or one of VOT's codes: 1 = started, 2 = lost, 0 = not asked. What is
passed over (a header, empty lines, frame numbers, scores) is said in a note.
"""

import codecs
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import DataError
from tirdata.types import Floats

States: TypeAlias = NDArray[np.int8]  # (n,)

BOX: Final = 4  # numbers of a box
CORNERS: Final = 8
SKIPPED: Final = 0  # VOT's codes of a frame without a region
STARTED: Final = 1
FAILED: Final = 2
ANSWERED: Final = -1  # ours: the frame has a region

_SEPARATORS = str.maketrans(",;\t[](){}|'\"", " " * 12)
_NOTHING: Final = frozenset({"nan", "none", "null", "na", "n/a", "-"})
_SHOWN = 60  # characters of a wrong line


class Answer(NamedTuple):
    """What a result file says, a row a frame, in its own numbers."""

    rows: Floats  # (n, 4) or (n, 8), NaN = no region
    states: States | None = None  # VOT's codes, if there is one
    notes: tuple[str, ...] = ()


def read_answer(path: Path, *, frames: int | None = None) -> Answer:
    """The numbers of a file.

    Args:
        path: the file.
        frames: how many lines are expected; empty lines between others count only if they fill up.

    Raises:
        DataError: it is missing, empty or not text, or a line is none of those above.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; expected a result, a line a frame") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return parse_answer(_text(data, path), str(path), frames=frames)


def parse_answer(text: str, where: str, *, frames: int | None = None) -> Answer:
    """As ``read_answer``, of a text that came from ``where``."""
    plain = text.translate(_SEPARATORS).rstrip()
    whole = _at_once(plain)
    if whole is not None:
        return Answer(whole)
    table = [line.split() for line in plain.splitlines()]
    return _parse_lines(table, text.rstrip().splitlines(), where, frames)


def corners_of(row: Sequence[float]) -> list[float]:
    """Four corners of a box, clockwise from the upper left."""
    x, y, w, h = row
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def _at_once(text: str) -> Floats | None:
    """The numbers of a text in which each line is a box, or each is corners; else None."""
    lines = len(text.splitlines())
    if not lines:
        return None
    try:
        rows: Floats = np.loadtxt(io.StringIO(text), np.float64, comments=None, ndmin=2)
    except ValueError:
        return None
    if len(rows) != lines or rows.shape[1] not in (BOX, CORNERS) or np.isinf(rows).any():
        return None
    return rows


def _text(data: bytes, path: Path) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{path}: not text; expected a line x,y,w,h for each frame")
    return text


def _parse_lines(
    table: list[list[str]], lines: Sequence[str], where: str, frames: int | None
) -> Answer:
    """The slow way, for files with anything beyond boxes."""
    notes: list[str] = []
    first = _header(table)
    if first:
        notes.append(f"{first} lines before the first box passed over")
    numbered = [(index + 1, words) for index, words in enumerate(table)][first:]
    empty = sum(not words for _, words in numbered)
    if empty and len(numbered) != frames:
        numbered = [(index, words) for index, words in numbered if words]
        notes.append(f"{empty} empty lines passed over")
    elif empty:
        notes.append(f"{empty} empty lines taken as no answer")
    if not numbered:
        raise DataError(f"{where}: empty; expected a line x,y,w,h for each frame")
    values = [_numbers(words, lines[index - 1], f"{where}: line {index}") for index, words in
              numbered]  # fmt: skip
    values, note = _without_a_fifth(values)
    for (index, _), row in zip(numbered, values, strict=True):
        if len(row) not in (0, 1, BOX, CORNERS) or (len(row) == 1 and row[0] not in (0, 1, 2)):
            raise _wrong(lines[index - 1], f"{where}: line {index}", len(row))
    rows, states = _rows(values)
    return Answer(rows, states, (*notes, *note))


def _header(table: list[list[str]]) -> int:
    """How many lines at the beginning are words, empty or comments, not numbers."""
    for index, words in enumerate(table):
        if words and not _is_words(words):
            return index
    return 0


def _is_words(words: list[str]) -> bool:
    if words[0].startswith(("#", "%", "//")):
        return True
    return all(_number(word) is None and word.lower() not in _NOTHING for word in words)


def _numbers(words: list[str], line: str, where: str) -> list[float]:
    """The numbers of a line; none = no answer."""
    if not words or all(word.lower() in _NOTHING for word in words):
        return []
    found = [math.nan if word.lower() in _NOTHING else _number(word) for word in words]
    values = [value for value in found if value is not None]
    if len(values) != len(words) or any(map(math.isinf, values)):
        raise _wrong(line, where, len(words))
    return values


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _without_a_fifth(values: list[list[float]]) -> tuple[list[list[float]], list[str]]:
    """Boxes without the frame's number before them or a score in 0..1 behind them."""
    boxes = [row for row in values if row]
    if not boxes or any(len(row) != BOX + 1 for row in boxes):
        return values, []
    if all(0 <= row[-1] <= 1 for row in boxes):
        return [row[:-1] for row in values], ["scores behind the boxes passed over"]
    numbers = [row[0] for row in boxes]
    start = numbers[0]
    if start in (0, 1) and numbers == [start + index for index in range(len(numbers))]:
        return [row[1:] for row in values], ["frame numbers before the boxes passed over"]
    return values, []


def _rows(values: list[list[float]]) -> tuple[Floats, States | None]:
    width = CORNERS if any(len(row) == CORNERS for row in values) else BOX
    rows = np.full((len(values), width), np.nan)
    states = np.full(len(values), ANSWERED, np.int8)
    for index, row in enumerate(values):
        if len(row) == 1:
            states[index] = int(row[0])
        elif row:
            rows[index] = row if len(row) == width else corners_of(row)
    if (states == ANSWERED).all():
        return rows, None
    unknown = (states == ANSWERED) & np.isnan(rows).any(axis=1)
    rows[unknown] = np.nan
    states[unknown] = SKIPPED
    return rows, states


def _wrong(line: str, where: str, count: int) -> DataError:
    return DataError(
        f"{where}: {line.strip()[:_SHOWN]!r} ({count} words); expected 4 numbers x,y,w,h, "
        "8 of corners, nan, or a code 0, 1 or 2"
    )
