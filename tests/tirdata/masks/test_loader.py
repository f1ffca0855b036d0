"""Masks and frames read together: one label for either polarity, pairs, substitutes, TANet."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.config import read_json, to_json
from tirdata.engine import build_engine
from tirdata.errors import DataError, UsageError
from tirdata.files import write_text
from tirdata.layouts import LAYOUTS
from tirdata.masks.build import build_masks
from tirdata.masks.loader import MaskedFrames
from tirdata.masks.manifest import MasksConfig, MasksManifest
from tirdata.masks.styles import Plane, from_boxes_of
from tirdata.masks.tanet import export_tanet

COUNT = 5


@pytest.fixture
def coloured(tmp_path: Path) -> Path:
    """An OTB sequence with pictures in colour, whose red is the grey of the made one."""
    made = made_sequence(COUNT, size=(64, 48), target=(12.0, 9.0), name="Car")
    LAYOUTS["otb"].write([made], tmp_path / "otb")
    for path in sorted((tmp_path / "otb" / "Car" / "img").iterdir()):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        cv2.imwrite(str(path), np.stack([grey // 4, grey // 2, grey], axis=2))
    return tmp_path / "otb"


def built(data: Path, out: Path, **settings: object) -> MaskedFrames:
    config = MasksConfig.model_validate({"style": "lasot", **settings})
    build_masks(data, "otb", out, config, build_engine("serial", 1))
    return MaskedFrames(out)


@pytest.mark.parametrize("resize", [None, (32, 24)])
def test_either_polarity_is_read_to_the_same_label(
    coloured: Path, tmp_path: Path, resize: tuple[int, int] | None
) -> None:
    white = built(coloured, tmp_path / "white", polarity="target-white", resize=resize)
    black = built(coloured, tmp_path / "black", polarity="target-black", resize=resize)
    assert len(white) == len(black) == COUNT
    for index in range(COUNT):
        one, other = white[index], black[index]
        assert np.array_equal(one.label, other.label)
        assert 0 < one.label.mean() < 0.2
        assert np.array_equal(one.visible, other.visible)
        assert one.visible.shape == (*one.label.shape, 3) == one.thermal.shape
        x, y, w, h = one.boxes[0]
        rows, columns = np.nonzero(one.label)
        assert (columns.min(), rows.min()) == (np.floor(x), np.floor(y))
        assert (columns.max() + 1, rows.max() + 1) == (np.ceil(x + w), np.ceil(y + h))


def test_the_thermal_half_that_is_not_there_is_the_colours_or_their_grey(
    coloured: Path, tmp_path: Path
) -> None:
    rgb = built(coloured, tmp_path / "rgb", thermal_substitute="rgb")[0]
    gray = built(coloured, tmp_path / "gray", thermal_substitute="gray")[0]
    assert np.array_equal(rgb.thermal, rgb.visible)
    assert rgb.visible[:, :, 0].mean() > 1.5 * rgb.visible[:, :, 2].mean()  # red first
    assert np.ptp(gray.thermal, axis=2).max() == 0
    assert np.array_equal(gray.visible, rgb.visible)


@pytest.mark.parametrize("polarity", ["target-white", "target-black"])
def test_a_manifest_that_says_the_wrong_polarity_is_refused(
    coloured: Path, tmp_path: Path, polarity: str
) -> None:
    built(coloured, tmp_path / "out", polarity=polarity)
    path = tmp_path / "out" / "manifest.json"
    manifest = read_json(path, MasksManifest)
    other = "target-black" if polarity == "target-white" else "target-white"
    # Not even a mask that covers nearly all hides it.
    settings = manifest.settings.model_copy(update={"polarity": other})
    changed = manifest.model_copy(update={"settings": settings, "largest_share": 1.0})
    write_text(path, to_json(changed))
    with pytest.raises(DataError, match=r"% of the pixels are target.*wrong polarity\?"):
        MaskedFrames(tmp_path / "out")


def test_data_that_moved_is_found_where_it_is_said_to_lie(coloured: Path, tmp_path: Path) -> None:
    built(coloured, tmp_path / "out")
    coloured.rename(tmp_path / "moved")
    with pytest.raises(DataError, match=r"0001\.jpg: cannot read frame \(No such file"):
        MaskedFrames(tmp_path / "out")[0]
    assert MaskedFrames(tmp_path / "out", tmp_path / "moved")[0].sequence == "Car"
    first = tmp_path / "moved" / "Car" / "img" / "0001.jpg"
    first.write_bytes(b"none")
    with pytest.raises(DataError, match=r"0001\.jpg: not a picture"):
        MaskedFrames(tmp_path / "out", tmp_path / "moved")[0]


def planes(size: tuple[int, int]) -> tuple[Plane, ...]:
    thermal, visible = made_sequence(2), made_sequence(2, size=size, seed=1)
    track = replace(visible.tracks[0], id=1)
    return (
        Plane("visible", "v", visible.frames, (track,)),
        Plane("thermal", "i", thermal.frames, thermal.tracks),
    )


def test_both_halves_may_be_drawn_from_the_boxes_of_one_or_of_both() -> None:
    pair = planes((160, 128))
    ids = {
        which: [[track.id for track in plane.tracks] for plane in from_boxes_of(pair, which)]
        for which in ("own", "visible", "thermal", "union")
    }
    assert ids == {
        "own": [[1], [0]],
        "visible": [[1], [1]],
        "thermal": [[0], [0]],
        "union": [[1, 0], [1, 0]],
    }
    with pytest.raises(DataError, match="160x128 and 200x150 pixels; expected one size"):
        from_boxes_of(planes((200, 150)), "union")


def test_tanet_s_names_and_sizes(coloured: Path, tmp_path: Path) -> None:
    assert export_tanet(built(coloured, tmp_path / "out"), tmp_path / "tanet") == COUNT
    folder = tmp_path / "tanet" / "Car"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*-00000001.*")) == [
        "image/Car_image-00000001.jpg",
        "mask/Car_mask-00000001.jpg",
        "tarObject/Car_target-00000001.jpg",
    ]
    assert len(list((folder / "tarObject").iterdir())) == 1
    mask = cv2.imread(str(folder / "mask" / "Car_mask-00000005.jpg"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (192, 256)
    assert 0 < (mask > 127).mean() < 0.2


def test_no_masks_are_nothing_to_export(coloured: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no frame has a box"):
        built(coloured, tmp_path / "out", track=7)
