"""A pass that ran into a person's box tells there how far it had drifted."""

import numpy as np

from tirdata.types import Box, Boxes


def undrifted(boxes: Boxes, end: Box, target: Box) -> Boxes:
    """``boxes`` (n, 4), in the order they were tracked, without the drift seen at their end.

    Args:
        boxes: of one pass, the first next to the box it started from.
        end: what the tracker said one frame beyond the last.
        target: what a person said there.

    A tracker's error adds up from frame to frame, so each frame is given its share by distance, of
    the centre and of the logarithm of the size. Size and aspect that the tracker cannot follow
    come from one person's box to the other's in this way too.
    """
    share = np.arange(1, len(boxes) + 1)[:, None] / (len(boxes) + 1)
    drift = _state(np.array([target])) - _state(np.array([end]))
    middle_and_size = _state(boxes) + share * drift
    size = np.exp(middle_and_size[:, 2:])
    result: Boxes = np.hstack([middle_and_size[:, :2] - size / 2, size])
    return result


def _state(boxes: Boxes) -> Boxes:
    """Centre in pixels and logarithm of the size, (n, 4)."""
    return np.hstack([boxes[:, :2] + boxes[:, 2:] / 2, np.log(boxes[:, 2:])])
