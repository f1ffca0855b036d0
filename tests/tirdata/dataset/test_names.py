"""ILSVRC2015 names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.dataset.names import SequenceId
from tirdata.errors import DataError


def test_a_train_sequence_lies_in_a_pack_of_100_recordings() -> None:
    each = SequenceId("train", 123, 4)
    assert each.name == "ILSVRC2015_train_00123004"
    assert each.folder == Path("train/ILSVRC2015_VID_train_0001/ILSVRC2015_train_00123004")
    assert each.xml_folder == "ILSVRC2015_VID_train_0001/ILSVRC2015_train_00123004"


def test_a_val_sequence_lies_one_level_flatter() -> None:
    each = SequenceId("val", 99_999, 999)
    assert each.folder == Path("val/ILSVRC2015_val_99999999")
    assert each.xml_folder == "ILSVRC2015_val_99999999"


@given(st.sampled_from(["train", "val"]), st.integers(0, 99_999), st.integers(0, 999))
def test_a_name_is_parsed_to_what_it_was_made_of(subset: str, recording: int, shot: int) -> None:
    each = SequenceId(subset, recording, shot)
    assert SequenceId.parse(each.name) == each


def test_ids_sort_as_their_names() -> None:
    ids = [SequenceId("train", 2, 0), SequenceId("train", 10, 0), SequenceId("train", 2, 11)]
    assert [each.name for each in sorted(ids)] == sorted(each.name for each in ids)


@pytest.mark.parametrize(
    "name",
    ["", "clip", "ILSVRC2015_train_1", "ILSVRC2015_test_00000000", "ILSVRC2015_val_0000000x"],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="not a sequence name; expected ILSVRC2015_"):
        SequenceId.parse(name)


@pytest.mark.parametrize("each", [("train", 100_000, 0), ("val", 0, 1000), ("test", 0, 0)])
def test_numbers_that_do_not_fit_a_name_are_refused(each: tuple[str, int, int]) -> None:
    with pytest.raises(DataError, match=r"recording 0\.\.99999, shot 0\.\.999"):
        _ = SequenceId(*each).name
