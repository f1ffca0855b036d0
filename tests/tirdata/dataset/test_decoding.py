"""Two passes over a recording: what is stored is what its plan makes of it, to the last bit."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetching import frames
from tests.made_overlays import Font, letters
from tests.made_pictures import (
    RAW,
    SIDE,
    counts,
    cut_last_pictures,
    made_folder,
    made_raw,
    made_stack,
    made_zip,
    write_picture,
)
from tests.made_video import Coding, ramp, write_video
from tirdata.dataset.decoding import Decoded, Job, Shot, decode
from tirdata.dataset.describe import decisions_of
from tirdata.dataset.frames import encode_frame, frame_name, lossless_name
from tirdata.dataset.shot_writer import LOSSLESS
from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame
from tirdata.errors import DataError, UsageError
from tirdata.fetch.wanted import Clip
from tirdata.frames.normalise import Normaliser
from tirdata.frames.palettes import PALETTES
from tirdata.frames.settings import NormaliseConfig
from tirdata.frames.tone import Curve, curve_of
from tirdata.types import Frame

HELICOPTER = "IR_HELICOPTER_043.mp4"


def decoded(path: Path, work: Path, clips: Sequence[Clip] = (), **settings: object) -> Decoded:
    """Decode without a lower bound of frames, with all that is stored checked against the plan."""
    job = job_of(path, clips, 1, settings)
    result = decode(job, work)
    check_stored(job, result)
    return result


def job_of(
    path: Path, clips: Sequence[Clip], min_frames: int, settings: Mapping[str, object]
) -> Job:
    config = NormaliseConfig.model_validate(settings)
    return Job(path, path.name, tuple(clips), config, min_frames, threads=1)


def check_stored(job: Job, result: Decoded) -> None:
    raws = whole_frames(job.original)
    for shot in result.shots:
        assert shot.stored
        kept = set(shot.kept())
        normaliser = Normaliser(shot.plan)
        every = [normaliser.normalise(raws[number]) for number in shot.numbers]
        wanted = [frame for index, frame in enumerate(every) if index in kept]
        assert len(list(shot.folder.iterdir())) == len(wanted) == len(shot.hashes)
        for index, frame in enumerate(wanted):
            assert (frame.shape[1], frame.shape[0]) == shot.plan.size
            path = shot.folder / frame_name(index)
            data = path.read_bytes()
            assert data == encode_frame(path, frame)
            assert hashlib.sha256(data).hexdigest() == shot.hashes[index]
            if shot.lossless:
                np.testing.assert_array_equal(lossless(shot, index), frame)


def whole_frames(path: Path) -> list[RawFrame]:
    """All that can be read of it."""
    found: list[RawFrame] = []
    with closing(open_frames(path)) as reader, suppress(DataError):
        found.extend(reader.read())
    return found


def lossless(shot: Shot, index: int) -> Frame:
    folder = shot.folder.with_name(shot.folder.name + LOSSLESS)
    stored = cv2.imread(str(folder / lossless_name(index)), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    return np.asarray(stored, np.uint8)


def curve_by_card(shot: Shot) -> Curve:
    """From nothing but what the card says."""
    tone = decisions_of(shot.plan)["tone"]
    return curve_of(tone.curve, tone.parameters)


def test_grey_white_hot_video_is_stored_in_one_pass(clips: Path, tmp_path: Path) -> None:
    path = write_video(tmp_path / "grey.mkv", frames(clips, 0, 60, HELICOPTER))
    result = decoded(path, tmp_path / "work")
    assert [shot.plan.changes_pixels for shot in result.shots] == [False]
    assert result.frames == len(result.shots[0].numbers)
    assert result.broken is None


def test_a_stated_polarity_turns_every_frame(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 30, HELICOPTER)
    path = write_video(tmp_path / "grey.mkv", read)
    result = decoded(path, tmp_path / "work", polarity="black-hot", lossless=True)
    for index, frame in enumerate(read):
        np.testing.assert_array_equal(lossless(result.shots[0], index), 255 - frame)


def test_inverted_video_is_found_to_be_and_turned(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 60)
    path = write_video(tmp_path / "inverted.mkv", [np.bitwise_not(each) for each in read])
    shot = decoded(path, tmp_path / "work", lossless=True).shots[0]
    assert (shot.plan.polarity, shot.plan.how) == ("black-hot", "measured")
    np.testing.assert_array_equal(lossless(shot, 7), read[7])


@pytest.mark.parametrize("tone", ["percentile", "plateau", "counts"])
@pytest.mark.parametrize("kind", ["folder", "zip", "stack", "raw", "cptv"])
def test_counts_come_back_from_the_stored_levels(
    kind: str, tone: str, clips: Path, tmp_path: Path
) -> None:
    made = {"folder": made_folder, "zip": made_zip, "stack": made_stack, "raw": made_raw}
    path = clips / "apache-v2.cptv" if kind == "cptv" else made[kind](tmp_path)
    ends = (2500, 14000) if tone == "counts" else None
    result = decoded(path, tmp_path / "work", (), tone=tone, tone_range=ends, lossless=True)
    for shot in result.shots:
        curve = curve_by_card(shot)
        low, high = curve.limits
        raws = whole_frames(path)
        for index in (0, len(shot.numbers) - 1):
            pixels = raws[shot.numbers[index]].pixels.astype(float)
            inside = (pixels >= low) & (pixels <= high)
            off = np.abs(curve.undo(lossless(shot, index)) - pixels)
            assert inside.mean() > 0.98
            assert off[inside].max() <= curve.error


def test_ends_of_a_rolling_curve_undo_each_stored_frame(clips: Path, tmp_path: Path) -> None:
    path = clips / "apache-v1.cptv"
    result = decoded(path, tmp_path, tone_rolling=True, lossless=True)
    raws = whole_frames(path)
    for shot in result.shots:
        tone = decisions_of(shot.plan)["tone"]
        assert len(tone.rolling) == len(shot.numbers)
        for index in range(0, len(tone.rolling), 9):
            low, high = tone.rolling[index]
            curve = curve_of("percentile", {"low": low, "high": high})
            pixels = raws[shot.numbers[index]].pixels.astype(float)
            inside = (pixels >= low) & (pixels <= high)
            off = np.abs(curve.undo(lossless(shot, index)) - pixels)
            assert off[inside].max() <= curve.error


def test_a_letterbox_is_cut_off(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 40, HELICOPTER)
    boxed = [np.pad(each, ((32, 32), (0, 0)), constant_values=0) for each in read]
    path = write_video(tmp_path / "boxed.mkv", boxed)
    shot = decoded(path, tmp_path / "cut", lossless=True).shots[0]
    assert shot.plan.crop == (0, 32, 320, 256)
    np.testing.assert_array_equal(lossless(shot, 3), read[3])
    whole = decoded(path, tmp_path / "whole", letterbox="keep").shots[0]
    assert (whole.plan.crop, whole.plan.size) == (None, (320, 320))


def test_counts_in_a_letterbox_are_cut_and_toned(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    folder = tmp_path / "frames"
    folder.mkdir()
    inner = [each + random.integers(0, 40, each.shape).astype(np.uint16) for each in counts(12)]
    for number, each in enumerate(inner):
        write_picture(folder / f"{number:02d}.png", np.pad(each, ((0, 0), (16, 16))))
    (folder / "recording.toml").write_text(SIDE)
    shot = decoded(folder, tmp_path / "work", lossless=True).shots[0]
    assert shot.plan.size in {(80, 64), (112, 64)}
    if shot.plan.crop is not None:
        curve = curve_by_card(shot)
        low, high = curve.limits
        clear = (inner[0] > low) & (inner[0] < high)
        off = np.abs(curve.undo(lossless(shot, 0)) - inner[0])
        assert off[clear].max() <= curve.error


@pytest.mark.parametrize("name", ["ironbow", "rainbow", "jet"])
def test_false_colours_become_the_intensity_they_stand_for(
    name: str, clips: Path, tmp_path: Path
) -> None:
    read = frames(clips, 0, 60)[::3]
    coding = Coding("libx264", "yuv420p", options=(("crf", "18"),))
    path = write_video(tmp_path / "colour.mp4", [PALETTES[name][each] for each in read], coding)
    shot = decoded(path, tmp_path / "work", lossless=True).shots[0]
    assert shot.plan.palette is not None
    assert shot.plan.palette.name == name
    for index in (0, 9, 19):
        found = lossless(shot, index)
        if shot.plan.polarity == "black-hot":
            found = np.bitwise_not(found)
        assert np.corrcoef(found.ravel(), read[index].ravel())[0, 1] > 0.99
        assert np.abs(found.astype(float) - read[index]).mean() < 3


def test_letters_are_filled_in_the_frames_that_are_stored(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 60, HELICOPTER)[::4]
    cover = letters(read[0].shape, "REC 12:30", (20, 20), Font(12))
    drawn = [(each * (1 - cover) + 255 * cover).astype(np.uint8) for each in read]
    path = write_video(tmp_path / "text.mkv", drawn)
    kept = decoded(path, tmp_path / "kept").shots[0]
    assert kept.plan.overlay.regions
    assert not kept.plan.changes_pixels
    black = decoded(path, tmp_path / "black", hud="black", lossless=True).shots[0]
    assert (lossless(black, 5)[cover > 0.6] == 0).mean() > 0.95
    filled = decoded(path, tmp_path / "filled", hud="inpaint", lossless=True).shots[0]
    assert np.abs(lossless(filled, 5).astype(float) - read[5])[cover > 0.6].mean() < 20


def with_dead_pixels(clips: Path) -> list[Frame]:
    random = np.random.default_rng(0)
    read = [each.copy() for each in frames(clips, 0, 60, HELICOPTER)[::4]]
    for each in read:
        noise = random.normal(0, 1, each.shape)
        each[:] = np.clip(each + noise, 0, 250).astype(np.uint8)
        each[[100, 150], [60, 200]] = 255
    return read


def test_dead_pixels_are_repaired_when_asked_and_said_anyway(clips: Path, tmp_path: Path) -> None:
    path = write_video(tmp_path / "dead.mkv", with_dead_pixels(clips))
    kept = decoded(path, tmp_path / "kept").shots[0]
    assert kept.plan.faults == ("dead",)
    assert not kept.plan.changes_pixels
    mended = decoded(path, tmp_path / "mended", repairs=("dead",), lossless=True).shots[0]
    assert mended.plan.repairs == ("dead",)
    assert lossless(mended, 9)[[100, 150], [60, 200]].max() < 250


def test_repeats_are_dropped_with_their_times(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 20)
    path = write_video(tmp_path / "nine.mkv", [each for each in read for _ in range(3)])
    shot = decoded(path, tmp_path / "work", repeats="drop", lossless=True).shots[0]
    assert shot.kept() == list(range(0, 60, 3))
    for index, frame in enumerate(read):
        np.testing.assert_array_equal(lossless(shot, index), frame)


def test_a_rolling_curve_sees_the_frames_that_are_dropped(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    side = path.with_name(f"{path.name}.toml")
    data = b"\0\0\0".join(each.astype(">u2").tobytes() for each in counts(12) for _ in range(3))
    path.write_bytes(b"heade" + data)
    side.write_text(SIDE + RAW)
    result = decoded(path, tmp_path / "work", repeats="drop", tone_rolling=True)
    shot = result.shots[0]
    assert len(shot.kept()) == 12
    assert len(shot.plan.rolling_ends) == 12


def test_an_inverted_scene_is_a_shot_of_its_own_and_turned(clips: Path, tmp_path: Path) -> None:
    read = frames(clips, 0, 100)
    first, turned = read[:50], [np.bitwise_not(each) for each in read[50:]]
    other = frames(clips, 0, 50, HELICOPTER)
    path = write_video(tmp_path / "three.mkv", first + turned + other)
    result = decoded(path, tmp_path / "work", lossless=True)
    assert [(shot.numbers[0], shot.numbers[-1]) for shot in result.shots] == [
        (0, 49), (50, 99), (100, 149)
    ]  # fmt: skip
    assert [shot.plan.polarity for shot in result.shots] == ["white-hot", "black-hot", "white-hot"]
    assert [shot.plan.flipped for shot in result.shots] == [False, True, False]
    np.testing.assert_array_equal(lossless(result.shots[1], 0), 255 - turned[0])


def test_the_first_pass_keeps_what_a_later_shot_does_not_change(
    clips: Path, tmp_path: Path
) -> None:
    """A shot that needs nothing after one that is turned is rendered, and the same as read."""
    turned = [np.bitwise_not(each) for each in frames(clips, 0, 40)]
    path = write_video(tmp_path / "two.mkv", turned + frames(clips, 0, 40, HELICOPTER))
    result = decoded(path, tmp_path / "work")
    assert [shot.plan.changes_pixels for shot in result.shots] == [True, False]


def test_parts_have_their_own_polarities(clips: Path, tmp_path: Path) -> None:
    path = write_video(tmp_path / "parts.mkv", frames(clips, 0, 90))
    parts = [
        Clip(start_s=0.5, end_s=1.0, polarity="black-hot"),
        Clip(start_s=1.0, end_s=1.5, polarity="white-hot"),
        Clip(start_s=2.0, polarity="black-hot"),
    ]
    result = decoded(path, tmp_path / "work", parts)
    assert [(shot.numbers[0], shot.numbers[-1]) for shot in result.shots] == [
        (15, 29), (30, 44), (60, 89)
    ]  # fmt: skip
    assert [shot.plan.polarity for shot in result.shots] == ["black-hot", "white-hot", "black-hot"]
    assert [shot.clip for shot in result.shots] == parts


def test_what_breaks_off_is_rendered_up_to_there(clips: Path, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", frames(clips, 0, 60))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = decoded(cut, tmp_path / "work", polarity="black-hot")
    assert result.broken is not None
    assert str(result.broken).startswith("cut.mkv: breaks off after frame")
    assert [len(shot.numbers) for shot in result.shots] == [result.frames]


def test_pictures_that_break_off_are_rendered_up_to_there(tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut_last_pictures(made_folder(tmp_path), cut)
    result = decoded(cut, tmp_path / "work")
    assert result.broken is not None
    assert result.frames == 4


@pytest.mark.parametrize("number", range(1, 9))
def test_a_handful_of_frames_is_enough(number: int, tmp_path: Path) -> None:
    random = np.random.default_rng(number)
    levels = [random.integers(0, 200, (40, 48)).astype(np.uint8) + 50 * (n % 2) for n in range(9)]
    path = write_video(tmp_path / "few.mkv", levels[:number])
    assert decoded(path, tmp_path / "levels").frames == number
    path = made_folder(tmp_path)
    for each in sorted(path.glob("*.png"), key=lambda one: len(one.name))[number:]:
        each.unlink()
    assert decoded(path, tmp_path / "counts", repeats="drop", frozen="drop").frames == min(
        number, 6
    )


@pytest.mark.parametrize("settings", [{}, {"tone_rolling": True}, {"tone": "plateau"}], ids=str)
def test_counts_may_fill_all_16_bits(
    settings: dict[str, object], clips: Path, tmp_path: Path
) -> None:
    wide = [each.astype(np.uint16) * 257 for each in frames(clips, 0, 20)]
    for each in wide:
        each[:64], each[-64:] = 0, 65535
    path = write_video(tmp_path / "wide.mkv", wide, Coding("ffv1", "gray16le"))
    (shot,) = decoded(path, tmp_path / "work", (), **settings).shots
    assert shot.plan.curve is not None
    assert shot.plan.curve.limits == (0.0, 65535.0)


def test_blank_frames_are_stored(tmp_path: Path) -> None:
    path = write_video(tmp_path / "blank.mkv", [np.full((48, 64), 90, np.uint8)] * 12)
    assert len(decoded(path, tmp_path / "all").shots[0].kept()) == 12
    assert len(decoded(path, tmp_path / "one", repeats="drop").shots[0].kept()) == 1


def test_shots_that_are_too_short_are_counted_and_leave_nothing(
    clips: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    path = write_video(tmp_path / "short.mkv", frames(clips, 0, 9))
    result = decode(job_of(path, (), 10, {"polarity": "black-hot"}), work)
    assert (result.shots, result.short_shots, result.short_frames) == ([], 1, 9)
    assert not list(work.glob("*"))


def test_what_repeats_leave_too_short_is_a_short_shot(clips: Path, tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "still.mkv", [each for each in frames(clips, 0, 4) for _ in range(3)]
    )
    result = decode(job_of(path, (), 5, {"repeats": "drop"}), tmp_path / "work")
    assert (result.short_shots, result.short_frames) == (1, 12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"palette": "ironbow"}, "is grey; palette ironbow was asked for"),
        ({"palette": "irnbow"}, "irnbow"),
        ({"tone": "counts"}, "tone_range: missing; the curve 'counts' needs"),
        ({"tone": "kelvin", "tone_range": (280, 320)}, "no calibration to kelvin"),
    ],
)
def test_settings_that_do_not_fit_name_the_recording(
    settings: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = (
        write_video(tmp_path / "ramp.mkv", [ramp()] * 12)
        if "palette" in settings
        else made_counts(tmp_path)
    )
    with pytest.raises(UsageError, match=message) as error:
        decode(job_of(path, (), 1, settings), tmp_path / "work")
    assert str(error.value).startswith(f"{path.name}: ")


def made_counts(folder: Path) -> Path:
    path = made_raw(folder)
    side = path.with_name(f"{path.name}.toml")
    side.write_text(side.read_text().replace("kelvin_per_count = 0.01\n", ""))
    return path
