"""Which boxes become crops, and where the object lies in them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.crops import search_side
from tirdata.mix.choose import refusal, usable_frames
from tirdata.mix.recipe import Recipe
from tirdata.mix.tracklets import Tracklet, cut, cut_sequence
from tirdata.types import Box, Sequence, Track

SMALL = {"crop_size": 191, "margin": 16}


def _track(sides: list[float], *, human: tuple[int, ...] = ()) -> Track:
    """One box a frame, ``side`` square; NaN = absent."""
    count = len(sides)
    boxes = np.array([[30.0, 30.0, side, side] for side in sides]).reshape(-1, 4)
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    generated = np.array([frame not in human for frame in range(count)])
    return Track(3, "drone", boxes, generated, np.zeros(count, np.bool_))


def _tracklets(sequence: Sequence, **recipe: object) -> list[Tracklet]:
    checked = Recipe.model_validate({**SMALL, **recipe})
    return list(cut_sequence(sequence, "tir0-made.one", "tir", "rec", checked))


@pytest.mark.parametrize(
    ("recipe", "frames"),
    [
        ({}, [0, 2, 3, 5]),
        ({"stride": 2}, [0, 3]),
        ({"min_side": 10}, [0, 3, 5]),
        ({"human_only": True}, [2, 5]),
        ({"human_only": True, "min_side": 10}, [5]),
    ],
    ids=["gaps are left out", "stride", "small ones", "human", "human and large"],
)
def test_usable_frames(recipe: dict[str, object], frames: list[int]) -> None:
    track = _track([20, np.nan, 5, 20, 1, 20], human=(2, 4, 5))
    assert usable_frames(track, Recipe.model_validate(recipe)) == frames


def test_a_track_that_is_never_there_has_no_usable_frames() -> None:
    assert usable_frames(_track([np.nan] * 4), Recipe()) == []
    assert usable_frames(_track([]), Recipe()) == []


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        ({}, None),
        ({"classes": ("drone",)}, None),
        ({"classes": ("bird",)}, "class not in the recipe"),
        ({"classes": ("bird",), "class_map": {"drone": "bird"}}, None),
        ({"classes": ("drone",), "class_map": {"drone": "bird"}}, "class not in the recipe"),
        ({"min_frames": 4}, "too few usable boxes"),
    ],
    ids=["wanted", "its class", "another class", "renamed to", "renamed away", "short"],
)
def test_why_a_track_is_left_out(recipe: dict[str, object], why: str | None) -> None:
    assert refusal(_track([20, 20, np.nan, 20]), Recipe.model_validate(recipe)) == why


def test_the_network_sees_s_x_of_the_frame_with_the_object_in_the_middle() -> None:
    frame = np.full((200, 300), 60, np.uint8)
    cv2.rectangle(frame, (140, 90), (159, 103), 250, -1)  # x 140..160, y 90..104
    image, side = cut(frame, Box(140, 90, 20, 14), 255, 48)
    assert image.shape == (351, 351)
    assert side == pytest.approx(search_side(20, 14) * 351 / 255)
    hot_rows, hot_columns = (np.flatnonzero((image > 155).any(axis=axis)) for axis in (1, 0))
    scale = 351 / side
    assert hot_columns.min() == pytest.approx(175.5 - 10 * scale, abs=1)
    assert hot_columns.max() + 1 == pytest.approx(175.5 + 10 * scale, abs=1)
    assert hot_rows.min() == pytest.approx(175.5 - 7 * scale, abs=1)
    assert hot_rows.max() + 1 == pytest.approx(175.5 + 7 * scale, abs=1)


def test_outside_the_frame_a_crop_shows_the_frames_mean() -> None:
    frame = np.tile(np.array([[40, 80]], np.uint8), (60, 30))
    image, _ = cut(frame, Box(0, 0, 10, 10), 191, 16)
    assert image[0, 0] == 60


def test_boxes_of_crops_lie_in_their_middle_at_the_crops_scale() -> None:
    sequence = made_sequence(4)
    sample = _tracklets(sequence)[0].sample
    boxes, sides = np.array(sample.boxes), np.array(sample.sides)
    np.testing.assert_allclose(boxes[:, :2] + boxes[:, 2:] / 2, 111.5, atol=2e-3)
    scales = (191 + 2 * 16) / sides
    np.testing.assert_allclose(
        boxes[:, 2:], sequence.tracks[0].boxes[:, 2:] * scales[:, None], atol=2e-2
    )
    # what the network sees of the frame: s_z * 191 / 127
    wanted = [search_side(w, h, 191) for w, h in sequence.tracks[0].boxes[:, 2:]]
    np.testing.assert_allclose(sides * 191 / 223, wanted, atol=1e-2)


def test_crops_are_one_channel_jpegs_of_the_stored_size() -> None:
    tracklet = _tracklets(made_sequence(3))[0]
    for jpeg in tracklet.jpegs:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
        assert image is not None
        assert image.shape == (223, 223)


def test_a_long_track_becomes_several_samples_in_order() -> None:
    pieces = _tracklets(made_sequence(8), tracklet=3)
    assert [piece.sample.frames for piece in pieces] == [(0, 1, 2), (3, 4, 5), (6, 7)]
    assert [piece.sample.key for piece in pieces] == [
        "tir0-made_one-t00-0000", "tir0-made_one-t00-0001", "tir0-made_one-t00-0002",
    ]  # fmt: skip
    assert all(len(piece.jpegs) == len(piece.sample.boxes) for piece in pieces)


def test_gaps_and_refused_tracks_give_no_crops() -> None:
    made = made_sequence(6)
    holes = made.tracks[0].boxes.copy()
    holes[[1, 4]] = np.nan
    gone = np.full_like(holes, np.nan)
    sequence = replace(
        made,
        tracks=(
            replace(made.tracks[0], boxes=holes),
            replace(made.tracks[0], id=1, boxes=gone),
            replace(made.tracks[0], id=2, class_name="bird"),
        ),
    )
    pieces = _tracklets(sequence, classes=("drone",))
    assert [(piece.sample.track, piece.sample.frames) for piece in pieces] == [(0, (0, 2, 3, 5))]
    assert np.isfinite(pieces[0].sample.boxes).all()


def test_a_class_is_renamed_in_the_sample() -> None:
    sample = _tracklets(made_sequence(2), class_map={"drone": "aircraft"})[0].sample
    assert sample.class_name == "aircraft"
