"""The command `annotate`, on the real library and a made dataset."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.tirdata.annotate.stand_ins import COUNT, TemplateTracker, bare_dataset, box_at
from tirdata.annotate.events import PropagatedEvent
from tirdata.annotate.journal import Journal
from tirdata.config import Config
from tirdata.dataset.decisions import Hud, Region
from tirdata.dataset.tree import Dataset, SequenceId
from tracking.trackers import TRACKERS, Entry

BOX = ("--box", ",".join(f"{side:.2f}" for side in box_at(0)), "--frame", "0", "--class", "drone")
PROPAGATE = ("--propagate", "--tracker", "template", "--workers", "1")


def template_entry() -> Entry:
    return Entry(lambda _: TemplateTracker(), Config)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return bare_dataset(tmp_path / "data")


@pytest.fixture
def run(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setitem(TRACKERS, "template", template_entry)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(main, ["annotate", str(dataset.root), *args])

    return invoke


def track(dataset: Dataset, number: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Boxes of a track in the XML."""
    tracks = dataset.read_tracks(dataset.sequence_ids()[0], COUNT)
    return {each.id: each for each in tracks}[number].boxes


def test_box_is_propagated_to_every_frame(dataset: Dataset, run: Callable[..., Result]) -> None:
    result = run(*BOX, *PROPAGATE)
    assert result.exit_code == 0, result.output
    assert f"edits: 1; frames tracked: {COUNT - 1}; XML files written: {COUNT}" in result.stdout
    assert not np.isnan(track(dataset)).any()
    again = run(*BOX, *PROPAGATE)
    assert "nothing to do" in again.stdout


def test_json_is_one_document_on_stdout(run: Callable[..., Result]) -> None:
    result = run(*BOX, *PROPAGATE, "--json")
    document = json.loads(result.stdout)
    (state,) = document["sequences"]
    assert state["tracked"] == COUNT - 1
    assert state["tracks"][0]["human"] == 1
    assert "frames of each track" in result.stderr


def test_boxes_over_burnt_in_text_are_named(dataset: Dataset, run: Callable[..., Result]) -> None:
    (sequence,) = dataset.sequence_ids()
    text = Region(x=20, y=20, width=40, height=12)
    card = dataset.read_card(sequence).model_copy(update={"hud": Hud(regions=(text,))})
    dataset.add_sequence(sequence, card)
    over = ("--box", "22,21,9,9", "--frame", "4", "--class", "drone")
    result = run(*over, "--json")
    line = f"{sequence.name} track 0: 1 box lies over burnt-in text (frame 4)"
    assert line in result.stderr
    (state,) = json.loads(result.stdout)["sequences"]
    assert state["burnt_in"] == [{"track": 0, "kind": "text", "boxes": 1, "frames": [[4, 4]]}]
    assert "burnt-in" not in run(*BOX, "--track", "1").output.replace(line, "")


def test_dry_run_writes_nothing(dataset: Dataset, run: Callable[..., Result]) -> None:
    result = run(*BOX, *PROPAGATE, "--dry-run")
    assert result.exit_code == 0
    assert "edits that would be written: 1" in result.stdout
    assert not dataset.journal_path(dataset.sequence_ids()[0]).exists()


class Reach(Config):
    """What the template tracker may be told."""

    reach: int = 12


def test_set_gives_the_tracker_a_setting_that_wins_over_the_file(
    dataset: Dataset, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def entry() -> Entry:
        return Entry(lambda config: TemplateTracker(config.reach), Reach)

    monkeypatch.setitem(TRACKERS, "reaching", entry)
    file = tmp_path / "annotate.toml"
    file.write_text('tracker = "reaching"\n[settings]\nreach = 5\n', encoding="utf-8")
    told = ("--propagate", "--config", str(file), "--workers", "1")
    assert run(*BOX, *told, "--set", "reach=9").exit_code == 0
    made = Journal(dataset.journal_path(dataset.sequence_ids()[0])).read()[-1].events[0]
    assert isinstance(made, PropagatedEvent)
    assert made.settings["settings"] == {"reach": 9}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--tracker", "template", "--set", "reach"), "--set reach: expected NAME=VALUE"),
        (("--tracker", "template", "--set", "reach=9"), "reach: Extra inputs"),
        (("--tracker", "interpolate", "--set", "reach=9"), "interpolate has no settings"),
    ],
)
def test_set_that_makes_no_sense_is_refused_before_anything_is_written(
    dataset: Dataset, run: Callable[..., Result], words: tuple[str, ...], message: str
) -> None:
    result = run(*BOX, "--propagate", *words)
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert not dataset.journal_path(dataset.sequence_ids()[0]).exists()


def test_verbs_and_undo(dataset: Dataset, run: Callable[..., Result]) -> None:
    assert run(*BOX, *PROPAGATE).exit_code == 0
    result = run("--end-track", "--frame", "20")
    assert "track 0 changed since; --propagate" in result.stdout
    assert np.isnan(track(dataset)).any(axis=1).sum() == COUNT - 20
    assert run("--undo").exit_code == 0
    assert not np.isnan(track(dataset)).any()
    assert run("--redo").exit_code == 0
    assert np.isnan(track(dataset)).any(axis=1).sum() == COUNT - 20
    assert run("--delete-track").exit_code == 0
    assert dataset.read_tracks(dataset.sequence_ids()[0], COUNT) == ()


def test_boxes_file_of_several_sequences(
    run: Callable[..., Result], dataset: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text("frame,class,x,y,w,h\n0,drone,10,10,9,9\n20,drone,30,10,9,9\n")
    result = run("--boxes", str(path), "--propagate", "--tracker", "interpolate")
    assert result.exit_code == 0, result.output
    assert track(dataset)[10].tolist() == [20, 10, 9, 9]


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("--box", "1,2,3", "--frame", "0", "--class", "drone"), 2, "3 numbers; expected 4"),
        (("--box", "1,2,x,4", "--frame", "0", "--class", "drone"), 2, "--box 1,2,x,4: w: "),
        (("--box", "1,2,nan,4", "--frame", "0", "--class", "drone"), 2, "w: Input should be a fin"),
        (("--box", "1,2,0,4", "--frame", "0", "--class", "drone"), 2, "w: Input should be greater"),
        (("--box", "900,2,3,4", "--frame", "0", "--class", "drone"), 2, "outside the frame"),
        (("--box", "1,2,3,4", "--frame", "99", "--class", "drone"), 2, "no frame 99; it has"),
        (("--box", "1,2,3,4", "--frame", "0", "--class", "drohne"), 2, "drone"),
        (("--box", "1,2,3,4", "--frame", "0"), 2, "expected a class"),
        (("--box", "1,2,3,4", "--class", "drone"), 2, "expected --frame N"),
        (("00009009", *BOX), 2, "00009009"),
        (("--end-track", "--frame", "3"), 2, "which track; it has none"),
        (("--undo",), 2, "nothing to undo"),
        (("--undo", "--redo"), 2, "one at a time"),
        ((*BOX, "--propagate", "--tracker", "none"), 2, "no tracker 'none'"),
        (("--boxes", "none.csv"), 3, "none.csv"),
        ((*BOX, "--propagate", "--tracker", "template", "--weights", "w"), 2, "weights"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    dataset: Dataset, run: Callable[..., Result], args: tuple[str, ...], status: int, message: str
) -> None:
    result = run(*args)
    assert result.exit_code == status
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert not Journal(dataset.journal_path(dataset.sequence_ids()[0])).read()


def test_bad_row_of_a_boxes_file_is_invalid_data(
    run: Callable[..., Result], dataset: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text("frame,class,x,y,w,h\n0,drone,10,10,9,9\n20,drone,30,10,nan,9\n")
    result = run("--boxes", str(path))
    assert result.exit_code == 3
    assert "boxes.csv: row 3: w" in result.stderr
    assert not dataset.journal_path(dataset.sequence_ids()[0]).exists()


def test_one_sequence_that_fails_leaves_the_others_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRACKERS, "template", template_entry)
    dataset = bare_dataset(tmp_path / "two", sequences=2, count=6)
    for sequence in dataset.sequence_ids():
        box = ",".join(f"{side:.1f}" for side in box_at(0, sequence.recording))
        args = [str(dataset.root), sequence.name, "--box", box, "--frame", "0", "--class", "bird"]
        assert CliRunner().invoke(main, ["annotate", *args]).exit_code == 0
    broken, whole = dataset.sequence_ids()
    (dataset.frame_dir(broken) / "000003.JPEG").write_bytes(b"no picture")
    result = CliRunner().invoke(main, ["annotate", str(dataset.root), *PROPAGATE])
    assert result.exit_code == 4
    assert "000003.JPEG" in result.stderr
    assert present_frames(dataset, whole) == 6
    assert present_frames(dataset, broken) == 1


def present_frames(dataset: Dataset, sequence: SequenceId) -> int:
    (only,) = dataset.read_tracks(sequence, 6)
    return int(only.present.sum())


def test_suggest_says_where_a_box_would_help_and_writes_nothing(
    dataset: Dataset, run: Callable[..., Result]
) -> None:
    assert "nothing to suggest" in run("--suggest").stdout
    run(*BOX, *PROPAGATE)
    journal = dataset.journal_path(dataset.sequence_ids()[0])
    before = journal.read_bytes()
    found = json.loads(run("--suggest", "3", "--json").stdout)["suggestions"]
    assert len(found) == 3
    assert 0 < found[0]["frame"] < COUNT
    assert found[0]["gain"] >= found[1]["gain"]
    assert journal.read_bytes() == before


def test_candidates_are_listed_and_never_taken(
    dataset: Dataset, run: Callable[..., Result]
) -> None:
    found = json.loads(run("--candidates", "--frame", "9", "--json").stdout)["candidates"]
    assert 0 < len(found) <= 5
    assert not dataset.journal_path(dataset.sequence_ids()[0]).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--candidates",), "expected --frame N and one sequence"),
        (("--candidates", "--frame", str(COUNT)), f"has frames 0 to {COUNT - 1}"),
        (("--suggest", "--propagate"), "stand alone"),
        (("--suggest", *BOX), "stand alone"),
        (("--suggest", "--candidates", "--frame", "0"), "stand alone"),
    ],
)
def test_questions_that_make_no_sense_are_refused(
    run: Callable[..., Result], words: tuple[str, ...], message: str
) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_boxes_end_where_the_tracker_is_in_doubt(
    dataset: Dataset, run: Callable[..., Result]
) -> None:
    unsure = ("--until-doubtful", "1", "--json")
    state = json.loads(run(*BOX, *PROPAGATE, *unsure).stdout)["sequences"][0]
    (found,) = state["tracks"]
    assert found["lost_from"] == 1
    assert found["lost"] == COUNT - 1
    assert state["tracked"] < COUNT - 1
    result = run(*PROPAGATE)
    assert "has no box in" not in result.output
    assert not np.isnan(track(dataset)).any()


def test_what_stands_where_the_object_is_lost_is_a_choice(
    dataset: Dataset, run: Callable[..., Result], tmp_path: Path
) -> None:
    config = tmp_path / "annotate.toml"
    config.write_text("[propagate]\nlost_below = 1.0\nfound_above = 1.0\nbridge_frames = 0\n")
    strict = ("--config", str(config))
    result = run(*BOX, *PROPAGATE, *strict)
    assert f"has no box in {COUNT - 1} frames from 1 on" in result.stdout
    run(*PROPAGATE, *strict, "--fallback", "hold")
    assert np.allclose(track(dataset)[1:], track(dataset)[0])


def test_straight_lines_are_never_in_doubt(run: Callable[..., Result]) -> None:
    result = run("--propagate", "--tracker", "interpolate", "--until-doubtful")
    assert result.exit_code == 2
    assert "--until-doubtful: interpolate is never lost" in result.stderr
