"""What every layout does: written and read again, sequences are the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.dataset.tree import Dataset
from tirdata.errors import DataError, UsageError
from tirdata.geometry import overlap
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.base import Layout
from tirdata.layouts.pictures import KINDS
from tirdata.types import Sequence, Track

PAIRS = {"gtot", "gtot-boxes", "rgbt210", "rgbt234", "lasher"}
TWO_TRUTHS = PAIRS - {"rgbt210"}  # boxes for each half
HIDDEN = {"got10k", "ilsvrc", "vot"}  # says which boxes are of objects that are hidden in part
POLYGONS = {"vot"}
NAMES = ("ILSVRC2015_train_00000000", "ILSVRC2015_val_00001002")  # every layout can say these


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> Layout:
    return LAYOUTS[request.param]


def _sequences(layout: Layout | None = None) -> Iterator[Sequence]:
    """Two sequences with whole-pixel boxes; the second loses its target for a while.

    For layouts of pairs they have a visible half, with boxes of its own where the layout has those.
    """
    for seed, name in enumerate(NAMES):
        made = made_sequence(8, size=(64, 48), seed=seed, name=name)
        boxes = made.tracks[0].boxes.round()
        boxes[3 : 3 + 2 * seed] = np.nan
        occluded = np.arange(8) == 6
        track = Track(0, "bird", boxes, np.zeros(8, np.bool_), occluded)
        sequence = Sequence(name, made.frames, (track,))
        yield sequence if layout is None or layout.name not in PAIRS else _pair(sequence, layout)


def _pair(sequence: Sequence, layout: Layout) -> Sequence:
    """The same with a visible half: other pixels, and boxes 3 px further right."""
    visible = made_sequence(8, size=(64, 48), seed=9).frames
    own = sequence.tracks[0].boxes + np.array([3.0, 0, 0, 0])
    tracks = (replace(sequence.tracks[0], boxes=own),) if layout.name in TWO_TRUTHS else ()
    return replace(sequence, visible=visible, visible_tracks=tracks)


def test_its_name_is_the_one_it_is_listed_under(layout: Layout) -> None:
    assert LAYOUTS[layout.name] is layout
    assert layout.origin in (0, 1)


def test_what_is_written_is_recognised_and_read_the_same(layout: Layout, tmp_path: Path) -> None:
    layout.write(_sequences(layout), tmp_path)
    assert open_layout(tmp_path) is layout
    assert layout.names(tmp_path) == list(NAMES)
    for written, read in zip(_sequences(layout), layout.read(tmp_path), strict=True):
        assert read.name == written.name
        assert len(read.frames) == len(written.frames)
        np.testing.assert_array_equal(read.tracks[0].boxes, written.tracks[0].boxes)
        assert not read.tracks[0].generated[read.tracks[0].present].any()
        difference = read.frames[5].astype(int) - written.frames[5].astype(int)
        assert np.abs(difference).mean() < 2  # JPEG at quality 95


def test_read_written_and_read_again_is_the_same(layout: Layout, tmp_path: Path) -> None:
    layout.write(_sequences(layout), tmp_path / "once")
    layout.write(layout.read(tmp_path / "once"), tmp_path / "twice")
    once = {
        path.relative_to(tmp_path / "once"): path.read_bytes()
        for path in (tmp_path / "once").rglob("*.*")
        if path.is_file()
    }
    twice = {
        path.relative_to(tmp_path / "twice"): path.read_bytes()
        for path in (tmp_path / "twice").rglob("*.*")
        if path.is_file()
    }
    assert once == twice  # frames are copied, not encoded a second time


def test_decimals_stay_where_the_layout_has_them(layout: Layout, tmp_path: Path) -> None:
    made = made_sequence(4, size=(64, 48), name=NAMES[0])
    pair = replace(made, visible=made.frames) if layout.name in PAIRS else made
    layout.write([pair], tmp_path)
    read = layout.read_one(tmp_path, NAMES[0])
    if layout.name == "ilsvrc":  # whole pixels by its schema
        assert overlap(read.tracks[0].boxes, made.tracks[0].boxes).min() > 0.8
    else:
        np.testing.assert_allclose(read.tracks[0].boxes, made.tracks[0].boxes, atol=1e-4)


@pytest.mark.parametrize("name", sorted(PAIRS | {"vot"}))
def test_both_halves_of_a_pair_come_back(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    written = [
        _pair(sequence, layout) if sequence.visible is None else sequence
        for sequence in _sequences(layout)
    ]
    layout.write(written, tmp_path)
    for one, read in zip(written, layout.read(tmp_path), strict=True):
        assert one.visible is not None
        assert read.visible is not None
        assert len(read.visible) == len(read.frames)
        difference = read.visible[5].astype(int) - one.visible[5].astype(int)
        assert np.abs(difference).mean() < 2
        assert len(read.visible_tracks) == len(one.visible_tracks)
        for ours, theirs in zip(read.visible_tracks, one.visible_tracks, strict=True):
            np.testing.assert_array_equal(ours.boxes, theirs.boxes)


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_sequence_without_visible_half_is_no_pair(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{NAMES[0]}: has no visible half"):
        LAYOUTS[name].write(_sequences(), tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_what_is_hidden_in_part_stays_so(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    layout.write(_sequences(layout), tmp_path)
    for read in layout.read(tmp_path):
        assert np.flatnonzero(read.tracks[0].occluded).tolist() == [6]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_polygons_stay_or_become_their_bounds(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    corners = np.array([[20.0, 10], [30, 20], [20, 30], [10, 20]])
    turned = corners + np.arange(8.0)[:, None, None]
    bounds = np.hstack([turned.min(axis=1), np.full((8, 2), 20.0)])
    sequence = next(_sequences(layout))
    track = replace(sequence.tracks[0], boxes=bounds, polygons=turned)
    layout.write([replace(sequence, tracks=(track,), visible_tracks=())], tmp_path)
    (read,) = layout.read_one(tmp_path, NAMES[0]).tracks
    np.testing.assert_array_equal(read.boxes, bounds)
    if name in POLYGONS:
        np.testing.assert_array_equal(read.polygons, turned)
    else:
        assert read.polygons is None


def test_a_missing_frame_is_named(layout: Layout, tmp_path: Path) -> None:
    layout.write(_sequences(layout), tmp_path)
    frames = sorted(path for path in tmp_path.rglob("*.*") if path.suffix.lower() in KINDS)
    frames[0].unlink()
    with pytest.raises(DataError, match=r"expected|no such f"):
        [*layout.read(tmp_path)]


def test_an_unknown_sequence_is_named(layout: Layout, tmp_path: Path) -> None:
    layout.write(_sequences(layout), tmp_path)
    with pytest.raises(DataError, match="ILSVRC2015_val_00099000"):
        layout.read_one(tmp_path, "ILSVRC2015_val_00099000")


def test_a_folder_of_no_layout_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--format"):
        open_layout(tmp_path)


def test_a_folder_of_two_layouts_asks_which(tmp_path: Path) -> None:
    LAYOUTS["otb"].write(_sequences(), tmp_path)
    Dataset.create(tmp_path)
    with pytest.raises(UsageError, match="ilsvrc or otb; say which with --format"):
        open_layout(tmp_path)
    assert open_layout(tmp_path, "otb").names(tmp_path) == list(NAMES)


def test_an_unknown_layout_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no layout 'lasso'; there are: .*otb"):
        open_layout(tmp_path, "lasso")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        open_layout(tmp_path / "nowhere")


def test_a_faulty_neighbour_is_no_error_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a\na\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="empty: not laid out as any of"):
        open_layout(tmp_path / "empty")


def test_a_data_set_one_level_off_is_pointed_at(tmp_path: Path) -> None:
    LAYOUTS["got10k"].write(_sequences(), tmp_path / "val")
    with pytest.raises(UsageError, match=r"but .*val is, as got10k"):
        open_layout(tmp_path)
