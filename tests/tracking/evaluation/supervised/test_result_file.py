"""Result files of VOT: what is written is read again, codes and all."""

from pathlib import Path

import numpy as np
import pytest

from tracking.evaluation.results import Trajectory, read_result
from tracking.evaluation.supervised.result_file import vot_result_text


@pytest.mark.parametrize(
    "text",
    ["1\n10,20,30.5,40\n2\n0\n0\n0\n0\n1\n-3.25,4,5,6\n", "1\n1,2,3,4,5,6,7,8\n0\n"],
)
def test_written_and_read_again(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a_001.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert vot_result_text(read_result(path, origin=0)) == text


def test_no_answer_is_not_asked() -> None:
    rows = np.array([[1.0, 2, 3, 4], [np.nan] * 4])
    assert vot_result_text(Trajectory(rows)) == "1,2,3,4\n0\n"
