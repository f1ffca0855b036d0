"""Which tracker has which colour, dashes and mark, the same on every picture of a page.

Told apart without colour, too: neighbours in rank differ in dashes and in the shape of their mark.
"""

from typing import Final

# Classes c1 … c8 and variables --series-1 … that page.css defines for light and dark pages; the
# order is fixed, so a tracker keeps its colour when another one joins behind it.
SERIES: Final = 8
TRUTH: Final = "var(--truth)"
DASHES: Final = ("", "7 4", "2 3", "10 3 2 3")
LOOKS: Final = SERIES * len(DASHES)
SHOWN: Final = 10  # trackers in full strength; those behind are drawn faintly

_SHAPES: Final = (  # in a square from -5 to 5
    "M4.4 0A4.4 4.4 0 1 1-4.4 0A4.4 4.4 0 1 1 4.4 0Z",
    "M-4-4H4V4H-4Z",
    "M0-5L4.8 3.8H-4.8Z",
    "M0-5.2L5.2 0L0 5.2L-5.2 0Z",
    "M-1.7-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z",
    "M0 5L4.8-3.8H-4.8Z",
    "M0-5L1.5-1.7L5-1.5L2.4 1L3.2 4.6L0 2.7L-3.2 4.6L-2.4 1L-5-1.5L-1.5-1.7Z",
    "M-4.6-2.4L-2.4-4.6L0-2.2L2.4-4.6L4.6-2.4L2.2 0L4.6 2.4L2.4 4.6L0 2.2L-2.4 4.6L-4.6 2.4-2.2 0Z",
)  # fmt: skip


def colour(index: int) -> str:
    """Colour of the tracker with this rank."""
    return f"var(--series-{index % SERIES + 1})"


def look(index: int) -> str:
    """Classes of whatever has its colour."""
    behind = " behind" if index >= SHOWN else ""
    return f"c{index % SERIES + 1}{behind}"


def dashes(index: int) -> str:
    """Dash pattern of its lines; empty = solid."""
    return DASHES[(index + index // SERIES) % len(DASHES)]


def mark_path(index: int) -> str:
    """Its mark around the origin, ten wide; every second round is hollow."""
    hollow = ' class="hollow"' if index // SERIES % 2 else ""
    return f'<path{hollow} d="{_SHAPES[index % SERIES]}"/>'


def mark(index: int) -> str:
    """Its mark beside its name."""
    return (
        f'<svg class="mark c{index % SERIES + 1}" viewBox="-6 -6 12 12" aria-hidden="true">'
        f"{mark_path(index)}</svg>"
    )
