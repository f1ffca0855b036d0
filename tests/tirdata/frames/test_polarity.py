"""Polarity: cues mirror exactly, real and made scenes, recordings with flips, honest doubt."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.made_video import Coding, write_video
from tests.tirdata.frames.test_shots import cuts, read
from tirdata.frames.likeness import look
from tirdata.frames.polarity import (
    SURE,
    PolarityGuess,
    combine,
    is_flip,
    judge_polarity,
    judge_recording,
)
from tirdata.frames.polarity_cues import CUES, measure, movers, views
from tirdata.types import Frame

IR_CLIPS = ("IR_DRONE_121", "IR_HELICOPTER_043")


def inverted(frames: Sequence[Frame]) -> list[Frame]:
    return [np.bitwise_not(frame) for frame in frames]


def other(value: str) -> str:
    return "black-hot" if value == "white-hot" else "white-hot"


def walkers(count: int = 12, *, camera: float = 0.0) -> list[Frame]:
    """Warm people before a street of mixed temperatures; ``camera`` px a frame it moves."""
    rng = np.random.default_rng(3)
    wide = cv2.GaussianBlur(rng.normal(0, 1, (256, 960)).astype(np.float32), (0, 0), 6)
    wide = 110 + 25 * wide / wide.std()
    frames = []
    for index in range(count):
        left = round(camera * index)
        frame = wide[:, left : left + 320] + rng.normal(0, 1.5, (256, 320))
        for person in range(3):
            x, y = (40 + 90 * person + (9 + 5 * person) * index) % 300, 90 + 40 * person
            cv2.ellipse(frame, (x, y), (5, 14), 0, 0, 360, 215, -1)
        frames.append(frame.clip(0, 255).astype(np.uint8))
    return frames


@pytest.fixture(scope="module", params=IR_CLIPS)
def shot(request: pytest.FixtureRequest, clips: Path) -> list[Frame]:
    return read(clips / f"{request.param}.mp4")[::20]


@pytest.mark.parametrize("with_text", [False, True])
def test_inverting_a_shot_turns_every_cue_exactly(shot: list[Frame], with_text: bool) -> None:
    ignore = np.zeros(shot[0].shape, np.bool_)
    ignore[:30, :120] = with_text
    upright = measure(views(shot, ignore))
    turned = measure(views(inverted(shot), ignore))
    assert turned == {name: -value for name, value in upright.items()}
    guess, mirror = judge_polarity(shot, ignore), judge_polarity(inverted(shot), ignore)
    assert (mirror.value, mirror.score, mirror.sure) == (
        other(guess.value),
        guess.score,
        guess.sure,
    )


def test_real_shots_are_white_hot_and_black_hot_when_inverted(shot: list[Frame]) -> None:
    assert judge_polarity(shot).value == "white-hot"
    assert judge_polarity(inverted(shot)).value == "black-hot"


def test_a_drone_before_a_cold_sky_is_sure(clips: Path) -> None:
    guess = judge_polarity(read(clips / "IR_DRONE_121.mp4")[::20])
    assert guess.sure
    assert guess.score >= SURE
    assert set(guess.cues) == set(CUES)


def test_warm_people_who_walk_before_a_still_street_are_sure() -> None:
    people = walkers()
    assert judge_polarity(people).value == "white-hot"
    assert judge_polarity(people).sure
    assert judge_polarity(inverted(people)).value == "black-hot"
    assert judge_polarity(inverted(people)).sure


def test_gain_and_offset_do_not_matter(clips: Path) -> None:
    shot = read(clips / "IR_DRONE_121.mp4")[::20]
    dim = [(frame // 4 + 90).astype(np.uint8) for frame in shot]
    assert judge_polarity(dim).value == "white-hot"
    assert judge_polarity(dim).sure


def test_nothing_counts_as_moving_while_the_camera_moves() -> None:
    assert movers(views(walkers(), None)) > 0.9
    assert movers(views(walkers(camera=25), None)) == 0
    assert not judge_polarity(walkers(camera=25)).sure


@pytest.mark.parametrize("count", [1, 2, 3])
def test_stills_are_never_sure(count: int, clips: Path) -> None:
    guess = judge_polarity(read(clips / "IR_DRONE_121.mp4")[:: 300 // count][:count])
    assert guess.value == "white-hot"
    assert not guess.sure
    assert guess.score < 0.9


def blank() -> list[Frame]:
    return [np.full((120, 160), 90, np.uint8)] * 8


def noise() -> list[Frame]:
    rng = np.random.default_rng(5)
    return [rng.normal(120, 12, (240, 320)).clip(0, 255).astype(np.uint8) for _ in range(8)]


@pytest.mark.parametrize("made", [blank, noise])
def test_where_nothing_is_seen_nothing_is_sure(made: Callable[[], list[Frame]]) -> None:
    guess = judge_polarity(made())
    assert not guess.sure
    assert guess.score < 0.65


def test_a_shot_that_is_all_text_says_nothing() -> None:
    guess = judge_polarity(walkers(), np.ones((256, 320), np.bool_))
    assert (guess.score, guess.sure) == (0.5, False)


def test_white_text_in_a_black_hot_shot_misleads_nobody_who_says_where_it_is(clips: Path) -> None:
    black_hot = inverted(read(clips / "IR_DRONE_121.mp4")[::20])
    ignore = np.zeros(black_hot[0].shape, np.bool_)
    ignore[:40] = True
    for number, frame in enumerate(black_hot):
        cv2.putText(frame, f"12:40:{number:02d} FLIR", (5, 28), 0, 0.9, 255, 2)
    guess = judge_polarity(black_hot, ignore)
    assert guess.value == "black-hot"
    assert guess.sure


def test_odd_sizes_are_looked_at() -> None:
    rng = np.random.default_rng(0)
    for shape in ((8, 8), (40, 900), (900, 40)):
        judge_polarity([rng.integers(0, 256, shape).astype(np.uint8) for _ in range(5)])


def test_a_cue_against_the_rest_makes_it_unsure() -> None:
    agreed = {"movers": 0.9, "spots": 0.3, "bumps": 0.6, "detail": 0.3, "sky": 0.2}
    assert combine(agreed, 16).sure
    assert not combine(agreed | {"bumps": -0.6}, 16).sure
    assert not combine(agreed | {"movers": 0.0, "sky": 0.0}, 16).sure  # no physical reason


# --- flips


def test_a_frame_and_its_negative_are_a_flip_and_nothing_else_is(clips: Path) -> None:
    drone = read(clips / "IR_DRONE_121.mp4")
    helicopter = read(clips / "IR_HELICOPTER_043.mp4", 100, 30)
    assert is_flip(look(drone[100]), look(np.bitwise_not(drone[101])))
    assert is_flip(look(helicopter[0]), look(np.bitwise_not(helicopter[3])))
    assert not is_flip(look(drone[100]), look(drone[101]))
    assert not is_flip(look(drone[100]), look(helicopter[0]))
    assert not is_flip(look(drone[100]), look(np.bitwise_not(helicopter[0])))
    assert not is_flip(look(blank()[0]), look(np.bitwise_not(blank()[0])))


@pytest.mark.parametrize("fade", [0, 1, 2])
@pytest.mark.parametrize("name", IR_CLIPS)
def test_a_flip_in_coded_video_begins_a_shot(
    name: str, fade: int, clips: Path, tmp_path: Path
) -> None:
    frames = read(clips / f"{name}.mp4", 0, 60)
    mixed = []
    for index, frame in enumerate(frames):
        share = min(max((index - 29) / (fade + 1), 0.0), 1.0)
        mixed.append((frame * (1 - share) + (255 - frame) * share).round().astype(np.uint8))
    coding = Coding("libx264", "yuv420p", options=(("crf", "28"),))
    coded = read(write_video(tmp_path / "flip.mp4", mixed, coding))
    found = cuts(coded)
    assert found
    assert set(found) <= set(range(30, 31 + fade))
    assert is_flip(look(coded[found[0] - 1]), look(coded[found[-1]]))


# --- recordings


def guess(log_odds: float, *, sure: bool = False) -> PolarityGuess:
    score = 1 / (1 + np.exp(-abs(log_odds)))
    return PolarityGuess("white-hot" if log_odds >= 0 else "black-hot", float(score), sure, {})


WHITE, BLACK = guess(3.8, sure=True), guess(-3.8, sure=True)
LEANS_WHITE, LEANS_BLACK, EVEN = guess(0.8), guess(-0.8), guess(0.0)


def signs(guesses: list[PolarityGuess]) -> str:
    """W and B are sure, w and b are not."""
    letters = [each.value[0] for each in guesses]
    return "".join(
        letter.upper() if each.sure else letter
        for letter, each in zip(letters, guesses, strict=True)
    )


@pytest.mark.parametrize(
    ("guesses", "flips", "expected"),
    [
        ([], [], ""),
        ([WHITE], [], "W"),
        ([LEANS_WHITE], [], "w"),
        ([WHITE, EVEN, WHITE], [0, 0], "WWW"),  # an unsure one between sure ones
        ([WHITE, LEANS_BLACK, WHITE], [0, 0], "WWW"),
        ([WHITE, LEANS_BLACK], [1], "WB"),  # a flip after a sure one
        ([LEANS_WHITE, BLACK], [1], "WB"),
        ([WHITE, EVEN, EVEN], [1, 1], "WBW"),
        (
            [LEANS_WHITE, LEANS_WHITE],
            [1],
            "wb",
        ),  # they contradict each other: opposite all the same
        ([LEANS_WHITE] * 20, [0] * 19, "w" * 20),  # many that lean are not one that is sure
        ([WHITE, BLACK], [0], "wb"),  # from two cameras, or one is wrong: for a person to say
        ([WHITE, WHITE], [1], "wb"),  # one must be wrong
        ([WHITE, BLACK, WHITE], [1, 1], "WBW"),
    ],
)
def test_shots_of_a_recording_settle_each_other(
    guesses: list[PolarityGuess], flips: list[int], expected: str
) -> None:
    settled = judge_recording(guesses, [bool(flip) for flip in flips])
    assert signs(settled) == expected
    turned = judge_recording(
        [guess(-each.log_odds, sure=each.sure) for each in guesses], [bool(flip) for flip in flips]
    )
    assert [each.score for each in turned] == pytest.approx([each.score for each in settled])


def test_what_the_other_shots_say_is_told() -> None:
    alone, *_ = judge_recording([WHITE], [])
    assert alone.score == pytest.approx(WHITE.score)
    assert alone.cues == {}
    settled = judge_recording([WHITE, LEANS_BLACK], [False])[1]
    assert settled.cues["recording"] > 2
    assert settled.score < WHITE.score


# --- the clips at hand


def listed(clips: Path) -> list[dict[str, str]]:
    with (clips / "polarity.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["polarity"] == "white-hot"]


def text_of(boxes: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Boxes `left top right bottom`, in hundredths of the frame, with `;` between."""
    mask = np.zeros(shape, np.bool_)
    for box in filter(None, boxes.split(";")):
        left, top, right, bottom = (int(part) / 100 for part in box.split())
        rows = slice(int(top * shape[0]), int(bottom * shape[0]))
        mask[rows, int(left * shape[1]) : int(right * shape[1])] = True
    return mask


def test_no_clip_at_hand_is_wrong_and_sure(clips: Path, shared_data: Path) -> None:
    rows = [row for row in listed(clips) if row["path"].endswith((".mp4", ".avi"))]
    told: list[PolarityGuess] = []
    for row in rows[::24]:
        first, count = int(row["first"]), int(row["count"] or 200)
        frames = read(shared_data / row["path"], first, min(count, 200))
        ignore = text_of(row["ignore"], frames[0].shape)
        told.append(judge_polarity(frames[:: max(1, len(frames) // 12)], ignore))
    assert len(told) >= 10
    assert not [guess for guess in told if guess.sure and guess.value != "white-hot"]
    assert sum(guess.sure for guess in told) >= len(told) / 2
