"""Exports: whole or not there, the same for any number of workers, honest about what is lost."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tirdata.dataset.frames import read_frame, write_lossless
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine import build_engine
from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.export import CLAIM, ExportReport, export, plan_export
from tirdata.layouts.export_manifest import NAME, ExportConfig
from tirdata.layouts.losses import FACTS, kept
from tirdata.layouts.pictures import write_picture
from tirdata.layouts.placing import PlacedFrames
from tirdata.types import Sequence, Track

SERIAL = build_engine("serial", 1)
FRAMES = 7
IDS = (SequenceId("train", 0, 0), SequenceId("train", 1, 0), SequenceId("val", 0, 0))
PAIRS = {"gtot", "gtot-boxes", "rgbt210", "rgbt234", "lasher"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sequences with a drone; the first has a person too, who goes and comes back."""
    dataset = made_dataset(tmp_path_factory.mktemp("export") / "data", IDS, FRAMES)
    boxes = np.array([[10.0 + frame, 10, 8, 6] for frame in range(FRAMES)])
    boxes[3:5] = np.nan
    frames = np.arange(FRAMES)
    person = Track(3, "person", boxes, frames % 3 > 0, frames == 6)
    drone = dataset.read_sequence(IDS[0]).tracks
    dataset.write_tracks(IDS[0], [*drone, person])
    return dataset.root


@pytest.fixture
def dataset(template: Path, tmp_path: Path) -> Dataset:
    shutil.copytree(template, tmp_path / "data")
    return Dataset.open(tmp_path / "data")


def _export(
    dataset: Dataset, out: Path, name: str, *, workers: int = 1, **given: object
) -> ExportReport:
    engine = build_engine("local", workers)
    settings = ExportConfig.model_validate({"format": name, **given})
    return export(plan_export(dataset.root, None, settings, engine), out, engine)


def _files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - PAIRS))
def test_every_layout_can_be_written_and_read(dataset: Dataset, tmp_path: Path, name: str) -> None:
    report = _export(dataset, tmp_path / "out", name)
    layout = open_layout(tmp_path / "out", name)
    read = {each.name: each for each in layout.read(tmp_path / "out")}
    assert sum(len(each.tracks) for each in read.values()) == 4
    for sequence in IDS[1:]:
        mine, theirs = dataset.read_sequence(sequence), read[sequence.name]
        np.testing.assert_array_equal(mine.tracks[0].boxes, theirs.tracks[0].boxes)
        for index in (0, FRAMES - 1):
            path = theirs.frames.paths[index]  # type: ignore[attr-defined]
            assert path.read_bytes() == mine.frames.paths[index].read_bytes()  # type: ignore[attr-defined]
    assert report.manifest.files == len(_files(tmp_path / "out")) - 1
    assert {each.name for each in tmp_path.iterdir()} == {"data", "out"}


def test_workers_change_nothing(dataset: Dataset, tmp_path: Path) -> None:
    _export(dataset, tmp_path / "one", "coco")
    _export(dataset, tmp_path / "two", "coco", workers=2)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_a_second_time_nothing_is_done_and_changes_are_followed(
    dataset: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert _export(dataset, out, "mot").changed
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert not _export(dataset, out, "mot").changed
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    dataset.write_tracks(IDS[1], ())
    report = _export(dataset, out, "mot")
    assert report.changed
    assert [each.tracks for each in report.manifest.sequences] == [2, 0, 1]
    assert not any(line for line in (out / IDS[1].name / "gt" / "gt.txt").read_text())


@pytest.mark.parametrize("name", ["mot", "coco", "got10k"])
@pytest.mark.parametrize("after", [0, 9])
def test_what_was_stopped_goes_on_to_the_same(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    whole, left = write_picture, [after]

    def stop(*args: object, **named: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        whole(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("tirdata.layouts.placing.write_picture", stop)
    with pytest.raises(KeyboardInterrupt):
        _export(dataset, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()
    (tmp_path / ".out.part" / ".part-0.jpg").write_bytes(b"torn")
    monkeypatch.setattr("tirdata.layouts.placing.write_picture", whole)
    _export(dataset, tmp_path / "out", name)
    _export(dataset, tmp_path / "straight", name)
    assert _files(tmp_path / "out") == _files(tmp_path / "straight")
    assert not [*tmp_path.glob(".*")]


def test_what_was_begun_with_other_settings_begins_anew(dataset: Dataset, tmp_path: Path) -> None:
    part = tmp_path / ".out.part"
    part.mkdir()
    (part / CLAIM).write_text('{"inputs": "old"}')
    (part / "stale.txt").write_text("old")
    _export(dataset, tmp_path / "out", "mot")
    assert not (tmp_path / "out" / "stale.txt").exists()


def test_stopped_while_it_is_moved_is_done_anew(dataset: Dataset, tmp_path: Path) -> None:
    _export(dataset, tmp_path / "out", "mot")
    (tmp_path / "out").rename(tmp_path / ".out.part")
    assert _export(dataset, tmp_path / "out", "mot").changed


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda out: (out / "x").write_text("mine"), "is there and is no export of ours"),
        (lambda out: (out / NAME).write_text("{}"), "choose another --out"),
    ],
)
def test_what_is_not_ours_is_never_written_over(
    dataset: Dataset, tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    make(out)
    before = _files(out)
    with pytest.raises(UsageError, match=message):
        _export(dataset, out, "mot")
    assert _files(out) == before


def test_an_export_to_which_something_was_added_stays(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export(dataset, out, "mot")
    (out / "results.txt").write_text("mine")
    with pytest.raises(UsageError, match="something was added or removed since"):
        _export(dataset, out, "coco")
    assert (out / "results.txt").exists()


def test_a_folder_beside_that_is_not_ours_stays(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / ".out.part").mkdir()
    with pytest.raises(UsageError, match="is not ours; remove it"):
        _export(dataset, tmp_path / "out", "mot")


def test_it_never_goes_into_the_dataset(dataset: Dataset, tmp_path: Path) -> None:
    for out in (dataset.root, dataset.root / "out", tmp_path):
        with pytest.raises(UsageError, match="choose a folder apart"):
            _export(dataset, out, "mot")


def test_links_are_links_and_no_frames_are_none(dataset: Dataset, tmp_path: Path) -> None:
    linked = _export(dataset, tmp_path / "linked", "mot", frames="link").manifest
    copied = _export(dataset, tmp_path / "copied", "mot").manifest
    frame = tmp_path / "linked" / IDS[0].name / "img1" / "000001.jpg"
    assert frame.stat().st_ino == (dataset.frame_dir(IDS[0]) / "000000.JPEG").stat().st_ino
    assert (linked.bytes, linked.files) == (copied.bytes, copied.files)
    assert linked.sequences[0].frames_sha256 is None
    assert copied.sequences[0].frames_sha256 is not None
    bare = _export(dataset, tmp_path / "bare", "mot", frames="none").manifest
    assert not [*(tmp_path / "bare").rglob("*.jpg")]
    assert bare.files == 3 * 3  # seqinfo.ini, gt.txt, labels.txt


def test_a_choice_of_sequences_subset_and_classes(dataset: Dataset, tmp_path: Path) -> None:
    one = _export(dataset, tmp_path / "a", "mot", sequences=("00001000",)).manifest
    assert [each.name for each in one.sequences] == [IDS[1].name]
    val = _export(dataset, tmp_path / "b", "mot", subset="val").manifest
    assert [each.name for each in val.sequences] == [IDS[2].name]
    persons = _export(dataset, tmp_path / "c", "mot", classes=("person",)).manifest
    assert [(each.name, each.tracks) for each in persons.sequences] == [(IDS[0].name, 1)]
    assert [(each.name, each.failed) for each in persons.left_out] == [
        (IDS[1].name, False), (IDS[2].name, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "lasso"}, "no format 'lasso'; there are:"),
        ({"sequences": ("00009000",)}, "sequence 00009000: not in"),
        ({"classes": ("dragon",)}, "class 'dragon' is not known"),
        ({"classes": ("whale",)}, "no track of these classes in 3 sequences"),
        ({"name": "gtot"}, "has no visible half"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    dataset: Dataset, tmp_path: Path, given: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        _export(dataset, tmp_path / "out", **{"name": "mot", **given})  # type: ignore[arg-type]
    assert not [path for path in tmp_path.iterdir() if path.name != "data"]


def test_losses_are_counted_and_stop_a_strict_export(dataset: Dataset, tmp_path: Path) -> None:
    manifest = _export(dataset, tmp_path / "out", "otb").manifest
    generated = sum(
        int((track.generated & track.present).sum())
        for each in IDS
        for track in dataset.read_sequence(each).tracks
    )
    assert manifest.lost == {
        "classes": 4, "occluded": 1, "generated": generated, "confidence": 3,
    }  # fmt: skip
    with pytest.raises(UsageError, match=f"otb cannot say everything: .*{generated} boxes marked"):
        _export(dataset, tmp_path / "strict", "otb", strict=True)
    assert not (tmp_path / "strict").exists()
    assert _export(dataset, tmp_path / "all", "coco", strict=True).manifest.lost == {
        "confidence": 3
    }


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_what_a_layout_keeps_is_known(name: str) -> None:
    assert kept(name) <= {*FACTS, "empty"}
    assert "absence" in kept(name)
    assert ("generated" in kept(name)) == (name in {"ilsvrc", "coco", "cvat"})
    assert ("visible" in kept(name)) == (name in {*PAIRS, "vot"})


def test_a_sequence_that_cannot_be_read_costs_itself(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.annotation_dir(IDS[0]) / "000003.xml").write_text("<broken")
    manifest = _export(dataset, tmp_path / "out", "mot").manifest
    assert [each.name for each in manifest.sequences] == [each.name for each in IDS[1:]]
    (left,) = manifest.left_out
    assert left.failed
    assert "000003.xml:1: not XML" in left.why
    with pytest.raises(DataError, match=r"000003\.xml"):
        _export(dataset, tmp_path / "strict", "mot", strict=True)


def test_frames_that_are_no_jpeg_are_encoded_and_counted(tmp_path: Path) -> None:
    LAYOUTS["otb"].write([made_sequence(3, size=(64, 48), name="one")], tmp_path / "theirs")
    path = tmp_path / "theirs" / "one" / "img" / "0002.jpg"
    write_lossless(path.with_suffix(".png"), read_frame(path))
    path.unlink()
    settings = ExportConfig(format="got10k")
    plan = plan_export(tmp_path / "theirs", None, settings, SERIAL)
    manifest = export(plan, tmp_path / "out", SERIAL).manifest
    assert (manifest.layout, manifest.sequences[0].encoded) == ("otb", 1)
    assert len([*(tmp_path / "out" / "one").glob("*.jpg")]) == 3


def test_a_pair_keeps_its_halves(tmp_path: Path) -> None:
    made = made_sequence(3, size=(64, 48), name="pair")
    track = Track(0, "object", made.tracks[0].boxes.round(), np.zeros(3, bool), np.zeros(3, bool))
    pair = Sequence("pair", made.frames, (track,), made.frames, (track,))
    LAYOUTS["gtot"].write([pair], tmp_path / "theirs")
    plan = plan_export(tmp_path / "theirs", "gtot", ExportConfig(format="rgbt234"), SERIAL)
    assert "visible" not in plan.lost
    export(plan, tmp_path / "out", SERIAL)
    read = LAYOUTS["rgbt234"].read_one(tmp_path / "out", "pair")
    assert read.visible is not None
    assert len(read.visible) == 3
    assert plan_export(tmp_path / "theirs", "gtot", ExportConfig(format="otb"), SERIAL).lost[
        "visible"
    ] == 1  # fmt: skip


def test_names_that_lead_out_are_refused(tmp_path: Path) -> None:
    LAYOUTS["coco"].write([made_sequence(2, size=(64, 48), name="a")], tmp_path / "theirs")
    path = tmp_path / "theirs" / "annotations" / "instances.json"
    document = json.loads(path.read_text())
    document["videos"][0]["name"] = "../../a"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="leads out of a folder"):
        plan_export(tmp_path / "theirs", "coco", ExportConfig(format="mot"), SERIAL)


def test_names_that_are_paths_become_folders(tmp_path: Path) -> None:
    name = "train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000"
    LAYOUTS["coco"].write([made_sequence(2, size=(64, 48), name=name)], tmp_path / "theirs")
    for layout, made in (("mot", name.replace("/", "_")), ("ilsvrc", Path(name).name)):
        plan = plan_export(tmp_path / "theirs", "coco", ExportConfig(format=layout), SERIAL)
        assert [each.written for each in plan.sequences] == [made]
        export(plan, tmp_path / layout, SERIAL)
        assert [each.name for each in LAYOUTS[layout].read(tmp_path / layout)] == [made]
    both = [made_sequence(2, size=(64, 48), name=each) for each in ("a/b", "a_b")]
    LAYOUTS["coco"].write(both, tmp_path / "both")
    with pytest.raises(UsageError, match="a_b: would be a_b, as a/b is"):
        plan_export(tmp_path / "both", "coco", ExportConfig(format="mot"), SERIAL)


def test_boxes_that_vid_cannot_say_cost_their_sequence(tmp_path: Path) -> None:
    names = ("ILSVRC2015_val_00000000", "ILSVRC2015_val_00001000", "friendly")
    made = [made_sequence(2, size=(64, 48), name=name) for name in names]
    made[1].tracks[0].boxes[1, 0] = 500
    LAYOUTS["coco"].write(made, tmp_path / "theirs")
    plan = plan_export(tmp_path / "theirs", "coco", ExportConfig(format="ilsvrc"), SERIAL)
    assert [each.name for each in plan.sequences] == [names[0]]
    whys = [each.why for each in plan.left_out]
    assert "track 0, frame 1: box 500," in whys[0]
    assert "friendly: not a sequence name" in whys[1]
    assert "import it into a dataset to have it named" in whys[1]


def test_the_rate_of_a_dataset_is_said(dataset: Dataset, tmp_path: Path) -> None:
    card = dataset.read_card(IDS[1])
    slow = card.model_copy(update={"times_s": tuple(frame / 9 for frame in range(FRAMES))})
    dataset.add_sequence(IDS[1], slow)
    _export(dataset, tmp_path / "out", "mot")
    assert "frameRate=9\n" in (tmp_path / "out" / IDS[1].name / "seqinfo.ini").read_text()


def test_classes_of_the_dataset_itself_have_their_wnid(dataset: Dataset, tmp_path: Path) -> None:
    toml = dataset.root / "tirdata.toml"
    toml.write_text(toml.read_text() + '\n[classes]\nquadcopter = "n09999999"\n')
    dataset = Dataset.open(dataset.root)
    (track,) = dataset.read_sequence(IDS[1]).tracks
    quadcopter = Track(0, "quadcopter", track.boxes, track.generated, track.occluded)
    dataset.write_tracks(IDS[1], [quadcopter])
    _export(dataset, tmp_path / "out", "ilsvrc", sequences=(IDS[1].name,))
    text = next((tmp_path / "out" / "Annotations").rglob("000000.xml")).read_text()
    assert "<name>n09999999</name>" in text


def test_ids_stay_below_the_limit_of_vid(dataset: Dataset, tmp_path: Path) -> None:
    (track,) = dataset.read_sequence(IDS[1]).tracks
    many = [Track(n, "bird", track.boxes, track.generated, track.occluded) for n in (3, 70)]
    dataset.write_tracks(IDS[1], many)
    manifest = _export(dataset, tmp_path / "out", "ilsvrc").manifest
    assert [each.renumbered for each in manifest.sequences] == [False, True, False]
    crowd = [Track(n, "bird", track.boxes, track.generated, track.occluded) for n in range(51)]
    dataset.write_tracks(IDS[1], crowd)
    (left,) = _export(dataset, tmp_path / "out", "ilsvrc").manifest.left_out
    assert "51 tracks; expected at most 50" in left.why


def test_two_exports_to_one_place_do_not_meet(dataset: Dataset, tmp_path: Path) -> None:
    from tirdata.layouts.export import _claimed

    with (
        _claimed(tmp_path / ".out.part", "other"),
        pytest.raises(DataError, match="another process exports there"),
    ):
        _export(dataset, tmp_path / "out", "mot")


def test_placed_frames_are_frames() -> None:
    made = made_sequence(3, size=(64, 48))
    frames = PlacedFrames(made.frames)
    assert len(frames) == 3
    assert frames[1] is made.frames[1]


def test_the_table_in_the_documents_is_what_is_kept() -> None:
    text = (ROOT / "docs" / "formats" / "annotations.md").read_text(encoding="utf-8")
    table = text.partition("## What export keeps")[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table if "|" in line]
    columns = rows[0][1:]
    said = {row[0].strip("`"): {name for name, cell in zip(columns, row[1:], strict=True)
                                if cell == "yes"} for row in rows[2:]}  # fmt: skip
    assert said == {name: set(kept(name)) for name in LAYOUTS}
