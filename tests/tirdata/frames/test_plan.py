"""What is decided from a survey of a shot."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.errors import DataError, UsageError
from tirdata.frames.palettes import PALETTES
from tirdata.frames.plan import Plan, decide, settle
from tirdata.frames.polarity import PolarityGuess
from tirdata.frames.settings import NormaliseConfig
from tirdata.frames.survey import MOST_SAMPLES, Survey, plane_of

INFO = RecordingInfo("raw", "raw", "gray16le", "pc", 160, 120, 16, 9.0, None)


def surveyed(frames: Sequence[RawFrame]) -> Survey:
    survey = Survey(frames[0])
    for number, raw in enumerate(frames):
        survey.add(number, raw, plane_of(raw))
    return survey


def counts(number: int = 30) -> list[RawFrame]:
    random = np.random.default_rng(0)
    scene = random.integers(2900, 3500, (12, 16)).repeat(10, 0).repeat(10, 1)
    noisy = [scene + random.normal(0, 5, scene.shape) for _ in range(number)]
    return [RawFrame(each.astype(np.uint16), index / 9) for index, each in enumerate(noisy)]


def clip(path: Path, number: int = 80) -> list[RawFrame]:
    with closing(open_frames(path)) as reader:
        return [raw for raw, _ in zip(reader.read(), range(number), strict=False)]


def plan_of(frames: Sequence[RawFrame], info: RecordingInfo = INFO, **settings: object) -> Plan:
    return decide(surveyed(frames), info, NormaliseConfig.model_validate(settings), name="clip")


def test_a_survey_keeps_few_frames_of_many(clips: Path) -> None:
    survey = surveyed(clip(clips / "IR_DRONE_121.mp4", 200))
    assert MOST_SAMPLES / 2 <= len(survey.samples) <= MOST_SAMPLES
    assert len(survey.numbers) == len(survey.times_s) == 200


def test_grey_white_hot_video_is_left_as_it_is(clips: Path) -> None:
    plan = plan_of(clip(clips / "IR_DRONE_121.mp4", 312))
    assert (plan.polarity, plan.how) == ("white-hot", "measured")
    assert not plan.changes_pixels


def test_the_same_video_inverted_is_black_hot(clips: Path) -> None:
    frames = [
        raw._replace(pixels=np.bitwise_not(raw.pixels))
        for raw in clip(clips / "IR_DRONE_121.mp4", 312)
    ]
    plan = plan_of(frames)
    assert (plan.polarity, plan.how) == ("black-hot", "measured")
    assert plan.changes_pixels


def test_a_sensor_needs_no_measuring() -> None:
    plan = plan_of(counts(), replace(INFO, sensor=True))
    assert (plan.polarity, plan.how, plan.guess) == ("white-hot", "sensor", None)
    assert plan.curve is not None
    assert plan.curve.limits[0] < 2900
    assert plan.curve.limits[1] > 3450


def test_what_is_stated_wins_over_what_is_measured(clips: Path) -> None:
    frames = clip(clips / "IR_HELICOPTER_043.mp4")
    plan = plan_of(frames, polarity="black-hot")
    assert (plan.polarity, plan.how, plan.guess) == ("black-hot", "stated", None)


def test_visible_light_has_no_palette_and_no_polarity(clips: Path) -> None:
    plan = plan_of(clip(clips / "V_DRONE_007.mp4", 30))
    assert plan.visible
    assert (plan.palette, plan.how, plan.guess) == (None, "assumed", None)
    assert not plan.changes_pixels


@pytest.mark.parametrize("name", ["V_AIRPLANE_001", "V_AIRPLANE_003", "V_HELICOPTER_019"])
def test_an_overcast_sky_is_visible_light_too(shared_data: Path, name: str) -> None:
    plan = plan_of(clip(shared_data / "svanstrom" / "visible" / f"{name}.mp4", 40))
    assert plan.visible
    assert plan.polarity == "white-hot"
    assert plan.guess is None


def test_thermal_video_with_a_tinge_is_grey(shared_data: Path) -> None:
    plan = plan_of(clip(shared_data / "antiuav" / "4.avi", 40))
    assert not plan.visible
    assert plan.guess is not None


def test_kelvin_need_a_calibration() -> None:
    with pytest.raises(UsageError, match=r"clip: has no calibration to kelvin; expected"):
        plan_of(counts(), tone="kelvin", tone_range=(280, 320))


def test_a_rolling_curve_is_linear() -> None:
    with pytest.raises(UsageError, match="clip: a rolling curve is linear"):
        plan_of(counts(), tone="plateau", tone_rolling=True)


def test_a_palette_of_grey_video_is_refused(clips: Path) -> None:
    with pytest.raises(UsageError, match="clip: is grey; palette ironbow was asked for"):
        plan_of(clip(clips / "IR_DRONE_121.mp4", 20), palette="ironbow")


def test_repeats_are_left_out_when_asked() -> None:
    frames = [raw for raw in counts(20) for _ in range(3)]
    timed = [raw._replace(time_s=index / 27) for index, raw in enumerate(frames)]
    assert plan_of(timed).drop == frozenset()
    dropped = plan_of(timed, repeats="drop").drop
    assert dropped == frozenset(index for index in range(60) if index % 3)


def test_shots_without_a_guess_are_left_out_of_what_is_settled() -> None:
    plans = [Plan(size=(4, 4)), Plan(size=(4, 4), polarity="black-hot", how="stated")]
    assert settle(plans) == plans


def test_of_two_unsure_shots_across_a_flip_one_is_black_hot() -> None:
    white = PolarityGuess("white-hot", 0.7, sure=False, cues={})
    black = PolarityGuess("black-hot", 0.6, sure=False, cues={})
    plans = [
        Plan(size=(4, 4), guess=black),
        Plan(size=(4, 4), guess=white),
        Plan(size=(4, 4), guess=black, flipped=True),
    ]
    first, second, third = settle(plans)
    assert (first.polarity, first.how) == ("white-hot", "assumed")
    assert (second.polarity, third.polarity) == ("white-hot", "black-hot")
    assert third.how == "assumed"


def test_enlarged_video_is_searched_for_faults_of_a_sensor_only_when_asked() -> None:
    frames = [RawFrame(np.full((1200, 1400), 90, np.uint8), index / 30) for index in range(2)]
    assert plan_of(frames, replace(INFO, bits=8)).defects is None
    assert plan_of(frames, replace(INFO, bits=8), repairs=("dead",)).defects is not None


def test_a_palette_that_does_not_fit_is_refused_with_how_far_off_it_is() -> None:
    colours = PALETTES["jet"][np.tile(np.arange(256, dtype=np.uint8), (64, 1))]
    frames = [RawFrame(colours, index / 30, colour=90.0) for index in range(6)]
    message = r"clip: its colours are [\d.]+ levels from the palette ironbow, which was asked for;"
    with pytest.raises(DataError, match=message):
        plan_of(frames, replace(INFO, bits=8), palette="ironbow")
