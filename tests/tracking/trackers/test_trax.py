"""TraX: every version and form, and what goes wrong on the other side."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.programs import FOLDER, PROGRAMS
from tirdata.errors import ConfigError, MissingError, TrackerError
from tirdata.layouts import LAYOUTS
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Sequence
from tracking.trackers.trax import TraxConfig, TraxTracker
from tracking.trackers.trax_messages import Message, bounds, parse, region_numbers, written

OFFICIAL = """
import sys
from trax import Image, Region, Server, Special
image, region = sys.argv[1:]
with Server([region], [image], ["color"], tracker_name="it", multiobject=False) as server:
    while True:
        request = server.wait()
        if request.type == "quit":
            break
        if request.type == "initialize":
            objects, shown = request.objects, 0
        else:
            shown += 1
        picture = request.image["color"]
        if image == "memory":
            assert picture.array().shape[:2] == (128, 160)
        server.status([(objects[0][0], {"confidence": 1 / (1 + shown)})])
"""
# By name: what a program says, after which it reads no more.
ROGUES = {
    "dies": ("import sys; print('no memory', file=sys.stderr); sys.exit(3)", "status 3.*no memory"),
    "crashes": ("import os; os.abort()", r"signal 6 \(Aborted\)"),
    "hangs": ("import time; time.sleep(60)", r"no answer in 1 s"),
    "greets otherwise": ("print('@@TRAX:state 1,2,3,4')", "answered 'state'; expected 'hello'"),
    "forgets a quotation mark": ("print('@@TRAX:hello \"a')", "quotation mark is not closed"),
}
ANSWERS = {
    "dies later": ("import os; os.kill(os.getpid(), 9)", "ended by signal 9"),
    "gives up": ("print('@@TRAX:quit \"trax.reason=too dark\"')", r"gave up \(too dark\)"),
    "answers a mask": (
        "print('@@TRAX:state m1,2,3,4,5,6', flush=True)",
        "is a mask; expected a re",
    ),
    "answers three numbers": ("print('@@TRAX:state 1,2,3', flush=True)", "'1,2,3'; expected a rec"),
    "answers NaN": ("print('@@TRAX:state nan,1,2,3', flush=True)", "'nan,1,2,3'"),
    "answers nothing": ("print('@@TRAX:state', flush=True)", "expected a rectangle or a polygon"),
    "hangs later": ("import time; time.sleep(60)", "no answer in 1 s.*thinking"),
}


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(4, target=(24.0, 20.0))


def _python(program: str) -> TraxConfig:
    command = f"{sys.executable} -c {_quoted(program)}"
    return TraxConfig(command=command, timeout_s=1, start_timeout_s=1)


def _quoted(program: str) -> str:
    return '"' + program.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _boxes(tracker: TraxTracker, blob: Sequence) -> Boxes:
    tracker.init(blob.frames[0], Box(*blob.tracks[0].boxes[0]))
    return np.array([tracker.track(blob.frames[index]).box for index in range(1, 4)])


@pytest.fixture(scope="module")
def expected(blob: Sequence) -> Boxes:
    return _boxes(TraxTracker(TraxConfig(**PROGRAMS["trax"])), blob)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize(("image", "region"), [("path", "polygon"), ("memory", "rectangle")])
def test_every_version_and_form_gives_the_same(
    version: int, image: str, region: str, blob: Sequence, expected: Boxes
) -> None:
    environment = {"TRAX_VERSION": str(version), "TRAX_IMAGES": image, "TRAX_REGION": region}
    tracker = TraxTracker(TraxConfig(**PROGRAMS["trax"], environment=environment))
    np.testing.assert_allclose(_boxes(tracker, blob), expected, atol=2e-3)
    assert 0 < tracker.took_s < 1


@pytest.mark.parametrize("image", ["path", "memory", "buffer"])
@pytest.mark.parametrize("region", ["rectangle", "polygon"])
def test_it_talks_to_the_reference_library(
    image: str, region: str, blob: Sequence, tmp_path: Path
) -> None:
    pytest.importorskip("trax")
    (tmp_path / "it.py").write_text(OFFICIAL)
    words = f"{sys.executable} it.py {image} {region}"
    tracker = TraxTracker(TraxConfig(command=words, folder=tmp_path, properties={"a": "b c"}))
    for _ in range(2):  # a second start in the same process
        first = Box(*blob.tracks[0].boxes[0])
        tracker.init(blob.frames[0], first)
        answers = [tracker.track(blob.frames[index]) for index in (1, 2)]
        np.testing.assert_allclose([answer.box for answer in answers], [first] * 2, atol=2e-4)
        assert [answer.score for answer in answers] == pytest.approx([1 / 2, 1 / 3])
        assert all((answer.corners is not None) == (region == "polygon") for answer in answers)


def test_files_of_a_data_set_are_given_as_they_lie(tmp_path: Path, blob: Sequence) -> None:
    LAYOUTS["otb"].write([blob], tmp_path / "a b")
    frames = LAYOUTS["otb"].read_one(tmp_path / "a b", "made").frames
    program = (
        "import sys; print('@@TRAX:hello', flush=True)\nfor line in sys.stdin:\n"
        " print(line, file=sys.stderr, flush=True); print('@@TRAX:state 1,2,3,4', flush=True)"
    )
    tracker = TraxTracker(_python(program))
    for index in range(2):
        tracker.attend(frames, index)
        if index:
            tracker.track(frames[index])
        else:
            tracker.init(frames[index], Box(1, 2, 3, 4))
    assert tracker._session is not None
    said = tracker._session._program.last_words()
    assert f"file://{tmp_path}/a b/made/img/0002.jpg" in said


@pytest.mark.parametrize("name", ROGUES)
def test_a_program_that_cannot_begin_is_named(name: str, blob: Sequence) -> None:
    program, message = ROGUES[name]
    tracker = TraxTracker(_python(program))
    with pytest.raises(TrackerError, match=message):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_program_that_fails_later_is_named_and_begins_anew(name: str, blob: Sequence) -> None:
    program, message = ANSWERS[name]
    before = (
        "import sys; print('@@TRAX:hello', flush=True); sys.stdin.readline(); "
        "print('thinking', file=sys.stderr, flush=True); "
        "print('@@TRAX:state 1,2,3,4', flush=True); sys.stdin.readline(); "
    )
    tracker = TraxTracker(_python(before + program))
    for _ in range(2):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))
        with pytest.raises(TrackerError, match=message):
            tracker.track(blob.frames[1])


@pytest.mark.parametrize(
    ("hello", "message"),
    [
        ("trax.version=5", "wants version 5; we have 1 to 4"),
        ("trax.image=url;", "wants images url; we have path, memory, buffer"),
        ("trax.region=mask", "wants regions mask"),
        ("trax.channels=color;depth", "wants channels color, depth; we have color or ir"),
    ],
)
def test_what_we_have_not_is_said_before_anything_runs(
    hello: str, message: str, blob: Sequence
) -> None:
    tracker = TraxTracker(_python(f"print('@@TRAX:hello {hello}'); input()"))
    with pytest.raises(MissingError, match=message):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))


def test_a_code_is_an_object_lost(blob: Sequence) -> None:
    answer = "print('@@TRAX:state 0', flush=True)"
    program = f"print('@@TRAX:hello', flush=True)\nwhile True: input(); {answer}"
    tracker = TraxTracker(_python(program))
    tracker.init(blob.frames[0], Box(1, 2, 3, 4))
    assert tracker.track(blob.frames[1]) == Prediction(Box(1, 2, 3, 4), 0.0)


def test_the_seed_and_a_restart_reach_the_program(blob: Sequence) -> None:
    program = (
        "import os; print('@@TRAX:hello', flush=True)\nwhile True: input(); "
        "print('@@TRAX:state 1,2,3,' + os.environ['TIRDATA_SEED'] + str(os.getpid()), flush=True)"
    )
    config = _python(program).model_copy(update={"seed": 7, "restart": True})
    tracker = TraxTracker(config)
    heights = []
    for _ in range(2):
        tracker.init(blob.frames[0], Box(1, 2, 3, 4))
        heights.append(tracker.track(blob.frames[1]).box.h)
    assert heights[0] != heights[1]
    assert all(str(height).startswith("7") for height in heights)


def test_a_program_that_is_not_there_is_missing(blob: Sequence, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="nix: no such program"):
        TraxTracker(TraxConfig(command="nix")).init(blob.frames[0], Box(1, 2, 3, 4))
    config = TraxConfig(command="true", folder=tmp_path / "gone")
    with pytest.raises(MissingError, match="gone: no such folder"):
        TraxTracker(config).init(blob.frames[0], Box(1, 2, 3, 4))
    with pytest.raises(ConfigError, match="No closing quotation"):
        TraxTracker(TraxConfig(command='a "b'))


def test_the_program_ends_with_the_tracker(blob: Sequence) -> None:
    tracker = TraxTracker(TraxConfig(**PROGRAMS["trax"]))
    tracker.init(blob.frames[0], Box(1, 2, 3, 4))
    assert tracker._session is not None
    process = tracker._session._program._process
    assert process.poll() is None
    del tracker
    assert process.wait(5) == 0


@pytest.mark.parametrize(
    "message",
    [
        Message("state", ("1,2,3,4",), {"reason": 'a "b"\\ c\nd', "x.y_1": ""}),
        Message("initialize"),
        Message("frame", ("file:///ä b.png", "data:image/png;aGk=")),
    ],
)
def test_messages_come_back_as_they_were_written(message: Message) -> None:
    assert parse(written(message).decode().rstrip("\n")) == message


@pytest.mark.parametrize("line", ["@@TRAX:status 1,2,3,4 a=b", '50%\r@@TRAX:state "1,2,3,4" a=b '])
def test_old_words_bare_words_and_half_lines_are_read(line: str) -> None:
    assert parse(line) == Message("state", ("1,2,3,4",), {"a": "b"})


def test_regions_are_numbers() -> None:
    assert region_numbers("1,2.5,3,4") == (1, 2.5, 3, 4)
    assert bounds(region_numbers("0,1,4,0,5,3")) == Box(0, 0, 5, 3)
    with pytest.raises(ValueError, match="region"):
        region_numbers("1,2,3,4,5")


def test_there_is_a_program_to_test_with() -> None:
    assert (FOLDER / "warm_trax.py").is_file()
