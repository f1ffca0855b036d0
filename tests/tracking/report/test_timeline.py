"""What happened when, of each kind of protocol."""

import pytest

from tracking.evaluation.scores import Course, RunScore, Scores, Summary, TargetScore
from tracking.report.timeline import OPEN, row_of, timeline_html


def target(name: str = "a", **fields: object) -> TargetScore:
    known = {"name": name, "frames": 10, "values": {"success": 0.5}, "curves": {}, **fields}
    return TargetScore.model_validate(known)


def scores(name: str, *targets: TargetScore) -> Scores:
    summary = Summary(targets=len(targets), values={"success": 0.5}, curves={})
    return Scores(
        name=name, benchmark="otb", truth_sha256="0" * 64, results="x", origin=0,
        summary=summary, targets=targets,
    )  # fmt: skip


def test_one_pass_has_the_frames_without_overlap() -> None:
    row = row_of(target(course=Course(start=2, stop=12, lost=((4, 6), (9, 12)))))
    assert row is not None
    assert (row.length, row.lost, row.words) == (10, [(2, 4), (7, 10)], "50 % lost")


@pytest.mark.parametrize(
    ("lost", "words"), [((), "never lost"), (((0, 1),), "10 % lost"), (((0, 10),), "100 % lost")]
)
def test_shares_are_said(lost: tuple[tuple[int, int], ...], words: str) -> None:
    row = row_of(target(course=Course(start=0, stop=10, lost=lost)))
    assert row is not None
    assert row.words == words


def test_little_is_not_nothing() -> None:
    row = row_of(target(frames=1000, course=Course(start=0, stop=1000, lost=((3, 4),))))
    assert row is not None
    assert row.words == "< 1 % lost"


def test_with_restarts_it_has_failures_up_to_the_restart() -> None:
    run = RunScore(overlaps=(0.5,) * 20, starts=(0, 9, 17), failures=(4, 12, 18))
    row = row_of(target(runs=(run,)))
    assert row is not None
    assert row.lost == [(4, 9), (12, 17), (18, 20)]
    assert list(row.marks) == [4, 12, 18]
    assert row.words == "3 failures"


def test_effort_has_the_frames_of_a_person() -> None:
    run = RunScore(overlaps=(None, 0.5, 0.5, 0.7), starts=(1, 3), failures=())
    row = row_of(target(runs=(run,), values={"human_boxes": 2.0}))
    assert row is not None
    assert list(row.marks) == [0, 2]
    assert row.words == "2 boxes"


def test_scores_that_do_not_say_it_have_no_row() -> None:
    assert row_of(target()) is None
    assert timeline_html([scores("x", target())], ["a"]) == ""


def test_rows_are_those_of_trackers_and_the_rest_is_folded() -> None:
    course = Course(start=0, stop=10, lost=((0, 5),))
    targets = [target(f"t{number}", course=course) for number in range(OPEN + 3)]
    html = timeline_html(
        [scores("<x>", *targets), scores("y", targets[1])], [t.name for t in targets]
    )
    assert html.count("<section>") == OPEN + 3
    assert html.count("&lt;x&gt;") == OPEN + 3
    assert html.count(">y</span>") == 1
    assert "3 more targets" in html
    assert "M0 5h500" in html
