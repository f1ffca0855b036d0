"""What an earlier mix in the same folder has already: samples that need not be cut again."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from pydantic import Field

from tirdata.config import Config, read_json
from tirdata.errors import DataError, UsageError
from tirdata.mix.jobs import Job, Known, Span, sequence_key
from tirdata.mix.manifest import MixManifest, SequenceRecord
from tirdata.mix.recipe import Recipe
from tirdata.mix.shard_files import read_shard
from tirdata.mix.shards import sample_span
from tirdata.remote import Place

STAMPS_NAME = ".inputs.json"  # beside mix.json; may be removed, then all inputs are read again
_HEAD, _TAIL = b'{"sample":', b',"shard":"'  # around a sample in a line of an index


class Stamps(Config):
    """The files that a mix was made of, as they were."""

    stamps: dict[str, str] = Field(default_factory=dict)
    """Of each sequence, by its key in the shards."""


class Stored(NamedTuple):
    """A sample as it lies in a shard."""

    sample: str  # as JSON
    blocks: bytes
    offsets: list[int]  # of its files in the blocks
    sizes: list[int]


@dataclass(frozen=True)
class Earlier:
    """An earlier mix of the same recipe, or of fewer data sets."""

    out: Place
    manifest: MixManifest
    stamps: dict[str, str]

    def record(self, job: Job) -> SequenceRecord | None:
        """What it says of the sequence of a job."""
        return self.records.get((str(job.root), job.sequence))

    def known(self, job: Job, spans: dict[str, Span]) -> Known | None:
        """What of the sequence need not be made again, if its inputs are the same."""
        record, span = self.record(job), spans.get(job.key)
        if record is None or (record.samples > 0) != (span is not None):
            return None
        if span is not None:
            span = replace(span, crops_sha256=record.crops_sha256)
        return Known(record.inputs_sha256, self.stamps.get(job.key), span)

    @cached_property
    def records(self) -> dict[tuple[str, str], SequenceRecord]:
        """What it says of each sequence, by data set and name."""
        return {(each.dataset, each.name): each for each in self.manifest.sequences}

    def spans(self) -> dict[str, Span]:
        """Where the samples of each sequence lie, by its key.

        Raises:
            DataError: an index is missing or wrong.
        """
        spans: dict[str, Span] = {}
        for subset in self.manifest.subsets:
            index = self.out / subset / "index.jsonl"
            start = 0
            for line in _lines(index):
                key = sequence_key(json.loads(_sample(line, index))["key"])
                old = spans.get(key)
                first = start if old is None else old.start
                spans[key] = Span(index, first, start + len(line) - first, "")
                start += len(line)
        return spans


def open_earlier(out: Place, recipe: Recipe) -> Earlier | None:
    """The mix that lies in ``out``, if there is one.

    Raises:
        UsageError: it is of another recipe.
        DataError: its manifest cannot be read.
    """
    path = out / "mix.json"
    if not path.exists():
        return None
    manifest = read_json(path, MixManifest)
    if not _extends(recipe, manifest.recipe):
        raise UsageError(f"{out}: holds a mix of another recipe; choose another --out or remove it")
    stamps = out / STAMPS_NAME
    return Earlier(out, manifest, read_json(stamps, Stamps).stamps if stamps.exists() else {})


def _extends(recipe: Recipe, old: Recipe) -> bool:
    """Whether ``recipe`` is the old one, or that with more data sets behind its own."""
    same = recipe.model_copy(update={"vid": old.vid, "tir": old.tir}) == old
    begins = recipe.vid[: len(old.vid)] == old.vid and recipe.tir[: len(old.tir)] == old.tir
    return same and begins


def is_whole(span: Span) -> bool:
    """Whether the samples lie in the shards byte for byte as they were cut."""
    digest = hashlib.sha256()
    try:
        for stored in stored_samples(span):
            digest.update(stored.blocks)
    except DataError:
        return False
    return digest.hexdigest() == span.crops_sha256


def stored_samples(span: Span) -> Iterator[Stored]:
    """The samples of a sequence, read from the shards of a mix.

    Raises:
        DataError: an index or a shard is not what it was.
    """
    lines = read_shard(span.index, span.start, span.length).splitlines(keepends=True)
    for line in lines:
        sample = _sample(line, span.index)
        try:
            entry = json.loads(line)
            offsets, sizes = entry["offsets"], entry["sizes"]
            start, end = sample_span(len(sample), offsets, sizes)
            shard = span.index.parent / entry["shard"]
        except (ValueError, KeyError, IndexError, TypeError):
            raise DataError(f"{span.index}: not an index line; build the mix again") from None
        blocks = read_shard(shard, start, end - start)
        yield Stored(sample.decode(), blocks, [offset - start for offset in offsets], sizes)


def _sample(line: bytes, index: Place) -> bytes:
    end = line.rfind(_TAIL)
    if not line.startswith(_HEAD) or end < 0:
        raise DataError(f"{index}: not an index line; remove the mix and build it again")
    return line[len(_HEAD) : end]


def _lines(index: Place) -> Iterator[bytes]:
    try:
        with index.open("rb") as file:
            yield from file
    except OSError as error:
        raise DataError(f"{index}: cannot be read ({error.strerror})") from None
