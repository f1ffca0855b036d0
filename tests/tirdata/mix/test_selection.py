"""Licences, shares of people's boxes, confidence, and classes that meet: chosen, counted, shown."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tests.made_mix import build, made_tree, named
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.errors import UsageError
from tirdata.mix.choose import human_share, refusal, refused_boxes, usable_frames
from tirdata.mix.collisions import class_collisions
from tirdata.mix.manifest import SequenceRecord
from tirdata.mix.recipe import Recipe
from tirdata.types import Track

IDS = [SequenceId("train", number, 0) for number in range(3)]


def under(root: Path, licences: list[str | None]) -> Dataset:
    """A dataset with a sequence under each licence."""
    dataset = made_dataset(root, IDS[: len(licences)])
    for each, licence in zip(IDS, licences, strict=False):
        path = dataset.card_path(each)
        path.write_text(json.dumps({**json.loads(path.read_text()), "licence": licence}))
    return dataset


def of(dataset: Dataset, **values: object) -> Recipe:
    return Recipe.model_validate(
        {"tir": (dataset.root,), "crop_size": 191, "margin": 0, "duplicates": "ignore", **values}
    )


def test_only_wanted_licences_however_they_are_written(tmp_path: Path) -> None:
    dataset = under(tmp_path / "data", ["CC BY 4.0", "All rights reserved", None])
    manifest = build(of(dataset, licences=("cc-by", "cc0")), tmp_path / "mix").manifest
    assert manifest.licences == {"CC BY 4.0": 6}
    assert manifest.left_out == {"licence not wanted": 2}
    assert [each.licence for each in manifest.sequences] == [
        "CC BY 4.0", "All rights reserved", "",
    ]  # fmt: skip


def test_mixed_licences_are_listed_or_refused(tmp_path: Path) -> None:
    dataset = under(tmp_path / "data", ["cc0", "cc-by-nc", None])
    manifest = build(of(dataset), tmp_path / "mix").manifest
    assert manifest.licences == {"": 6, "cc-by-nc": 6, "cc0": 6}
    with pytest.raises(UsageError, match=r"3 licences: cc-by-nc \(6 crops\), cc0 .*unknown"):
        build(of(dataset, mixed_licences="refuse"), tmp_path / "refused")
    assert not (tmp_path / "refused" / "mix.json").exists()
    one = of(dataset, mixed_licences="refuse", licences=("cc0",))
    assert build(one, tmp_path / "one").manifest.licences == {"cc0": 6}


def track(*, human: int = 0, confidence: list[float] | None = None) -> Track:
    """Ten boxes of which the first ``human`` are a person's."""
    boxes = np.tile([30.0, 30.0, 20.0, 20.0], (10, 1))
    sure = None if confidence is None else np.array(confidence)
    flags = np.zeros(10, np.bool_)
    return Track(0, "drone", boxes, np.arange(10) >= human, flags, sure)


@pytest.mark.parametrize(("share", "why"), [(0.3, None), (0.31, "too few boxes of a person")])
def test_a_track_needs_its_share_of_human_boxes(share: float, why: str | None) -> None:
    assert human_share(track(human=3)) == pytest.approx(0.3)
    assert refusal(track(human=3), Recipe(min_human_share=share)) == why


def test_a_persons_boxes_are_sure_and_unmeasured_ones_are_not() -> None:
    recipe = Recipe(min_confidence=0.5)
    sure = [0.1, 0.1, 0.9, 0.4, 0.5, np.nan, 0.6, 0, 1, 1]
    assert usable_frames(track(human=1, confidence=sure), recipe) == [0, 2, 4, 6, 8, 9]
    assert usable_frames(track(human=2), recipe) == [0, 1]
    assert usable_frames(track(), Recipe()) == list(range(10))


def test_left_out_boxes_have_one_reason_each() -> None:
    made = track(human=5, confidence=[0.1] * 10)
    made.boxes[0] = [500, 500, 20, 20]
    made.boxes[1] = [30, 30, 1, 20]
    made.boxes[2] = np.nan
    recipe = Recipe(min_confidence=0.5, human_only=True)
    assert refused_boxes(made, recipe, (160, 128)) == {
        "outside the frame": 1, "too small": 1, "not a person's": 5,
    }  # fmt: skip


def test_names_that_become_one_class_are_shown(tmp_path: Path) -> None:
    tree = made_tree(
        tmp_path / "tree",
        [named(0, class_name="boat"), named(1, class_name="ship"), named(2, class_name="car")],
    )
    recipe = Recipe(
        tir=(tree,), crop_size=191, margin=0, class_map={"boat": "watercraft", "ship": "watercraft"}
    )
    manifest = build(recipe, tmp_path / "mix").manifest
    assert manifest.class_crops == {"car": 8, "watercraft": 16}
    (merged,) = manifest.class_collisions
    assert (merged.kind, merged.name, merged.members) == ("merged", "watercraft", ("boat", "ship"))


def record(dataset: Path, **classes: int) -> SequenceRecord:
    return SequenceRecord(
        name="s", dataset=str(dataset), domain="tir", subset="", recording="r", group="r",
        licence="", tracks=1, crops=sum(classes.values()), classes=classes,
        inputs_sha256="", crops_sha256="",
    )  # fmt: skip


def test_one_wnid_of_two_names_and_one_name_with_two_wnids_are_shown(tmp_path: Path) -> None:
    for name, classes in (
        ("one", {"quadcopter": "n03245889", "glider": "n03441112"}),
        ("two", {"glider": "n00000001"}),
    ):
        Dataset.create(tmp_path / name)
        path = tmp_path / name / "tirdata.toml"
        lines = "".join(f'{key} = "{value}"\n' for key, value in classes.items())
        path.write_text(f"{path.read_text()}\n[classes]\n{lines}")
    records = [
        record(tmp_path / "one", quadcopter=1, glider=2),
        record(tmp_path / "two", drone=3, glider=4),
        record(tmp_path / "none", object=1),
    ]
    found = {each.kind: each for each in class_collisions(Recipe(), records)}
    assert set(found) == {"one WNID", "two WNIDs"}
    assert found["one WNID"].name == "n03245889"
    assert found["one WNID"].members == ("drone", "quadcopter")
    assert found["two WNIDs"].name == "glider"
    assert found["two WNIDs"].members == (
        f"{tmp_path / 'one'}: n03441112", f"{tmp_path / 'two'}: n00000001",
    )  # fmt: skip
    mapped = Recipe(class_map={"quadcopter": "drone"})
    assert {each.kind for each in class_collisions(mapped, records)} == {"merged", "two WNIDs"}


def test_the_record_says_what_its_sequence_gave(tmp_path: Path) -> None:
    made = named(0)
    small = made.tracks[0].boxes.copy()
    small[:, 2:] = 1.5
    tracks = (
        made.tracks[0],
        replace(made.tracks[0], id=1, class_name="bird"),
        replace(made.tracks[0], id=2, boxes=small),
    )
    tree = made_tree(tmp_path / "tree", [replace(made, tracks=tracks)])
    recipe = Recipe(tir=(tree,), crop_size=191, margin=0, tracklet=5, min_side=3)
    (found,) = build(recipe, tmp_path / "mix").manifest.sequences
    assert (found.tracks, found.crops, found.samples) == (2, 16, 4)
    assert found.classes == {"bird": 8, "drone": 8}
    assert found.left_out == {"too few usable boxes": 1}
    assert found.left_out_boxes == {"too small": 8}


@pytest.mark.slow
def test_the_same_bytes_by_ray(one_ray: None, tmp_path: Path) -> None:
    from tirdata.engine.ray import RayEngine
    from tirdata.mix.build import build_mix

    tree = made_tree(tmp_path / "tree", [named(number) for number in range(4)])
    recipe = Recipe(tir=(tree,), crop_size=191, margin=0)
    build(recipe, tmp_path / "local")
    build_mix(recipe, tmp_path / "ray", RayEngine(2), lambda done, total: None)
    for path in (tmp_path / "local").rglob("*.*"):
        if path.is_file() and not path.name.startswith("."):
            other = tmp_path / "ray" / path.relative_to(tmp_path / "local")
            assert path.read_bytes() == other.read_bytes()
