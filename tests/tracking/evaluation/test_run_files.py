"""Result files of a run: every form is written as the field has it and read again."""

from pathlib import Path

import numpy as np
import pytest

from tirdata.errors import DataError
from tracking.evaluation.results import ANSWERED, FAILED, SKIPPED, STARTED, Trajectory
from tracking.evaluation.run_files import FORMS, RunFiles, enough
from tracking.evaluation.targets import Truth

BOXES = np.array([[np.nan] * 4, [10, 20, 30, 40], [11.5, 20.25, 30, 40], [12, 21, 30, 40]])
SECONDS = np.array([np.nan, 0.5, 0.125, 0.25])
TRUTH = Truth("car#2", "car", 2, BOXES)


def _files(folder: Path, form: str, origin: int = 1) -> RunFiles:
    return RunFiles(folder, form, "mmnet", origin)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("origin", [0, 1])
def test_what_is_written_is_read_again(form: str, origin: int, tmp_path: Path) -> None:
    files = _files(tmp_path, form, origin)
    files.write("car#2", Trajectory(BOXES, SECONDS))
    (found,) = files.done(TRUTH, 1)
    np.testing.assert_array_equal(found.boxes, BOXES)
    assert found.seconds is not None
    np.testing.assert_array_equal(found.seconds, SECONDS)


@pytest.mark.parametrize(
    ("form", "path", "line"),
    [
        ("otb", "car#2.txt", "12.5,21.25,30,40"),
        ("lasher", "car#2.txt", "12.5,21.25,30,40"),
        ("gtot", "mmnet_car#2.txt", "12.5 21.25 42.5 21.25 42.5 61.25 12.5 61.25"),
        ("got10k", "car#2/car#2_001.txt", "12.5,21.25,30,40"),
        ("vot", "baseline/car#2/car#2_001.txt", "12.5,21.25,30,40"),
    ],
)
def test_names_and_lines_are_the_fields(form: str, path: str, line: str, tmp_path: Path) -> None:
    _files(tmp_path, form).write("car#2", Trajectory(BOXES, SECONDS))
    assert (tmp_path / path).read_text().splitlines()[2] == line


def test_codes_of_restarts_are_lines_of_their_own(tmp_path: Path) -> None:
    states = np.array([SKIPPED, STARTED, FAILED, ANSWERED], np.int8)
    files = _files(tmp_path, "vot")
    files.write("car#2", Trajectory(BOXES, SECONDS, states))
    path = tmp_path / "baseline" / "car#2" / "car#2_001.txt"
    assert path.read_text() == "0\n1\n2\n13,22,30,40\n"
    (found,) = files.done(TRUTH, 1)
    assert found.states is not None
    assert found.states.tolist() == states.tolist()
    np.testing.assert_array_equal(found.rows[3], BOXES[3])


def test_repetitions_lie_beside_each_other_with_one_file_of_times(tmp_path: Path) -> None:
    files = _files(tmp_path, "vot")
    for repetition in range(2):
        files.write("car#2", Trajectory(BOXES, SECONDS * (repetition + 1)), repetition)
    folder = tmp_path / "baseline" / "car#2"
    assert sorted(path.name for path in folder.iterdir()) == [
        "car#2_001.txt", "car#2_002.txt", "car#2_time.txt",
    ]  # fmt: skip
    assert (folder / "car#2_time.txt").read_text().splitlines()[2] == "0.125000,0.250000"
    assert len(files.done(TRUTH, 5)) == 2
    (folder / "car#2_001.txt").unlink()
    assert files.done(TRUTH, 5) == []  # without a gap


def test_a_result_of_another_first_box_or_length_is_not_done(tmp_path: Path) -> None:
    files = _files(tmp_path, "otb")
    files.write("car#2", Trajectory(BOXES[:3], SECONDS[:3]))
    assert files.done(TRUTH, 1) == []
    files.write("car#2", Trajectory(BOXES + 5, SECONDS))
    assert files.done(TRUTH, 1) == []


def test_a_result_without_its_times_is_named(tmp_path: Path) -> None:
    files = _files(tmp_path, "otb")
    files.write("car#2", Trajectory(BOXES, SECONDS))
    files.times("car#2").unlink()
    with pytest.raises(DataError, match=r"no times of car#2\.txt; delete that"):
        files.read("car#2")
    files.path("car#2").write_text("one,two\n")
    with pytest.raises(DataError, match=r"car#2\.txt.*expected"):
        files.read("car#2")
    files.write("car#2", Trajectory(BOXES, SECONDS))
    files.times("car#2").write_text("soon\n")
    with pytest.raises(DataError, match="not numbers; delete it"):
        files.read("car#2")


def test_three_alike_are_enough_and_fifteen_of_the_others() -> None:
    one = Trajectory(BOXES, SECONDS)
    same = Trajectory(BOXES + 1e-4, SECONDS * 9)
    other = Trajectory(BOXES + 1, SECONDS)
    assert enough([one], 1)
    assert not enough([one, one], 15)
    assert enough([one, same, one], 15)
    assert not enough([one, same, other], 15)
    assert enough([one, same, other, one], 4)
    started = np.array([SKIPPED, STARTED, ANSWERED, ANSWERED], np.int8)
    lost = np.array([SKIPPED, STARTED, ANSWERED, FAILED], np.int8)
    runs = [Trajectory(BOXES, SECONDS, states) for states in (started, started, lost)]
    assert not enough(runs, 15)
