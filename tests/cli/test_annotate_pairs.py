"""`tirdata annotate --tracker dual-attention`: pairs, thermal frames alone, and what goes wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_pairs import FAST
from tests.real_pairs import short_pairs
from tests.tirdata.annotate.stand_ins import bare_dataset, box_at
from tests.tracking.training.made_pairs import pair_set
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset
from tirdata.geometry import overlap

SHORT = {**FAST, "init_steps": 2, "scene_limit": 2.0, "candidates": 16}
RANDOM = [
    word for name, value in SHORT.items() for word in ("--set", f"{name}={json.dumps(value)}")
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


def annotate(data: Path, *args: object) -> Result:
    line = ("annotate", data, "--propagate", "--tracker", "dual-attention", "--workers", 1)
    return tirdata(*line, "--engine", "serial", *args)


def imported(pairs: Path, data: Path, *whose: str) -> Dataset:
    line = ("import", pairs, "--dataset", data, "--class", "drone", "--workers", 1)
    result = tirdata(*line, *(whose or ("--generated",)))
    assert result.exit_code == 0, result.output
    return Dataset.open(data)


def box_of(data: Dataset, frame: int) -> tuple[str, ...]:
    """The true box of the first sequence, as a person would say it."""
    box = data.read_sequence(data.sequence_ids()[0]).tracks[0].boxes[frame]
    return ("--box", ",".join(f"{side:g}" for side in box), "--frame", str(frame), "--track", "0")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return pair_set(tmp_path / "pairs", 1)


def narrowed(pairs: Path) -> Path:
    """The same with visible halves of another shape and boxes on the thermal half alone."""
    for path in pairs.rglob("visible/*.jpg"):
        picture = cv2.imread(str(path))
        assert picture is not None
        cv2.imwrite(str(path), picture[:100])
    for path in pairs.rglob("visible.txt"):
        path.write_text("nan,nan,nan,nan\n" * 4)
    return pairs


def test_one_box_becomes_boxes_of_all_pairs(pairs: Path, tmp_path: Path) -> None:
    data = imported(pairs, tmp_path / "data")
    line = (*box_of(data, 1), "--class", "drone", *RANDOM)
    result = annotate(data.root, *line)
    assert result.exit_code == 0, result.output
    assert "warning: dual-attention: RANDOM WEIGHTS" in result.stderr
    assert "frames tracked: 3" in result.stdout
    sequence = data.sequence_ids()[0]
    (track,) = data.read_tracks(sequence, 4)
    assert track.generated.tolist() == [True, False, True, True]
    (event,) = Journal(data.journal_path(sequence)).read()[-1].events
    told = json.loads(event.model_dump_json())
    assert (told["tracker"], told["settings"]["settings"]["random_init"]) == (
        "dual-attention", True,
    )  # fmt: skip
    assert "nothing to do" in annotate(data.root, *RANDOM).stdout


def test_weights_that_are_not_there_are_named_and_nothing_is_written(
    pairs: Path, tmp_path: Path
) -> None:
    data = imported(pairs, tmp_path / "data")
    journal = Journal(data.journal_path(data.sequence_ids()[0]))
    before = len(journal.read())
    line = (*box_of(data, 0), "--class", "drone", "--set", "weights=none.safetensors")
    result = annotate(data.root, *line)
    assert result.exit_code == 5
    (last,) = result.stderr.splitlines()
    assert "none.safetensors: no such file" in last
    assert len(journal.read()) == before


def test_halves_of_two_shapes_need_the_object_on_both(pairs: Path, tmp_path: Path) -> None:
    data = imported(narrowed(pairs), tmp_path / "data")
    line = (*box_of(data, 0), "--class", "drone", *RANDOM)
    result = annotate(data.root, *line)
    assert result.exit_code == 2
    assert "thermal frames are 160x128, visible ones 160x100" in result.stderr.splitlines()[-1]
    assert annotate(data.root, *RANDOM, "--set", "align=size").exit_code == 0


def test_a_visible_frame_that_is_not_there_is_named(pairs: Path, tmp_path: Path) -> None:
    data = imported(pairs, tmp_path / "data")
    line = (*box_of(data, 0), "--class", "drone", *RANDOM)
    (data.visible_dir(data.sequence_ids()[0]) / "000003.JPEG").unlink()
    result = annotate(data.root, *line)
    assert result.exit_code == 3
    assert "000003.JPEG" in result.stderr.splitlines()[-1]


def test_thermal_frames_alone_are_refused_or_stand_for_both(tmp_path: Path) -> None:
    data = bare_dataset(tmp_path / "data", count=3)
    box = ",".join(f"{side:.2f}" for side in box_at(0))
    line = ("--box", box, "--frame", 0, "--class", "drone", *RANDOM)
    refused = annotate(data.root, *line)
    assert refused.exit_code == 2
    last = refused.stderr.splitlines()[-1]
    assert "has no visible frames" in last
    assert "--set missing_half=copy" in last
    result = annotate(data.root, *RANDOM, "--set", "missing_half=copy")
    assert result.exit_code == 0, result.output
    (track,) = data.read_tracks(data.sequence_ids()[0], 3)
    assert track.present.all()


def test_pairs_of_ours_are_tracked_and_scored_by_each_protocol_of_pairs(
    pairs: Path, tmp_path: Path
) -> None:
    data = imported(pairs, tmp_path / "data", "--strict").root
    raw = tmp_path / "raw"
    settings = ("--random-init", "--device", "cpu", "--engine", "serial", "--workers", 1)
    done = tirdata("track", "dual-attention", data, "--out", raw, *settings, *RANDOM)
    assert done.exit_code == 0, done.output
    for protocol, score in (("gtot", "SR"), ("rgbt234", "MSR"), ("lasher", "SR")):
        out = tmp_path / protocol
        result = tirdata("evaluate", raw, data, "--protocol", protocol, "--out", out, "--json")
        assert result.exit_code == 0, result.output
        assert 0 <= json.loads(result.stdout)["scores"][score] <= 1


@pytest.mark.slow
def test_a_real_pair_of_two_shapes_is_annotated_from_one_box(
    shared_data: Path, tmp_path: Path
) -> None:
    data = imported(short_pairs(shared_data, tmp_path / "pairs", 6, ("day_drone_a",)),
                    tmp_path / "data")  # fmt: skip
    sequence = data.sequence_ids()[0]
    truth = data.read_sequence(sequence).tracks[0].boxes
    more = ("--set", "scene_limit=5.0", "--set", "candidates=256", "--set", "init_steps=10")
    result = annotate(data.root, *box_of(data, 2), "--class", "drone", *RANDOM, *more)
    assert result.exit_code == 0, result.output
    (track,) = data.read_tracks(sequence, 6)
    assert (overlap(track.boxes, truth) > 0.5).all()
    assert np.flatnonzero(~track.generated).tolist() == [2]
