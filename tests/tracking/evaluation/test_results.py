"""Result files: ours read back, other people's names found."""

from pathlib import Path

import numpy as np
import pytest

from tirdata.errors import DataError, UsageError
from tracking.evaluation.results import (
    ResultFolder,
    Trajectory,
    is_done,
    read_times,
    write_result,
)
from tracking.evaluation.targets import Truth

BOXES = np.array([[np.nan] * 4, [3.0, 4, 5, 6], [3.5, 4.25, 5, 6]])
TRUTH = Truth("a", "a", 0, BOXES)


def _write(folder: Path, origin: int = 0) -> None:
    write_result(folder, "a", Trajectory(BOXES, np.array([np.nan, 0.5, 0.25])), origin=origin)


def test_results_are_text_in_the_numbers_of_the_data_set(tmp_path: Path) -> None:
    _write(tmp_path, origin=1)
    assert (tmp_path / "a.txt").read_text() == "nan,nan,nan,nan\n4,5,5,6\n4.5,5.25,5,6\n"
    assert read_times(tmp_path, "a").tolist() == [0.5, 0.25]
    assert is_done(tmp_path, TRUTH, origin=1)


@pytest.mark.parametrize(
    "truth",
    [
        Truth("b", "b", 0, BOXES),
        Truth("a", "a", 0, BOXES + 1),
        Truth("a", "a", 0, np.vstack([BOXES, BOXES[1:]])),
        Truth("a", "a", 0, BOXES[[1, 1, 2]]),
    ],
    ids=["no file", "another first box", "more frames", "an earlier start"],
)
def test_a_result_of_another_truth_is_not_done(tmp_path: Path, truth: Truth) -> None:
    _write(tmp_path)
    assert not is_done(tmp_path, truth, origin=0)


def test_times_that_are_gone_or_wrong_are_named(tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / "times" / "a_time.txt").write_text("fast\n")
    with pytest.raises(DataError, match=r"a_time\.txt: not a number a line"):
        read_times(tmp_path, "a")
    (tmp_path / "times" / "a_time.txt").unlink()
    with pytest.raises(DataError, match=r"a_time\.txt: no such file"):
        read_times(tmp_path, "a")


def _folder(root: Path, *names: str) -> ResultFolder:
    root.mkdir()
    for number, name in enumerate(names):
        (root / name).write_text(f"1,1,2,{number + 2}\n")
    return ResultFolder(root)


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("Human4-2.txt", "human4_2"),
        ("carScale.txt", "CarScale"),
        ("ATOM_Girl2.txt", "Girl2"),
        ("two#3.txt", "two#3"),
    ],
)
def test_names_of_other_authors_are_found(tmp_path: Path, file: str, target: str) -> None:
    assert _folder(tmp_path / "ATOM", file, "other.txt").path(target).name == file


def test_an_exact_name_wins(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "x", "Car2.txt", "car2.txt", "CAR-2.txt")
    assert folder.path("car2").name == "car2.txt"
    with pytest.raises(DataError, match="may both be CaR2"):
        folder.path("CaR2")


def test_what_is_missing_and_what_is_left_over(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "x", "one.txt", "three.txt")
    with pytest.raises(DataError, match=r"two\.txt: no such result; 2 others are there"):
        folder.path("two")
    assert folder.unused(["one", "two"]) == ["three.txt"]


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no result files"):
        ResultFolder(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        ResultFolder(tmp_path / "none")
