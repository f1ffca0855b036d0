"""Batches of pairs: what they show, that labels lie on targets, and what decides them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tracking.training.made_pairs import pair_masks, pair_mix, pair_set
from tirdata.errors import DataError, UsageError
from tirdata.mix.pair_reader import Picture
from tracking.trackers.global_search import as_input
from tracking.training.global_config import (
    STANDARD_PAIR_AUGMENT,
    GlobalTrainConfig,
    PairAugment,
)
from tracking.training.pair_batches import PairBatch, PairDataset
from tracking.training.pair_sources import LabelledPair, MaskPairs, PairSource, Targets, open_pairs
from tracking.training.pair_views import look, show

SIZE = (64, 48)  # w, h


def dataset(source: PairSource, steps: int = 3, **config: object) -> PairDataset:
    made = GlobalTrainConfig.model_validate({"input_size": SIZE, "batch": 4, **config})
    return PairDataset(source, made, range(steps), range(made.batch))


@pytest.mark.parametrize("kind", ["mix", "masks"])
def test_a_batch_shows_pairs_with_targets_and_labels(
    kind: str, request: pytest.FixtureRequest
) -> None:
    source, _ = open_pairs(request.getfixturevalue(kind))
    assert (len(source), source.polarity, source.left_out) == (12, "target-white", {})
    batch = dataset(source).batch(0)
    assert len(batch) == 4
    for value in (batch.visible, batch.thermal, batch.target_visible, batch.target_thermal):
        assert (value.dtype, tuple(value.shape)) == (torch.uint8, (4, 3, 48, 64))
    assert tuple(batch.label.shape) == (4, 1, 48, 64)
    label = batch.label[:, 0].float() / 255
    # 40x30 of a frame of 160x128, plus at most a pixel to each side
    assert label.mean().item() == pytest.approx(40 * 30 / (160 * 128), rel=0.35)
    inside = label > 0.99
    warm, dark = batch.thermal[:, 0].float(), batch.visible[:, 0].float()
    assert warm[inside].mean() > warm[label == 0].mean() + 60
    assert dark[inside].mean() < dark[label == 0].mean() - 60
    # the target fills its pictures: as warm as what the label covers
    assert batch.target_thermal.float().mean() > warm[label == 0].mean() + 60


@pytest.mark.parametrize("polarity", ["target-white", "target-black"])
def test_labels_are_the_same_whatever_the_polarity(
    mix: Path, masks: Path, tmp_path: Path, polarity: str
) -> None:
    for place, other in (
        (mix, pair_mix(tmp_path / "a", mask_polarity=polarity)),
        (masks, pair_masks(tmp_path / "b", polarity=polarity)),
    ):
        ours, theirs = open_pairs(place)[0], open_pairs(other)[0]
        assert theirs.polarity == polarity
        assert torch.equal(dataset(ours).batch(1).label, dataset(theirs).batch(1).label)


def test_an_epoch_shows_every_pair_once_and_epochs_differ(mix: Path) -> None:
    source, _ = open_pairs(mix)
    made = dataset(source, steps=6)
    shown = [made.batch(step).visible for step in range(6)]
    epochs = [torch.cat(shown[:3]), torch.cat(shown[3:])]
    seen = [{picture.numpy().tobytes() for picture in epoch} for epoch in epochs]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 12
    assert not torch.equal(*epochs)


def same(a: PairBatch, b: PairBatch) -> bool:
    return all(torch.equal(value, b.__dict__[name]) for name, value in a.__dict__.items())


def test_a_batch_depends_on_seed_and_step_alone_and_parts_make_it_whole(mix: Path) -> None:
    source, _ = open_pairs(mix)
    augment = STANDARD_PAIR_AUGMENT
    whole = dataset(source, augment=augment, negative=0.3)
    assert same(whole.batch(2), dataset(source, augment=augment, negative=0.3).batch(2))
    assert not same(whole.batch(2), dataset(source, augment=augment, seed=1).batch(2))
    parts = [
        PairDataset(source, whole.config, range(3), range(first, first + 2)).batch(2)
        for first in (0, 2)
    ]
    for name, value in whole.batch(2).__dict__.items():
        assert torch.equal(value, torch.cat([part.__dict__[name] for part in parts])), name


def test_negatives_have_another_target_and_no_label(mix: Path) -> None:
    source, _ = open_pairs(mix)
    made = dataset(source, negative=0.5)
    labels = torch.cat([made.batch(step).label for step in range(6)])
    empty = (labels == 0).flatten(1).all(1)
    assert 0 < empty.sum() < len(empty)
    own = dataset(source)
    for step in range(2):
        some, none = made.batch(step), own.batch(step)
        for place in range(4):
            unlike = not torch.equal(some.target_thermal[place], none.target_thermal[place])
            assert unlike == bool((some.label[place] == 0).all())


def _raw() -> tuple[LabelledPair, Targets]:
    """A frame whose red is its column and green its row; the target is a rectangle of it."""
    picture: Picture = np.zeros((96, 128, 3), np.uint8)
    picture[..., 0] = np.arange(128)
    picture[..., 1] = np.arange(96)[:, None]
    label = np.zeros((96, 128), np.bool_)
    label[20:50, 60:100] = True
    return LabelledPair(picture, picture.copy(), label), Targets(picture[20:50, 60:100], picture)


def test_windows_hold_the_target_and_label_and_pictures_move_as_one() -> None:
    pair, targets = _raw()
    shares = set()
    for seed in range(30):
        random = np.random.default_rng(seed)
        shown = show(pair, targets, SIZE, random, PairAugment(zoom=1.0, flip=0.5))
        inside = shown.label == 255
        columns, rows = (shown.visible[..., axis][inside].astype(int) for axis in (0, 1))
        # all of the target is still there, and what is labelled is it
        assert (columns.min(), columns.max()) == pytest.approx((60, 99), abs=2.1)
        assert (rows.min(), rows.max()) == pytest.approx((20, 49), abs=2.1)
        assert np.array_equal(shown.visible, shown.thermal)
        shares.add(round(float(shown.label.mean()), 1))
    assert len(shares) > 10


def test_changes_stay_within_what_was_asked() -> None:
    pair, targets = _raw()
    plain = show(pair, targets, SIZE, np.random.default_rng(0), PairAugment())
    random = np.random.default_rng(0)
    turned = show(pair, targets, SIZE, random, PairAugment(invert=1.0))
    assert np.array_equal(turned.thermal, 255 - plain.thermal)
    assert np.array_equal(turned.target_thermal, 255 - plain.target_thermal)
    assert np.array_equal(turned.visible, plain.visible)
    dropped = show(pair, targets, SIZE, random, PairAugment(drop=1.0))
    flat = [np.ptp(each) == 0 for each in dropped[:4]]
    assert flat in ([True, False, True, False], [False, True, False, True])
    noisy = show(pair, targets, SIZE, random, PairAugment(noise=8, contrast=0.3))
    assert not np.array_equal(noisy.visible, plain.visible)
    assert np.array_equal(noisy.label, plain.label)


def test_a_target_larger_than_the_window_still_gives_a_label() -> None:
    pair, targets = _raw()
    big = pair._replace(label=np.ones((96, 128), np.bool_))
    shown = show(big, targets, SIZE, np.random.default_rng(3), PairAugment(zoom=3.0))
    assert (shown.label == 255).all()


def test_masks_of_several_targets_are_left_out_with_a_count(
    masks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.training.pair_sources._shows_one_target",
                        lambda folder: folder.name != "pair2")  # fmt: skip
    source = MaskPairs(masks)
    assert len(source) == 8
    assert source.left_out == {"several targets in one mask (masks --track ID)": 1}
    assert {source.recording(index) for index in range(8)} == {"0", "8"}


def test_what_is_neither_a_mix_of_pairs_nor_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"neither mix\.json nor manifest\.json"):
        open_pairs(pair_set(tmp_path / "pairs"))


def test_masks_without_a_usable_sequence_are_refused(
    masks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.training.pair_sources._shows_one_target", lambda folder: False)
    with pytest.raises(DataError, match=r"no pair to train on \(3 several targets"):
        open_pairs(masks)


def test_one_recording_has_no_other_targets(mix: Path) -> None:
    source, _ = open_pairs(mix)
    source.recording = lambda index: "one"  # type: ignore[method-assign]
    made = dataset(source, negative=0.99)[0]
    assert isinstance(made, DataError)
    assert "no other recording to take a target from" in str(made)


def test_a_pasted_target_lies_apart_and_either_is_asked_for() -> None:
    picture: Picture = np.full((96, 128, 3), 90, np.uint8)
    label = np.zeros((96, 128), np.bool_)
    label[40:50, 60:72] = True
    pair = LabelledPair(picture, picture, label)
    patch: Picture = np.full((12, 16, 3), 250, np.uint8)
    places = set()
    for seed in range(30):
        random = np.random.default_rng(seed)
        view = look(pair, (128, 96), random, PairAugment(), Targets(patch, patch), alike=True)
        own, pasted = (each > 0 for each in view.labels)
        assert not (own & pasted).any()
        assert 0.4 < pasted.sum() / (12 * 16) < 2.1  # 1.4 times as wide and high at most
        assert (view.visible[~pasted] == 90).all()
        rows, columns = np.nonzero(pasted)
        assert view.visible[int(rows.mean()), int(columns.mean()), 0] >= 89
        places.add((int(rows.min()), int(columns.min())))
    assert len(places) > 20


def test_no_room_for_a_second_target_leaves_the_pair_as_it_is() -> None:
    picture: Picture = np.full((96, 128, 3), 90, np.uint8)
    pair = LabelledPair(picture, picture, np.ones((96, 128), np.bool_))
    random = np.random.default_rng(0)
    view = look(pair, SIZE, random, PairAugment(), Targets(picture, picture))
    assert len(view.labels) == 1
    assert np.array_equal(view.visible, as_input(picture, SIZE))


def test_of_pasted_pairs_half_are_asked_for_the_pasted_one(mix: Path) -> None:
    source, _ = open_pairs(mix)
    made = dataset(source, steps=6, augment={"paste": 1.0})
    own = dataset(source, steps=6)
    others = 0
    for step in range(6):
        some, plain = made.batch(step), own.batch(step)
        for place in range(4):
            asked = torch.equal(some.target_thermal[place], plain.target_thermal[place])
            label = torch.equal(some.label[place], plain.label[place])
            assert asked == label
            assert some.label[place].any()
            others += not asked
    assert 3 < others < 21
