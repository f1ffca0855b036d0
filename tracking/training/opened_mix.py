"""A mix as a training opens it: made for its task, and known by the hash of its manifest."""

import hashlib
from typing import Final

from tirdata.errors import UsageError
from tirdata.mix.manifest import MixManifest, read_manifest
from tirdata.mix.recipe import Task
from tirdata.remote import Place

HOLDS: Final[dict[Task, str]] = {"matching": "crops", "rgbt": "pairs"}


def open_mix(mix: Place, task: Task) -> tuple[MixManifest, str]:
    """Manifest of a mix that was built for ``task``, and the manifest's SHA-256.

    Raises:
        UsageError: it was built for the other one.
        DataError: it is not there, or not what it should be.
        VersionError: another version of tirdata made it.
    """
    manifest = read_manifest(mix)
    built = manifest.recipe.task
    if built != task:
        count = sum(counts.crops for counts in manifest.subsets.values())
        raise UsageError(
            f"{mix}: holds {count} {HOLDS[built]} (task {built}); this trains on {HOLDS[task]}: "
            f"build another mix with build-mix --task {task}"
        )
    return manifest, hashlib.sha256((mix / "mix.json").read_bytes()).hexdigest()
