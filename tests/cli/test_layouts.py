"""Layouts of others in the commands: masks, track, evaluate, import and build-mix take each."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tests.made_layouts import made_pair
from tirdata.config import read_json
from tirdata.dataset.tree import Dataset
from tirdata.layouts import LAYOUTS
from tirdata.masks.manifest import MasksManifest, read_mask
from tirdata.types import Sequence

PAIRS = ("gtot", "gtot-boxes", "rgbt210", "rgbt234", "lasher")
SINGLES = ("lasot", "vot", "lsotb")


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


def made(layout: str) -> Sequence:
    if layout not in PAIRS:
        return made_sequence(6, size=(64, 48), name="drone-1")
    pair = made_pair(6, "drone-1")
    return pair if layout != "rgbt210" else replace(pair, visible_tracks=())


@pytest.fixture(params=[*PAIRS, *SINGLES])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    LAYOUTS[request.param].write([made(request.param)], tmp_path / "data")
    return request.param, tmp_path / "data"


def test_masks_of_each_half_are_of_its_own_boxes(data: tuple[str, Path], tmp_path: Path) -> None:
    layout, root = data
    result = tirdata("masks", root, "--style", "gtot", "--out", tmp_path / "m", "--workers", 1)
    assert result.exit_code == 0, result.output
    manifest = read_json(tmp_path / "m" / "manifest.json", MasksManifest)
    assert (manifest.layout, manifest.frames) == (layout, 6)
    assert manifest.masks == (12 if layout in PAIRS else 6)
    sequence = made(layout)
    halves = {"i/00003i.png": sequence.tracks}
    if layout in PAIRS:
        halves["v/00003v.png"] = sequence.visible_tracks or sequence.tracks
    for name, tracks in halves.items():
        rows, columns = np.nonzero(read_mask(tmp_path / "m" / "drone-1" / name, manifest))
        x, y, w, h = tracks[0].boxes[2]
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        np.testing.assert_allclose(found, (x, y, x + w, y + h), atol=1)


def test_trackers_run_and_are_scored_on_the_thermal_half(
    data: tuple[str, Path], tmp_path: Path
) -> None:
    layout, root = data
    out = tmp_path / "results"
    result = tirdata("track", "hold", root, "--out", out, "--workers", 1, "--json")
    assert result.exit_code == 0, result.output
    first = np.loadtxt(out / "drone-1.txt", delimiter=",")[0]
    origin = LAYOUTS[layout].origin
    expected = made(layout).tracks[0].boxes[0] + np.array([origin, origin, 0, 0])
    np.testing.assert_allclose(first, expected, atol=1e-3)
    words = ("--protocol", "one-pass", "--out", tmp_path / "scores", "--json")
    scored = tirdata("evaluate", out, root, *words)
    assert scored.exit_code == 0, scored.output


def test_import_takes_it_into_a_dataset(data: tuple[str, Path], tmp_path: Path) -> None:
    layout, root = data
    words = ("import", root, "--dataset", tmp_path / "ours", "--class", "drone", "--workers", 1)
    result = tirdata(*words, "--json")
    assert result.exit_code == 0, result.output
    dataset = Dataset.open(tmp_path / "ours")
    (track,) = dataset.read_sequence(dataset.sequence_ids()[0]).tracks
    assert (track.class_name, track.present.sum()) == ("drone", 6)
    pair = dataset.read_card(dataset.sequence_ids()[0]).pair
    assert (pair is not None) == (layout in PAIRS)
    assert "nothing to do" in tirdata(*words).stdout


@pytest.mark.parametrize("layout", ["rgbt234", "lasot"])
def test_a_mix_is_built_from_it(layout: str, tmp_path: Path) -> None:
    sequences = [made_pair(6, f"drone-{number}", seed=number) for number in (1, 2, 3)]
    LAYOUTS[layout].write(sequences, tmp_path / "data")
    result = tirdata("build-mix", "--tir", tmp_path / "data", "--out", tmp_path / "mix",
                     "--workers", 1, "--dry-run", "--json")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)


@pytest.mark.parametrize("link", [(), ("--link",)])
def test_an_export_to_gtot_has_png_for_both_halves(link: tuple[str, ...], tmp_path: Path) -> None:
    LAYOUTS["rgbt234"].write([made_pair(3, "car")], tmp_path / "data")
    out = tmp_path / "gtot"
    result = tirdata("export", tmp_path / "data", "--format", "gtot", "--out", out, *link)
    assert result.exit_code == 0, result.output
    starts = {path.read_bytes()[:4] for path in out.rglob("*.png")}
    assert starts == {b"\x89PNG"}
    read, written = (
        LAYOUTS[layout].read_one(root, "car")
        for layout, root in (("gtot", out), ("rgbt234", tmp_path / "data"))
    )
    assert read.visible is not None
    assert written.visible is not None
    np.testing.assert_array_equal(read.visible[1], written.visible[1])
    np.testing.assert_allclose(read.tracks[0].boxes, written.tracks[0].boxes, atol=1e-3)


def test_a_form_in_doubt_asks(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "car"
    LAYOUTS["gtot-boxes"].write([made_pair(name="car")], tmp_path / "data")
    (folder / "init.txt").unlink()
    for half in "vi":
        (folder / f"groundTruth_{half}.txt").write_text("4 3 10 12\n" * 4)
    words = ("masks", tmp_path / "data", "--style", "gtot", "--out", tmp_path / "m")
    result = tirdata(*words)
    assert result.exit_code == 2
    assert "laid out as gtot or gtot-boxes; say which with --format" in result.stderr
    assert tirdata(*words, "--format", "gtot").exit_code == 0
