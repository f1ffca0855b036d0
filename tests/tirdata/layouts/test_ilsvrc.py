"""ILSVRC2015 trees: ours with its cards, others' without."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout

ILSVRC = LAYOUTS["ilsvrc"]
TRAIN, VAL = SequenceId("train", 7, 2), SequenceId("val", 0, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", [TRAIN, VAL])


def test_ours_is_read_with_what_the_xml_does_not_hold(dataset: Dataset) -> None:
    assert open_layout(dataset.root) is ILSVRC
    first, second = ILSVRC.read(dataset.root)
    assert [first.name, second.name] == [TRAIN.name, VAL.name]
    assert first.tracks[0].generated.tolist() == [False, True, True, True, True, True]
    assert first.tracks[0].confidence is not None


def test_a_sequence_without_a_card_does_not_exist(dataset: Dataset) -> None:
    dataset.card_path(VAL).unlink()
    assert ILSVRC.names(dataset.root) == [TRAIN.name]


def test_an_original_tree_has_the_same_tracks(dataset: Dataset) -> None:
    ours = [*ILSVRC.read(dataset.root)]
    (dataset.root / "tirdata.toml").unlink()
    assert open_layout(dataset.root) is ILSVRC
    for before, after in zip(ours, ILSVRC.read(dataset.root), strict=True):
        assert after.name == before.name
        assert len(after.frames) == len(before.frames)
        np.testing.assert_array_equal(after.tracks[0].boxes, before.tracks[0].boxes)
        np.testing.assert_array_equal(after.tracks[0].generated, before.tracks[0].generated)


def test_frames_and_xml_must_be_as_many(dataset: Dataset) -> None:
    (dataset.root / "tirdata.toml").unlink()
    (dataset.frame_dir(VAL) / "000005.JPEG").unlink()
    with pytest.raises(DataError, match="6 XML files; expected 5, one a frame"):
        ILSVRC.read_one(dataset.root, VAL.name)


def test_a_name_in_two_packs_is_refused(dataset: Dataset) -> None:
    (dataset.root / "tirdata.toml").unlink()
    folder = dataset.annotation_dir(TRAIN)
    shutil.copytree(folder, folder.parent.parent / "ILSVRC2015_VID_train_0009" / folder.name)
    with pytest.raises(DataError, match="another sequence has this name"):
        ILSVRC.names(dataset.root)


def test_other_names_have_to_be_imported_first(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="import it into a dataset"):
        ILSVRC.write([made_sequence(2, name="Crossing")], tmp_path)


def test_a_size_that_is_not_that_of_the_frames_is_named(tmp_path: Path) -> None:
    LAYOUTS["ilsvrc"].write([made_sequence(3, size=(64, 48), name="ILSVRC2015_val_00000000")],
                            tmp_path)  # fmt: skip
    path = next(tmp_path.rglob("000001.xml"))
    path.write_text(path.read_text().replace("<width>64<", "<width>640<"))
    with pytest.raises(DataError, match=r"000001.xml: size is 640x48; the frames are 64x48; exp"):
        LAYOUTS["ilsvrc"].read_one(tmp_path, "ILSVRC2015_val_00000000")
