"""Objects at the frame's edge: what was hidden is added, what leaves is cut off."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tests.tracking.trackers.made_weights import untrained
from tests.tracking.trackers.real_clips import DATA, boxes_of, frames_of
from tirdata.geometry import clip, overlap
from tirdata.types import Box, Boxes, Frame, Sequence
from tracking.trackers.edges import (
    SETTLES,
    Cut,
    cut_of,
    ends_at_edge,
    is_whole,
    uncovered,
    visible,
    whole,
)
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker, Target

SIZE = (120, 100)  # of made frames: across, down
EXTENT = (24.0, 20.0)
STEP = 4.0  # pixels a frame, inwards
COUNT = 14


def _ground(seed: int = 0) -> Frame:
    rough = np.random.default_rng(seed).normal(0, 1, SIZE[::-1]).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 4)
    return np.asarray(np.clip(80 + 12 * smooth / smooth.std(), 0, 255), np.uint8)


def _enters(side: int, hidden: float, loose: float = 0.0) -> tuple[list[Frame], Boxes]:
    """A bright blob that comes in over ``side``, and the true boxes, whole and looser by a share.

    ``hidden`` is of the box's side in the first frame.
    """
    axis, near = side % 2, side < 2
    extent = np.array(EXTENT)
    start = -hidden * extent[axis] if near else SIZE[axis] - (1 - hidden) * extent[axis]
    boxes = np.zeros((COUNT, 4))
    boxes[:, 2:] = extent
    boxes[:, axis] = start + np.arange(COUNT) * (STEP if near else -STEP)
    boxes[:, 1 - axis] = 40.0
    ground, frames = _ground(), []
    random = np.random.default_rng(1)
    for box in boxes:
        solid = extent * (1 - 2 * loose)
        x, y = (np.arange(cells) + 0.5 for cells in SIZE)
        across = np.abs(x - box[0] - extent[0] / 2) < solid[0] / 2
        down = np.abs(y - box[1] - extent[1] / 2) < solid[1] / 2
        frame = ground + 70.0 * (across[None] & down[:, None]) + random.normal(0, 2, ground.shape)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
    return frames, boxes


def _box(row: Boxes) -> Box:
    return Box(*(float(value) for value in row))


def _parts(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """Where the part is that the first frame shows, as a tracker would have it."""
    first = clip(boxes[:1], *size)[0]
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    parts = np.tile(first, (len(boxes), 1))
    parts[:, :2] += middles - middles[0]
    return parts


def _after(frames: list[Frame], boxes: Boxes) -> tuple[Cut, Boxes]:
    """What is known after the last frame, and the part in each."""
    height, width = frames[0].shape
    parts = _parts(boxes, (width, height))
    cut = cut_of(frames[0], _box(parts[0]))
    assert cut is not None
    for frame, part in zip(frames[1:], parts[1:], strict=True):
        cut = uncovered(frame, cut, _box(part))
    return cut, parts


@pytest.mark.parametrize("side", range(4), ids=["left", "top", "right", "bottom"])
@pytest.mark.parametrize("hidden", [0.2, 0.3])
def test_what_was_hidden_is_added_on_its_side(side: int, hidden: float) -> None:
    frames, boxes = _enters(side, hidden)
    cut, parts = _after(frames, boxes)
    assert cut.sides == (side,)
    assert cut.beyond[side] == pytest.approx(hidden / (1 - hidden), abs=0.12)
    assert np.count_nonzero(cut.beyond) == 1
    found = np.array([whole(_box(parts[-1]), cut)])
    assert overlap(found, boxes[-1:])[0] > 0.9
    assert overlap(parts[-1:], boxes[-1:])[0] < 0.81


def test_a_loose_label_is_as_loose_on_the_side_that_was_hidden() -> None:
    frames, boxes = _enters(0, 0.4, loose=0.12)
    cut, parts = _after(frames, boxes)
    assert overlap(np.array([whole(_box(parts[-1]), cut)]), boxes[-1:])[0] > 0.9


def test_an_object_that_only_touches_the_edge_grows_by_little() -> None:
    cut, _ = _after(*_enters(2, 0.0))
    assert cut.beyond[2] < 0.08


def test_where_nothing_tells_it_from_the_ground_nothing_is_added() -> None:
    flat = np.full(SIZE[::-1], 90, np.uint8)
    _, boxes = _enters(0, 0.4)
    cut, _ = _after([flat] * COUNT, boxes)
    assert not cut.counts.any()
    assert not cut.beyond.any()


def test_it_settles_and_forgets_nothing() -> None:
    frames, boxes = _enters(0, 0.4)
    longer = np.concatenate([boxes, np.tile(boxes[-1], (SETTLES, 1))])
    cut, parts = _after([*frames, *[frames[-1]] * SETTLES], longer)
    assert cut.counts.min() == SETTLES
    later = uncovered(np.zeros_like(frames[0]), cut, _box(parts[-1]))
    assert np.array_equal(later.beyond, cut.beyond)
    assert np.array_equal(later.sums, cut.sums)


@pytest.mark.parametrize("box", [Box(1, 40, 1, 9), Box(-200, 40, 20, 20), Box(119, 40, 20, 20)])
def test_a_part_that_cannot_be_seen_says_nothing(box: Box) -> None:
    frames, boxes = _enters(0, 0.4)
    cut, _ = _after(frames[:4], boxes[:4])
    assert np.array_equal(uncovered(frames[4], cut, box).beyond, cut.beyond)


@pytest.mark.parametrize(
    ("box", "ends", "is_cut", "amodal"),
    [
        (Box(30, 30, 20, 20), False, False, False),
        (Box(0, 30, 20, 20), True, True, False),
        (Box(99.0, 30, 20, 20), True, True, False),
        (Box(30, 79.5, 20, 20), True, True, False),
        (Box(-5, 30, 20, 20), True, False, True),
        (Box(30, 90, 20, 20), True, False, True),
        (Box(0, 30, 120, 20), True, False, False),  # from edge to edge: nobody knows which way
        (Box(0, 0, 120, 20), True, True, False),
    ],
)
def test_which_boxes_are_cut(box: Box, ends: bool, is_cut: bool, amodal: bool) -> None:
    frame = _ground()
    assert ends_at_edge(frame, box) is ends
    assert (cut_of(frame, box) is not None) is is_cut
    assert is_whole(frame, box) is amodal


def test_what_is_outside_of_the_frame_is_cut_off() -> None:
    frame = _ground()
    assert visible(frame, Box(-5, 90, 20, 20)) == Box(0, 90, 15, 10)
    assert visible(frame, Box(5, 9, 20, 20)) == Box(5, 9, 20, 20)
    assert visible(frame, Box(130, 9, 20, 20)) == Box(130, 9, 20, 20)


@pytest.mark.parametrize(("axis", "share"), [(0, 0.4), (1, 0.35)])
def test_a_real_drone_that_flies_in(axis: int, share: float) -> None:
    name = DATA / "V_DRONE_007.mp4"
    frames, boxes = frames_of(name, 0, 60)[::2], boxes_of(name)[:60:2]
    boxes[:, :2] -= 1
    low = round(boxes[0, axis] + share * boxes[0, 2 + axis])
    frames = [frame[:, low:] if axis == 0 else frame[low:] for frame in frames]
    boxes[:, axis] -= low
    height, width = frames[0].shape
    parts = _parts(boxes, (width, height))
    parts[:, 2:] = parts[0, 2:]
    cut = cut_of(frames[0], _box(parts[0]))
    assert cut is not None
    found = []
    for frame, part in zip(frames[1:], parts[1:], strict=True):
        cut = uncovered(frame, cut, _box(part))
        found.append(visible(frame, whole(_box(part), cut)))
    truth = clip(boxes, width, height)[1:]
    assert overlap(np.array(found), truth).mean() > overlap(parts[1:], truth).mean() + 0.05


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(4, target=(24.0, 20.0))


@pytest.fixture(scope="module")
def weights(blob: Sequence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("weights") / "mmnet.safetensors", blob)


def _cropped(blob: Sequence, share: float) -> tuple[list[Frame], Boxes]:
    """The blob's frames without what is left of ``share`` of its first box."""
    boxes = blob.tracks[0].boxes.copy()
    low = round(boxes[0, 0] + share * boxes[0, 2])
    boxes[:, 0] -= low
    return [np.ascontiguousarray(blob.frames[index][:, low:]) for index in range(len(boxes))], boxes


def test_the_tracker_answers_what_is_in_the_frame(weights: Path, blob: Sequence) -> None:
    frames, boxes = _cropped(blob, 0.3)
    height, width = frames[0].shape
    first = _box(clip(boxes[:1], width, height)[0])

    config = MMNetConfig(weights=weights, device="cpu", precision="fp32")
    tracker = MMNetTracker(config)

    def follow(start: Box, **more: object) -> tuple[Target, Boxes]:
        tracker.config = config.model_copy(update=more)
        tracker.init(frames[0], start)
        found = np.array([tracker.track(frame).box for frame in frames[1:3]])
        return tracker._targets[0], found

    target, found = follow(first)
    assert target.cut is not None
    assert np.array_equal(clip(found, width, height), found)
    # Boxes that reach beyond the frame at the start do so later.
    target, found = follow(_box(boxes[0]))
    assert target.cut is None
    assert found[0, 0] < 0
    assert follow(first, mind_edges=False)[0].cut is None
    target, _ = follow(first, lost_below=1.0, search_when_lost=False)
    assert target.cut is not None
    assert not target.cut.counts.any()
