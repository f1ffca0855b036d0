"""Names of result files beside names of targets."""

import pytest

from tracking.evaluation.result_names import match_names

RGBT = ["man2", "woman2", "woman46", "baketballwaliking", "car10", "car1", "run"]


def _found(stems: list[str], targets: list[str]) -> dict[str, str]:
    return {name: " ".join(match.stems) for name, match in match_names(stems, targets).items()}


@pytest.mark.parametrize(
    ("stems", "targets", "expected"),
    [
        (["Jogging.1", "jogging-2"], ["Jogging_1", "Jogging#2"],
         {"Jogging_1": "Jogging.1", "Jogging#2": "jogging-2"}),
        (["Human4"], ["human4_2", "jogging_1", "jogging_2"], {"human4_2": "Human4"}),
        (["Human4-2"], ["Human4"], {"Human4": "Human4-2"}),
        (["Jogging"], ["jogging_1", "jogging_2"], {}),
        (["airplane-9"], ["airplane-1"], {}),
        (["woman99"], ["man99", "car"], {}),
        (["boat1"], ["boat2"], {}),
        (["bike", "car"], ["biker", "ship", "plane", "car"], {"car": "car"}),
        (["X_final_woman2"], RGBT, {"woman2": "X_final_woman2"}),
        (["woman2_ECO", "man2_ECO"], RGBT, {"woman2": "woman2_ECO", "man2": "man2_ECO"}),
        (["ECO_man2_v1", "ECO_car10_v1"], RGBT, {"man2": "ECO_man2_v1", "car10": "ECO_car10_v1"}),
    ],
)  # fmt: skip
def test_what_authors_do_to_names(
    stems: list[str], targets: list[str], expected: dict[str, str]
) -> None:
    assert _found(stems, targets) == expected


def test_words_around_all_names_are_seen_through() -> None:
    stems = [f"JMMAC_234_final_{name}" for name in RGBT]
    assert _found(stems, RGBT) == {name: f"JMMAC_234_final_{name}" for name in RGBT}


def test_misspelt_names_are_matched_and_noted() -> None:
    spelt = {"woman46": "woamn46", "baketballwaliking": "basketballwalking"}
    stems = [f"ECO_{spelt.get(name, name)}" for name in RGBT]
    matches = match_names(stems, RGBT)
    assert len(matches) == len(RGBT)
    assert matches["woman46"].note == "ECO_woamn46 taken as a misspelling of woman46"
    assert matches["man2"].note == ""


def test_two_that_are_as_near_are_both_named() -> None:
    assert match_names(["Car", "CAR"], ["car"])["car"].stems == ("CAR", "Car")
