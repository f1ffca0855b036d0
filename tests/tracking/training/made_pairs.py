"""Made visible and thermal sequences, as a mix of pairs and as built masks."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.made import made_sequence
from tests.made_mix import build
from tirdata.engine import build_engine
from tirdata.layouts import LAYOUTS
from tirdata.masks.build import build_masks
from tirdata.masks.manifest import MasksConfig
from tirdata.mix.recipe import Recipe
from tirdata.types import Sequence


def pair(seed: int, count: int = 4, target: tuple[float, float] = (40.0, 30.0)) -> Sequence:
    """A thermal sequence with a warm target, and a visible half in which it is dark."""
    made = made_sequence(count, seed=seed, name=f"pair{seed}", target=target)
    visible = [255 - made.frames[index] for index in range(count)]
    own = replace(made.tracks[0], boxes=made.tracks[0].boxes + np.array([1.0, 0, 0, 0]))
    return replace(made, visible=visible, visible_tracks=(own,))


def pair_set(root: Path, recordings: int = 3) -> Path:
    """A data set of pairs in RGBT234's layout."""
    LAYOUTS["rgbt234"].write([pair(number) for number in range(1, recordings + 1)], root)
    return root


def pair_mix(root: Path, **recipe: object) -> Path:
    """A mix of such pairs, all to train on."""
    made = pair_set(root / "pairs")
    values = {"task": "rgbt", "tir": (made,), "val_share": 0, "duplicates": "ignore", **recipe}
    build(Recipe.model_validate(values), root / "mix")
    return root / "mix"


def pair_masks(root: Path, **settings: object) -> Path:
    """Masks of such pairs."""
    made = pair_set(root / "pairs")
    config = MasksConfig.model_validate({"style": "gtot", **settings})
    build_masks(made, "rgbt234", root / "masks", config, build_engine("serial", 1), lambda *_: None)
    return root / "masks"
