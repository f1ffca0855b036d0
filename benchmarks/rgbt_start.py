r"""Starts of our own for dual-attention's trunk, VGG-M's conv1-3 without ImageNet.

1. `tirdata pretrain-backbone` on the classes of the mix of `benchmarks/first_mix.py`, by
   `benchmarks/rgbt_pretrain.toml`: what ships is half of that (tracking/weights/vgg_m.md).
2. `--pairs PAIRS`: pairs are made of whole frames of the same clips. Svanström's thermal and
   visible clips (the first 80 % of the numbers of each class), three of Anti-UAV's, HIT-UAV's
   pictures. The half that a clip does not have is the one that it has in other tones or black-hot,
   blurred and noisy. Tracks of one class and set are one domain. Then

       tirdata train dual-attention --stage local --mix PAIRS --init RUN/vgg-m.safetensors \
           --config benchmarks/rgbt_start.toml --out LOCAL
   With `--lent` the half that a clip does not have is the one that it has, as LaSOT's frames are
   lent; 6 frames are taken of a clip and 80 of Anti-UAV's: for the global stage
   (benchmarks/global_start.toml).
3. `--trunk NET --out vgg_m.safetensors`: conv1-3 alone, of either, in half precision.
"""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from benchmarks.first_mix import RECIPE, Item, antiuav, hit_uav, svanstrom
from tirdata import files
from tirdata.config import to_json
from tirdata.masks.rectangle import encode, label, mask_of
from tirdata.mix.manifest import Counts, MixManifest
from tirdata.mix.pairs import FILES, TARGETS, PairSample
from tirdata.mix.shards import ShardWriter, tar_members
from tirdata.types import Box, Frame
from tracking.models.vgg_m import VggM
from tracking.trackers.global_search import cut_target
from tracking.weights.load import read_about, write_weights

FRAMES_OF_A_CLIP = 10
LENT_FRAMES = 6  # the same, for the global stage
FRAMES_OF_CLUTTER = 80  # of each clip of Anti-UAV's, for the global stage
PICTURES = 60  # of HIT-UAV, two objects of each


def main() -> None:
    """Make the pairs, or take the trunk out of a trained net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pairs", type=Path, help="make the mix of pairs there")
    parser.add_argument("--lent", action="store_true", help="both halves are the one there is")
    parser.add_argument("--trunk", type=Path, help="take conv1-3 out of this net")
    parser.add_argument("--out", type=Path, default=Path("vgg_m.safetensors"))
    given = parser.parse_args()
    if given.pairs:
        make_pairs(given.data, given.pairs, lent=given.lent)
    if given.trunk:
        write_trunk(given.trunk, given.out)


def make_pairs(data: Path, out: Path, *, lent: bool = False) -> None:
    """A mix of pairs of frames of clips that have one half each."""
    boxes = "thermal" if lent else "visible"  # the map lies on the thermal half as it is
    recipe = RECIPE.model_copy(update={"task": "rgbt", "mask_boxes": boxes})
    writer = ShardWriter(out / "train", recipe.shard_bytes)
    samples = pairs = 0
    for domain, item in chosen(data):
        for sample, blocks, offsets, sizes in cut(domain, item, samples, lent=lent):
            writer.add(sample, blocks, offsets, sizes)
            samples += 1
            pairs += len(sample.frames)
    writer.close()
    ShardWriter(out / "val", recipe.shard_bytes).close()
    none: dict[str, int] = {"sequences": 0, "recordings": 0, "groups": 0}
    manifest = MixManifest(
        recipe=recipe, classes=(), class_crops={}, licences={}, left_out={}, sequences=(),
        duplicates=(),
        subsets={
            "train": Counts(samples=samples, crops=pairs, shards=tuple(writer.shards), **none),
            "val": Counts(samples=0, crops=0, shards=(), **none),
        },
    )  # fmt: skip
    files.write_text(out / "mix.json", to_json(manifest))
    print(f"{out}: {pairs} pairs, {samples} tracks")


def chosen(data: Path) -> Iterator[tuple[str, Item]]:
    """What is trained on, each with the name of its domain."""
    clips = chain(
        svanstrom(data / "svanstrom" / "tir", "tir", 15),
        svanstrom(data / "svanstrom" / "visible", "vid", 25),
    )
    for item in clips:
        if item[0] == "train":
            yield f"{item[1]}-{item[2].tracks[0].class_name}", item
    for item in antiuav(data / "antiuav"):
        if item[0] == "train":
            yield item[2].name, item
    order = np.random.default_rng(0)
    pictures = [item for item in hit_uav(data / "hit-uav") if item[2].tracks]
    for place in order.permutation(len(pictures))[:PICTURES]:
        yield "hit-uav", pictures[place]


Made = tuple[PairSample, bytes, list[int], list[int]]


def cut(domain: str, item: Item, number: int, *, lent: bool = False) -> Iterator[Made]:
    """Pairs of the first two tracks of a sequence."""
    _, modality, sequence = item
    many = FRAMES_OF_A_CLIP
    if lent:
        many = FRAMES_OF_CLUTTER if domain.startswith("antiuav") else LENT_FRAMES
    for track in sequence.tracks[:2]:
        random = np.random.default_rng((number, track.id))
        usable = np.flatnonzero(~np.isnan(track.boxes).any(axis=1))
        held = getattr(sequence.frames, "_frames", {})
        usable = np.array([index for index in usable.tolist() if index in held])
        picks = np.unique(np.linspace(0, len(usable) - 1, many).round().astype(int))
        frames = [int(index) for index in usable[picks]]
        pictures = {index: sequence.frames[index] for index in frames}
        others = pictures if lent else other_half(pictures, random)
        thermal, visible = (pictures, others) if modality == "tir" else (others, pictures)
        boxes = tuple(tuple(float(v) for v in track.boxes[index]) for index in frames)
        height, width = pictures[frames[0]].shape[:2]
        sample = PairSample(
            key=f"{number:05d}-{sequence.name}-t{track.id}".replace(".", "_"), domain=modality,
            sequence=domain, track=0, class_name=track.class_name, recording=sequence.name,
            frames=tuple(frames), target_frame=frames[0], visible_size=(width, height),
            thermal_size=(width, height), visible_boxes=boxes, thermal_boxes=boxes,
            polarity="target-white", substitute="gray" if lent else "",
        )  # fmt: skip
        named = [
            (name, jpeg(cut_target(half[frames[0]], Box(*boxes[0]))))
            for name, half in zip(TARGETS, (visible, thermal), strict=True)
        ]
        for index in frames:
            shown = label(track.boxes[index][None], (width, height), (width, height))
            mask = encode(mask_of(shown, "target-white"))
            data = [jpeg(visible[index]), jpeg(thermal[index]), mask]
            names = [f"{index:06d}.{name}" for name in FILES]
            named += list(zip(names, data, strict=True))
        blocks, offsets = tar_members(sample, named)
        yield sample, blocks, offsets, [len(data) for _, data in named]


def other_half(pictures: dict[int, Frame], random: np.random.Generator) -> dict[int, Frame]:
    """Frames in the tones of another camera: a curve, black-hot or not, a blur, noise, dimmed."""
    knots = np.sort(random.uniform(0, 255, 4))
    curve = np.interp(np.arange(256), [0, 85, 170, 255], knots)
    curve = curve[::-1] if random.random() < 0.5 else curve
    blur, noise = random.uniform(0.3, 1.2), random.uniform(0, 6)
    made = {}
    for index, picture in pictures.items():
        blurred = cv2.GaussianBlur(curve[picture].astype(np.float32), (0, 0), blur)
        noisy = blurred + noise * random.standard_normal(picture.shape)
        made[index] = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return made


def jpeg(picture: Frame) -> bytes:
    """A frame as a file of three channels."""
    colour = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
    return cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def write_trunk(net: Path, out: Path) -> None:
    """conv1-3 of a backbone, or of a net whose halves share them, in half precision."""
    about = read_about(net)
    if about.get("model") != "vgg-m" and not about.get("share_conv"):
        raise SystemExit(f"{net}: its halves have a trunk each; expected share_conv = true")
    state, trunk = load_file(net), VggM(about["lrn"])
    names = {name: name if name in state else f"trunks.0.{name}" for name in trunk.state_dict()}
    trunk.load_state_dict({name: state[given] for name, given in names.items()})
    write_weights(out, trunk.to(torch.float16), about | {"model": "vgg-m"})
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
