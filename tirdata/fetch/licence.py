"""Licences as people write them, as short names that can be compared."""

import re

from tirdata.errors import FetchError

_CREATIVE_COMMONS = re.compile(r"\b(?:cc|creative commons)\b")
_PARTS = (
    ("by", re.compile(r"\b(?:by|attribution)\b")),
    ("nc", re.compile(r"\b(?:nc|non ?commercial)\b")),
    ("nd", re.compile(r"\b(?:nd|no ?deriv(?:ative)?s?)\b")),
    ("sa", re.compile(r"\b(?:sa|share ?alike)\b")),
)
_ZERO = re.compile(r"\b(?:cc ?0|cc zero|publicdomain zero|public domain dedication)\b")
_PUBLIC = re.compile(r"\bpublic ?domain\b")


def licence_name(text: str) -> str:
    """A short name: ``cc0``, ``public-domain``, ``cc-by-nc-sa`` …; else the words themselves.

    >>> licence_name("Creative Commons Attribution license (reuse allowed)")
    'cc-by'
    >>> licence_name("https://creativecommons.org/licenses/by-sa/4.0/")
    'cc-by-sa'
    >>> licence_name("CC0-1.0")
    'cc0'
    """
    words = re.sub(r"[^a-z0-9]+", " ", text.lower().replace("creativecommons", "creative commons"))
    if _ZERO.search(words):
        return "cc0"
    parts = [name for name, pattern in _PARTS if pattern.search(words)]
    if _CREATIVE_COMMONS.search(words) and parts:
        return "-".join(["cc", *parts])
    if _PUBLIC.search(words):
        return "public-domain"
    return "-".join(words.split())


def check_licence(name: str, licence: str | None, wanted: tuple[str, ...]) -> None:
    """Refuse what is not under one of the ``wanted`` licences; none wanted = all are.

    Raises:
        FetchError: it is under another, or its licence is not stated.
    """
    known = None if licence is None else licence_name(licence)
    if wanted and known not in {licence_name(each) for each in wanted}:
        raise FetchError(
            f"{name}: its licence is {licence or 'not stated'}; wanted is {', '.join(wanted)}"
        )
