"""The checksums of FFV1's slices (RFC 9043, 4.9): FFmpeg sees that one is wrong, and goes on.

It hands the frame out with the slice of the frame before, and unmarked. What was stored without
loss would so be changed without a word.
"""

import zlib
from collections.abc import Iterator

_FOOTER = 8  # size of the slice (3 bytes), status (1), checksum (4)
_SIZE = 3
# The checksum takes the highest bit first, zlib's the lowest.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class SliceChecks:
    """Packets of one stream in order; whether it has checksums shows in the first of them."""

    def __init__(self) -> None:
        self._has_some = False

    def is_whole(self, packet: bytes) -> bool:
        """Whether every slice is as it was written; True where nothing can be told."""
        slices = list(_slices(packet))
        if not slices or sum(map(len, slices)) != len(packet):
            return not packet or not self._has_some  # no checksums, or sizes that lead astray
        self._has_some = True
        return all(_remainder(each) == 0 for each in slices)


def _slices(packet: bytes) -> Iterator[bytes]:
    """The slices with their footers, the last one first, as far as their sizes make sense."""
    end = len(packet)
    while end >= _FOOTER:
        size = int.from_bytes(packet[end - _FOOTER : end - _FOOTER + _SIZE], "big") + _FOOTER
        if size > end:
            return
        yield packet[end - size : end]
        end -= size


def _remainder(data: bytes) -> int:
    """CRC-32 (0x04C11DB7, from 0) of a slice and its checksum: 0 if they agree."""
    return zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
