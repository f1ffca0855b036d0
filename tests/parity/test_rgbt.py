"""RGB-T scores against numbers that others printed, and against plain loops."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.parity.others import (
    by_names,
    files_of,
    from_corners,
    numbers,
    published,
    rules_of,
    summary,
    unpacked,
)
from tirdata.layouts.attributes import (
    read_gtot_attributes,
    read_rgbt234_attributes,
)
from tirdata.types import Boxes
from tracking.evaluation.measures import (
    GTOT,
    GTOT_PRECISION,
    GTOT_SUCCESS,
    read_values,
    share_above,
    share_below,
)
from tracking.evaluation.protocols.passes import answer_of
from tracking.evaluation.protocols.rgbt import Rgbt, RgbtConfig, better_half
from tracking.evaluation.results import Trajectory
from tracking.evaluation.targets import Truth

EXPECTED = Path(__file__).parent / "expected" / "rgbt.json"


@pytest.fixture(scope="module")
def gtot(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Truth], Path]:
    folder = shared_data / "eval" / "gtot"
    out = tmp_path_factory.mktemp("gtot")
    boxes = unpacked(folder / "groundtruth.tar.xz", out / "groundtruth") / "GTOT" / "groundtruth"
    results = unpacked(folder / "results.tar.xz", out / "results")
    challenges = read_gtot_attributes(results / "sequencesAttr" / "AttrMat.mat")
    truths = [
        Truth(
            each.name, each.name, 0,
            from_corners(numbers(each / "groundTruth_i.txt")),
            visible=from_corners(numbers(each / "groundTruth_v.txt")),
            attributes=challenges[each.name],
        )
        for each in sorted(boxes.iterdir())
    ]  # fmt: skip
    return truths, results / "BBresults"


@pytest.fixture(scope="module")
def rgbt234(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Truth], dict[str, Path]]:
    folder = shared_data / "eval" / "rgbt234"
    out = tmp_path_factory.mktemp("rgbt234")
    root = unpacked(folder / "groundtruth.tar.xz", out / "groundtruth") / "RGBT234"
    results = unpacked(folder / "JMMAC.tar.xz", out / "results") / "RGBT234"
    challenges = read_rgbt234_attributes(root / "attr_txt")
    truths = [
        Truth(
            each.name, each.name, 0, numbers(each / "infrared.txt"),
            visible=numbers(each / "visible.txt"), attributes=challenges[each.name],
        )
        for each in sorted((root / "rgbt234_gt").iterdir())
    ]  # fmt: skip
    before = "JMMAC_234_final_"
    return truths, {path.stem.removeprefix(before): path for path in results.glob("*.txt")}


@pytest.mark.parametrize("tracker", ["HMFT", "APFNet", "JMMAC", "CAT", "MaCNet"])
def test_gtot(tracker: str, gtot: tuple[list[Truth], Path], shared_data: Path) -> None:
    expected = published(shared_data, "gtot")
    rules = rules_of("gtot")
    found = summary(rules, gtot[0], files_of(gtot[1] / tracker))
    values = by_names(rules, found)
    for kind in ("published", "obtained"):
        wanted = expected["items"][tracker][kind]
        assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=expected["tol"])
    obtained = expected["items"][tracker]["obtained"]
    assert {name: round(values[name], 4) for name in obtained} == obtained
    assert found.targets == 50


def test_rgbt234(rgbt234: tuple[list[Truth], dict[str, Path]], shared_data: Path) -> None:
    expected = published(shared_data, "rgbt234")
    rules = rules_of("rgbt234")
    found = summary(rules, *rgbt234)
    values = by_names(rules, found)
    for kind in ("published", "obtained"):
        wanted = expected["items"]["JMMAC"][kind]
        assert {name: values[name] for name in wanted} == pytest.approx(wanted, abs=expected["tol"])
    assert found.targets == 234
    assert len(found.attributes) == 12
    # what one paper says of "5 px and 0.6" is far from these
    assert values["MPR5"] == pytest.approx(0.562, abs=0.001)
    assert values["MSR0.6"] == pytest.approx(0.636, abs=0.001)


def _loops(result: Boxes, halves: Sequence[Boxes]) -> tuple[list[float], list[float]]:
    """Overlap and error of each frame by the words of GTOT's toolkit, one number at a time."""
    overlaps, errors = [], []
    for index, row in enumerate(result):
        x, y, w, h = row if len(row) == 4 else (row[0], row[1], row[2] - row[0], row[7] - row[1])
        if len(row) == 8:  # MATLAB's round: halves go away from 0
            x, y, w, h = (math.copysign(math.floor(abs(v) + 0.5), v) for v in (x, y, w, h))
        shares, distances = [], []
        for half in halves:
            gx, gy, gw, gh = half[index]
            wide = max(0.0, min(x + w - 1, gx + gw - 1) - max(x, gx) + 1)
            high = max(0.0, min(y + h - 1, gy + gh - 1) - max(y, gy) + 1)
            shares.append(wide * high / (w * h + gw * gh - wide * high))
            distances.append(math.sqrt((x + w / 2 - gx - gw / 2) ** 2
                                       + (y + h / 2 - gy - gh / 2) ** 2))  # fmt: skip
        overlaps.append(max(shares))
        errors.append(min(distances))
    return overlaps, errors


@pytest.mark.parametrize("tracker", ["APFNet", "MaCNet"])
def test_gtot_frame_by_frame(tracker: str, gtot: tuple[list[Truth], Path]) -> None:
    rules = RgbtConfig.model_validate(rules_of("gtot").benchmark.rules)
    files = files_of(gtot[1] / tracker)
    overlaps, errors = [], []
    for truth in gtot[0]:
        rows = numbers(files[truth.name])
        assert truth.visible is not None
        halves = (truth.visible, truth.boxes)
        found = better_half(answer_of(rules, truth, Trajectory(rows)).boxes, halves)
        looped = _loops(rows, halves)
        np.testing.assert_allclose(found[0], looped[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(found[1], looped[1], rtol=0, atol=1e-12)
        overlaps += looped[0]
        errors += looped[1]
    assert len(overlaps) == 7850
    success = [sum(value > k * 0.02 for value in overlaps) / 7850 for k in range(51)]
    area = sum((a + b) / 2 * 0.02 for a, b in pairwise(success))
    values = by_names(rules_of("gtot"), summary(rules_of("gtot"), gtot[0], files))
    # an overlap may equal a threshold to the last bit but one
    assert values["SR"] == pytest.approx(area, abs=1e-4)
    assert values["PR"] == sum(value < 5 for value in errors) / 7850


def test_shares_of_frames_that_ship_with_the_tests() -> None:
    shipped = json.loads(EXPECTED.read_text())
    for case in shipped["frames"]:
        overlaps, errors = np.array(case["overlaps"]), np.array(case["errors"])
        curves = {
            "success_51": share_above(overlaps, GTOT_SUCCESS, len(overlaps)),
            "precision_below": share_below(errors, GTOT_PRECISION, len(errors)),
        }
        values = read_values(GTOT, curves, overlaps)
        assert values["success_area"] == pytest.approx(case["SR"], abs=1e-9)
        assert values["precision_below_5"] == pytest.approx(case["PR"], abs=1e-9)


def made_pair(name: str, count: int, seed: int) -> tuple[Truth, Boxes]:
    """Whole true boxes of two halves, and corners that somebody answered."""
    random = np.random.default_rng(seed)
    start = random.integers(50, 150, 2)
    way = np.cumsum(random.integers(-3, 4, (count, 2)), axis=0) + start
    size = random.integers(12, 40, 2) + np.cumsum(random.integers(-1, 2, (count, 2)), axis=0) // 3
    thermal = np.hstack([way, np.clip(size, 5, None)]).astype(np.float64)
    visible = thermal + random.integers(-2, 3, (count, 4))
    wave = np.sin(np.arange(count) / 7)[:, None]
    x, y, w, h = (thermal + wave * np.array([9, 6, 5, 4]) + random.uniform(-1, 1, (count, 4))).T
    corners = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1)
    return Truth(name, name, 0, thermal, visible=np.maximum(visible, 3)), corners


def _made_truths() -> tuple[list[Truth], list[Boxes]]:
    made = [made_pair(f"pair{seed}", 40 + 30 * seed, seed) for seed in range(4)]
    return [truth for truth, _ in made], [rows for _, rows in made]


@pytest.mark.parametrize(("name", "tool"), [("gtot", None), ("gtot", "rgbt"), ("rgbt234", "rgbt")])
def test_numbers_that_ship_with_the_tests(name: str, tool: str | None) -> None:
    rules = rules_of(name, tool)
    protocol = rules.build()
    assert isinstance(protocol, Rgbt)
    truths, results = _made_truths()
    pairs = zip(truths, results, strict=True)
    found = protocol.summarise([protocol.score(truth, [Trajectory(rows)]) for truth, rows in pairs])
    expected = json.loads(EXPECTED.read_text())["made"][f"{name}+{tool}" if tool else name]
    values = by_names(rules, found)
    assert {key: values[key] for key in expected} == pytest.approx(expected, abs=1e-9)


def test_all_frames_of_gtot_are_one_heap() -> None:
    rules = rules_of("gtot").build()
    near, far = np.array([[10.0, 10, 20, 20]]), np.array([[500.0, 10, 20, 20]])
    short = Truth("short", "short", 0, near, attributes=frozenset({"low illumination"}))
    long = Truth("long", "long", 0, np.tile(near, (3, 1)))
    scores = [
        rules.score(short, [Trajectory(near)]),
        rules.score(long, [Trajectory(np.tile(far, (3, 1)))]),
    ]
    assert rules.summarise(scores).values["precision_below_5"] == 0.25
    by_sequence = rules_of("rgbt234").build()
    scores = [
        by_sequence.score(short, [Trajectory(near)]),
        by_sequence.score(long, [Trajectory(np.tile(far, (3, 1)))]),
    ]
    assert by_sequence.summarise(scores).values["precision"] == 0.5


def test_the_half_from_which_the_object_is_absent_is_not_the_better_one() -> None:
    thermal = np.array([[10.0, 10, 20, 20], [np.nan] * 4, [np.nan] * 4])
    visible = np.array([[12.0, 10, 20, 20], [14.0, 10, 20, 20], [np.nan] * 4])
    truth = Truth("pair", "pair", 0, thermal, visible=visible)
    rows = np.array([[12.0, 10, 20, 20], [14.0, 10, 20, 20], [14.0, 10, 20, 20]])
    score = rules_of("rgbt").build().score(truth, [Trajectory(rows)])
    assert (score.frames, score.values["mean_overlap"]) == (2, 1.0)
    counted = rules_of("rgbt234").build().score(truth, [Trajectory(rows)])
    assert counted.frames == 3
    assert counted.values["precision"] == pytest.approx(2 / 3)
