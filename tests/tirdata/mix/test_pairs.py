"""Pairs of frames with masks: both halves, both boxes, and a label that no polarity turns round."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_mix import build
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.mix.pair_reader import PairReader
from tirdata.mix.recipe import Recipe
from tirdata.mix.shards import tar_members
from tirdata.types import Sequence


def pair(seed: int, count: int = 4) -> Sequence:
    """A thermal sequence and a visible half whose boxes lie three pixels to the right."""
    made = made_sequence(count, seed=seed, name=f"pair{seed}")
    boxes = made.tracks[0].boxes + np.array([3.0, 0, 0, 0])
    visible = [255 - made.frames[index] for index in range(count)]
    return replace(made, visible=visible, visible_tracks=(replace(made.tracks[0], boxes=boxes),))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pairs") / "rgbt"
    LAYOUTS["rgbt234"].write([pair(1), pair(2), pair(3)], root)
    return root


def colour_set(root: Path) -> Path:
    """Two sequences in visible light alone, in colour, as OTB has them."""
    LAYOUTS["otb"].write([replace(made_sequence(3, seed=n), name=f"seen{n}") for n in (5, 6)], root)
    for path in root.rglob("*.jpg"):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        cv2.imwrite(str(path), np.dstack([grey, grey // 2, 255 - grey]))
    return root


def rgbt(**values: object) -> Recipe:
    return Recipe.model_validate({"task": "rgbt", **values})


def all_pairs(out: Path) -> list[tuple[PairReader, int, int]]:
    readers = [PairReader(out, subset) for subset in ("train", "val")]
    return [
        (reader, number, index)
        for reader in readers
        for number, entry in enumerate(reader.entries)
        for index in range(len(entry.sample.frames))
    ]


@pytest.mark.parametrize("polarity", ["target-white", "target-black"])
def test_labels_are_the_visible_boxes_whatever_the_polarity(
    pairs: Path, tmp_path: Path, polarity: str
) -> None:
    manifest = build(rgbt(tir=(pairs,), mask_polarity=polarity), tmp_path / "mix").manifest
    assert manifest.recipe.mask_polarity == polarity
    assert sum(counts.crops for counts in manifest.subsets.values()) == 12
    found = all_pairs(tmp_path / "mix")
    assert len(found) == 12
    for reader, number, index in found:
        entry = reader.entries[number]
        made = reader.pair(entry, index)
        x, y, w, h = made.visible_box
        rows, columns = np.nonzero(made.label)
        assert (columns.min(), rows.min()) == (np.floor(x), np.floor(y))
        assert (columns.max() + 1, rows.max() + 1) == (np.ceil(x + w), np.ceil(y + h))
        assert made.visible_box.x - made.thermal_box.x == pytest.approx(3, abs=0.01)
        assert made.visible.shape == made.thermal.shape == (128, 160, 3)
        warm = made.thermal[int(y) + 2 : int(y + h) - 2, int(x) : int(x + w) - 4]
        assert warm.mean() > made.thermal.mean() + 60
        visible, thermal = reader.target(entry)
        assert visible.shape[:2] == pytest.approx((h, w), abs=5)
        assert thermal.mean() > visible.mean()


def test_frames_that_are_jpeg_go_in_as_they_are(pairs: Path, tmp_path: Path) -> None:
    build(rgbt(tir=(pairs,)), tmp_path / "mix")
    frames = {path.read_bytes() for path in pairs.rglob("*.jpg")}
    stored = set()
    for shard in (tmp_path / "mix").rglob("*.tar"):
        with tarfile.open(shard) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                if member.name.endswith(".jpg") and "target" not in member.name:
                    stored.add(file.read())
    assert stored == frames


def test_the_files_of_a_sample_group_under_its_key(pairs: Path, tmp_path: Path) -> None:
    build(rgbt(tir=(pairs,), tracklet=2, val_share=0), tmp_path / "mix")
    reader = PairReader(tmp_path / "mix", "train")
    entry = reader.entries[0]
    with tarfile.open(tmp_path / "mix" / "train" / entry.shard) as tar:
        names = [name for name in tar.getnames() if name.startswith(f"{entry.sample.key}.")]
    first, second = (f"{frame:06d}" for frame in entry.sample.frames)
    assert [name.partition(".")[2] for name in names] == [
        "json", "target.visible.jpg", "target.thermal.jpg",
        f"{first}.visible.jpg", f"{first}.thermal.jpg", f"{first}.mask.png",
        f"{second}.visible.jpg", f"{second}.thermal.jpg", f"{second}.mask.png",
    ]  # fmt: skip


@pytest.mark.parametrize("substitute", ["rgb", "gray"])
def test_visible_light_alone_gets_a_thermal_substitute(tmp_path: Path, substitute: str) -> None:
    root = colour_set(tmp_path / "seen")
    build(rgbt(vid=(root,), thermal_substitute=substitute), tmp_path / "mix")
    for reader, number, index in all_pairs(tmp_path / "mix"):
        entry = reader.entries[number]
        made = reader.pair(entry, index)
        assert entry.sample.substitute == substitute
        assert made.visible_box == made.thermal_box
        spread = np.ptp(made.thermal.astype(int), axis=2).mean()
        assert (spread > 20) == (substitute == "rgb")
        assert np.ptp(made.visible.astype(int), axis=2).mean() > 20


def test_stored_size_scales_boxes_and_masks(pairs: Path, tmp_path: Path) -> None:
    build(rgbt(tir=(pairs,), frame_size="64x40"), tmp_path / "mix")
    for reader, number, index in all_pairs(tmp_path / "mix"):
        made = reader.pair(reader.entries[number], index)
        assert made.visible.shape == (64, 40, 3)
        assert made.label.shape == (64, 40)
        _, _, w, h = made.visible_box
        assert made.label.sum() == pytest.approx((w + 1) * (h + 1), rel=0.35)


def test_thermal_data_without_a_visible_half_is_left_out_with_a_count(
    pairs: Path, tmp_path: Path
) -> None:
    LAYOUTS["otb"].write([replace(made_sequence(3), name="alone")], tmp_path / "tir")
    manifest = build(rgbt(tir=(pairs, tmp_path / "tir")), tmp_path / "mix").manifest
    assert manifest.left_out == {"no visible half": 1}
    assert manifest.failed == ()


def test_halves_of_different_length_are_named(pairs: Path, tmp_path: Path) -> None:
    LAYOUTS["rgbt234"].write([pair(1), pair(2)], tmp_path / "odd")
    sorted((tmp_path / "odd" / "pair1" / "visible").iterdir())[-1].unlink()
    manifest = build(rgbt(tir=(tmp_path / "odd",)), tmp_path / "mix").manifest
    assert [each.name for each in manifest.failed] == ["pair1"]
    assert "3 frames; expected 4" in manifest.failed[0].message


def test_a_sample_of_the_other_polarity_is_found_out(pairs: Path, tmp_path: Path) -> None:
    build(rgbt(tir=(pairs,), val_share=0), tmp_path / "mix")
    index = tmp_path / "mix" / "train" / "index.jsonl"
    index.write_text(index.read_text().replace("target-white", "target-black"))
    with pytest.raises(DataError, match="wrong polarity"):
        PairReader(tmp_path / "mix", "train")


def test_the_same_bytes_from_two_workers_and_nothing_to_do_after(
    pairs: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    build(rgbt(tir=(pairs,)), one)
    build(rgbt(tir=(pairs,)), two, workers=2)
    for path in sorted(one.rglob("*.*")):
        if path.is_file() and not path.name.startswith("."):
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()
    assert not build(rgbt(tir=(pairs,)), one).fresh


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its files to the collector
def test_webdataset_reads_pairs(pairs: Path, tmp_path: Path) -> None:
    web = pytest.importorskip("webdataset", reason="the webdataset package is not installed")
    build(rgbt(tir=(pairs,), val_share=0), tmp_path / "mix")
    shard = str(next((tmp_path / "mix").rglob("*.tar")))
    groups = list(web.WebDataset(shard, shardshuffle=False, empty_check=False))
    assert len(groups) == 3
    assert len([name for name in groups[0] if name.endswith("mask.png")]) == 4


def test_real_pairs(shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "research-only" / "rgbt"
    if not root.is_dir():
        pytest.skip("no real pairs at hand")
    manifest = build(rgbt(tir=(root,), stride=40), tmp_path / "mix").manifest
    assert manifest.failed == ()
    assert sum(counts.sequences for counts in manifest.subsets.values()) == 3
    for reader, number, index in all_pairs(tmp_path / "mix")[::3]:
        made = reader.pair(reader.entries[number], index)
        assert made.label.shape == made.visible.shape[:2]
        assert 0 < made.label.mean() < 0.2


def test_names_of_files_fit_a_tar(pairs: Path, tmp_path: Path) -> None:
    root = tmp_path / "long"
    LAYOUTS["rgbt234"].write([replace(pair(1), name="n" * 150)], root)
    build(rgbt(tir=(root,)), tmp_path / "mix")
    entry = PairReader(tmp_path / "mix", "train").entries[0]
    blocks, _ = tar_members(entry.sample, [("000000.visible.jpg", b"x")])
    with tarfile.open(fileobj=io.BytesIO(blocks + bytes(1024))) as tar:
        assert len(tar.getnames()) == 2
