"""Online learning: hard negatives, what is learned, what is skipped, and the same numbers twice."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.made_pairs import made_pairs
from tirdata.types import Box
from tracking.models.local_attention import TARGET
from tracking.trackers.box_samples import Generator, that_overlap
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import build_local_net, fresh_head
from tracking.trackers.online import Bank, Learner, Memory
from tracking.trackers.pair_features import Alignment, Extractor, Samples, View

SMALL = {"random_init": True, "init_steps": 4, "positives": 8, "mined_negatives": 8}


def learner_of(**settings: Any) -> tuple[Learner, Samples, Samples]:  # noqa: ANN401 - settings
    """A learner and a few samples of a made pair."""
    config = DualAttentionConfig.model_validate({**SMALL, "scene_limit": 2.5, **settings})
    extract = Extractor(build_local_net(config), config)
    fresh_head(extract.model, 0, {})
    sequence, pairs = made_pairs(1)
    box = Box(*(float(value) for value in sequence.tracks[0].boxes[0]))
    view = View.of(pairs[0], Alignment(), torch.device("cpu"))
    around = Generator(np.random.default_rng(0), view.size, box)
    good = that_overlap(lambda n: around.gaussian(n, 0.1, 1.2), 8, box, 0.7, 1)
    bad = that_overlap(lambda n: around.uniform(n, 1.0, 1.2), 16, box, 0, 0.3)
    size = np.array(box[2:])
    return (
        Learner(extract, config, np.random.default_rng(1)),
        extract(view, good, size),
        extract(view, bad, size),
    )


def test_it_learns_to_tell_the_object_from_what_is_beside_it() -> None:
    learner, good, bad = learner_of(init_steps=15)
    learner.start(good, bad)
    yes, no = (learner.scores(each.features)[:, TARGET] for each in (good, bad))
    assert yes.mean() > 0 > no.mean()
    assert learner.skipped == 0


def test_the_hardest_negatives_are_those_that_score_best() -> None:
    learner, good, bad = learner_of(mined_negatives=5, negatives_looked_at=16)
    learner.start(good, bad)
    bank = Bank([bad])
    scores = learner.scores(bank.features)[:, TARGET].numpy()
    assert set(learner._hardest(bank)) == set(np.argsort(-scores)[:5])


@pytest.mark.parametrize(
    "settings",
    [
        {"attention": "roi"},
        {"attention": "roi", "attention_fuse": "per_modality", "regulariser": "batch_ratio"},
        {"attention": "roi", "fusion": "fc5", "features": "crops"},
        {"attention": "conv1", "features": "crops", "positives": 3, "mined_negatives": 3},
    ],
    ids=["roi", "switches", "fc5", "conv1"],
)
def test_attention_changes_what_is_learned(settings: dict[str, Any]) -> None:
    found = []
    for weight in (0.0, 3.0):
        learner, good, bad = learner_of(weight=weight, init_steps=2, **settings)
        learner.start(good, bad)
        assert learner.skipped == 0
        found.append(learner.weights[0].detach().clone())
    assert not torch.equal(*found)


def test_off_is_a_weight_of_0() -> None:
    found = []
    for settings in ({"attention": "off"}, {"weight": 0.0}):
        learner, good, bad = learner_of(**settings)
        learner.start(good, bad)
        found.append(learner.weights[0].detach().clone())
    assert torch.equal(*found)


def test_the_same_seed_learns_the_same_and_torchs_own_numbers_stay() -> None:
    before = torch.random.get_rng_state()
    one, good, bad = learner_of()
    one.start(good, bad)
    other, _, _ = learner_of()
    other.start(good, bad)
    found = one.scores(good.features)
    assert torch.equal(found, other.scores(good.features))
    one.update([good], [])  # nothing to tell it from: nothing is learned
    assert torch.equal(one.scores(good.features), found)
    torch.testing.assert_close(torch.random.get_rng_state(), before)


def test_a_step_whose_gradient_is_no_number_is_left_out() -> None:
    learner, good, bad = learner_of()
    good.features[:] = torch.inf
    before = learner.weights[0].detach().clone()
    learner.start(good, bad)
    assert learner.skipped == 4
    assert torch.equal(learner.weights[0], before)


def test_crops_of_a_bank_come_in_the_order_of_its_rows() -> None:
    learner, good, bad = learner_of(features="crops", attention="conv1")
    bank = Bank([good, bad, good])
    rows = np.array([25, 3, 12, 30])
    crops = bank.crops(rows, learner.extractor)
    for row, crop in zip(rows, crops, strict=True):
        alone = bank.crops(np.array([row]), learner.extractor)
        torch.testing.assert_close(crop, alone[0])


def test_memory_forgets_and_keeps_no_empty_frames() -> None:
    config = DualAttentionConfig(random_init=True, long_memory=4, short_memory=2)
    memory = Memory(config)
    _, good, bad = learner_of()
    for _ in range(6):
        memory.add(good, bad[:0])
        memory.add(good[:0], bad)
    assert (len(memory.positives), len(memory.negatives), len(memory.lately())) == (4, 2, 2)
