"""Values of a query string, checked."""

import math
from collections.abc import Sequence

from starlette.requests import Request

from tirdata.errors import UsageError


def choice(request: Request, name: str, known: Sequence[str]) -> str:
    """One of ``known``; the first where it is not given.

    Raises:
        UsageError: it is none of them.
    """
    value = request.query_params.get(name, known[0])
    if value not in known:
        raise UsageError(f"{name}={value[:50]}: expected one of {', '.join(known)}")
    return value


def whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``.

    Raises:
        UsageError: it is none.
    """
    text = request.query_params.get(name, str(default))
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 12 and least <= int(text) <= most:
        return int(text)
    raise UsageError(f"{name}={text[:50]}: expected a whole number from {least} to {most}")


def number(request: Request, name: str, default: float) -> float:
    """Any number.

    Raises:
        UsageError: it is none.
    """
    text = request.query_params.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{name}={text[:50]}: expected a number")
    return value
