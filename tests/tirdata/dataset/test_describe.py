"""What is written down of a decoded recording."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fetching import faults, fetch, frames
from tests.made_pictures import made_raw
from tests.made_video import write_video
from tirdata.dataset.card import Card, Source
from tirdata.dataset.decisions import Hud, Palette, Sensor, Tone
from tirdata.dataset.decoding import Decoded, Shot
from tirdata.dataset.describe import (
    card_of,
    decisions_of,
    findings_of,
    recording_warnings,
    warnings_of,
)
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.decode.base import RecordingInfo
from tirdata.errors import DecodeError
from tirdata.fetch.wanted import Clip
from tirdata.frames.defects import Defects
from tirdata.frames.overlay import Overlay
from tirdata.frames.palette import PaletteMatch
from tirdata.frames.palettes import PALETTES
from tirdata.frames.plan import Plan
from tirdata.frames.polarity import PolarityGuess
from tirdata.frames.regions import Region
from tirdata.frames.tone import curve_of

FIRST = SequenceId("train", 0, 0)
PLAIN = Plan(size=(64, 48))
GUESS = PolarityGuess("black-hot", 0.9375, sure=True, cues={"sky": -2.70051})
INFO = RecordingInfo("raw", "raw", "gray16le", "pc", 64, 48, 14, 9.0, None, camera="Boson")
NONE_DEAD = np.empty((0, 2), np.int64)


def fetched(folder: Path, path: Path, **given: object) -> tuple[Card, Source]:
    dataset = Dataset.create(folder / "d")
    fetch(dataset, path, settings=IngestConfig.model_validate({"min_frames": 1} | given)).check()
    assert faults(dataset) == []
    card = dataset.read_card(FIRST)
    return card, dataset.read_source(card.recording_id)


def test_a_plan_that_does_nothing_says_so() -> None:
    said = decisions_of(PLAIN)
    assert said["polarity"].model_dump() == {
        "value": "white-hot", "how": "assumed", "score": None, "review": False, "cues": {}
    }  # fmt: skip
    assert (said["palette"], said["tone"]) == (Palette(), Tone())
    assert (said["hud"], said["sensor"], said["crop"]) == (Hud(), Sensor(), None)


def test_a_measured_polarity_comes_with_its_score_and_cues() -> None:
    plan = replace(PLAIN, polarity="black-hot", how="measured", guess=GUESS)
    said = decisions_of(plan)["polarity"]
    assert (said.value, said.how, said.score, said.review) == (
        "black-hot", "measured", 0.938, False
    )  # fmt: skip
    assert said.cues == {"sky": -2.701}


def test_a_polarity_that_is_not_sure_is_for_review_with_the_score_of_what_is_taken() -> None:
    guess = replace(GUESS, score=0.625, sure=False)
    said = decisions_of(replace(PLAIN, how="assumed", guess=guess))["polarity"]
    assert (said.value, said.how, said.score, said.review) == ("white-hot", "assumed", 0.375, True)


def test_a_palette_is_kept_whole() -> None:
    match = PaletteMatch("jet", PALETTES["jet"], 1.2345, 0.7, sure=False)
    plan = replace(PLAIN, palette=match)
    said = decisions_of(plan)["palette"]
    assert (said.name, said.how, said.residual) == ("jet", "table", 1.23)
    assert bytes.fromhex(said.colours) == PALETTES["jet"].tobytes()
    assert warnings_of(plan) == ("palette is not sure (jet, 1.2 levels off)",)


def test_faults_of_the_sensor_are_in_levels_whatever_the_frames_are_in() -> None:
    dead = np.array([[3, 4]], np.int64)
    plan = replace(PLAIN, defects=Defects((48, 64), dead, None), strength=20.0)
    assert decisions_of(plan)["sensor"].dead_pixels == ((3, 4),)
    assert decisions_of(plan)["sensor"].pattern == 20.0
    curve = curve_of("percentile", {"low": 3000.0, "high": 4020.0})
    assert decisions_of(replace(plan, curve=curve))["sensor"].pattern == 5.0


def test_faults_that_stay_are_said() -> None:
    plan = replace(PLAIN, defects=Defects((48, 64), NONE_DEAD, None), faults=("dead", "pattern"))
    assert [each.partition(";")[0] for each in warnings_of(plan)] == [
        "has dead pixels", "has fixed-pattern noise"
    ]  # fmt: skip
    (left,) = warnings_of(replace(plan, repairs=("dead",)))
    assert "--repair pattern takes it away" in left


def test_overlays_and_a_crop_are_rectangles() -> None:
    overlay = Overlay((Region(1, 2, 30, 9), Region(4, 20, 5, 5, "reticle")), np.zeros((0, 0), bool))
    said = decisions_of(replace(PLAIN, overlay=overlay, hud="black", crop=(8, 0, 64, 48)))
    assert said["hud"].handling == "black"
    assert [(each.x, each.width, each.kind) for each in said["hud"].regions] == [
        (1, 30, "text"), (4, 5, "reticle")
    ]  # fmt: skip
    assert said["crop"].model_dump() == {"x": 8, "y": 0, "width": 64, "height": 48}


def test_a_recording_that_broke_off_says_why() -> None:
    decoded = Decoded(INFO, frames=7, coloured=2, short_shots=1, short_frames=3)
    decoded.warnings = ("no times",)
    assert findings_of(decoded)["status"] == "done"
    decoded.broken = DecodeError("clip: breaks off")
    found = findings_of(decoded)
    assert (found["status"], found["error"]) == ("partly", "clip: breaks off")
    assert recording_warnings(decoded) == ("no times", "clip: breaks off")
    assert (found["camera"], found["radiometry"], found["fps"]) == ("Boson", {}, 9.0)
    assert (found["frames"], found["coloured_frames"], found["short_frames"]) == (7, 2, 3)


def test_what_is_said_of_a_part_wins_in_its_card(clips: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mkv", frames(clips, 0, 30))
    sources = tmp_path / "sources.csv"
    sources.write_text(
        "path,title,scene,platform,start_s,end_s,polarity\n"
        "clip.mkv,Early,field,drone,0,0.4,black-hot\n"
        "clip.mkv,Late,field,vehicle,0.5,,white-hot\n"
    )
    dataset = Dataset.create(tmp_path / "d")
    fetch(dataset, sources).check()
    early, late = (dataset.read_card(each) for each in dataset.sequence_ids())
    assert (early.title, early.scene, early.platform) == ("Early", "field", "drone")
    assert (late.title, late.scene, late.platform) == ("Late", "field", "vehicle")
    assert (early.polarity.value, late.polarity.value) == ("black-hot", "white-hot")
    assert (early.first_frame, early.last_frame, late.first_frame) == (0, 11, 15)
    assert faults(dataset) == []


@pytest.mark.parametrize("handling", ["keep", "drop"])
def test_repeats_are_flagged_or_their_numbers_kept(
    handling: str, clips: Path, tmp_path: Path
) -> None:
    read = frames(clips, 0, 12)
    path = write_video(tmp_path / "nine.mkv", [each for each in read for _ in range(3)])
    card, source = fetched(tmp_path, path, repeats=handling)
    assert source.frames == 36
    if handling == "keep":
        assert (card.frames, card.dropped_frames) == (36, ())
        assert card.repeated_frames == tuple(index for index in range(36) if index % 3)
        return
    assert (card.frames, card.repeated_frames) == (12, ())
    assert (card.first_frame, card.last_frame) == (0, 33)
    assert card.recording_frames == tuple(range(0, 36, 3))
    assert card.times_s == pytest.approx([index / 10 for index in range(12)], abs=1e-3)


@pytest.mark.parametrize("handling", ["keep", "drop"])
def test_a_closed_shutter_is_flagged_or_left_out(
    handling: str, clips: Path, tmp_path: Path
) -> None:
    read = frames(clips, 0, 60)
    held = [*read[:30], *[read[29]] * 20, *read[30:]]
    path = write_video(tmp_path / "held.mkv", held)
    card, _ = fetched(tmp_path, path, frozen=handling)
    if handling == "keep":
        assert card.frozen_frames == tuple(range(30, 50))
        assert set(card.frozen_frames) <= set(card.repeated_frames)
        return
    assert card.dropped_frames == tuple(range(30, 50))
    assert card.frozen_frames == ()
    assert len(card.times_s) == len(card.frames_sha256) == card.frames == 60
    assert card.times_s[30] - card.times_s[29] == pytest.approx(21 / 30, abs=2e-3)


def test_the_tone_of_counts_and_their_sensor_are_said(tmp_path: Path) -> None:
    card, source = fetched(tmp_path, made_raw(tmp_path), tone="plateau")
    assert (card.polarity.value, card.polarity.how) == ("white-hot", "sensor")
    assert card.tone.curve == "plateau"
    assert len(np.atleast_1d(card.tone.parameters["counts"])) == 33
    assert source.radiometry == {"kelvin_per_count": 0.01, "kelvin_at_zero": 0.0}
    assert source.normalise is not None
    assert source.normalise.tone == "plateau"


def shot_of(numbers: Sequence[int], drop: Sequence[int]) -> Shot:
    times = [number / 9 for number in numbers]
    plan = replace(PLAIN, drop=frozenset(drop))
    return Shot(Path("000"), plan, Clip(), list(numbers), times)


def test_frames_that_are_dropped_at_the_ends_are_no_holes() -> None:
    shot = shot_of(range(10, 18), drop=(0, 3, 7))
    shot.hashes = ("a" * 64,) * 5
    source = Source.model_validate(
        {
            "recording_id": "0" * 16, "subset": "train", "number": 0, "sha256": "0" * 64,
            "bytes": 1, "fetched": "2026-01-02T00:00:00Z",
        }
    )  # fmt: skip
    card = card_of(source, shot, ("said",))
    assert (card.first_frame, card.last_frame, card.dropped_frames) == (11, 16, (13,))
    assert card.times_s == pytest.approx([each / 9 for each in (11, 12, 14, 15, 16)])
    assert card.warnings == ("said",)
