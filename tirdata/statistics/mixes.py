"""The statistics of a training mix, from its ``mix.json``."""

from collections import Counter
from collections.abc import Mapping

from tirdata.mix.manifest import MixManifest
from tirdata.statistics.document import MixStatistics

UNKNOWN = "unknown"


def mix_statistics(name: str, manifest: MixManifest) -> MixStatistics:
    """What a mix holds; no shard is opened."""
    domains, datasets = Counter[str](), Counter[str]()
    for record in manifest.sequences:
        if record.crops:
            domains[record.domain] += record.crops
            datasets[record.dataset] += record.crops
    sides = manifest.subsets
    return MixStatistics(
        mix=name,
        crops={side: counts.crops for side, counts in sides.items()},
        samples={side: counts.samples for side, counts in sides.items()},
        sequences={side: counts.sequences for side, counts in sides.items()},
        recordings={side: counts.recordings for side, counts in sides.items()},
        domains=_most_first(domains),
        classes=_most_first(manifest.class_crops),
        licences=_most_first({key or UNKNOWN: n for key, n in manifest.licences.items()}),
        datasets=_most_first(datasets),
        left_out=_most_first(manifest.left_out),
        duplicates=len(manifest.duplicates),
    )


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
