"""False colours that are switched on or off in the midst of a shot."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetching import fetch, frames
from tests.made_video import Coding, write_video
from tirdata.dataset.tree import Dataset
from tirdata.frames.repaint import mark_repaints


def _begins(colours: list[float], cuts: tuple[int, ...] = (0,)) -> list[int]:
    marked = [(colour, index in cuts) for index, colour in enumerate(colours)]
    found = list(mark_repaints(marked, float))
    assert [colour for colour, _ in found] == colours
    return [index for index, (_, begins) in enumerate(found) if begins]


@pytest.mark.parametrize(
    ("colours", "begins"),
    [
        ([1.0] * 20 + [38.0] * 20, [0, 20]),
        ([38.0] * 20 + [1.0] * 20, [0, 20]),
        ([1.0] * 9 + [38.0] * 9 + [1.0] * 9, [0, 9, 18]),
        ([1.0] * 20 + [5.0, 7.0, 9.0] + [38.0] * 20, [0, 23]),
        ([1.0] * 20 + [38.0] * 3, [0, 20]),
        ([38.0] * 20 + [0.0] * 3 + [38.0] * 20, [0]),
        ([1.0] * 20 + [38.0] * 2 + [1.0] * 20, [0]),
        ([1.0] * 20 + [5.0, 6.0, 7.0, 8.0, 9.0, 10.0] + [38.0] * 20, [0]),
        ([3.0, 5.0] * 10 + [8.0] * 20, [0]),
        ([1.0, 38.0] * 20, [0, 39]),  # nothing after it says otherwise
        ([], []),
    ],
    ids=["on", "off", "on-off", "smeared", "at-the-end", "black", "flash", "drift", "pale",
         "flicker", "none"],
)  # fmt: skip
def test_a_sudden_lasting_change_begins_a_shot(colours: list[float], begins: list[int]) -> None:
    assert _begins(colours) == begins


def test_what_a_cut_begins_is_not_begun_twice() -> None:
    assert _begins([1.0] * 20 + [38.0] * 20, (0, 20)) == [0, 20]
    assert _begins([1.0] * 20 + [38.0] * 4 + [1.0] * 20, (0, 24)) == [0, 20, 24]


def test_grey_frames_are_not_inverted_by_the_palette_of_those_after(
    tmp_path: Path, clips: Path
) -> None:
    true = frames(clips, 0, 30, "IR_HELICOPTER_043.mp4")
    colours = [cv2.applyColorMap(frame, cv2.COLORMAP_INFERNO)[..., ::-1] for frame in true[15:]]
    grey = [np.dstack([frame] * 3) for frame in true[:15]]
    coding = Coding("libx264", "yuv420p", options=(("crf", "18"),))
    path = write_video(tmp_path / "switched.mkv", grey + colours, coding)
    dataset = Dataset.create(tmp_path / "dataset")
    fetch(dataset, path).check()
    cards = [dataset.read_card(each) for each in dataset.sequence_ids()]
    assert [(card.palette.name, card.frames) for card in cards] == [("grey", 15), ("inferno", 15)]
    for sequence, part in zip(dataset.sequence_ids(), (true[:15], true[15:]), strict=True):
        path = dataset.frame_dir(sequence) / "000007.JPEG"
        stored = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        assert np.corrcoef(stored.ravel(), part[7].ravel())[0, 1] > 0.99
