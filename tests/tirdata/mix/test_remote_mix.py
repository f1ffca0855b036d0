"""A mix at an address: the bytes of a local one, rebuilt from what it has, never half there."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest

from tests.made_mix import build, made_tree, named
from tests.serve import Page, serve
from tests.tirdata.mix.test_rebuild import cut  # noqa: F401  # a fixture
from tirdata.engine import build_engine
from tirdata.errors import DataError, UsageError
from tirdata.mix import publish
from tirdata.mix.build import MixReport, build_mix
from tirdata.mix.pair_reader import PairReader
from tirdata.mix.recipe import Recipe
from tirdata.mix.shards import MixReader
from tirdata.remote import RemotePath, write_bytes
from tirdata.statistics.collect import collect, find
from tirdata.statistics.document import StatsConfig

NAME = "remote-mix"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemotePath]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = RemotePath(f"memory://{NAME}/mix")
    place.remove()
    yield place
    place.remove()


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    tree = made_tree(tmp_path / "thermal", [named(number) for number in range(3)])
    return Recipe(tir=(tree,), crop_size=191, margin=16)


def remote(recipe: Recipe, out: RemotePath, workers: int = 1) -> MixReport:
    return build_mix(recipe, out, build_engine("local", workers), lambda done, total: None)


def files_there(out: RemotePath) -> dict[str, bytes]:
    system = fsspec.filesystem("memory")
    found = {each.split("/mix/", 1)[1]: system.cat_file(each) for each in system.find(f"/{NAME}")}
    return {name: data for name, data in found.items() if not name.startswith(".inputs")}


def files_here(out: Path) -> dict[str, bytes]:
    paths = (path for path in out.rglob("*") if path.is_file() and path.name != ".inputs.json")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def test_its_bytes_are_those_of_a_local_one(
    recipe: Recipe, out: RemotePath, tmp_path: Path
) -> None:
    report = remote(recipe, out, workers=2)
    build(recipe, tmp_path / "mix")
    assert report.fresh
    assert files_there(out) == files_here(tmp_path / "mix")
    assert [*(tmp_path / "cache").rglob("*.tar")] == []  # nothing is left behind
    assert not remote(recipe, out).fresh


def test_it_is_read_by_number_in_parts_or_from_copies(
    recipe: Recipe, out: RemotePath, tmp_path: Path
) -> None:
    remote(recipe, out)
    build(recipe, tmp_path / "mix")
    local = MixReader(tmp_path / "mix", "train")
    for cache in (None, tmp_path / "copies"):
        reader = MixReader(out, "train", cache)
        assert [*reader.entries] == [*local.entries]
        for entry in reader.entries:
            for index in range(len(entry.offsets)):
                np.testing.assert_array_equal(reader.crop(entry, index), local.crop(entry, index))
    shards = {entry.shard for entry in local.entries}
    copied = {path.name.split("-", 1)[1] for path in (tmp_path / "copies").iterdir()}
    assert copied == shards | {"index.jsonl"}


def test_shards_are_streamed(recipe: Recipe, out: RemotePath) -> None:
    report = remote(recipe, out)
    names = []
    for shard in report.manifest.subsets["train"].shards:
        with (out / "train" / shard).open() as file, tarfile.open(fileobj=file, mode="r|") as tar:
            names += [member.name for member in tar if member.name.endswith(".jpg")]
    assert len(names) == report.manifest.subsets["train"].crops


def test_only_new_sequences_are_cut(
    recipe: Recipe,
    out: RemotePath,
    tmp_path: Path,
    cut: list[str],  # noqa: F811  # the fixture
) -> None:
    remote(recipe, out)
    made_tree(recipe.tir[0], [named(3), named(1, 1)])
    cut.clear()
    report = remote(recipe, out)
    assert sorted(cut) == ["ILSVRC2015_train_00001001", "ILSVRC2015_train_00003000"]
    assert (report.fresh, report.reused) == (True, 3)
    build(recipe, tmp_path / "anew")
    assert files_there(out) == files_here(tmp_path / "anew")


def test_a_publishing_that_was_stopped_is_finished_the_next_time(
    recipe: Recipe, out: RemotePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(recipe, out)
    before = files_there(out)
    made_tree(recipe.tir[0], [named(3)])
    moves: list[str] = []
    real = RemotePath.move

    def stopped(self: RemotePath, to: RemotePath) -> None:
        if len(moves) == 3:
            raise KeyboardInterrupt
        moves.append(to.name)
        real(self, to)

    monkeypatch.setattr(RemotePath, "move", stopped)
    with pytest.raises(KeyboardInterrupt):
        remote(recipe, out)
    assert "mix.json" not in files_there(out)
    monkeypatch.setattr(RemotePath, "move", real)
    assert not remote(recipe, out).fresh
    build(recipe, tmp_path / "anew")
    assert files_there(out) == files_here(tmp_path / "anew") != before


def test_a_mix_that_was_not_written_to_its_end_is_removed(out: RemotePath) -> None:
    write_bytes(out / publish.NEXT / "train" / "shard-000000.tar", b"half")
    publish.finish(out)
    assert files_there(out) == {}


def test_other_peoples_files_are_left_alone(recipe: Recipe, out: RemotePath) -> None:
    write_bytes(out / "train" / "data.csv", b"mine")
    with pytest.raises(UsageError, match=r"train/data.csv: is not of a mix; choose another --out"):
        remote(recipe, out)
    assert files_there(out) == {"train/data.csv": b"mine"}


def test_pairs_are_read_too(out: RemotePath, tmp_path: Path) -> None:
    tree = made_tree(tmp_path / "visible", [named(number) for number in range(2)])
    recipe = Recipe(vid=(tree,), task="rgbt")
    remote(recipe, out)
    build(recipe, tmp_path / "mix")
    ours, theirs = PairReader(out, "train"), PairReader(tmp_path / "mix", "train")
    one, two = (reader.pair(reader.entries[0], 1) for reader in (ours, theirs))
    np.testing.assert_array_equal(one.label, two.label)
    np.testing.assert_array_equal(one.visible, two.visible)


def test_statistics_are_told(recipe: Recipe, out: RemotePath, tmp_path: Path) -> None:
    remote(recipe, out)
    build(recipe, tmp_path / "mix")
    engine = build_engine("local", 1)
    here, there = (
        collect(find([each], None), StatsConfig(), engine).mixes[0]
        for each in (tmp_path / "mix", out)
    )
    assert there.mix == str(out)
    assert here.model_copy(update={"mix": there.mix}) == there
    with pytest.raises(UsageError, match="only mixes are read from addresses"):
        find([out / "nothing"], None)


def test_what_is_gone_is_named(recipe: Recipe, out: RemotePath) -> None:
    with pytest.raises(DataError, match=r"memory://.*index.jsonl: no such index"):
        MixReader(out, "train")
    remote(recipe, out)
    reader = MixReader(out, "train")
    entry = reader.entries[0]
    (out / "train" / entry.shard).remove()
    with pytest.raises(DataError, match=r"shard-000000.tar: no such shard; build the mix again"):
        reader.crop(entry, 0)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_mix_behind_a_web_server_is_read(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build(recipe, tmp_path / "mix")
    local = MixReader(tmp_path / "mix", "train")
    found = files_here(tmp_path / "mix")
    with serve({f"mix/{name}": Page(data) for name, data in found.items()}) as site:
        reader = MixReader(RemotePath(site.link("mix")), "train")
        entry = reader.entries[0]
        np.testing.assert_array_equal(reader.crop(entry, 2), local.crop(local.entries[0], 2))
        first, size = entry.offsets[2], entry.sizes[2]
        assert site.asked[-1] == (f"mix/train/{entry.shard}", f"bytes={first}-{first + size - 1}")


def test_an_object_store_takes_and_gives_a_mix(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1", "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("bucket")
        out = RemotePath("s3://bucket/mix")
        remote(recipe, out, workers=2)
        made_tree(recipe.tir[0], [named(3)])
        assert remote(recipe, out).reused == 3
        build(recipe, tmp_path / "mix")
        found = {each.removeprefix("bucket/mix/"): system.cat_file(each)
                 for each in system.find("bucket/mix")}  # fmt: skip
        found.pop(".inputs.json")
        assert found == files_here(tmp_path / "mix")
        reader, local = MixReader(out, "val"), MixReader(tmp_path / "mix", "val")
        crop = reader.crop(reader.entries[0], 1)
        np.testing.assert_array_equal(crop, local.crop(local.entries[0], 1))
        assert io.BytesIO((out / "mix.json").read_bytes()).read() == found["mix.json"]
    finally:
        server.stop()
