"""Which tracker has which colour, the same on every picture of a page."""

from typing import Final

# Names of CSS variables that page.css defines for light and dark pages; the order is fixed, so a
# tracker keeps its colour when another one joins behind it. After the last, dashes tell them apart.
SERIES: Final = 8
TRUTH: Final = "var(--truth)"
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3")


def colour(index: int) -> str:
    """Colour of the tracker with this rank."""
    return f"var(--series-{index % SERIES + 1})"


def dashes(index: int) -> str:
    """Dash pattern of its lines; empty = solid."""
    return DASHES[index // SERIES % len(DASHES)]
