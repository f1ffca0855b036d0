"""Annotations as text: read without a parser only where a parser and the schema agree."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.dataset import vid_xml
from tirdata.dataset.vid_text import XmlFrame, XmlObject, parse_text, xml_text
from tirdata.errors import AnnotationError

FOLDER = "ILSVRC2015_VID_train_0000/ILSVRC2015_train_00007001"
PATH = Path("000001.xml")

corners = st.tuples(st.integers(0, 999), st.integers(0, 99))
items = st.builds(
    lambda track, wnid, x, y, occluded, generated: XmlObject(
        track, f"n{wnid:08d}", x[0], y[0], sum(x), sum(y), occluded, generated
    ),
    st.integers(0, 60), st.integers(0, 99_999_999), corners, corners, st.booleans(), st.booleans(),
)  # fmt: skip
frames = st.builds(
    XmlFrame,
    st.sampled_from([FOLDER, "ILSVRC2015_val_00000001"]),
    st.integers(0, 999_999),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    st.lists(items, max_size=3).map(tuple),
)


def text(frame: XmlFrame) -> bytes:
    return xml_text(frame.folder, frame.number, frame.size, frame.objects).encode("ascii")


def by_parser(data: bytes) -> XmlFrame | None:
    """What lxml and the schema make of it; None = an error."""
    try:
        return vid_xml._parse_xml(data, PATH)
    except AnnotationError:
        return None


@given(frames)
def test_what_is_written_comes_back_both_ways(frame: XmlFrame) -> None:
    data = text(frame)
    assert parse_text(data) == frame == by_parser(data)


@given(frames, st.data())
def test_a_changed_text_is_never_read_otherwise_than_by_the_parser(
    frame: XmlFrame, data: st.DataObject
) -> None:
    whole = text(frame)
    at = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 3))
    new = data.draw(st.sampled_from([b"", b"0", b"9", b"-", b" ", b"\n", b"<", b">", b"\xc3\xa9"]))
    changed = whole[:at] + new + whole[at + length :]
    found = parse_text(changed)
    if found is not None:
        assert found == by_parser(changed)


@pytest.mark.parametrize(
    "change",
    [
        (b"\n\t<folder>", b"<folder>"),
        (b"<width>320", b"<width>0320"),
        (b"</annotation>\n", b"</annotation>"),
        (b"</annotation>\n", b"</annotation>\n\n"),
        (b"<xmax>29", b"<xmax>9"),
        (b"<xmax>29", b"<xmax>99999999999"),
    ],
)
def test_any_other_text_is_left_to_the_parser(change: tuple[bytes, bytes]) -> None:
    item = XmlObject(0, "n03245889", 10, 20, 29, 35, occluded=True, generated=False)
    whole = text(XmlFrame(FOLDER, 1, (320, 256), (item,)))
    assert parse_text(whole) is not None
    assert parse_text(whole.replace(*change)) is None
