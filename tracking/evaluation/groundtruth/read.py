"""Reading ground truth without frames: finding where it begins and what form it has.

``FORMS`` are recognised by what is in the files. Every layout of ``LAYOUTS`` has one of them when
its frames are away, or are not looked at.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.folders import folders
from tracking.evaluation.archives import archive_name, is_archive, unpacked
from tracking.evaluation.benchmark import NamedBenchmark
from tracking.evaluation.groundtruth import FORMS
from tracking.evaluation.groundtruth.attributes import attributes_near
from tracking.evaluation.groundtruth.base import TruthForm
from tracking.evaluation.groundtruth.convention import to_truth
from tracking.evaluation.result_names import loose
from tracking.evaluation.scores import Failure
from tracking.evaluation.targets import LEAST_BOXES, Truth, Truths

logger = logging.getLogger(__name__)

_OF_LAYOUTS: Final = {  # what data sets of a layout are without their frames
    "otb": ("folders", "flat"), "vot": ("folders",), "got10k": ("folders", "flat"),
    "lasot": ("folders", "flat"), "lsotb": ("flat", "folders"),
    "lasher": ("flat", "rgbt234", "rgbt210"), **dict.fromkeys(("mot", "coco", "cvat"), ("tracks",)),
}  # fmt: skip
_DEPTH: Final = 4
_OTHER_THINGS: Final = frozenset(
    {"results", "result", "bbresults", "trackingresults", "rawresults", "att", "attr", "attributes"}
    | {"attrtxt", "attriseqstxt", "sequencesattr", "times", "configs", "util", "figs", "img"}
)
_TRUTH_WORDS: Final = ("gt", "groundtruth", "anno", "annos", "annotations", "tiranno")


@dataclass(frozen=True)
class GroundTruth:
    """True boxes alone, and what they were read as."""

    truths: Truths
    names: tuple[str, ...]  # all targets there are, asked for or not
    origin: int  # number of the first pixel in the files
    form: str


def read_groundtruth(
    path: Path,
    benchmark: NamedBenchmark,
    *,
    form: str | None = None,
    only: Collection[str] = (),
    origin: int | None = None,
) -> GroundTruth:
    """The targets below a path: a folder, an archive, or a file of all of them.

    Args:
        path: where they lie; the form may begin some folders below.
        benchmark: whose rules say which number the first pixel has, and what is in doubt.
        form: name in FORMS or LAYOUTS; None = as recognised.
        only: names of sequences or targets; none = all.
        origin: number of the first pixel; None = as the rules or the form say.

    Raises:
        UsageError: no such path or form, it fits none or several, or ``only`` is not there.
        DataError: nothing in it can be scored.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such folder or file; expected ground truth")
    with unpacked(path) as whole, _recognised(whole, path, benchmark, form) as (found, root, top):
        if origin is None:
            origin = int(benchmark.benchmark.rules.get("origin", found.origin(root)))
        challenges = attributes_near(_beside(root, top, path))
        machine = benchmark.build().machine_boxes
        entries = found.entries(root)
        _check_known(path, only, entries)
        targets: list[Truth] = []
        without: list[str] = []
        failed: list[Failure] = []
        for name, read in entries.items():
            if only and not {name, name.partition("#")[0]} & set(only):
                continue
            try:
                raw = read()
                asked = challenges(raw.sequence or name)
                truth = to_truth(name, raw, origin=origin, attributes=asked, machine_boxes=machine)
            except DataError as error:
                failed.append(Failure(name=name, error=str(error).replace(str(top), str(path))))
                continue
            if (truth.boxes[:, 0] == truth.boxes[:, 0]).sum() < LEAST_BOXES:
                without.append(name)
            else:
                targets.append(truth)
    if not targets and not failed:
        raise DataError(
            f"{path}: none of {len(entries)} sequences can be scored; expected at least "
            f"{LEAST_BOXES} true boxes in each"
        )
    truths = Truths(tuple(targets), tuple(without), tuple(failed))
    return GroundTruth(truths, tuple(entries), origin, found.name)


@contextmanager
def _recognised(
    top: Path, path: Path, benchmark: NamedBenchmark, form: str | None
) -> Iterator[tuple[TruthForm, Path, Path]]:
    """The form, where it begins, and what it is in."""
    wanted = _wanted(form)
    level = [top]
    for _ in range(_DEPTH):
        fits = _decided(
            [(each, root) for root in level for each in wanted if each.recognises(root)], benchmark
        )
        if len(fits) > 1:
            raise UsageError(_doubt(fits, top, path))
        if fits:
            yield (*fits[0], top)
            return
        below = [inner for root in level for inner in _inside(root)]
        packed = [each for each in below if is_archive(each)]
        level = [each for each in below if not is_archive(each)]
        if packed and not level:
            break
    packed = [each for each in _inside(top) if is_archive(each)]
    told = [
        each for each in packed if any(word in loose(archive_name(each)) for word in _TRUTH_WORDS)
    ]
    chosen = told if told else packed
    if len(chosen) == 1:
        with unpacked(chosen[0]) as inner, _recognised(inner, path, benchmark, form) as found:
            yield found
        return
    raise UsageError(
        f"{path}: no ground truth that is recognised; expected any of {', '.join(FORMS)}; say "
        "which with --format"
    )


def _wanted(form: str | None) -> list[TruthForm]:
    if form is None:
        return list(FORMS.values())
    if form in FORMS:
        return [FORMS[form]]
    if form in LAYOUTS:
        return [FORMS[each] for each in _OF_LAYOUTS.get(form, ())]
    known = ", ".join(dict.fromkeys([*FORMS, *LAYOUTS]))
    raise UsageError(f"no form {form!r} of ground truth; there are: {known}")


def _decided(
    fits: list[tuple[TruthForm, Path]], benchmark: NamedBenchmark
) -> list[tuple[TruthForm, Path]]:
    """What is left where the benchmark or a name decides between several."""
    if {each.name for each, _ in fits} == {"gtot", "gtot-boxes"} and benchmark.name.startswith(
        "gtot"
    ):
        fits = [each for each in fits if each[0].name == "gtot"]
    if len(fits) > 1 and len({root for _, root in fits}) == len(fits):
        called = [
            each
            for each in fits
            if loose(each[1].name) in _TRUTH_WORDS or loose(each[1].name).endswith("gt")
        ]
        fits = called if len(called) == 1 else fits
    return fits


def _inside(root: Path) -> list[Path]:
    """Where ground truth may begin below a folder."""
    if not root.is_dir():
        return []
    files = sorted(
        each for each in root.iterdir() if is_archive(each) or each.suffix.lower() == ".json"
    )
    return [*(each for each in folders(root) if loose(each.name) not in _OTHER_THINGS), *files]


def _doubt(fits: list[tuple[TruthForm, Path]], top: Path, path: Path) -> str:
    places = dict.fromkeys(str(root).replace(str(top), str(path)) for _, root in fits)
    if len(places) > 1:
        return f"{path}: ground truth in {' and '.join(places)}; give one of these"
    names = " or ".join(each.name for each, _ in fits)
    return f"{path}: ground truth of the form {names}; say which with --format"


def _beside(root: Path, top: Path, path: Path) -> list[Path]:
    """Folders in which attributes may lie: from the form's up to the path's, and one above it."""
    base = root if root.is_dir() else root.parent
    inside = [each for each in (base, *base.parents) if each.is_relative_to(top)]
    return [*inside, path.resolve().parent] if top == path else inside


def _check_known(path: Path, only: Collection[str], names: Collection[str]) -> None:
    known = {*names, *(name.partition("#")[0] for name in names)}
    unknown = sorted(set(only) - known)
    if unknown:
        there = ", ".join(sorted(names)[:20]) + (" …" if len(names) > 20 else "")
        raise UsageError(f"{path}: no sequence {unknown[0]}; there are: {there}")
