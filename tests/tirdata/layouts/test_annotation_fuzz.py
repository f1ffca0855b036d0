"""Files of tracks with bytes changed at random: our error or some faults, never anything else."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import AnnotationError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.annotation_files import ANNOTATION_FILES, kind_of
from tirdata.layouts.faults import Faults
from tirdata.types import Sequence, Track

FILES = {"cvat": "annotations.xml", "coco": "instances.json", "mot": "gt.txt"}
PIECES = (b"", b"-", b"0", b"1e999", b"nan", b"9" * 30, b"\n", b"\0", b"<", b'"', b"}", b"]", b",")


def _good(folder: Path, kind: str) -> bytes:
    made = made_sequence(4, size=(64, 48), name="one")
    boxes = made.tracks[0].boxes
    boxes[2] = np.nan
    tracks = [Track(n, "person", boxes + n, np.arange(4) > n, np.arange(4) == n) for n in (0, 1)]
    LAYOUTS[kind].write([Sequence("one", made.frames, tuple(tracks))], folder)
    return next(folder.rglob(FILES[kind])).read_bytes()


@pytest.mark.parametrize("kind", FILES)
def test_changed_bytes_never_end_in_anything_but_our_error(tmp_path: Path, kind: str) -> None:
    good, random = _good(tmp_path / "good", kind), np.random.default_rng(0)
    path = tmp_path / FILES[kind]
    wrong = 0
    for _ in range(250):
        data = good
        for _ in range(int(random.integers(1, 4))):
            at, length = int(random.integers(len(data) + 1)), int(random.integers(0, 12))
            data = data[:at] + PIECES[random.integers(len(PIECES))] + data[at + length :]
        path.write_bytes(data)
        faults = Faults(strict=False)
        try:
            for said in ANNOTATION_FILES[kind](path, faults):
                for track in said.build(10, faults):
                    assert track.boxes.shape == (10, 4)
        except AnnotationError as error:
            faults.add(str(error))
        assert all(len(message.splitlines()) == 1 for message in faults.messages)
        wrong += faults.count > 0
    assert wrong > 50


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_torn_file_is_named(tmp_path: Path, kind: str, share: float) -> None:
    good = _good(tmp_path / "good", kind)
    path = tmp_path / FILES[kind]
    path.write_bytes(good[: int(len(good) * share)])
    if kind == "mot" and share > 0:
        assert kind_of(path) == "mot"  # a line is whole or named
        return
    if kind == "mot":
        assert ANNOTATION_FILES[kind](path, Faults())[0].last == -1
        return
    with pytest.raises(AnnotationError, match=FILES[kind]):
        ANNOTATION_FILES[kind](path, Faults(strict=False))


@pytest.mark.parametrize("kind", FILES)
def test_a_kind_is_seen_from_the_first_bytes(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file.dat"
    path.write_bytes(b"\xef\xbb\xbf \n" + _good(tmp_path / "good", kind))
    assert kind_of(path) == kind
    path.write_text("1,2,3,4\n")
    assert kind_of(path) == "boxes"
    path.write_bytes(b"PK\x03\x04....")
    with pytest.raises(AnnotationError, match="a zip; expected what is in it"):
        kind_of(path)


def test_a_binary_file_a_folder_and_nothing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(bytes(range(256)) * 4)
    for read in ANNOTATION_FILES.values():
        for each in (path, tmp_path, tmp_path / "none"):
            with pytest.raises(AnnotationError, match=str(each)):
                read(each, Faults(strict=False))
