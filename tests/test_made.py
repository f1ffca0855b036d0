"""The made sequence is what the other tests take it for."""

import numpy as np

from tests.made import made_sequence
from tirdata.types import Sequence


def test_made_target_is_warm_and_where_its_box_says(made: Sequence) -> None:
    for index, (x, y, w, h) in enumerate(made.tracks[0].boxes):
        frame = made.frames[index].astype(float)
        inside = frame[round(y) + 2 : round(y + h) - 2, round(x) + 2 : round(x + w) - 2]
        assert inside.mean() > frame.mean() + 60


def test_made_boxes_stay_in_the_frame_and_move(made: Sequence) -> None:
    boxes = made.tracks[0].boxes
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= (160, 128)).all()
    assert np.linalg.norm(np.diff(boxes[:, :2], axis=0), axis=1).max() > 1


def test_made_twice_is_the_same_and_another_seed_differs() -> None:
    first, second, other = (made_sequence(3, seed=seed) for seed in (1, 1, 2))
    assert all((first.frames[i] == second.frames[i]).all() for i in range(3))
    assert (first.frames[0] != other.frames[0]).any()
