"""Pairs of others in a dataset of ours: both halves arrive, and every command finds them."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made_layouts import made_pair
from tests.made_mix import build
from tirdata.annotate import import_layout as module
from tirdata.annotate.import_layout import LayoutFolder, SequenceReport, import_layout
from tirdata.annotate.import_pair import LEFT_OUT
from tirdata.config import read_json, to_json
from tirdata.dataset.card import Card
from tirdata.dataset.tree import Dataset
from tirdata.dataset.validate import Fault, validate
from tirdata.engine import build_engine
from tirdata.errors import StorageError
from tirdata.files import write_text
from tirdata.geometry import overlap
from tirdata.layouts import LAYOUTS
from tirdata.layouts.export import export, plan_export
from tirdata.layouts.export_manifest import ExportConfig
from tirdata.masks.build import build_masks
from tirdata.masks.check import MasksCheck
from tirdata.masks.loader import MaskedFrames
from tirdata.masks.manifest import MasksConfig
from tirdata.mix.recipe import Recipe
from tirdata.statistics.collect import collect, find
from tirdata.statistics.document import StatsConfig
from tirdata.types import Sequence

SERIAL = build_engine("serial", 1)
NAMES = ("alpha", "beta")


@pytest.fixture
def theirs(tmp_path: Path) -> LayoutFolder:
    """Two pairs of RGBT234, whose visible halves are in colour and have boxes of their own."""
    root = tmp_path / "theirs"
    LAYOUTS["rgbt234"].write((made_pair(6, name, seed) for seed, name in enumerate(NAMES)), root)
    for path in root.rglob("visible/*.jpg"):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        red = np.stack([grey // 4, grey // 2, grey], axis=2)
        path.write_bytes(cv2.imencode(".jpg", red)[1].tobytes())
    return LayoutFolder(root, "rgbt234", class_name="drone")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "ours")


def _go(dataset: Dataset, folder: LayoutFolder) -> tuple[SequenceReport, ...]:
    return import_layout(dataset, folder, SERIAL)


def _files(dataset: Dataset) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in dataset.root.rglob("*.*") if path.is_file()}


def _faults(dataset: Dataset) -> list[str]:
    found: Iterator[Fault] = validate(
        dataset.root, hashes=True, checks=(MasksCheck(pixels=True),)
    )  # fmt: skip
    return [f"{each.path}: {each.message}" for each in found]


def test_both_halves_arrive(dataset: Dataset, theirs: LayoutFolder) -> None:
    reports = _go(dataset, theirs)
    assert [report.error for report in reports] == [None, None]
    for report, sequence in zip(reports, dataset.sequence_ids(), strict=True):
        read = dataset.read_sequence(sequence)
        want = LAYOUTS["rgbt234"].read_one(theirs.root, report.name)
        assert read.visible is not None
        assert want.visible is not None
        for ours, other in zip(read.visible.paths, want.visible.paths, strict=True):  # type: ignore[attr-defined]
            assert ours.read_bytes() == other.read_bytes()  # colours and all
        for ours, other in ((read.tracks, want.tracks), (read.visible_tracks, want.visible_tracks)):
            assert overlap(ours[0].boxes, other[0].boxes).min() > 0.8  # whole pixels
            assert (ours[0].id, ours[0].class_name) == (0, "drone")
        assert not np.array_equal(read.tracks[0].boxes, read.visible_tracks[0].boxes)
        assert dataset.read_card(sequence).warnings == (
            "frame times are assumed: 25 frames a second",
        )
    assert _faults(dataset) == []
    before = _files(dataset)
    assert not any(report.new for report in _go(dataset, theirs))
    assert _files(dataset) == before


def test_the_visible_half_is_a_tree_of_its_own(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    tree = dataset.root / "Visible"
    assert LAYOUTS["ilsvrc"].names(tree) == [each.name for each in dataset.sequence_ids()]
    for each in LAYOUTS["ilsvrc"].read(tree):
        ours = dataset.read_sequence(dataset.find(each.name))
        np.testing.assert_array_equal(each.tracks[0].boxes, ours.visible_tracks[0].boxes)


def test_one_list_of_boxes_is_that_of_both(dataset: Dataset, tmp_path: Path) -> None:
    pair = made_pair(4, "gamma")
    LAYOUTS["rgbt210"].write([_alike(pair)], tmp_path / "one")
    _go(dataset, LayoutFolder(tmp_path / "one", "rgbt210", class_name="drone"))
    (sequence,) = dataset.sequence_ids()
    read = dataset.read_sequence(sequence)
    assert (read.visible is not None, read.visible_tracks) == (True, ())
    assert not (dataset.root / "Visible" / "Annotations").exists()
    assert _faults(dataset) == []


def test_other_kinds_of_pictures_become_jpeg_in_colour(dataset: Dataset, tmp_path: Path) -> None:
    LAYOUTS["gtot"].write([made_pair(4, "delta")], tmp_path / "gtot")
    for path in (tmp_path / "gtot").rglob("v/*.png"):
        blue = np.zeros((48, 64, 3), np.uint8)
        blue[:, :, 0] = 200
        path.write_bytes(cv2.imencode(".png", blue)[1].tobytes())
    _go(dataset, LayoutFolder(tmp_path / "gtot", "gtot", class_name="drone"))
    folder = dataset.visible_dir(dataset.sequence_ids()[0])
    stored = cv2.imread(str(folder / "000002.JPEG"), cv2.IMREAD_COLOR)
    assert stored is not None
    assert abs(int(stored[20, 20, 0]) - 200) < 8
    assert stored[20, 20, 2] < 8


def test_masks_are_of_each_half(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    out = dataset.root / "Masks" / "gtot"
    report = build_masks(dataset.root, "ilsvrc", out, MasksConfig(style="gtot"), SERIAL)
    assert (report.manifest.masks, report.manifest.thermal_only) == (24, 0)
    assert _faults(dataset) == []
    first = MaskedFrames(out)[0]
    assert first.visible[..., 0].mean() > 1.5 * first.visible[..., 2].mean()  # red, as it was
    box = dataset.read_sequence(dataset.sequence_ids()[0]).visible_tracks[0].boxes[0]
    assert first.label.sum() == box[2] * box[3]


def test_pairs_are_exported_again(dataset: Dataset, theirs: LayoutFolder, tmp_path: Path) -> None:
    _go(dataset, theirs)
    plan = plan_export(dataset.root, None, ExportConfig(format="rgbt234"), SERIAL)
    assert "visible" not in plan.lost
    export(plan, tmp_path / "again", SERIAL)
    for before, after in zip(
        LAYOUTS["rgbt234"].read(theirs.root), LAYOUTS["rgbt234"].read(tmp_path / "again"),
        strict=True,
    ):  # fmt: skip
        assert overlap(before.visible_tracks[0].boxes, after.visible_tracks[0].boxes).min() > 0.8
        assert before.visible is not None
        assert after.visible is not None
        np.testing.assert_array_equal(before.visible[3], after.visible[3])


def test_a_mix_of_pairs_and_statistics(
    dataset: Dataset, theirs: LayoutFolder, tmp_path: Path
) -> None:
    _go(dataset, theirs)
    recipe = Recipe(tir=(dataset.root,), task="rgbt")
    counts = build(recipe, tmp_path / "mix").manifest.subsets
    assert sum(each.crops for each in counts.values()) == 12
    assert not build(recipe, tmp_path / "mix").fresh
    path = next(dataset.root.glob("Visible/Annotations/**/000002.xml"))
    path.write_text(path.read_text().replace("<occluded>0", "<occluded>1"))
    assert build(recipe, tmp_path / "mix").fresh  # boxes of the visible half are looked at too
    told = collect(find([dataset.root], None), StatsConfig(), SERIAL)
    assert told.data[0].paired == 2


def test_what_was_taken_in_without_it_gets_it(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    whole = _files(dataset)
    for sequence in dataset.sequence_ids():  # as an older program left it
        card = dataset.read_card(sequence)
        old = card.model_copy(update={"pair": None, "warnings": (*card.warnings, LEFT_OUT)})
        write_text(dataset.card_path(sequence), to_json(old))
    for path in (dataset.root / "Visible").rglob("*.*"):
        path.unlink()
    assert all(report.new for report in _go(dataset, theirs))
    assert _files(dataset) == whole


def test_what_was_stopped_goes_on(
    dataset: Dataset, theirs: LayoutFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(module, "store_visible_boxes", full)
        assert all(report.error == "no room" for report in _go(dataset, theirs))
    assert all(report.error is None for report in _go(dataset, theirs))
    assert _faults(dataset) == []
    assert all(dataset.read_sequence(each).visible_tracks for each in dataset.sequence_ids())


def test_a_visible_half_that_is_wrong_costs_its_sequence(
    dataset: Dataset, theirs: LayoutFolder
) -> None:
    path = next((theirs.root / "alpha" / "visible").glob("*3v.jpg"))
    path.write_bytes(cv2.imencode(".jpg", np.zeros((10, 20, 3), np.uint8))[1].tobytes())
    alpha, beta = _go(dataset, theirs)
    assert alpha.error == "alpha: visible frame 2 is 20x10; expected 64x48, as the first"
    assert beta.error is None
    truth = theirs.root / "alpha" / "visible.txt"
    rows = truth.read_text().splitlines()
    truth.write_text("\n".join(["900,900,5,5", *rows[1:]]))
    (again, _) = _go(dataset, theirs)
    assert str(again.error).startswith("alpha: visible frame 0: box 900,900,5,5 (from 0) is outs")
    assert [*dataset.root.glob("Visible/Data/VID/train/*/*00000000")] == []
    assert _faults(dataset) == []


def test_faults_of_the_visible_half_are_named(dataset: Dataset, theirs: LayoutFolder) -> None:
    _go(dataset, theirs)
    first, second = dataset.sequence_ids()
    frames, boxes = dataset.visible_dir(first), dataset.visible_annotation_dir(first)
    (frames / "000001.JPEG").unlink()
    (frames / "000002.JPEG").write_bytes(b"no picture")
    (boxes / "000003.xml").unlink()
    (boxes / "000004.xml").write_text("<annotation>")
    path = dataset.card_path(second)
    write_text(path, to_json(read_json(path, Card).model_copy(update={"pair": None})))
    (dataset.root / "Visible" / "Data" / "VID" / "train" / "stray").mkdir()
    found = "\n".join(_faults(dataset))
    for part in ("000001.JPEG: no such file", "000002.JPEG: not an image", "000003.xml: no such",
                 "000004.xml: ", "stray: belongs to no sequence",
                 "the card says that there is nothing of the kind"):  # fmt: skip
        assert part in found, part


def _alike(pair: Sequence) -> Sequence:
    return Sequence(pair.name, pair.frames, pair.tracks, pair.visible)
