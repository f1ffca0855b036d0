"""MMNet as its tracker asks it: crops in, templates and responses out, any number at once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tirdata.errors import DataError
from tirdata.types import Frame
from tracking.models.alexnet import STRIDE
from tracking.models.correlation_filter import MARGIN
from tracking.models.mmnet import MMNet, Templates
from tracking.trackers.mmnet_embedding import build_embedding
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.trackers.response import Map, upsample
from tracking.weights.load import load_weights, pick_device, read_about, shipped

BATCH = {"cpu": 8, "cuda": 64}  # crops of one pass: what memory and caches like


class Network:
    """The weights on their device.

    Attributes:
        size: side of an exemplar's crop.
        search_size: side of a search crop, smaller where the reach is.

    Raises:
        MissingError: the weights, the device or the backend's package are not there.
        ConfigError: the backend does not compute so.
        DataError: the weights are of another model.
    """

    def __init__(self, config: MMNetConfig) -> None:
        self.device = pick_device(config.device)
        embedding = build_embedding(
            load_model(config.weights or shipped("mmnet")), config, self.device
        )
        self.embed, self.embed_exemplars = embedding.search, embedding.exemplars
        self.model = embedding.model
        self.dtype = self.model.backbone.conv1.weight.dtype
        self.size = self.model.input_size
        self.search_size = self.size - 2 * STRIDE * (MARGIN - config.reach)

    @torch.inference_mode()
    def exemplars(self, crops: Sequence[Frame]) -> Templates:
        """A template of each crop of ``size``."""
        parts = [
            self.model.templates(self.embed_exemplars(batch)) for batch in self._batches(crops)
        ]
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
            features = self.embed(batch)
            for templates, parts in zip(several, found, strict=True):
                parts.append(upsample(self.model.answers(chosen(templates, own), features)))
        return [np.asarray(torch.cat(parts).cpu().numpy(), np.float32) for parts in found]

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
        model = MMNet(
            tuple(about["branches"]),
            about["classes"],
            about["input_size"],
            about.get("compat", "paper"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{weights}: does not say which MMNet it is for ({error!r})") from None
    load_weights(weights, model)
    return model.eval()
