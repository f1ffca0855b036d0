"""What every mask style keeps; a new one is tested by being listed in STYLES."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.engine import build_engine
from tirdata.layouts import LAYOUTS
from tirdata.masks.build import build_masks
from tirdata.masks.manifest import MasksConfig, MasksManifest, read_mask
from tirdata.masks.rectangle import Polarity
from tirdata.masks.styles import STYLES
from tirdata.types import Sequence

COUNT = 4


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sequences in OTB's layout; in the second the object is absent from one frame."""
    folder = tmp_path_factory.mktemp("otb") / "data"
    first, second = (made_sequence(COUNT, seed=seed, name=f"made{seed}") for seed in (0, 1))
    track = second.tracks[0]
    boxes = track.boxes.copy()
    boxes[2] = np.nan
    LAYOUTS["otb"].write(
        [first, Sequence(second.name, second.frames, (replace(track, boxes=boxes),))], folder
    )
    return folder


def build(root: Path, out: Path, style: str, polarity: Polarity) -> MasksManifest:
    settings = MasksConfig(style=style, polarity=polarity)
    return build_masks(root, "otb", out, settings, build_engine("serial", 1)).manifest


@pytest.mark.parametrize("style", STYLES)
def test_both_polarities_are_the_same_label(root: Path, tmp_path: Path, style: str) -> None:
    white = build(root, tmp_path / "white", style, "target-white")
    black = build(root, tmp_path / "black", style, "target-black")
    files = sorted(
        path.relative_to(tmp_path / "white") for path in (tmp_path / "white").rglob("*.png")
    )
    assert len(files) == white.masks == black.masks == 2 * COUNT - 1
    for file in files:
        label = read_mask(tmp_path / "white" / file, white)
        assert np.array_equal(label, read_mask(tmp_path / "black" / file, black))
        assert 0 < label.mean() < 0.1


@pytest.mark.parametrize("style", STYLES)
def test_masks_are_one_channel_of_two_values_at_frame_size(
    root: Path, tmp_path: Path, style: str
) -> None:
    build(root, tmp_path, style, "target-white")
    for path in tmp_path.rglob("*.png"):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (128, 160)
        assert mask.dtype == np.uint8
        assert np.unique(mask).tolist() == [0, 255]


@pytest.mark.parametrize("style", STYLES)
def test_target_is_where_the_box_is(root: Path, tmp_path: Path, style: str) -> None:
    manifest = build(root, tmp_path, style, "target-white")
    (box, *_) = LAYOUTS["otb"].read_one(root, "made0").tracks[0].boxes
    first = sorted((tmp_path / "made0").rglob("*.png"))[0]
    rows, columns = np.nonzero(read_mask(first, manifest))
    assert columns.min() == np.floor(box[0])
    assert columns.max() + 1 == np.ceil(box[0] + box[2])
    assert rows.min() == np.floor(box[1])
    assert rows.max() + 1 == np.ceil(box[1] + box[3])


@pytest.mark.parametrize("style", STYLES)
def test_same_inputs_same_bytes(root: Path, tmp_path: Path, style: str) -> None:
    for name in ("one", "two"):
        build(root, tmp_path / name, style, "target-white")
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert (
            path.read_bytes()
            == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
        )
