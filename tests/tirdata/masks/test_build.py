"""Masks of a whole data set: complete, resumable, the same bytes."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_dataset import made_dataset
from tirdata.config import read_json
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine import build_engine
from tirdata.errors import DataError, PartlyDoneError, UsageError
from tirdata.files import write_bytes
from tirdata.layouts import LAYOUTS
from tirdata.masks import build as module
from tirdata.masks.build import MasksReport, build_masks, plan
from tirdata.masks.manifest import MasksConfig, MasksManifest, SequenceMasks, read_mask
from tirdata.masks.styles import annotated, gtot, lasot
from tirdata.types import Sequence

IDS = [SequenceId("train", 0, 0), SequenceId("train", 1, 0), SequenceId("val", 0, 0)]
COUNT = 6


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", IDS, COUNT)


def build(dataset: Dataset, workers: int = 1, **settings: object) -> MasksReport:
    config = MasksConfig.model_validate({"style": "lasot", **settings})
    engine = build_engine("local", workers)
    return build_masks(dataset.root, "ilsvrc", out(dataset), config, engine)


def out(dataset: Dataset) -> Path:
    return dataset.root / "Masks" / "lasot"


def files(dataset: Dataset) -> dict[str, bytes]:
    return {
        path.relative_to(out(dataset)).as_posix(): path.read_bytes()
        for path in sorted(out(dataset).rglob("*.*"))
    }


def test_a_mask_for_every_frame_with_a_box_where_the_tree_has_them(dataset: Dataset) -> None:
    report = build(dataset)
    assert report.manifest.masks == len(IDS) * COUNT
    for sequence in IDS:
        names = sorted(path.name for path in dataset.masks_dir("lasot", sequence).glob("*.png"))
        assert names == [f"{number:08d}.png" for number in range(1, COUNT + 1)]


def test_manifest_counts_and_hashes_are_those_of_the_files(dataset: Dataset) -> None:
    build(dataset)
    manifest = read_json(out(dataset) / "manifest.json", MasksManifest)
    assert manifest.frames == manifest.masks == len(list(out(dataset).rglob("*.png")))
    for summary in manifest.sequences:
        path = out(dataset) / summary.folder / "masks.json"
        assert summary.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        for mask in read_json(path, SequenceMasks).masks:
            data = (path.parent / mask.file).read_bytes()
            assert mask.sha256 == hashlib.sha256(data).hexdigest()


def test_second_call_does_nothing(dataset: Dataset) -> None:
    assert build(dataset).fresh == len(IDS)
    before = files(dataset)
    assert build(dataset).fresh == 0
    assert files(dataset) == before


def test_only_what_changed_is_built_again(dataset: Dataset) -> None:
    build(dataset)
    track = dataset.read_tracks(IDS[1], COUNT)[0]
    boxes = track.boxes.copy()
    boxes[3:] = np.nan
    dataset.write_tracks(IDS[1], (replace(track, boxes=boxes),))
    report = build(dataset)
    assert (report.fresh, report.manifest.skipped) == (1, 3)
    assert len(list(dataset.masks_dir("lasot", IDS[1]).glob("*.png"))) == 3


def test_mask_that_was_deleted_is_built_again(dataset: Dataset) -> None:
    build(dataset)
    before = files(dataset)
    next(dataset.masks_dir("lasot", IDS[0]).glob("*.png")).unlink()
    assert build(dataset).fresh == 1
    assert files(dataset) == before


class Killed(BaseException):
    """What a test raises to end the work where a signal would."""


def test_killed_call_goes_on_and_ends_in_the_same_bytes(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(dataset)
    whole = files(dataset)
    for path in sorted(out(dataset).rglob("*.*")):
        path.unlink()
    write, left = write_bytes, [COUNT + 2]

    def killed(path: Path, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_bytes", killed)
        with pytest.raises(Killed):
            build(dataset)
    assert not (out(dataset) / "manifest.json").exists()
    assert build(dataset).fresh == len(IDS) - 1
    assert files(dataset) == whole


def test_a_strangers_picture_is_neither_written_over_nor_removed(dataset: Dataset) -> None:
    folder = dataset.masks_dir("lasot", IDS[0])
    folder.mkdir(parents=True)
    beside, in_the_way = folder / "frame.png", folder / "00000002.png"
    beside.write_bytes(b"beside")
    build(dataset)
    build(dataset, resize=(32, 24))
    assert beside.read_bytes() == b"beside"

    for path in out(dataset).rglob("*.*"):
        path.unlink()
    in_the_way.write_bytes(b"in the way")
    with pytest.raises(PartlyDoneError, match=r"00000002\.png: is there and was not made"):
        build(dataset)
    assert [path.name for path in folder.iterdir()] == ["00000002.png"]
    assert in_the_way.read_bytes() == b"in the way"


def test_masks_that_are_wanted_no_more_go(dataset: Dataset) -> None:
    build(dataset)
    build(dataset, limit=len(IDS))
    assert len(list(out(dataset).rglob("*.png"))) == len(IDS)
    assert not list(out(dataset).rglob("masks.part"))


def test_workers_give_the_same_bytes(dataset: Dataset) -> None:
    build(dataset)
    one = files(dataset)
    for path in sorted(out(dataset).rglob("*.*")):
        path.unlink()
    build(dataset, workers=2)
    assert files(dataset) == one


def test_limit_is_exact_and_the_same_for_the_same_seed(dataset: Dataset) -> None:
    assert build(dataset, limit=7, seed=1).manifest.masks == 7
    first = set(files(dataset))
    assert build(dataset, limit=7, seed=2).manifest.masks == 7
    assert set(files(dataset)) != first
    build(dataset, limit=7, seed=1)
    assert set(files(dataset)) == first


def test_resized_masks_have_that_size(dataset: Dataset) -> None:
    manifest = build(dataset, resize=(32, 24)).manifest
    mask = read_mask(next(out(dataset).rglob("*.png")), manifest)
    assert mask.shape == (24, 32)


def test_human_only_leaves_out_machine_boxes(dataset: Dataset) -> None:
    assert build(dataset, human_only=True).manifest.masks == len(IDS)


def test_wrong_polarity_is_noticed(dataset: Dataset) -> None:
    manifest = build(dataset, polarity="target-black").manifest
    path = next(out(dataset).rglob("*.png"))
    said = manifest.model_copy(
        update={"settings": manifest.settings.model_copy(update={"polarity": "target-white"})}
    )
    assert read_mask(path, manifest).mean() < 0.1
    with pytest.raises(DataError, match="built with the other one"):
        read_mask(path, said)


def test_broken_sequence_leaves_the_others_and_no_manifest(dataset: Dataset) -> None:
    (dataset.annotation_dir(IDS[1]) / "000002.xml").write_text("<annotation>")
    with pytest.raises(PartlyDoneError, match=r"1 of 3 sequences failed.*000002\.xml"):
        build(dataset)
    assert not (out(dataset) / "manifest.json").exists()
    assert len(list(out(dataset).rglob("*.png"))) == 2 * COUNT


def test_unknown_style_and_empty_data_are_said(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="no style 'davis'; there are: lasot, gtot"):
        build(dataset, style="davis")
    for sequence in IDS:
        dataset.write_tracks(sequence, ())
    with pytest.raises(UsageError, match="no frame has a box"):
        build(dataset)


def test_plan_names_folders_as_the_layout_does(tmp_path: Path) -> None:
    LAYOUTS["otb"].write([made_sequence(2, name="Car")], tmp_path / "otb")
    config, engine = MasksConfig(style="lasot"), build_engine("serial", 1)
    (job,) = plan(tmp_path / "otb", "otb", tmp_path / "out", config, engine)
    assert job.folder == tmp_path / "out" / "Car"


def pair() -> Sequence:
    """Thermal and visible halves of different size, labelled apart."""
    thermal, visible = made_sequence(4), made_sequence(4, size=(200, 150), seed=1)
    absent = visible.tracks[0].boxes.copy()
    absent[1] = np.nan
    track = replace(visible.tracks[0], boxes=absent)
    return Sequence("pair", thermal.frames, thermal.tracks, visible.frames, (track,))


def test_gtot_draws_each_half_from_its_own_boxes() -> None:
    visible, infrared = gtot(pair())
    assert (visible.modality, visible.pattern.format(number=7)) == ("visible", "v/00007v.png")
    assert (infrared.modality, infrared.pattern.format(number=7)) == ("thermal", "i/00007i.png")
    assert visible.frames[0].shape == (150, 200)
    assert visible.tracks != infrared.tracks
    assert annotated((visible, infrared), human_only=False, skip_occluded=False).all()


def test_gtot_without_visible_light_is_thermal_only() -> None:
    (plane,) = gtot(made_sequence(4))
    assert plane.modality == "thermal"


def test_visible_half_without_boxes_of_its_own_takes_the_thermal_ones() -> None:
    visible, infrared = gtot(replace(pair(), visible_tracks=()))
    assert visible.tracks == infrared.tracks


def test_occluded_frames_are_left_out_on_request() -> None:
    made = made_sequence(4)
    hidden = replace(made.tracks[0], occluded=np.array([False, True, False, False]))
    planes = lasot(replace(made, tracks=(hidden,)))
    assert annotated(planes, human_only=False, skip_occluded=True).tolist() == [
        True,
        False,
        True,
        True,
    ]
    assert annotated(planes, human_only=False, skip_occluded=False).all()
