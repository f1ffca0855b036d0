"""The page: whole, self-contained, honest about what is missing."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.engine import build_engine
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.types import Sequence, Track
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.evaluate import Results, open_evaluation, score_results, write_scores
from tracking.evaluation.run import Run
from tracking.evaluation.targets import Data, read_truths
from tracking.report.page import write_report

VOID = {"meta", "br", "link", "img"}


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _evaluated(root: Path) -> Path:
    """Two trackers on three targets; one target of the second has no result."""
    one = made_sequence(8, size=(96, 72), name="<one>")
    two = made_sequence(6, size=(96, 72), seed=1, name="two")
    none = np.zeros(6, np.bool_)
    tracks = (two.tracks[0], Track(3, "bird", two.tracks[0].boxes + 2, none, none))
    LAYOUTS["otb"].write([one, Sequence("two", two.frames, tracks)], root / "data")
    data, rules, out = Data(root / "data", "otb"), open_benchmark("one-pass"), root / "page"
    truths = read_truths(data)
    evaluation = open_evaluation(out, data, rules, truths)
    folder = out / "hold" / "results"
    run = Run(TrackerChoice("hold", {}), data, "one-pass", rules.build(), folder)
    run.run(truths.targets, build_engine("serial", 1), lambda _: None)
    write_scores(out, score_results(Results("hold", folder), evaluation, truths, ()))
    shutil.copytree(folder, root / "theirs", ignore=shutil.ignore_patterns("run.json", "times"))
    (root / "theirs" / "two#3.txt").unlink()
    theirs = Results("theirs & co", root / "theirs")
    write_scores(out, score_results(theirs, evaluation, truths, ()))
    return out


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _evaluated(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(evaluated: Path) -> str:
    return write_report(evaluated).read_text(encoding="utf-8")


def test_it_is_whole_html(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert page.startswith("<!doctype html>")
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    assert page.count("<script>") == 1
    assert not re.search(r"\b(fetch|import|XMLHttpRequest|eval)\b", page.split("<script>")[1])
    assert "//" not in re.sub(r"base64,[^\"]*|^ *//.*$", "", page, flags=re.MULTILINE)
    addresses = re.findall(r'(?:href|src)="([^"]{0,30})', page) + re.findall(r"url\(([^)]*)", page)
    assert addresses
    assert all(address.startswith(("data:image/jpeg;base64,", "#")) for address in addresses)


def test_names_are_escaped(page: str) -> None:
    assert "&lt;one&gt;" in page
    assert "<one>" not in page
    assert "theirs &amp; co" in page


def test_it_has_three_curves_with_a_line_a_tracker(page: str) -> None:
    assert page.count('<figure class="curve">') == 3 + 1  # and speed against accuracy
    assert page.count('<polyline class="series ') == 6
    points = re.findall(r'points="([^"]*)"', page)
    assert {len(each.split()) for each in points} == {21, 51}


def test_strips_show_the_true_box_and_the_trackers(page: str) -> None:
    strips = page.split('<section class="strip">')[1:]
    assert 2 <= len(strips) <= 3
    for strip in strips:
        assert 'style="stroke:var(--truth)"' in strip
        assert 'style="stroke:var(--series-1)"' in strip
        assert "frame 0" in strip


def test_incomplete_trackers_are_marked_and_their_failures_named(page: str) -> None:
    assert ">2 of 3</td>" in page
    assert "two#3.txt: no such result" in page


def test_speed_machine_and_rules_are_there(page: str) -> None:
    assert "frames per second, without starts" in page
    assert "processor" in page
    assert "invalid_truth" in page


def test_the_same_evaluation_gives_the_same_page(evaluated: Path, page: str) -> None:
    assert write_report(evaluated).read_text(encoding="utf-8") == page


def test_without_its_data_the_page_says_that_pictures_are_missing(tmp_path: Path) -> None:
    out = _evaluated(tmp_path)
    (tmp_path / "data").rename(tmp_path / "gone")
    page = write_report(out).read_text(encoding="utf-8")
    assert "the data set is no longer there" in page
    assert page.count('<polyline class="series ') == 6


def test_scores_on_other_truth_are_marked(tmp_path: Path) -> None:
    out = _evaluated(tmp_path)
    path = tmp_path / "data" / "two" / "groundtruth_rect.0.txt"
    path.write_text("9,9,20,20\n" * 6)
    data = Data(tmp_path / "data", "otb")
    open_evaluation(out, data, open_benchmark("one-pass"), read_truths(data))
    page = write_report(out).read_text(encoding="utf-8")
    assert "Scored on other ground truth, not to be compared: hold, theirs &amp; co" in page


def test_a_folder_without_scores_is_named(evaluated: Path, tmp_path: Path) -> None:
    shutil.copy(evaluated / "evaluation.json", tmp_path)
    with pytest.raises(DataError, match="no scores in it; run tirdata evaluate"):
        write_report(tmp_path)
