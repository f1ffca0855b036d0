"""Boxes that lie over burnt-in text are told of, and only those."""

from pathlib import Path

import numpy as np

from tests.made_dataset import made_card
from tests.tirdata.annotate.stand_ins import COUNT, bare_dataset
from tirdata.annotate.annotate import derive
from tirdata.annotate.burnt_in import BurntIn, burnt_in
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.card import Card
from tirdata.dataset.decisions import Hud, Region
from tirdata.types import Box, Boxes, Track

TEXT = Region(x=10, y=10, width=30, height=10, kind="text")
LINE = Region(x=0, y=40, width=90, height=1, kind="reticle")


def card(*regions: Region) -> Card:
    plain = made_card("0" * 16, COUNT, ("0" * 64,) * COUNT)
    return plain.model_copy(update={"hud": Hud(regions=regions)})


def track(boxes: Boxes) -> Track:
    flags = np.zeros(len(boxes), bool)
    return Track(3, "drone", boxes, flags, flags)


def away(count: int = COUNT) -> Boxes:
    return np.tile(np.array([60.0, 60, 10, 10]), (count, 1))


def test_runs_of_boxes_over_text_are_told_of() -> None:
    boxes = away()
    boxes[10:22] = (12, 8, 10, 10)
    boxes[30] = (12, 8, 10, 10)
    boxes[15] = np.nan
    (found,) = burnt_in(card(TEXT, LINE), [track(boxes)])
    assert found == BurntIn(3, "text", 12, ((10, 14), (16, 21), (30, 30)))
    assert str(found) == "track 3: 12 boxes lie over burnt-in text (frames 10-14, 16-21, 30)"


def test_a_touch_is_not_told_of() -> None:
    boxes = away()
    boxes[5] = (38, 18, 10, 10)  # four pixels of a hundred
    assert burnt_in(card(TEXT), [track(boxes)]) == ()


def test_two_lines_of_text_count_together_and_kinds_apart() -> None:
    boxes = away()
    boxes[0] = (10, 10, 10, 30)
    second = TEXT.model_copy(update={"y": 28})
    found = burnt_in(card(TEXT, second, LINE), [track(boxes)])
    assert [str(each) for each in found] == ["track 3: 1 box lies over burnt-in text (frame 0)"]


def test_a_sequence_without_overlay_has_none() -> None:
    assert burnt_in(card(), [track(away())]) == ()


def test_deriving_the_xml_tells_of_them(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "data")
    (sequence,) = dataset.sequence_ids()
    known = dataset.read_card(sequence)
    dataset.add_sequence(sequence, known.model_copy(update={"hud": Hud(regions=(TEXT,))}))
    box = Box(12.0, 10.0, 9.0, 8.0)
    Journal(dataset.journal_path(sequence)).append(
        [BoxEvent(track=0, class_name="drone", frame=7, box=box)]
    )
    state = derive(dataset, sequence)
    assert state.burnt_in == (BurntIn(0, "text", 1, ((7, 7),)),)
