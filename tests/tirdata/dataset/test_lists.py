"""List files of ImageSets and Lists."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.made_dataset import add_made, made_dataset
from tirdata.dataset import lists
from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.lists import list_files, spread_frames, write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import AnnotationError

TRAIN = [SequenceId("train", 0, 0), SequenceId("train", 0, 1)]
VAL = [SequenceId("val", 0, 0), SequenceId("val", 3, 2)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Two train and two val sequences of six frames; a bird flies through the second."""
    dataset = made_dataset(tmp_path / "data", [*TRAIN, *VAL])
    set_class(dataset, TRAIN[1], "bird")
    return dataset


def set_class(dataset: Dataset, each: SequenceId, name: str) -> None:
    (track,) = dataset.read_sequence(each).tracks
    dataset.write_tracks(each, [replace(track, class_name=name)])


def lines(dataset: Dataset, name: str) -> list[str]:
    return (dataset.root / name).read_text().splitlines()


def test_every_list_is_written_once(dataset: Dataset) -> None:
    assert write_lists(dataset) == 1  # the bird is new
    assert write_lists(dataset) == 0
    names = {path.name for path in (dataset.root / "ImageSets" / "VID").iterdir()}
    assert names == {"val.txt", *(f"train_{number}.txt" for number in range(1, 31))}


def test_class_lists_name_the_train_sequences_that_show_the_class(dataset: Dataset) -> None:
    write_lists(dataset)
    number = list(VID_CLASSES).index("bird") + 1
    assert lines(dataset, f"ImageSets/VID/train_{number}.txt") == [
        "ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000001 1"
    ]
    others = [lines(dataset, f"ImageSets/VID/train_{k}.txt") for k in range(1, 31) if k != number]
    assert not any(others)


def test_val_frames_are_numbered_through_from_1(dataset: Dataset) -> None:
    found = lines(dataset, "ImageSets/VID/val.txt")
    assert found[0] == "ILSVRC2015_val_00000000/000000 1"
    assert found[6] == "ILSVRC2015_val_00003002/000000 7"
    assert len(found) == 12
    assert lines(dataset, "Lists/VID_val_videos.txt") == [
        "val/ILSVRC2015_val_00000000 1 0 6",
        "val/ILSVRC2015_val_00003002 7 0 6",
    ]


def test_train_frames_are_spread_over_the_sequence(dataset: Dataset) -> None:
    found = lines(dataset, "Lists/VID_train_15frames.txt")
    assert len(found) == 12
    assert found[5] == "train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000 1 6 6"
    assert spread_frames(300) == list(range(10, 300, 20))
    assert spread_frames(15) == list(range(1, 16))
    assert spread_frames(1) == [1]
    assert all(len(spread_frames(n)) == 15 for n in range(15, 400))


def test_only_changed_sequences_are_read_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lists(dataset)
    whole = {path: path.read_bytes() for path in dataset.root.rglob("*.txt")}
    read: list[Path] = []
    original = lists.wnids_of

    def spy(folder: Path, count: int) -> frozenset[str]:
        read.append(folder)
        return original(folder, count)

    monkeypatch.setattr(lists, "wnids_of", spy)
    assert write_lists(dataset, [TRAIN[0]]) == 0
    assert read == [dataset.annotation_dir(TRAIN[0])]
    new = SequenceId("train", 1, 0)
    add_made(dataset, new)
    set_class(dataset, TRAIN[0], "bird")
    read.clear()
    assert write_lists(dataset, [TRAIN[0], new, VAL[0]]) == 2
    assert read == [dataset.annotation_dir(TRAIN[0]), dataset.annotation_dir(new)]
    changed = {path: path.read_bytes() for path in dataset.root.rglob("*.txt")}
    assert write_lists(dataset) == 0
    assert changed != whole


def test_without_lists_or_with_foreign_ones_all_is_read(dataset: Dataset) -> None:
    write_lists(dataset)
    whole = {path: path.read_bytes() for path in dataset.root.rglob("*.txt")}
    (dataset.root / "ImageSets" / "VID" / "train_1.txt").write_text("something else 1\n")
    write_lists(dataset, [])
    assert {path: path.read_bytes() for path in dataset.root.rglob("*.txt")} == whole
    (dataset.root / "ImageSets" / "VID" / "train_5.txt").unlink()
    write_lists(dataset, [])
    assert {path: path.read_bytes() for path in dataset.root.rglob("*.txt")} == whole


def test_an_empty_dataset_has_empty_lists() -> None:
    assert set(list_files([]).values()) == {""}


def test_a_missing_xml_is_named(dataset: Dataset) -> None:
    (dataset.annotation_dir(TRAIN[0]) / "000004.xml").unlink()
    with pytest.raises(AnnotationError, match=r"000004\.xml: cannot read \(No such file"):
        write_lists(dataset)
