"""Published readers find in an export all that was exported, above all when gaps are split.

got10k's readers are run as they come from PyPI. What pysot, pytracking and mmtracking keep of a
track is written down here in our own words: pysot the last run of a track and no run of one frame,
pytracking the first run, mmtracking only the 30 classes of VID.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from lxml import etree

from tests.made import made_sequence
from tests.made_dataset import SIZE, add_made
from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import pixel_boxes
from tirdata.engine import build_engine
from tirdata.layouts import LAYOUTS
from tirdata.layouts.export import export, plan_export
from tirdata.layouts.export_manifest import ExportConfig
from tirdata.layouts.gaps import MOST_IDS, runs
from tirdata.types import Boxes, Track

FRAMES = 16
TRAIN, VAL = SequenceId("train", 7, 2), SequenceId("val", 0, 0)
SERIAL = build_engine("serial", 1)

Spans: TypeAlias = dict[int, list[int]]  # id of a track -> its frames
SHOWN = {  # an airplane that leaves twice, a person that leaves once, and one that stays
    0: ("airplane", "1111001111100111"),
    3: ("person", "0011110000111111"),
    60: ("airplane", "1111111111111111"),
}


def _boxes(at: float, present: str) -> Boxes:
    boxes = np.array([[at + frame, 10 + frame % 3, 9, 7] for frame in range(FRAMES)], float)
    boxes[[each == "0" for each in present]] = np.nan
    return boxes


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    dataset = Dataset.create(tmp_path_factory.mktemp("readers") / "data")
    no = np.zeros(FRAMES, np.bool_)
    for sequence in (TRAIN, VAL):
        add_made(dataset, sequence, FRAMES)
        dataset.write_tracks(
            sequence,
            [Track(n, name, _boxes(4 + n / 3, p), no, no) for n, (name, p) in SHOWN.items()],
        )
    return dataset


def _export(dataset: Dataset, out: Path, name: str, **given: object) -> Path:
    settings = ExportConfig.model_validate({"format": name, **given})
    export(plan_export(dataset.root, None, settings, SERIAL), out, SERIAL)
    return out


@pytest.fixture(scope="module")
def split(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _export(dataset, tmp_path_factory.mktemp("out") / "split", "ilsvrc", split_gaps=True)


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _export(dataset, tmp_path_factory.mktemp("out") / "whole", "ilsvrc")


def _spans(root: Path, sequence: SequenceId) -> Spans:
    """The frames of each track, as a reader of the XML collects them."""
    spans: Spans = {}
    folder = root / "Annotations" / "VID" / sequence.folder
    for number, path in enumerate(sorted(folder.glob("*.xml"))):
        for item in etree.parse(path).getroot().findall("object"):
            spans.setdefault(int(item.findtext("trackid", "")), []).append(number)
    return spans


def _consecutive(frames: list[int]) -> Iterator[list[int]]:
    cuts = np.flatnonzero(np.diff(frames) > 1) + 1
    yield from (part.tolist() for part in np.split(np.array(frames), cuts))


def _pysot(spans: Spans) -> int:
    last = [[*_consecutive(frames)][-1] for frames in spans.values()]
    return sum(len(frames) for frames in last if len(frames) > 1)


def _pytracking(spans: Spans) -> int:
    return sum(len(next(_consecutive(frames))) for frames in spans.values())


ALL = sum(present.count("1") for _, present in SHOWN.values())


@pytest.mark.parametrize(("reader", "without"), [(_pysot, 25), (_pytracking, 24)])
def test_readers_that_keep_one_run_keep_every_box_when_gaps_are_split(
    split: Path, whole: Path, reader: Callable[[Spans], int], without: int
) -> None:
    for sequence in (TRAIN, VAL):
        assert reader(_spans(split, sequence)) == ALL
        assert reader(_spans(whole, sequence)) == without


def test_ids_are_small_and_each_is_one_run(split: Path) -> None:
    for sequence in (TRAIN, VAL):
        spans = _spans(split, sequence)
        assert max(spans) < MOST_IDS
        assert all(len([*_consecutive(frames)]) == 1 for frames in spans.values())
        assert len(spans) == sum(len(present.replace("0", " ").split())
                                 for _, present in SHOWN.values())  # fmt: skip


def test_got10k_finds_every_run(split: Path, dataset: Dataset, tmp_path: Path) -> None:
    from got10k.datasets import ImageNetVID

    found = ImageNetVID(str(split), cache_dir=str(tmp_path / "cache"))
    expected = {
        (sequence.name, first, str(pixel_boxes(track.boxes, SIZE)[first:end].tolist()))
        for sequence in (TRAIN, VAL)
        for track in dataset.read_sequence(sequence).tracks
        for first, end in runs(track)
    }
    assert len(found) == len(expected) == 2 * 6
    seen = set()
    for name in found.seq_names:
        files, boxes = found[name]
        numbers = [int(Path(file).stem) for file in files]
        assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
        assert all(Path(file).is_file() for file in files)
        seen.add((name.split(".")[0], numbers[0], str(boxes.tolist())))
    assert seen == expected


def test_mmtracking_finds_its_lists_and_only_its_classes(
    split: Path, dataset: Dataset, tmp_path: Path
) -> None:
    known = set(VID_CLASSES.values())
    planes = _export(dataset, tmp_path / "planes", "ilsvrc", classes=("airplane",))
    for root, dropped in ((split, SHOWN[3][1].count("1")), (planes, 0)):
        for line in (root / "Lists" / "VID_val_videos.txt").read_text().splitlines():
            name, first, zero, count = line.split(" ")
            assert (first, zero, count) == ("1", "0", str(FRAMES))
            unknown = 0
            for number in range(FRAMES):
                assert (root / "Data" / "VID" / name / f"{number:06d}.JPEG").is_file()
                path = root / "Annotations" / "VID" / name / f"{number:06d}.xml"
                items = etree.parse(path).getroot().findall("object")
                unknown += sum(item.findtext("name") not in known for item in items)
            assert unknown == dropped
        frames = (root / "Lists" / "VID_train_15frames.txt").read_text().splitlines()
        assert len(frames) == 15
        assert (root / "ImageSets" / "VID" / "train_1.txt").read_text() == (
            f"{TRAIN.xml_folder} 1\n"
        )


def test_pytracking_builds_its_paths_from_two_numbers(split: Path) -> None:
    top = split / "Annotations" / "VID" / "train"
    for pack in top.iterdir():
        for sequence in pack.iterdir():
            names = sorted(path.name for path in sequence.iterdir())
            assert names == [f"{index:06d}.xml" for index in range(FRAMES)]
            numbers = [int(path.name.rsplit("_", 1)[-1]) for path in (pack, sequence)]
            data = split / "Data" / "VID" / "train" / f"ILSVRC2015_VID_train_{numbers[0]:04d}"
            assert (data / f"ILSVRC2015_train_{numbers[1]:08d}" / "000000.JPEG").is_file()


@pytest.mark.parametrize("subset", ["train", "val"])
def test_got10k_reads_what_is_exported_as_got10k(
    dataset: Dataset, tmp_path: Path, subset: str
) -> None:
    from got10k.datasets import GOT10k

    _export(dataset, tmp_path / subset, "got10k", subset=subset)
    found = GOT10k(str(tmp_path), subset=subset, return_meta=True)
    sequence = TRAIN if subset == "train" else VAL
    tracks = dataset.read_sequence(sequence).tracks
    assert found.seq_names == [f"{sequence.name}_{track.id}" for track in tracks]
    for index, track in enumerate(tracks):
        files, boxes, meta = found[index]
        assert len(files) == FRAMES
        assert np.array_equal(boxes[track.present], track.boxes[track.present])
        assert np.array_equal(meta["absence"] == 1, ~track.present)
        assert meta["object_class"] == track.class_name


def test_got10k_reads_what_is_exported_as_otb(tmp_path: Path) -> None:
    from got10k.datasets import OTB

    sequences = [made_sequence(4, size=SIZE, seed=n, name=name)
                 for n, name in enumerate(("Basketball", "Jogging"))]  # fmt: skip
    LAYOUTS["coco"].write(sequences, tmp_path / "theirs")
    settings = ExportConfig(format="otb")
    export(plan_export(tmp_path / "theirs", None, settings, SERIAL), tmp_path / "otb", SERIAL)
    found = OTB(str(tmp_path / "otb"), version="tb100", download=False)
    assert found.seq_names == ["Basketball", "Jogging"]
    for index, sequence in enumerate(sequences):
        files, boxes = found[index]
        assert len(files) == 4
        np.testing.assert_allclose(boxes - [1, 1, 0, 0], sequence.tracks[0].boxes, atol=1e-4)
