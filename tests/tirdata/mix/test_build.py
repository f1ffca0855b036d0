"""Building a mix: same bytes whoever builds it, nothing lost, no recording on both sides."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tests.made_mix import build, made_tree, made_trees, named, recipe_of
from tirdata.dataset.names import SequenceId
from tirdata.engine.serial import SerialEngine
from tirdata.errors import DataError, StorageError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.mix.build import MixReport, build_mix
from tirdata.mix.jobs import plan
from tirdata.mix.recipe import Recipe
from tirdata.mix.reuse import STAMPS_NAME
from tirdata.mix.shards import MixReader, ShardWriter


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_trees(tmp_path_factory.mktemp("trees"))


@pytest.fixture(scope="module")
def recipe(trees: tuple[Path, Path]) -> Recipe:
    return recipe_of(*trees)


@pytest.fixture(scope="module")
def mix(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MixReport]:
    out = tmp_path_factory.mktemp("mix") / "mix"
    return out, build(recipe, out)


def _hashes(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != STAMPS_NAME  # times of input files: not of the mix
    }


def test_a_mix_is_these_files_and_no_others(mix: tuple[Path, MixReport]) -> None:
    assert set(_hashes(mix[0])) == {
        "mix.json", "train/index.jsonl", "train/shard-000000.tar",
        "val/index.jsonl", "val/shard-000000.tar",
    }  # fmt: skip
    assert not (mix[0] / ".parts").exists()


def test_same_bytes_from_two_workers(
    mix: tuple[Path, MixReport], recipe: Recipe, tmp_path: Path
) -> None:
    build(recipe, tmp_path / "mix", workers=2)
    assert _hashes(tmp_path / "mix") == _hashes(mix[0])


def test_the_seed_changes_order_and_split_only(
    mix: tuple[Path, MixReport], recipe: Recipe, tmp_path: Path
) -> None:
    other = build(recipe.model_copy(update={"seed": 2}), tmp_path / "mix").manifest
    first = mix[1].manifest
    assert [r.crops_sha256 for r in other.sequences] == [r.crops_sha256 for r in first.sequences]
    assert [r.subset for r in other.sequences] != [r.subset for r in first.sequences]


def test_a_second_run_has_nothing_to_do(mix: tuple[Path, MixReport], recipe: Recipe) -> None:
    out, report = mix
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = build(recipe, out)
    assert report.fresh
    assert not again.fresh
    assert again.manifest == report.manifest
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == stamps


def test_the_manifest_counts_what_lies_there(mix: tuple[Path, MixReport]) -> None:
    out, report = mix
    manifest = report.manifest
    assert manifest.class_crops == {"airplane": 24, "drone": 24}
    assert manifest.classes[:2] == ("airplane", "antelope")
    assert (len(manifest.classes), manifest.classes[30]) == (31, "drone")
    for subset, sequences in (("train", 4), ("val", 2)):
        counts = manifest.subsets[subset]
        entries = MixReader(out, subset).entries
        assert counts.samples == len(entries) == sequences
        assert counts.crops == sum(len(entry.offsets) for entry in entries) == 8 * sequences
        assert counts.sequences == counts.recordings == sequences
        domains = {entry.sample.domain for entry in entries}
        assert domains == {"vid", "tir"}
    assert manifest.left_out == {}
    assert manifest.licences == {"": 48}


def test_every_crop_of_the_index_opens_with_its_box_in_the_middle(
    mix: tuple[Path, MixReport],
) -> None:
    reader = MixReader(mix[0], "train")
    for entry in reader.entries:
        image = reader.crop(entry, 1)
        assert image.shape == (223, 223)
        x, y, w, h = entry.sample.boxes[1]
        assert (x + w / 2, y + h / 2) == pytest.approx((111.5, 111.5), abs=0.01)
        inner = image[int(y) : int(y + h), int(x) : int(x + w)]
        assert inner.mean() > image.mean() + 60  # the blob is warm


def test_no_recording_is_on_both_sides(tmp_path: Path) -> None:
    """Several shots a recording, and one recording in both domains under one id."""
    ids = [SequenceId("train", recording, shot) for recording in range(3) for shot in range(2)]
    made_dataset(tmp_path / "thermal", ids)
    made_dataset(tmp_path / "visible", ids[2:])
    out = tmp_path / "mix"
    recipe = recipe_of(
        tmp_path / "visible", tmp_path / "thermal", val_share=0.4, duplicates="ignore"
    )  # all made recordings look the same
    manifest = build(recipe, out).manifest
    sides: dict[str, set[str]] = {}
    for record in manifest.sequences:
        sides.setdefault(record.recording, set()).add(record.subset)
    assert len(sides) == 3
    assert all(len(side) == 1 for side in sides.values())
    stored = {
        subset: {entry.sample.recording for entry in MixReader(out, subset).entries}
        for subset in ("train", "val")
    }
    assert stored["train"]
    assert stored["val"]
    assert not stored["train"] & stored["val"]


def test_licences_come_from_the_cards(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "thermal", [SequenceId("train", 0, 0)])
    card = dataset.card_path(SequenceId("train", 0, 0))
    card.write_text(json.dumps({**json.loads(card.read_text()), "licence": "CC0-1.0"}))
    manifest = build(Recipe(tir=(dataset.root,), crop_size=191), tmp_path / "mix").manifest
    assert manifest.licences == {"CC0-1.0": 6}


def _stop_after(recipe: Recipe, out: Path, items: int) -> None:
    def on_progress(done: int, total: int) -> None:
        if done == items:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_mix(recipe, out, SerialEngine(), on_progress)


def test_an_interrupted_build_goes_on_with_what_is_cut(
    mix: tuple[Path, MixReport], recipe: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "mix"
    _stop_after(recipe, out, 2)
    assert not (out / "mix.json").exists()
    stamps = {path: path.stat() for path in out.rglob("*.tar")}
    assert len(stamps) == 2
    _stop_after(recipe, out, 4)
    for path, stamp in stamps.items():
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)
    assert len(list(out.rglob("*.tar"))) == 4
    assert build(recipe, out).fresh
    assert _hashes(out) == _hashes(mix[0])


def test_changed_boxes_build_the_mix_again_and_leave_nothing_old(tmp_path: Path) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0), named(1), named(2)])
    recipe = Recipe(tir=(tree,), crop_size=191, shard_bytes=2**20)
    out = tmp_path / "mix"
    before = build(recipe, out).manifest
    (out / "train" / "shard-000009.tar").write_bytes(b"of an earlier, larger mix")
    # The third sequence loses its track from frame 2 on.
    made = named(2)
    boxes = made.tracks[0].boxes.copy()
    boxes[2:] = np.nan
    LAYOUTS["ilsvrc"].write([replace(made, tracks=(replace(made.tracks[0], boxes=boxes),))], tree)
    after = build(recipe, out)
    assert after.fresh
    assert after.manifest.class_crops == {"drone": 18}
    changed = [
        old.name
        for old, new in zip(before.sequences, after.manifest.sequences, strict=True)
        if old.inputs_sha256 != new.inputs_sha256
    ]
    assert changed == [made.name]
    assert not (out / "train" / "shard-000009.tar").exists()


def test_a_rebuild_that_fails_half_way_leaves_the_earlier_mix_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0), named(1)])
    recipe = Recipe(tir=(tree,), crop_size=191)
    out = tmp_path / "mix"
    build(recipe, out)
    before = _hashes(out)
    made_tree(tree, [named(2)])

    def full(writer: ShardWriter) -> None:
        raise StorageError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, "close", full)
        with pytest.raises(StorageError):
            build(recipe, out)
    after = {name: each for name, each in _hashes(out).items() if not name.startswith(".")}
    assert after == before
    build(recipe, out)
    build(recipe, tmp_path / "anew")
    assert _hashes(out) == _hashes(tmp_path / "anew")


@pytest.mark.parametrize("step", range(5))
def test_a_change_of_mixes_that_was_cut_off_is_finished_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0), named(1)])
    recipe = Recipe(tir=(tree,), crop_size=191)
    out = tmp_path / "mix"
    build(recipe, out)
    made_tree(tree, [named(2)])
    real, calls = Path.replace, 0

    def stops(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += ".next" in path.parts and ".part-" not in path.name
        if calls > step:
            raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stops)
        if step < 4:
            with pytest.raises(KeyboardInterrupt):
                build(recipe, out)
        else:
            build(recipe, out)
    again = build(recipe, out)
    assert not again.fresh
    build(recipe, tmp_path / "anew")
    assert _hashes(out) == _hashes(tmp_path / "anew")


def test_other_frames_build_the_mix_again(tmp_path: Path) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0), named(1)])
    recipe = Recipe(tir=(tree,), crop_size=191)
    before = build(recipe, tmp_path / "mix").manifest.sequences
    frames = sorted((tree / "Data").rglob("000003.JPEG"))
    frames[0].write_bytes(frames[0].with_name("000004.JPEG").read_bytes())
    after = build(recipe, tmp_path / "mix").manifest.sequences
    assert [
        old.crops_sha256 == new.crops_sha256 for old, new in zip(before, after, strict=True)
    ] == [False, True]


def test_another_recipe_is_refused_in_the_same_folder(mix: tuple[Path, MixReport]) -> None:
    out, report = mix
    other = report.manifest.recipe.model_copy(update={"stride": 2})
    with pytest.raises(UsageError, match="holds a mix of another recipe"):
        build(other, out)


def test_a_data_set_with_folders_named_train_and_val_is_left_alone(
    recipe: Recipe, tmp_path: Path
) -> None:
    theirs = tmp_path / "val" / "GOT-10k_Val_000001" / "00000001.jpg"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    with pytest.raises(UsageError, match="GOT-10k_Val_000001: is not of a mix"):
        build(recipe, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]


def test_a_dataset_in_both_domains_is_refused(trees: tuple[Path, Path], tmp_path: Path) -> None:
    other_name = trees[0] / ".." / trees[0].name
    with pytest.raises(UsageError, match="named twice"):
        build(recipe_of(trees[0], other_name), tmp_path / "mix")
    assert not (tmp_path / "mix").exists()


def test_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--vid or --tir"):
        build(Recipe(), tmp_path / "mix")


def test_nothing_to_train_on_is_an_error_and_no_mix(
    trees: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no track of the recipe's classes"):
        build(recipe_of(*trees, classes=("whale",)), tmp_path / "mix")
    assert not (tmp_path / "mix" / "mix.json").exists()


def test_tracks_left_out_are_counted_by_reason(trees: tuple[Path, Path], tmp_path: Path) -> None:
    manifest = build(recipe_of(*trees, classes=("drone",), stride=3), tmp_path / "mix").manifest
    assert manifest.left_out == {"class not in the recipe": 3}
    assert manifest.class_crops == {"drone": 9}
    assert [record.subset for record in manifest.sequences[:3]] == ["", "", ""]


def test_only_human_boxes_on_request(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "thermal", [SequenceId("train", 0, 0)])
    recipe = Recipe(tir=(dataset.root,), crop_size=191, human_only=True)
    with pytest.raises(DataError):  # one human box is not enough for a pair
        build(recipe, tmp_path / "mix")


def test_names_that_tar_cannot_hold_are_shortened_and_stay_apart(tmp_path: Path) -> None:
    long = "a" * 120
    names = [f"{long}1", f"{long}2", "one.two", "one_two"]
    LAYOUTS["otb"].write((replace(named(0, count=2), name=name) for name in names), tmp_path / "in")
    recipe = Recipe(tir=(tmp_path / "in",), crop_size=191, val_share=0)
    keys = [job.key for job in plan(recipe, tmp_path)]
    assert len(set(keys)) == 4
    build(recipe, tmp_path / "mix")
    entries = MixReader(tmp_path / "mix", "train").entries
    assert sorted(entry.sample.sequence for entry in entries) == sorted(names)


def test_moved_away_parts_are_cut_again(recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "mix"
    _stop_after(recipe, out, 3)
    shutil.rmtree(out / ".parts")
    assert build(recipe, out).fresh
