"""A program a sequence: what it is given, what it may write, and how it fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.programs import PROGRAMS
from tirdata.errors import ConfigError, MissingError, TrackerError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.types import Box, Frames, Sequence
from tracking.trackers import tracker_factory
from tracking.trackers.command import CommandConfig, CommandTracker
from tracking.trackers.program import files_of, split_command

SHOW = """
import os, sys
from pathlib import Path
frames, folder, box, x, count, seed, output, times = sys.argv[1:9]
paths = Path(frames).read_text().splitlines()
assert sorted(os.listdir(folder)) == [f"{n:08}" + Path(p).suffix for n, p in enumerate(paths, 1)]
assert len(paths) == int(count) and all(Path(p).is_file() for p in paths)
assert seed == os.environ["TIRDATA_SEED"] == "5" and os.environ["MINE"] == "a b"
assert float(x) == float(box.split(",")[0])
print("x" * 300000)  # more than a pipe holds
Path(output).write_text((box.replace(",", "\\t") + "\\n") * (len(paths) - 1) + "nan,nan,nan,nan\\n")
Path(times).write_text("0.5\\n" + "0.25\\n" * (len(paths) - 1))
"""
FAILURES = {
    "status": ("import sys; print('out of memory', file=sys.stderr); sys.exit(3)",
               "ended with status 3; its last words: out of memory"),
    "signal": ("import os; os.abort()", r"ended by signal 6 \(Aborted\)"),
    "nothing": ("print('did what?')", r"wrote no \{output\}; its last words: did what\?"),
    "few": ("open(sys.argv[2], 'w').write('1,2,3,4')", "wrote 1 boxes; expected 3"),
    "words": ("open(sys.argv[2], 'w').write('one,two')", "'one,two'; expected 4 numbers"),
    "time": ("import time; print('slow', flush=True); time.sleep(60)", "not done in 1 s.*slow"),
}  # fmt: skip


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(4)


@pytest.fixture(params=["array", "file"])
def frames(request: pytest.FixtureRequest, blob: Sequence, tmp_path: Path) -> Frames:
    if request.param == "array":
        return blob.frames
    LAYOUTS["otb"].write([blob], tmp_path / "data set")
    return LAYOUTS["otb"].read_one(tmp_path / "data set", "made").frames


def _tracker(folder: Path, program: str, words: str, **settings: object) -> CommandTracker:
    (folder / "it.py").write_text("import sys\n" + program)
    command = f"{sys.executable} it.py {words}"
    return CommandTracker(CommandConfig(command=command, folder=folder, **settings))


def test_it_is_given_all_that_its_line_says(frames: Frames, tmp_path: Path) -> None:
    words = "{frames} {folder} {box} {x} {count} {seed} {output} {times}"
    tracker = _tracker(tmp_path, SHOW, words, seed=5, origin=1, environment={"MINE": "a b"})
    tracker.attend(frames, 1)
    tracker.init(frames[1], Box(10.5, 20, 30, 40))
    assert tracker.took_s == 0.5
    tracker.attend(frames, 2)
    assert tracker.track(frames[2]).box == Box(10.5, 20, 30, 40)
    assert tracker.took_s == 0.25
    tracker.attend(frames, 3)
    assert np.isnan(tracker.track(frames[3]).box).all()


def test_it_starts_again_where_it_is_told(blob: Sequence) -> None:
    tracker = CommandTracker(CommandConfig(**PROGRAMS["command"]))
    for start in (0, 2):
        tracker.attend(blob.frames, start)
        tracker.init(blob.frames[start], Box(*blob.tracks[0].boxes[start]))
        tracker.attend(blob.frames, start + 1)
        found = tracker.track(blob.frames[start + 1]).box
        np.testing.assert_allclose(found, blob.tracks[0].boxes[start + 1], atol=8)


@pytest.mark.parametrize("name", FAILURES)
def test_a_program_that_fails_says_how(name: str, blob: Sequence, tmp_path: Path) -> None:
    program, message = FAILURES[name]
    tracker = _tracker(tmp_path, program, "{frames} {output}", timeout_s=1 if name == "time" else 9)
    tracker.attend(blob.frames, 1)
    with pytest.raises(TrackerError, match=message):
        tracker.init(blob.frames[1], Box(1, 2, 3, 4))


def test_no_shell_reads_the_line(blob: Sequence, tmp_path: Path) -> None:
    program = "open(sys.argv[2], 'w').write('1,2,3,4\\n' * 4); open('seen', 'w').write(sys.argv[3])"
    tracker = _tracker(tmp_path, program, "{frames} {output} '$(touch x);`touch y`' > z")
    tracker.attend(blob.frames, 0)
    tracker.init(blob.frames[0], Box(1, 2, 3, 4))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it.py", "seen"]
    assert (tmp_path / "seen").read_text() == "$(touch x);`touch y`"


@pytest.mark.parametrize("command", ["", "a {frames}", "a {output}", "a 'b {frames} {output}"])
def test_a_line_without_what_it_needs_is_refused(command: str) -> None:
    with pytest.raises(ConfigError, match="command"):
        tracker_factory("command", {"command": command})


def test_what_is_not_there_is_missing(blob: Sequence) -> None:
    tracker = CommandTracker(CommandConfig(command="nix {frames} {output}"))
    tracker.attend(blob.frames, 0)
    with pytest.raises(MissingError, match="nix: no such program"):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))


def test_without_a_sequence_it_says_what_to_use(blob: Sequence) -> None:
    tracker = CommandTracker(CommandConfig(**PROGRAMS["command"]))
    with pytest.raises(UsageError, match="TraX follows frame by frame"):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))


def test_scripts_and_weights_in_the_line_are_its_files(tmp_path: Path) -> None:
    for name in ("it.py", "net.pth", "run.sh"):
        (tmp_path / name).touch()
    words = split_command("python it.py --weights net.pth {frames}")
    assert [path.name for path in files_of(words, tmp_path)] == ["it.py", "net.pth"]
    assert [path.name for path in files_of(["./run.sh", "none"], tmp_path)] == ["run.sh"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end it")
def test_it_does_not_outlive_us(tmp_path: Path) -> None:
    ours = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from tracking.trackers.program import Program\n"
        "words = [sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); "
        "time.sleep(60)']\n"
        "program = Program(words, Path(), {}); print(next(program.lines(9)), flush=True); input()"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", ours, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.kill()
    for _ in range(100):
        if not Path(f"/proc/{child}/stat").is_file() or _is_zombie(child):
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def _is_zombie(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
