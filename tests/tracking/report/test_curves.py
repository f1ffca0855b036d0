"""Curves as SVG."""

import re

from tracking.evaluation.measures import CURVES, PRECISION
from tracking.report.colours import SERIES, colour, dashes
from tracking.report.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, draw_curve


def test_a_line_goes_from_corner_to_corner() -> None:
    svg = draw_curve(
        CURVES["precision"], "at 20 px", [Line("a", (PRECISION / 50).tolist(), "0.400")]
    )
    points = re.findall(r'points="([^"]*)"', svg)[0].split()
    assert points[0] == f"{LEFT:.1f},{HEIGHT - BOTTOM:.1f}"
    assert points[-1] == f"{WIDTH - RIGHT:.1f},{TOP:.1f}"
    assert len(points) == 51


def test_the_first_tracker_is_drawn_above_and_named_first() -> None:
    flat = [0.5] * 21
    svg = draw_curve(CURVES["success"], "mean", [Line("one", flat, "1"), Line("two", flat, "2")])
    assert svg.index("<title>two") < svg.index("<title>one")
    assert svg.index("</b> one") < svg.index("</b> two")


def test_no_two_of_the_first_trackers_look_alike() -> None:
    looks = {(colour(index), dashes(index)) for index in range(3 * SERIES)}
    assert len(looks) == 3 * SERIES
