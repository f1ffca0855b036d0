"""Faults of a dataset: each planted one is found, by name, and no other."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tirdata.dataset.frames import write_frame, write_lossless
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import Fault, validate
from tirdata.engine import build_engine
from tirdata.errors import AnnotationError, DataError, VersionError
from tirdata.types import Track

TRAIN, VAL = SequenceId("train", 0, 0), SequenceId("val", 0, 0)
DATA = "Data/VID/val/ILSVRC2015_val_00000000"
XML = "Annotations/VID/val/ILSVRC2015_val_00000000"
CARD = "sequences/ILSVRC2015_val_00000000.json"
SOURCE = "recordings/1000000000000000/source.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory.mktemp("whole") / "data", [TRAIN, VAL], 4).root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "data")


def found(root: Path, *, hashes: bool = False) -> list[tuple[str, str]]:
    return [
        (str(fault.path.relative_to(root)), fault.message)
        for fault in validate(root, hashes=hashes)
    ]


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return change


def remove(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()

    return change


def put(path: str, data: bytes = b"") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    return change


def small(root: Path) -> None:
    write_frame(root / DATA / "000001.JPEG", np.zeros((48, 60), np.uint8))


def cut(root: Path) -> None:
    path = root / DATA / "000001.JPEG"
    path.write_bytes(path.read_bytes()[:-100])


def test_a_whole_dataset_has_no_fault(whole: Path) -> None:
    assert found(whole, hashes=True) == []


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "frame missing": (remove(f"{DATA}/000002.JPEG"), f"{DATA}/000002.JPEG", "no such file"),
    "frame cut": (cut, f"{DATA}/000001.JPEG", "JPEG is cut short"),
    "frame of text": (put(f"{DATA}/000001.JPEG", b"hi"), f"{DATA}/000001.JPEG", "not an image"),
    "frame of other size": (small, f"{DATA}/000001.JPEG", "is 60x48 pixels; its card says 64x48"),
    "frame too many": (put(f"{DATA}/000004.JPEG"), f"{DATA}/000004.JPEG", "is none of the 4"),
    "no frames at all": (remove(DATA), DATA, "no such folder; expected 4 files"),
    "xml missing": (remove(f"{XML}/000002.xml"), f"{XML}/000002.xml", "no such file"),
    "xml broken": (
        edit(f"{XML}/000002.xml", "<occluded>0</occluded>", ""),
        f"{XML}/000002.xml",
        "line 21: did not expect element generated",
    ),
    "stray in xml folder": (put(f"{XML}/README.md"), f"{XML}/README.md", "is none of the 4"),
    "xml of another frame": (
        edit(f"{XML}/000002.xml", "000002", "000003"),
        f"{XML}/000002.xml",
        "filename is 000003; expected 000002",
    ),
    "xml of another sequence": (
        edit(f"{XML}/000002.xml", "val_00000000", "val_00000001"),
        f"{XML}/000002.xml",
        "folder is ILSVRC2015_val_00000001; expected ILSVRC2015_val_00000000",
    ),
    "xml with another size": (
        edit(f"{XML}/000002.xml", "<width>64<", "<width>65<"),
        f"{XML}/000002.xml",
        "size is 65x48; its card says 64x48",
    ),
    "track twice": (
        edit(f"{XML}/000002.xml", "\t<object>", "\t<object>{}</object>\n\t<object>".format(
            "<trackid>0</trackid><name>n03245889</name><bndbox><xmax>9</xmax><xmin>1</xmin>"
            "<ymax>9</ymax><ymin>1</ymin></bndbox><occluded>0</occluded><generated>1</generated>"
        )),
        f"{XML}/000002.xml",
        "track 0 is twice in frame 2",
    ),
    "card missing": (remove(CARD), DATA, "belongs to no sequence"),
    "card broken": (edit(CARD, '"frames": 4', '"frames": 5'), CARD, "value: Value error"),
    "card is no json": (put(CARD, b"{"), CARD, "value: Invalid JSON"),
    "card misnamed": (put("sequences/mine.json"), "sequences/mine.json", "not a sequence name"),
    "note among cards": (put("sequences/a.txt"), "sequences/a.txt", "is no card"),
    "source missing": (remove(SOURCE), CARD, "has no source.json"),
    "source broken": (edit(SOURCE, '"status": "done"', '"status": "?"'), SOURCE, "status: "),
    "source of another": (
        edit(SOURCE, '"number": 0', '"number": 1'), CARD, "is number 1 of val; expected 0 of val"
    ),
    "sequence without card": (
        edit(SOURCE, '"ILSVRC2015_val_00000000"', '"ILSVRC2015_val_00000000", "other"'),
        SOURCE,
        "names sequence other, which has no card",
    ),
    "original lost": (
        edit(SOURCE, '"file": null', '"file": "clip.mp4"'),
        "recordings/1000000000000000/clip.mp4",
        "no such file; source.json names it",
    ),
    "confidence of another length": (
        put("confidence/ILSVRC2015_val_00000000.json", b'{"tracks": {"0": [0.5]}}'),
        "confidence/ILSVRC2015_val_00000000.json",
        "track 0: 1 values; expected 4",
    ),
    "confidence of no track": (
        put("confidence/ILSVRC2015_val_00000000.json", b'{"tracks": {"7": [1, 1, 1, null]}}'),
        "confidence/ILSVRC2015_val_00000000.json",
        "track 7: has no boxes",
    ),
    "confidence above 1": (
        put("confidence/ILSVRC2015_val_00000000.json", b'{"tracks": {"0": [1, 1, 1, 2]}}'),
        "confidence/ILSVRC2015_val_00000000.json",
        "tracks.0.3: ",
    ),
    "journal of no sequence": (
        put("keyframes/ILSVRC2015_val_00000009.jsonl"),
        "keyframes/ILSVRC2015_val_00000009.jsonl",
        "belongs to no sequence",
    ),
    "friendly folder": (put("Data/VID/train/dusk/1.JPEG"), "Data/VID/train/dusk", "belongs to no"),
    "list missing": (remove("Lists/VID_val_videos.txt"), "Lists/VID_val_videos.txt", "no such"),
    "list stale": (
        put("ImageSets/VID/val.txt", b"a 1\n"), "ImageSets/VID/val.txt", "does not fit the seq"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plant", "path", "message"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_named(
    root: Path, plant: Callable[[Path], None], path: str, message: str
) -> None:
    plant(root)
    faults = found(root)
    assert any(where == path and message in what for where, what in faults), faults
    assert all("\n" not in what for _, what in faults)


@pytest.mark.parametrize("name", [name for name in FAULTS if "card missing" not in name])
def test_a_fault_is_named_once(root: Path, name: str) -> None:
    FAULTS[name][0](root)
    faults = found(root)
    assert len({where for where, _ in faults}) == len(faults) <= 2


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        (r"<xmax>\d+", "<xmax>64"),
        (r"<ymax>\d+", "<ymax>48"),
        (r"<xmax>\d+</xmax>(\s*)<xmin>\d+", r"<xmax>9</xmax>\1<xmin>9"),
    ],
    ids=["right", "below", "one column"],
)
def test_a_box_that_leaves_the_frame_or_is_a_line_is_named(
    root: Path, pattern: str, new: str
) -> None:
    path = root / XML / "000001.xml"
    path.write_text(re.sub(pattern, new, path.read_text()))
    ((where, what),) = found(root)
    assert where == f"{XML}/000001.xml"
    assert re.fullmatch(r"track 0: box is x .*; expected min < max inside 64x48", what)


def test_hashes_find_what_pixels_do_not_show(root: Path) -> None:
    path = root / DATA / "000003.JPEG"
    path.write_bytes(path.read_bytes() + b"\0")
    assert found(root) == []
    assert found(root, hashes=True) == [
        (f"{DATA}/000003.JPEG", "has other bytes than when it was made; its card has the hash")
    ]


def test_the_original_is_compared_by_size_and_hash(root: Path) -> None:
    source = json.loads((root / SOURCE).read_text()) | {"file": "clip.mp4", "bytes": 5}
    (root / SOURCE).write_text(json.dumps(source))
    original = root / "recordings" / "1000000000000000" / "clip.mp4"
    original.write_bytes(b"1234")
    assert "has 4 bytes; source.json says 5" in found(root)[0][1]
    original.write_bytes(b"12345")
    assert found(root) == []
    assert "other bytes than when it was fetched" in found(root, hashes=True)[0][1]


def test_without_frames_only_names_are_looked_at(root: Path) -> None:
    cut(root)
    assert list(validate(root, frames=False)) == []
    remove(f"{DATA}/000002.JPEG")(root)
    assert len(list(validate(root, frames=False))) == 1


def test_one_broken_sequence_does_not_hide_another(root: Path) -> None:
    put(CARD, b"{")(root)
    remove("Annotations/VID/train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000/000001.xml")(
        root
    )
    assert [where.rsplit("/", 1)[-1] for where, _ in found(root)] == [
        "000001.xml", "ILSVRC2015_val_00000000.json",
    ]  # fmt: skip


def test_links_that_some_readers_ask_for_are_no_fault(root: Path) -> None:
    (root / "Data/VID/train/a").symlink_to("ILSVRC2015_VID_train_0000")
    assert found(root) == []


def late_check(
    dataset: Dataset, sequence: SequenceId, tracks: tuple[Track, ...] | None
) -> Iterator[Fault]:
    yield Fault(dataset.journal_path(sequence), f"{len(tracks or ())} tracks")


def broken_check(
    dataset: Dataset, sequence: SequenceId, tracks: tuple[Track, ...] | None
) -> Iterator[Fault]:
    raise AnnotationError(f"{sequence.name}: no")


def test_checks_of_later_stages_see_each_sequence_and_its_tracks(whole: Path) -> None:
    faults = list(validate(whole, checks=(late_check,)))
    assert [(fault.path.name, fault.message) for fault in faults] == [
        ("ILSVRC2015_train_00000000.jsonl", "1 tracks"),
        ("ILSVRC2015_val_00000000.jsonl", "1 tracks"),
    ]
    faults = list(validate(whole, checks=(broken_check,)))
    assert [fault.message for fault in faults] == [
        "ILSVRC2015_train_00000000: no", "ILSVRC2015_val_00000000: no",
    ]  # fmt: skip


def test_two_workers_find_what_one_does(root: Path) -> None:
    cut(root)
    edit(f"{XML}/000002.xml", "<occluded>0</occluded>", "")(root)
    alone = sorted(validate(root, checks=(late_check,)))
    assert len(alone) == 4
    done: list[int] = []
    both = validate(root, checks=(late_check,), engine=build_engine("local", 2),
                    on_sequence=lambda: done.append(1))  # fmt: skip
    assert sorted(both) == alone
    assert len(done) == 2


def test_what_is_no_dataset_or_a_newer_one_is_an_error(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tirdata\.toml: no such file"):
        list(validate(tmp_path))
    edit("tirdata.toml", "format = 1", "format = 9")(root)
    with pytest.raises(VersionError, match="format 9"):
        list(validate(root))


def with_lossless(root: Path) -> Path:
    """The val sequence with lossless frames, as its card then says."""
    card = root / CARD
    card.write_text(card.read_text().replace('"lossless": false', '"lossless": true'))
    folder = root / "Lossless" / DATA.removeprefix("Data/VID/")
    for number in range(4):
        write_lossless(folder / f"{number:06d}.png", np.zeros((48, 64), np.uint8))
    return folder


def test_lossless_frames_are_there_where_the_card_says_so(root: Path) -> None:
    folder = with_lossless(root)
    assert found(root) == []
    (folder / "000001.png").unlink()
    write_lossless(folder / "000002.png", np.zeros((48, 60), np.uint8))
    (folder / "000003.png").write_bytes(b"")
    below = str(folder.relative_to(root))
    assert found(root) == [
        (f"{below}/000001.png", "no such file"),
        (f"{below}/000002.png", "is 60x48 pixels; its card says 64x48"),
        (f"{below}/000003.png", "not an image (0 bytes); expected a picture"),
    ]


def test_lossless_frames_that_nobody_speaks_of_are_named(root: Path) -> None:
    folder = with_lossless(root)
    card = root / CARD
    card.write_text(card.read_text().replace('"lossless": true', '"lossless": false'))
    (root / "Lossless" / "train" / "dusk").mkdir(parents=True)
    assert found(root) == [
        ("Lossless/train/dusk",
         "belongs to no sequence: a stopped fetch? fetch again, or remove it"),
        (str(folder.relative_to(root)),
         "the card says that there are no lossless frames; remove it"),
    ]  # fmt: skip
