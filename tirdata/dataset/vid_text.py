"""One frame's annotation as the text that we write: exactly so, and back again.

Reading such text needs neither an XML parser nor a schema, and takes a tenth of their time. Any
other text, right or wrong, is for those: see ``vid_xml.parse_frame``.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_INDEX = rb"([0-9]{1,9})"  # what fits the schema's 32 bits
_LENGTH = rb"([1-9][0-9]{0,8})"
_HEAD = re.compile(
    rb"<annotation>\n"
    rb"\t<folder>((?:ILSVRC2015_VID_train_[0-9]{4}/ILSVRC2015_train|ILSVRC2015_val)_[0-9]{8})"
    rb"</folder>\n\t<filename>([0-9]{6})</filename>\n"
    rb"\t<source>\n\t\t<database>ILSVRC_2015</database>\n\t</source>\n"
    rb"\t<size>\n\t\t<width>" + _LENGTH + rb"</width>\n"
    rb"\t\t<height>" + _LENGTH + rb"</height>\n\t</size>\n"
)
_OBJECT = re.compile(
    rb"\t<object>\n\t\t<trackid>" + _INDEX + rb"</trackid>\n\t\t<name>(n[0-9]{8})</name>\n"
    rb"\t\t<bndbox>\n\t\t\t<xmax>" + _INDEX + rb"</xmax>\n\t\t\t<xmin>" + _INDEX + rb"</xmin>\n"
    rb"\t\t\t<ymax>" + _INDEX + rb"</ymax>\n\t\t\t<ymin>" + _INDEX + rb"</ymin>\n\t\t</bndbox>\n"
    rb"\t\t<occluded>([01])</occluded>\n\t\t<generated>([01])</generated>\n\t</object>\n"
)
_END = b"</annotation>\n"


class XmlObject(NamedTuple):
    """One object element; the corners are indices of pixels inside the box."""

    track: int
    wnid: str
    xmin: int
    ymin: int
    xmax: int
    ymax: int
    occluded: bool
    generated: bool


class XmlFrame(NamedTuple):
    """What one XML file says."""

    folder: str
    number: int
    size: tuple[int, int]
    objects: tuple[XmlObject, ...]


def xml_text(
    xml_folder: str, number: int, size: tuple[int, int], objects: Sequence[XmlObject]
) -> str:
    """The XML of one frame."""
    return (
        f"<annotation>\n\t<folder>{xml_folder}</folder>\n\t<filename>{number:06d}</filename>\n"
        "\t<source>\n\t\t<database>ILSVRC_2015</database>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{size[0]}</width>\n\t\t<height>{size[1]}</height>\n\t</size>\n"
        f"{''.join(map(_object_text, objects))}</annotation>\n"
    )


def parse_text(data: bytes) -> XmlFrame | None:
    """What the text says; None unless it is what ``xml_text`` writes, letter for letter."""
    head = _HEAD.match(data)
    if head is None:
        return None
    position, end = head.end(), len(data) - len(_END)
    objects = []
    while position < end:
        found = _OBJECT.match(data, position)
        if found is None:
            return None
        track, wnid, xmax, xmin, ymax, ymin, occluded, generated = found.groups()
        item = XmlObject(
            int(track), wnid.decode("ascii"), int(xmin), int(ymin), int(xmax), int(ymax),
            occluded == b"1", generated == b"1",
        )  # fmt: skip
        if item.xmax < item.xmin or item.ymax < item.ymin:
            return None  # the other reader says what is wrong with it
        objects.append(item)
        position = found.end()
    if data[position:] != _END:
        return None
    folder, number, width, height = head.groups()
    return XmlFrame(folder.decode("ascii"), int(number), (int(width), int(height)), tuple(objects))


def _object_text(item: XmlObject) -> str:
    return (
        f"\t<object>\n\t\t<trackid>{item.track}</trackid>\n\t\t<name>{item.wnid}</name>\n"
        f"\t\t<bndbox>\n\t\t\t<xmax>{item.xmax}</xmax>\n\t\t\t<xmin>{item.xmin}</xmin>\n"
        f"\t\t\t<ymax>{item.ymax}</ymax>\n\t\t\t<ymin>{item.ymin}</ymin>\n\t\t</bndbox>\n"
        f"\t\t<occluded>{item.occluded:d}</occluded>\n"
        f"\t\t<generated>{item.generated:d}</generated>\n\t</object>\n"
    )
