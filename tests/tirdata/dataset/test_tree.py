"""The dataset on disk."""

import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.made_dataset import SIZE, add_made, made_dataset
from tirdata.config import to_json
from tirdata.dataset.create import SAMPLE_NAME, create_dataset
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import pixel_boxes
from tirdata.errors import (
    AnnotationError,
    BusyError,
    DataError,
    StorageError,
    UsageError,
    VersionError,
)
from tirdata.types import Track

FIRST, SECOND, VAL = SequenceId("train", 0, 0), SequenceId("train", 0, 1), SequenceId("val", 0, 0)

HOLDER = """
import sys
from pathlib import Path
from tirdata.dataset.tree import Dataset
with Dataset.open(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", [FIRST, SECOND, VAL])


def test_the_tree_has_the_places_of_the_product_page(dataset: Dataset) -> None:
    root = dataset.root
    pack = Path("VID/train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000001")
    assert dataset.frame_dir(SECOND) == root / "Data" / pack
    assert (root / "Data" / pack / "000005.JPEG").is_file()
    assert (root / "Annotations" / pack / "000005.xml").is_file()
    assert (root / "Annotations/VID/val/ILSVRC2015_val_00000000/000000.xml").is_file()
    assert (root / "sequences/ILSVRC2015_train_00000001.json").is_file()
    assert (root / "confidence/ILSVRC2015_train_00000001.json").is_file()
    assert dataset.journal_path(VAL) == root / "keyframes/ILSVRC2015_val_00000000.jsonl"
    assert dataset.masks_dir("gtot", VAL) == root / "Masks/gtot/val/ILSVRC2015_val_00000000"
    assert dataset.recording_dir("ab") == root / "recordings/ab"


def test_a_sequence_comes_back_with_frames_tracks_and_confidence(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "data")
    track = add_made(dataset, FIRST)
    sequence = Dataset.open(tmp_path / "data").read_sequence(FIRST)
    assert sequence.name == "ILSVRC2015_train_00000000"
    assert len(sequence.frames) == 6
    assert sequence.frames[5].shape == (SIZE[1], SIZE[0])
    (found,) = sequence.tracks
    assert np.array_equal(found.boxes, pixel_boxes(track.boxes, SIZE))
    assert np.array_equal(found.generated, track.generated)
    assert found.confidence is not None
    assert found.confidence == pytest.approx([1, 0.9, 0.8, 0.7, 0.6, 0.5])


def test_confidence_that_was_not_measured_is_nan_or_none(dataset: Dataset) -> None:
    (track,) = dataset.read_sequence(FIRST).tracks
    some = np.array([np.nan, 0.123456, np.nan, 1, 0, np.nan])
    other = replace(track, id=2, confidence=None)
    dataset.write_tracks(FIRST, [replace(track, confidence=some), other])
    first, second = dataset.read_sequence(FIRST).tracks
    assert first.confidence is not None
    assert np.array_equal(first.confidence, np.round(some, 4), equal_nan=True)
    assert second.confidence is None
    dataset.write_tracks(FIRST, [other])
    assert not dataset.confidence_path(FIRST).exists()


def test_a_sequence_exists_when_its_card_does(dataset: Dataset) -> None:
    assert dataset.sequence_ids() == [FIRST, SECOND, VAL]
    assert dataset.sequence_ids("val") == [VAL]
    dataset.card_path(SECOND).unlink()
    assert dataset.sequence_ids() == [FIRST, VAL]
    with pytest.raises(DataError, match=r"00000001\.json: no such file"):
        dataset.read_sequence(SECOND)


def test_a_sequence_is_found_by_name_or_digits(dataset: Dataset) -> None:
    assert dataset.find("ILSVRC2015_val_00000000") == VAL
    assert dataset.find("00000001") == SECOND
    with pytest.raises(UsageError, match="00000000: is any of ILSVRC2015_train_00000000, ILSVRC"):
        dataset.find("00000000")
    with pytest.raises(UsageError, match=r"7: not in .* it has ILSVRC2015_train_00000000, "):
        dataset.find("7")


def test_the_next_recording_is_above_all_cards_and_sources(dataset: Dataset) -> None:
    assert (dataset.next_recording("train"), dataset.next_recording("val")) == (1, 1)
    source = dataset.read_source(dataset.recording_ids()[0])
    dataset.write_source(source.model_copy(update={"recording_id": "f" * 16, "number": 41}))
    assert (dataset.next_recording("train"), dataset.next_recording("val")) == (42, 1)


def test_tracks_that_do_not_fit_change_nothing(dataset: Dataset) -> None:
    folder = dataset.annotation_dir(FIRST)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (track,) = dataset.read_sequence(FIRST).tracks
    boxes = track.boxes.copy()
    boxes[3] = (900, 0, 5, 5)
    with pytest.raises(AnnotationError, match="frame 3: box"):
        dataset.write_tracks(FIRST, [replace(track, boxes=boxes)])
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_configuration_is_toml_that_explains_itself(tmp_path: Path) -> None:
    Dataset.create(tmp_path / "data", 'a "good" \\ name')
    text = (tmp_path / "data" / "tirdata.toml").read_text()
    assert tomllib.loads(text) == {"format": 1, "name": 'a "good" \\ name'}
    assert tomllib.loads(text.replace("# [classes]", "[classes]").replace("# quad", "quad"))[
        "classes"
    ] == {"quadcopter": "n03245889"}
    assert Dataset.open(tmp_path / "data").config.name == 'a "good" \\ name'


def test_a_folder_that_is_no_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tirdata\.toml: no such file; expected the folder of a"):
        Dataset.open(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        Dataset.open(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="no such file"):
        Dataset.open(tmp_path / "file")


def test_an_editor_may_put_a_byte_order_mark_in_front(tmp_path: Path) -> None:
    (tmp_path / "tirdata.toml").write_text('format = 1\r\nname = "a"\r\n', encoding="utf-8-sig")
    assert Dataset.open(tmp_path).config.name == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = ", "not TOML"),
        ("format = 1", "name: Field required"),
        ('format = 0\nname = "a"', "format: Input should be greater"),
        ('format = 1\nname = "a"\ncolour = 1', "colour: Extra inputs"),
        ('format = 1\nname = "a"\n[classes]\ncat = "cat"', r"classes\.cat: String should match"),
        ('format = 1\nname = "\xff"', "not TOML"),
    ],
)
def test_a_wrong_configuration_names_the_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tirdata.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=message) as caught:
        Dataset.open(tmp_path)
    assert caught.value.exit_code == 3


def test_a_newer_format_is_a_version_error_whatever_else_it_has(tmp_path: Path) -> None:
    (tmp_path / "tirdata.toml").write_text('format = 2\nname = "a"\nnew_key = true\n')
    with pytest.raises(VersionError, match="format 2; this tirdata reads up to 1; install a newer"):
        Dataset.open(tmp_path)
    assert VersionError.exit_code == 3


def test_a_dataset_is_not_made_twice(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="there is a dataset already"):
        Dataset.create(dataset.root)


def test_an_empty_dataset_is_made_with_a_sample_of_sources(tmp_path: Path) -> None:
    root = tmp_path / "data"
    assert [path.name for path in create_dataset(root)] == ["tirdata.toml", SAMPLE_NAME]
    assert Dataset.open(root).config.name == "data"
    assert create_dataset(root) == []
    with pytest.raises(UsageError, match="named data, not other"):
        create_dataset(root, "other")
    assert tomllib.loads((root / SAMPLE_NAME).read_text()) == {}
    lines = (root / SAMPLE_NAME).read_text().splitlines()
    rows = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines[3:]))["source"]
    assert [set(row) & {"url", "path"} for row in rows] == [{"url"}, {"path"}]


def test_where_nothing_can_be_written_it_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        create_dataset(tmp_path / "file" / "data")


def test_a_full_disk_leaves_the_card_as_it_was(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dataset.card_path(FIRST).read_bytes()

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    card = dataset.read_card(FIRST).model_copy(update={"title": "other"})
    with pytest.raises(StorageError, match="No space left on device"):
        dataset.add_sequence(FIRST, card)
    assert dataset.card_path(FIRST).read_bytes() == before
    assert to_json(card).encode() != before
    assert not list(dataset.root.rglob(".part-*"))


def test_the_lock_of_another_process_is_named_and_ends_with_it(dataset: Dataset) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(dataset.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(BusyError, match=rf"in use by process {holder.pid} on .*; wait for it"),
            dataset.lock(),
        ):
            pytest.fail("two processes hold the lock")
        holder.kill()
    with dataset.lock():
        pass
    with dataset.lock():  # given back
        pass


def test_the_lock_of_a_folder_that_is_gone_is_a_storage_error(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "data")
    (tmp_path / "data" / "tirdata.toml").unlink()
    (tmp_path / "data").rmdir()
    with pytest.raises(StorageError, match="cannot write"), dataset.lock():
        pytest.fail("locked")


def test_a_track_without_boxes_leaves_no_trace(dataset: Dataset) -> None:
    nothing = Track(5, "drone", np.full((6, 4), np.nan), np.ones(6, bool), np.zeros(6, bool))
    dataset.write_tracks(FIRST, [nothing])
    assert dataset.read_sequence(FIRST).tracks == ()
