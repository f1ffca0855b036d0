"""What was asked for a recording, and whether that is what it was made with."""

from collections.abc import Sequence
from pathlib import Path

from tirdata.config import check
from tirdata.dataset.card import Source
from tirdata.dataset.settings import IngestConfig
from tirdata.errors import ConfigError, UsageError
from tirdata.fetch.folders import side_digest
from tirdata.fetch.wanted import Clip, Wanted
from tirdata.frames.palettes import PALETTES, TINTED
from tirdata.frames.settings import NormaliseConfig

_PALETTES = (*PALETTES, TINTED, "none")
_ANEW = "--again makes its sequences anew"


def settings_for(wanted: Wanted, settings: IngestConfig) -> NormaliseConfig:
    """The settings for one source: what its row says wins over what is said of all.

    Raises:
        ConfigError: they make no sense together.
    """
    stated = {} if wanted.polarity is None else {"polarity": wanted.polarity}
    values = settings.normalise.model_dump(exclude_unset=True) | wanted.treatment.given | stated
    made = check(values, NormaliseConfig, where=wanted.name)
    fault = _fault(made)
    if fault is not None:
        raise ConfigError(f"{wanted.name}: {fault}")
    return made


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
    _check_side(wanted, source)
    then = source.normalise.model_dump()
    for name, value in settings_for(wanted, settings).model_dump(exclude_unset=True).items():
        _compare(wanted, source, name, (value, then[name]), _ANEW)
    if "min_frames" in settings.model_fields_set:
        _compare(wanted, source, "min_frames", (settings.min_frames, source.min_frames), _ANEW)
    polarities = _polarities(wanted.clips), _polarities(source.clips)
    _compare(wanted, source, "polarities of its parts", polarities, _ANEW)


def check_alike(wanted: Wanted, first: Wanted, settings: IngestConfig) -> None:
    """Refuse two settings for the same bytes in one command.

    Raises:
        UsageError: ``wanted`` is to be treated otherwise than ``first``.
    """
    now, then = (settings_for(each, settings).model_dump() for each in (wanted, first))
    for name, value in now.items():
        if value != then[name]:
            raise UsageError(
                f"{wanted.name}: has the same bytes as {first.name} with {name} "
                f"{then[name] or 'not given'}; asked for {value or 'none'}: give it once"
            )


def _fault(settings: NormaliseConfig) -> str | None:
    """What makes no sense whatever the recording is."""
    if settings.palette is not None and settings.palette not in _PALETTES:
        return f"palette {settings.palette}: not known; expected one of {', '.join(_PALETTES)}"
    return _tone_fault(settings)


def _tone_fault(settings: NormaliseConfig) -> str | None:
    if settings.tone_rolling and settings.tone != "percentile":
        return f"a rolling tone is linear; expected tone percentile, not {settings.tone}"
    ends = settings.tone_range
    if settings.tone not in ("counts", "kelvin"):
        if ends is None:
            return None
        return (
            f"tone_range is for the tones counts and kelvin; tone {settings.tone} finds its own "
            f"ends: leave it out, or give the tone"
        )
    if ends is None:
        return f"tone {settings.tone} without tone_range; expected its ends, LOW:HIGH"
    if not 0 <= ends[0] < ends[1]:
        return f"tone_range {ends[0]:g}:{ends[1]:g}; expected LOW:HIGH, the low end first"
    return None


def _check_side(wanted: Wanted, source: Source) -> None:
    """What a person wrote beside the file may have changed, or be another beside the same bytes."""
    if wanted.path is None:
        return
    path = Path(wanted.path)
    now = side_digest(path)
    if now != source.side_sha256 and (now is not None or wanted.path == source.path):
        raise UsageError(
            f"{path}: is in the dataset as recording {source.recording_id}, which was read "
            f"{'with another' if source.side_sha256 else 'without'} {path.name}.toml: {_ANEW}"
        )


def _compare(
    wanted: Wanted, source: Source, name: str, pair: tuple[object, object], advice: str
) -> None:
    now, then = pair
    if now != then:
        raise UsageError(
            f"{wanted.name}: is in the dataset as recording {source.recording_id} with {name} "
            f"{then or 'not given'}; asked for {now or 'none'}: {advice}"
        )


def _polarities(clips: Sequence[Clip]) -> str:
    return ", ".join(clip.polarity or "not given" for clip in clips)


def _ranges(clips: Sequence[Clip]) -> str:
    return ", ".join(map(str, clips))
