"""Result files of other people, found by name."""

from pathlib import Path

import numpy as np
import pytest

from tirdata.errors import DataError, UsageError
from tracking.evaluation.result_text import parse_answer
from tracking.evaluation.results import ResultFolder, doubt_of_start, to_trajectory
from tracking.evaluation.targets import Truth


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


_NOT_THERE = "is it another sequence, or not x,y,w,h?"


@pytest.mark.parametrize(
    ("first", "doubt"),
    [
        ("100,80,30,20", None),
        ("104,83,30,20", None),  # no tracker repeats what it was given to the digit
        ("nan,nan,nan,nan", None),
        ("1", None),
        ("30,200,30,20", None),  # where the visible half has it
        ("100,80,130,100", "its first box overlaps the true one by 0.05; is it x1,y1,x2,y2?"),
        ("100,5 80,5 30,0 20,0", f"its first box overlaps the true one by 0.00; {_NOT_THERE}"),
        ("10,10,30,20", f"its first box overlaps the true one by 0.00; {_NOT_THERE}"),
    ],
)
def test_results_that_begin_elsewhere_are_doubted(first: str, doubt: str | None) -> None:
    absent, true = [np.nan] * 4, [100.0, 80, 30, 20]
    visible = np.array([absent, [30.0, 200, 30, 20], absent])
    truth = Truth("a", "a", 0, np.array([absent, true, true]), visible=visible)
    answer = parse_answer(f"{first}\n{first}\n", "a.txt")
    assert doubt_of_start(truth, to_trajectory(answer, origin=0)) == doubt
