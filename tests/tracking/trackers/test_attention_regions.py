"""From a map to boxes: regions and their order, the edges of the gate, rescue."""

import numpy as np
import pytest

from tirdata.geometry import centre_distance, overlap
from tirdata.types import Box, Boxes
from tracking.trackers.attention_regions import (
    AttentionMap,
    Placement,
    ProposalConfig,
    find_regions,
    passes,
    propose,
)

PLACED = Placement((2.5, 2.5))  # a map of 256 x 192 on a frame of 640 x 480
LAST = Box(100, 80, 40, 30)  # centre (120, 95)


def map_of(*blobs: tuple[int, int, int, int, float]) -> AttentionMap:
    """A map that is 0 but for rectangles (x, y, w, h, attention)."""
    made = np.zeros((192, 256), np.float32)
    for x, y, w, h, value in blobs:
        made[y : y + h, x : x + w] = value
    return made


def test_a_region_is_a_blob_with_its_centre_in_pixels_of_the_frame() -> None:
    (region,) = find_regions(map_of((100, 50, 20, 10, 0.9)), PLACED, ProposalConfig())
    assert region.centre == pytest.approx((110 * 2.5, 55 * 2.5))
    assert region.box == pytest.approx((250, 125, 50, 25))
    assert region.weight == pytest.approx(180, rel=1e-6)


def test_a_map_may_lie_on_a_part_of_the_frame() -> None:
    placed = Placement((2.0, 3.0), (-40.0, 7.0))
    (region,) = find_regions(map_of((100, 50, 20, 10, 0.9)), placed, ProposalConfig())
    assert region.centre == pytest.approx((110 * 2 - 40, 55 * 3 + 7))
    assert region.box == pytest.approx((160, 157, 40, 30))


def test_the_centre_leans_to_where_attention_is() -> None:
    made = map_of((100, 50, 10, 10, 0.5), (110, 50, 10, 10, 1.0))
    (region,) = find_regions(made, PLACED, ProposalConfig())
    assert region.centre[0] / 2.5 == pytest.approx((105 * 0.5 + 115) / 1.5)


def test_the_strongest_three_of_many_and_none_too_small() -> None:
    blobs = [(20 * n, 20, 6 + n, 6, 0.8) for n in range(5)]
    speck = (200, 100, 3, 3, 1.0)  # 9 cells; 0.0005 of the map are 24.6
    found = find_regions(map_of(*blobs, speck), PLACED, ProposalConfig())
    assert [round(region.box.w / 2.5) for region in found] == [10, 9, 8]


def test_corners_that_touch_are_one_region() -> None:
    found = find_regions(map_of((10, 10, 6, 6, 1), (16, 16, 6, 6, 1)), PLACED, ProposalConfig())
    assert len(found) == 1


def test_a_map_without_enough_attention_has_no_region() -> None:
    below, above = 99 / 255, 101 / 255
    assert find_regions(map_of((10, 10, 20, 20, below)), PLACED, ProposalConfig()) == []
    assert len(find_regions(map_of((10, 10, 20, 20, above)), PLACED, ProposalConfig())) == 1
    assert find_regions(np.full((4, 4), np.nan, np.float32), PLACED, ProposalConfig()) == []
    # and what is less than half of the highest is not a region either
    both = map_of((10, 10, 20, 20, 0.45), (100, 100, 20, 20, 1.0))
    assert len(find_regions(both, PLACED, ProposalConfig())) == 1


def shifted(dx: float, *, w: float = LAST.w, h: float = LAST.h) -> Boxes:
    x, y = LAST.x + LAST.w / 2 + dx, LAST.y + LAST.h / 2
    return np.array([[x - w / 2, y - h / 2, w, h]])


def gate(box: Boxes, last: Box = LAST, failures: int = 0, **settings: object) -> bool:
    config = ProposalConfig.model_validate(settings)
    return bool(passes(box, last, failures, config)[0])


def test_the_gate_of_25_pixels_has_its_edge_inside() -> None:
    wide = Box(0, 0, 400, 300)
    for dx, expected in [(24.9, True), (25.0, True), (25.1, False)]:
        assert gate(np.array([[dx, 0, 400, 300]]), wide) == expected
    assert gate(np.array([[15.0, 20, 400, 300]]), wide)  # Euclid's 25, not each axis'


def test_the_gate_of_overlap_has_its_edge_inside() -> None:
    # the same centre, a box of a share of the area: IoU is that share
    for share, expected in [(0.31, True), (0.3, True), (0.29, False)]:
        assert gate(shifted(0, w=LAST.w * share)) == expected
    assert not gate(shifted(24.0))  # near enough, but IoU is 0.25


def test_rescue_opens_the_gate_once_the_target_is_lost_and_off_always() -> None:
    far = shifted(300)
    assert not gate(far, failures=99)
    assert not gate(far, failures=2, gate="rescue")
    assert gate(far, failures=3, gate="rescue")
    assert gate(far, failures=1, gate="rescue", rescue_after=1)
    assert gate(far, gate="off")


def proposals(made: AttentionMap, failures: int = 0, **settings: object) -> Boxes:
    config = ProposalConfig.model_validate(settings)
    random = np.random.default_rng(0)
    return propose(made, PLACED, LAST, config, failures=failures, count=256, random=random)


def test_under_the_paper_s_gate_proposals_stay_where_the_target_was() -> None:
    near = map_of((44, 34, 12, 10, 1.0))
    boxes = proposals(near)
    assert 20 < len(boxes) <= 256
    last = np.broadcast_to(np.array(LAST), boxes.shape)
    assert (overlap(boxes, last) >= 0.3 - 1e-9).all()
    assert (centre_distance(boxes, last) <= 25 + 1e-9).all()
    assert (np.abs(np.log(boxes[:, 2] / LAST.w)) <= np.log(1.05) + 1e-9).all()
    assert np.array_equal(boxes, proposals(near))  # same seed, same boxes


def test_rescue_finds_a_target_again_that_came_back_elsewhere() -> None:
    elsewhere = map_of((200, 150, 16, 12, 1.0))
    assert len(proposals(elsewhere, failures=5)) == 0
    assert len(proposals(elsewhere, failures=2, gate="rescue")) == 0
    found = proposals(elsewhere, failures=3, gate="rescue")
    assert len(found) == 256
    truth = np.array([208 * 2.5 - 20, 156 * 2.5 - 15, 40, 30])
    assert overlap(found, np.broadcast_to(truth, found.shape)).max() > 0.8


def test_proposals_are_shared_among_regions_and_may_take_their_size() -> None:
    two = map_of((200, 150, 20, 12, 1.0), (100, 20, 20, 12, 1.0))
    boxes = proposals(two, gate="off", region_size=True)
    left = boxes[:, 0] < 400
    assert left.sum() == len(boxes) - left.sum() == 128
    assert boxes[:, 2].mean() == pytest.approx(50, rel=0.02)  # 20 cells; area 1.25 of the last
    huge = proposals(map_of((100, 20, 100, 100, 1.0)), gate="off", region_size=True)
    assert huge[:, 2].mean() == pytest.approx(LAST.w, rel=0.02)


def test_no_region_no_boxes() -> None:
    assert proposals(map_of()).shape == (0, 4)
