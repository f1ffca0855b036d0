"""Marks in a plane, and names that do not lie on each other."""

import re
from itertools import pairwise

from tracking.report.plot import LEFT, RIGHT, WIDTH, Plot, Scale, log_scale_around, scale_around
from tracking.report.scatter import Axis, Point, draw_points

AXIS = Axis("A and R", "reliability", "accuracy")


def points(count: int) -> list[Point]:
    return [Point(f"tracker {n}", n, 0.5, 0.5 - n / 1000, f"{n}") for n in range(count)]


def test_names_of_close_marks_stand_below_each_other() -> None:
    html = draw_points(AXIS, Plot(Scale(0, 1), Scale(0, 1)), points(5))
    heights = sorted(float(y) for y in re.findall(r'class="name" x="[^"]*" y="([^"]*)"', html))
    assert len(heights) == 5
    gaps = [after - before for before, after in pairwise(heights)]
    assert min(gaps) >= 13.9


def test_of_many_trackers_all_have_marks_and_the_first_have_names() -> None:
    html = draw_points(AXIS, Plot(Scale(0, 1), Scale(0, 1)), points(30))
    assert html.count('<g class="point ') == 30
    assert html.count("<li ") == 30
    assert 3 <= html.count('class="name"') <= 10


def test_a_name_stays_inside_at_the_right_border() -> None:
    html = draw_points(AXIS, Plot(Scale(0, 1), Scale(0, 1)), [Point("a long name", 0, 1, 0.5, "1")])
    (left,) = re.findall(r'class="name" x="([^"]*)"', html)
    assert LEFT < float(left) < WIDTH - RIGHT - 60


def test_an_interval_and_an_upright_line_are_drawn_where_they_are() -> None:
    plot = Plot(Scale(1, 100, log=True), Scale(0, 1))
    point = Point("a", 0, 10, 0.5, "x", 0.4, 0.7)
    html = draw_points(AXIS, plot, [point], line=(25, "25 a second"))
    assert f'y1="{plot.y(0.4):.1f}" y2="{plot.y(0.7):.1f}"' in html
    assert f'class="upright" x1="{plot.x(25):.1f}"' in html
    assert "25 a second" not in draw_points(AXIS, plot, [point], line=(500, "25 a second"))


def test_scales_hold_their_values() -> None:
    scale = scale_around([0.31, 0.62], 0, 1)
    assert 0 <= scale.low < 0.31
    assert 0.62 < scale.high <= 1
    assert scale_around([0.99], 0, 1).high == 1
    speed = log_scale_around([0.3, 900])
    assert 0 < speed.share(0.3) < speed.share(900) < 1
