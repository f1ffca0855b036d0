"""`tirdata annotate --refine`: the machine's boxes, never a person's."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.tirdata.annotate.stand_ins import COUNT, bare_dataset, box_at
from tirdata.annotate.events import PropagatedEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return bare_dataset(tmp_path / "data")


def annotate(dataset: Dataset, *words: str) -> Result:
    box = ",".join(f"{side:.2f}" for side in box_at(0))
    given = ["--box", box, "--frame", "0", "--class", "drone", "--propagate", "--workers", "1"]
    return CliRunner().invoke(main, ["annotate", str(dataset.root), *given, *words])


def test_refined_boxes_are_of_the_tracker_refined_and_the_person_s_stays(dataset: Dataset) -> None:
    result = annotate(dataset, "--tracker", "hold", "--refine", "--device", "cpu")
    assert result.exit_code == 0, result.output
    sequence = dataset.sequence_ids()[0]
    made = Journal(dataset.journal_path(sequence)).read()[-1].events[0]
    assert isinstance(made, PropagatedEvent)
    assert made.tracker == "refined"
    assert made.settings["settings"] == {"tracker": "hold", "settings": {}}
    assert [*made.settings["files"]] == ["box_refiner.safetensors"]
    (track,) = dataset.read_tracks(sequence, COUNT)
    np.testing.assert_allclose(track.boxes[0], box_at(0), atol=1)  # whole pixels in the XML
    assert not track.generated[0]
    assert track.generated[1:].all()


def test_without_it_boxes_are_the_tracker_s(dataset: Dataset) -> None:
    assert annotate(dataset, "--tracker", "hold", "--no-refine").exit_code == 0
    made = Journal(dataset.journal_path(dataset.sequence_ids()[0])).read()[-1].events[0]
    assert isinstance(made, PropagatedEvent)
    assert made.tracker == "hold"
    assert set(made.confidence) == {None}  # it looks at no picture


@pytest.mark.parametrize(
    ("tracker", "message"),
    [("interpolate", "looks at no picture"), ("nosuch", "no tracker 'nosuch'")],
)
def test_what_cannot_be_refined_is_refused(dataset: Dataset, tracker: str, message: str) -> None:
    result = annotate(dataset, "--tracker", tracker, "--refine")
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
