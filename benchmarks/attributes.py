"""Attributes by the rules of `tirdata stats` beside those that people gave three benchmarks.

    python -m benchmarks.attributes --data ../shared/data/eval

Boxes alone are looked at. The sizes of the frames are not known here, so for `out of view` only the
left and the upper edge count. Prints the table of docs/stats.md.
"""

import argparse
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata.layouts.attributes import PTB_TIR, read_attributes
from tirdata.layouts.text import read_boxes
from tirdata.statistics.attributes import BOX_RULES, Seen
from tirdata.statistics.rules import AttributeRules
from tirdata.types import Boxes, Track

ENDLESS = (10**6, 10**6)
LASHER = ("NO", "PO", "TO", "HO", "OV", "LI", "HI", "AIV", "LR", "DEF", "BC", "SA", "TC", "MB",
          "CM", "FL", "FM", "SV", "ARC")  # fmt: skip  # the order of the table in its README
SHORT = {"FM": "fast motion", "SV": "scale variation", "SC": "scale variation",
         "ARC": "aspect ratio variation", "LR": "low resolution", "OV": "out of view"}  # fmt: skip
RULES = {
    "as stated": AttributeRules(),
    "low resolution below 600": AttributeRules(low_resolution_px=600),
    "low resolution below 1000": AttributeRules(low_resolution_px=1000),
}


class Labelled(NamedTuple):
    """The boxes of a sequence, and which of its attributes are known to hold or not."""

    boxes: Boxes
    given: Mapping[str, bool]


def ptb_tir(root: Path) -> Iterator[Labelled]:
    for path in sorted((root / "ptbtir" / "tiranno").glob("*.txt")):
        found = read_attributes(path.parent / "att" / path.name)
        yield Labelled(read_boxes(path, origin=1), {name: name in found for name in PTB_TIR})


def lasher(root: Path) -> Iterator[Labelled]:
    for path in sorted((root / "gt").glob("*.txt")):
        flags = (root / "attr" / path.name).read_text().strip().split(",")
        given = {SHORT[name]: flag == "1" for name, flag in zip(LASHER, flags, strict=True)
                 if name in SHORT}  # fmt: skip
        yield Labelled(read_boxes(path, origin=1), given)


def rgbt234(root: Path) -> Iterator[Labelled]:
    below = root / "RGBT234" / "attr_txt"
    names = (below / "SequencesName.txt").read_text().split()
    columns = {path.stem: path.read_text().split() for path in below.glob("??.txt")}
    for number, name in enumerate(names):
        given = {SHORT[key]: flags[number] == "1" for key, flags in columns.items() if key in SHORT}
        for path in (root / "RGBT234" / "rgbt234_gt").rglob(f"{name}/init.txt"):
            yield Labelled(read_boxes(path, origin=1), given)


def table(title: str, sequences: list[Labelled], rules: AttributeRules) -> Iterator[str]:
    """A line for each attribute that both sides know."""
    for name in BOX_RULES:
        known = [each for each in sequences if name in each.given]
        if not known or name == "occlusion":
            continue
        ours = np.array([_has(each.boxes, name, rules) for each in known])
        theirs = np.array([each.given[name] for each in known])
        both = int((ours & theirs).sum())
        precision = f"{both / ours.sum():.2f}" if ours.any() else "-"
        recall = f"{both / theirs.sum():.2f}" if theirs.any() else "-"
        yield (
            f"| {title} | {name} | {len(known)} | {theirs.sum()} | {ours.sum()} | {both} "
            f"| {precision} | {recall} | {np.mean(ours == theirs):.2f} |"
        )


def _has(boxes: Boxes, name: str, rules: AttributeRules) -> bool:
    none = np.zeros(len(boxes), np.bool_)
    return bool(BOX_RULES[name](Seen(Track(0, "object", boxes, none, none), ENDLESS), rules).any())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/eval"))
    root = parser.parse_args().data
    with tempfile.TemporaryDirectory() as temporary:
        for archive in ("lasher/gt_and_results.tar.xz", "rgbt234/groundtruth.tar.xz"):
            with tarfile.open(root / archive) as tar:
                wanted = [
                    each for each in tar if each.name.split("/")[0] in {"gt", "attr", "RGBT234"}
                ]
                tar.extractall(temporary, wanted, filter="data")
        sets = {
            "PTB-TIR": list(ptb_tir(root)),
            "LasHeR test": list(lasher(Path(temporary))),
            "RGBT234": list(rgbt234(Path(temporary))),
        }
    for title, rules in RULES.items():
        print(f"\nRules {title}\n")
        print("| data | attribute | sequences | labelled | by rule | both | precision | recall "
              "| agree |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
        for name, sequences in sets.items():
            for line in table(name, sequences, rules):
                if rules == AttributeRules() or "low resolution" in line:
                    print(line)


if __name__ == "__main__":
    main()
