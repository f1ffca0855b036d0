"""Folders of results as toolkits and authors lay them out."""

import json
import shutil
from pathlib import Path

import pytest

from tirdata.errors import DataError, UsageError
from tracking.evaluation.result_folders import TrackerResults, open_results

TARGETS = ["Bird1", "car-2", "Jog", "run"]


def _write(root: Path, *paths: str) -> Path:
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"1,1,{number + 2},2\n")
    return root


def _open(path: Path, experiment: str | None = None) -> list[TrackerResults]:
    with open_results(path, TARGETS, experiment=experiment) as found:
        return found


def _files(found: TrackerResults) -> dict[str, list[str]]:
    return {
        name: [each.name for each in answers if isinstance(each, Path)]
        for name, answers in found.answers.items()
    }


def _flat(folder: str, before: str = "", behind: str = "") -> list[str]:
    return [f"{folder}/{before}{name}{behind}.txt" for name in TARGETS]


def _apart(folder: str, behind: str = "_001") -> list[str]:
    return [f"{folder}/{name}/{name}{behind}.txt" for name in TARGETS]


@pytest.mark.parametrize(
    "paths",
    [
        _flat("ECO"),
        _flat("ECO", before="ECO_"),
        _flat("ECO", before="ECO_final_v2_", behind="_ours"),
        [*_flat("ECO"), *_flat("ECO/times", behind="_time"), "ECO/README.txt", "ECO/fps.txt"],
        _apart("ECO"),
        _apart("VOT2018/ECO/baseline"),
        _apart("results/GOT-10k/ECO"),
        [f"ECO/{name}/output_001.txt" for name in TARGETS],
        _flat("results/OTB100/ECO/default_000"),
    ],
)
def test_one_tracker_is_found_whatever_lies_above(tmp_path: Path, paths: list[str]) -> None:
    (found,) = _open(_write(tmp_path / "top", *paths))
    assert found.name == "ECO"
    assert set(found.answers) == set(TARGETS)
    assert all(len(answers) == 1 for answers in found.answers.values())


@pytest.mark.parametrize(
    "paths",
    [
        [*_flat("A"), *_flat("B", before="B_")],
        [*_apart("OTB/A"), *_flat("OTB/B")],
        [f"{name}/{tracker}.txt" for name in TARGETS for tracker in "AB"],
        [f"{name}/{tracker}_001.txt" for name in TARGETS for tracker in "AB"],
        [*_flat("results/A"), *_flat("results/B"), *_flat("gt"), *_flat("attr")],
    ],
)
def test_several_trackers_are_found(tmp_path: Path, paths: list[str]) -> None:
    found = _open(_write(tmp_path / "top", *paths))
    assert [each.name for each in found] == ["A", "B"]
    assert all(set(each.answers) == set(TARGETS) for each in found)


def test_repetitions_are_in_order_and_times_are_none(tmp_path: Path) -> None:
    repeated = [f"ECO/Jog/Jog_{number:03}.txt" for number in (2, 1, 10)]
    (found,) = _open(_write(tmp_path, *repeated, "ECO/Jog/Jog_time.txt"))
    assert _files(found) == {"Jog": ["Jog_001.txt", "Jog_002.txt", "Jog_010.txt"]}


def test_of_several_experiments_the_baseline_is_taken(tmp_path: Path) -> None:
    root = _write(tmp_path / "top", *_apart("ECO/baseline"), *_apart("ECO/realtime"))
    (found,) = _open(root)
    assert (found.name, found.folder.name, found.left_out) == ("ECO", "baseline", ("realtime",))
    (found,) = _open(root, "realtime")
    assert found.folder.name == "realtime"
    with pytest.raises(UsageError, match="no experiment 'x'; there are: baseline, realtime"):
        _open(root, "x")


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "bztar", "xztar"])
def test_archives_are_read_also_in_folders(tmp_path: Path, kind: str) -> None:
    _write(tmp_path / "top", *_flat("ECO"))
    (tmp_path / "packed").mkdir()
    archive = shutil.make_archive(str(tmp_path / "packed" / "theirs"), kind, tmp_path / "top")
    for path in (Path(archive), tmp_path / "packed"):
        with open_results(path, TARGETS) as (found,):
            assert found.folder == Path(archive) / "ECO"
            (first,) = found.of("Jog")
            assert isinstance(first, Path)
            assert first.read_text() == "1,1,4,2\n"
            assert found.in_their_place(str(first)) == f"{archive}/ECO/Jog.txt"


@pytest.mark.parametrize("name", ["JMMAC", "JMMAC_results_GTOT", "JMMAC_VOT2018_raw"])
def test_an_archive_gives_its_name_where_folders_have_none(name: str, tmp_path: Path) -> None:
    _write(tmp_path / "top", *_flat("RGBT234"))
    archive = shutil.make_archive(str(tmp_path / name), "zip", tmp_path / "top")
    assert [each.name for each in _open(Path(archive))] == ["JMMAC"]


def test_results_on_other_data_are_left_out(tmp_path: Path) -> None:
    others = [f"ECO/GTOT/{name}.txt" for name in ("a1", "b1", "c1", "Jog")]
    (found,) = _open(_write(tmp_path / "top", *_flat("ECO/OTB100"), *others))
    assert (found.folder.name, found.left_out) == ("OTB100", ("GTOT",))


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    found = _open(_write(tmp_path / "top", *_flat("one/ECO"), *_flat("two/ECO")))
    assert [each.name for each in found] == ["ECO", "two ECO"]


def test_two_files_of_one_target_are_a_doubt_unless_they_are_the_same(tmp_path: Path) -> None:
    folder = _write(tmp_path / "ECO", "bird1.txt", "BIRD1.txt", "jog.txt", "JOG.txt")
    (folder / "JOG.txt").write_bytes((folder / "jog.txt").read_bytes())
    (found,) = _open(folder)
    with pytest.raises(DataError, match=r"BIRD1\.txt and bird1\.txt may both be Bird1"):
        found.of("Bird1")
    assert len(found.of("Jog")) == 1
    assert found.notes == {"Jog": "JOG and jog are the same, taken once"}
    with pytest.raises(DataError, match=r"run\.txt: no such result; 1 others are there"):
        found.of("run")


@pytest.mark.parametrize(
    "content",
    [
        {"Bird1": [[1, 1, 2, 2]], "jog": [[1, 1, 4, 2], []], "other": [[1, 1, 2, 2]]},
        {"Bird1": {"res": [[1, 1, 2, 2]]}, "jog": {"res": [[1, 1, 4, 2], []]}},
        [{"name": "Bird1", "res": [[1, 1, 2, 2]]}, {"name": "jog", "res": [[1, 1, 4, 2], []]}],
    ],
)
def test_json_has_boxes_by_name(tmp_path: Path, content: object) -> None:
    (tmp_path / "ECO.json").write_text(json.dumps(content))
    (found,) = _open(tmp_path / "ECO.json")
    assert (found.name, set(found.answers)) == ("ECO", {"Bird1", "Jog"})
    (answer,) = found.of("Jog")
    assert not isinstance(answer, Path)
    assert answer.rows[0].tolist() == [1, 1, 4, 2]
    (tmp_path / "all.json").write_text(json.dumps({"A": content, "B": content}))
    assert [each.name for each in _open(tmp_path / "all.json")] == ["A", "B"]


def test_what_has_no_results_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder of results"):
        _open(tmp_path / "none")
    with pytest.raises(UsageError, match="no result files"):
        _open(tmp_path)
    _write(tmp_path, "ECO/plane.txt", "ECO/ship.txt")
    with pytest.raises(DataError, match=r"none of 2 files .* found plane\.txt, ship\.txt; exp"):
        _open(tmp_path)
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DataError, match=r"x\.json: no JSON"):
        _open(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"Jog": [[1, 1, 2, 2]], "Jog": [[1, 1, 2, 2]]}')
    with pytest.raises(DataError, match="Jog stands there twice"):
        _open(tmp_path / "x.json")
