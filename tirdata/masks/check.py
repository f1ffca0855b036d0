"""Whether the masks that lie in a dataset are whole, and are those of its boxes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from tirdata.config import read_json
from tirdata.dataset.faults import Fault, fault_of
from tirdata.dataset.frames import FrameFiles
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.masks.build import inputs_of, planes_of, wanted
from tirdata.masks.manifest import (
    NAME,
    SEQUENCE_NAME,
    MaskFile,
    MasksManifest,
    SequenceMasks,
    SequenceSummary,
)
from tirdata.masks.styles import STYLES
from tirdata.types import Sequence, Track

STALE = "masks are of other boxes or settings than those now; run tirdata masks again"


class _Built:
    """A manifest, and its sequences by name."""

    def __init__(self, path: Path) -> None:
        self.manifest = read_json(path, MasksManifest)
        self.sequences = {each.name: each for each in self.manifest.sequences}


@lru_cache(maxsize=8)  # of few styles, but asked for once a sequence
def _built(path: Path, changed_ns: int) -> _Built:  # noqa: ARG001  # part of the key
    return _Built(path)


@dataclass(frozen=True)
class MasksCheck:
    """Checks the masks of one sequence after the other, in every style; picklable."""

    pixels: bool  # decode each mask too

    def __call__(
        self, dataset: Dataset, sequence: SequenceId, tracks: tuple[Track, ...] | None
    ) -> Iterator[Fault]:
        """What is wrong with the masks of a sequence; ``tracks`` are those of its XML files."""
        for style in STYLES:
            path = dataset.root / "Masks" / style / NAME
            folder = dataset.masks_dir(style, sequence)
            try:
                built = _built(path, path.stat().st_mtime_ns)
            except (OSError, DataError):
                continue  # a fault of the style, or no masks
            summary = built.sequences.get(sequence.name)
            if summary is not None:
                yield from self._faults(folder, built.manifest, summary)
                if tracks is not None:
                    yield from _stale(dataset, sequence, tracks, folder, built.manifest)
            elif folder.is_dir():
                yield Fault(folder, f"is not in {path.name} of the style; run tirdata masks again")

    def _faults(
        self, folder: Path, manifest: MasksManifest, summary: SequenceSummary
    ) -> Iterator[Fault]:
        path = folder / SEQUENCE_NAME
        try:
            listed = read_json(path, SequenceMasks)
        except DataError as error:
            yield fault_of(error, path)
            return
        if hashlib.sha256(path.read_bytes()).hexdigest() != summary.sha256:
            yield Fault(path, "has other bytes than when it was made; manifest.json has the hash")
        names = {mask.file for mask in listed.masks} | {SEQUENCE_NAME}
        for other in sorted(_files_below(folder) - names):
            yield Fault(folder / other, f"is none of the {len(listed.masks)} masks; remove it")
        for mask in listed.masks:
            yield from self._mask_faults(folder / mask.file, mask, manifest)

    def _mask_faults(self, path: Path, mask: MaskFile, manifest: MasksManifest) -> Iterator[Fault]:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            yield Fault(path, "no such file; run tirdata masks again")
            return
        except OSError as error:
            yield Fault(path, f"cannot read ({error.strerror})")
            return
        if hashlib.sha256(data).hexdigest() != mask.sha256:
            yield Fault(path, "has other bytes than when it was made; masks.json has the hash")
        elif self.pixels:
            yield from _pixel_faults(path, data, mask, manifest)


def style_faults(dataset: Dataset) -> Iterator[Fault]:
    """What is wrong with ``Masks/`` beside its sequences: manifests, and folders of nobody."""
    top = dataset.root / "Masks"
    for folder in sorted(top.iterdir()) if top.is_dir() else []:
        if folder.name not in STYLES:
            yield Fault(folder, f"is no style of masks; there are: {', '.join(STYLES)}")
            continue
        path = folder / NAME
        try:
            manifest = read_json(path, MasksManifest)
        except DataError as error:
            message = "no such file: a stopped command? run tirdata masks again"
            yield fault_of(error, path) if path.exists() else Fault(path, message)
            continue
        if manifest.settings.style != folder.name:
            yield Fault(path, f"is of style {manifest.settings.style}; expected {folder.name}")
        known = {each.name for each in dataset.sequence_ids()}
        for each in manifest.sequences:
            if each.name not in known:
                yield Fault(path, f"names sequence {each.name}, which has no card")


def _pixel_faults(
    path: Path, data: bytes, mask: MaskFile, manifest: MasksManifest
) -> Iterator[Fault]:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 2 or pixels.dtype != np.uint8:
        yield Fault(path, "is not an 8-bit picture of one channel; run tirdata masks again")
        return
    size, expected = (pixels.shape[1], pixels.shape[0]), manifest.settings.resize
    if expected is not None and size != expected:
        yield Fault(path, f"is {size[0]}x{size[1]} pixels; expected {expected[0]}x{expected[1]}")
    white = float((pixels == 255).mean())
    if white + float((pixels == 0).mean()) < 1:
        yield Fault(path, "has other values than 0 and 255; run tirdata masks again")
        return
    share = white if manifest.settings.polarity == "target-white" else 1 - white
    if abs(share - mask.share) > 0.5 / pixels.size:
        yield Fault(
            path, f"{share:.1%} of it are target; masks.json says {mask.share:.1%}: wrong polarity?"
        )


def _stale(
    dataset: Dataset,
    sequence: SequenceId,
    tracks: tuple[Track, ...],
    folder: Path,
    manifest: MasksManifest,
) -> Iterator[Fault]:
    """Whether the masks were drawn from the boxes that the sequence has now."""
    try:
        listed = read_json(folder / SEQUENCE_NAME, SequenceMasks)
        card = dataset.read_card(sequence)
        frames = FrameFiles(dataset.frame_dir(sequence), card.frames, (card.width, card.height))
        given = dataset.with_visible(sequence, Sequence(sequence.name, frames, tracks), card)
        planes = planes_of(given, manifest.settings)
        chosen = sorted({mask.frame for mask in listed.masks})
        if manifest.settings.limit is None:
            chosen = np.flatnonzero(wanted(planes, manifest.settings)).tolist()
        now = inputs_of(planes, chosen, manifest.settings, dataset.root)
    except DataError:
        return  # a fault of that file, told by the check of it
    if now != listed.inputs:
        yield Fault(folder / SEQUENCE_NAME, STALE)


def _files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
