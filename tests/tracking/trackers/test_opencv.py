"""OpenCV's trackers: what is missing is named, and boxes become whole pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tirdata.errors import MissingError
from tirdata.types import Box
from tracking.trackers import tracker_factory
from tracking.trackers.opencv import whole_pixels


@pytest.mark.parametrize("name", ["csrt", "kcf"])
def test_a_build_without_it_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(cv2, f"Tracker{name.upper()}", raising=False)
    with pytest.raises(MissingError, match="opencv-contrib-python-headless<5") as caught:
        tracker_factory(name, {})()
    assert caught.value.exit_code == 5
    assert cv2.__version__ in str(caught.value)


def test_nano_names_the_file_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"back\.onnx: no such file"):
        tracker_factory("nano", {"backbone": tmp_path / "back.onnx", "head": tmp_path / "h"})()


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        (Box(3.4, 4.6, 10.2, 5.2), (3, 5, 11, 5)),
        (Box(-6, -4, 20, 10), (0, 0, 14, 6)),
        (Box(30, 20, 50, 50), (30, 20, 10, 10)),
        (Box(45, 35, 5, 5), (39, 29, 1, 1)),
        (Box(5.2, 5.2, 0.2, 0.2), (5, 5, 1, 1)),
    ],
    ids=["rounded", "left and above", "right and below", "outside", "small"],
)
def test_boxes_become_pixels_inside_the_frame(box: Box, pixels: tuple[int, ...]) -> None:
    assert whole_pixels(np.zeros((30, 40), np.uint8), box) == pixels
