"""Sources: arguments, TOML and CSV files, and every fault of theirs in one line."""

from pathlib import Path

import pytest

from tirdata.dataset.create import SAMPLE
from tirdata.errors import ConfigError, UsageError
from tirdata.fetch.sources import read_sources
from tirdata.fetch.wanted import Clip, Wanted

TOML = """
[[source]]
url = "https://example.org/a.mp4"
class = "drone"
licence = "CC0-1.0"
start_s = 1.5
end_s = "1:02:03.5"

[[source]]
path = "b.mp4"
subset = "val"
polarity = "black-hot"
"""
CSV = """\
url,path,class,licence,start_s,end_s,subset,polarity
https://example.org/a.mp4,,drone,CC0-1.0,1.5,1:02:03.5,,
,b.mp4,,,,,val,black-hot
"""


def test_links_and_files_come_in_order(tmp_path: Path) -> None:
    wanted = read_sources(["https://example.org/v?id=1", str(tmp_path / "a.mp4")])
    assert [each.name for each in wanted] == ["https://example.org/v?id=1", str(tmp_path / "a.mp4")]
    assert wanted[0].path is None
    assert wanted[1].url is None
    assert wanted[0].key != wanted[1].key


@pytest.mark.parametrize(("name", "text"), [("s.toml", TOML), ("s.csv", CSV)])
def test_toml_and_csv_say_the_same(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    first, second = read_sources([str(tmp_path / name)])
    assert first.url == "https://example.org/a.mp4"
    assert (first.class_name, first.licence) == ("drone", "CC0-1.0")
    assert first.clips == (Clip(start_s=1.5, end_s=3723.5),)
    assert second.path == str(tmp_path / "b.mp4")  # seen from the sources file
    assert (second.subset, second.polarity) == ("val", "black-hot")


def test_the_sample_of_init_is_read_once_it_is_uncommented(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    lines = SAMPLE.splitlines()
    path.write_text("\n".join([*lines[:2], *(line.removeprefix("# ") for line in lines[2:])]))
    assert len(read_sources([str(path)])) == 2


def test_the_same_source_twice_is_one(tmp_path: Path) -> None:
    assert len(read_sources(["a.mp4", "a.mp4", str(Path("a.mp4").absolute())])) == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.toml", "[[source]]\nurl = 3", r"s\.toml line 1: url: .*string"),
        ("s.toml", "[[source]]\nlink = 'a'", r"s\.toml line 1: link: Extra inputs"),
        ("s.toml", "[[source]]\ntitle = 'a'", "expected either a url or a path"),
        ("s.toml", "[[source]", r"s\.toml: not TOML"),
        ("s.toml", "", "name no source"),
        ("s.toml", "[[source]]\npath='a'\nstart_s=5\nend_s=4", "end_s 4 is not after start_s 5"),
        ("s.toml", "[[source]]\npath='a'\nstart_s='x'", r"line 1: start_s"),
        ("s.toml", "[[source]]\nurl='file:///a'", "file is no link to fetch"),
        (
            "s.toml",
            "[[source]]\npath='a'\n[[source]]\npath='a'\nsubset='val'",
            "line 3: .* overlaps",
        ),
        ("s.csv", "url,class\nhttps://a/b,\n,drone", "line 3: value: .*either a url or a path"),
        ("s.csv", "url,subset\nhttps://a/b,test\n", r"line 2: subset: Input should be 'train'"),
        ("s.csv", "url\nhttps://a/b,more\n", "cells without a heading"),
    ],
)
def test_a_fault_is_named_with_its_place(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        read_sources([str(tmp_path / name)])
    assert "\n" not in str(error.value)


def test_a_missing_sources_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        read_sources([str(tmp_path / "none.toml")])


def test_other_schemes_are_refused() -> None:
    with pytest.raises(UsageError, match="rtsp is no link to fetch; expected http, https, ftp"):
        read_sources(["rtsp://camera/1"])


def test_a_row_is_known_by_its_name() -> None:
    assert Wanted(url="https://a/b", title="x").key == Wanted(url="https://a/b", title="y").key
