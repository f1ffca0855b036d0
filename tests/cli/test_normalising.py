"""Options of the way from raw frames to white-hot ones: each reaches the card, or is refused."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.normalising import OPTIONS
from tests.fetching import faults, frames
from tests.made_overlays import Font, letters
from tests.made_pictures import made_raw
from tests.made_video import Coding, write_video
from tirdata.dataset.card import Card
from tirdata.dataset.tree import Dataset
from tirdata.frames.palettes import PALETTES
from tirdata.types import Frame


def run(folder: Path, *arguments: object) -> Result:
    words = ["fetch", *(str(each) for each in arguments), "--dataset", str(folder)]
    return CliRunner().invoke(main, [*words, "--min-frames", "1", "--workers", "1"])


def card_of(folder: Path, *arguments: object) -> Card:
    """The card of the only sequence that comes of it."""
    result = run(folder, *arguments)
    assert result.exit_code == 0, result.output
    dataset = Dataset.open(folder)
    assert faults(dataset) == []
    (sequence,) = dataset.sequence_ids()
    return dataset.read_card(sequence)


def refusal(folder: Path, *arguments: object) -> str:
    """The one line that it ends with, with status 2 and nothing fetched."""
    result = run(folder, *arguments)
    assert result.exit_code == 2, result.output
    assert list(folder.glob("recordings/*")) == []
    lines = result.stderr.splitlines()
    assert len(lines) == 1 or lines[0].startswith("Usage: ")  # click's own
    return lines[-1]


@pytest.fixture(scope="module")
def read(clips: Path) -> list[Frame]:
    return frames(clips, 0, 36)[::3]


@pytest.fixture(scope="module")
def grey(read: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("grey") / "grey.mkv", read)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_raw(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def odd(read: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Black bars, burnt-in text, dead pixels, repeats and a closed shutter, all at once."""
    random = np.random.default_rng(0)
    cover = letters(read[0].shape, "REC 12:30", (20, 20), Font(12))
    pictures = []
    for each in [*read, *read]:
        noisy = each + random.normal(0, 1, each.shape)
        drawn = np.clip(noisy * (1 - cover) + 255 * cover, 0, 250).astype(np.uint8)
        drawn[[150, 180], [60, 200]] = 255
        pictures.append(np.pad(drawn, ((32, 32), (0, 0))))
    shown = [each for each in pictures[:20] for _ in range(2)] + [pictures[20]] * 25
    return write_video(tmp_path_factory.mktemp("odd") / "odd.mkv", shown + pictures[21:] * 2)


def test_a_polarity_is_stated(grey: Path, tmp_path: Path) -> None:
    card = card_of(tmp_path / "d", grey, "--polarity", "black-hot")
    assert (card.polarity.value, card.polarity.how) == ("black-hot", "stated")


@pytest.mark.parametrize("name", ["ironbow", "none"])
def test_a_palette_is_stated(name: str, read: list[Frame], tmp_path: Path) -> None:
    coding = Coding("libx264", "yuv420p", options=(("crf", "18"),))
    pictures = [PALETTES["ironbow"][each] for each in read]
    path = write_video(tmp_path / "colour.mp4", pictures, coding)
    card = card_of(tmp_path / "d", path, "--palette", name)
    assert card.palette.name == ("visible" if name == "none" else name)
    assert card.palette.how == ("none" if name == "none" else "stated")


@pytest.mark.parametrize(
    ("flags", "curve"),
    [
        ([], "percentile"),
        (["--tone", "plateau"], "plateau"),
        (["--tone", "counts", "--tone-range", "8000:12000"], "counts"),
        (["--tone", "kelvin", "--tone-range", "80:130"], "kelvin"),
    ],
)
def test_a_tone_is_taken(flags: list[str], curve: str, raw: Path, tmp_path: Path) -> None:
    card = card_of(tmp_path / "d", raw, *flags)
    assert card.tone.curve == curve
    if "--tone-range" in flags:
        ends = tuple(float(end) for end in flags[-1].split(":"))
        assert (card.tone.parameters["low"], card.tone.parameters["high"]) == ends
    assert card.tone.rolling == ()


def test_a_tone_rolls(raw: Path, tmp_path: Path) -> None:
    assert len(card_of(tmp_path / "d", raw, "--tone-rolling").tone.rolling) == 6


def test_without_flags_nothing_is_treated_but_bars(odd: Path, tmp_path: Path) -> None:
    card = card_of(tmp_path / "d", odd, "--polarity", "white-hot")
    assert card.hud.handling == "keep"
    assert card.crop is not None
    assert (card.crop.y, card.crop.height, card.height) == (32, 256, 256)
    assert card.sensor.repaired == ()
    assert card.dropped_frames == ()
    assert not card.lossless
    assert card.repeated_frames


def test_each_flag_reaches_the_card(odd: Path, tmp_path: Path) -> None:
    card = card_of(
        tmp_path / "d", odd, "--hud", "inpaint", "--letterbox", "keep", "--repeats", "drop",
        "--frozen", "drop", "--repair", "dead,pattern", "--lossless", "--polarity", "white-hot",
    )  # fmt: skip
    assert card.hud.handling == "inpaint"
    assert card.hud.regions
    assert (card.crop, card.height) == (None, 320)
    assert set(card.sensor.repaired) <= {"dead", "pattern"}
    assert len(card.dropped_frames) >= 20 + 24
    assert card.repeated_frames == card.frozen_frames == ()
    dataset = Dataset.open(tmp_path / "d")
    assert card.lossless
    assert len(list(dataset.lossless_dir(dataset.sequence_ids()[0]).iterdir())) == card.frames


def test_again_makes_it_anew(grey: Path, tmp_path: Path) -> None:
    card_of(tmp_path / "d", grey, "--polarity", "white-hot")
    other = run(tmp_path / "d", grey, "--polarity", "black-hot")
    assert other.exit_code == 2
    assert (
        "polarity white-hot; asked for black-hot: --again makes its sequences anew"
        in (other.stderr.splitlines()[-1])
    )
    card = card_of(tmp_path / "d", grey, "--polarity", "black-hot", "--again")
    assert card.polarity.value == "black-hot"


SENSE: list[tuple[list[str], str]] = [
    (["--polarity", "hot"], "polarity: Input should be 'white-hot' or 'black-hot'"),
    (["--palette", "irnbow"], "palette irnbow: not known; expected one of grey, ironbow, "),
    (["--tone", "histogram"], "tone: Input should be 'percentile', 'plateau', 'counts' or"),
    (["--tone", "counts"], "tone counts without tone_range; expected its ends, LOW:HIGH"),
    (["--tone-range", "20"], "'20'; expected LOW:HIGH, such as 280:320"),
    (["--tone-range", "a:b"], "'a:b'; expected LOW:HIGH, such as 280:320"),
    (["--tone-range", "1:2"], "tone_range is for the tones counts and kelvin"),
    (["--tone", "counts", "--tone-range", "9:2"], "tone_range 9:2; expected LOW:HIGH"),
    (["--tone", "counts", "--tone-range", "nan:2"], "tone_range.0: Input should be a finite"),
    (["--tone", "plateau", "--tone-rolling"], "a rolling tone is linear"),
    (["--hud", "blur"], "hud: Input should be 'keep', 'inpaint' or 'black'"),
    (["--letterbox", "cut"], "letterbox: Input should be 'crop' or 'keep'"),
    (["--repeats", "flag"], "repeats: Input should be 'keep' or 'drop'"),
    (["--frozen", "flag"], "frozen: Input should be 'keep' or 'drop'"),
    (["--repair", "dead,hot"], "repairs.1: Input should be 'dead' or 'pattern'"),
    (["--repair", ""], "repairs.0: Input should be 'dead' or 'pattern'"),
]


@pytest.mark.parametrize(("flags", "message"), SENSE, ids=" ".join)
def test_nonsense_is_one_line_with_what_is_known(
    flags: list[str], message: str, grey: Path, tmp_path: Path
) -> None:
    assert message in refusal(tmp_path / "d", grey, *flags)


def test_every_option_is_refused_or_taken_here() -> None:
    """So that an option that is added is tested."""
    tested = {word for flags, _ in SENSE for word in flags} | {"--lossless", "--again"}

    def nothing() -> None:
        pass

    for option in OPTIONS:
        option(nothing)
    declared: list[click.Option] = vars(nothing)["__click_params__"]
    names = {name for each in declared for name in each.opts}
    assert names <= tested


@pytest.mark.parametrize("kind", ["csv", "toml"])
def test_a_row_of_a_sources_file_wins(kind: str, raw: Path, tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "path": str(raw), "tone": "counts", "tone_range": [8000, 12000], "hud": "black",
        "polarity": "white-hot", "letterbox": "keep", "repairs": ["dead", "pattern"],
        "palette": "grey",
    }  # fmt: skip
    sources = tmp_path / f"sources.{kind}"
    if kind == "toml":
        lines = [f"{name} = {json.dumps(value)}" for name, value in row.items()]
        sources.write_text("[[source]]\n" + "\n".join(lines))
    else:
        cells = [
            " ".join(map(str, value)) if isinstance(value, list) else value
            for value in row.values()
        ]
        sources.write_text(",".join(row) + "\n" + ",".join(cells))
    card = card_of(
        tmp_path / "d", sources, "--tone", "plateau", "--hud", "inpaint", "--palette", "jet",
        "--polarity", "black-hot", "--repair", "dead",
    )  # fmt: skip
    assert card.tone.curve == "counts"
    assert (card.tone.parameters["low"], card.tone.parameters["high"]) == (8000, 12000)
    assert (card.polarity.value, card.polarity.how) == ("white-hot", "stated")
    assert card.hud.handling == "black"
    dataset = Dataset.open(tmp_path / "d")
    made_with = dataset.read_source(card.recording_id).normalise
    assert made_with is not None
    assert (made_with.repairs, made_with.letterbox) == (("dead", "pattern"), "keep")
    assert made_with.palette == "grey"


def test_a_fault_in_a_row_names_its_line(raw: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.csv"
    sources.write_text(f"path,hud\n{raw},blur\n")
    assert f"{sources} line 2: hud: Input should be 'keep', 'inpaint' or 'black'" in refusal(
        tmp_path / "d", sources
    )
    sources.write_text(f"path,palette\n{raw},irnbow\n")
    assert f"{raw}: palette irnbow: not known; expected one of" in refusal(tmp_path / "d", sources)


def test_settings_of_a_config_file_reach_the_card(raw: Path, tmp_path: Path) -> None:
    config = tmp_path / "fetch.toml"
    config.write_text('tone = "counts"\ntone_range = [8000, 12000]\nhud = "black"\n')
    card = card_of(tmp_path / "d", raw, "--config", config, "--tone-range", "7000:9000")
    assert (card.tone.curve, card.tone.parameters["high"]) == ("counts", 9000)
    assert card.hud.handling == "black"


def test_a_palette_for_grey_video_and_kelvin_without_calibration_are_refused(
    grey: Path, raw: Path, tmp_path: Path
) -> None:
    result = run(tmp_path / "d", grey, "--palette", "jet")
    assert result.exit_code == 2
    assert f"{grey}: is grey; palette jet was asked for" in result.stderr.splitlines()[-1]
    plain = tmp_path / "plain.raw"
    plain.write_bytes(raw.read_bytes())
    side = raw.with_name("flight.raw.toml").read_text().replace("kelvin_per_count = 0.01\n", "")
    (tmp_path / "plain.raw.toml").write_text(side)
    result = run(tmp_path / "d", plain, "--tone", "kelvin", "--tone-range", "280:320")
    assert result.exit_code == 2
    assert f"{plain}: has no calibration to kelvin" in result.stderr.splitlines()[-1]
    assert list((tmp_path / "d").glob("recordings/*")) == []
