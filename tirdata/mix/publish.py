"""Putting a new mix in the place of an earlier one, on this machine or at an address.

The new mix is whole before the old one goes. Whatever ends the process, there is one of the two, or
the next call finishes what this one began.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tirdata import files
from tirdata.config import read_json, to_json
from tirdata.mix.manifest import MixManifest
from tirdata.mix.recipe import Subset
from tirdata.mix.reuse import STAMPS_NAME, Stamps
from tirdata.remote import Place, RemotePath, write_bytes

NEXT: Final = ".next"  # the mix that is being written, in the folder of the mix
MANIFEST: Final = "mix.json"
SUBSETS: Final[tuple[Subset, ...]] = ("train", "val")


def publish(manifest: MixManifest, stamps: Mapping[str, str], out: Place) -> None:
    """Put what was written to ``NEXT`` in the place of the earlier mix.

    Raises:
        StorageError: a file cannot be written or removed.
    """
    stamped = Stamps(stamps=dict(sorted(stamps.items())))
    write_bytes(out / NEXT / STAMPS_NAME, to_json(stamped).encode())
    write_bytes(out / NEXT / MANIFEST, to_json(manifest).encode())
    finish(out)


def finish(out: Place) -> None:
    """Finish a change of mixes that was begun, and remove a mix that was not written to its end.

    Raises:
        StorageError: a file cannot be removed.
        DataError: an address cannot be read.
    """
    if not (out / NEXT).exists():
        return
    if isinstance(out, RemotePath):
        _finish_there(out)
        return
    try:
        _finish_here(out)
    except OSError as error:
        raise files.storage_error(out, error) from error


def _finish_here(out: Path) -> None:
    made = out / NEXT
    if (made / MANIFEST).exists():
        (out / MANIFEST).unlink(missing_ok=True)  # first: without it there is no mix
        for subset in SUBSETS:
            if (made / subset).exists():
                if (out / subset).exists():
                    shutil.rmtree(out / subset)
                (made / subset).replace(out / subset)
        if (made / STAMPS_NAME).exists():
            (made / STAMPS_NAME).replace(out / STAMPS_NAME)
        (made / MANIFEST).replace(out / MANIFEST)
    shutil.rmtree(made)


def _finish_there(out: RemotePath) -> None:
    """The same file by file: an address has no folders that could be renamed."""
    made = out / NEXT
    if (made / MANIFEST).exists():
        manifest = read_json(made / MANIFEST, MixManifest)
        (out / MANIFEST).remove()
        for subset in SUBSETS:
            for name in (made / subset).names():
                (made / subset / name).move(out / subset / name)
            wanted = {*manifest.subsets[subset].shards, "index.jsonl"}
            for name in (out / subset).names():
                if name not in wanted:
                    (out / subset / name).remove()
        if (made / STAMPS_NAME).exists():
            (made / STAMPS_NAME).move(out / STAMPS_NAME)
        (made / MANIFEST).move(out / MANIFEST)
    made.remove()
