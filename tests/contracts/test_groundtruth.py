"""What every form of ground truth does: recognised by content, read the same, packed or not."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_truths import WRITERS, made_boxes
from tirdata.errors import UsageError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.pictures import KINDS
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.groundtruth import FORMS
from tracking.evaluation.groundtruth.read import GroundTruth, read_groundtruth
from tracking.evaluation.result_names import loose
from tracking.evaluation.targets import Data, read_truths

PLAIN = open_benchmark("one-pass")


@pytest.fixture(params=list(FORMS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(form: str, tmp_path: Path) -> Path:
    WRITERS[form](tmp_path / "made", made_boxes())
    return tmp_path / "made"


def _check(found: GroundTruth, form: str) -> None:
    assert found.form == form
    assert FORMS[form].name == form
    assert found.truths.failed == ()
    assert found.names == tuple(truth.name for truth in found.truths.targets)
    read = {loose(truth.name): truth.boxes for truth in found.truths.targets}
    expected = {loose(name): rows for name, rows in made_boxes().items()}
    assert read.keys() == expected.keys()
    for name, rows in expected.items():
        np.testing.assert_allclose(read[name], rows, atol=1e-9)


def test_it_is_recognised_and_read(root: Path, form: str) -> None:
    _check(read_groundtruth(root, PLAIN), form)


def test_its_name_may_be_said(root: Path, form: str) -> None:
    _check(read_groundtruth(root, PLAIN, form=form), form)


@pytest.mark.parametrize("packed", ["zip", "gztar", "xztar"])
def test_it_is_read_from_an_archive(root: Path, form: str, packed: str, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), packed, root.parent, root.name)
    _check(read_groundtruth(Path(archive), PLAIN), form)


def test_it_may_begin_some_folders_below(root: Path, form: str, tmp_path: Path) -> None:
    (tmp_path / "above" / "data").mkdir(parents=True)
    root.rename(tmp_path / "above" / "data" / root.name)
    _check(read_groundtruth(tmp_path / "above", PLAIN), form)


def test_some_of_it_may_be_asked_for(root: Path) -> None:
    found = read_groundtruth(root, PLAIN, only=["Bird1"])
    assert [truth.name for truth in found.truths.targets] == ["Bird1"]
    assert len(found.names) == 3
    with pytest.raises(UsageError, match="no sequence Bird9; there are: Bird1, "):
        read_groundtruth(root, PLAIN, only=["Bird9"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_without_its_frames(layout: str, tmp_path: Path) -> None:
    paired = layout.startswith(("gtot", "rgbt", "lasher"))
    made = made_sequence(6, size=(64, 48), name="ILSVRC2015_val_00000000")
    if paired:
        visible = made.tracks if layout != "rgbt210" else ()
        made = replace(made, visible=made.frames, visible_tracks=visible)
    LAYOUTS[layout].write([made], tmp_path)
    with_frames = read_truths(Data(tmp_path, layout)).targets[0]
    for path in tmp_path.rglob("*"):
        if path.suffix.lower() in KINDS:
            path.unlink()
    found = read_groundtruth(tmp_path, PLAIN, form=layout)
    (truth,) = found.truths.targets
    assert truth.name == with_frames.name
    of_lasher = layout == "lasher"  # whose files look like RGBT234's; its rules say where 1 is
    np.testing.assert_allclose(truth.boxes[:, :2] - of_lasher, with_frames.boxes[:, :2], atol=1e-3)
    np.testing.assert_allclose(truth.boxes[:, 2:], with_frames.boxes[:, 2:], atol=1e-3)
