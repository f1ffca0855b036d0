"""Masks in a dataset: each planted fault is found, by name."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.engine import build_engine
from tirdata.masks.build import build_masks
from tirdata.masks.check import MasksCheck, style_faults
from tirdata.masks.manifest import MasksConfig
from tirdata.masks.rectangle import encode

IDS = [SequenceId("train", 0, 0), SequenceId("val", 0, 0)]
BELOW = "Masks/lasot/val/ILSVRC2015_val_00000000"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = made_dataset(tmp_path_factory.mktemp("whole") / "data", IDS, 4).root
    for style in ("lasot", "gtot"):
        config = MasksConfig(style=style, polarity="target-black")
        out = root / "Masks" / style
        build_masks(root, "ilsvrc", out, config, build_engine("serial", 1))
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "data")


def found(root: Path, *, pixels: bool = True) -> list[tuple[str, str]]:
    faults = [
        *validate(root, frames=pixels, checks=(MasksCheck(pixels=pixels),)),
        *style_faults(Dataset.open(root)),
    ]
    return [(fault.path.relative_to(root).as_posix(), fault.message) for fault in faults]


def put(name: str, data: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / BELOW / name).parent.mkdir(parents=True, exist_ok=True)
        (root / BELOW / name).write_bytes(data)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / BELOW / name).unlink()


def forge(root: Path) -> None:
    """A mask of the other polarity, with a hash that fits it."""
    import hashlib

    folder = root / BELOW
    path, listing = folder / "00000002.png", folder / "masks.json"
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    old, new = path.read_bytes(), encode((255 - mask).astype(np.uint8))
    path.write_bytes(new)
    text = listing.read_text()
    digests = [hashlib.sha256(data).hexdigest() for data in (old, new)]
    was = hashlib.sha256(text.encode()).hexdigest()
    text = text.replace(digests[0], digests[1])
    listing.write_text(text)
    manifest = root / "Masks" / "lasot" / "manifest.json"
    now = hashlib.sha256(text.encode()).hexdigest()
    manifest.write_text(manifest.read_text().replace(was, now))


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "missing": (remove("00000001.png"), f"{BELOW}/00000001.png", "no such file"),
    "changed": (
        put("00000001.png", encode(np.zeros((48, 64), np.uint8))), f"{BELOW}/00000001.png",
        "has other bytes than when it was made",
    ),
    "no listing": (remove("masks.json"), f"{BELOW}/masks.json", "no such file"),
    "listing": (put("masks.json", b"{}"), f"{BELOW}/masks.json", "Field required"),
    "stray": (put("00000009.png", b""), f"{BELOW}/00000009.png", "is none of the 4 masks"),
    "polarity": (forge, f"{BELOW}/00000002.png", "wrong polarity?"),
    "style": (put("../../../other/a", b""), "Masks/other", "is no style of masks"),
    "no manifest": (
        remove("../../manifest.json"), "Masks/lasot/manifest.json", "no such file: a stopped"
    ),
    "manifest": (put("../../manifest.json", b"["), "Masks/lasot/manifest.json", "Invalid JSON"),
}  # fmt: skip


def test_whole_masks_have_no_fault(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize(("plant", "path", "message"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_named(
    root: Path, plant: Callable[[Path], None], path: str, message: str
) -> None:
    plant(root)
    faults = found(root)
    assert any(where == path and message in what for where, what in faults), faults
    assert all("\n" not in what for _, what in faults)
    assert len(faults) <= 2


def test_masks_of_other_boxes_than_those_now_are_named(root: Path) -> None:
    dataset = Dataset.open(root)
    track = dataset.read_tracks(IDS[1], 4)[0]
    boxes = track.boxes.copy()
    boxes[2, 0] += 3
    dataset.write_tracks(IDS[1], (replace(track, boxes=boxes),))
    assert found(root) == [
        (f"{BELOW}/masks.json",
         "masks are of other boxes or settings than those now; run tirdata masks again"),
        (f"{BELOW.replace('lasot', 'gtot')}/masks.json",
         "masks are of other boxes or settings than those now; run tirdata masks again"),
    ]  # fmt: skip


def test_without_pixels_the_hashes_are_still_compared(root: Path) -> None:
    put("00000001.png", b"")(root)
    assert [where for where, _ in found(root, pixels=False)] == [f"{BELOW}/00000001.png"]
