"""Contrast of everything that is read, on light and on dark ground, and without colour."""

import re
from importlib.resources import files

import pytest

CSS = (files("tracking.report") / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = CSS.split("prefers-color-scheme: dark")


def colours(part: str) -> dict[str, str]:
    block = part.split("\n.c1", maxsplit=1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "panel", "shade"])
def test_text_and_lines_stand_out_from_the_ground(scheme: str, ground: str) -> None:
    found = colours(scheme)
    read = [name for name in found if name.startswith("series") or name in {"text", "soft", "bad"}]
    assert len(read) == 11
    low = {name: contrast(found[name], found[ground]) for name in read}
    assert {name: value for name, value in low.items() if value < 4.5} == {}


def test_both_schemes_have_the_same_colours() -> None:
    assert set(colours(LIGHT)) == set(colours(DARK))
