"""Whole data sets of others into one of ours."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.annotate.import_layout import LayoutFolder, SequenceReport, import_layout
from tirdata.dataset.tree import Dataset
from tirdata.dataset.validate import validate
from tirdata.engine import build_engine
from tirdata.errors import UsageError
from tirdata.layouts import LAYOUTS
from tirdata.types import Sequence, Track

SERIAL = build_engine("serial", 1)


@pytest.fixture
def theirs(tmp_path: Path) -> LayoutFolder:
    """A GOT-10k folder: two sequences, the second with an absent and an occluded frame."""
    sequences = []
    for seed, name in enumerate(("alpha", "beta")):
        made = made_sequence(6, size=(64, 48), seed=seed, name=name)
        boxes = made.tracks[0].boxes.round()
        boxes[2 : 2 + seed] = np.nan
        track = Track(0, "bird", boxes, np.zeros(6, np.bool_), np.arange(6) == 4 * seed)
        sequences.append(Sequence(name, made.frames, (track,)))
    LAYOUTS["got10k"].write(sequences, tmp_path / "theirs")
    return LayoutFolder(tmp_path / "theirs", "got10k")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "ours")


def _files(dataset: Dataset) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in dataset.root.rglob("*.*") if path.is_file()}


def _go(dataset: Dataset, folder: LayoutFolder) -> tuple[SequenceReport, ...]:
    return import_layout(dataset, folder, SERIAL)


def test_frames_boxes_and_names_arrive(dataset: Dataset, theirs: LayoutFolder) -> None:
    reports = _go(dataset, theirs)
    assert [report.name for report in reports] == ["alpha", "beta"]
    assert all(report.new and report.error is None for report in reports)
    for report, sequence in zip(reports, dataset.sequence_ids(), strict=True):
        assert report.sequence == sequence.name
        read = dataset.read_sequence(sequence)
        want = LAYOUTS["got10k"].read_one(theirs.root, report.name)
        np.testing.assert_array_equal(read.tracks[0].boxes, want.tracks[0].boxes)
        np.testing.assert_array_equal(read.tracks[0].occluded, want.tracks[0].occluded)
        assert not read.tracks[0].generated[read.tracks[0].present].any()
        assert read.tracks[0].class_name == "bird"
        assert np.abs(read.frames[3].astype(int) - want.frames[3].astype(int)).mean() < 1
        assert dataset.read_card(sequence).title == report.name


def test_what_comes_out_is_a_valid_dataset(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    assert [*validate(dataset.root)] == []


def test_a_second_time_nothing_is_new(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    before = _files(dataset)
    reports = _go(dataset, theirs)
    assert not any(report.new for report in reports)
    assert all(track.already for report in reports for track in report.tracks)
    assert _files(dataset) == before


@pytest.mark.parametrize("lost", ["card", "source", "journal"])
def test_what_was_stopped_goes_on(dataset: Dataset, theirs: LayoutFolder, lost: str) -> None:
    _go(dataset, theirs)
    second = dataset.sequence_ids()[1]
    source = dataset.read_source(dataset.read_card(second).recording_id)
    journal = dataset.journal_path(second)
    journal.unlink()
    journal.with_name(f".{second.name}.followed").unlink()
    dataset.write_tracks(second, ())
    if lost != "journal":
        dataset.write_source(source.model_copy(update={"status": "fetched", "sequences": ()}))
    if lost == "card":
        dataset.card_path(second).unlink()
    _go(dataset, theirs)
    assert len(dataset.sequence_ids()) == 2
    assert [*validate(dataset.root)] == []
    assert len(dataset.read_sequence(second).tracks) == 1


def test_workers_give_the_same_dataset(
    dataset: Dataset, theirs: LayoutFolder, tmp_path: Path
) -> None:
    _go(dataset, theirs)
    other = Dataset.create(tmp_path / "other", dataset.config.name)
    import_layout(other, theirs, build_engine("local", 2))

    def plain(each: Dataset) -> dict[Path, bytes]:  # journals and sources hold the time
        return {
            path.relative_to(each.root): data
            for path, data in _files(each).items()
            if path.suffix in {".xml", ".JPEG", ".txt"} or path.parent.name == "sequences"
        }

    assert plain(other) == plain(dataset)


def test_a_sequence_that_cannot_be_read_costs_itself(
    dataset: Dataset, theirs: LayoutFolder
) -> None:
    (theirs.root / "alpha" / "00000003.jpg").write_bytes(b"no picture")
    alpha, beta = _go(dataset, theirs)
    assert alpha.error is not None
    assert "00000003.jpg" in alpha.error
    assert beta.error is None
    assert [*validate(dataset.root)] == []


def test_a_box_outside_is_named(dataset: Dataset, theirs: LayoutFolder) -> None:
    path = theirs.root / "alpha" / "groundtruth.txt"
    path.write_text("900,1,5,5\n" * 6)
    alpha, _ = _go(dataset, theirs)
    assert alpha.error is not None
    assert "frame 0: box 900,1,5,5" in alpha.error


def test_classes_that_nobody_named_are_asked_for(dataset: Dataset, theirs: LayoutFolder) -> None:
    (theirs.root / "alpha" / "meta_info.ini").unlink()
    (theirs.root / "beta" / "meta_info.ini").write_text("[METAINFO]\nobject_class: dragon\n")
    alpha, beta = _go(dataset, theirs)
    assert alpha.error is not None
    assert "see --class" in alpha.error
    assert beta.error is not None
    assert "dragon" in beta.error
    assert dataset.recording_ids() == []
    named = LayoutFolder(theirs.root, "got10k", class_name="bird")
    assert all(report.error is None for report in _go(dataset, named))


def test_one_sequence_can_be_chosen(dataset: Dataset, theirs: LayoutFolder) -> None:
    (report,) = _go(dataset, LayoutFolder(theirs.root, "got10k", only=("beta",), subset="val"))
    assert report.sequence == "ILSVRC2015_val_00000000"
    with pytest.raises(UsageError, match="no sequence gamma; there are: alpha, beta"):
        _go(dataset, LayoutFolder(theirs.root, "got10k", only=("gamma",)))


def test_boxes_of_a_machine_are_marked(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, LayoutFolder(theirs.root, "got10k", generated=True))
    (track,) = dataset.read_sequence(dataset.sequence_ids()[1]).tracks
    assert track.generated[track.present].all()


def test_a_track_of_an_unknown_class_is_left_out_and_named(
    dataset: Dataset, tmp_path: Path
) -> None:
    made = made_sequence(4, size=(64, 48), name="street")
    track = made.tracks[0]
    tracks = tuple(
        Track(n, name, track.boxes, track.generated, track.occluded)
        for n, name in enumerate(("person", "person on vehicle"))
    )
    LAYOUTS["mot"].write([Sequence("street", made.frames, tracks)], tmp_path / "mot")
    (report,) = _go(dataset, LayoutFolder(tmp_path / "mot", "mot"))
    assert [each.class_name for each in report.tracks] == ["person"]
    assert "track 1: class 'person on vehicle' is not known" in report.left_out[0]
    strictly = LayoutFolder(tmp_path / "mot", "mot", strict=True)
    with pytest.raises(UsageError, match="person on vehicle"):
        _go(Dataset.create(tmp_path / "strict"), strictly)
    assert not [*(tmp_path / "strict").glob("recordings/*")]


def test_the_rate_that_a_data_set_says_is_taken(dataset: Dataset, tmp_path: Path) -> None:
    LAYOUTS["mot"].write([made_sequence(4, size=(64, 48), name="slow")], tmp_path / "mot")
    info = tmp_path / "mot" / "slow" / "seqinfo.ini"
    info.write_text(info.read_text().replace("frameRate=25", "frameRate=10"))
    _go(dataset, LayoutFolder(tmp_path / "mot", "mot"))
    (sequence,) = dataset.sequence_ids()
    assert dataset.read_card(sequence).times_s == (0, 0.1, 0.2, 0.3)
    assert dataset.read_card(sequence).warnings == ()
