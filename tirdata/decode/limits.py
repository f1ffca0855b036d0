"""How large a frame may be: headers that say more are damaged or made to exhaust memory."""

from tirdata.errors import DecodeError

MOST_PIXELS = 64_000_000  # thermal cameras have up to 5 million, 8K video 33 million


def check_size(width: int, height: int, most: int = MOST_PIXELS) -> None:
    """Refuse a frame that cannot be one, before memory is taken for it.

    Raises:
        DecodeError: it has no pixels or too many; whoever knows the file's name adds it.
    """
    if width < 1 or height < 1 or width * height > most:
        raise DecodeError(f"says that a frame has {width}x{height} pixels; expected 1 to {most}")
