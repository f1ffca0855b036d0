"""Archives: what is unpacked, and what is refused."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from tirdata.errors import DataError
from tracking.evaluation import archives
from tracking.evaluation.archives import archive_name, is_archive, unpacked


def _zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "1,1,2,2\n")
    return path


def _tar(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as tar:
        for member in members:
            data = b"1,1,2,2\n" if member.isfile() else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_text_is_unpacked_and_taken_away_again(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", "a/b.txt", "a/0001.jpg", "__MACOSX/a.txt", "a/.b.txt")
    with unpacked(path) as folder:
        files = [each.relative_to(folder) for each in folder.rglob("*") if each.is_file()]
        assert files == [Path("a/b.txt")]
    assert not folder.exists()


def test_a_folder_is_itself(tmp_path: Path) -> None:
    with unpacked(tmp_path) as folder:
        assert folder == tmp_path
    (tmp_path / "folder.zip").mkdir()
    assert not is_archive(tmp_path / "folder.zip")


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "a/../../x.txt", "C:/x.txt", "..\\x.txt"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    for path in (_zip(tmp_path / "x.zip", name), _tar(tmp_path / "x.tar", tarfile.TarInfo(name))):
        with pytest.raises(DataError, match="leads out of it"), unpacked(path):
            pass
    assert not (tmp_path.parent / "x.txt").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with unpacked(_tar(tmp_path / "x.tar", link)) as folder:
        assert not any(folder.iterdir())
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with unpacked(tmp_path / "x.zip") as folder:
        assert not any(each.is_symlink() for each in folder.iterdir())


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    whole = _zip(tmp_path / "x.zip", "a.txt").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.tar.xz").write_text("1,1,2,2\n")
    (tmp_path / "x.7z").write_bytes(b"7z")
    for name, said in (
        ("half.zip", "is no whole archive"),
        ("text.tar.xz", "is no whole archive"),
        ("x.7z", "unpack it"),
    ):
        with pytest.raises(DataError, match=said) as caught, unpacked(tmp_path / name):
            pass
        assert str(caught.value).startswith(str(tmp_path / name))


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_BYTES", 10)
    path = _zip(tmp_path / "x.zip", "a.txt", "b.txt")
    with pytest.raises(DataError, match="unpack it and give the folder"), unpacked(path):
        pass


def test_the_name_is_without_what_packs_it() -> None:
    names = ("a.zip", "a.tar.xz", "a.TGZ", "a.b.tar")
    assert [archive_name(Path(name)) for name in names] == ["a", "a", "a", "a.b"]
