"""The paper's training frames: 44,660 of LaSOT, and pairs as GTOT has them."""

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from tirdata.config import read_json
from tirdata.engine import build_engine
from tirdata.engine.base import Engine
from tirdata.layouts import open_layout
from tirdata.masks.build import build_masks, plan
from tirdata.masks.loader import MaskedFrames
from tirdata.masks.manifest import MasksConfig, SequenceMasks

LENGTH = 60
HIDDEN, OUTSIDE, EMPTY = range(8), range(8, 12), (12, 13)  # 46 frames are left
SIZE = (16, 12)


def made_lasot(root: Path, sequences: int) -> Path:
    """LaSOT's training tree by its rules; every frame is one file, linked."""
    root.mkdir()
    tiny = root / "tiny.jpg"
    cv2.imwrite(str(tiny), np.full((SIZE[1], SIZE[0], 3), (20, 40, 80), np.uint8))
    rows = ["1,1,0,0" if frame in EMPTY else f"{frame % 8 + 1},2,4,3" for frame in range(LENGTH)]
    files = {
        "groundtruth.txt": "\n".join(rows) + "\n",
        "full_occlusion.txt": ",".join(str(int(frame in HIDDEN)) for frame in range(LENGTH)),
        "out_of_view.txt": ",".join(str(int(frame in OUTSIDE)) for frame in range(LENGTH)),
    }
    for number in range(sequences):
        kind = f"kind{number // 16:02d}"
        folder = root / kind / f"{kind}-{number % 16 + 1}"
        (folder / "img").mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        for frame in range(LENGTH):
            os.link(tiny, folder / "img" / f"{frame + 1:08d}.jpg")
        if number % 100 == 99:  # a file has so many links at most
            tiny.unlink()
            cv2.imwrite(str(tiny), np.full((SIZE[1], SIZE[0], 3), (20, 40, 80), np.uint8))
    tiny.unlink()
    return root


def chosen(root: Path, limit: int, seed: int, engine: Engine) -> dict[str, tuple[int, ...]]:
    config = MasksConfig(style="lasot", limit=limit, seed=seed)
    jobs = plan(root, "lasot", root.parent / "masks", config, engine)
    return {job.name: job.frames or () for job in jobs}


def check_rule(frames: dict[str, tuple[int, ...]], limit: int) -> None:
    """What the rule says of any such sample: 40 a sequence, even, less a lot; none without box."""
    assert sum(map(len, frames.values())) == limit
    counts = Counter(map(len, frames.values()))
    assert max(counts) == 40
    assert min(counts) > 34
    without = {*HIDDEN, *OUTSIDE, *EMPTY}
    for each in frames.values():
        assert not without & set(each)
        # Of 46 frames 40 are taken evenly: gaps of one or two, wider where one was drawn out.
        assert np.diff(each).max() <= 2 + 2 * (40 - len(each))


def test_a_tenth_of_the_paper_s_sample_keeps_its_rule(tmp_path: Path) -> None:
    root = made_lasot(tmp_path / "lasot", 112)
    assert open_layout(root).name == "lasot"
    engine = build_engine("serial", 1)
    first = chosen(root, 4_466, 1, engine)
    check_rule(first, 4_466)
    assert chosen(root, 4_466, 1, engine) == first
    assert chosen(root, 4_466, 2, engine) != first


@pytest.mark.slow
def test_the_paper_s_sample_is_44_660_masks_of_1120_sequences(tmp_path: Path) -> None:
    root = made_lasot(tmp_path / "lasot", 1120)
    out = tmp_path / "masks"
    config = MasksConfig(style="lasot", limit=44_660, seed=1, thermal_substitute="gray")
    manifest = build_masks(root, "lasot", out, config, build_engine("local", 2)).manifest
    assert (manifest.masks, manifest.frames, len(manifest.sequences)) == (44_660, 44_660, 1120)
    assert sum(1 for _ in out.rglob("*.png")) == 44_660
    frames = {
        each.name: tuple(
            mask.frame for mask in read_json(out / each.folder / "masks.json", SequenceMasks).masks
        )
        for each in manifest.sequences
    }
    check_rule(frames, 44_660)
    loaded = MaskedFrames(out)
    assert len(loaded) == 44_660
    assert loaded[44_659].label.shape == (SIZE[1], SIZE[0])


def test_real_pairs_have_a_mask_for_each_half(shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "research-only" / "rgbt"
    config = MasksConfig.model_validate(
        {"style": "gtot", "resize": "192x256", "limit": 9, "seed": 1, "polarity": "target-black"}
    )
    out = tmp_path / "masks"
    layout = open_layout(root).name
    manifest = build_masks(root, layout, out, config, build_engine("serial", 1)).manifest
    assert layout == "gtot-boxes"
    assert (manifest.frames, manifest.masks, manifest.thermal_only) == (9, 18, 0)
    assert manifest.mean_share < 0.05
    loaded = MaskedFrames(out)
    assert len(loaded) == 9
    for index in range(len(loaded)):
        found = loaded[index]
        assert found.visible.shape == found.thermal.shape == (192, 256, 3)
        assert not np.array_equal(found.visible, found.thermal)
        assert found.label.any()
