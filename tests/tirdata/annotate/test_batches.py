"""Tracks of many sequences in one batch come to what each comes to by itself."""

from functools import partial
from pathlib import Path

import pytest

from tests.tirdata.annotate.stand_ins import TemplateTracker, bare_dataset, box_at
from tests.tirdata.annotate.test_annotate import xml
from tests.tirdata.annotate.test_together import ManyTemplates
from tirdata.annotate import batches as module
from tirdata.annotate.annotate import AnnotateConfig, Tracking, annotate, items
from tirdata.annotate.batches import annotate_together
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset
from tirdata.engine.serial import SerialEngine
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame

CONFIG = AnnotateConfig(tracker="template")
SEQUENCES = 3
WAYS = 11  # between two boxes two, behind them one, and before them but in the first sequence


class Watched(ManyTemplates):
    """Says how many targets each batch had."""

    def __init__(self, seen: list[list[int]], at_once: int) -> None:
        super().__init__(at_once)
        seen.append(self.batches)

    def init(self, frame: Frame, box: Box) -> None:
        self.init_many([frame], [box])

    def track(self, frame: Frame) -> Prediction:
        return self.track_many([frame])[0]


def drawn(folder: Path) -> Dataset:
    dataset = bare_dataset(folder, SEQUENCES)
    for number, sequence in enumerate(dataset.sequence_ids()):
        events = [
            BoxEvent(track=0, frame=frame, class_name="drone", box=box_at(frame, number))
            for frame in (number, 30)
        ]
        Journal(dataset.journal_path(sequence)).append(events)
    return dataset


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_batches_of_sequences_say_what_each_says_alone(tmp_path: Path, at_once: int) -> None:
    alone, together = drawn(tmp_path / "alone"), drawn(tmp_path / "together")
    one = annotate(items(alone), Tracking(CONFIG, TemplateTracker), SerialEngine())
    expected = {outcome.item.sequence: outcome.unwrap() for outcome in one}
    seen: list[list[int]] = []
    calls: list[int] = []
    tracking = Tracking(CONFIG, partial(Watched, seen, at_once))
    many = annotate_together(items(together), tracking, SerialEngine(), lambda: calls.append(0))
    assert {outcome.item.sequence: outcome.unwrap() for outcome in many} == expected
    assert len(calls) == sum(state.tracked for state in expected.values())
    assert max(number for batches in seen for number in batches) == min(at_once, WAYS)
    for sequence in alone.sequence_ids():
        assert xml(together, sequence) == xml(alone, sequence)
    nothing = annotate_together(items(together), tracking, SerialEngine())
    assert [outcome.unwrap().tracked for outcome in nothing] == [0] * SEQUENCES


def test_a_sequence_with_a_fault_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEQUENCES", 2)
    dataset = drawn(tmp_path / "data")
    first, second, third = dataset.sequence_ids()
    frames = dataset.frame_dir(second)
    (frames / "000017.JPEG").write_bytes((frames / "000003.JPEG").read_bytes())
    dataset.journal_path(third).write_text("torn\n")
    tracking = Tracking(CONFIG, partial(Watched, [], 16), again=True)
    ended = {
        outcome.item.sequence: outcome
        for outcome in annotate_together(items(dataset), tracking, SerialEngine())
    }
    assert ended[first].unwrap().tracks[0].generated > 0
    assert "000017" in str(ended[second].error)
    assert "line 1" in str(ended[third].error)
