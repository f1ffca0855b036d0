"""What is to be done to the frames of one shot, decided from its survey."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours, Pixels, RecordingInfo
from tirdata.errors import DataError, UsageError
from tirdata.frames.defects import Defects, find_defects, repair
from tirdata.frames.inversion import Inverter
from tirdata.frames.letterbox import find_letterbox
from tirdata.frames.likeness import look
from tirdata.frames.overlay import Overlay, find_overlay
from tirdata.frames.palette import PaletteMatch, detect_palette, measure_palette
from tirdata.frames.polarity import PolarityGuess, is_flip, judge_polarity, judge_recording
from tirdata.frames.settings import How, HudName, NormaliseConfig, PolarityName, RepairName
from tirdata.frames.steady import Found
from tirdata.frames.survey import Sample, Survey
from tirdata.frames.tone import Curve, fit_curve
from tirdata.types import Flags, Frame

Crop: TypeAlias = tuple[int, int, int, int]  # x, y, w, h

_PALE = 3.5  # spread of colours above which a shot is of visible light, however pale
_SENSOR = 1_500_000  # pixels of the largest thermal sensors; larger video has been enlarged

_NOWHERE: Flags = np.zeros((0, 0), np.bool_)
_NOTHING = Overlay((), _NOWHERE)


@dataclass(frozen=True, eq=False)
class Plan:
    """The way from raw frames to white-hot 8-bit ones, for one shot."""

    size: tuple[int, int]  # w, h of the frames that come out
    crop: Crop | None = None
    overlay: Overlay = _NOTHING
    hud: HudName = "keep"
    palette: PaletteMatch | None = None  # none = grey, counts, or the colours of visible light
    visible: bool = False  # in colour, and the colours are no palette
    curve: Curve | None = None  # of counts
    rolling: bool = False
    rolling_ends: tuple[tuple[float, float], ...] = ()  # of each stored frame, once rendered
    defects: Defects | None = None  # none = not looked for: colours have no sensor's faults
    faults: tuple[RepairName, ...] = ()  # of the sensor, that were found
    strength: float = 0.0  # of its fixed pattern, root mean square in the frames' own unit
    repairs: tuple[RepairName, ...] = ()  # those that are repaired
    polarity: PolarityName = "white-hot"
    how: How = "assumed"
    guess: PolarityGuess | None = None  # what was measured, whether or not it was followed
    flipped: bool = False  # the same scene as at the end of the shot before, inverted
    steady: Found = field(default_factory=Found)
    drop: frozenset[int] = frozenset()  # frames of the shot, from 0, that are left out

    @cached_property
    def inverter(self) -> Inverter | None:
        """From the palette's colours to intensity."""
        return None if self.palette is None else Inverter(self.palette.table)

    @property
    def changes_pixels(self) -> bool:
        """Whether what is stored is anything but the frames as they were read."""
        treated = self.hud != "keep" and bool(self.overlay.regions)
        return bool(
            self.crop
            or treated
            or self.palette is not None
            or self.curve is not None
            or self.repairs
            or self.polarity == "black-hot"
            or self.drop
        )


def decide(survey: Survey, info: RecordingInfo, settings: NormaliseConfig, *, name: str) -> Plan:
    """The plan for a shot that was looked at from end to end; ``name`` is for messages.

    Raises:
        DataError: its colours are those of no palette that is known.
        UsageError: the settings do not fit the recording.
    """
    planes = [sample.plane for sample in survey.samples]
    crop = find_letterbox(_levels(planes)) if settings.letterbox == "crop" else None
    samples = [_cut_sample(sample, crop) for sample in survey.samples]
    levels = _levels([sample.plane for sample in samples])
    overlay = find_overlay(levels)
    palette, visible = _palette(samples, survey, overlay, settings, name)
    curve = _curve(survey, info, settings, name)
    coloured = palette is not None or visible
    planes = [each.plane for each in samples]
    asked = bool(settings.repairs) or planes[0].size <= _SENSOR
    defects = find_defects(planes, overlay.mask) if asked and not coloured else None
    faults = _faults(defects)
    span = 255.0 if curve is None else curve.limits[1] - curve.limits[0]
    steady = survey.steadiness.found(np.array(survey.times_s), levels=span)
    plan = Plan(
        size=(levels[0].shape[1], levels[0].shape[0]),
        crop=crop,
        overlay=overlay,
        hud=settings.hud,
        palette=palette,
        visible=visible,
        curve=curve,
        rolling=settings.tone_rolling and curve is not None,
        defects=defects,
        faults=faults,
        strength=0.0 if defects is None else defects.strength,
        repairs=tuple(each for each in faults if each in settings.repairs),
        steady=steady,
        drop=_dropped(steady, settings),
    )
    return _lean(_polarised(plan, samples, info, settings))


def settle(plans: Sequence[Plan]) -> list[Plan]:
    """The same plans with polarities that the shots of one recording agree on."""
    asked = [index for index, plan in enumerate(plans) if plan.guess is not None]
    guesses = [guess for plan in plans if (guess := plan.guess) is not None]
    flips = [plans[index].flipped for index in asked[1:]]
    settled = list(plans)
    ends = [*(plan.flipped for plan in plans[1:]), False]
    for index, guess in zip(asked, judge_recording(guesses, flips), strict=True):
        # Of two shots with a flip between them, one is black-hot for sure.
        assumed = guess.value if plans[index].flipped or ends[index] else "white-hot"
        settled[index] = _measured(plans[index], guess, assumed)
    return settled


def is_flipped(before: Pixels, after: Pixels) -> bool:
    """Whether two neighbouring frames show the same with the polarity turned."""
    return before.shape == after.shape and is_flip(look(before), look(after))


def _faults(defects: Defects | None) -> tuple[RepairName, ...]:
    """Which faults of the sensor there are."""
    if defects is None:
        return ()
    dead: tuple[RepairName, ...] = ("dead",) if len(defects.dead) else ()
    return dead if defects.pattern is None else (*dead, "pattern")


def repaired(plane: Pixels, plan: Plan) -> Pixels:
    """The frame without the faults that are to be repaired."""
    if plan.defects is None or not plan.repairs:
        return plane
    return repair(
        plane, plan.defects, dead="dead" in plan.repairs, pattern="pattern" in plan.repairs
    )


def crop_to(pixels: Pixels, crop: Crop | None) -> Pixels:
    """The part of a frame that is kept."""
    if crop is None:
        return pixels
    x, y, width, height = crop
    return np.ascontiguousarray(pixels[y : y + height, x : x + width])


def _cut_sample(sample: Sample, crop: Crop | None) -> Sample:
    colours = None if sample.colours is None else crop_to(sample.colours, crop)
    return Sample(crop_to(sample.plane, crop), colours)


def _levels(planes: Sequence[Pixels]) -> list[Frame]:
    """Planes as 8-bit levels; counts over the span that all of them use together."""
    if planes[0].dtype == np.uint8:
        return [plane.astype(np.uint8, copy=False) for plane in planes]
    low, high = np.percentile(np.stack([plane[::4, ::4] for plane in planes]), (0.5, 99.5))
    unit = 255 / max(float(high - low), 1.0)
    return [np.clip((plane - low) * unit, 0, 255).astype(np.uint8) for plane in planes]


def _palette(
    samples: Sequence[Sample],
    survey: Survey,
    overlay: Overlay,
    settings: NormaliseConfig,
    name: str,
) -> tuple[PaletteMatch | None, bool]:
    """The palette of a coloured shot, and whether its colours are those of visible light."""
    pictures: list[Colours] = [each.colours for each in samples if each.colours is not None]
    if 2 * survey.coloured < len(survey.numbers) or not pictures:
        if settings.palette not in (None, "grey", "none"):
            raise UsageError(
                f"{name}: is grey; palette {settings.palette} was asked for: leave --palette out"
            )
        return None, survey.spread > _PALE
    if settings.palette in ("grey", "none"):
        return None, True
    ignore = overlay.mask.view(np.uint8) if overlay.regions else None
    if settings.palette is not None:
        match: PaletteMatch | None = measure_palette(pictures, settings.palette, ignore=ignore)
    else:
        match = detect_palette(pictures, ignore=ignore)
    if match is not None and match.residual > settings.palette_bound:
        raise DataError(
            f"{name}: its colours are {match.residual:.1f} levels from the palette {match.name}, "
            f"{'which was asked for' if settings.palette else 'the nearest'}; expected at most "
            f"{settings.palette_bound:g}: give --palette NAME, --palette none to store their luma, "
            f"or a larger palette_bound"
        )
    if match is not None and match.name == "grey":
        return None, False
    return match, match is None


def _curve(
    survey: Survey, info: RecordingInfo, settings: NormaliseConfig, name: str
) -> Curve | None:
    if survey.histogram is None:
        return None
    if settings.tone_rolling and settings.tone != "percentile":
        raise UsageError(
            f"{name}: a rolling curve is linear; expected tone percentile, not {settings.tone}"
        )
    if settings.tone == "kelvin" and info.radiometry is None:
        raise UsageError(
            f"{name}: has no calibration to kelvin; expected a radiometric recording: "
            f"take --tone percentile, plateau or counts"
        )
    try:
        return fit_curve(settings.tone, survey.histogram, settings.tone_range, info.radiometry)
    except (DataError, UsageError) as error:
        raise type(error)(f"{name}: {error}") from None


def _dropped(steady: Found, settings: NormaliseConfig) -> frozenset[int]:
    frozen = frozenset(steady.frozen)
    repeats = frozenset(steady.repeated) - frozen if settings.repeats == "drop" else frozenset()
    return repeats | (frozen if settings.frozen == "drop" else frozenset())


def _polarised(
    plan: Plan, samples: Sequence[Sample], info: RecordingInfo, settings: NormaliseConfig
) -> Plan:
    if settings.polarity is not None:
        return replace(plan, polarity=settings.polarity, how="stated")
    if info.sensor:
        return replace(plan, how="sensor")
    if plan.visible:
        return plan
    ignore: NDArray[np.bool_] | None = plan.overlay.mask if plan.overlay.regions else None
    return _measured(plan, judge_polarity([_intensity(plan, each) for each in samples], ignore))


def _measured(plan: Plan, guess: PolarityGuess, assumed: PolarityName = "white-hot") -> Plan:
    if guess.sure:
        return replace(plan, polarity=guess.value, how="measured", guess=guess)
    return replace(plan, polarity=assumed, how="assumed", guess=guess)


def _intensity(plan: Plan, sample: Sample) -> Frame:
    """A sample as it will look before its polarity is settled."""
    if plan.inverter is not None and sample.colours is not None:
        return plan.inverter.intensity(sample.colours)
    if plan.curve is not None:
        return plan.curve.apply(repaired(sample.plane, plan))
    return sample.plane.astype(np.uint8, copy=False)


def _lean(plan: Plan) -> Plan:
    """Without the arrays that rendering will not need: a recording may have a thousand shots."""
    if plan.hud == "keep":
        plan = replace(plan, overlay=replace(plan.overlay, mask=_NOWHERE))
    if plan.defects is not None and "pattern" not in plan.repairs:
        plan = replace(plan, defects=replace(plan.defects, pattern=None))
    return plan
