"""MMNet as its tracker asks it: crops in, templates and responses out, any number at once."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tirdata.errors import DataError
from tirdata.types import Frame
from tracking.models.alexnet import STRIDE, Features
from tracking.models.correlation_filter import MARGIN
from tracking.models.inference import inference_copy
from tracking.models.mmnet import MMNet, Templates
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.trackers.response import Map, upsample
from tracking.weights.load import (
    load_weights,
    pick_device,
    pick_precision,
    processor_has_bf16,
    read_about,
    shipped,
)

logger = logging.getLogger(__name__)

BATCH = {"cpu": 8, "cuda": 64}  # crops of one pass: what memory and caches like


class Network:
    """The weights on their device.

    Attributes:
        size: side of an exemplar's crop.
        search_size: side of a search crop, smaller where the reach is.

    Raises:
        MissingError: the weights or the device are not there.
        DataError: the weights are of another model.
    """

    def __init__(self, config: MMNetConfig) -> None:
        self.device = pick_device(config.device)
        precision = pick_precision(config.precision, str(self.device))
        if precision == "bf16" and self.device.type == "cpu" and not processor_has_bf16():
            logger.warning(
                "this processor does not compute in bf16: it is emulated, slower than fp32 would be"
            )
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.model = inference_copy(
            load_model(config.weights or shipped("mmnet")),
            folded=config.folded,
            pooling=2 if config.attention == "pooled" else 1,
            dtype=self.dtype,
        ).to(self.device)
        self.size = self.model.input_size
        self.search_size = self.size - 2 * STRIDE * (MARGIN - config.reach)

    @torch.inference_mode()
    def exemplars(self, crops: Sequence[Frame]) -> Templates:
        """A template of each crop of ``size``."""
        parts = [self.model.templates(self._features(batch)) for batch in self._batches(crops)]
        return Templates(
            torch.cat([part.discriminative for part in parts]),
            None
            if self.model.fine_grained is None
            else torch.cat([part.fine_grained for part in parts if part.fine_grained is not None]),
        )

    def responses(self, templates: Templates, owners: Sequence[int], crops: Sequence[Frame]) -> Map:
        """Summed responses, upsampled, (n, R, R): crop i to template ``owners[i]``."""
        return self.responses_to([templates], owners, crops)[0]

    @torch.inference_mode()
    def responses_to(
        self, several: Sequence[Templates], owners: Sequence[int], crops: Sequence[Frame]
    ) -> list[Map]:
        """As ``responses`` for each of several sets of templates; crops are embedded once."""
        found: list[list[Tensor]] = [[] for _ in several]
        start = 0
        for batch in self._batches(crops):
            own = owners[start : start + len(batch)]
            start += len(batch)
            features = self._features(batch)
            for templates, parts in zip(several, found, strict=True):
                parts.append(upsample(self.model.answers(chosen(templates, own), features)))
        return [np.asarray(torch.cat(parts).cpu().numpy(), np.float32) for parts in found]

    def _features(self, batch: Sequence[Frame]) -> Features:
        crops = torch.from_numpy(np.stack(batch))[:, None].to(self.device).to(self.dtype)
        features: Features = self.model.embed(crops.contiguous(memory_format=torch.channels_last))
        return features

    def _batches(self, crops: Sequence[Frame]) -> Iterator[Sequence[Frame]]:
        size = BATCH[self.device.type]
        return (crops[start : start + size] for start in range(0, len(crops), size))


def chosen(templates: Templates, rows: Sequence[int]) -> Templates:
    """Those of ``rows``."""
    return Templates(
        templates.discriminative[list(rows)],
        None if templates.fine_grained is None else templates.fine_grained[list(rows)],
    )


@torch.inference_mode()
def renewed(templates: Templates, rows: Sequence[int], new: Templates, rate: float) -> Templates:
    """``templates`` whose ``rows`` have gone the share ``rate`` of the way to ``new``."""
    return Templates(
        _renewed(templates.discriminative, new.discriminative, rows, rate),
        None
        if templates.fine_grained is None or new.fine_grained is None
        else _renewed(templates.fine_grained, new.fine_grained, rows, rate),
    )


def _renewed(old: Tensor, new: Tensor, rows: Sequence[int], rate: float) -> Tensor:
    result = old.clone()
    result[list(rows)] = torch.lerp(old[list(rows)], new, rate)
    return result


def load_model(weights: Path) -> MMNet:
    """The network that ``weights`` were trained for, in evaluation mode.

    Raises:
        MissingError: no such file.
        DataError: the weights are not MMNet's.
    """
    about = read_about(weights)
    if about.get("model") != "mmnet":
        raise DataError(
            f"{weights}: weights of {about.get('model', 'an unknown model')}; expected mmnet"
        )
    try:
        model = MMNet(tuple(about["branches"]), about["classes"], about["input_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{weights}: does not say which MMNet it is for ({error!r})") from None
    load_weights(weights, model)
    return model.eval()
