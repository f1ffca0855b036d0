"""Human boxes per 1000 frames without any picture, against another implementation's numbers.

The numbers are those of the research port in the project's design notes (section 5 of the page on
evaluation), made of PTB-TIR's ground truth alone, with the oracle's worst frame next.
"""

from pathlib import Path

import numpy as np
import pytest

from tirdata.layouts.text import read_boxes
from tirdata.types import Frame
from tracking.evaluation.protocols.effort import Effort, EffortConfig
from tracking.evaluation.targets import Truth
from tracking.trackers import tracker_factory


class Blank:
    """Frames that nobody looks at."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Frame:
        return np.zeros((1, 1), np.uint8)


@pytest.mark.parametrize(
    ("tracker", "rules", "expected"),
    [
        ("interpolate", EffortConfig(overlap=0.5, share=1.0), 33.4),
        ("interpolate", EffortConfig(overlap=0.5, share=0.95), 29.2),
        ("interpolate", EffortConfig(overlap=0.7, share=0.95), 48.0),
        ("hold", EffortConfig(overlap=0.7, policy="online"), 160.1),
    ],
    ids=["0.5 all", "0.5", "0.7", "0.7 online"],
)
def test_ptb_tir(shared_data: Path, tracker: str, rules: EffortConfig, expected: float) -> None:
    protocol = Effort(rules)
    scores = []
    for path in sorted((shared_data / "eval" / "ptbtir" / "tiranno").glob("*.txt")):
        boxes = read_boxes(path, origin=1)
        truth = Truth(path.stem, path.stem, 0, boxes)
        found = protocol.run(tracker_factory(tracker, {})(), Blank(len(boxes)), truth)
        scores.append(protocol.score(truth, [found]))
    assert len(scores) == 60
    summary = protocol.summarise(scores)
    assert summary.values["boxes_per_1000"] == pytest.approx(expected, abs=0.05)
