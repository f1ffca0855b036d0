"""Recorded work: which records there are, and what is answered from them."""

import pytest
import torch
from torch import Tensor

from tracking.models.alexnet import Features
from tracking.models.mmnet import MMNet
from tracking.models.replay import Record, Replayed, Run, record_on_gpu


def _run(crops: Tensor) -> Features:
    return Features(crops.float() * 2, crops.float() + 1)


def _by_hand(made: list[tuple[int, ...]]) -> object:
    """A record as CUDA's: fixed memory that is read and written again."""

    def record(run: Run, example: Tensor) -> Record[Features]:
        made.append(tuple(example.shape))
        given = example.clone()
        found = Features(*(each.clone() for each in run(given)))

        def replay() -> None:
            for kept, new in zip(found, run(given), strict=True):
                kept.copy_(new)

        return Record(given, found, replay)

    return record


def test_a_number_of_crops_is_recorded_once_and_others_are_filled_up() -> None:
    made: list[tuple[int, ...]] = []
    replayed = Replayed(_run, _by_hand(made))  # type: ignore[arg-type]
    for count in (1, 3, 5, 6, 1, 70):
        crops = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8)
        found = replayed(crops)
        assert torch.equal(found.conv3, crops.float() * 2)
        assert torch.equal(found.conv5, crops.float() + 1)
    assert made == [(1, 1, 8, 8), (3, 1, 8, 8), (8, 1, 8, 8), (70, 1, 8, 8)]


def test_another_side_is_another_record() -> None:
    made: list[tuple[int, ...]] = []
    replayed = Replayed(_run, _by_hand(made))  # type: ignore[arg-type]
    for side in (8, 9, 8):
        assert replayed(torch.ones(1, 1, side, side, dtype=torch.uint8)).conv3.shape[-1] == side
    assert len(made) == 2


@pytest.mark.gpu
def test_a_recorded_pass_answers_as_the_network_does() -> None:
    model = MMNet(input_size=191).eval().cuda()

    def run(crops: Tensor) -> Features:
        features: Features = model.embed(crops.float() / 255)
        return features

    with torch.inference_mode():
        replayed = Replayed(run, record_on_gpu)
        for count in (1, 2, 3, 5):
            crops = torch.randint(0, 256, (count, 1, 191, 191), dtype=torch.uint8)
            wanted = run(crops.cuda())
            for ours, theirs in zip(replayed(crops), wanted, strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)
