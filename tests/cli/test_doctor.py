"""`tirdata doctor`: what it finds, what it advises, how it ends."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import Distribution, distributions
from os import PathLike
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import checks
from cli.main import main


def doctor(*arguments: str) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(main, ["doctor", "--json", *arguments])
    return result.exit_code, json.loads(result.stdout), result.stderr


def found(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in document["checks"] if each["name"] == name)


def test_it_looks_at_everything_and_every_note_says_what_to_do(tmp_path: Path) -> None:
    status, document, _ = doctor("--dataset", str(tmp_path / "not" / "yet"))
    names = {each["name"] for each in document["checks"]}
    expected = {"Python", "av", "OpenCV", "codecs", "torch", "GPU", "yt-dlp", "JavaScript"}
    assert expected | {"weights", "disk", "writing", "open files", "[cluster]"} <= names
    assert found(document, "OpenCV")["status"] == "ok"
    assert "h264" in found(document, "codecs")["found"]
    assert found(document, "writing")["found"] == str(tmp_path)
    assert all(each["advice"] for each in document["checks"] if each["status"] != "ok")
    assert document["ok"] == (status == 0)
    assert status in (0, 5)


def test_it_imports_no_torch_unless_a_device_is_asked_for() -> None:
    import subprocess

    code = "import sys; from cli.checks import run_checks; from pathlib import Path; "
    code += "run_checks(Path(), None); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_device_that_is_not_there_is_missing() -> None:
    status, document, stderr = doctor("--device", "cuda:77")
    assert status == 5
    assert found(document, "torch")["status"] == "missing"
    assert "cuda:77" in found(document, "torch")["found"]
    assert stderr.splitlines()[-1].startswith("error: missing: ")


def test_two_opencv_wheels_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Distribution):
        version = "4.9"
        metadata = {"Name": "opencv-python"}  # type: ignore[assignment]  # noqa: RUF012

        def read_text(self, filename: str) -> str | None:
            return None

        def locate_file(self, path: str | PathLike[str]) -> Path:
            return Path(path)

    def both() -> Iterator[Distribution]:
        yield from distributions()
        yield Other()

    monkeypatch.setattr(checks, "distributions", both)
    status, document, _ = doctor()
    assert status == 5
    assert "opencv-python 4.9 and opencv-python-headless" in found(document, "OpenCV")["found"]
    assert "pip uninstall" in found(document, "OpenCV")["advice"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("deno 2.3.1 (stable)", "ok"),
        ("deno 2.2.9", "note"),
        ("v22.1.0", "ok"),
        ("v20.20.2", "note"),
    ],
)
def test_the_javascript_runtime_has_to_be_new_enough(
    said: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / ("deno" if said.startswith("deno") else "node")
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    assert found(doctor()[1], "JavaScript")["status"] == status


@pytest.mark.parametrize(("days", "status"), [(60, "ok"), (61, "note")])
def test_the_age_of_yt_dlp_is_said(days: int, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = checks._version
    made = datetime.now(UTC).date() - timedelta(days)

    def old(name: str) -> str | None:
        return f"{made:%Y.%m.%d}" if name == "yt-dlp" else known(name)

    monkeypatch.setattr(checks, "_version", old)
    check = found(doctor()[1], "yt-dlp")
    assert check["status"] == status
    assert check["found"].endswith(f", {days} days old")
    assert status == "ok" or "pip install -U yt-dlp" in check["advice"]


def test_runtimes_are_those_that_a_download_may_use() -> None:
    from tirdata.fetch.settings import FetchConfig
    from tirdata.fetch.web import session_options

    assert set(session_options(FetchConfig())["js_runtimes"]) == set(checks.RUNTIMES)


def test_a_lacking_decoder_and_package_say_what_they_are_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "CODECS", {"h264": ("h264",), "jpegls": ("no_such",)})
    monkeypatch.setattr(checks, "EXTRAS", {"thermal": (("no_such",), "odd TIFF")})
    document = doctor()[1]
    assert found(document, "codecs")["found"].endswith("without jpegls")
    assert "recordings in jpegls cannot be read" in found(document, "codecs")["advice"]
    assert found(document, "[thermal]")["advice"] == "for odd TIFF: pip install 'tirdata[thermal]'"


def test_few_open_files_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda kind: (256, 256))
    check = found(doctor()[1], "open files")
    assert (check["status"], check["found"]) == ("note", "256 at once")


def test_a_folder_that_cannot_be_written_is_missing() -> None:
    status, document, _ = doctor("--dataset", "/proc/self")
    assert status == 5
    assert found(document, "writing")["status"] == "missing"
