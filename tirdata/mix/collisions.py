"""Names of classes that meet in a mix: shown, so that nobody finds out from a score."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tirdata.dataset.classes import wnid
from tirdata.dataset.tree import CONFIG_NAME, read_config
from tirdata.errors import UsageError
from tirdata.mix.manifest import ClassCollision, SequenceRecord
from tirdata.mix.recipe import Recipe


def class_collisions(
    recipe: Recipe, records: Iterable[SequenceRecord]
) -> tuple[ClassCollision, ...]:
    """Collisions among the classes that gave samples."""
    names: dict[str, set[str]] = defaultdict(set)
    for record in records:
        names[record.dataset].update(record.classes)
    return (
        *_merged(recipe.class_map, {name for each in names.values() for name in each}),
        *_by_wnid(recipe.class_map, names),
    )


def _merged(class_map: Mapping[str, str], names: Iterable[str]) -> Iterator[ClassCollision]:
    became: dict[str, set[str]] = defaultdict(set)
    for name in names:
        became[class_map.get(name, name)].add(name)
    for label, members in sorted(became.items()):
        if len(members) > 1:
            yield ClassCollision(kind="merged", name=label, members=tuple(sorted(members)))


def _by_wnid(
    class_map: Mapping[str, str], names: Mapping[str, Iterable[str]]
) -> Iterator[ClassCollision]:
    labels: dict[str, set[str]] = defaultdict(set)  # of a WNID
    wnids: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # of a name
    for dataset, found in names.items():
        own = _own_classes(Path(dataset))
        for name in found:
            number = _wnid(name, own)
            if number is not None:
                labels[number].add(class_map.get(name, name))
                wnids[name][number].add(dataset)
    for number, several in sorted(labels.items()):
        if len(several) > 1:
            yield ClassCollision(kind="one WNID", name=number, members=tuple(sorted(several)))
    for name, numbers in sorted(wnids.items()):
        if len(numbers) > 1:
            members = sorted(f"{each}: {number}" for number in numbers for each in numbers[number])
            yield ClassCollision(kind="two WNIDs", name=name, members=tuple(members))


def _own_classes(root: Path) -> Mapping[str, str]:
    path = root / CONFIG_NAME
    return read_config(path).classes if path.is_file() else {}


def _wnid(name: str, own: Mapping[str, str]) -> str | None:
    try:
        return wnid(name, own)
    except UsageError:  # a class of others that has none
        return None
