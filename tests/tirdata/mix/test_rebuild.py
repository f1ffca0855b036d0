"""What a mix has already is not cut again, and the result is that of a fresh build."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.made_dataset import add_made, made_dataset
from tests.made_mix import build, made_tree, named
from tirdata.dataset.names import SequenceId
from tirdata.errors import DataError, PartlyDoneError, UsageError
from tirdata.layouts import LAYOUTS
from tirdata.mix import part
from tirdata.mix.jobs import Job
from tirdata.mix.manifest import SequenceRecord
from tirdata.mix.recipe import Recipe
from tirdata.mix.reuse import STAMPS_NAME


def files_of(out: Path) -> dict[str, str]:
    """Every file of a mix that is not hidden, and its hash."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.relative_to(out).as_posix().startswith(".")
    }


def frames_of(tree: Path) -> list[Path]:
    return sorted((tree / "Data").rglob("000003.JPEG"))


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the sequences that were cut since."""
    names: list[str] = []
    real = part._cut

    def counted(job: Job, stamp: str | None) -> SequenceRecord:
        names.append(job.sequence)
        return real(job, stamp)

    monkeypatch.setattr(part, "_cut", counted)
    return names


@pytest.fixture
def thermal(tmp_path: Path) -> Recipe:
    tree = made_tree(tmp_path / "thermal", [named(number) for number in range(3)])
    return Recipe(tir=(tree,), crop_size=191, margin=16)


def test_only_new_sequences_are_cut_and_the_bytes_are_those_of_a_fresh_build(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    build(thermal, tmp_path / "mix")
    assert len(cut) == 3
    made_tree(thermal.tir[0], [named(3), named(1, 1)])
    cut.clear()
    report = build(thermal, tmp_path / "mix")
    assert sorted(cut) == ["ILSVRC2015_train_00001001", "ILSVRC2015_train_00003000"]
    assert (report.fresh, report.reused) == (True, 3)
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_a_data_set_behind_the_others_is_added(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    build(thermal, tmp_path / "mix")
    more = made_tree(tmp_path / "more", [named(8), named(9)])
    wider = thermal.model_copy(update={"tir": (*thermal.tir, more)})
    cut.clear()
    assert build(wider, tmp_path / "mix").reused == 3
    assert len(cut) == 2
    build(wider, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")
    with pytest.raises(UsageError, match="another recipe"):
        build(thermal, tmp_path / "mix")


def test_sequences_that_are_gone_leave_the_mix(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    made_tree(tmp_path / "two", [named(0), named(2)])
    build(thermal, tmp_path / "mix")
    cut.clear()
    for half in ("Data", "Annotations"):
        (thermal.tir[0] / half / "VID" / "train").rename(tmp_path / f"gone-{half}")
        (tmp_path / "two" / half / "VID" / "train").rename(thermal.tir[0] / half / "VID" / "train")
    report = build(thermal, tmp_path / "mix")
    assert len(report.manifest.sequences) == 2
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_a_file_that_was_only_touched_changes_nothing(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    build(thermal, tmp_path / "mix")
    cut.clear()
    os.utime(frames_of(thermal.tir[0])[0])
    assert not build(thermal, tmp_path / "mix").fresh
    (tmp_path / "mix" / STAMPS_NAME).unlink()
    assert not build(thermal, tmp_path / "mix").fresh
    assert cut == []


def test_other_pixels_of_as_many_bytes_are_seen(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    build(thermal, tmp_path / "mix")
    path = frames_of(thermal.tir[0])[1]
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    cut.clear()
    assert build(thermal, tmp_path / "mix").fresh
    assert cut == ["ILSVRC2015_train_00001000"]


def test_another_licence_on_a_card_is_seen(tmp_path: Path, cut: list[str]) -> None:
    ids = [SequenceId("train", 0, 0), SequenceId("train", 1, 0)]
    dataset = made_dataset(tmp_path / "thermal", ids)
    recipe = Recipe(tir=(dataset.root,), crop_size=191, margin=16)
    build(recipe, tmp_path / "mix")
    cut.clear()
    assert not build(recipe, tmp_path / "mix").fresh
    path = dataset.card_path(ids[0])
    path.write_text(json.dumps({**json.loads(path.read_text()), "licence": "CC0-1.0"}))
    manifest = build(recipe, tmp_path / "mix").manifest
    assert set(manifest.licences) == {"", "CC0-1.0"}
    assert cut == [ids[0].name]
    add_made(dataset, SequenceId("train", 2, 0))
    build(recipe, tmp_path / "mix")
    build(recipe, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_a_damaged_shard_is_not_built_upon(thermal: Recipe, tmp_path: Path, cut: list[str]) -> None:
    build(thermal, tmp_path / "mix")
    shard = next((tmp_path / "mix").rglob("shard-*.tar"))
    data = bytearray(shard.read_bytes())
    data[3000] ^= 1
    shard.write_bytes(data)
    made_tree(thermal.tir[0], [named(3)])
    cut.clear()
    build(thermal, tmp_path / "mix")
    assert len(cut) == 2
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_a_shard_that_is_gone_is_made_again(thermal: Recipe, tmp_path: Path) -> None:
    build(thermal, tmp_path / "mix")
    next((tmp_path / "mix").rglob("shard-*.tar")).unlink()
    assert build(thermal, tmp_path / "mix").fresh
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_one_bad_sequence_is_named_and_the_rest_goes_in(
    thermal: Recipe, tmp_path: Path, cut: list[str]
) -> None:
    whole = frames_of(thermal.tir[0])[0].read_bytes()
    frames_of(thermal.tir[0])[0].write_bytes(b"not a picture")
    manifest = build(thermal, tmp_path / "mix").manifest
    (failure,) = manifest.failed
    assert failure.name == "ILSVRC2015_train_00000000"
    assert "000003.JPEG" in failure.message
    assert len(manifest.sequences) == 2
    assert not build(thermal, tmp_path / "mix").fresh
    frames_of(thermal.tir[0])[0].write_bytes(whole)
    cut.clear()
    healed = build(thermal, tmp_path / "mix")
    assert (healed.manifest.failed, healed.reused, len(cut)) == ((), 2, 1)
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")


def test_strict_writes_nothing_when_a_sequence_fails(thermal: Recipe, tmp_path: Path) -> None:
    frames = frames_of(thermal.tir[0])
    frames[0].write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"000003\.JPEG"):
        build(thermal, tmp_path / "mix", strict=True)
    frames[2].write_bytes(b"nor this")
    with pytest.raises(PartlyDoneError, match=r"2 of 3 sequences failed.*000003\.JPEG"):
        build(thermal, tmp_path / "mix", strict=True)
    assert not (tmp_path / "mix" / "mix.json").exists()
    frames[1].write_bytes(b"nor that")
    with pytest.raises(PartlyDoneError, match="3 of 3 sequences failed"):
        build(thermal, tmp_path / "mix")
    assert not (tmp_path / "mix" / "mix.json").exists()


def test_a_part_of_a_stopped_call_is_not_taken_for_the_earlier_mix(
    thermal: Recipe, tmp_path: Path
) -> None:
    build(thermal, tmp_path / "mix")
    changed = replace(named(1), tracks=(replace(named(1).tracks[0], class_name="bird"),))
    LAYOUTS["ilsvrc"].write([changed], thermal.tir[0])

    def stop(job: Job) -> part.Ready:
        part_ready = real(job)
        if job.sequence == changed.name:
            raise KeyboardInterrupt
        return part_ready

    real = part.prepare
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tirdata.mix.build.prepare", stop)
        with pytest.raises(KeyboardInterrupt):
            build(thermal, tmp_path / "mix")
    LAYOUTS["ilsvrc"].write([named(1)], thermal.tir[0])
    made_tree(thermal.tir[0], [named(4)])
    build(thermal, tmp_path / "mix")
    build(thermal, tmp_path / "anew")
    assert files_of(tmp_path / "mix") == files_of(tmp_path / "anew")
