"""`schemas/` is what the code generates, and it accepts and refuses what the code does."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.schema import SCHEMAS, schema_text
from tests.conftest import ROOT
from tests.made_dataset import made_card
from tirdata.config import to_json
from tirdata.dataset import tree

FOLDER = ROOT / "schemas"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_what_the_code_generates(name: str) -> None:
    path = FOLDER / f"{name}.schema.json"
    assert path.is_file(), "run: tirdata schema --write"
    assert path.read_text(encoding="utf-8") == schema_text(name), "run: tirdata schema --write"


def test_no_schema_is_left_over() -> None:
    files = {path.name for path in FOLDER.iterdir()}
    assert files == {f"{name}.schema.json" for name in SCHEMAS} | {"vid2015.rng"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_every_field_says_what_it_is(name: str) -> None:
    schema = json.loads(schema_text(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    silent = [
        f"{title}.{field}"
        for title, kind in {name: schema, **schema.get("$defs", {})}.items()
        for field, value in kind.get("properties", {}).items()
        if field != "kind" and "description" not in value and "$ref" not in str(value)
    ]
    assert silent == []


def test_the_shipped_relaxng_is_the_published_one() -> None:
    inside = Path(tree.__file__).with_name("vid2015.rng")
    assert inside.read_bytes() == (FOLDER / "vid2015.rng").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"frames": "six"},
        {"frames": -1},
        {"nosuch": 1},
        {"recording_id": None},
    ],
    ids=["good", "a word for a number", "negative", "unknown key", "null"],
)
def test_the_card_schema_tells_good_from_bad(change: dict[str, Any]) -> None:
    card = json.loads(to_json(made_card("0123456789abcdef", 6, ("0" * 64,) * 6)))
    validator = jsonschema.Draft202012Validator(json.loads(schema_text("card")))
    assert validator.is_valid(card | change) == (not change)
