"""Contrast of everything that is read, on light and on dark ground, and without colour."""

import re
from importlib.resources import files
from itertools import combinations

import cv2
import numpy as np
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


# What is left of linear RGB without one kind of cone (G. Machado et al., IEEE TVCG 2009)
VISIONS = {
    "all cones": [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISIONS)
def test_colours_of_trackers_differ_for_whoever_looks(scheme: str, vision: str) -> None:
    found = colours(scheme)
    series = [found[f"series-{number}"] for number in range(1, 9)]
    values = np.array([[int(each[at : at + 2], 16) / 255 for at in (1, 3, 5)] for each in series])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISIONS[vision]).T, 0, 1)
    coded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = cv2.cvtColor(coded[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    apart = [float(np.linalg.norm(one - other)) for one, other in combinations(lab, 2)]
    assert min(apart) > 14  # about six times what can just be seen side by side
