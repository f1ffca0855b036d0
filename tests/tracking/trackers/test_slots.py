"""Fixed slots: the scores are those without, also of weights that learned; on a GPU recorded."""

import numpy as np
import pytest
import torch

from tests.made_pairs import FAST, made_pairs
from tests.tracking.models.recorded import record_here
from tests.tracking.trackers.test_online import learner_of
from tirdata.errors import MissingError
from tirdata.geometry import overlap
from tirdata.types import Box
from tracking.models.local_attention import Head
from tracking.trackers.dual_attention import DualAttentionTracker
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.slots import SLOTS, Slots


@pytest.mark.parametrize("count", [1, SLOTS, SLOTS + 3])
def test_scores_are_those_without_slots_whatever_their_number(count: int) -> None:
    weight = torch.randn(4, 2)
    slots = Slots(lambda x: x @ weight, record_here)
    features = torch.randn(count, 4)
    slots(torch.randn(5, 4))  # what was there before stays behind nowhere
    torch.testing.assert_close(slots(features), features @ weight)


def test_weights_that_learn_are_read_where_they_lie() -> None:
    head = torch.nn.Linear(4, 2).requires_grad_(requires_grad=False)
    slots, features = Slots(head, record_here), torch.randn(3, 4)
    slots(features)
    head.weight.add_(1)
    torch.testing.assert_close(slots(features), head(features))


def test_without_a_gpu_graphs_are_refused() -> None:
    config = DualAttentionConfig.model_validate({**FAST, "graphs": True})
    with pytest.raises(MissingError, match="graphs = true needs a GPU; the device is cpu"):
        DualAttentionTracker(config)


@pytest.mark.gpu
@torch.no_grad()
def test_a_graph_of_the_head_gives_its_scores() -> None:
    head = Head().cuda().eval()
    slots, features = Slots(head), torch.randn(300, 2, 512, 3, 3, device="cuda")
    torch.testing.assert_close(slots(features), head(features), rtol=1e-3, atol=1e-5)
    head.reset()
    torch.testing.assert_close(slots(features), head(features), rtol=1e-3, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("graphs", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("features", ["scene", "crops"])
def test_on_a_gpu_it_follows_a_warm_blob(features: str, precision: str, graphs: bool) -> None:
    sequence, pairs = made_pairs(6)
    more = {"device": "cuda", "features": features, "precision": precision, "graphs": graphs}
    tracker = DualAttentionTracker(DualAttentionConfig.model_validate({**FAST, **more}))
    truth = sequence.tracks[0].boxes
    tracker.init_pair(pairs[0], Box(*(float(value) for value in truth[0])))
    found = np.array([tracker.track_pair(pair).box for pair in pairs[1:]])
    assert overlap(found, truth[1:]).mean() > 0.5


def test_bf16_on_a_cpu_sees_nearly_the_same() -> None:
    (_, full, _), (_, half, _) = (learner_of(precision=name) for name in ("fp32", "bf16"))
    close = torch.nn.functional.cosine_similarity(
        full.features.float().flatten(1), half.features.float().flatten(1)
    )
    assert close.min() > 0.999
    assert not torch.equal(full.features, half.features)
