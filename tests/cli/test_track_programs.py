"""The commands `track` and `evaluate` with programs as trackers: killed, crashing, slow."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.conftest import ROOT
from tests.made import made_sequence
from tests.programs import FOLDER, PROGRAMS
from tirdata.layouts import LAYOUTS

WARM = [word for name, value in PROGRAMS["trax"].items() for word in ("--set", f"{name}={value}")]

ONE = ["--protocol", "one-pass"]


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


def start(*args: object) -> subprocess.Popen[str]:
    """The command in a process of its own, with a tracker that takes its time."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *map(str, args)],
        cwd=ROOT,
        env={**os.environ, "WARM_PAUSE_S": "0.05"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def results(folder: Path) -> dict[str, bytes]:
    """All but the times, which are never the same twice."""
    found = sorted(folder.rglob("*.txt"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if "time" not in path.name
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = [made_sequence(20, size=(64, 48), seed=seed, name=f"s{seed}") for seed in range(4)]
    LAYOUTS["otb"].write(made, tmp_path / "data")
    return tmp_path / "data"


def test_a_run_that_is_killed_goes_on_to_the_same_results(data: Path, tmp_path: Path) -> None:
    command = ["track", "trax", data, *WARM, "--repetitions", 2, "--workers", 2]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(*command, "--out", whole).exit_code == 0
    with start(*command, "--out", killed) as process:
        until = time.monotonic() + 60
        while not results(killed) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    there = results(killed)
    assert 0 < len(there) < 8
    time.sleep(0.5)  # its workers see that it is gone
    again = run(*command, "--out", killed, "--json")
    assert again.exit_code == 0, again.output
    assert len(json.loads(again.stdout)["tracked_before"]) < 4
    assert results(killed) == results(whole)
    assert len(results(whole)) == 8
    assert not (killed / ".running").exists()


def test_a_program_that_dies_on_one_sequence_costs_that_one(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    script = tmp_path / "it.py"
    script.write_text(
        "import os, sys\n"
        "paths = open(sys.argv[1]).read().splitlines()\n"
        "if '/s2/' in paths[0] and not os.path.exists('cured'): os.abort()\n"
        "open(sys.argv[3], 'w').write((sys.argv[2] + '\\n') * len(paths))\n"
    )
    line = f"{sys.executable} it.py {{frames}} {{box}} {{output}}"
    words = ["track", "command", data, "--set", f"command={line}", "--set", f"folder={tmp_path}"]
    result = run(*words, "--out", out)
    assert result.exit_code == 4
    assert "1 of 4 targets failed; s2: " in result.stderr
    assert "signal 6 (Aborted)" in result.stderr
    assert sorted(results(out)) == ["s0.txt", "s1.txt", "s3.txt"]
    (tmp_path / "cured").touch()
    again = run(*words, "--out", out, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["tracked"] == ["s2"]


def test_a_script_that_changed_is_another_tracker(data: Path, tmp_path: Path) -> None:
    script = tmp_path / "it.py"
    script.write_text("import sys; open(sys.argv[2], 'w').write('1,2,3,4\\n' * 20)")
    line = f"{sys.executable} it.py {{frames}} {{output}}"
    words = ["track", "command", data, "--set", f"command={line}", "--set", f"folder={tmp_path}",
             "--out", tmp_path / "results", "--sequence", "s1"]  # fmt: skip
    assert run(*words).exit_code == 0
    script.write_text(script.read_text() + "  # better")
    result = run(*words)
    assert result.exit_code == 2
    assert "holds results of command with another it.py" in result.stderr


def test_one_long_target_says_how_far_it_is(tmp_path: Path) -> None:
    made = made_sequence(200, size=(64, 48), name="long")
    LAYOUTS["otb"].write([made], tmp_path / "data")
    with start("track", "trax", tmp_path / "data", *WARM, "--out", tmp_path / "out") as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    lines = [line for line in said.splitlines() if line.startswith("track trax, frames: ")]
    assert lines
    assert "/200, " in lines[0]
    assert ": 0/" not in lines[0]
    assert "0 of 1 target done" in lines[0]
    assert " s left" in lines[0]


@pytest.mark.parametrize("form", ["otb", "lasher", "gtot", "got10k", "vot"])
def test_results_of_every_form_are_scored_like_those_of_evaluate(
    form: str, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "warm"
    assert run("track", "trax", data, *WARM, "--form", form, "--out", out).exit_code == 0
    scored = run("evaluate", out, data, *ONE, "--out", tmp_path / "scored", "--json")
    assert scored.exit_code == 0, scored.output
    summary = json.loads(scored.stdout)["trackers"][0]
    at_once = run("evaluate", "trax", data, *ONE, *WARM, "--out", tmp_path / "at once", "--json")
    assert at_once.exit_code == 0, at_once.output
    expected = json.loads(at_once.stdout)["trackers"][0]
    for each in (summary, expected):
        assert each["summary"]["values"]["success"] > 0.3
    assert summary["summary"]["values"] == pytest.approx(expected["summary"]["values"], abs=1e-3)


def test_a_form_without_room_for_repetitions_is_refused(data: Path, tmp_path: Path) -> None:
    words = ["track", "hold", data, "--out", tmp_path / "out", "--repetitions", 3]
    result = run(*words, "--form", "otb")
    assert result.exit_code == 2
    assert "expected got10k or vot for 3 repetitions" in result.stderr
    assert run(*words, "--form", "avi").exit_code == 2


def test_what_the_docs_say_of_lines_works(data: Path, tmp_path: Path) -> None:
    line = f"{shlex.quote(sys.executable)} warm_command.py {{frames}} {{box}} {{output}}"
    words = ["--set", f"command={line}", "--set", f"folder={FOLDER}", "--name", "warm"]
    result = run("evaluate", "command", data, *ONE, *words, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "warm" / "results" / "s3.txt").is_file()


def test_supervised_runs_lie_as_the_toolkit_of_vot_has_them(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "hold"
    words = ["hold", data, "--protocol", "vot2018"]
    assert run("track", *words, "--out", out).exit_code == 0
    folder = out / "baseline" / "s0"
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"s0_00{number}.txt" for number in (1, 2, 3)), "s0_time.txt",
    ]  # fmt: skip
    lines = (folder / "s0_001.txt").read_text().split()
    assert len(lines) == 20
    assert lines[0] == "1"
    every = {line for path in out.rglob("*_00?.txt") for line in path.read_text().split()}
    assert "2" in every  # it lost a target
    words = ["evaluate", *words[1:], "--out", tmp_path / "out", "--json"]
    scored = run("evaluate", out, *words[1:])
    assert scored.exit_code == 0, scored.output
    assert run("evaluate", "hold", *words[1:], "--name", "again").exit_code == 0
    ours = json.loads((tmp_path / "out" / "again" / "scores.json").read_text())["summary"]
    assert json.loads((tmp_path / "out" / "hold" / "scores.json").read_text())["summary"] == ours


def test_a_whole_sequence_at_once_is_no_real_time(data: Path, tmp_path: Path) -> None:
    words = ["--set", "command=true {frames} {output}", "--out", tmp_path / "out"]
    result = run("track", "command", data, "--protocol", "vot2018-realtime", *words)
    assert result.exit_code == 2
    assert "expected one that answers frame by frame" in result.stderr


def test_a_folder_is_not_shared_by_rules_that_answer_differently(
    data: Path, tmp_path: Path
) -> None:
    words = ["track", "hold", data, "--sequence", "s0", "--out", tmp_path / "out"]
    assert run(*words, "--protocol", "vot2018").exit_code == 0
    result = run(*words, "--protocol", "vot2015")
    assert result.exit_code == 2
    assert "holds results of vot-supervised with bounded = True, not False; " in result.stderr
    once = [*words[:-1], tmp_path / "once"]
    assert run(*once, "--protocol", "otb").exit_code == 0
    assert "1 target tracked before" in run(*once, "--protocol", "lasot").stdout
