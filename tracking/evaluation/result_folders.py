"""Folders of raw results, of one tracker or several, as toolkits and authors lay them out.

- ``TRACKER/NAME.txt`` (OTB, LaSOT, LasHeR, pysot), with words around all the names if need be;
- ``TRACKER/NAME/NAME_001.txt`` (GOT-10k, VOT), with any word for the second NAME; several numbers
  are repetitions, ``NAME_time.txt`` is no result;
- ``TRACKER/EXPERIMENT/NAME/NAME_001.txt`` (VOT);
- ``NAME/TRACKER.txt``, several trackers in each;
- a JSON file of boxes by name.

What is a target's is decided by names alone (``result_names``), whatever lies above: any number of
folders, or archives in them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from tirdata.errors import DataError, UsageError
from tracking.evaluation.archives import archive_name, is_archive, unpacked
from tracking.evaluation.result_json import rows_by_tracker
from tracking.evaluation.result_names import loose, match_names
from tracking.evaluation.result_text import Answer

Answers: TypeAlias = tuple[Path | Answer, ...]  # repetitions: files, or what one file had of it

EXPERIMENTS: Final = ("baseline", "supervised", "unsupervised", "realtime", "longterm",
                      "multistart", "region_noise")  # fmt: skip
_KINDS: Final = frozenset({".txt", ".csv", ".tsv"})
_DEPTH: Final = 6
_ABOVE: Final = 3
_REPETITION = re.compile(r"(.+)_(\d{3})")
_NO_RESULT = re.compile(
    r"(?i).*_(times?|fps|speeds?|confidences?|scores?|visible|attention)|times?|fps|speed|read_?me.*"
    r"|log|licen[cs]e|run"
)
_OTHER_THINGS: Final = frozenset(
    {"gt", "groundtruth", "groundtruths", "anno", "annos", "annotation", "annotations", "att"}
    | {"attr", "attrtxt", "attributes", "attriseqstxt", "sequencesattr", "times", "time", "init"}
    | {"errresults", "tiranno", "absent", "configs", "config", "log", "logs", "perfmat", "figs"}
)
_NO_NAME = re.compile(
    r"(?i)(raw|bb|tracking|tracker|box|our|the|all|final|test)?[-_ ]?(results?|res|boxes|txts?|ope|"
    r"raw|output|outputs|predictions?|default(_\d+)?|data|tmp)|"
    rf"{'|'.join(EXPERIMENTS)}|"
    r"((otb|vot|vot-?tir|vot-?rgbt|lasot|got-?10k|uav|nfs|tc|lasher|gtot|rgbt|lsotb|ptb|trackingnet"
    r"|vtuav|temple|tcolor|anti-?uav)[-_ ]?((tir|ext|lt|st|test|testingset|testset|\d+)[-_ ]?)*)"
)
_UNFIT = re.compile(r"[^\w.+@ -]+")


@dataclass(frozen=True)
class TrackerResults:
    """The raw results of one tracker, by target."""

    name: str
    folder: Path
    answers: Mapping[str, Answers]
    doubts: Mapping[str, str] = field(default_factory=dict)  # targets of several files, and why
    notes: Mapping[str, str] = field(default_factory=dict)  # targets whose file is a guess
    unused: tuple[str, ...] = ()  # files of no target
    left_out: tuple[str, ...] = ()  # what else is there, for a warning
    unpacked: tuple[tuple[Path, Path], ...] = ()  # where archives were unpacked, and the archives

    @property
    def places(self) -> list[Path]:
        """The folder that the files are in, and those above, where other files may lie."""
        paths = (each for answers in self.answers.values() for each in answers)
        first = next((each for each in paths if isinstance(each, Path)), None)
        return [] if first is None else list(first.parents)[:_ABOVE]

    def in_their_place(self, text: str) -> str:
        """A message with the archives that files are in, not where they were unpacked."""
        for folder, archive in self.unpacked:
            text = text.replace(str(folder), str(archive))
        return text

    def of(self, name: str) -> Answers:
        """The repetitions of a target.

        Raises:
            DataError: there is no result, or several files may be it.
        """
        if name in self.answers:
            return self.answers[name]
        if name in self.doubts:
            raise DataError(self.doubts[name])
        others = len(self.answers) + len(self.unused)
        raise DataError(f"{self.folder / name}.txt: no such result; {others} others are there")

    def moved(self, folder: Path, archive: Path) -> "TrackerResults":
        """The same, called by the archive that was unpacked into a folder."""
        if folder == archive:
            return self
        unpacked = (*self.unpacked, (folder, archive))
        shown = Path(str(self.folder).replace(str(folder), str(archive)))
        doubts = {name: text.replace(str(folder), str(archive))
                  for name, text in self.doubts.items()}  # fmt: skip
        return replace(self, folder=shown, unpacked=unpacked, doubts=doubts)


@contextmanager
def open_results(
    path: Path, targets: Sequence[str], *, experiment: str | None = None
) -> Iterator[list[TrackerResults]]:
    """Every tracker below a path; an archive stays unpacked until the end.

    Args:
        path: a folder, an archive or a JSON file.
        targets: names of all targets there are, scored or not.
        experiment: of VOT, where there are several; None = the baseline.

    Raises:
        UsageError: there is no such path, or no such experiment.
        DataError: there is nothing in it that belongs to a target.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such folder of results; expected a text file a sequence")
    with ExitStack() as stack:
        root = stack.enter_context(unpacked(path))
        label = _packed_name(path) if is_archive(path) else path.resolve().name
        finder = _Finder(targets, experiment, stack)
        found = finder.find(root, (label,), _DEPTH)
        if not found:
            raise finder.nothing(path)
        yield _named_apart(_covering([each.moved(root, path) for each in found]))


class ResultFolder:
    """The result files of one tracker beside each other, found by the target's name."""

    def __init__(self, folder: Path) -> None:
        """List the folder.

        Raises:
            UsageError: it is not there or holds no text file.
        """
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder; expected a text file a sequence")
        self.folder = folder
        self.paths = sorted(path for path in folder.iterdir() if _is_text(path))
        if not self.paths:
            raise UsageError(f"{folder}: no result files; expected a text file a sequence")

    def path(self, name: str) -> Path:
        """The file of a target, the first repetition.

        Raises:
            DataError: there is none, or there are several.
        """
        first = _flat(self.folder, _results(self.paths, [name]), [name]).of(name)[0]
        return first if isinstance(first, Path) else self.folder

    def unused(self, names: Sequence[str]) -> list[str]:
        """Files that belong to none of these targets."""
        return list(_flat(self.folder, _results(self.paths, names), names).unused)


class _Finder:
    """Looks for trackers below a folder, and keeps count of what it saw."""

    def __init__(self, targets: Sequence[str], experiment: str | None, stack: ExitStack) -> None:
        self.targets, self.experiment, self.stack = targets, experiment, stack
        self.seen: list[str] = []

    def find(self, folder: Path, labels: tuple[str, ...], depth: int) -> list[TrackerResults]:
        """Trackers in a folder, or in those below it; ``labels`` are the names that lead to it."""
        if folder.suffix.lower() == ".json" and folder.is_file():
            return self._in_json(folder, labels)
        listed = [folder] if folder.is_file() else folder.iterdir()
        children = sorted(each for each in listed if not each.name.startswith("."))
        files = _results(children, self.targets)
        self.seen += [each.name for each in files]
        flat = _flat(folder, files, self.targets)
        if flat.answers or flat.doubts:
            return [replace(flat, name=_name(labels))]
        below = [each for each in children if each.is_dir()]
        matched = match_names([each.name for each in below], self.targets)
        if matched:
            found = _by_sequence(folder, {name: [folder / stem for stem in match.stems]
                                          for name, match in matched.items()}, labels)  # fmt: skip
            if found:
                return found
        return self._below(children, below, labels, depth)

    def _below(
        self, children: Sequence[Path], below: Sequence[Path], labels: tuple[str, ...], depth: int
    ) -> list[TrackerResults]:
        if depth == 0:
            return []
        experiments = [each for each in below if each.name.lower() in EXPERIMENTS]
        if experiments:
            chosen = self._experiment(experiments)
            left_out = tuple(each.name for each in experiments if each != chosen)
            found = self.find(chosen, (*labels, chosen.name), depth - 1)
            return [replace(each, left_out=left_out) for each in found]
        found = []
        for each in below:
            if loose(each.name) not in _OTHER_THINGS:
                found += self.find(each, (*labels, each.name), depth - 1)
        for each in children:
            if each.is_file() and each.suffix.lower() == ".json":
                with suppress(DataError):  # any JSON may lie there
                    found += self._in_json(each, (*labels, each.stem))
            elif is_archive(each) and not _is_other_thing(archive_name(each)):
                inner = self.stack.enter_context(unpacked(each))
                packed = self.find(inner, (*labels, _packed_name(each)), depth - 1)
                found += [one.moved(inner, each) for one in packed]
        return found

    def _experiment(self, there: Sequence[Path]) -> Path:
        names = {each.name.lower(): each for each in there}
        wanted = self.experiment or next((each for each in EXPERIMENTS if each in names), "")
        if wanted.lower() not in names:
            raise UsageError(
                f"{there[0].parent}: no experiment {wanted!r}; there are: {', '.join(names)}"
            )
        return names[wanted.lower()]

    def _in_json(self, path: Path, labels: tuple[str, ...]) -> list[TrackerResults]:
        self.seen.append(path.name)
        found = []
        for tracker, rows in rows_by_tracker(path).items():
            matched = match_names(list(rows), self.targets)
            answers: dict[str, Answers] = {
                name: (Answer(rows[match.stems[0]]),) for name, match in matched.items()
            }
            used = {stem for match in matched.values() for stem in match.stems}
            name = tracker or _name((*labels[:-1], path.stem))
            notes = {name: match.note for name, match in matched.items() if match.note}
            unused = tuple(sorted(set(rows) - used))
            if answers:
                found.append(TrackerResults(_fit(name), path, answers, notes=notes, unused=unused))
        return found

    def nothing(self, path: Path) -> DataError | UsageError:
        """Why there is not a single tracker."""
        if not self.seen:
            return UsageError(f"{path}: no result files; expected a text file a sequence")
        return DataError(
            f"{path}: none of {len(self.seen)} files is named after a target; found "
            f"{', '.join(self.seen[:3])}; expected {', '.join(self.targets[:3])} and so on"
        )


def _flat(folder: Path, files: Sequence[Path], targets: Sequence[str]) -> TrackerResults:
    """Files beside each other, named after the targets."""
    groups = _groups(files, targets)
    matched = match_names(list(groups), targets)
    answers: dict[str, Answers] = {}
    doubts: dict[str, str] = {}
    notes = {name: match.note for name, match in matched.items() if match.note}
    for name, match in matched.items():
        paths = _alike([groups[stem] for stem in match.stems])
        if paths is None:
            names = " and ".join(groups[stem][0].name for stem in match.stems)
            doubts[name] = f"{folder}: {names} may both be {name}; expected one of them"
            continue
        answers[name] = paths
        if len(match.stems) > 1:
            notes[name] = f"{' and '.join(match.stems)} are the same, taken once"
    used = {path for stem_of in matched.values() for stem in stem_of.stems for path in groups[stem]}
    unused = tuple(path.name for path in files if path not in used)
    return TrackerResults(folder.name, folder, answers, doubts, notes, unused)


def _by_sequence(
    folder: Path, matched: Mapping[str, Sequence[Path]], labels: tuple[str, ...]
) -> list[TrackerResults]:
    """A folder a target, in which lie its repetitions, or the results of several trackers."""
    groups = {name: _in_folder(name, paths) for name, paths in matched.items()}
    trackers = _trackers_inside(groups)
    if trackers:
        return [
            TrackerResults(_fit(tracker), folder,
                           {name: tuple(group[tracker]) for name, group in groups.items()
                            if tracker in group})
            for tracker in trackers
        ]  # fmt: skip
    answers: dict[str, Answers] = {}
    doubts: dict[str, str] = {}
    for name, group in groups.items():
        paths = _alike(list(group.values()))
        if paths:
            answers[name] = paths
        elif group:
            names = " and ".join(sorted(each[0].name for each in group.values()))
            doubts[name] = f"{folder / name}: {names} may both be {name}; expected one of them"
    if not answers and not doubts:
        return []
    return [TrackerResults(_name(labels), folder, answers, doubts)]


def _in_folder(name: str, folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Files of one target by what they are called; those called after it alone if there are."""
    files = [each for folder in folders for each in _results(sorted(folder.iterdir()), [name])]
    groups = _groups(files, [])
    own = {stem: group for stem, group in groups.items() if loose(stem) == loose(name)}
    return own or groups


def _trackers_inside(groups: Mapping[str, Mapping[str, list[Path]]]) -> list[str]:
    """Names that come back in most folders, more than one in each: trackers."""
    counts: dict[str, int] = defaultdict(int)
    for name, group in groups.items():
        for stem in group:
            counts[stem] += loose(stem) != loose(name)
    often = sorted(stem for stem, count in counts.items() if count > len(groups) / 2)
    return often if len(often) > 1 and len(groups) > 1 else []


def _groups(files: Sequence[Path], targets: Sequence[str]) -> dict[str, list[Path]]:
    """Files by stem, repetitions together; a number that is part of a target's name is none."""
    known = {loose(name) for name in targets}
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        matched = _REPETITION.fullmatch(path.stem)
        whole = matched is None or loose(path.stem) in known
        if not whole and matched is not None and known and loose(matched[1]) not in known:
            whole = any(loose(path.stem).endswith(name) for name in known)
        groups[path.stem if whole or matched is None else matched[1]].append(path)
    return groups


def _alike(groups: Sequence[Sequence[Path]]) -> tuple[Path, ...] | None:
    """The files of the first group if the others say the same; None = they do not."""
    if not groups:
        return None
    first, *others = groups
    content = [path.read_bytes() for path in first] if others else []
    if any([path.read_bytes() for path in other] != content for other in others):
        return None
    return tuple(first)


def _results(paths: Iterable[Path], targets: Iterable[str]) -> list[Path]:
    """Text files but for those that say by their names that they are no results."""
    known = {loose(name) for name in targets}
    return [
        path for path in paths
        if _is_text(path) and (not _NO_RESULT.fullmatch(path.stem) or loose(path.stem) in known)
    ]  # fmt: skip


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in _KINDS and path.is_file()


def _is_other_thing(name: str) -> bool:
    return loose(name) in _OTHER_THINGS


def _name(labels: Sequence[str]) -> str:
    """The nearest name that is not that of a data set, an experiment or results as such."""
    return _fit(next((each for each in reversed(labels) if not _NO_NAME.fullmatch(each)),
                     labels[0]))  # fmt: skip


def _packed_name(path: Path) -> str:
    """What an archive is called without the words that are no tracker's name, if any is left."""
    whole = archive_name(path)
    return "_".join(word for word in whole.split("_") if not _NO_NAME.fullmatch(word)) or whole


def _fit(name: str) -> str:
    """A name that can be the name of a folder."""
    return _UNFIT.sub("-", name).lstrip("-.+@ ") or "results"


def _covering(found: list[TrackerResults]) -> list[TrackerResults]:
    """Those most of whose files belong to a target, if some are such: others are of other data."""

    def whole(each: TrackerResults) -> bool:
        return len(each.answers) + len(each.doubts) >= len(each.unused)

    kept = [each for each in found if whole(each)]
    dropped = tuple(each.folder.name for each in found if not whole(each))
    if not kept or not dropped:
        return found
    return [replace(each, left_out=(*each.left_out, *dropped)) for each in kept]


def _named_apart(found: list[TrackerResults]) -> list[TrackerResults]:
    """The same with the folder above, or a number, in names that are there twice."""
    taken: set[str] = set()
    named = []
    for each in found:
        name, number = each.name, 2
        if name in taken:
            name = _fit(f"{each.folder.parent.name} {name}")
        while name in taken:
            name, number = f"{each.name} {number}", number + 1
        taken.add(name)
        named.append(replace(each, name=name))
    return named
