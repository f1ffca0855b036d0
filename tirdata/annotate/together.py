"""Many spans at once: a tracker that follows many objects goes all ways in step."""

from collections.abc import Callable, Sequence

from tirdata.annotate.follow import Leg, PropagateConfig, Rows, joined, judged, legs, row_of
from tirdata.annotate.spans import Span
from tirdata.tracker import ManyTracker
from tirdata.types import Boxes, Floats, Frame, Frames


def follow_together(
    spans: Sequence[tuple[Frames, Span]],
    tracker: ManyTracker,
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> list[tuple[Boxes, Floats]]:
    """As ``follow`` for each span, with up to ``tracker.at_once`` ways in one batch.

    The spans may be of several sequences, each with its own frames.
    """
    ways = [(row, leg) for row, (_, span) in enumerate(spans) for leg in legs(span)]
    # Ways of a like length go together, so that batches stay full to the end.
    order = sorted(range(len(ways)), key=lambda way: (-len(ways[way][1].numbers), way))
    rows: dict[int, Rows] = {}
    for first in range(0, len(order), tracker.at_once):
        batch = order[first : first + tracker.at_once]
        chosen = [(spans[row][0], leg) for row, leg in (ways[way] for way in batch)]
        found = _in_step(chosen, tracker, on_frame)
        rows.update(zip(batch, found, strict=True))
    passes = [
        [judged(leg, rows[way], settings) for way, (row, leg) in enumerate(ways) if row == wanted]
        for wanted in range(len(spans))
    ]
    return [joined(both, span, settings) for both, (_, span) in zip(passes, spans, strict=True)]


def _in_step(
    ways: Sequence[tuple[Frames, Leg]], tracker: ManyTracker, on_frame: Callable[[], None]
) -> list[Rows]:
    """Rows of each way; the longest are first."""
    starts = _read([(frames, leg.start) for frames, leg in ways])
    tracker.init_many(starts, [leg.box for _, leg in ways])
    numbers = [leg.numbers for _, leg in ways]
    rows: list[Rows] = [[] for _ in ways]
    going = len(ways)
    for step in range(len(numbers[0])):
        left = sum(len(own) > step for own in numbers)
        if left < going:
            tracker.keep(range(left))
            going = left
        seen = _read([(ways[row][0], numbers[row][step]) for row in range(left)])
        for own, frame, found in zip(rows, seen, tracker.track_many(seen), strict=False):
            own.append(row_of(frame, found))
            on_frame()
    return rows


def _read(wanted: Sequence[tuple[Frames, int]]) -> list[Frame]:
    """A frame that several ways pass at once is read once."""
    read: dict[tuple[int, int], Frame] = {}
    for frames, number in wanted:
        if (id(frames), number) not in read:
            read[id(frames), number] = frames[number]
    return [read[id(frames), number] for frames, number in wanted]
