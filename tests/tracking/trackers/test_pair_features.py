"""Where boxes lie on both halves, how large a scene is, and crops against scenes."""

import numpy as np
import pytest
import torch

from tests.made_pairs import made_pairs
from tirdata.types import Box, FramePair
from tracking.models.vgg_m import REACH, STRIDE
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import build_local_net
from tracking.trackers.pair_features import Alignment, Extractor, View, scene_of

CPU = torch.device("cpu")


def view_of(pair: FramePair, alignment: Alignment | None = None) -> View:
    return View.of(pair, alignment or Alignment(), CPU)


def test_halves_of_one_field_of_view_differ_by_their_sizes() -> None:
    pair = FramePair(np.zeros((100, 200), np.uint8), np.zeros((150, 400, 3), np.uint8))
    boxes = Alignment.of_sizes(pair)(np.array([[10.0, 20.0, 30.0, 40.0]]))
    np.testing.assert_allclose(boxes, [[20.0, 30.0, 60.0, 60.0]])


def test_halves_that_are_not_registered_are_laid_over_one_another_by_their_boxes() -> None:
    thermal, visible = Box(216.0, 300.0, 80.0, 48.0), Box(221.0, 180.0, 70.0, 40.0)
    alignment = Alignment.of_boxes(thermal, visible)
    np.testing.assert_allclose(alignment(np.array([thermal])), [visible])
    moved = alignment(np.array([[296.0, 348.0, 80.0, 48.0]]))
    np.testing.assert_allclose(moved, [[291.0, 220.0, 70.0, 40.0]])


def test_a_region_shows_the_same_of_both_halves_less_128() -> None:
    thermal = np.full((40, 60), 100, np.uint8)
    visible = np.zeros((20, 30, 3), np.uint8)
    thermal[10:20, 20:30] = 200
    visible[5:10, 10:15] = (200, 150, 100)
    view = view_of(FramePair(thermal, visible), Alignment((0.5, 0.5)))
    shown = view.regions(np.array([[20.0, 10.0, 10.0, 10.0]]), (4, 4))
    assert shown.shape == (1, 2, 3, 4, 4)
    torch.testing.assert_close(shown[0, 1], torch.full((3, 4, 4), 72.0))
    colour = torch.tensor([72.0, 22.0, -28.0])[:, None, None].expand(3, 2, 2)
    torch.testing.assert_close(shown[0, 0, :, 1:3, 1:3], colour)


def test_what_is_shrunk_is_averaged_first() -> None:
    checks = np.indices((90, 90)).sum(axis=0) % 2 * 255
    pair = FramePair(checks.astype(np.uint8), np.zeros((90, 90, 3), np.uint8))
    shown = view_of(pair).regions(np.array([[0.0, 0.0, 80.0, 80.0]]), (10, 10))
    assert (shown[0, 1] + 0.5).abs().max() < 2  # a plain bilinear look sees black or white


def test_a_scene_shows_the_object_at_107_pixels_and_is_never_too_large() -> None:
    size = np.array([20.0, 10.0])
    boxes = np.array([[50.0, 50.0, 20.0, 10.0], [60.0, 55.0, 20.0, 10.0]])
    corner, pixels, scale = scene_of(boxes, size, 6.0)
    np.testing.assert_allclose(scale, (5.35, 10.7))
    np.testing.assert_allclose(corner, (48.0, 49.0))
    for side, extent in zip(pixels[::-1], (34.0 * 5.35, 17.0 * 10.7), strict=True):
        assert (side - REACH) % STRIDE == 0
        assert extent <= side < extent + 2 * STRIDE
    wide = np.array([[0.0, 0.0, 20.0, 10.0], [600.0, 55.0, 20.0, 10.0]])
    assert scene_of(wide, size, 6.0)[1][1] <= 6 * 107 + 2 * STRIDE


@pytest.mark.parametrize("features", ["scene", "crops"])
def test_features_are_3_by_3_of_both_halves(features: str) -> None:
    config = DualAttentionConfig.model_validate({"random_init": True, "features": features})
    extract = Extractor(build_local_net(config), config)
    sequence, pairs = made_pairs(1)
    boxes = sequence.tracks[0].boxes[:1] + np.array([[0.0, 0, 0, 0], [9.0, -3, 4, 2]])
    samples = extract(view_of(pairs[0]), boxes, boxes[0, 2:])
    assert samples.features.shape == (2, 2, 512, 3, 3)
    assert samples.features.isfinite().all()
    assert (samples.where is None) == (features == "crops")
    assert len(extract(view_of(pairs[0]), np.zeros((0, 4)), boxes[0, 2:])) == 0


@pytest.mark.parametrize("features", ["scene", "crops"])
def test_boxes_alone_and_together_have_the_same_features(features: str) -> None:
    config = DualAttentionConfig.model_validate({"random_init": True, "features": features})
    extract = Extractor(build_local_net(config), config)
    sequence, pairs = made_pairs(1)
    box = sequence.tracks[0].boxes[:1]
    boxes = box + np.array([[0.0, 0, 0, 0], [8.0, 4, 0, 0], [-6.0, -5, 3, 3]])
    together = extract(view_of(pairs[0]), boxes, box[0, 2:]).features.float()
    for index in range(3):
        alone = extract(view_of(pairs[0]), boxes[index : index + 1], box[0, 2:]).features.float()
        both = torch.stack([alone.flatten(), together[index].flatten()])
        # The cells of a scene begin where the scene does: a few pixels more or less.
        assert torch.corrcoef(both)[0, 1] > (0.9 if features == "scene" else 0.999)
