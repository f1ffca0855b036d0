"""Addresses: what a path of this machine can do, they can, and they say what went wrong."""

import pickle
import sys
from pathlib import Path

import fsspec
import pytest

from tests.serve import Page, serve
from tirdata.errors import DataError, MissingError, StorageError, UsageError
from tirdata.remote import RemotePath, local_copy, place, read_at, write_bytes

FOLDER = "memory://remote-tests"


@pytest.fixture
def folder() -> RemotePath:
    system = fsspec.filesystem("memory")
    if system.exists("/remote-tests"):
        system.rm("/remote-tests", recursive=True)
    return RemotePath(FOLDER)


def test_folders_stay_folders_and_addresses_become_places(tmp_path: Path) -> None:
    assert place("mixes/first") == Path("mixes/first")
    assert place(tmp_path) == tmp_path
    assert place(f"file://{tmp_path}/a") == tmp_path / "a"
    assert place("memory://a/b/") / "c" == RemotePath("memory://a/b/c")
    assert place("C:strange") == Path("C:strange")


def test_what_is_written_is_there(folder: RemotePath) -> None:
    path = folder / "train" / "shard.tar"
    assert not path.exists()
    assert folder.names() == []
    write_bytes(path, b"0123456789")
    assert path.is_file()
    assert not (folder / "train").is_file()
    assert (path.name, path.parent) == ("shard.tar", folder / "train")
    assert path.read_bytes() == b"0123456789"
    assert read_at(path, 3, 4) == b"3456"
    assert read_at(path, 8, 4) == b"89"
    assert (folder / "train").names() == ["shard.tar"]
    path.move(folder / "val" / "other.tar")
    assert not path.exists()
    assert folder.names() in (["val"], ["train", "val"])  # some keep folders that are empty
    folder.remove()
    folder.remove()
    assert folder.names() == []


def test_a_copy_is_kept_until_the_file_changes(folder: RemotePath, tmp_path: Path) -> None:
    path = folder / "index.jsonl"
    write_bytes(path, b"one")
    first = local_copy(path, tmp_path)
    assert first.read_bytes() == b"one"
    stamp = first.stat().st_mtime_ns
    assert local_copy(path, tmp_path).stat().st_mtime_ns == stamp
    write_bytes(path, b"another")
    assert local_copy(path, tmp_path).read_bytes() == b"another"
    assert local_copy(tmp_path / "here") == tmp_path / "here"


def test_it_is_the_same_in_other_processes(folder: RemotePath) -> None:
    assert pickle.loads(pickle.dumps(folder)) == folder  # noqa: S301  # ours


def test_what_is_missing_is_missing(folder: RemotePath) -> None:
    for ask in ((folder / "a").read_bytes, lambda: read_at(folder / "a", 0, 4),
                lambda: local_copy(folder / "a")):  # fmt: skip
        with pytest.raises(FileNotFoundError):
            ask()


def test_an_unknown_kind_of_address_is_said() -> None:
    with pytest.raises(UsageError, match=r"nosuch://a: Protocol not known: nosuch; expected a fol"):
        place("nosuch://a")


def test_without_fsspec_its_package_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingError, match=r"s3://a/b: fsspec is not installed; pip install"):
        place("s3://a/b")


def test_without_a_protocols_package_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingError, match=r"gs://a/b: .*[Ii]nstall gcsfs"):
        place("gs://a/b")


def test_what_cannot_be_written_is_said() -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_bytes(RemotePath("http://127.0.0.1:1/mix/a"), b"a")
    with pytest.raises(DataError, match="cannot be read"):
        RemotePath("http://127.0.0.1:1/mix/a").read_bytes()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_web_server_is_asked_for_parts(tmp_path: Path) -> None:
    body = bytes(range(256)) * 40
    pages = {"whole": Page(body, ranges=False), "parts": Page(body)}
    with serve(pages) as site:
        parts, whole = (RemotePath(site.link(name)) for name in ("parts", "whole"))
        assert read_at(parts, 100, 50) == body[100:150]
        assert site.asked[-1] == ("parts", "bytes=100-149")
        with pytest.raises(DataError, match=r"hands out whole files only; .* --cache"):
            read_at(whole, 100, 50)
        assert local_copy(whole, tmp_path).read_bytes() == body
        with pytest.raises(FileNotFoundError):
            RemotePath(site.link("nothing")).read_bytes()
