"""The regulariser by its formulas, and its gradient three ways."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tracking.models.local_attention import BACKGROUND, TARGET, Fusion, LocalAttention
from tracking.models.reciprocative import (
    Fuse,
    Maps,
    Ratio,
    maps_at_layer,
    maps_at_regions,
    maps_of,
    regulariser,
)
from tracking.models.regions import pool
from tracking.models.vgg_m import initialise

POSITIVES = torch.tensor([True, True, False, False])


def made_maps(*, seed: int = 0, scale: float = 1.0) -> Maps:
    random = torch.Generator().manual_seed(seed)
    found = torch.rand(2, 4, 1, 6, 6, generator=random, dtype=torch.float64) * scale
    return Maps(found[0], found[1])


def made_model(fusion: Fusion = "conv3") -> LocalAttention:
    torch.manual_seed(3)
    model = LocalAttention(fusion=fusion, share_conv=False).double().eval()
    for trunk in model.trunks:
        initialise(trunk)  # type: ignore[arg-type]
        trunk.requires_grad_(False)
    for parameter in model.head.parameters():
        parameter.data *= 3
    return model


def made_pooled() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(4)
    lattices = torch.randn(4, 1024, 7, 7, generator=random, dtype=torch.float64)
    pooled, where = pool(lattices.relu())
    return pooled.reshape(4, 2, 512, 3, 3), where.reshape(4, 2, 512, 3, 3)


def test_it_is_equations_2_and_3() -> None:
    maps = made_maps()
    expected = torch.zeros(2, dtype=torch.float64)
    for index, positive in enumerate(POSITIVES):
        p, n = maps.positive[index], maps.negative[index]
        if positive:
            expected[0] += p.std(correction=0) / p.mean() + n.mean() / n.std(correction=0)
        else:
            expected[1] += p.mean() / p.std(correction=0) + n.std(correction=0) / n.mean()
    torch.testing.assert_close(
        regulariser(maps, POSITIVES), expected.sum() / 2, rtol=1e-5, atol=1e-5
    )


def test_the_batchs_ratio_divides_sums() -> None:
    maps = made_maps()
    means = [x.mean(dim=(1, 2, 3)) for x in maps]
    sigmas = [x.std(dim=(1, 2, 3), correction=0) for x in maps]
    yes, no = POSITIVES, ~POSITIVES
    expected = (
        sigmas[0][yes].sum() / means[0][yes].sum()
        + means[1][yes].sum() / sigmas[1][yes].sum()
        + means[0][no].sum() / sigmas[0][no].sum()
        + sigmas[1][no].sum() / means[1][no].sum()
    )
    found = regulariser(maps, POSITIVES, "batch_ratio")
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("ratio", ["per_sample", "batch_ratio"])
def test_the_scale_of_maps_does_not_matter(ratio: Ratio) -> None:
    one = regulariser(made_maps(), POSITIVES, ratio)
    torch.testing.assert_close(regulariser(made_maps(scale=1e-12), POSITIVES, ratio), one)
    torch.testing.assert_close(regulariser(made_maps(scale=1e9), POSITIVES, ratio), one)


def test_dividing_by_the_mean_leaves_the_gradient_as_it_is() -> None:
    maps = made_maps()
    start = maps.positive.clone().requires_grad_()
    found = torch.autograd.grad(regulariser(Maps(start, maps.negative), POSITIVES), start)[0]
    plain = torch.zeros((), dtype=torch.float64)
    for index, positive in enumerate(POSITIVES):
        sigma, mu = start[index].std(correction=0), start[index].mean()
        plain = plain + (sigma / mu if positive else mu / sigma) / 2
    expected = torch.autograd.grad(plain, start)[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_dead_sample_counts_for_nothing() -> None:
    maps = made_maps()
    without = regulariser(Maps(maps.positive[1:], maps.negative[1:]), POSITIVES[1:])
    maps.positive[0] = 0
    torch.testing.assert_close(regulariser(maps, POSITIVES), without)
    nothing = Maps(torch.zeros(4, 1, 3, 3), torch.zeros(4, 1, 3, 3))
    assert regulariser(nothing, POSITIVES) == 0


@pytest.mark.parametrize("ratio", ["per_sample", "batch_ratio"])
def test_an_even_map_gives_numbers(ratio: Ratio) -> None:
    start = torch.full((4, 1, 5, 5), 1e-9, requires_grad=True)
    value = regulariser(Maps(start, start), POSITIVES, ratio)
    (gradient,) = torch.autograd.grad(value, start)
    assert value.isfinite()
    assert value <= 2 * 10 + 1e-3  # the cap, for positives and negatives
    assert gradient.isfinite().all()


@pytest.mark.parametrize("fusion", ["conv3", "fc5"])
def test_the_heads_gradients_written_out_are_those_of_autograd(fusion: Fusion) -> None:
    model = made_model(fusion)
    features = made_pooled()[0].requires_grad_()
    scores = model.head(features)
    found = model.head.gradients(features.detach())
    for score in (BACKGROUND, TARGET):
        expected = torch.autograd.grad(scores[:, score].sum(), features, retain_graph=True)[0]
        torch.testing.assert_close(found[score], expected)


def by_autograd(
    model: LocalAttention, start: Tensor, forward: Callable[[Tensor], Tensor], fuse: Fuse
) -> Tensor:
    """The regulariser by derivatives of derivatives, nothing written out."""
    start = start.detach().requires_grad_()
    scores = forward(start)
    found = [
        torch.autograd.grad(scores[:, score].sum(), start, create_graph=True)[0]
        for score in (BACKGROUND, TARGET)
    ]
    return regulariser(maps_of(torch.stack(found), fuse), POSITIVES[-len(start) :])


def gradients(value: Tensor, model: LocalAttention) -> list[Tensor]:
    weights = [*model.head.parameters()]
    return [*torch.autograd.grad(value, weights, allow_unused=True, materialize_grads=True)]


@pytest.mark.parametrize("fuse", ["common", "per_modality"])
@pytest.mark.parametrize("fusion", ["conv3", "fc5"])
def test_at_regions_the_short_way_equals_autograds_second_derivative(
    fusion: Fusion, fuse: Fuse
) -> None:
    model = made_model(fusion)
    random = torch.Generator().manual_seed(4)
    lattices = torch.randn(4, 2, 512, 7, 7, generator=random, dtype=torch.float64)

    def forward(x: Tensor) -> Tensor:
        pooled = torch.nn.functional.max_pool2d(x.flatten(1, 2).relu(), 3, 2)
        scores: Tensor = model.head(pooled.reshape(4, 2, 512, 3, 3))
        return scores

    expected = by_autograd(model, lattices, forward, fuse)
    pooled, where = made_pooled()
    found = regulariser(maps_at_regions(model, pooled, where, fuse), POSITIVES)
    torch.testing.assert_close(found, expected)
    for short, long in zip(gradients(found, model), gradients(expected, model), strict=True):
        torch.testing.assert_close(short, long, rtol=1e-6, atol=1e-12)


def test_at_regions_what_is_0_everywhere_shows_no_point() -> None:
    model = made_model()
    pooled, where = made_pooled()
    pooled[:, :, 1:] = 0  # all but a feature of each half
    maps = maps_at_regions(model, pooled, where)
    seen = torch.zeros(4, 49, dtype=torch.bool)
    seen.scatter_(1, where[:, :, 0].reshape(4, -1).long(), value=True)
    assert not maps.positive.reshape(4, 49)[~seen].any()
    assert maps.positive.any()


@pytest.mark.parametrize("layer", ["conv1", "input"])
def test_at_conv1_and_input_the_short_way_equals_autograds(layer: str) -> None:
    model = made_model()
    crops = 40 * torch.randn(3, 2, 3, 107, 107, dtype=torch.float64)

    def forward(x: Tensor) -> Tensor:
        features = model.features(x) if layer == "input" else model.rest(x)
        scores: Tensor = model.head(features)
        return scores

    start = crops if layer == "input" else model.first(crops)
    expected = by_autograd(model, start, forward, "common")
    maps, features = maps_at_layer(model, crops, layer)  # type: ignore[arg-type]
    assert maps.positive.shape == ((3, 1, 107, 107) if layer == "input" else (3, 1, 51, 51))
    torch.testing.assert_close(features, model.features(crops))
    found = regulariser(maps, POSITIVES[-3:])
    torch.testing.assert_close(found, expected)
    for short, long in zip(gradients(found, model), gradients(expected, model), strict=True):
        torch.testing.assert_close(short, long, rtol=1e-6, atol=1e-12)


def test_its_gradient_is_that_of_finite_differences() -> None:
    model = made_model()
    pooled, where = made_pooled()
    weights = [model.head.fc4[0].weight, model.head.fc6[0].weight]

    def value() -> Tensor:
        return regulariser(maps_at_regions(model, pooled, where), POSITIVES)

    random = torch.Generator().manual_seed(5)
    for weight in weights:
        assert isinstance(weight, torch.nn.Parameter)
        way = torch.randn(weight.shape, generator=random, dtype=torch.float64)
        (gradient,) = torch.autograd.grad(value(), weight)
        step = 1e-6
        with torch.no_grad():
            weight.add_(step * way)
            ahead = value()
            weight.sub_(2 * step * way)
            behind = value()
            weight.add_(step * way)
        slope = (ahead - behind) / (2 * step)
        torch.testing.assert_close((gradient * way).sum(), slope, rtol=1e-4, atol=1e-8)


def test_it_changes_what_the_head_learns() -> None:
    model = made_model()
    pooled, where = made_pooled()
    loss = torch.nn.functional.cross_entropy(model.head(pooled), POSITIVES.long(), reduction="sum")
    without = gradients(loss, model)
    loss = torch.nn.functional.cross_entropy(model.head(pooled), POSITIVES.long(), reduction="sum")
    loss = loss + 3 * regulariser(maps_at_regions(model, pooled, where), POSITIVES)
    assert not torch.allclose(gradients(loss, model)[0], without[0])
