"""What was asked for a recording, and whether that is what it was made with."""

from collections.abc import Sequence

from tirdata.config import check
from tirdata.dataset.card import Source
from tirdata.dataset.settings import IngestConfig
from tirdata.errors import UsageError
from tirdata.fetch.wanted import Clip, Wanted
from tirdata.frames.settings import NormaliseConfig


def settings_for(wanted: Wanted, settings: IngestConfig) -> NormaliseConfig:
    """The settings for one source: what its row says wins over what is said of all.

    Raises:
        ConfigError: they make no sense together.
    """
    stated = {} if wanted.polarity is None else {"polarity": wanted.polarity}
    values = settings.normalise.model_dump() | wanted.treatment.given | stated
    return check(values, NormaliseConfig, where=wanted.name)


def check_same(wanted: Wanted, source: Source, settings: IngestConfig) -> None:
    """Refuse to take for the same what was asked for differently.

    Raises:
        UsageError: the recording is in the dataset with another subset or part, or its sequences
            were made with other settings and are not to be made again.
    """
    fixed: dict[str, tuple[object, object]] = {
        "subset": (wanted.subset or settings.subset or source.subset, source.subset),
        "parts": (_ranges(wanted.clips), _ranges(source.clips)),
    }
    for name, pair in fixed.items():
        _compare(wanted, source, name, pair, "take another dataset for that")
    if settings.again or source.status == "fetched" or source.normalise is None:
        return
    then = source.normalise.model_dump()
    for name, value in settings_for(wanted, settings).model_dump(exclude_defaults=True).items():
        _compare(wanted, source, name, (value, then[name]), "--again makes its sequences anew")


def _compare(
    wanted: Wanted, source: Source, name: str, pair: tuple[object, object], advice: str
) -> None:
    now, then = pair
    if now != then:
        raise UsageError(
            f"{wanted.name}: is in the dataset as recording {source.recording_id} with {name} "
            f"{then or 'not given'}; asked for {now or 'none'}: {advice}"
        )


def _ranges(clips: Sequence[Clip]) -> str:
    return ", ".join(map(str, clips))
