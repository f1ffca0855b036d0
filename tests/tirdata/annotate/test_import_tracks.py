"""CVAT, COCO-video and MOT files without frames, onto sequences that are there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tirdata.annotate.check import journal_faults
from tirdata.annotate.import_tracks import TracksFile, import_tracks
from tirdata.annotate.importing import ImportReport
from tirdata.annotate.journal import Journal
from tirdata.dataset.decisions import Rectangle
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.errors import AnnotationError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.types import Boxes, Sequence, Track

FRAMES = 10
FILES = {"cvat": "annotations.xml", "coco": "instances.json", "mot": "gt.txt"}
FIRST = SequenceId("train", 3, 0)
SECOND = SequenceId("train", 3, 1)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """One recording of 20 frames, in two sequences without tracks, the second cropped by (4, 2)."""
    dataset = made_dataset(tmp_path / "data", [FIRST, SECOND], FRAMES)
    for place, each in enumerate((FIRST, SECOND)):
        dataset.write_tracks(each, ())
        card = dataset.read_card(each)
        first = place * FRAMES
        crop = Rectangle(x=4, y=2, width=64, height=48) if place else None
        moved = {"first_frame": first, "last_frame": first + FRAMES - 1, "crop": crop}
        dataset.add_sequence(each, card.model_copy(update=moved))
    (recording,) = dataset.recording_ids()
    source = dataset.read_source(recording)
    dataset.write_source(source.model_copy(update={"frames": 2 * FRAMES, "path": "/x/clip.mp4"}))
    return dataset


def _boxes(count: int, at: float) -> Boxes:
    return np.array([[at + frame, 10.25, 8, 6] for frame in range(count)])


def _tracks(count: int = FRAMES) -> tuple[Track, ...]:
    """A person's track with a gap and two boxes of a machine, and a machine's track."""
    boxes = _boxes(count, 12)
    boxes[4:6] = np.nan
    frames = np.arange(count)
    mixed = Track(0, "drone", boxes, np.isin(frames, (7, 8)), frames == 2)
    no = np.zeros(count, np.bool_)
    return mixed, Track(1, "person", _boxes(count, 20), ~no, no)


def _file(folder: Path, dataset: Dataset, kind: str, tracks: tuple[Track, ...], name: str) -> Path:
    """The annotations of one sequence as another tool would hand them back."""
    frames = dataset.frames(FIRST)
    count = len(tracks[0].boxes)
    several = [frames[index % FRAMES] for index in range(count)]
    LAYOUTS[kind].write([Sequence(name, several, tracks)], folder / "theirs")
    path = next((folder / "theirs").rglob(FILES[kind]))
    alone = folder / FILES[kind]
    alone.write_bytes(path.read_bytes())
    if (path.parent / "labels.txt").is_file():
        (folder / "labels.txt").write_bytes((path.parent / "labels.txt").read_bytes())
    return alone


def _import(dataset: Dataset, path: Path, kind: str, **wanted: object) -> ImportReport:
    return import_tracks(dataset, TracksFile(path, kind, **wanted))  # type: ignore[arg-type]


def _files(dataset: Dataset) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in dataset.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", FILES)
def test_boxes_absence_and_flags_arrive_on_a_sequence(
    dataset: Dataset, tmp_path: Path, kind: str
) -> None:
    path = _file(tmp_path, dataset, kind, _tracks(), "elsewhere")
    report = _import(dataset, path, kind, sequence=FIRST.name)
    assert [(each.track, each.boxes, each.absent) for each in report.tracks] == [
        (0, 8, 2), (1, 10, 0),
    ]  # fmt: skip
    read = dataset.read_sequence(FIRST).tracks
    assert [track.class_name for track in read] == ["drone", "person"]
    for written, track in zip(_tracks(), read, strict=True):
        assert track.present.tolist() == written.present.tolist()
        assert np.nanmax(np.abs(track.boxes - written.boxes)) <= 0.5
        assert track.occluded.tolist() == (written.occluded & written.present).tolist()
        if kind != "mot":  # which has no word for it
            assert (track.generated & track.present).tolist() == written.generated.tolist()
    assert [*journal_faults(dataset, FIRST, read)] == []
    assert [*validate(dataset.root)] == []


def test_the_journal_has_the_decimals_the_file_and_its_hash(
    dataset: Dataset, tmp_path: Path
) -> None:
    path = _file(tmp_path, dataset, "cvat", _tracks(), "elsewhere")
    _import(dataset, path, "cvat", sequence=FIRST.name)
    (entry,) = Journal(dataset.journal_path(FIRST)).read()
    first = entry.events[0]
    assert first.kind == "import"
    assert first.boxes[0] == (12, 10.25, 8, 6)
    assert (first.source, len(first.sha256 or "")) == ("annotations.xml", 64)
    assert (first.generated[7], first.generated[4], first.occluded) == (1, 0, (2,))  # type: ignore[index]


@pytest.mark.parametrize("kind", FILES)
def test_frames_of_a_recording_go_to_its_sequences(
    dataset: Dataset, tmp_path: Path, kind: str
) -> None:
    (track, _) = _tracks(2 * FRAMES)
    path = _file(tmp_path, dataset, kind, (track,), "elsewhere")
    report = _import(dataset, path, kind, recording="clip.mp4")
    assert [each.sequence for each in report.tracks] == [FIRST.name, SECOND.name]
    first, second = (dataset.read_sequence(each).tracks[0] for each in (FIRST, SECOND))
    assert first.boxes[0, 0] == 12
    assert second.boxes[0, 0] == 12 + FRAMES - 4  # cropped


def test_the_name_in_the_file_may_say_where_it_goes(dataset: Dataset, tmp_path: Path) -> None:
    path = _file(tmp_path, dataset, "coco", _tracks(), SECOND.name)
    assert _import(dataset, path, "coco").tracks[0].sequence == SECOND.name


def test_several_videos_go_by_their_names(dataset: Dataset, tmp_path: Path) -> None:
    frames = [*(dataset.frames(FIRST)[index] for index in range(FRAMES))]
    names = (FIRST.name, SECOND.name, "other")
    LAYOUTS["coco"].write([Sequence(name, frames, _tracks()) for name in names], tmp_path / "out")
    path = tmp_path / "out" / "annotations" / "instances.json"
    report = _import(dataset, path, "coco")
    assert {each.sequence for each in report.tracks} == {FIRST.name, SECOND.name}
    assert report.faults == (f"{path}: no sequence or recording other in {dataset.root}",)
    with pytest.raises(UsageError, match="has 3 videos"):
        _import(dataset, path, "coco", sequence="00003000")


def test_a_second_time_nothing_is_new(dataset: Dataset, tmp_path: Path) -> None:
    path = _file(tmp_path, dataset, "cvat", _tracks(), "elsewhere")
    _import(dataset, path, "cvat", sequence="00003000")
    before = _files(dataset)
    again = _import(dataset, path, "cvat", sequence="00003000")
    assert not again.changed
    assert _files(dataset) == before
    with pytest.raises(UsageError, match="taken in before as track 0, 1, with other"):
        _import(dataset, path, "cvat", sequence="00003000", class_name="bird")


def test_what_is_there_keeps_its_number(dataset: Dataset, tmp_path: Path) -> None:
    first = _file(tmp_path, dataset, "cvat", _tracks()[:1], "a")
    _import(dataset, first, "cvat", sequence=FIRST.name)
    other = _file(tmp_path, dataset, "mot", _tracks()[1:], "b")
    assert _import(dataset, other, "mot", sequence=FIRST.name).tracks[0].track == 1


def test_a_part_of_a_film_leaves_the_rest_open(dataset: Dataset, tmp_path: Path) -> None:
    path = _file(tmp_path, dataset, "cvat", (_tracks(3)[0],), "clip")
    text = path.read_text().replace("<frame_filter>", "<frame_filter>step=2")
    text = text.replace("<start_frame>0", "<start_frame>1")
    for frame in (2, 1, 0):
        text = text.replace(f'box frame="{frame}"', f'box frame="{1 + 2 * frame}"')
    path.write_text(text)
    _import(dataset, path, "cvat", sequence=FIRST.name)
    (track,) = dataset.read_sequence(FIRST).tracks
    assert np.flatnonzero(track.present).tolist() == [1, 3, 5]
    (entry,) = Journal(dataset.journal_path(FIRST)).read()
    (event,) = entry.events
    assert event.kind == "import"
    assert event.generated == (1, 0, 1, 0, 1, 0, 1, 1, 1, 1)  # no person's word on the others


def _longer(text: str) -> str:
    return text.replace(f"<size>{FRAMES}<", "<size>11<")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_longer, "speaks of 11 frames; .* has 10: it is longer"),
        (lambda text: text.replace("<width>64", "<width>640"), r"made on frames of \(640, 48\)"),
        (lambda text: text.replace("</annotations>", ""), r"annotations\.xml:\d+: not XML"),
        (lambda text: text.split("  <track")[0] + "</annotations>", "no box for any sequence"),
    ],
    ids=["longer", "size", "torn", "empty"],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_file_that_does_not_fit_changes_nothing(
    dataset: Dataset, tmp_path: Path, change: Callable[[str], str], message: str, strict: bool
) -> None:
    path = _file(tmp_path, dataset, "cvat", _tracks(), "elsewhere")
    path.write_text(change(path.read_text()))
    before = _files(dataset)
    with pytest.raises(AnnotationError, match=message):
        _import(dataset, path, "cvat", sequence=FIRST.name, strict=strict)
    assert _files(dataset) == before


def test_a_shorter_file_is_named(dataset: Dataset, tmp_path: Path) -> None:
    path = _file(tmp_path, dataset, "coco", _tracks(9), "elsewhere")
    with pytest.raises(AnnotationError, match=r"speaks of 9 frames; .* has 10: it is shorter"):
        _import(dataset, path, "coco", sequence=FIRST.name)
    with pytest.raises(AnnotationError, match="9 frames; expected 20, one for each frame of"):
        _import(dataset, path, "coco", recording="clip.mp4")


def test_wrong_records_cost_themselves_or_everything(dataset: Dataset, tmp_path: Path) -> None:
    path = _file(tmp_path, dataset, "coco", _tracks(), "elsewhere")
    document = json.loads(path.read_text())
    document["annotations"][0]["bbox"] = [1000, 1, 5, 5]  # outside
    document["annotations"][1]["category_id"] = 99
    document["categories"].append({"id": 98, "name": "dragon"})
    third = [each for each in document["annotations"] if each["track_id"] == 1][5:]
    document["annotations"].append(third[0] | {"track_id": 2, "category_id": 98})
    path.write_text(json.dumps(document))
    before = _files(dataset)
    with pytest.raises(AnnotationError, match="no category 99"):
        _import(dataset, path, "coco", sequence=FIRST.name, strict=True)
    assert _files(dataset) == before
    report = _import(dataset, path, "coco", sequence=FIRST.name)
    assert report.fault_count == 3
    found = "\n".join(report.faults)
    assert "annotations[1]: no category 99; there are: " in found
    assert "track 2: class 'dragon' is not known" in found
    assert "track 0, frame 0: box 1000,1,5,5 (from 0) is outside the 64x48 frame" in found
    (event, other) = Journal(dataset.journal_path(FIRST)).read()[0].events
    assert event.kind == other.kind == "import"
    assert (event.boxes[0], event.generated[0]) == (None, 1)  # type: ignore[index]
    assert event.boxes[1] is not None
    assert other.boxes[0] is None


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"sequence": "nothing"}, "sequence nothing: not in"),
        ({"recording": "nothing"}, "recording nothing: not in"),
        ({}, "no sequence or recording elsewhere; expected --sequence NAME or --recording NAME"),
        ({"sequence": FIRST.name, "class_name": "dragon"}, "class 'dragon' is not known"),
    ],
)
def test_what_is_not_plain_is_asked(
    dataset: Dataset, tmp_path: Path, wanted: dict[str, str], message: str
) -> None:
    path = _file(tmp_path, dataset, "cvat", _tracks(), "elsewhere")
    with pytest.raises(UsageError, match=message):
        _import(dataset, path, "cvat", **wanted)


def test_objects_without_a_class_need_one(dataset: Dataset, tmp_path: Path) -> None:
    named = replace(_tracks()[0], class_name="object")
    path = _file(tmp_path, dataset, "mot", (named,), "elsewhere")
    with pytest.raises(UsageError, match="see --class"):
        _import(dataset, path, "mot", sequence=FIRST.name)
    report = _import(dataset, path, "mot", sequence=FIRST.name, class_name="bird", generated=True)
    assert report.tracks[0].class_name == "bird"
    (track,) = dataset.read_sequence(FIRST).tracks
    assert track.generated[track.present].all()
