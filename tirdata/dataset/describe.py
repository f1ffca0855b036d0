"""What is written down of a decoded recording: in its ``source.json`` and in the cards."""

from typing import Any

from tirdata.dataset.card import Card, Source
from tirdata.dataset.decisions import Hud, Palette, Polarity, Rectangle, Region, Sensor, Tone
from tirdata.dataset.decoding import Decoded, Shot
from tirdata.fetch.wanted import Clip
from tirdata.frames.plan import Plan

_FAULTS = {"dead": "dead pixels", "pattern": "fixed-pattern noise"}


def card_of(source: Source, shot: Shot, warnings: tuple[str, ...]) -> Card:
    """The card of a stored shot; ``warnings`` are those of the whole recording."""
    kept, plan = shot.kept(), shot.plan
    clip = shot.clip or Clip()
    return Card(
        recording_id=source.recording_id,
        title=clip.title or source.title,
        licence=source.licence,
        first_frame=shot.numbers[kept[0]],
        last_frame=shot.numbers[kept[-1]],
        dropped_frames=_dropped(shot, kept),
        frames=len(kept),
        times_s=tuple(shot.times_s[index] for index in kept),
        width=plan.size[0],
        height=plan.size[1],
        platform=clip.platform or source.platform,
        scene=clip.scene or source.scene,
        repeated_frames=_places(plan.steady.repeated, kept),
        frozen_frames=_places(plan.steady.frozen, kept),
        gain_jumps=_places(plan.steady.gain_jumps, kept),
        lossless=shot.lossless,
        fingerprint=shot.fingerprint,
        warnings=(*warnings, *warnings_of(plan)),
        frames_sha256=shot.hashes,
        **decisions_of(plan),
    )


def decisions_of(plan: Plan) -> dict[str, Any]:
    """The parts of a card that say what a plan decided, by name."""
    crop = plan.crop
    regions = plan.overlay.regions
    return {
        "polarity": _polarity(plan),
        "palette": _palette(plan),
        "tone": _tone(plan),
        "hud": Hud(
            handling=plan.hud,
            regions=tuple(
                Region(x=each.x, y=each.y, width=each.w, height=each.h, kind=each.kind)
                for each in regions
            ),
            logos_sought=plan.overlay.logos_sought,
        ),
        "sensor": _sensor(plan),
        "crop": crop and Rectangle(x=crop[0], y=crop[1], width=crop[2], height=crop[3]),
    }


def findings_of(decoded: Decoded) -> dict[str, Any]:
    """What ``source.json`` says of the recording once it is decoded, by name."""
    info = decoded.info
    return {
        "status": "done" if decoded.broken is None else "partly",
        "error": None if decoded.broken is None else str(decoded.broken),
        "container": info.container,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "colour_range": info.colour_range,
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "camera": info.camera,
        "radiometry": {} if info.radiometry is None else info.radiometry.constants,
        "frames": decoded.frames,
        "coloured_frames": decoded.coloured,
        "short_shots": decoded.short_shots,
        "short_frames": decoded.short_frames,
        "warnings": recording_warnings(decoded),
    }


def recording_warnings(decoded: Decoded) -> tuple[str, ...]:
    """What a person should know of the recording as a whole."""
    broken = () if decoded.broken is None else (str(decoded.broken),)
    return (*decoded.warnings, *broken)


def warnings_of(plan: Plan) -> tuple[str, ...]:
    """What a person should know of one sequence."""
    warnings = []
    if plan.visible:
        warnings.append("in colours that are no palette: stored is their luma, as of visible light")
    warnings += [
        f"has {_FAULTS[each]}; --repair {each} takes it away"
        for each in plan.faults
        if each not in plan.repairs
    ]
    if plan.palette is not None and not plan.palette.sure:
        warnings.append(
            f"palette is not sure ({plan.palette.name}, {plan.palette.residual:.1f} levels off)"
        )
    return tuple(warnings)


def _dropped(shot: Shot, kept: list[int]) -> tuple[int, ...]:
    first, last = shot.numbers[kept[0]], shot.numbers[kept[-1]]
    stored = {shot.numbers[index] for index in kept}
    return tuple(number for number in range(first, last + 1) if number not in stored)


def _places(found: tuple[int, ...], kept: list[int]) -> tuple[int, ...]:
    """Frames of the shot as stored frames; those that were dropped are gone."""
    places = {index: place for place, index in enumerate(kept)}
    return tuple(places[index] for index in found if index in places)


def _polarity(plan: Plan) -> Polarity:
    guess = plan.guess
    if guess is None:
        return Polarity(value=plan.polarity, how=plan.how)
    score = guess.score if guess.value == plan.polarity else 1 - guess.score
    review = plan.how == "assumed"
    # Rounded: sums of floating point differ in their last digits with where arrays lie in memory.
    cues = {name: round(value, 3) for name, value in guess.cues.items()}
    return Polarity(
        value=plan.polarity, how=plan.how, score=round(score, 3), review=review, cues=cues
    )


def _palette(plan: Plan) -> Palette:
    match = plan.palette
    if match is None:
        return Palette(name="visible") if plan.visible else Palette()
    return Palette(
        name=match.name,
        how=match.how,
        residual=round(match.residual, 2),
        colours=match.table.tobytes().hex(),
    )


def _sensor(plan: Plan) -> Sensor:
    if plan.defects is None:
        return Sensor()
    low, high = (0.0, 255.0) if plan.curve is None else plan.curve.limits
    return Sensor(
        dead_pixels=tuple((int(row), int(column)) for row, column in plan.defects.dead),
        pattern=round(plan.strength * 255 / (high - low), 2),
        pattern_sure=plan.defects.sure,
        repaired=plan.repairs,
    )


def _tone(plan: Plan) -> Tone:
    if plan.curve is None:
        return Tone()
    return Tone(
        curve=plan.curve.name, parameters=dict(plan.curve.parameters), rolling=plan.rolling_ends
    )
