"""A pair whose target is not what the index says ends a training in one line, not in a fault."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main

Change = Callable[[dict[str, Any]], None]


def boxes(half: str, box: tuple[float, ...]) -> Change:
    """The first pair's box is another one."""

    def change(sample: dict[str, Any]) -> None:
        sample[f"{half}_boxes"][0] = box

    return change


def fewer(sample: dict[str, Any]) -> None:
    sample["thermal_boxes"].pop()


def without(sample: dict[str, Any]) -> None:
    sample.update(frames=[], thermal_boxes=[], visible_boxes=[])


def train(stage: str, mix: Path, out: Path) -> Result:
    line = ["train", "dual-attention", "--stage", stage, "--mix", str(mix), "--out", str(out),
            "--random-init", "--device", "cpu"]  # fmt: skip
    return CliRunner().invoke(main, line, prog_name="tirdata")


def refused(result: Result, part: str) -> None:
    assert result.exit_code == 3, result.output
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert part in last


@pytest.mark.parametrize("stage", ["global", "local"])
@pytest.mark.parametrize(
    ("change", "part"),
    [
        (boxes("thermal", (float("nan"),) * 4), "finite number"),
        (boxes("thermal", (900.0, 9.0, 20.0, 20.0)), "frame 0: box (900.0, 9.0, 20.0, 20.0) is "),
        (boxes("thermal", (10.0, 10.0, 0.0, 0.0)), "is not on the 160x128 thermal frame"),
        (boxes("visible", (10.0, 10.0, 0.0, 8.0)), "of the visible half has no size"),
        (fewer, "3 thermal boxes, 4 visible boxes of 4 pairs"),
        (without, "0 thermal boxes, 0 visible boxes of 0 pairs"),
    ],
    ids=["nan", "outside", "no area", "visible", "fewer", "none"],
)
def test_a_pair_of_a_mix_whose_target_is_not_there(
    mix: Path, tmp_path: Path, stage: str, change: Change, part: str
) -> None:
    shutil.copytree(mix, tmp_path / "mix")
    index = tmp_path / "mix" / "train" / "index.jsonl"
    first, *rest = index.read_text().splitlines()
    entry = json.loads(first)
    change(entry["sample"])
    index.write_text("\n".join([json.dumps(entry), *rest, ""]))
    refused(train(stage, tmp_path / "mix", tmp_path / "run"), part)
    assert not (tmp_path / "run").exists()


def test_a_mix_without_a_pair_is_refused_by_the_local_stage(mix: Path, tmp_path: Path) -> None:
    shutil.copytree(mix, tmp_path / "mix")
    (tmp_path / "mix" / "train" / "index.jsonl").write_text("")
    refused(train("local", tmp_path / "mix", tmp_path / "run"), "no pair to train on")


def small(tmp_path: Path) -> list[str]:
    path = tmp_path / "small.toml"
    path.write_text('epochs = 1\nbatch = 12\nwidth = 1\ninput_size = "48x64"\n')
    return ["--config", str(path)]


def train_masks(masks: Path, tmp_path: Path) -> Result:
    line = ["train", "dual-attention", "--stage", "global", "--mix", str(masks), "--out",
            str(tmp_path / "run"), "--random-init", "--device", "cpu"]  # fmt: skip
    return CliRunner().invoke(main, [*line, *small(tmp_path)], prog_name="tirdata")


def test_an_empty_mask_is_named(masks: Path, tmp_path: Path) -> None:
    shutil.copytree(masks.parent, tmp_path / "all")
    path = tmp_path / "all" / "masks" / "pair2" / "v" / "00003v.png"
    cv2.imwrite(str(path), np.zeros((128, 160), np.uint8))
    result = train_masks(tmp_path / "all" / "masks", tmp_path)
    refused(result, "pair2, frame 2: its mask shows no target")


def test_a_target_that_the_first_frame_does_not_show_is_named(masks: Path, tmp_path: Path) -> None:
    shutil.copytree(masks.parent, tmp_path / "all")
    path = tmp_path / "all" / "masks" / "pair1" / "masks.json"
    found = json.loads(path.read_text())
    for mask in found["masks"]:
        mask["boxes"] = [[900.0, 9.0, 20.0, 20.0]]
    path.write_text(json.dumps(found))
    result = train_masks(tmp_path / "all" / "masks", tmp_path)
    refused(result, "expected one that shows some of the 160x128 frame")
