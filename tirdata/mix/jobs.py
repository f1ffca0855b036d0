"""The sequences that a recipe names, each as one small item of work with a key of its own."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tirdata.errors import UsageError
from tirdata.layouts import open_layout
from tirdata.mix.recipe import Domain, Recipe
from tirdata.remote import Place

LONGEST_KEY = 64  # bytes; track, number and frame come behind it


@dataclass(frozen=True)
class Span:
    """Where the samples of a sequence lie in a mix: some lines of an index."""

    index: Place
    start: int
    length: int
    crops_sha256: str


@dataclass(frozen=True)
class Known:
    """What an earlier mix knows of a sequence."""

    inputs_sha256: str
    stamp: str | None
    span: Span | None  # None: it gave no samples


@dataclass(frozen=True)
class Job:
    """One sequence of a mix; small and picklable."""

    recipe: Recipe
    layout: str
    root: Path
    sequence: str
    domain: Domain
    key: str
    parts: Path
    known: Known | None = None

    @property
    def name(self) -> str:
        """Where it lies, for people."""
        return str(self.root / self.sequence)

    @property
    def tar_path(self) -> Path:
        """Its samples, as they will lie in a shard."""
        return self.parts / f"{self.key}.tar"

    @property
    def description_path(self) -> Path:
        """What lies in it; written last."""
        return self.parts / f"{self.key}.json"

    @property
    def portrait_path(self) -> Path:
        """What the sequence looks like, for finding duplicates."""
        return self.parts / f"{self.key}.portrait.json"


def plan(recipe: Recipe, parts: Path) -> list[Job]:
    """A job for every sequence of every dataset of the recipe.

    Raises:
        UsageError: there is no dataset, or one is named twice.
    """
    roots: list[tuple[Domain, Path]] = [
        *(("vid", root) for root in recipe.vid),
        *(("tir", root) for root in recipe.tir),
    ]
    if not roots:
        raise UsageError("a mix needs at least one dataset; name it with --vid or --tir")
    twice = [
        str(root) for root, count in Counter(r.resolve() for _, r in roots).items() if count > 1
    ]
    if twice:
        raise UsageError(f"{twice[0]}: named twice; a dataset is either visible or thermal")
    jobs: list[Job] = []
    keys: set[str] = set()
    numbers: Counter[str] = Counter()
    for domain, root in roots:
        layout = open_layout(root)
        for name in layout.names(root):
            key = _key(f"{domain}{numbers[domain]}-{name}", keys)
            jobs.append(Job(recipe, layout.name, root, name, domain, key, parts))
        numbers[domain] += 1
    return jobs


def sequence_key(sample_key: str) -> str:
    """The key of the job that a sample is of."""
    return sample_key.rsplit("-", 2)[0]


def _key(name: str, taken: set[str]) -> str:
    """``name`` as a part of file names in a tar (at most 100 bytes, no dots), never used before."""
    key = name.replace(".", "_").replace("/", "_")
    if key in taken or len(key.encode()) > LONGEST_KEY:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        key = f"{key.encode()[: LONGEST_KEY - 13].decode(errors='ignore')}-{digest}"
    taken.add(key)
    return key
