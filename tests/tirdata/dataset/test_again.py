"""Sequences made anew: with other settings, under annotations, stopped, without the original."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fetching import SETTINGS, faults, fetch, short_clip, spliced_clip, statuses, tree
from tests.made_pictures import made_raw
from tests.serve import Page, Site, serve
from tirdata.annotate.annotate import AnnotateConfig, Tracking, annotate, items
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.ingest import FetchReport, ingest, plan
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine import build_engine
from tirdata.errors import UsageError
from tirdata.fetch.sources import read_sources
from tirdata.fetch.wanted import Clip, Wanted
from tirdata.types import Box

FIRST = SequenceId("train", 0, 0)
LINES = Tracking(AnnotateConfig(tracker="interpolate"), None)


def settings(**given: object) -> IngestConfig:
    return IngestConfig.model_validate(SETTINGS.model_dump(exclude_unset=True) | given)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset", "same")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return short_clip(tmp_path_factory.mktemp("clip"), clips)


@pytest.fixture(scope="module")
def spliced(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    return spliced_clip(tmp_path_factory.mktemp("clip"), clips)


def fresh(folder: Path, path: Path, **given: object) -> dict[str, str]:
    """What comes of a recording that was never there."""
    new = Dataset.create(folder / "fresh", "same")
    fetch(new, path, settings=settings(**given)).check()
    return tree(new)


def again(dataset: Dataset, *sources: Path, **given: object) -> FetchReport:
    report = fetch(dataset, *sources, settings=settings(again=True, **given))
    assert faults(dataset) == []
    return report


def draw(dataset: Dataset, sequence: SequenceId = FIRST) -> dict[str, str]:
    """Boxes of a person and what is derived of them; these files."""
    Journal(dataset.journal_path(sequence)).append(
        BoxEvent(track=0, frame=frame, class_name="drone", box=Box(20.0 + frame, 30.0, 9.0, 7.0))
        for frame in (0, 5)
    )
    for outcome in annotate(items(dataset), LINES, build_engine("serial", 1)):
        outcome.unwrap()
    return annotations(dataset)


def annotations(dataset: Dataset) -> dict[str, str]:
    tops = ("Annotations", "keyframes", "confidence")
    return {name: sha for name, sha in tree(dataset).items() if name.startswith(tops)}


@pytest.mark.parametrize(
    "given",
    [{"tone": "plateau"}, {"tone_rolling": True, "lossless": True}, {"min_frames": 2}],
    ids=str,
)
def test_made_anew_it_is_as_if_it_had_never_been_otherwise(
    given: dict[str, object], dataset: Dataset, tmp_path: Path
) -> None:
    path = made_raw(tmp_path)
    fetch(dataset, path, settings=settings(min_frames=1)).check()
    assert statuses(again(dataset, path, **{"min_frames": 1} | given)) == ["done"]
    assert tree(dataset) == fresh(tmp_path, path, **{"min_frames": 1} | given)


def test_what_the_new_settings_lack_goes(dataset: Dataset, spliced: Path, tmp_path: Path) -> None:
    fetch(dataset, spliced, settings=settings(min_frames=4, lossless=True, polarity="black-hot"))
    assert len(dataset.sequence_ids()) == 3
    again(dataset, spliced, polarity="white-hot")
    assert len(dataset.sequence_ids()) == 2
    assert tree(dataset) == fresh(tmp_path, spliced, polarity="white-hot")


def test_made_anew_without_need_it_is_the_same(dataset: Dataset, short: Path) -> None:
    fetch(dataset, short)
    before = tree(dataset)
    assert statuses(again(dataset, short)) == ["done"]
    assert tree(dataset) == before


def test_what_is_not_there_yet_is_made(dataset: Dataset, short: Path, tmp_path: Path) -> None:
    assert statuses(again(dataset, short)) == ["done"]
    assert tree(dataset) == fresh(tmp_path, short)


def test_annotations_stay_where_the_frames_do(dataset: Dataset, short: Path) -> None:
    fetch(dataset, short)
    drawn = draw(dataset)
    assert any(name.startswith("confidence") for name in drawn)
    old = dataset.read_card(FIRST)
    assert statuses(again(dataset, short, polarity="black-hot", lossless=True)) == ["done"]
    assert annotations(dataset) == drawn
    new = dataset.read_card(FIRST)
    assert not set(old.frames_sha256) & set(new.frames_sha256)
    assert (new.polarity.value, new.polarity.how) == ("black-hot", "stated")
    assert len(list(dataset.lossless_dir(FIRST).iterdir())) == 24
    again(dataset, short)
    assert annotations(dataset) == drawn
    assert not dataset.lossless_dir(FIRST).exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_frames": 18}, "would have 1 sequences; it has 2 with annotations: fetch it into"),
        ({"min_frames": 4}, "would have 3 sequences; it has 2 with annotations: fetch it into"),
    ],
)
def test_what_would_leave_boxes_elsewhere_is_refused(
    given: dict[str, object], message: str, dataset: Dataset, spliced: Path
) -> None:
    fetch(dataset, spliced)
    draw(dataset)
    before = tree(dataset)
    report = fetch(dataset, spliced, settings=settings(again=True, polarity="black-hot", **given))
    assert report.items[0].exit_code == UsageError.exit_code
    assert message in str(report.items[0].message)
    assert tree(dataset) == before
    assert faults(dataset) == []


def test_dropped_repeats_under_annotations_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data + b"\0\0\0" + data[-80 * 64 * 2 :])  # the last frame once more
    fetch(dataset, path, settings=settings(min_frames=1)).check()
    draw(dataset)
    before = tree(dataset)
    report = fetch(dataset, path, settings=settings(again=True, min_frames=1, repeats="drop"))
    assert f"{FIRST.name}: would have other frames, another size" in str(report.items[0].message)
    assert tree(dataset) == before


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory, spliced: Path) -> dict[str, str]:
    """What comes of the spliced clip when it is said to be black-hot."""
    return fresh(tmp_path_factory.mktemp("turned"), spliced, polarity="black-hot")


MOMENTS = {
    "first pass": "patch(decoding._Pass, 'finish')",
    "second pass": "patch(decoding._Rendering, 'finish')",
    "marked as stopped": "patch(convert, 'remove_sequences')",
    "first folder": "patch(convert, '_move')",
    "second folder": "patch(convert, '_move', 1)",
    "last folder": "patch(convert, '_move', 3)",
    "first card": "patch(convert, 'write_text')",
    "second card": "patch(convert, 'write_text', 1)",
    "all but said": "patch(tree.Dataset, 'write_source', 1)",
    "lists": "patch(ingest, 'write_lists')",
}
SELDOM = (
    "first pass",
    "marked as stopped",
    "first folder",
    "last folder",
    "second folder",
    "first card",
    "all but said",
    "lists",
)
KILL = """
import itertools, os, signal, sys
from cli.main import main
from tirdata.dataset import convert, decoding, ingest, tree

def patch(place, name, at=0):
    call, times = getattr(place, name), itertools.count()
    def killed(*given, **named):
        if next(times) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)
    setattr(place, name, killed)

{moment}
main()
"""


def killed(dataset: Dataset, path: Path, moment: str) -> None:
    code = KILL.format(moment=MOMENTS[moment])
    words = ["fetch", str(path), "--dataset", str(dataset.root), "--again"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--polarity", "black-hot", "--engine", "serial"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    "moment",
    ["second pass", "second card"]
    + [pytest.param(each, marks=pytest.mark.slow) for each in SELDOM],
)
def test_killed_at_any_moment_the_same_command_goes_on(
    moment: str, dataset: Dataset, spliced: Path, turned: dict[str, str]
) -> None:
    fetch(dataset, spliced)
    killed(dataset, spliced, moment)
    source = dataset.read_source(dataset.recording_ids()[0])
    if source.status == "fetched":  # then no reader finds half of it
        assert any("stopped fetch" in fault for fault in faults(dataset))
    assert statuses(again(dataset, spliced, polarity="black-hot")) == ["done"]
    assert tree(dataset) == turned


@pytest.mark.parametrize(
    "moment", ["second folder", pytest.param("first card", marks=pytest.mark.slow)]
)
def test_killed_under_annotations_they_stay(moment: str, dataset: Dataset, spliced: Path) -> None:
    fetch(dataset, spliced)
    drawn = draw(dataset)
    killed(dataset, spliced, moment)
    assert annotations(dataset) == drawn
    assert statuses(again(dataset, spliced, polarity="black-hot")) == ["done"]
    assert annotations(dataset) == drawn


def test_without_kept_bytes_it_is_made_of_the_file_where_that_is(
    dataset: Dataset, tmp_path: Path
) -> None:
    path = made_raw(tmp_path)
    fetch(dataset, path, settings=settings(min_frames=1, keep=False)).check()
    made = again(dataset, path, min_frames=1, keep=False, tone="plateau")
    assert statuses(made) == ["done"]
    assert dataset.read_card(FIRST).tone.curve == "plateau"
    path.rename(path.with_name("gone"))
    before = tree(dataset)
    report = fetch(dataset, path, settings=settings(again=True, min_frames=1))
    assert f"{path}: no such file" in str(report.items[0].message)
    assert tree(dataset) == before


@pytest.fixture
def site(short: Path) -> Iterator[Site]:
    with serve({"drone.mkv": Page(short.read_bytes(), "video/x-matroska")}) as running:
        yield running


def test_a_link_without_kept_bytes_is_refused_and_stays(dataset: Dataset, site: Site) -> None:
    link = site.link("drone.mkv")
    fetch(dataset, link, settings=settings(keep=False)).check()
    before = tree(dataset)
    report = fetch(dataset, link, settings=settings(again=True, polarity="black-hot"))
    message = f"{link}: its original was not kept (--no-keep), so its sequences cannot be made"
    assert str(report.items[0].message).startswith(message)
    assert report.items[0].exit_code == UsageError.exit_code
    assert tree(dataset) == before


def test_a_link_with_kept_bytes_is_not_asked_for_again(dataset: Dataset, site: Site) -> None:
    link = site.link("drone.mkv")
    fetch(dataset, link).check()
    asked = len(site.asked)
    report = fetch(dataset, link, settings=settings(again=True, polarity="black-hot"))
    assert statuses(report) == ["done"]
    assert len(site.asked) == asked
    assert dataset.read_card(FIRST).polarity.value == "black-hot"


def test_what_is_said_of_parts_follows(dataset: Dataset, short: Path) -> None:
    def wanted(polarity: str, title: str) -> list[Wanted]:
        values = {"start_s": 0.2, "polarity": polarity, "title": title}
        return [Wanted(path=str(short), clips=(Clip.model_validate(values),))]

    serial = build_engine("serial", 1)
    ingest(wanted("white-hot", "one"), dataset, settings(), serial).check()
    report = ingest(wanted("black-hot", "two"), dataset, settings(), serial)
    assert "with polarities of its parts white-hot; asked for black-hot: --again" in str(
        report.items[0].message
    )
    ingest(wanted("black-hot", "two"), dataset, settings(again=True), serial).check()
    card = dataset.read_card(FIRST)
    assert (card.polarity.value, card.title) == ("black-hot", "two")
    assert dataset.read_source(card.recording_id).clips[0].polarity == "black-hot"
    assert faults(dataset) == []


def test_a_plan_says_what_would_be_made_anew(dataset: Dataset, short: Path) -> None:
    fetch(dataset, short)
    wanted = read_sources([str(short)])
    assert statuses(plan(wanted, dataset)) == ["present"]
    assert statuses(plan(wanted, dataset, settings(again=True))) == ["to do"]
    assert statuses(plan(wanted, dataset, settings(hud="black"))) == ["failed"]


def test_what_is_merely_said_of_it_follows_without_decoding(
    dataset: Dataset, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tmp_path / "sources.toml"
    said = 'path = "{}"\ntitle = "{}"\nlicence = "{}"\nclass = "{}"\nscene = "dusk"\n'
    rows.write_text("[[source]]\n" + said.format(short, "One", "cc0", "drone"))
    fetch(dataset, rows)
    before = tree(dataset)
    monkeypatch.setattr("tirdata.dataset.acquire.open_frames", None)  # nothing is decoded
    monkeypatch.setattr("tirdata.dataset.decoding.open_frames", None)
    rows.write_text("[[source]]\n" + said.format(short, "Two", "cc-by", "airplane"))
    (item,) = fetch(dataset, rows).items
    assert item.status == "present"
    assert item.message == f"{short}: class_hint, licence, title written down anew"
    (recording_id,) = dataset.recording_ids()
    source = dataset.read_source(recording_id)
    card = dataset.read_card(SequenceId.parse(source.sequences[0]))
    assert (source.title, source.licence, source.class_hint) == ("Two", "cc-by", "airplane")
    assert (card.title, card.licence, card.scene) == ("Two", "cc-by", "dusk")
    changed = {name for name, digest in tree(dataset).items() if before[name] != digest}
    assert {Path(name).suffix for name in changed} == {".json"}
    assert not faults(dataset)
    (item,) = fetch(dataset, rows).items
    assert item.message is None  # nothing more to write
    rows.write_text(f'[[source]]\npath = "{short}"\n')
    fetch(dataset, rows)
    assert dataset.read_source(recording_id).title == "Two"  # silence takes nothing back


def test_what_is_said_of_parts_follows_without_decoding(
    dataset: Dataset, short: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "sources.toml"
    part = '[[source]]\npath = "{}"\nend_s = 0.5\ntitle = "{}"\npolarity = "white-hot"\n'
    rows.write_text(part.format(short, "First half"))
    fetch(dataset, rows)
    rows.write_text(part.format(short, "The beginning"))
    assert statuses(fetch(dataset, rows)) == ["present"]
    (name,) = dataset.read_source(dataset.recording_ids()[0]).sequences
    assert dataset.read_card(SequenceId.parse(name)).title == "The beginning"


def test_the_same_bytes_from_elsewhere_do_not_rename_a_recording(
    dataset: Dataset, short: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mkv"
    copy.write_bytes(short.read_bytes())
    rows = tmp_path / "sources.toml"
    rows.write_text(
        f'[[source]]\npath = "{short}"\ntitle = "One"\n[[source]]\npath = "{copy}"\ntitle = "Two"\n'
    )
    for _ in range(2):
        fetch(dataset, rows)
        assert dataset.read_source(dataset.recording_ids()[0]).title == "One"
