"""Two passes made one: by distance, score, arrival and agreement."""

import numpy as np

from tests.tirdata.annotate.stand_ins import absent, straight
from tirdata.annotate.fuse import Pass, believed, fuse, single
from tirdata.types import Boxes


def run(boxes: Boxes, score: float = 0.9, arrival: float = 1.0) -> Pass:
    count = len(boxes)
    return Pass(boxes, np.full(count, score), np.ones(count, dtype=np.bool_), arrival)


def lose(given: Pass, *frames: int) -> Pass:
    found, scores = given.found.copy(), given.scores.copy()
    found[list(frames)], scores[list(frames)] = False, 0.1
    return given._replace(found=found, scores=scores)


def shifted(boxes: Boxes, right: float) -> Boxes:
    moved: Boxes = boxes + np.array([right, 0, 0, 0])
    return moved


def test_equal_passes_come_through_as_they_are() -> None:
    boxes, sure = fuse(run(straight(7)), run(straight(7)))
    assert np.allclose(boxes, straight(7))
    assert (sure > 0.9).all()


def test_agreeing_passes_are_averaged_by_distance() -> None:
    forward = straight(9)
    backward = shifted(forward, 2)
    boxes, _ = fuse(run(forward), run(backward))
    shift = boxes[:, 0] - forward[:, 0]
    assert np.allclose(shift, 2 * np.arange(1, 10) / 10)


def test_surer_pass_pulls_more() -> None:
    forward = straight(3)
    boxes, _ = fuse(run(forward, 0.9), run(shifted(forward, 2), 0.3))
    assert np.isclose(boxes[1, 0] - forward[1, 0], 0.5)


def test_no_box_ever_lies_between_passes_that_disagree() -> None:
    forward, backward = straight(9), shifted(straight(9), 60)
    boxes, sure = fuse(run(forward, arrival=0.1), run(backward, arrival=0.1))
    on_forward = np.isclose(boxes[:, 0], forward[:, 0])
    on_backward = np.isclose(boxes[:, 0], backward[:, 0])
    assert (on_forward | on_backward).all()
    assert on_forward[:4].all()
    assert on_backward[5:].all()
    assert (1 - sure > 10 * (1 - fuse(run(forward), run(forward))[1])).all()


def test_pass_that_missed_the_far_box_is_left_early() -> None:
    forward, backward = straight(9), shifted(straight(9), 60)
    boxes, _ = fuse(run(forward, arrival=0.0), run(backward))
    assert np.isclose(boxes[1:, 0], backward[1:, 0]).all()


def test_frame_that_one_pass_lost_is_the_others() -> None:
    forward, backward = straight(9), shifted(straight(9), 2)
    boxes, sure = fuse(lose(run(forward), 6, 7), run(backward))
    assert np.allclose(boxes[6:8], backward[6:8])
    assert (sure[6:8] < sure[5]).all()


def test_frame_that_both_lost_has_no_box() -> None:
    boxes, sure = fuse(lose(run(straight(9)), 4), lose(run(straight(9)), 4, 5))
    assert absent(boxes) == [4]
    assert np.argmin(sure) == 4


def test_boxes_of_a_lost_pass_may_be_nan() -> None:
    broken = lose(run(straight(3)), 0, 1, 2)
    broken = broken._replace(boxes=np.full((3, 4), np.nan))
    boxes, _ = fuse(run(straight(3)), broken)
    assert np.allclose(boxes, straight(3))


def test_single_pass_leaves_out_what_it_lost() -> None:
    boxes, sure = single(lose(run(straight(4)), 2))
    assert np.isnan(boxes[2]).all()
    assert np.allclose(boxes[[0, 1, 3]], straight(4)[[0, 1, 3]])
    assert (np.diff(sure[[0, 1, 3]]) <= 0).all()  # the further from the person's box
    assert np.argmin(sure) == 2


def test_backward_pass_is_surest_next_to_the_box_behind_it() -> None:
    _, sure = single(run(straight(4))._replace(backward=True))
    assert (np.diff(sure) >= 0).all()


def test_other_object_that_was_found_after_a_loss_is_not_believed() -> None:
    forward, backward = straight(20), shifted(straight(20), 60)
    backward[14:] = forward[14:]
    gone = lose(run(forward), *range(8, 18))
    back = lose(run(backward, arrival=0.0), 12, 13)._replace(backward=True)
    boxes, sure = fuse(gone, back)
    assert absent(boxes) == list(range(8, 14))
    assert np.allclose(boxes[:8], forward[:8])
    assert np.allclose(boxes[14:], forward[14:])
    assert (sure[8:14] < 0.5).all()


def test_what_was_found_again_is_believed_unless_everything_speaks_against_it() -> None:
    forward, elsewhere = straight(20), shifted(straight(20), 60)
    found_again = lose(run(elsewhere, arrival=0.0), 5, 6, 7)
    assert believed(found_again, run(forward)).found.tolist() == [*[True] * 5, *[False] * 15]
    for kept, other in (
        (found_again._replace(arrival=0.5), run(forward)),  # it came to the person's box
        (found_again, run(elsewhere)),  # the other pass saw it there
        (lose(found_again, 19), run(forward)),  # it was lost again before it could come
        (run(elsewhere, arrival=0.0), run(forward)),  # it was never lost
        (lose(run(forward, arrival=0.0), *range(20)), run(forward)),
    ):
        assert believed(kept, other) is kept


def test_passes_that_go_back_are_judged_from_their_own_beginning() -> None:
    elsewhere = shifted(straight(20), 60)
    back = lose(run(elsewhere, arrival=0.0), 12, 13)._replace(backward=True)
    assert np.flatnonzero(believed(back, run(straight(20))).found).tolist() == list(range(14, 20))
