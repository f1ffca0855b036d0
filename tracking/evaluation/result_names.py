"""Which file is whose: names of result files beside names of targets, as authors write them.

Case and ``-``, ``_``, ``.``, ``#`` differ; some put the tracker's name before or behind all of
them; Human4-2 is called Human4 by those who track one of its two objects; and some names are
misspelt. A nearer name wins, and a name goes to one target only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

_IGNORED = re.compile(r"[-_.\s#()]")
_NUMBER_BEHIND = re.compile(r"(.*?[^\W_])[-_.#](\d)")
_DIGITS = re.compile(r"\d+")
_LEAST_SPELT: Final = 4  # letters of a name that may be misspelt
_ROUNDS: Final = 3  # how many ways of putting words around names one folder may have


class Names(NamedTuple):
    """All that there are, matched or not."""

    stems: Sequence[str]
    targets: Sequence[str]


class Match(NamedTuple):
    """The files of a target; none, or several between which nothing decides."""

    stems: tuple[str, ...]
    note: str = ""  # how it was found, where that is a guess


def loose(name: str) -> str:
    """A name without what authors differ in.

    >>> loose("Human4-2") == loose("human4_2")
    True
    """
    return _IGNORED.sub("", name.casefold())


def match_names(stems: Sequence[str], targets: Iterable[str]) -> dict[str, Match]:
    """The stems of files by target; targets that have none are left out."""
    wanted = list(dict.fromkeys(targets))
    exact = set(stems)
    found = {name: Match((name,)) for name in wanted if name in exact}
    taken = set(found)
    for step in (_same, _within, _of_one_target, _misspelt):
        left = [stem for stem in stems if stem not in taken]
        open_targets = [name for name in wanted if name not in found]
        if not left or not open_targets:
            break
        if step is _misspelt and len(found) < len(wanted) / 2:
            break  # these are results on other data
        new = step(left, open_targets, Names(stems, wanted))
        found |= new
        taken |= {stem for match in new.values() for stem in match.stems}
    return found


def _same(left: Sequence[str], targets: Sequence[str], _: Names) -> dict[str, Match]:
    by_name: dict[str, list[str]] = defaultdict(list)
    for stem in left:
        by_name[loose(stem)].append(stem)
    return {
        name: Match(tuple(sorted(by_name[loose(name)])))
        for name in targets
        if loose(name) in by_name
    }


def _within(left: Sequence[str], targets: Sequence[str], everything: Names) -> dict[str, Match]:
    """Names with the same words before and behind in many files, or set apart by a separator."""
    found: dict[str, Match] = {}
    for _ in range(_ROUNDS):
        taken = {stem for match in found.values() for stem in match.stems}
        stems = [stem for stem in left if stem not in taken]
        around = _words_around(stems, everything.targets)
        if around is None:
            break
        before, behind = around
        new: dict[str, list[str]] = defaultdict(list)
        for stem in stems:
            name = loose(stem)
            if name.startswith(before) and name.endswith(behind):
                new[name[len(before) : len(name) - len(behind)]].append(stem)
        fits = {
            name: Match(tuple(sorted(new[loose(name)])))
            for name in targets
            if name not in found and loose(name) in new
        }
        if not fits:
            break
        found |= fits
    return found


def _words_around(stems: Sequence[str], targets: Sequence[str]) -> tuple[str, str] | None:
    """What stands before and behind the names of targets most often; the shortest of equals."""
    names = {loose(name) for name in targets} - {""}
    votes: Counter[tuple[str, str]] = Counter()
    apart: set[tuple[str, str]] = set()
    for stem in stems:
        whole = loose(stem)
        ends = _ends_of_words(stem)
        for name in names:
            at = whole.find(name)
            while at >= 0:
                around = whole[:at], whole[at + len(name) :]
                votes[around] += 1
                if {at, at + len(name)} <= ends:
                    apart.add(around)
                at = whole.find(name, at + 1)
    least = max(2, len(stems) / 2)
    allowed = [each for each, count in votes.items() if each in apart or count >= least]
    allowed = [each for each in allowed if each != ("", "")]
    if not allowed:
        return None
    return min(allowed, key=lambda each: (-votes[each], len(each[0]) + len(each[1]), each))


def _ends_of_words(stem: str) -> set[int]:
    """Where separators are in the loose form of a name, and its two ends."""
    ends, length = {0}, 0
    for part in _IGNORED.split(stem):
        length += len(loose(part))
        ends.add(length)
    return ends


def _of_one_target(
    left: Sequence[str], targets: Sequence[str], everything: Names
) -> dict[str, Match]:
    """``Human4`` for ``Human4-2`` and back, where there is no ``Human4-1`` or other one."""
    found = {}
    bases = Counter(_base(name) for name in everything.targets)
    stems = Counter(_base(stem) for stem in left)
    by_base = {_base(stem): stem for stem in left}
    for name in targets:
        base = _base(name)
        stem = by_base.get(base, "")
        one_has_it = base in {loose(name), loose(stem)}  # airplane-1 is not airplane-9
        if bases[base] == 1 and stems[base] == 1 and one_has_it:
            found[name] = Match((stem,), f"{stem} taken as the result of {name}")
    return found


def _base(name: str) -> str:
    matched = _NUMBER_BEHIND.fullmatch(name)
    return loose(matched[1] if matched else name)


def _misspelt(left: Sequence[str], targets: Sequence[str], everything: Names) -> dict[str, Match]:
    """Names a letter or two apart with the same numbers, where neither has another such."""
    found = {}
    around = _words_around(everything.stems, everything.targets) or ("", "")
    forms = {stem: _bare(stem, around) for stem in left}
    near: Mapping[str, list[str]] = {
        name: [stem for stem in left if _near(forms[stem], loose(name))] for name in targets
    }
    claims = Counter(stem for stems in near.values() for stem in stems)
    for name, stems in near.items():
        if len(stems) == 1 and claims[stems[0]] == 1:
            found[name] = Match((stems[0],), f"{stems[0]} taken as a misspelling of {name}")
    return found


def _bare(stem: str, around: tuple[str, str]) -> str:
    """The loose name without the words that stand around most names."""
    name, (before, behind) = loose(stem), around
    if not (name.startswith(before) and name.endswith(behind)):
        return name
    return name[len(before) : len(name) - len(behind)]


def _near(a: str, b: str) -> bool:
    if _DIGITS.findall(a) != _DIGITS.findall(b) or min(len(a), len(b)) < _LEAST_SPELT:
        return False
    most = 1 if min(len(a), len(b)) < 2 * _LEAST_SPELT else 2
    return abs(len(a) - len(b)) <= most and distance(a, b) <= most


def distance(a: str, b: str) -> int:
    """How many letters are changed, left out, put in or swapped with the next.

    >>> distance("woamn", "woman"), distance("baketball", "basketball")
    (1, 1)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
