"""`tirdata review` from the command line: what it prints, how it ends, what it lacks."""

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from tests.conftest import ROOT
from tests.made_dataset import made_dataset
from tirdata.dataset.tree import SequenceId


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory.mktemp("made") / "data", [SequenceId("train", 0, 0)]).root


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it printed."""
    command = [sys.executable, "-m", "cli", "review", *words, "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            assert process.stderr is not None
            pytest.fail(line + process.stderr.read())
        try:
            yield process, found[0]
        finally:
            process.kill()


def test_serves_its_page_until_it_is_interrupted(data: Path) -> None:
    with running(str(data), "--tracker", "interpolate") as (process, address):
        assert address.startswith("http://127.0.0.1:")
        assert "token" not in address
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310  # our own
            assert b"<html" in answer.read()
        with urllib.request.urlopen(address + "api/dataset", timeout=20) as answer:  # noqa: S310
            assert b'"tracker":"interpolate"' in answer.read()
        listening = urllib.request.urlopen(  # noqa: S310
            f"{address}api/sequences/ILSVRC2015_train_00000000/events", timeout=20
        )
        assert listening.readline() == b"event: hello\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (130, "")
        assert err == "error: stopped; what is done is kept\n"
        listening.close()


def test_any_other_host_asks_for_a_token(data: Path) -> None:
    with running(str(data), "--tracker", "none", "--host", "127.0.0.1") as (_, address):
        assert "token" not in address
    with running(str(data), "--tracker", "none", "--host", "0.0.0.0") as (_, address):  # noqa: S104
        found = re.fullmatch(r"http://[^/]+:(\d+)/\?token=([\w-]{43})", address)
        assert found is not None
        bare = f"http://127.0.0.1:{found[1]}/"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(bare, timeout=20)
        request = urllib.request.Request(bare, headers={"Authorization": f"Bearer {found[2]}"})
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            assert answer.status == 200


def test_says_what_to_install_where_it_is_not(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    result = CliRunner().invoke(main, ["review", str(data)])
    assert result.exit_code == 5
    assert "pip install 'tirdata[review]'" in result.output


def test_folder_without_a_dataset_and_address_of_another_are_refused(
    data: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(main, ["review", str(tmp_path)])
    assert (result.exit_code, "tirdata.toml" in result.output) == (3, True)
    words = ["review", str(data), "--tracker", "none", "--host", "192.0.2.1"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "--host 192.0.2.1" in result.output
    result = CliRunner().invoke(main, ["review", str(data), "--tracker", "nothing"])
    assert result.exit_code == 2


def test_boxes_can_be_made_tighter_where_a_tracker_looks_at_pictures(data: Path) -> None:
    refined = ("--tracker", "hold", "--refine", "--device", "cpu")
    with (
        running(str(data), *refined) as (_, address),
        urllib.request.urlopen(address + "api/dataset", timeout=60) as answer,  # noqa: S310
    ):
        assert b'"tracker":"refined"' in answer.read()
    words = ["review", str(data), "--tracker", "interpolate", "--refine"]
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, "looks at no picture" in result.stderr) == (2, True), result.output
