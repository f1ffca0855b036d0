"""Settings of a training: the paper's by default, refused where they make no sense."""

import pytest

from tirdata.config import check
from tirdata.errors import ConfigError
from tracking.training.config import STRATEGIES, TrainConfig
from tracking.training.mmnet import build_schedule


def test_defaults_are_the_papers() -> None:
    config = TrainConfig()
    assert (config.batch, config.pairs_per_epoch, config.momentum) == (8, 47_880, 0.9)
    assert (config.positive, config.hard_negative, config.max_gap) == (0.6, 0.2, 100)
    assert config.decay == 5e-4
    assert set(config.augment.model_dump().values()) == {0.0}


@pytest.mark.parametrize(
    ("name", "epochs", "first", "domains"),
    [
        ("only-vid", 60, 1e-2, ("vid",)),
        ("only-tir", 60, 1e-2, ("tir",)),
        ("re-train", 30, 1e-3, ("tir",)),
        ("fine-tune", 30, 1e-3, ("tir",)),
        ("mix-train", 70, 1e-2, ("vid", "tir")),
    ],
)
def test_strategies_are_the_papers_five(
    name: str, epochs: int, first: float, domains: tuple[str, ...]
) -> None:
    strategy = STRATEGIES[name]
    schedule = build_schedule(TrainConfig(), strategy)
    assert (schedule.epochs, schedule.steps_per_epoch) == (epochs, 5985)
    assert schedule.rate(0) == pytest.approx(first)
    assert schedule.rate(schedule.steps - 1) == pytest.approx(1e-5)
    assert strategy.domains == domains
    assert strategy.needs_init == (name in ("re-train", "fine-tune"))


def test_every_strategy_that_may_be_asked_for_exists() -> None:
    for name in STRATEGIES:
        assert check({"strategy": name}, TrainConfig, where="train").strategy == name


def test_what_is_said_wins_over_the_strategy() -> None:
    config = TrainConfig(epochs=2, lr_first=0.5, lr_last=0.1, pairs_per_epoch=10, batch=4)
    schedule = build_schedule(config, STRATEGIES["only-tir"])
    assert schedule.steps == 2 * 2
    assert [schedule.rate(step) for step in range(4)] == pytest.approx([0.5, 0.5, 0.1, 0.1])


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"strategy": "guess"}, "strategy"),
        ({"branches": ["dis", "rpn"]}, "branches.1"),
        ({"positive": 0.8, "hard_negative": 0.3}, r"make 1\.1 of the pairs; expected at most 1"),
        ({"lr_first": 0}, "lr_first"),
        ({"precision": "fp16"}, "precision"),
        ({"augment": {"shift": 65}}, r"augment\.shift"),
        ({"augment": {"rotate": 5}}, r"augment\.rotate"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": 1}, "learning_rate"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_makes_no_sense_is_refused_by_name(values: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        check(values, TrainConfig, where="train")
