"""The local net as its weights say it is, or random where that is asked for."""

from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from tirdata.errors import DataError
from tracking.models.local_attention import LocalAttention
from tracking.models.vgg_m import LRNS, VggM, initialise
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.weights.load import load_weights, read_about, shipped

TRUNK: Final = "vgg-m"  # conv1 to conv3 of one modality
WHOLE: Final = "dual-attention-local"  # both, with fc4 and fc5
WHERE: Final = (
    "dual-attention: no weights of VGG-M to start from; get imagenet-vgg-m.mat from "
    "https://www.vlfeat.org/matconvnet/models/imagenet-vgg-m.mat, make them ready with 'tirdata "
    "weights convert imagenet-vgg-m.mat --from vggm-mat --out vgg-m.safetensors' and name them "
    "with {flag}, or go on with random ones by --random-init (annotate: --set random_init=true)"
)


def build_local_net(config: DualAttentionConfig) -> LocalAttention:
    """The network in evaluation mode, with trunks that do not learn.

    Raises:
        MissingError: the weights are not there.
        DataError: they are of another model or normalisation.
    """
    dense = config.features == "scene"
    weights = local_weights(config)
    with torch.random.fork_rng([]):  # the caller's random numbers stay as they were
        torch.manual_seed(config.seed)
        model = _random(config, dense) if weights is None else _loaded(weights, config, dense)
    for trunk in model.trunks:
        trunk.requires_grad_(False)
    return model.eval()


def local_weights(config: DualAttentionConfig) -> Path | None:
    """The weights that are named, or else those that ship; None where random ones are asked for.

    Raises:
        MissingError: none are named, and this installation has none.
    """
    if config.weights is not None:
        return config.weights
    return None if config.random_init else shipped("vgg_m")


def trained_head(weights: Path | None) -> bool:
    """Whether fc4 and fc5 come with the weights."""
    return weights is not None and read_about(weights).get("model") == WHOLE


def _random(config: DualAttentionConfig, dense: bool) -> LocalAttention:
    model = LocalAttention(config.lrn or "matconvnet", fusion=config.fusion, dense=dense)
    for trunk in model.trunks:
        assert isinstance(trunk, VggM)  # noqa: S101 - for mypy
        initialise(trunk)
    return model


def _loaded(path: Path, config: DualAttentionConfig, dense: bool) -> LocalAttention:
    about = read_about(path)
    told, lrn = about.get("model"), about.get("lrn")
    if told not in (TRUNK, WHOLE):
        raise DataError(
            f"{path}: weights of {told or 'an unknown model'}; expected {TRUNK} or {WHOLE}"
        )
    if lrn not in LRNS:
        raise DataError(f"{path}: normalisation {lrn!r}; expected one of {', '.join(LRNS)}")
    if config.lrn not in (None, lrn):
        raise DataError(
            f"{path}: trained with normalisation {lrn}; the setting lrn says {config.lrn}: "
            "leave it out, features of another one are other features"
        )
    if told == WHOLE:
        return _whole(path, about, config, dense)
    model = LocalAttention(lrn, fusion=config.fusion, dense=dense)
    load_weights(path, model.trunks[0])
    return model


def _whole(
    path: Path, about: dict[str, Any], config: DualAttentionConfig, dense: bool
) -> LocalAttention:
    expected = {"fusion": config.fusion, "dense": dense}
    for name, wanted in expected.items():
        if about.get(name) != wanted:
            raise DataError(
                f"{path}: trained with {name} {about.get(name)}; expected {wanted}: change fusion "
                "or features, or train for these"
            )
    share = bool(about.get("share_conv", True))
    model = LocalAttention(about["lrn"], fusion=config.fusion, share_conv=share, dense=dense)
    load_weights(path, model, but=("head.fc6.",))
    return model


def fresh_head(model: LocalAttention, seed: int, trained: dict[str, Tensor]) -> None:
    """Give the head its first weights: by ``seed``, and fc4 and fc5 as they were ``trained``."""
    generator = torch.Generator().manual_seed(seed)
    head = model.head
    with torch.random.fork_rng([]):
        made = type(head)(head.fusion, head.domains)
    made.reset(generator)
    head.load_state_dict({**made.state_dict(), **trained})


def head_state(head: nn.Module) -> dict[str, Tensor]:
    """fc4 and fc5, copied."""
    return {
        name: value.detach().cpu().clone()
        for name, value in head.state_dict().items()
        if not name.startswith("fc6.")
    }
