"""Cards and sources."""

import json
from pathlib import Path

import pytest

from tests.made_dataset import made_card
from tirdata.config import check, read_json, to_json
from tirdata.dataset.card import Card
from tirdata.errors import ConfigError, DataError


def test_a_card_comes_back_from_its_json(tmp_path: Path) -> None:
    card = made_card("0" * 16, 3, ("a" * 64,) * 3)
    (tmp_path / "card.json").write_text(to_json(card))
    assert read_json(tmp_path / "card.json", Card) == card


def test_dropped_frames_leave_holes_in_the_frames_of_the_recording() -> None:
    card = made_card("0" * 16, 3, ("a" * 64,) * 3)
    values = card.model_dump() | {"first_frame": 10, "last_frame": 14, "dropped_frames": (11, 13)}
    assert check(values, Card, where="card").recording_frames == (10, 12, 14)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"frames": 2}, "expected one for each of 2 frames"),
        ({"last_frame": 9}, "first_frame..last_frame less dropped_frames has 10 entries"),
        ({"times_s": (0.0,)}, "times_s has 1 entries"),
        ({"times_s": (0.0, 1.0, -1.0)}, "times_s.2"),
        ({"frames_sha256": ("a" * 64,) * 2 + ("A" * 63,)}, "frames_sha256.2"),
        ({"recording_id": "clip"}, "recording_id"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"polarity": {"value": "hot"}}, "polarity.value"),
        ({"crop": {"x": -1, "y": 0, "width": 4, "height": 4}}, "crop.x"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_wrong_card_names_the_field(change: dict[str, object], fault: str) -> None:
    card = made_card("0" * 16, 3, ("a" * 64,) * 3)
    with pytest.raises(ConfigError) as caught:
        check(card.model_dump() | change, Card, where="card")
    assert fault in str(caught.value)


def test_a_card_that_is_no_json_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"recording_id": "0" * 16})[:-3])
    with pytest.raises(DataError, match=r"card\.json: "):
        read_json(path, Card)
