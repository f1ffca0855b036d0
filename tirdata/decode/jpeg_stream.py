"""Motion JPEG without a container: pictures one after the other in a file."""

from pathlib import Path

_START = b"\xff\xd8\xff"
_MOST_BYTES = 16_000_000  # in which the first picture ends, if there are several
_SEVERAL_IN_ONE = b"MPF\0"  # stereo pairs and large previews: one picture all the same
_ALONE = (0x01, *range(0xD0, 0xD8))  # markers without a segment
_SCAN, _END = 0xDA, 0xD9
_IN_SCAN = frozenset(bytes([each]) for each in (0, *range(0xD0, 0xD8)))


def is_motion_jpeg(path: Path, head: bytes) -> bool:
    """Whether behind the first JPEG of the file, which begins with ``head``, stands another."""
    if not head.startswith(_START):
        return False
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    end = end_of_jpeg(data)
    if end is None or _SEVERAL_IN_ONE in data[:end]:
        return False
    return data[end : end + len(head)].lstrip(b"\0").startswith(_START)  # some pad with zeros


def end_of_jpeg(data: bytes) -> int | None:
    """Where the first picture ends; none = it does not, or it is damaged."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _END:
            return position + 2
        if marker in _ALONE or marker == 0xFF:
            position += 2 - (marker == 0xFF)
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _SCAN:
            position = _end_of_scan(data, position)
    return position + 2 if data[position : position + 2] == bytes([0xFF, _END]) else None


def _end_of_scan(data: bytes, position: int) -> int:
    """The next marker behind coded data, in which 0xff is followed by 0 or by a restart."""
    while (position := data.find(b"\xff", position)) >= 0:
        if data[position + 1 : position + 2] not in _IN_SCAN:
            return position
        position += 2
    return len(data)
