"""A light smoothing of a machine's boxes; a person's boxes pull on it and never move."""

from collections.abc import Mapping

import numpy as np

from tirdata.annotate.confidence import runs
from tirdata.types import Box, Boxes

LARGEST = 0.1  # of the box's sides: a centre that smoothing would move further is not noise


def smooth(boxes: Boxes, human: Mapping[int, Box], half_width: int) -> Boxes:
    """Binomially weighted mean of centre and log size over ``2 * half_width + 1`` frames.

    Gaps are not bridged, and near a gap or the sequence's end the window shrinks evenly, so that
    steady motion stays as it is. Where a centre would move by more than ``LARGEST`` of its box's
    side, the motion is meant (a camera's jerk, a turn), and smoothing fades until at twice that
    the centre stays. Rows of ``human`` frames come back NaN, as they went in.
    """
    if half_width == 0:
        return boxes
    known = boxes.copy()
    for frame, box in human.items():
        known[frame] = box
    smoothed = np.full_like(boxes, np.nan)
    for start, stop in runs(~np.isnan(known[:, 0])):
        smoothed[start:stop] = _smooth_run(known[start:stop], half_width)
    smoothed[sorted(human)] = np.nan
    return smoothed


def _smooth_run(boxes: Boxes, half_width: int) -> Boxes:
    size = np.log(boxes[:, 2:])
    state = np.hstack([boxes[:, :2] + boxes[:, 2:] / 2, size])
    result = np.empty_like(state)
    for index in range(len(state)):
        reach = min(half_width, index, len(state) - 1 - index)
        window = state[index - reach : index + reach + 1]
        result[index] = _binomial(2 * reach) @ window
    moved = (np.abs(result[:, :2] - state[:, :2]) / boxes[:, 2:]).max(axis=1)
    share = np.clip(2 - moved / LARGEST, 0, 1)[:, None]
    middle = state[:, :2] + share * (result[:, :2] - state[:, :2])
    width_height = np.exp(result[:, 2:])
    return np.hstack([middle - width_height / 2, width_height])


def _binomial(order: int) -> Boxes:
    row = np.array([1.0])
    for _ in range(order):
        row = np.convolve(row, [0.5, 0.5])
    return row
