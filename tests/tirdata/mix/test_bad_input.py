"""What is wrong with an input is named and counted, the rest goes in; `strict` writes nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made_mix import build, made_tree, named
from tirdata.errors import TirDataError
from tirdata.layouts import LAYOUTS
from tirdata.mix.recipe import Recipe

Damage = Callable[[Path], object]


def frame(tree: Path) -> Path:
    """Frame 3 of the first sequence of an ILSVRC tree."""
    return sorted((tree / "Data").rglob("000003.JPEG"))[0]


def xml(tree: Path) -> Path:
    return sorted((tree / "Annotations").rglob("000003.xml"))[0]


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def resized(path: Path) -> None:
    cv2.imwrite(str(path), np.zeros((20, 30), np.uint8))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


TREE: dict[str, tuple[Damage, str]] = {
    "malformed XML": (lambda tree: xml(tree).write_text("<annotation><object>"), r"3\.xml:1: not"),
    "empty XML": (lambda tree: xml(tree).write_bytes(b""), r"000003\.xml"),
    "XML without an end": (lambda tree: swap(xml(tree), "</bndbox>", ""), r"000003\.xml:"),
    "NaN in XML": (lambda tree: swap(xml(tree), "<xmax>", "<xmax>NaN"), r"000003\.xml:\d+: xmax"),
    "box turned round": (lambda tree: swap(xml(tree), "<xmin>", "<xmin>9"), r"000003\.xml:\d+"),
    "XML missing": (lambda tree: xml(tree).unlink(), r"00000000: 7 XML files; expected 8|3\.xml"),
    "frame missing": (lambda tree: frame(tree).unlink(), r"8 XML files; expected 7|000003\.JPEG"),
    "empty frame": (lambda tree: frame(tree).write_bytes(b""), r"000003\.JPEG"),
    "cut frame": (
        lambda tree: frame(tree).write_bytes(frame(tree).read_bytes()[:300]), r"000003\.JPEG"
    ),
    "frame of another size": (lambda tree: resized(frame(tree)), r"3\.JPEG: is 30x20 pixels"),
    "frame in a loop of links": (lambda tree: loop(frame(tree)), r"000003\.JPEG"),
    "XML in a loop of links": (lambda tree: loop(xml(tree)), r"000003\.xml"),
    "frame that is a folder": (lambda tree: folder(frame(tree)), r"000003\.JPEG"),
}  # fmt: skip


@pytest.mark.parametrize("fault", TREE)
def test_a_fault_costs_its_sequence_and_is_named(fault: str, tmp_path: Path) -> None:
    damage, message = TREE[fault]
    tree = made_tree(tmp_path / "thermal", [named(number) for number in range(3)])
    damage(tree)
    recipe = Recipe(tir=(tree,), crop_size=191, margin=0)
    with pytest.raises(TirDataError, match=message):
        build(recipe, tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict" / "mix.json").exists()
    manifest = build(recipe, tmp_path / "mix").manifest
    (failure,) = manifest.failed
    assert failure.name == "ILSVRC2015_train_00000000"
    assert len(failure.message.splitlines()) == 1
    assert [each.name[-8:] for each in manifest.sequences] == ["00001000", "00002000"]
    assert manifest.class_crops == {"drone": 16}


def otb(root: Path, text: Callable[[list[str]], str]) -> Path:
    """Three sequences of OTB, the ground truth of the first rewritten."""
    made = [replace(named(number), name=f"seq{number}") for number in range(3)]
    LAYOUTS["otb"].write(made, root)
    path = root / "seq0" / "groundtruth_rect.txt"
    path.write_bytes(text(path.read_text().splitlines()).encode())
    return root


@pytest.mark.parametrize(
    ("text", "crops"),
    [
        (lambda lines: "\r\n".join(lines) + "\r\n", 24),
        (lambda lines: "\n".join(line.replace(",", "\t") for line in lines), 24),
        (lambda lines: "\n".join([*lines[:5], "NaN,NaN,NaN,NaN", *lines[6:]]), 23),
        (lambda lines: "\n".join([*lines[:5], "900,900,10,10", *lines[6:]]), 23),
    ],
    ids=["CRLF", "tabs", "NaN: absent", "a box outside"],
)
def test_other_spellings_are_read(
    text: Callable[[list[str]], str], crops: int, tmp_path: Path
) -> None:
    recipe = Recipe(tir=(otb(tmp_path / "otb", text),), crop_size=191, margin=0)
    manifest = build(recipe, tmp_path / "mix").manifest
    assert manifest.failed == ()
    assert sum(manifest.class_crops.values()) == crops


@pytest.mark.parametrize(
    "text",
    [
        lambda lines: "\n".join(lines[:-2]),
        lambda lines: "\n".join([*lines, lines[0]]),
        lambda lines: "\n".join([*lines[:3], "a,b,c,d", *lines[4:]]),
        lambda lines: "\n".join([*lines[:3], "1,2,3", *lines[4:]]),
    ],
    ids=["shorter", "longer", "words", "three numbers"],
)
def test_ground_truth_that_does_not_fit_is_named(
    text: Callable[[list[str]], str], tmp_path: Path
) -> None:
    recipe = Recipe(tir=(otb(tmp_path / "otb", text),), crop_size=191, margin=0)
    manifest = build(recipe, tmp_path / "mix").manifest
    assert [each.name for each in manifest.failed] == ["seq0"]
    assert "groundtruth_rect.txt" in manifest.failed[0].message
    assert len(manifest.sequences) == 2


def test_boxes_outside_are_counted(tmp_path: Path) -> None:
    made = [named(number) for number in range(2)]
    tree = made_tree(tmp_path / "thermal", made)
    for name in ("000002.xml", "000005.xml"):
        path = sorted((tree / "Annotations").rglob(name))[0]
        text = path.read_text()
        for side in ("xmin", "xmax"):
            text = text.replace(f"<{side}>", f"<{side}>7")  # 7xx, of 160
        path.write_text(text)
    manifest = build(Recipe(tir=(tree,), crop_size=191, margin=0), tmp_path / "mix").manifest
    assert manifest.left_out_boxes == {"outside the frame": 2}
    assert manifest.class_crops == {"drone": 14}


def test_an_unknown_wnid_is_a_class_of_its_own(tmp_path: Path) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0), named(1)])
    for path in sorted((tree / "Annotations").rglob("*00000000/*.xml")):
        swap(path, "n03245889", "n99999999")
    manifest = build(Recipe(tir=(tree,), crop_size=191, margin=0), tmp_path / "mix").manifest
    assert manifest.class_crops == {"drone": 8, "n99999999": 8}
    assert manifest.classes[30:] == ("drone", "n99999999")
