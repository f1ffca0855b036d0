"""What a command says, and on which stream."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cli.console import Console, console_for, set_verbosity
from cli.progress import PlainProgress
from tirdata.config import Config


@dataclass
class Result:
    path: Path
    score: float


class Settings(Config):
    steps: int
    """How many."""


def test_with_json_words_go_to_stderr_and_the_document_alone_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = console_for(json=True)
    console.say("done")
    console.document(
        {
            "result": Result(Path("a/b"), float("nan")),
            "settings": Settings(steps=3),
            "array": np.array([[1.5, np.inf]]),
            "number": np.int64(4),
            "names": ("é", None, True),
        }
    )
    out, err = capsys.readouterr()
    assert err == "done\n"
    assert json.loads(out) == {
        "result": {"path": "a/b", "score": None},
        "settings": {"steps": 3},
        "array": [[1.5, None]],
        "number": 4,
        "names": ["é", None, True],
    }


def test_without_json_there_is_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    console = console_for()
    console.document({"a": 1})
    console.say("done")
    assert capsys.readouterr() == ("done\n", "")


def test_a_table_without_a_terminal_is_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table("scores", ["sequence", "frames", "auc"], [["a", 12, 0.5], ["long", 3, None]])
    assert capsys.readouterr().out.splitlines() == [
        "scores",
        "sequence  frames    auc",
        "a             12  0.500",
        "long           3      -",
    ]


def test_odd_names_break_no_table_and_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table("scores", ["a", "b"], [["new\nline\udcff", "x" * 300]])
    first = capsys.readouterr().out.splitlines()[-1].split()
    assert first[0] == "new?line?"
    assert len(first[1]) == 72
    console_for(json=True).document({"name": "\udcff"})
    assert json.loads(capsys.readouterr().out) == {"name": "\udcff"}


def test_a_narrow_terminal_hides_nothing_of_a_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    Console().table("t", ["sequence", "polarity"], [["ILSVRC2015_train_00007001", "white" * 5]])
    shown = capsys.readouterr().out
    parts = [line.split("│")[1].strip() for line in shown.splitlines() if "│" in line]
    assert "".join(parts) == "ILSVRC2015_train_00007001"


def test_a_table_without_rows_has_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table("scores", ["sequence", "auc"], [])
    assert capsys.readouterr().out == "scores\nsequence  auc\n"


def test_a_quiet_console_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(-1)
    console = console_for()
    set_verbosity(0)
    console.say("done")
    console.table("t", ["a"], [[1]])
    with console.progress("work", 2) as bar:
        bar.advance()
    assert capsys.readouterr() == ("", "")


def test_progress_without_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("cli.progress.time.monotonic", lambda: now)
    with Console().progress("decode", 10) as bar:
        for _ in range(4):
            now += 2
            bar.advance()
        bar.update("clip.mp4")
    assert capsys.readouterr() == ("", "decode: 3/10, 0.5/s, 14 s left\n")


def test_progress_without_a_total_tells_no_end() -> None:
    bar = PlainProgress("decode", None)
    bar.advance(6)
    bar.update("clip.mp4")
    assert bar.line(3.0) == "decode: 6, 2.0/s, clip.mp4"


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Console().progress("decode", 4) as bar:
        bar.advance(3)
        bar.update("clip.mp4")
    assert "decode" in terminal.getvalue()
    assert "3/4" in terminal.getvalue()
    assert "clip.mp4" in terminal.getvalue()


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        (-1, ["error"]),
        (0, ["error", "warning"]),
        (1, ["error", "warning", "info"]),
        (5, ["error", "warning", "info", "debug"]),
    ],
)
def test_verbosity_decides_which_log_records_are_shown(
    capsys: pytest.CaptureFixture[str], level: int, seen: list[str]
) -> None:
    set_verbosity(level)
    logger = logging.getLogger("tirdata.made")
    for name in ("error", "warning", "info", "debug"):
        logger.log(logging.getLevelName(name.upper()), "%s", name)
    set_verbosity(0)
    assert capsys.readouterr().err.splitlines() == [f"{name}: {name}" for name in seen]
