"""Edits as a page sends them."""

from tests.tirdata.annotate.stand_ins import box_at
from tests.tirdata.review.client import Form


def draw(state: Form, frame: int, track: int | None = 0, **more: object) -> Form:
    """The true box of the made object; ``more`` over it."""
    return {
        "do": "draw",
        "track": track,
        "frame": frame,
        "hash": state["hashes"][frame],
        "box": list(box_at(frame)),
        **more,
    }


def begin(state: Form, frame: int = 0, **more: object) -> Form:
    """A box that begins a track."""
    return draw(state, frame, None, **{"class": "drone", **more})
