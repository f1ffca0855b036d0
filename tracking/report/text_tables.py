"""Tables of an evaluation for papers, pages and spreadsheets: LaTeX, Markdown, CSV.

The best of each column (of each row, where trackers are columns) is bold, the second underlined.
"""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from tirdata.errors import UsageError
from tracking.evaluation.confidence import Confidences
from tracking.evaluation.evaluate import Evaluation
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores
from tracking.report.words import printed_name, value_text

Form: TypeAlias = Literal["latex", "markdown", "csv"]
By: TypeAlias = Literal["tracker", "target", "attribute"]

FORMS: Final[tuple[Form, ...]] = get_args(Form)
BYS: Final[tuple[By, ...]] = get_args(By)

_LATEX: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
_ARROWS: Final = (r" $\uparrow$", r" $\downarrow$")  # more is better, less is better
_MARKDOWN: Final = "\\`*_{}[]<>|#"


class Cell(NamedTuple):
    """One number."""

    measure: str
    value: float | None  # None = there is none
    place: int | None = None  # 0 = the best, 1 = the second
    low: float | None = None  # of its 95 % interval
    high: float | None = None


class TextTable(NamedTuple):
    """A table before it has a form."""

    name: str
    caption: str
    first: str  # head of the first column
    heads: tuple[tuple[str, bool | None], ...]  # and whether less is better; None = not said there
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def table_of(
    evaluation: Evaluation,
    scores: Sequence[Scores],
    *,
    by: By = "tracker",
    measures: Sequence[str] = (),
    found: Confidences | None = None,
) -> TextTable:
    """One row a tracker, target or attribute.

    Args:
        evaluation: what was scored.
        scores: best first.
        by: what has a row; targets and attributes have one measure and a column a tracker.
        measures: which, by our name or the printed one; none = those of the ranked table that the
            benchmark's authors print.
        found: intervals, which CSV has beside the values.

    Raises:
        UsageError: there is no such measure, or no attribute, or more than one measure is asked for
            where there can be but one.
    """
    chosen = _measures(evaluation, scores, measures)
    if by == "tracker":
        return _by_tracker(evaluation, scores, chosen, found or {})
    if len(measures) > 1:
        raise UsageError(f"a table by {by} has one measure; {len(measures)} are given")
    return _by_row(evaluation, scores, by, chosen[0])


def table_text(table: TextTable, form: Form) -> str:
    """The table as a file."""
    write: dict[Form, Callable[[TextTable], str]] = {
        "latex": _latex, "markdown": _markdown, "csv": _csv,
    }  # fmt: skip
    return write[form](table)


def _measures(
    evaluation: Evaluation, scores: Sequence[Scores], wanted: Sequence[str]
) -> tuple[str, ...]:
    names = evaluation.benchmark.benchmark.names
    headline = evaluation.benchmark.build().headline
    if not wanted:
        return tuple(name for name in headline if name in names) or headline
    ours = {printed: name for name, printed in names.items()}
    found = tuple(ours.get(each, each) for each in wanted)
    known = [name for name in MEASURES if name in scores[0].summary.values]
    for each, name in zip(wanted, found, strict=True):
        if name not in known:
            every = ", ".join([*ours, *(name for name in known if name not in names)])
            raise UsageError(f"no measure {each!r} here; there are: {every}")
    return found


def _by_tracker(
    evaluation: Evaluation, scores: Sequence[Scores], measures: Sequence[str], found: Confidences
) -> TextTable:
    columns = [_ranked([each.summary.values.get(name) for each in scores], name,
                       [not each.failed for each in scores]) for name in measures]  # fmt: skip
    rows = []
    for index, each in enumerate(scores):
        cells = []
        for column in columns:
            own = found.get(each.name, {}).get(column[index].measure)
            cell = column[index]
            cells.append(cell._replace(low=own.low, high=own.high) if own else cell)
        part = f" ({each.summary.targets} targets)" if each.failed else ""
        rows.append((f"{each.name}{part}", tuple(cells)))
    benchmark = evaluation.benchmark.benchmark
    heads = tuple(
        (printed_name(benchmark, name), not MEASURES[name].higher_is_better) for name in measures
    )
    return TextTable(evaluation.benchmark.name, _caption(evaluation), "Tracker", heads, tuple(rows))


def _by_row(evaluation: Evaluation, scores: Sequence[Scores], by: By, measure: str) -> TextTable:
    rows: dict[str, list[float | None]] = {}
    for index, each in enumerate(scores):
        parts = each.targets if by == "target" else ()
        values = {target.name: target.values.get(measure) for target in parts}
        if by == "attribute":
            subsets = each.summary.attributes
            values = {name: subset.values.get(measure) for name, subset in subsets.items()}
        for name, value in values.items():
            rows.setdefault(name, [None] * len(scores))[index] = value
    if not rows:
        raise UsageError("no attributes in these scores; the data set has none beside it")
    printed = printed_name(evaluation.benchmark.benchmark, measure)
    arrow = "" if MEASURES[measure].higher_is_better else ", lower is better"
    return TextTable(
        f"{evaluation.benchmark.name}-{by}s",
        f"{printed}{arrow} of each {by}. {_caption(evaluation)}",
        by.capitalize(),
        tuple((each.name, None) for each in scores),
        tuple((name, tuple(_ranked(rows[name], measure))) for name in sorted(rows)),
    )


def _caption(evaluation: Evaluation) -> str:
    count = len(evaluation.targets)
    noun = "sequence" if count == 1 else "sequences"
    benchmark, rules = evaluation.benchmark.benchmark, evaluation.benchmark.name
    how = f"protocol {benchmark.protocol}, rules of {rules}"
    return f"{benchmark.title}, {count} {noun} ({how}). Best bold, second underlined."


def _ranked(
    values: Sequence[float | None], measure: str, counted: Sequence[bool] | None = None
) -> list[Cell]:
    """Cells with their places, by the digits that are shown; what is not counted has none."""
    texts = [None if value is None else float(value_text(measure, value)) for value in values]
    whole = [
        text
        for index, text in enumerate(texts)
        if text is not None and (counted is None or counted[index])
    ]
    steps = sorted(set(whole), reverse=MEASURES[measure].higher_is_better)[:2]
    return [
        Cell(
            measure,
            value,
            steps.index(text)
            if len(values) > 1 and text in steps and (counted is None or counted[index])
            else None,
        )
        for index, (value, text) in enumerate(zip(values, texts, strict=True))
    ]


def _shown(cell: Cell, marks: Sequence[str]) -> str:
    if cell.value is None:
        return "--" if "textbf" in marks[0] else "-"
    text = value_text(cell.measure, cell.value)
    return marks[cell.place].format(text) if cell.place is not None else text


def _latex(table: TextTable) -> str:
    marks = (r"\textbf{{{}}}", r"\underline{{{}}}")
    mixed = any(fewer for _, fewer in table.heads)
    heads = [
        _escaped(head) + (_ARROWS[bool(fewer)] if mixed else "") for head, fewer in table.heads
    ]
    rows = [
        " & ".join([_escaped(name), *(_shown(cell, marks) for cell in cells)]) + r" \\"
        for name, cells in table.rows
    ]
    return "\n".join(
        [
            r"% \usepackage{booktabs}",
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{_escaped(table.caption)}}}",
            f"  \\label{{tab:{_label(table.name)}}}",
            f"  \\begin{{tabular}}{{l{'r' * len(heads)}}}",
            r"    \toprule",
            f"    {' & '.join([_escaped(table.first), *heads])} \\\\",
            r"    \midrule",
            *(f"    {row}" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _label(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in text)


def _markdown(table: TextTable) -> str:
    marks = ("**{}**", "<u>{}</u>")
    heads = [_safe(head) + (" ↓" if fewer else "") for head, fewer in table.heads]
    lines = [
        f"{_safe(table.caption)}\n",
        f"| {' | '.join([_safe(table.first), *heads])} |",
        f"|---|{'---:|' * len(heads)}",
        *(
            f"| {' | '.join([_safe(name), *(_shown(cell, marks) for cell in cells)])} |"
            for name, cells in table.rows
        ),
    ]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in text)


def _csv(table: TextTable) -> str:
    """Numbers with six digits, and the ends of intervals where there are any."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    wide = any(cell.low is not None for _, cells in table.rows for cell in cells)
    heads = [
        part
        for head, _ in table.heads
        for part in ((head, f"{head} low", f"{head} high") if wide else (head,))
    ]
    writer.writerow([table.first.lower(), *heads])
    for name, cells in table.rows:
        numbers = [
            "" if number is None else f"{number:.6f}"
            for cell in cells
            for number in ((cell.value, cell.low, cell.high) if wide else (cell.value,))
        ]
        writer.writerow([name, *numbers])
    return file.getvalue()
