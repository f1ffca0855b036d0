"""Published readers of VID2015 find in our tree what we put there.

got10k's reader is run as it comes from PyPI. Of pysot, pytracking and mmtracking the rules by which
they look for files and read boxes are written down here in our own words, as checks.
"""

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from tests.made_dataset import add_made
from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import pixel_boxes
from tirdata.types import Boxes, Track

SIZE = (64, 48)
FRAMES = 20
TRAIN = [SequenceId("train", 0, 0), SequenceId("train", 104, 1)]
VAL = SequenceId("val", 0, 0)
GAP = slice(7, 11)


@pytest.fixture(scope="module")
def boxes() -> dict[SequenceId, dict[int, Boxes]]:
    """What each sequence shows: a track that is absent for four frames, and one that is not."""
    random = np.random.default_rng(0)
    tracks: dict[SequenceId, dict[int, Boxes]] = {}
    for sequence in [*TRAIN, VAL]:
        start = random.uniform(0, 20, (2, 1, 2))
        path = start + random.uniform(-1, 1, (2, FRAMES, 2)).cumsum(axis=1)
        sides = random.uniform(4, 20, (2, FRAMES, 2))
        both = np.concatenate([np.clip(path, 0, 40), sides], axis=2)
        both[0, GAP] = np.nan
        tracks[sequence] = {0: both[0], 3: both[1]}
    return tracks


@pytest.fixture(scope="module")
def root(
    tmp_path_factory: pytest.TempPathFactory, boxes: dict[SequenceId, dict[int, Boxes]]
) -> Path:
    """The dataset: track 0 is an airplane, track 3 a person; every other frame is human-drawn."""
    dataset = Dataset.create(tmp_path_factory.mktemp("readers") / "data")
    generated = np.arange(FRAMES) % 2 > 0
    occluded = np.arange(FRAMES) == 5
    for sequence, shown in boxes.items():
        add_made(dataset, sequence, FRAMES)
        names = {0: "airplane", 3: "person"}
        tracks = [Track(key, names[key], shown[key], generated, occluded) for key in shown]
        dataset.write_tracks(sequence, tracks)
    write_lists(dataset)
    return dataset.root


def corners(element: etree._Element) -> tuple[int, ...]:
    return tuple(
        int(element.findtext(f"bndbox/{name}", "none")) for name in ("xmin", "ymin", "xmax", "ymax")
    )


def test_got10k_finds_every_track(
    root: Path, boxes: dict[SequenceId, dict[int, Boxes]], tmp_path: Path
) -> None:
    from got10k.datasets import ImageNetVID

    found = ImageNetVID(str(root), cache_dir=str(tmp_path / "cache"))
    expected = {f"{each.name}.{key}": rows for each in boxes for key, rows in boxes[each].items()}
    assert len(found) == 6
    assert set(found.seq_names) == set(expected)
    for name, rows in expected.items():
        files, annotation = found[name]
        present = ~np.isnan(rows[:, 0])
        assert np.array_equal(annotation, pixel_boxes(rows, SIZE)[present])
        assert [int(Path(file).stem) for file in files] == np.flatnonzero(present).tolist()
        assert all(Path(file).is_file() for file in files)


def test_pysot_rules_hold(root: Path) -> None:
    """Sizes are whole numbers, width first; tracks below 60; flags there; names without traps."""
    for path in sorted((root / "Annotations" / "VID").rglob("*.xml")):
        below = path.relative_to(root / "Annotations").as_posix()
        assert ("train" in below) != ("val" in below)
        assert "xml" not in below.removesuffix(".xml")
        tree = etree.parse(path).getroot()
        size = tree.find("size")
        assert size is not None
        assert [int(side.text or "") for side in size] == [64, 48]
        assert tree.findtext("filename") == path.stem
        for element in tree.findall("object"):
            assert 0 <= int(element.findtext("trackid", "none")) < 60
            assert element.findtext("occluded") in {"0", "1"}
            xmin, ymin, xmax, ymax = corners(element)
            assert 0 <= xmin < xmax < 64
            assert 0 <= ymin < ymax < 48
            # the crop it cuts has sides of max - min, which may not be 0
            assert (xmax - xmin) * (ymax - ymin) > 0


def test_pytracking_rules_hold(root: Path) -> None:
    """Sets and sequences end in a number; the frame's path is made from these two numbers."""
    top = root / "Annotations" / "VID" / "train"
    found = []
    for pack in sorted(top.iterdir()):
        for sequence in sorted(pack.iterdir()):
            pack_number, number = (int(path.name.split("_")[-1]) for path in (pack, sequence))
            names = sorted(path.name for path in sequence.iterdir())
            assert names == [f"{index:06d}.xml" for index in range(len(names))]
            data = root / "Data" / "VID" / "train" / f"ILSVRC2015_VID_train_{pack_number:04d}"
            for index in range(len(names)):
                assert (data / f"ILSVRC2015_train_{number:08d}" / f"{index:06d}.JPEG").is_file()
            found.append((pack_number, number, len(names)))
    assert found == [(0, 0, FRAMES), (1, 104_001, FRAMES)]


def test_mmtracking_rules_hold(root: Path) -> None:
    """Its two lists name frames whose image and XML exist; counts are those of the folders."""
    frames: dict[str, list[int]] = defaultdict(list)
    for line in (root / "Lists" / "VID_train_15frames.txt").read_text().splitlines():
        name, one, frame, count = line.split(" ")
        assert (one, count) == ("1", str(FRAMES))
        frames[name].append(int(frame) - 1)
    assert [len(numbers) for numbers in frames.values()] == [15, 15]
    for line in (root / "Lists" / "VID_val_videos.txt").read_text().splitlines():
        name, first, zero, count = line.split(" ")
        assert (first, zero) == ("1", "0")
        frames[name] += range(int(count))
    assert len(frames) == 3
    known = 0
    for name, numbers in frames.items():
        for number in numbers:
            assert (root / "Data" / "VID" / name / f"{number:06d}.JPEG").is_file()
            path = root / "Annotations" / "VID" / name / f"{number:06d}.xml"
            for element in etree.parse(path).getroot().findall("object"):
                assert element.findtext("occluded") in {"0", "1"}
                assert element.findtext("generated") == str(number % 2)
                known += element.findtext("name") in VID_CLASSES.values()
    # airplanes in all but the gap: with 15 of 20 frames twice, and all frames once
    absent = sum(number in range(20)[GAP] for numbers in frames.values() for number in numbers)
    assert known == 15 + 15 + 20 - absent


def test_list_files_have_the_form_of_the_development_kit(root: Path) -> None:
    val = (root / "ImageSets" / "VID" / "val.txt").read_text().splitlines()
    assert len(val) == FRAMES
    for index, line in enumerate(val):
        assert line == f"ILSVRC2015_val_00000000/{index:06d} {index + 1}"
        assert (root / "Annotations" / "VID" / "val" / f"{line.split(' ')[0]}.xml").is_file()
    airplanes = (root / "ImageSets" / "VID" / "train_1.txt").read_text().splitlines()
    assert len(airplanes) == 2
    for line in airplanes:
        name, label = line.split(" ")
        assert re.fullmatch(r"ILSVRC2015_VID_train_\d{4}/ILSVRC2015_train_\d{8}", name)
        assert label == "1"
        assert (root / "Data" / "VID" / "train" / name).is_dir()
