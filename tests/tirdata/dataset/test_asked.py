"""What a source is asked for: rows over flags, nonsense refused, other wishes not taken for met."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fetching import fetch, statuses, tree
from tests.made_pictures import made_folder, made_raw
from tirdata.dataset.asked import check_same, settings_for
from tirdata.dataset.card import Source
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.errors import ConfigError, UsageError
from tirdata.fetch.wanted import Clip, Treatment, Wanted

WANTED = Wanted(path="/far/clip.mp4")


def made_with(**given: object) -> Source:
    """A recording that is in a dataset already."""
    settings = IngestConfig.model_validate(given)
    return Source(
        recording_id="0123456789abcdef",
        subset="train",
        number=0,
        sha256="0123456789abcdef" * 4,
        bytes=9,
        fetched=datetime(2026, 1, 2, tzinfo=UTC),
        min_frames=settings.min_frames,
        normalise=settings.normalise,
    )


def asked(**given: object) -> IngestConfig:
    return IngestConfig.model_validate(given)


def test_a_row_wins_over_what_is_said_of_all() -> None:
    row = Treatment(palette="ironbow", tone="counts", tone_range=(1, 9), hud="black")
    wanted = WANTED.model_copy(update={"treatment": row, "polarity": "white-hot"})
    flags = asked(
        palette="jet", tone="plateau", hud="inpaint", polarity="black-hot", repairs=["dead"]
    )
    found = settings_for(wanted, flags)
    assert (found.palette, found.tone, found.tone_range) == ("ironbow", "counts", (1, 9))
    assert (found.hud, found.polarity, found.repairs) == ("black", "white-hot", ("dead",))


def test_a_row_may_take_back_what_is_said_of_all() -> None:
    wanted = WANTED.model_copy(update={"treatment": Treatment(tone_rolling=False, hud="keep")})
    found = settings_for(wanted, asked(tone_rolling=True, hud="black"))
    assert (found.tone_rolling, found.hud) == (False, "keep")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"palette": "irnbow"},
            r"palette irnbow: not known; expected one of grey, ironbow, .*none",
        ),
        ({"tone": "counts"}, "tone counts without tone_range; expected its ends, LOW:HIGH"),
        ({"tone": "kelvin"}, "tone kelvin without tone_range"),
        ({"tone_range": (1, 2)}, "tone_range is for the tones counts and kelvin; tone percentile"),
        ({"tone": "counts", "tone_range": (9, 2)}, "tone_range 9:2; expected LOW:HIGH"),
        ({"tone": "counts", "tone_range": (-1, 2)}, "tone_range -1:2; expected LOW:HIGH"),
        ({"tone": "plateau", "tone_rolling": True}, "a rolling tone is linear; expected tone"),
    ],
)
def test_nonsense_names_the_source_and_what_is_known(
    given: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=f"/far/clip.mp4: {message}") as error:
        settings_for(WANTED, asked(**given))
    assert "\n" not in str(error.value)


def test_nonsense_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "d")
    with pytest.raises(ConfigError, match="irnbow"):
        fetch(dataset, made_folder(tmp_path), settings=asked(palette="irnbow"))
    assert dataset.recording_ids() == []


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({}, {}),
        ({"hud": "black", "polarity": "black-hot"}, {}),  # nothing is asked: what is there is taken
        ({"hud": "black"}, {"hud": "black", "min_frames": 10}),
        ({}, {"hud": "keep", "palette": None, "repairs": ()}),
        ({"tone": "counts", "tone_range": (2, 9)}, {"tone": "counts", "tone_range": (2, 9)}),
        ({}, {"hud": "black", "again": True}),
    ],
)
def test_what_was_asked_for_is_there(then: dict[str, object], now: dict[str, object]) -> None:
    check_same(WANTED, made_with(**then), asked(**now))


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({}, {"hud": "black"}, "hud keep; asked for black"),
        ({"hud": "black"}, {"hud": "keep"}, "hud black; asked for keep"),
        ({}, {"polarity": "black-hot"}, "polarity not given; asked for black-hot"),
        ({}, {"lossless": True}, "lossless not given; asked for True"),
        ({}, {"repairs": ("dead",)}, r"repairs not given; asked for \('dead',\)"),
        ({"repeats": "drop"}, {"repeats": "keep"}, "repeats drop; asked for keep"),
        ({"tone": "counts", "tone_range": (2, 9)}, {"tone": "counts", "tone_range": (2, 8)},
         r"tone_range \(2.0, 9.0\); asked for \(2.0, 8.0\)"),
        ({"min_frames": 4}, {"min_frames": 10}, "min_frames 4; asked for 10"),
    ],
)  # fmt: skip
def test_what_was_not_asked_for_is_not_taken_for_it(
    then: dict[str, object], now: dict[str, object], words: str
) -> None:
    message = (
        f"/far/clip.mp4: is in the dataset as recording 0123456789abcdef with {words}: --again "
    )
    with pytest.raises(UsageError, match=message) as error:
        check_same(WANTED, made_with(**then), asked(**now))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subset": "val"}, "subset train; asked for val: take another dataset"),
        ({"clips": (Clip(end_s=2.0),)}, "parts not given; asked for 0 s to 2 s: take another"),
    ],
)
def test_not_even_again_moves_a_recording(change: dict[str, object], words: str) -> None:
    for settings in (asked(), asked(again=True)):
        with pytest.raises(UsageError, match=words):
            check_same(WANTED.model_copy(update=change), made_with(), settings)


def test_parts_with_another_polarity_are_not_the_same() -> None:
    one, other = (Clip(start_s=1.0, polarity=each) for each in ("white-hot", "black-hot"))
    source = made_with().model_copy(update={"clips": (one,)})
    check_same(WANTED.model_copy(update={"clips": (one,)}), source, asked())
    with pytest.raises(UsageError, match="polarities of its parts white-hot; asked for black-hot"):
        check_same(WANTED.model_copy(update={"clips": (other,)}), source, asked())


def test_what_a_stopped_fetch_left_takes_any_settings() -> None:
    source = made_with().model_copy(update={"status": "fetched"})
    check_same(WANTED, source, asked(hud="black"))


def test_the_same_command_does_nothing_and_another_is_refused(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "d")
    path = made_raw(tmp_path)
    plateau = asked(min_frames=1, tone="plateau", lossless=True)
    assert statuses(fetch(dataset, path, settings=plateau)) == ["done"]
    before = tree(dataset)
    assert statuses(fetch(dataset, path, settings=plateau)) == ["present"]
    assert statuses(fetch(dataset, path, settings=asked())) == ["present"]
    report = fetch(dataset, path, settings=asked(tone="percentile"))
    assert report.items[0].exit_code == 2
    assert str(report.items[0].message).endswith(
        "with tone plateau; asked for percentile: --again makes its sequences anew"
    )
    assert tree(dataset) == before


def test_one_command_does_not_ask_two_things_of_the_same_bytes(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    copy = path.with_name("copy.raw")
    copy.write_bytes(path.read_bytes())
    path.with_name("copy.raw.toml").write_text(path.with_name("flight.raw.toml").read_text())
    sources = tmp_path / "sources.csv"
    sources.write_text("path,tone\nflight.raw,\ncopy.raw,plateau\n")
    dataset = Dataset.create(tmp_path / "d")
    report = fetch(dataset, sources, settings=asked(min_frames=1))
    assert statuses(report) == ["done", "failed"]
    assert f"{copy}: has the same bytes as {path} with tone percentile; asked for plateau" in str(
        report.items[1].message
    )
