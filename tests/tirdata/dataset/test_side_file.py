"""What a person wrote beside a recording, changed after it was fetched; and files that changed."""

from pathlib import Path

import pytest

from tests.fetching import SETTINGS, faults, fetch, short_clip, spliced_clip, statuses, tree
from tests.made_pictures import made_raw
from tirdata.dataset.ingest import FetchReport
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.errors import UsageError


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "dataset", "same")


def _settings(**given: object) -> IngestConfig:
    asked = {"min_frames": 1} | given
    return IngestConfig.model_validate(SETTINGS.model_dump(exclude_unset=True) | asked)


def _again(dataset: Dataset, path: Path) -> FetchReport:
    report = fetch(dataset, path, settings=_settings(again=True))
    assert faults(dataset) == []
    return report


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.toml")


@pytest.mark.parametrize("keep", [True, False])
def test_one_that_was_corrected_is_not_passed_over(
    dataset: Dataset, tmp_path: Path, keep: bool
) -> None:
    path = made_raw(tmp_path)
    right = _beside(path).read_text()
    _beside(path).write_text(right.replace('"big"', '"little"'))
    fetch(dataset, path, settings=_settings(keep=keep)).check()
    before = tree(dataset)
    _beside(path).write_text(right)
    assert tree(dataset) == before  # the kept one is no link to it
    (item,) = fetch(dataset, path, settings=_settings()).items
    assert "which was read with another flight.raw.toml: --again makes" in str(item.message)
    assert item.exit_code == UsageError.exit_code
    assert tree(dataset) == before
    report = fetch(dataset, path, settings=_settings(keep=keep, again=True))
    assert (statuses(report), faults(dataset)) == (["done"], [])
    fresh = Dataset.create(tmp_path / "fresh", "same")
    fetch(fresh, path, settings=_settings(keep=keep)).check()
    assert tree(dataset) == tree(fresh)
    assert statuses(fetch(dataset, path, settings=_settings())) == ["present"]


def test_one_that_came_later_is_asked_about(dataset: Dataset, tmp_path: Path, clips: Path) -> None:
    path = short_clip(tmp_path, clips)
    fetch(dataset, path).check()
    _beside(path).write_text("fps = 9\n")
    (item,) = fetch(dataset, path).items
    assert "which was read without drone.mkv.toml" in str(item.message)


def test_another_beside_the_same_bytes_is_asked_about(dataset: Dataset, tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    fetch(dataset, path, settings=_settings()).check()
    other = path.with_name("other.raw")
    other.write_bytes(path.read_bytes())
    _beside(other).write_text(_beside(path).read_text().replace('"big"', '"little"'))
    (item,) = fetch(dataset, other, settings=_settings()).items
    assert "which was read with another other.raw.toml" in str(item.message)
    _beside(other).write_text(_beside(path).read_text())
    assert statuses(fetch(dataset, other, settings=_settings())) == ["present"]


def test_one_that_does_not_fit_leaves_all_as_it_was(dataset: Dataset, tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    fetch(dataset, path, settings=_settings()).check()
    before = tree(dataset)
    _beside(path).write_text("[raw]\nwidth = 99999\nheight = 99999\n")
    assert statuses(_again(dataset, path)) == ["failed"]
    assert tree(dataset) == before


def test_a_file_that_became_another_is_told_of(
    dataset: Dataset, tmp_path: Path, clips: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = short_clip(tmp_path, clips)
    fetch(dataset, path).check()
    spliced_clip(tmp_path, clips).replace(path)
    fetch(dataset, path).check()
    assert "has changed since it was fetched as recording" in caplog.text
    assert "whose 1 sequences stay" in caplog.text
