"""Statistics of whole data sets: exact counts, the same bytes, faults named, pictures."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tests.made_mix import build, made_trees, recipe_of
from tirdata.config import to_json
from tirdata.dataset.tree import SequenceId
from tirdata.engine import build_engine
from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.statistics.collect import collect, find
from tirdata.statistics.document import SequenceRow, Statistics, StatsConfig
from tirdata.statistics.picture import drawn, write_picture

IDS = [SequenceId("train", 0, 0), SequenceId("train", 0, 1), SequenceId("val", 0, 0)]
COUNT = 6


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory.mktemp("stats") / "data", IDS, COUNT).root


def stats(*data: Path, workers: int = 1, rows: Path | None = None, **given: object) -> Statistics:
    config = StatsConfig.model_validate(given)
    return collect(find(data, None), config, build_engine("local", workers), rows=rows)


def test_a_dataset_is_counted(dataset: Path) -> None:
    (found,) = stats(dataset).data
    assert (found.layout, found.sequences, found.recordings) == ("ilsvrc", 3, 2)
    assert (found.frames, found.tracks, found.boxes) == (18, 3, 18)
    assert (found.human_boxes, found.occluded_boxes, found.paired) == (3, 0, 0)
    assert found.duration_s == pytest.approx(18 / 25)
    assert found.subsets == {"train": 2, "val": 1}
    assert found.frame_sizes == {"64x48": 3}
    assert found.polarities == {"white-hot, assumed": 3}
    assert found.licences == {"unknown": 3}
    assert found.classes["drone"].model_dump() == {"tracks": 3, "boxes": 18}
    assert found.attributes["low resolution"].model_dump() == {
        "sequences": 3, "tracks": 3, "frames": 18,
    }  # fmt: skip
    assert found.sides.count == 18
    assert found.speeds.count == 15
    assert found.lengths.median == pytest.approx(COUNT, rel=0.03)
    assert "camera motion" not in found.attributes
    assert found.sampled == 0


def test_several_stand_alone_and_together(dataset: Path, tmp_path: Path) -> None:
    made = made_sequence(4, name="Car")
    other = replace(made, tracks=(*made.tracks, replace(made.tracks[0], id=1)))
    LAYOUTS["otb"].write([other], tmp_path / "otb")
    found = stats(dataset, tmp_path / "otb")
    assert [each.layout for each in found.data] == ["ilsvrc", "otb"]
    assert found.together is not None
    for key in ("sequences", "frames", "tracks", "boxes", "human_boxes", "recordings"):
        assert getattr(found.together, key) == sum(getattr(each, key) for each in found.data), key
    assert found.together.classes.keys() == {"drone", "object"}
    assert found.together.lengths.count == 4


def test_pixels_are_looked_at_on_request(tmp_path: Path) -> None:
    LAYOUTS["otb"].write([made_sequence(12, size=(320, 240), name="Warm")], tmp_path / "otb")
    (found,) = stats(tmp_path / "otb", pixels=3).data
    assert found.sampled == 4
    # The made ground drifts a pixel a frame; the made target is warm and alone.
    assert found.attributes["camera motion"].tracks == 1
    assert "thermal crossover" not in found.attributes
    assert "background clutter" not in found.attributes


def test_a_still_and_a_hidden_target_are_told_apart(tmp_path: Path) -> None:
    made = made_sequence(12, name="Hidden")
    still = [made.frames[0]] * 12
    boxes = np.repeat(np.array([[4.0, 100.0, 14.0, 12.0]]), 12, axis=0)  # ground, not the target
    sequence = replace(made, frames=still, tracks=(replace(made.tracks[0], boxes=boxes),))
    LAYOUTS["otb"].write([sequence], tmp_path / "otb")
    (found,) = stats(tmp_path / "otb", pixels=3).data
    assert found.attributes["thermal crossover"].tracks == 1
    assert "camera motion" not in found.attributes


def test_two_workers_and_one_give_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    one = stats(dataset, pixels=2, rows=tmp_path / "one")
    two = stats(dataset, pixels=2, rows=tmp_path / "two", workers=2)
    assert to_json(one) == to_json(two)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_rows_say_it_of_each_sequence_in_order(dataset: Path, tmp_path: Path) -> None:
    stats(dataset, rows=tmp_path / "rows.jsonl")
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    rows = [SequenceRow.model_validate_json(line) for line in lines]
    assert [row.name for row in rows] == [each.name for each in sorted(IDS)]
    assert all(row.frames == COUNT and row.human_boxes == 1 for row in rows)


def test_what_cannot_be_read_is_named_and_the_rest_counted(dataset: Path, tmp_path: Path) -> None:
    for name in ("Car", "Dog"):
        LAYOUTS["otb"].write([made_sequence(3, name=name)], tmp_path / "otb")
    (tmp_path / "otb" / "Dog" / "groundtruth_rect.txt").write_text("1,2,x,4\n")
    (found,) = stats(tmp_path / "otb").data
    assert found.sequences == 1
    assert len(found.failed) == 1
    assert "groundtruth_rect.txt: line 1" in found.failed[0]
    (tmp_path / "otb" / "Car" / "groundtruth_rect.txt").write_text("1,2\n")
    with pytest.raises(DataError, match="no sequence can be read, the first"):
        stats(tmp_path / "otb")


def test_a_data_set_s_own_attributes_are_compared(tmp_path: Path) -> None:
    made = made_sequence(4, name="person_H_001", target=(60.0, 50.0))
    given = replace(made, attributes=frozenset({"low resolution", "occlusion"}))
    LAYOUTS["lsotb"].write([given], tmp_path / "lsotb")
    (found,) = stats(tmp_path / "lsotb").data
    assert found.agreement["low resolution"].model_dump() == {
        "both": 0, "ours": 0, "theirs": 1, "neither": 0,
    }  # fmt: skip
    assert found.agreement["fast motion"].neither == 1
    assert "occlusion" not in found.agreement


def test_a_mix_is_told_from_its_manifest(tmp_path: Path) -> None:
    visible, thermal = made_trees(tmp_path)
    build(recipe_of(visible, thermal), tmp_path / "mix")
    found = stats(tmp_path / "mix")
    assert found.data == ()
    (mix,) = found.mixes
    assert sum(mix.crops.values()) == sum(mix.domains.values()) == sum(mix.classes.values()) == 48
    assert set(mix.domains) == {"vid", "tir"}
    assert set(mix.classes) == {"airplane", "drone"}
    assert sum(mix.recordings.values()) == 6


def test_what_is_asked_wrongly_is_said(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="named twice"):
        find([dataset, dataset], None)
    with pytest.raises(UsageError, match="no such folder"):
        find([tmp_path / "none"], None)
    with pytest.raises(UsageError, match=r"a\.gif: is no name of a picture"):
        write_picture(stats(dataset), tmp_path / "a.gif")


def test_a_picture_is_drawn_as_png_and_svg(dataset: Path, tmp_path: Path) -> None:
    found = stats(dataset)
    for name in ("a.png", "a.svg"):
        write_picture(found, tmp_path / name)
    _, width, height = drawn(found)
    image = cv2.imread(str(tmp_path / "a.png"))
    assert image is not None
    assert image.shape[:2] == (2 * height, 2 * width)
    assert 0.01 < (image.min(axis=2) < 200).mean() < 0.5
    root = ET.parse(tmp_path / "a.svg").getroot()  # noqa: S314  # our own
    words = [each.text for each in root if each.tag.endswith("text")]
    assert "low resolution" in words
    assert "3 sequences, 18 frames, 3 tracks, 18 boxes, 17% of them by a person" in words
