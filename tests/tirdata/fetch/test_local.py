"""Local recordings: files, side files and folders, hashed, linked, and seen to change."""

import hashlib
import os
from pathlib import Path

import pytest

from tirdata.decode.picture_files import SUFFIXES
from tirdata.decode.side_file import IN_FOLDER
from tirdata.errors import DataError, UsageError
from tirdata.fetch import local
from tirdata.fetch.folders import FRAMES, SIDE_FILE, digest, recordings_in
from tirdata.fetch.local import check_local, take_local
from tirdata.fetch.wanted import Treatment
from tirdata.frames.settings import NormaliseConfig


def files(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return folder


def test_a_file_is_linked_with_what_a_person_wrote_of_it(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a_raw=b"counts", a_raw_toml=b"fps = 9\n")
    taken = take_local(folder / "a.raw", tmp_path / "out", keep=True)
    assert taken.sha256 == hashlib.sha256(b"counts").hexdigest()
    assert taken.bytes == 6
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.raw", "a.raw.toml"}
    assert taken.file.stat().st_ino == (folder / "a.raw").stat().st_ino


def test_a_folder_is_known_by_the_names_and_bytes_of_its_frames(tmp_path: Path) -> None:
    one = files(tmp_path / "one", a_png=b"1", b_png=b"2", c_txt=b"3")
    other = files(tmp_path / "other", a_png=b"1", b_png=b"2")
    assert digest(one) == digest(other)
    lines = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n"
        for name, data in (("a.png", b"1"), ("b.png", b"2"))
    )
    assert digest(one) == hashlib.sha256(lines.encode()).hexdigest()
    assert digest(one) != digest(files(tmp_path / "third", a_png=b"1", c_png=b"2"))


def test_what_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files(tmp_path / "in", a_png=b"1", b_png=b"2")

    def slow(path: Path) -> str:
        (folder / "c.png").write_bytes(b"3")
        return digest(path)

    monkeypatch.setattr(local, "digest", slow)
    with pytest.raises(DataError, match="changes while it is read; wait until it is finished"):
        take_local(folder, tmp_path / "out", keep=True)


def test_names_of_our_own_are_not_taken(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", source_json=b"{}")
    assert take_local(folder / "source.json", tmp_path / "out", keep=True).name == (
        "original-source.json"
    )


def test_an_empty_file_and_a_pipe_are_refused(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", a_png=b"1", b_png=b"")
    check_local(folder)  # its reader ends it before the empty frame
    with pytest.raises(DataError, match=r"b\.png: is empty \(0 bytes\)"):
        check_local(folder / "b.png")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no plain file"):
        check_local(tmp_path / "pipe")
    with pytest.raises(UsageError, match="cannot be looked at"):
        check_local(tmp_path / ("a" * 300))
    with pytest.raises(UsageError, match="is a folder without pictures"):
        check_local(files(tmp_path / "none"))


@pytest.mark.parametrize("inside", [False, True])
def test_a_name_that_no_text_can_hold_is_refused(tmp_path: Path, inside: bool) -> None:
    odd = tmp_path / os.fsdecode(b"a\xff.png")
    odd.write_bytes(b"1")
    with pytest.raises(DataError, match=r"a\\xff\.png: is no name in UTF-8; rename it"):
        check_local(tmp_path if inside else odd)


def test_a_single_picture_is_a_recording_by_its_file(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", stack_tif=b"II*")
    assert recordings_in(folder) == [folder / "stack.tif"]


def test_files_of_other_kinds_are_named_to_who_asks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = files(tmp_path / "in", b_nut=b"nut", a_txt=b"notes")
    with caplog.at_level("INFO", "tirdata"):
        assert recordings_in(folder) == [folder / "b.nut"]
    assert "a.txt: passed over" in caplog.text


def test_a_folder_without_end_is_refused(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"abcdefghijklmnopqrst")
    files(deep, a_png=b"1")
    with pytest.raises(DataError, match="is 16 folders deep"):
        recordings_in(tmp_path / "a")


def test_what_is_fetched_is_what_can_be_read_and_treated() -> None:
    assert FRAMES == SUFFIXES
    assert SIDE_FILE == IN_FOLDER
    wanted = Treatment.model_json_schema()["properties"]
    known = NormaliseConfig.model_json_schema()["properties"]
    for name, field in wanted.items():
        stated = {key: value for key, value in field["anyOf"][0].items() if key != "description"}
        assert stated.items() <= known[name].items() or stated in known[name]["anyOf"], name
