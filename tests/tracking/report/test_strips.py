"""Which frames a strip shows, and what is drawn on them."""

import re

import numpy as np

from tests.made import made_sequence
from tracking.evaluation.targets import truths_of
from tracking.report.strips import FRAMES, choose_frames, strip_html


def test_it_shows_first_last_and_the_worst_frame() -> None:
    (truth,) = truths_of(made_sequence(60), machine_boxes=False)
    predicted = truth.boxes.copy()
    predicted[31] += 200
    chosen = choose_frames(truth, predicted)
    assert len(chosen) == FRAMES
    assert chosen[0] == 0
    assert chosen[-1] == 59
    assert 31 in chosen


def test_it_shows_only_frames_with_the_object() -> None:
    (truth,) = truths_of(made_sequence(60), machine_boxes=False)
    truth.boxes[10:50] = np.nan
    assert not set(choose_frames(truth, truth.boxes)) & set(range(10, 50))


def test_two_frames_are_two_tiles() -> None:
    (truth,) = truths_of(made_sequence(2), machine_boxes=False)
    assert choose_frames(truth, truth.boxes) == [0, 1]


def test_the_magnified_part_lies_inside_the_frame() -> None:
    made = made_sequence(3, size=(64, 48))
    (truth,) = truths_of(made, machine_boxes=False)
    truth.boxes[:] = [-5.0, 40.0, 12.0, 12.0]
    html = strip_html("corner", truth, made.frames, {"a": truth.boxes, "b": truth.boxes + np.nan})
    for view in re.findall(r'viewBox="([^"]*)"', html):
        left, top, width, height = (float(number) for number in view.split())
        assert 0 <= left <= left + width <= 64
        assert 0 <= top <= top + height <= 48
    assert html.count('<rect class="edge"') == 3 * 2
    assert html.count("<rect x") == 3 * 2 * 2  # tiles, views, truth and the one that has a box


def test_a_lost_object_is_said() -> None:
    made = made_sequence(3, size=(64, 48))
    (truth,) = truths_of(made, machine_boxes=False)
    html = strip_html("lost", truth, made.frames, {"a": truth.boxes * np.nan})
    assert html.count("no box") == 3
