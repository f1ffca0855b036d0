"""Names of classes and WNIDs."""

import re

import pytest

from tirdata.dataset.classes import TIR_CLASSES, VID_CLASSES, class_name, wnid
from tirdata.errors import UsageError


def test_the_30_stand_in_the_order_of_the_development_kit() -> None:
    names = list(VID_CLASSES)
    assert len(names) == 30
    assert (names[0], names[3], names[6], names[29]) == ("airplane", "bicycle", "car", "zebra")
    assert names == [*sorted(names[:-2]), "whale", "zebra"]


def test_each_class_has_a_wnid_of_its_own() -> None:
    both = VID_CLASSES | TIR_CLASSES
    assert len(both) == len(VID_CLASSES) + len(TIR_CLASSES)
    assert len(set(both.values())) == len(both)
    assert all(re.fullmatch(r"n\d{8}", each) for each in both.values())


@pytest.mark.parametrize("name", [*VID_CLASSES, *TIR_CLASSES])
def test_a_known_class_comes_back_by_its_wnid(name: str) -> None:
    assert class_name(wnid(name)) == name


def test_names_of_the_dataset_win() -> None:
    extra = {"quadcopter": "n03245889", "person": "n99999999"}
    assert wnid("person", extra) == "n99999999"
    assert class_name("n03245889", extra) == "quadcopter"
    assert class_name("n00007846", extra) == "person"


def test_a_wnid_that_nobody_knows_is_its_own_name() -> None:
    assert wnid("n01234567") == class_name("n01234567") == "n01234567"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("airplain", "near it: airplane"),
        ("Giant Panda", "giant_panda"),
        ("xyzzy", "known: airplane, antelope"),
        ("n0123", 'n0123 = "n########"'),
        ("fire truck", '"fire truck" = "n########"'),
    ],
)
def test_an_unknown_class_says_what_is_near_and_how_to_add_it(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        wnid(name)
    assert hint in str(caught.value)
    assert "[classes] in the dataset's tirdata.toml" in str(caught.value)
