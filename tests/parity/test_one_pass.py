"""One-pass scores against numbers that others printed, and against other people's code."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.parity.others import by_names, rules_of, summary, unpacked
from tests.parity.others import published as published_scores
from tirdata.geometry import overlap
from tirdata.layouts.text import read_boxes, read_rows, shifted
from tirdata.types import Boxes
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.measures import centre_errors
from tracking.evaluation.results import ResultFolder, Trajectory
from tracking.evaluation.scores import Summary
from tracking.evaluation.targets import Truth

EXPECTED = Path(__file__).parent / "expected" / "one_pass.json"


def _summary(benchmark: str, truths: list[Truth], folder: Path) -> Summary:
    results = ResultFolder(folder)
    files = {truth.name: results.path(truth.name) for truth in truths}
    return summary(rules_of(benchmark), truths, files)


@pytest.fixture(scope="module")
def otb(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Truth], Path]:
    folder = shared_data / "eval" / "otb100"
    results = unpacked(folder / "results.tar.xz", tmp_path_factory.mktemp("otb")) / "OTB100"
    truths = []
    for name, sequence in json.loads((folder / "OTB2015.json").read_text()).items():
        boxes = np.array(sequence["gt_rect"], np.float64)
        boxes[(boxes[:, 2:] <= 0).any(axis=1)] = np.nan
        truths.append(Truth(name, name, 0, shifted(boxes, -1)))
    return truths, results


@pytest.mark.parametrize("tracker", ["ATOM", "SiamBAN"])
def test_otb100(tracker: str, otb: tuple[list[Truth], Path], shared_data: Path) -> None:
    published = published_scores(shared_data, "otb100")
    values = by_names(rules_of("otb"), _summary("otb", otb[0], otb[1] / tracker))
    for kind in ("published", "obtained"):
        expected = published["items"][tracker][kind]
        assert {name: values[name] for name in expected} == pytest.approx(
            expected, abs=published["tol"]
        )
    obtained = published["items"][tracker]["obtained"]
    assert {name: round(values[name], 4) for name in obtained} == obtained


@pytest.fixture(scope="module")
def lasher(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Truth], Path]:
    archive = shared_data / "eval" / "lasher" / "gt_and_results.tar.xz"
    folder = unpacked(archive, tmp_path_factory.mktemp("lasher"))
    truths = [
        Truth(path.stem, path.stem, 0, read_boxes(path, origin=1))
        for path in sorted((folder / "gt").glob("*.txt"))
    ]
    return truths, folder / "results"


@pytest.mark.parametrize("tracker", ["mfDiMP", "APFNet"])
def test_lasher(tracker: str, lasher: tuple[list[Truth], Path], shared_data: Path) -> None:
    published = published_scores(shared_data, "lasher_test")
    scored = _summary("lasher", lasher[0], lasher[1] / tracker)
    assert scored.targets == 245
    values = by_names(rules_of("lasher"), scored)
    for kind, digits in (("published", 3), ("obtained", 4)):
        expected = published["items"][tracker][kind]
        found = {name: values[name] for name in expected}
        assert found == pytest.approx(expected, abs=published["tol"])
        assert {name: round(value, digits) for name, value in found.items()} == expected


def test_ptbtir_has_the_invalid_boxes_that_are_known(shared_data: Path) -> None:
    folder = shared_data / "eval" / "ptbtir" / "tiranno"
    if not folder.is_dir():
        pytest.skip("ptbtir is not in the shared data")
    rows = {path.stem: read_rows(path) for path in folder.glob("*.txt")}
    invalid = {name: int((row <= 0).any(axis=1).sum()) for name, row in rows.items()}
    assert len(rows) == 60
    assert {name: count for name, count in invalid.items() if count} == {"road2": 109}


def _wandering(truth: Boxes) -> Boxes:
    """A made result: wanders off and comes back, breathes, fails now and then."""
    frame = np.arange(len(truth))
    wave = np.sin(frame / 9)
    rows = np.nan_to_num(truth, nan=5.0)
    rows[:, 0] += 30 * wave * np.sin(frame / 50)
    rows[:, 1] += 8 * wave
    rows[:, 2:] *= (1 + 0.4 * wave)[:, None]
    rows[frame % 37 == 20] = np.nan
    rows[frame % 53 == 30, 2] = 0
    return rows


def _plain_loops(truth: Boxes, rows: Boxes) -> dict[str, float]:
    """The formulas of evaluation by OTB's rules, one frame and one threshold at a time."""
    rows = rows.copy()
    for i in range(1, len(rows)):
        bad = all(math.isnan(v) for v in rows[i]) or rows[i][2] <= 0 or rows[i][3] <= 0
        if bad and not any(math.isnan(v) for v in truth[i]):
            rows[i] = rows[i - 1]
    rows[0] = truth[0]
    success, precision, normalised = [0] * 21, [0] * 51, [0] * 51
    for (px, py, pw, ph), (gx, gy, gw, gh) in zip(rows, truth, strict=True):
        overlapping, error, error_n = -1.0, -1.0, -1.0
        if min(gx, gy, gw, gh) > 0:
            iw = max(0.0, min(px + pw - 1, gx + gw - 1) - max(px, gx) + 1)
            ih = max(0.0, min(py + ph - 1, gy + gh - 1) - max(py, gy) + 1)
            overlapping = iw * ih / (pw * ph + gw * gh - iw * ih)
            dx = px + (pw - 1) / 2 - gx - (gw - 1) / 2
            dy = py + (ph - 1) / 2 - gy - (gh - 1) / 2
            error, error_n = math.hypot(dx, dy), math.hypot(dx / gw, dy / gh)
        for k in range(21):
            success[k] += overlapping > k / 20
        for k in range(51):
            precision[k] += error <= k
            normalised[k] += error_n <= k / 100
    return {
        "success": sum(success) / 21 / len(truth),
        "precision": precision[20] / len(truth),
        "normalised_precision_mean": sum(normalised) / 51 / len(truth),
        "normalised_precision_at_0.2": normalised[20] / len(truth),
    }


@pytest.mark.parametrize("clip", ["IR_DRONE_121", "IR_HELICOPTER_043"])
def test_numbers_that_ship_with_the_tests(clip: str, clips: Path) -> None:
    numbers = read_rows(clips / f"{clip}.txt")  # as in the file: 1-based
    rows = _wandering(numbers)
    truth = Truth(clip, clip, 0, shifted(numbers, -1))
    found = open_benchmark("lsotb").build().score(truth, [Trajectory(shifted(rows, -1))]).values
    expected = json.loads(EXPECTED.read_text())[clip]
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert _plain_loops(numbers, rows) == pytest.approx(expected, abs=1e-9)


def test_overlap_and_error_are_got10ks() -> None:
    metrics = pytest.importorskip("got10k.utils.metrics", reason="got10k is not installed")
    random = np.random.default_rng(0)
    a, b = random.uniform(1, 60, (2, 500, 4))
    np.testing.assert_allclose(overlap(a, b), metrics.rect_iou(a, b), atol=1e-12)
    np.testing.assert_allclose(centre_errors(a, b), metrics.center_error(a, b), atol=1e-12)
