"""Statistics as small pictures side by side: bars of counts, on one page."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tirdata.errors import UsageError
from tirdata.files import write_bytes
from tirdata.statistics.document import DataStatistics, MixStatistics, Statistics
from tirdata.statistics.drawing import Rectangle, Shape, Text, png, svg
from tirdata.statistics.histogram import Histogram
from tirdata.statistics.sequence import UNKNOWN

INK, PALE, BAR = "#222222", "#767676", "#3f6ea8"
GROUND: Final = "#ffffff"
COLUMNS: Final = 3
PANEL: Final = (390, 210)  # w, h of a standing one; those that lie are as high as their bars
TOP, SIDE, GAP = 64, 24, 18
MOST_BARS: Final = 8
LONGEST: Final = 22  # letters of a label


class Panel(NamedTuple):
    """One small picture: bars that lie, or with ``standing`` the columns of a histogram."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    words: tuple[str, ...]  # beside each bar
    standing: bool = False


def write_picture(statistics: Statistics, path: Path) -> None:
    """Draw them as PNG or SVG, by the ending of ``path``.

    Raises:
        UsageError: it has another ending.
        StorageError: it cannot be written.
    """
    check_ending(path)
    shapes, width, height = drawn(statistics)
    if path.suffix.lower() == ".svg":
        write_bytes(path, svg(shapes, width, height).encode())
    else:
        write_bytes(path, png(shapes, width, height))


def check_ending(path: Path) -> None:
    """See that a picture can have this name.

    Raises:
        UsageError: it cannot.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{path}: is no name of a picture; expected .png or .svg")


def drawn(statistics: Statistics) -> tuple[list[Shape], int, int]:
    """The shapes of the page, its width and height."""
    shown = statistics.together or next(iter(statistics.data), None)
    panels = [] if shown is None else _data_panels(shown)
    for mix in statistics.mixes:
        panels += _mix_panels(mix)
    width = 2 * SIDE + COLUMNS * PANEL[0] + (COLUMNS - 1) * GAP
    shapes = _heading(statistics, shown)
    top = TOP
    for start in range(0, len(panels), COLUMNS):
        row = panels[start : start + COLUMNS]
        for column, panel in enumerate(row):
            place = (SIDE + column * (PANEL[0] + GAP), top)
            shapes += _standing(panel, *place) if panel.standing else _lying(panel, *place)
        top += max(map(_height, row)) + GAP
    return [Rectangle(0, 0, width, top, GROUND), *shapes], width, top


def _height(panel: Panel) -> int:
    return PANEL[1] if panel.standing else 34 + 20 * max(1, len(panel.values))


def _heading(statistics: Statistics, shown: DataStatistics | None) -> list[Shape]:
    names = [Path(each.data).name for each in statistics.data]
    names += [Path(each.mix).name for each in statistics.mixes]
    said = ""
    if shown is not None:
        human = shown.human_boxes / shown.boxes if shown.boxes else 0.0
        said = (
            f"{shown.sequences:,} sequences, {shown.frames:,} frames, {shown.tracks:,} tracks, "
            f"{shown.boxes:,} boxes, {human:.0%} of them by a person"
        )
    return [Text(SIDE, 28, ", ".join(names), 18, INK), Text(SIDE, 47, said, 12, PALE)]


def _data_panels(shown: DataStatistics) -> list[Panel]:
    attributes = {name: count.tracks for name, count in shown.attributes.items()}
    note = "" if shown.sampled else ", by boxes alone"
    named = {
        "camera platform": shown.platforms,
        "licence": shown.licences,
        "polarity of the recording": shown.polarities,
        "frame size": shown.frame_sizes,
    }
    told = {title: counts for title, counts in named.items() if set(counts) - {UNKNOWN}}
    boxes = {name: count.boxes for name, count in shown.classes.items()}
    return [
        _bars(f"tracks with each attribute{note}", attributes, of=shown.tracks, most=13),
        _columns("side of the boxes, pixels", shown.sides),
        _columns("speed, sides of the box a frame", shown.speeds_for_size),
        _bars("boxes of each class", boxes),
        _columns("length of the sequences, frames", shown.lengths),
        *(_bars(f"sequences by {title}", counts) for title, counts in told.items()),
    ]


def _mix_panels(mix: MixStatistics) -> list[Panel]:
    name = Path(mix.mix).name
    return [
        _bars(f"{name}: crops of each class", mix.classes),
        _bars(f"{name}: crops by domain and side", {**mix.domains, **mix.crops}),
        _bars(f"{name}: crops by licence", mix.licences),
    ]


def _bars(
    title: str, counts: Mapping[str, int], *, of: int | None = None, most: int = MOST_BARS
) -> Panel:
    """The largest counts, the rest as one; with ``of``, the words are shares of that."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept, rest = ordered, 0
    if len(ordered) > most:
        kept, rest = ordered[: most - 1], sum(count for _, count in ordered[most - 1 :])
    rows = [*kept, *([(f"{len(ordered) - most + 1} others", rest)] if rest else [])]
    words = [f"{count / of:.0%}" if of else f"{count:,}" for _, count in rows]
    labels = tuple(name or "none" for name, _ in rows)
    return Panel(title, labels, tuple(count for _, count in rows), tuple(words))


def _columns(title: str, found: Histogram) -> Panel:
    labels = [_edge_label(edge) for edge in found.edges]
    if labels and not labels[-1]:
        labels[-1] = f"{found.edges[-1]:.3g}"
    middle = "" if found.median is None else f"median {found.median:g}"
    return Panel(title, tuple(labels), tuple(map(float, found.counts)), (middle,), standing=True)


def _edge_label(edge: float) -> str:
    """Powers of two by name; the edges between them have none."""
    if edge == 0:
        return "0"
    octave = math.log2(edge)
    if abs(octave - round(octave)) > 1e-4:
        return ""
    return f"1/{2 ** -round(octave)}" if octave < 0 else f"{2 ** round(octave)}"


def _title(panel: Panel, x: float, y: float) -> list[Shape]:
    line = Rectangle(x, y + 20, PANEL[0], 1, "#d0d0d0")
    return [Text(x, y + 14, panel.title, 13, INK), line]


def _lying(panel: Panel, x: float, y: float) -> list[Shape]:
    shapes = _title(panel, x, y)
    if not panel.values:
        return [*shapes, Text(x, y + 40, "none", 12, PALE)]
    step = 20
    start, room = x + 150, PANEL[0] - 150 - 60
    most = max(*panel.values, 1)
    for number, value in enumerate(panel.values):
        top = y + 28 + number * step
        length = room * value / most
        base = top + 13
        shapes += [
            Text(start - 8, base, _short(panel.labels[number]), 11, INK, "end"),
            Rectangle(start, top + 1.5, max(length, 1), step - 3, BAR),
            Text(start + length + 5, base, panel.words[number], 11, PALE),
        ]
    return shapes


def _standing(panel: Panel, x: float, y: float) -> list[Shape]:
    shapes = [*_title(panel, x, y)]
    shapes.append(Text(x + PANEL[0], y + 14, panel.words[0], 11, PALE, "end"))
    if not panel.values:
        return [*shapes, Text(x, y + 40, "none", 12, PALE)]
    floor, room = y + PANEL[1] - 22, PANEL[1] - 22 - 44
    step = min(40.0, (PANEL[0] - 20) / len(panel.values))
    most, total = max(panel.values), sum(panel.values)
    for number, value in enumerate(panel.values):
        height = room * value / most
        left = x + 10 + number * step
        shapes.append(Rectangle(left + 1, floor - height, step - 2, max(height, 0.5), BAR))
        if value >= 0.05 * total and step >= 20:
            share = f"{value / total:.0%}"
            shapes.append(Text(left + step / 2, floor - height - 4, share, 10, PALE, "middle"))
    shapes += _ticks(panel.labels, x + 10, floor + 14, step)
    return shapes


def _ticks(labels: Sequence[str], x: float, y: float, step: float) -> list[Shape]:
    said: list[Shape] = []
    free = -math.inf
    for number, label in enumerate(labels):
        at = x + number * step
        if label and at >= free:
            said.append(Text(at, y, label, 10, PALE, "middle"))
            free = at + 7 * len(label) + 8
    return said


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
