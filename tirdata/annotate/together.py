"""Many spans of a sequence at once: a tracker that follows many objects goes all ways in step."""

from collections.abc import Callable, Iterable, Sequence

from tirdata.annotate.follow import Leg, PropagateConfig, Rows, joined, judged, legs, row_of
from tirdata.annotate.spans import Span
from tirdata.tracker import ManyTracker
from tirdata.types import Boxes, Floats, Frame, Frames


def follow_together(
    frames: Frames,
    tracker: ManyTracker,
    spans: Sequence[Span],
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> list[tuple[Boxes, Floats]]:
    """As ``follow`` for each span, with up to ``tracker.at_once`` ways in one batch."""
    ways = [(row, leg) for row, span in enumerate(spans) for leg in legs(span)]
    # Ways of a like length go together, so that batches stay full to the end.
    order = sorted(range(len(ways)), key=lambda way: (-len(ways[way][1].numbers), way))
    rows: dict[int, Rows] = {}
    for first in range(0, len(order), tracker.at_once):
        batch = order[first : first + tracker.at_once]
        found = _in_step(frames, tracker, [ways[way][1] for way in batch], on_frame)
        rows.update(zip(batch, found, strict=True))
    passes = [
        [judged(leg, rows[way], settings) for way, (row, leg) in enumerate(ways) if row == wanted]
        for wanted in range(len(spans))
    ]
    return [joined(both, span, settings) for both, span in zip(passes, spans, strict=True)]


def _in_step(
    frames: Frames, tracker: ManyTracker, ways: Sequence[Leg], on_frame: Callable[[], None]
) -> list[Rows]:
    """Rows of each way; the longest are first."""
    starts = _read(frames, [way.start for way in ways])
    tracker.init_many(starts, [way.box for way in ways])
    numbers = [way.numbers for way in ways]
    rows: list[Rows] = [[] for _ in ways]
    going = len(ways)
    for step in range(len(numbers[0])):
        left = sum(len(own) > step for own in numbers)
        if left < going:
            tracker.keep(range(left))
            going = left
        seen = _read(frames, [own[step] for own in numbers[:left]])
        for own, frame, found in zip(rows, seen, tracker.track_many(seen), strict=False):
            own.append(row_of(frame, found))
            on_frame()
    return rows


def _read(frames: Frames, numbers: Iterable[int]) -> list[Frame]:
    """A frame that several ways pass at once is read once."""
    numbers = list(numbers)
    read = {number: frames[number] for number in sorted(set(numbers))}
    return [read[number] for number in numbers]
