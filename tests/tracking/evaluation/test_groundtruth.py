"""What is particular to one form of ground truth or another, and what is wrong in it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.made_truths import WRITERS, lines, made_boxes
from tirdata.errors import DataError, UsageError
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.groundtruth.read import GroundTruth, read_groundtruth

PLAIN = open_benchmark("one-pass")
BOXES = made_boxes()


def _read(root: Path, benchmark: str = "one-pass", form: str | None = None) -> GroundTruth:
    return read_groundtruth(root, open_benchmark(benchmark), form=form)


def _names(found: GroundTruth) -> list[str]:
    return [truth.name for truth in found.truths.targets]


def test_the_rules_say_where_the_first_pixel_is(tmp_path: Path) -> None:
    WRITERS["json"](tmp_path, BOXES)
    assert _read(tmp_path).origin == 0
    found = _read(tmp_path, "otb")
    assert found.origin == 1
    np.testing.assert_allclose(found.truths.targets[0].boxes[0, :2], BOXES["Bird1"][0, :2] - 1)


def test_attributes_lie_in_the_folder_or_beside_it(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    attributes = _read(tmp_path / "anno").truths.targets[0].attributes
    assert attributes == {"deformation"}
    (tmp_path / "anno" / "att").rename(tmp_path / "attr")
    assert _read(tmp_path / "anno").truths.targets[0].attributes == attributes


def test_attributes_of_another_kind_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    (tmp_path / "anno" / "att" / "Bird1.txt").write_text("1,0,0\n")
    found = _read(tmp_path / "anno")
    assert found.truths.targets[0].attributes == frozenset()
    assert "3 columns; expected 10" in caplog.text


def test_a_list_beside_the_files_says_which_count(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    (tmp_path / "lashertest.txt").write_text("Bird1\r\nJog\r\n")
    (tmp_path / "anno" / "readme.txt").write_text("Boxes of three targets.\n")
    assert _names(_read(tmp_path)) == ["Bird1", "Jog"]


def test_a_list_may_name_what_is_not_there_or_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    (tmp_path / "lashertest.txt").write_text("Bird1\nJog\nJog\nPlane\n")
    found = _read(tmp_path)
    assert _names(found) == ["Bird1", "Jog"]
    assert "lashertest.txt: Jog stands there twice; it counts once" in caplog.text
    (failure,) = found.truths.failed
    assert (failure.name, "Plane.txt: no such file" in failure.error) == ("Plane", True)


def test_two_targets_of_one_sequence(tmp_path: Path) -> None:
    for number, rows in enumerate(BOXES.values()):
        name = f"groundtruth_rect.{number}.txt"
        (tmp_path / "Jogging").mkdir(exist_ok=True)
        (tmp_path / "Jogging" / name).write_text(lines(rows))
    targets = _read(tmp_path).truths.targets
    assert [target.name for target in targets] == ["Jogging#0", "Jogging#1", "Jogging#2"]
    assert {target.sequence for target in targets} == {"Jogging"}


def test_vot_has_polygons_marks_and_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "ants"
    folder.mkdir()
    (folder / "groundtruth.txt").write_text("0,0,10,0,10,5,0,5\n" * 2 + "1,1,11,1,11,6,1,6\n")
    (folder / "camera_motion.tag").write_text("0\n1\n")
    (folder / "sequence").write_text("name=ants\nwidth=320\nheight=240\n")
    (tmp_path / "list.txt").write_text("ants\n")
    (truth,) = _read(tmp_path).truths.targets
    assert truth.polygons is not None
    assert truth.polygons.shape == (3, 4, 2)
    assert truth.boxes[0].tolist() == [0, 0, 10, 5]
    assert truth.size == (320, 240)
    assert truth.tags["camera_motion"].tolist() == [False, True, False]


def test_got10k_has_labels_and_lasot_has_flags(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "groundtruth.txt").write_text("1,1,5,5\n" * 3)
    (tmp_path / "a" / "absence.label").write_text("0\n1\n0\n")
    (tmp_path / "a" / "cover.label").write_text("8\n0\n0\n")
    (tmp_path / "a" / "meta_info.ini").write_text("[METAINFO]\nresolution: (64, 48)\n")
    (tmp_path / "b" / "full_occlusion.txt").write_text("0,0,1\n")
    a, b = _read(tmp_path).truths.targets
    assert np.isnan(a.boxes[:, 0]).tolist() == [False, True, False]
    assert a.tags["hidden"].tolist() == [False, False, True]
    assert a.size == (64, 48)
    assert np.isnan(b.boxes[:, 0]).tolist() == [False, False, True]


def test_folders_may_lie_below_their_class(tmp_path: Path) -> None:
    WRITERS["folders"](tmp_path / "bird", BOXES)
    assert sorted(_names(_read(tmp_path))) == ["Bird1", "Jog", "car-2"]


def test_pairs_have_boxes_of_both_halves(tmp_path: Path) -> None:
    WRITERS["rgbt234"](tmp_path, BOXES)
    (tmp_path / "Bird1" / "visible.txt").write_text(lines(BOXES["Bird1"] + 1))
    truth = _read(tmp_path).truths.targets[0]
    assert truth.visible is not None
    np.testing.assert_allclose(truth.visible, BOXES["Bird1"] + 1)


def test_corners_or_sizes_are_asked_for_unless_the_protocol_says(tmp_path: Path) -> None:
    rows = {name: boxes[:3] for name, boxes in BOXES.items()}
    WRITERS["gtot"](tmp_path, rows)
    for path in tmp_path.glob("*/init.txt"):
        path.unlink()
    with pytest.raises(UsageError, match="gtot or gtot-boxes; say which with --format"):
        _read(tmp_path)
    assert _read(tmp_path, "gtot").form == "gtot"
    assert _read(tmp_path, form="gtot-boxes").form == "gtot-boxes"


def test_json_has_tags_attributes_and_absence(tmp_path: Path) -> None:
    entry = {
        "gt_rect": [[1, 1, 5, 5], [2, 2, 5, 5], [3, 3, 5, 5]],
        "occlusion": [0, 0, 1],
        "attr": ["IV"],
        "absent": [1, 1, 0],  # 1 = present, as in pysot's LaSOT.json
        "img_names": ["a", "b", "c"],
    }
    (tmp_path / "x.json").write_text(json.dumps({"one": entry}))
    (truth,) = _read(tmp_path / "x.json").truths.targets
    assert truth.attributes == {"IV"}
    assert {name: flags.tolist() for name, flags in truth.tags.items()} == {
        "occlusion": [False, False, True]
    }
    assert np.isnan(truth.boxes[:, 0]).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"gt_rect": [[1,1,2,2]]}, "a": {"gt_rect": [[1,1,2,2]]}}', "a stands there twice"),
        ('{"a": ', "no JSON"),
        ('{"a": {"gt_rect": [[1,1,2]]}}', "3 numbers a row; expected 4"),
    ],
)
def test_json_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.json").write_text(text)
    try:
        found = _read(tmp_path / "x.json")
    except DataError as error:
        said = str(error)
    else:
        said = found.truths.failed[0].error
    assert said.startswith(str(tmp_path / "x.json"))
    assert message in said


def test_a_file_that_is_wrong_costs_its_target_alone(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    (tmp_path / "anno" / "Jog.txt").write_text("1,1,5,5\n1,1,five,5\n")
    found = _read(tmp_path)
    assert _names(found) == ["Bird1", "car-2"]
    (failure,) = found.truths.failed
    assert failure.name == "Jog"
    assert "Jog.txt: line 2: '1,1,five,5'" in failure.error


def test_an_archive_is_named_not_where_it_was_unpacked(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path / "made", BOXES)
    (tmp_path / "made" / "anno" / "Jog.txt").write_text("1,1,5,5\n1,1,five,5\n")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "made")
    (failure,) = _read(Path(archive)).truths.failed
    assert failure.error.startswith(f"{archive}/anno/Jog.txt: line 2")


def test_one_box_is_no_ground_truth(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path, BOXES)
    (tmp_path / "anno" / "Jog.txt").write_text("1,1,5,5\n")
    assert _read(tmp_path).truths.without == ("Jog",)


def test_what_is_in_doubt_or_unknown_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder or file"):
        _read(tmp_path / "none")
    with pytest.raises(UsageError, match="no ground truth that is recognised"):
        _read(tmp_path)
    WRITERS["flat"](tmp_path / "a", BOXES)
    WRITERS["flat"](tmp_path / "b", BOXES)
    with pytest.raises(UsageError, match="give one of these"):
        _read(tmp_path)
    with pytest.raises(UsageError, match="no form 'avi' of ground truth; there are: flat"):
        _read(tmp_path, form="avi")


def test_the_folder_that_is_called_ground_truth_is_it(tmp_path: Path) -> None:
    WRITERS["flat"](tmp_path / "x", BOXES)
    (tmp_path / "x" / "anno").rename(tmp_path / "gt")
    shutil.copytree(tmp_path / "gt", tmp_path / "ATOM")
    assert _names(_read(tmp_path)) == ["Bird1", "Jog", "car-2"]
