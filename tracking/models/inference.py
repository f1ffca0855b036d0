"""A network made ready to answer only: the same function with less work, its own weights untouched.

Batch norms that stand behind a convolution go into its weights, delta goes into the layer that it
multiplies, and a module whose delta is 0 is left out. Templates are fp32 whatever the features are.
"""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tracking.models.fine_grained import PixelLevel
from tracking.models.mmnet import MMNet

FOLDED = (1, 2, 4)  # conv3 is tapped before its norm, conv5 has none


def inference_copy(
    model: MMNet, *, folded: bool = True, pooling: int = 1, dtype: torch.dtype = torch.float32
) -> MMNet:
    """A copy of ``model`` in evaluation mode, for images of 0..255 where the model takes 0..1.

    Args:
        model: trained; not changed.
        folded: norms and delta go into the weights beside them.
        pooling: keys and values of the attention are means of ``pooling`` x ``pooling`` positions.
        dtype: of features and their weights.
    """
    ready = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
    attention = None if ready.fine_grained is None else ready.fine_grained.pixel_level
    if attention is not None:
        attention.pooling = pooling
    with torch.no_grad():
        # Bytes are exact in bf16, bytes through 255 are not.
        ready.backbone.conv1.weight.div_(255.0)
    if folded:
        _fold_backbone(ready.backbone)
        if attention is not None:
            _fold_attention(attention)
    ready.backbone.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if ready.fine_grained is not None:
        ready.fine_grained.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ready


def _fold_backbone(backbone: nn.Module) -> None:
    for number in FOLDED:
        conv, norm = (getattr(backbone, f"{kind}{number}") for kind in ("conv", "norm"))
        setattr(backbone, f"conv{number}", fuse_conv_bn_eval(conv, norm))
        setattr(backbone, f"norm{number}", nn.Identity())


def _fold_attention(attention: PixelLevel) -> None:
    for name in ("query", "key", "value"):
        conv, norm, activation = getattr(attention, name)
        setattr(attention, name, nn.Sequential(fuse_conv_bn_eval(conv, norm), activation))
    with torch.no_grad():
        attention.adds = bool(attention.delta != 0)
        attention.out.weight.mul_(attention.delta)
        attention.out.bias.mul_(attention.delta)  # type: ignore[union-attr]
        attention.delta.fill_(1.0)
