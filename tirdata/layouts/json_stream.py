"""A large JSON object read piece by piece: its lists item by item, never the whole of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tirdata.errors import AnnotationError

_CHUNK = 1 << 20  # characters
_LARGEST_ITEM = 1 << 25  # a list item longer than this is not what we read
_SPACE = re.compile(r"[ \t\r\n]*")


def items(path: Path) -> Iterator[tuple[str, int, Any]]:
    """Each item of each list as (name of the list, place in it, item), in the file's order.

    A list begins with (name, -1, None); members that are no lists come as (name, -1, value).

    Raises:
        AnnotationError: the file is missing, is not one JSON object, or has an enormous item.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _members(_Text(path, file))
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such file; expected JSON") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise AnnotationError(f"{path}: not text; expected JSON in UTF-8") from None


def _members(text: "_Text") -> Iterator[tuple[str, int, Any]]:
    text.expect("{")
    if text.take("}"):
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise text.error("a name that is no string")
        text.expect(":")
        if text.take("["):
            yield name, -1, None
            yield from ((name, place, item) for place, item in _list(text))
        else:
            yield name, -1, text.value()
        if not text.take(","):
            text.expect("}")
            break
    if text.peek():
        raise text.error("more behind the end of the object")


def _list(text: "_Text") -> Iterator[tuple[int, Any]]:
    if text.take("]"):
        return
    place = 0
    while True:
        yield place, text.value()
        place += 1
        if not text.take(","):
            text.expect("]")
            return


class _Text:
    """A window that moves over the file."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._path, self._file = path, file
        self._window, self._at, self._line, self._ended = "", 0, 1, False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            space = _SPACE.match(self._window, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> bool:
        """Step over ``character`` if it comes next."""
        if self.peek() != character:
            return False
        self._at += 1
        return True

    def expect(self, character: str) -> None:
        """Step over ``character``."""
        if not self.take(character):
            raise self.error(f"no {character!r} where one has to be")

    def value(self) -> Any:  # noqa: ANN401  # JSON
        """The value that comes next, whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window, self._at)
                if end < len(self._window) or not self._more():  # a number may go on
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                if len(self._window) - self._at > _LARGEST_ITEM or not self._more():
                    self._at = min(max(error.pos, self._at), len(self._window))
                    raise self.error(error.msg) from None
            except (ValueError, RecursionError):  # thousands of digits, thousands of brackets
                raise self.error("a number or a nesting without end") from None

    def error(self, found: str) -> AnnotationError:
        """Our error for what was found here."""
        line = self._line + self._window.count("\n", 0, self._at)
        return AnnotationError(f"{self._path}:{line}: not JSON ({found}); expected one object")

    def _more(self) -> bool:
        """Let go of what lies behind and read on, twice as much as is left over."""
        chunk = "" if self._ended else self._file.read(max(_CHUNK, len(self._window) - self._at))
        if not chunk:
            self._ended = True
            return False
        self._line += self._window.count("\n", 0, self._at)
        self._window, self._at = self._window[self._at :] + chunk, 0
        return True
