"""What a recipe may say."""

import pytest

from tirdata.config import check
from tirdata.errors import ConfigError
from tirdata.mix.recipe import Recipe


@pytest.mark.parametrize("size", [191, 195, 251, 255, 259])
def test_crops_of_a_size_the_network_takes(size: int) -> None:
    assert check({"crop_size": size}, Recipe, where="recipe").crop_size == size


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"crop_size": 200}, r"crop_size 200; the network takes 255 \+ 4k"),
        ({"crop_size": 187}, "crop_size: .*191"),
        ({"stride": 0}, "stride"),
        ({"val_share": 1.0}, "val_share"),
        ({"tracklet": 1}, "tracklet"),
        ({"quality": 101}, "quality"),
        ({"min_side": float("nan")}, "min_side"),
        ({"task": "segmentation"}, "task"),
        ({"colour": True}, "colour"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_is_refused_with_its_name(values: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=f"recipe.toml: .*{part}"):
        check(values, Recipe, where="recipe.toml")
