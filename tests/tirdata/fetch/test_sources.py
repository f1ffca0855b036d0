"""Sources: arguments, TOML and CSV files, and every fault of theirs in one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("s.csv", "url,clas\nhttps://a/b,x\n", r"line 2: clas: .* \(near it: class\)$"),
        ("s.csv", "url,subset\nhttps://a/b,test\n", r"line 2: subset: Input should be 'train'"),
        ("s.csv", "url\nhttps://a/b,more\n", "cells without a heading"),
        ("s.csv", "# mine\n\nurls\nhttps://a/b\n", "line 3: headings are urls; expected url or"),
        ("s.csv", "# mine\nurl,subset\n# x\nhttps://a/b,test\n", "line 4: subset"),
    ],
)
def test_a_fault_is_named_with_its_place(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        read_sources([str(tmp_path / name)])
    assert "\n" not in str(error.value)


def test_comments_and_spaces_around_cells_are_not_part_of_them(tmp_path: Path) -> None:
    rows = '# mine; all\r\n\r\n path , class ,notes\r\na.mp4 , drone ,"one\n# two"\r\n# b.mp4,x\r\n'
    (tmp_path / "s.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    (wanted,) = read_sources([str(tmp_path / "s.csv")])
    assert wanted.path == str(tmp_path / "a.mp4")
    assert (wanted.class_name, wanted.notes) == ("drone", "one\n# two")


def test_an_argument_that_says_nothing_is_not_this_folder() -> None:
    with pytest.raises(UsageError, match="source '': names nothing"):
        read_sources(["a.mp4", ""])


@given(st.sampled_from(["s.csv", "s.toml"]), st.binary(max_size=200), st.booleans())
def test_no_sources_file_does_more_than_fail_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes, headed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(({"s.csv": b"url,start_s\n", "s.toml": b"[[source]]\n"}[name] * headed) + data)
    message = ""
    try:
        assert read_sources([str(path)])
    except UsageError as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = " + "1" * 5000, "[[source]]\nstart_s = nan\nurl = 'http://a'"],
)
def test_toml_without_end_is_a_fault(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"s\.toml"):
        read_sources([str(tmp_path / "s.toml")])


def test_a_missing_sources_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        read_sources([str(tmp_path / "none.toml")])


@pytest.mark.parametrize("link", ["http://[::1", "https://user@/x", "http://a:b/c", "http:///x"])
def test_a_link_without_a_host_is_refused(link: str) -> None:
    with pytest.raises(UsageError, match="is no whole link"):
        read_sources([link])


def test_other_schemes_are_refused() -> None:
    with pytest.raises(UsageError, match="rtsp is no link to fetch; expected http, https, ftp"):
        read_sources(["rtsp://camera/1"])


def test_a_row_is_known_by_its_name() -> None:
    assert Wanted(url="https://a/b", title="x").key == Wanted(url="https://a/b", title="y").key


PARTS = """\
path,start_s,end_s,class,title,licence,hud,tone,tone_range,repairs
a.mp4,0:30,40,bird,late,CC0-1.0,black,kelvin,280 320,dead pattern
a.mp4,5,10,drone,early,,,,,
b.mp4,,,,,,,,,
"""


def test_rows_of_one_recording_are_its_parts(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(PARTS)
    first, second = read_sources([str(tmp_path / "s.csv")])
    assert first.clips == (
        Clip(start_s=5, end_s=10, class_name="drone", title="early"),
        Clip(start_s=30, end_s=40, class_name="bird", title="late"),
    )
    assert (first.class_name, first.title, first.licence) == (None, None, "CC0-1.0")
    assert first.treatment.given == {
        "hud": "black", "tone": "kelvin", "tone_range": (280.0, 320.0),
        "repairs": ("dead", "pattern"),
    }  # fmt: skip
    assert second.clips == ()
    assert second.treatment.given == {}


def test_what_all_parts_share_is_said_of_the_recording(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("path,end_s,start_s,class\na.mp4,5,,drone\na.mp4,,5,drone\n")
    (wanted,) = read_sources([str(tmp_path / "s.csv")])
    assert wanted.class_name == "drone"
    assert wanted.clips == (Clip(end_s=5), Clip(start_s=5))
    assert [wanted.clips[0].holds(time_s) for time_s in (0, 4.999, 5)] == [True, True, False]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.mp4,0,5,,\na.mp4,4,9,,", "line 3: .* from 4 s to 9 s overlaps 0 s to 5 s of .*line 2"),
        ("a.mp4,7,9,,\nb.mp4,,,,\na.mp4,,,,", "line 2: .* from 7 s to 9 s overlaps 0 s to the end"),
        ("a.mp4,0,5,MIT,\na.mp4,5,9,CC0,", "line 3: .* with licence CC0, but .*line 2 says MIT"),
        ("a.mp4,0,5,,val\na.mp4,5,9,,train", "line 3: .* with subset train, but .*line 2 says val"),
        ('a.mp4,0,5,"two\nlines",\n,0,5,,', "line 4: value: .*either a url or a path"),
        ("a.mp4,9,5,,", r"line 2: value: .*end_s 5 is not after start_s 9"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_named_with_both_lines(
    rows: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "s.csv").write_text(f"path,start_s,end_s,licence,subset\n{rows}\n")
    with pytest.raises(UsageError, match=message):
        read_sources([str(tmp_path / "s.csv")])


def test_a_fault_in_toml_is_named_with_the_line_of_its_table(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        "# flights\n[[source]]\npath = 'a'\n\n[[ source ]]  # two\npath = 'b'\nhud = 1\n"
    )
    with pytest.raises(ConfigError, match=r"s\.toml line 5: hud: "):
        read_sources([str(path)])
    path.write_text("source = [{path = 'a'}, {path = 'b', hud = 1}]\n")
    with pytest.raises(ConfigError, match=r"s\.toml source 2: hud: "):
        read_sources([str(path)])
    path.write_text("[[source]]\npath = 'a'\nnotes = '''\n[[source]]\n'''\nhud = 1\n")
    with pytest.raises(ConfigError, match=r"s\.toml source 1: hud: "):
        read_sources([str(path)])


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_spreadsheets_of_other_countries_are_read(delimiter: str, tmp_path: Path) -> None:
    text = "\ufeffpath,title,end_s\r\na.mp4,x,5\r\n,,\r\n".replace(",", delimiter)
    (tmp_path / "s.csv").write_bytes(text.encode())
    (wanted,) = read_sources([str(tmp_path / "s.csv")])
    assert (wanted.title, wanted.clips) == ("x", (Clip(end_s=5),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,path\na,b\n", "line 1: columns path are there twice"),
        ("https://a/b.mp4\n", "line 1: headings are https://a/b.mp4; expected url or path"),
        ("url\nexample.org/a\n", "line 2: example.org/a: this is no link to fetch"),
    ],
)
def test_a_wrong_heading_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_sources([str(tmp_path / "s.csv")])
