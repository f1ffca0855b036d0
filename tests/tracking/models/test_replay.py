"""Recorded work: which records there are, and what is answered from them."""

import pytest
import torch
from torch import Tensor

from tests.tracking.models.recorded import record_here
from tracking.models.mmnet import MMNet
from tracking.models.replay import Record, Replayed, Run, Tensors, record_on_gpu


def _run(crops: Tensor, offsets: Tensor) -> Tensors:
    return crops.float() * 2, crops.float().mean((1, 2, 3)) + offsets


def test_a_number_of_rows_is_recorded_once_and_others_are_filled_up() -> None:
    made: list[tuple[int, ...]] = []

    def record(run: Run, examples: Tensors) -> Record:
        made.append(tuple(examples[0].shape))
        return record_here(run, examples)

    replayed = Replayed(_run, record)
    for count in (1, 3, 5, 6, 1, 70):
        crops = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8)
        offsets = torch.rand(count)
        for found, wanted in zip(replayed(crops, offsets), _run(crops, offsets), strict=True):
            torch.testing.assert_close(found, wanted)
    assert made == [(1, 1, 8, 8), (3, 1, 8, 8), (8, 1, 8, 8), (70, 1, 8, 8)]


def test_other_shapes_are_another_record() -> None:
    made: list[Tensors] = []

    def record(run: Run, examples: Tensors) -> Record:
        made.append(examples)
        return record_here(run, examples)

    replayed = Replayed(_run, record)
    for side in (8, 9, 8):
        crops, _ = replayed(torch.ones(1, 1, side, side, dtype=torch.uint8), torch.zeros(1))
        assert crops.shape[-1] == side
    assert len(made) == 2


@pytest.mark.gpu
def test_a_recorded_pass_answers_as_the_network_does() -> None:
    model = MMNet(input_size=191).eval().cuda()

    def run(crops: Tensor) -> Tensors:
        return tuple(model.embed(crops.float() / 255))

    with torch.inference_mode():
        replayed = Replayed(run, record_on_gpu)
        for count in (1, 2, 3, 5):
            crops = torch.randint(0, 256, (count, 1, 191, 191), dtype=torch.uint8)
            wanted = run(crops.cuda())
            for ours, theirs in zip(replayed(crops), wanted, strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)
