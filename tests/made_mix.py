"""Small trees of made sequences, and mixes of them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.made import made_sequence
from tirdata.engine import build_engine
from tirdata.layouts import LAYOUTS
from tirdata.mix.build import MixReport, build_mix
from tirdata.mix.recipe import Recipe
from tirdata.types import Sequence

CROP = 191  # the smallest that the network takes


def named(recording: int, shot: int = 0, *, count: int = 8, class_name: str = "drone") -> Sequence:
    """A made sequence under an ILSVRC name."""
    name = f"ILSVRC2015_train_{recording:05d}{shot:03d}"
    made = made_sequence(count, seed=10 * recording + shot, name=name)
    tracks = tuple(replace(track, class_name=class_name) for track in made.tracks)
    return replace(made, tracks=tracks)


def made_tree(root: Path, sequences: Iterable[Sequence]) -> Path:
    """An original ILSVRC tree of ``sequences``."""
    LAYOUTS["ilsvrc"].write(sequences, root)
    return root


def made_trees(root: Path, *, recordings: int = 3, count: int = 8) -> tuple[Path, Path]:
    """A tree of airplanes (visible) and one of drones (thermal)."""
    return (
        made_tree(
            root / "visible",
            (named(i, count=count, class_name="airplane") for i in range(recordings)),
        ),
        made_tree(root / "thermal", (named(100 + i, count=count) for i in range(recordings))),
    )


def build(recipe: Recipe, out: Path, *, workers: int = 1, strict: bool = False) -> MixReport:
    """The mix of ``recipe`` in ``out``."""
    engine = build_engine("local", workers)
    return build_mix(recipe, out, engine, lambda done, total: None, strict=strict)


def recipe_of(visible: Path, thermal: Path, **more: object) -> Recipe:
    """A recipe of small crops."""
    values = {"vid": (visible,), "tir": (thermal,), "crop_size": CROP, "margin": 16, **more}
    return Recipe.model_validate(values)
