"""What the loss of a batch is made of."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from tracking.models.mmnet import MMNet
from tracking.training.config import STRATEGIES, TrainConfig
from tracking.training.data import Batch
from tracking.training.losses import label_map
from tracking.training.matching import MatchingLoss
from tracking.training.sampling import Kind

SIDE = 191


@pytest.fixture(scope="module")
def model() -> MMNet:
    """Eval mode: with stored statistics, pairs do not see each other."""
    torch.manual_seed(0)
    return MMNet(input_size=SIDE).eval()


def _batch(*kinds: Kind, offsets: list[list[float]] | None = None) -> Batch:
    generator = torch.Generator().manual_seed(7)
    count = len(kinds)
    z, x = (
        torch.randint(0, 256, (count, 1, SIDE, SIDE), dtype=torch.uint8, generator=generator)
        for _ in range(2)
    )
    return Batch(
        z, x, torch.tensor(offsets or [[0.0, 0.0]] * count),
        torch.tensor([int(kind) for kind in kinds]), torch.arange(count),
    )  # fmt: skip


def _loss(strategy: str = "only-tir", **config: object) -> MatchingLoss:
    return MatchingLoss(TrainConfig.model_validate(config), STRATEGIES[strategy])


def _parts(model: MMNet, batch: Batch, loss: MatchingLoss) -> dict[str, Tensor]:
    with torch.no_grad():
        return loss(model, batch)


def _scores(model: MMNet, batch: Batch) -> Tensor:
    """Calibrated conv5 responses of each pair, (b, 33, 33)."""
    with torch.no_grad():
        z, x = (model.embed(images.float() / 255) for images in (batch.z, batch.x))
        responses = model.responses(model.templates(z), x)
        scores: Tensor = model.calibration5(responses.discriminative)
    return scores


def test_branches_and_strategy_decide_the_parts(model: MMNet) -> None:
    batch = _batch(Kind.POSITIVE)
    assert set(_parts(model, batch, _loss())) == {"dis", "fin", "cls"}
    assert set(_parts(model, batch, _loss("mix-train"))) == {"dis", "fin"}
    assert set(_parts(model, batch, _loss("mix-train", classification=1))) == {"dis", "fin", "cls"}
    assert set(_parts(MMNet(("dis",), input_size=SIDE).eval(), batch, _loss())) == {"dis"}


def test_a_positive_pair_weighs_a_half_on_each_side_of_its_labels(model: MMNet) -> None:
    batch = _batch(Kind.POSITIVE, offsets=[[3.0, -2.0]])
    labels = label_map(batch.offsets)
    scores = _scores(model, batch)
    losses = softplus(-labels * scores)
    wanted = 0.5 * losses[labels > 0].mean() + 0.5 * losses[labels < 0].mean()
    torch.testing.assert_close(_parts(model, batch, _loss())["dis"], wanted)


@pytest.mark.parametrize("kind", [Kind.EASY, Kind.HARD])
def test_a_negative_pair_has_no_positive_cell(model: MMNet, kind: Kind) -> None:
    batch = _batch(kind)
    wanted = 0.5 * softplus(_scores(model, batch)).mean()
    torch.testing.assert_close(_parts(model, batch, _loss())["dis"], wanted)


def test_hard_negatives_are_not_classified(model: MMNet) -> None:
    batch = _batch(Kind.POSITIVE, Kind.HARD, Kind.EASY)
    with torch.no_grad():
        scores = model.classify(model.embed(batch.z.float() / 255))
    each = torch.nn.functional.cross_entropy(scores, batch.labels, reduction="none")
    torch.testing.assert_close(_parts(model, batch, _loss())["cls"], (each[0] + each[2]) / 2)
    only = _parts(model, _batch(Kind.HARD), _loss())
    assert only["cls"].item() == 0


def test_the_weight_of_classification_multiplies(model: MMNet) -> None:
    batch = _batch(Kind.POSITIVE)
    one, third = (_parts(model, batch, _loss(classification=w))["cls"] for w in (1.0, 1 / 3))
    torch.testing.assert_close(third, one / 3)


def test_the_others_of_a_batch_are_negatives(model: MMNet) -> None:
    batch = _batch(Kind.POSITIVE, Kind.POSITIVE)
    swapped = Batch(batch.z, batch.x.flip(0), batch.offsets, batch.kinds, batch.labels)
    with torch.no_grad():
        z, x = (model.embed(images.float() / 255) for images in (swapped.z, swapped.x))
        responses = model.responses(model.templates(z), x)
        assert responses.fine_grained is not None
        wanted = 0.5 * (
            softplus(model.calibration5(responses.discriminative)).mean()
            + softplus(model.calibration3(responses.fine_grained)).mean()
        )
    others = _parts(model, batch, _loss(in_batch_negatives=0.25))["others"]
    torch.testing.assert_close(others, 0.25 * wanted)


def test_a_batch_of_one_has_no_others(model: MMNet) -> None:
    parts = _parts(model, _batch(Kind.POSITIVE), _loss(in_batch_negatives=0.25))
    assert parts["others"].item() == 0
    assert all(math.isfinite(part.item()) for part in parts.values())


def test_all_weights_but_those_behind_a_closed_door_get_a_gradient() -> None:
    """What lies behind delta and the last holistic layer, which start at 0, waits a step."""
    torch.manual_seed(0)
    model = MMNet(input_size=SIDE)
    parts = _loss()(model, _batch(Kind.POSITIVE, Kind.EASY))
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    without = {
        name for name, value in model.named_parameters()
        if value.grad is None or not value.grad.any()
    }  # fmt: skip
    behind = tuple(
        f"fine_grained.{name}."
        for name in (
            "pixel_level.query", "pixel_level.key", "pixel_level.value", "pixel_level.out",
            "holistic.down1", "holistic.down2", "holistic.up1",
        )
    )  # fmt: skip
    assert without
    assert all(name.startswith(behind) for name in without)
