"""Curves as SVG."""

import re

import numpy as np
import pytest

from tracking.evaluation.measures import CURVES, PRECISION
from tracking.report.colours import LOOKS, colour, dashes, mark_path
from tracking.report.curves import Line, Shade, draw_curve
from tracking.report.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Plot, Scale


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
    lines = {(colour(index), dashes(index)) for index in range(LOOKS)}
    assert len(lines) == LOOKS >= 30
    for index in range(LOOKS):
        assert dashes(index) != dashes(index + 1)
        assert mark_path(index) != mark_path(index + 1)


def test_lengths_are_counted_from_1_and_the_interval_is_shaded() -> None:
    curve = [1.0, *np.linspace(0.9, 0.1, 999)]
    svg = draw_curve(
        CURVES["expected_overlap"], "EAO", [Line("a", curve, "0.5")], shade=Shade(100, 356)
    )
    assert "lengths 100 to 356" in svg
    plot = Plot(Scale(0, 570), Scale(0, 1))  # not much further than the interval
    left = float(re.findall(r'class="shade" x="([^"]*)"', svg)[0])
    assert left == pytest.approx(plot.x(100), abs=0.1)
    first, *_, last = re.findall(r'points="([^"]*)"', svg)[0].split()
    assert first == f"{plot.x(1):.1f},{plot.y(1):.1f}"
    assert last == f"{plot.x(570):.1f},{plot.y(curve[569]):.1f}"


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Scale(0, 50), [0, 10, 20, 30, 40, 50]),
        (Scale(0.55, 0.7), [0.55, 0.575, 0.6, 0.625, 0.65, 0.675, 0.7]),
        (Scale(0.8, 300, log=True), [1, 2, 5, 10, 20, 50, 100, 200]),
    ],
)
def test_ticks_are_round(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)
