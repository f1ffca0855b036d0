"""Shards: any tar reader opens them, and the index finds every crop without reading the rest."""

import gc
import io
import pickle
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tirdata.errors import DataError
from tirdata.mix import shard_files
from tirdata.mix.shards import Entry, MixReader, Sample, ShardWriter, members
from tirdata.types import Frame


def _sample(number: int, count: int = 3, sequence: str = "made") -> Sample:
    return Sample(
        key=f"tir0-{sequence}-t00-{number:04d}", domain="tir", sequence=sequence, track=0,
        class_name="drone", recording="r", frames=tuple(range(number, number + count)),
        sides=(40.0,) * count, boxes=((10.0, 10.0, 20.0, 20.0),) * count,
    )  # fmt: skip


def _picture(grey: int) -> tuple[Frame, bytes]:
    frame = np.full((16, 16), grey, np.uint8)
    return frame, cv2.imencode(".jpg", frame)[1].tobytes()


def _write(folder: Path, samples: list[Sample], limit: int = 2**20) -> ShardWriter:
    """Frame f is a picture of grey 10 f."""
    writer = ShardWriter(folder, limit)
    for sample in samples:
        jpegs = [_picture(10 * frame)[1] for frame in sample.frames]
        blocks, offsets = members(sample, jpegs)
        writer.add(sample, blocks, offsets, [len(jpeg) for jpeg in jpegs])
    writer.close()
    return writer


def test_what_is_written_is_read_by_number(tmp_path: Path) -> None:
    samples = [_sample(0), _sample(5, 1), _sample(8, 2, "naïve\u2028")]
    _write(tmp_path / "train", samples)
    reader = MixReader(tmp_path, "train")
    assert [entry.sample for entry in reader.entries] == samples
    for entry in reader.entries:
        for index, frame in enumerate(entry.sample.frames):
            assert abs(reader.crop(entry, index).mean() - 10 * frame) < 1


def test_entries_are_a_sequence_that_travels_to_other_processes(tmp_path: Path) -> None:
    samples = [_sample(number) for number in range(0, 15, 3)]
    _write(tmp_path / "train", samples)
    reader = MixReader(tmp_path, "train")
    sent = pickle.loads(pickle.dumps(reader))  # noqa: S301  # ours
    for each in (reader, sent):
        assert len(each.entries) == 5
        assert each.entries[-1].sample == samples[-1]
        assert [entry.sample for entry in each.entries[1:3]] == samples[1:3]
        assert each.entries[1] is each.entries[1]
        assert abs(each.crop(each.entries[2], 1).mean() - 70) < 1
        with pytest.raises(IndexError):
            each.entries[5]


def test_only_the_last_lines_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tirdata.mix.shards._KEPT", 2)
    _write(tmp_path / "train", [_sample(number) for number in range(5)])
    entries = MixReader(tmp_path, "train").entries
    first = entries[0]
    assert [entries[number].sample.frames[0] for number in (1, 2, 0)] == [1, 2, 0]
    assert entries[0] == first
    assert entries[0] is not first


def test_offsets_point_at_jpegs_and_nothing_else(tmp_path: Path) -> None:
    _write(tmp_path / "train", [_sample(0), _sample(3)])
    data = (tmp_path / "train" / "shard-000000.tar").read_bytes()
    for entry in MixReader(tmp_path, "train").entries:
        for offset, size in zip(entry.offsets, entry.sizes, strict=True):
            assert data[offset : offset + 2] == b"\xff\xd8"
            assert data[offset + size - 2 : offset + size] == b"\xff\xd9"


def test_pythons_tarfile_reads_a_shard(tmp_path: Path) -> None:
    _write(tmp_path / "train", [_sample(0), _sample(7, 2)])
    with tarfile.open(tmp_path / "train" / "shard-000000.tar") as tar:
        found = tar.getmembers()
        assert [member.name for member in found] == [
            "tir0-made-t00-0000.json",
            *(f"tir0-made-t00-0000.{frame:06d}.jpg" for frame in range(3)),
            "tir0-made-t00-0007.json",
            *(f"tir0-made-t00-0007.{frame:06d}.jpg" for frame in (7, 8)),
        ]
        assert {(member.mtime, member.uid, member.uname) for member in found} == {(0, 0, "")}
        text = tar.extractfile(found[0])
        assert text is not None
        assert Sample.model_validate_json(text.read()) == _sample(0)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its files to the collector
def test_webdataset_groups_a_tracklet(tmp_path: Path) -> None:
    web = pytest.importorskip("webdataset", reason="the webdataset package is not installed")
    _write(tmp_path / "train", [_sample(0), _sample(7, 2)])
    path = str(tmp_path / "train" / "shard-000000.tar")
    groups = list(web.WebDataset(path, shardshuffle=False, empty_check=False))
    gc.collect()
    assert [group["__key__"] for group in groups] == ["tir0-made-t00-0000", "tir0-made-t00-0007"]
    assert [len([name for name in group if name.endswith("jpg")]) for group in groups] == [3, 2]
    assert Sample.model_validate_json(groups[1]["json"]) == _sample(7, 2)


def test_a_shard_is_closed_before_it_grows_over_its_limit(tmp_path: Path) -> None:
    samples = [_sample(number) for number in range(0, 12, 3)]
    one = len(members(samples[0], [_picture(0)[1]] * 3)[0])
    writer = _write(tmp_path / "train", samples, limit=int(2.5 * one))
    assert writer.shards == ["shard-000000.tar", "shard-000001.tar"]
    reader = MixReader(tmp_path, "train")
    assert [entry.shard for entry in reader.entries] == [
        name for name in writer.shards for _ in range(2)
    ]
    for entry in reader.entries:
        assert abs(reader.crop(entry, 2).mean() - 10 * entry.sample.frames[2]) < 1


def test_a_sample_larger_than_the_limit_has_a_shard_of_its_own(tmp_path: Path) -> None:
    assert len(_write(tmp_path / "train", [_sample(0), _sample(3)], limit=1).shards) == 2


def test_a_mix_without_samples_has_an_empty_index(tmp_path: Path) -> None:
    assert _write(tmp_path / "val", []).shards == []
    assert list(MixReader(tmp_path, "val").entries) == []


def test_members_end_on_whole_blocks() -> None:
    blocks, _ = members(_sample(0, 1), [b"x" * 513])
    assert len(blocks) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(blocks + bytes(1024))) as tar:
        assert tar.getmembers()[1].size == 513


def test_a_missing_index_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"index\.jsonl: no such index; .*build-mix"):
        MixReader(tmp_path, "train")


def test_a_broken_index_is_named_with_its_line(tmp_path: Path) -> None:
    _write(tmp_path / "train", [_sample(0), _sample(3)])
    index = tmp_path / "train" / "index.jsonl"
    first, second = index.read_text().splitlines()
    index.write_text(f"{first}\n{second[:40]}\n")
    with pytest.raises(DataError, match=r"index\.jsonl:2: not an index line"):
        MixReader(tmp_path, "train")


def _broken(tmp_path: Path, how: str) -> tuple[MixReader, Entry]:
    _write(tmp_path / "train", [_sample(0)])
    shard = tmp_path / "train" / "shard-000000.tar"
    data = shard.read_bytes()
    if how == "gone":
        shard.unlink()
    else:
        shard.write_bytes({"short": data[:2000], "zeros": bytes(len(data))}[how])
    reader = MixReader(tmp_path, "train")
    return reader, reader.entries[0]


@pytest.mark.parametrize(
    ("how", "part"),
    [
        ("gone", "no such shard"),
        ("short", r"no JPEG at byte \d+ \(tir0-made-t00-0000\)"),
        ("zeros", r"no JPEG at byte \d+"),
    ],
)
def test_a_shard_that_is_not_the_indexs_is_named(tmp_path: Path, how: str, part: str) -> None:
    reader, entry = _broken(tmp_path, how)
    with pytest.raises(DataError, match=rf"shard-000000\.tar: {part}.*build the mix again"):
        reader.crop(entry, 2)


def _open_files() -> int:
    """0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len([*folder.iterdir()]) if folder.is_dir() else 0


def test_more_shards_than_stay_open_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_files, "_OPEN", 2)
    samples = [_sample(number) for number in range(0, 15, 3)]
    assert len(_write(tmp_path / "train", samples, limit=1).shards) == 5
    reader = MixReader(tmp_path, "train")
    opened = _open_files()
    for _ in range(2):
        for entry in reader.entries:
            assert abs(reader.crop(entry, 1).mean() - 10 * entry.sample.frames[1]) < 1
    if opened:
        assert _open_files() <= opened + 2
        del reader
        gc.collect()
        assert _open_files() <= opened


def test_a_reader_stays_with_the_shards_that_it_opened(tmp_path: Path) -> None:
    _write(tmp_path / "train", [_sample(0)])
    reader = MixReader(tmp_path, "train")
    entry = reader.entries[0]
    reader.crop(entry, 0)
    shard = tmp_path / "train" / entry.shard
    shard.unlink()  # a mix that is built again replaces its shards
    assert abs(reader.crop(entry, 2).mean() - 20) < 1
