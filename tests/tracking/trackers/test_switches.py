"""The switches of the paper's choices as --set gives them: each changes what it should alone."""

from typing import Any

import pytest
import torch

from cli.scoring import settings_of
from tests.tracking.trackers.test_online import learner_of
from tracking.trackers import tracker_factory
from tracking.trackers.dual_attention_settings import PAPER, DualAttentionConfig
from tracking.trackers.online import Learner
from tracking.trackers.pair_features import Samples

SWITCHES = (
    "weight=5", "weight=0.0", "regulariser=batch_ratio", "attention_fuse=per_modality",
    "cross_entropy=mean", "attention=off",
)  # fmt: skip
CROPS = {"features": "crops", "positives": 3, "mined_negatives": 3, "init_steps": 1}


def config_of(*words: str) -> DualAttentionConfig:
    """What the tracker is built with."""
    factory = tracker_factory("dual-attention", settings_of(words))
    config: DualAttentionConfig = factory.args[0]  # type: ignore[attr-defined]  # it is a partial
    return config


def learned(**settings: Any) -> tuple[Learner, Samples]:  # noqa: ANN401 - settings
    learner, good, bad = learner_of(**{"init_steps": 2, **settings})
    learner.start(good, bad)
    return learner, good


@pytest.mark.parametrize("word", SWITCHES)
def test_what_is_learned_changes_and_what_is_seen_does_not(word: str) -> None:
    ((name, value),) = settings_of([word]).items()
    assert getattr(config_of(word), name) == value
    (plain, before), (other, after) = learned(), learned(**settings_of([word]))
    assert torch.equal(before.features, after.features)
    assert not torch.equal(plain.weights[0], other.weights[0])


def test_where_attention_is_looked_at_changes_what_is_learned() -> None:
    found = []
    for word in ("attention=roi", "attention=conv1", "attention=input", "attention=off"):
        assert config_of(word, "features=crops").attention == word.partition("=")[2]
        learner, _ = learned(**CROPS, **settings_of([word]))
        found.append(learner.weights[0].detach())
    for number, each in enumerate(found):
        assert not any(torch.equal(each, other) for other in found[:number])


def test_the_normalisation_changes_what_is_seen() -> None:
    found = []
    for lrn in ("matconvnet", "pymdnet", "rt"):
        assert config_of(f"lrn={lrn}").lrn == lrn
        learner, good, _ = learner_of(lrn=lrn)
        found.append(good.features)
        assert learner.weights[0].shape == (512, 2 * 512 * 9)
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_fusion_changes_where_the_halves_meet() -> None:
    shapes = {}
    for fusion in ("conv3", "fc5"):
        assert config_of(f"fusion={fusion}").fusion == fusion
        learner, good = learned(fusion=fusion)
        head = learner.model.head
        shapes[fusion] = (len(head.fc4), tuple(head.fc6[0].weight.shape))  # type: ignore[arg-type]
        assert learner.scores(good.features).shape == (8, 2)
    assert shapes == {"conv3": (1, (2, 512)), "fc5": (2, (2, 1024))}


def test_the_papers_profile_is_its_base_and_every_value_can_be_set() -> None:
    paper, fast = config_of("profile=paper"), config_of()
    assert {name: getattr(paper, name) for name in PAPER} == PAPER
    changed = {name for name, value in paper if value != getattr(fast, name)} - {"profile"}
    assert changed <= PAPER.keys()
    back = [f"{name}={getattr(fast, name)}" for name in PAPER]
    assert config_of("profile=paper", *back) == fast.model_copy(update={"profile": "paper"})
