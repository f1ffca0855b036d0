"""MMNet as its tracker asks it: squares of frames in, templates and answers out, any number."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tirdata.errors import DataError
from tracking.models.alexnet import STRIDE
from tracking.models.correlation_filter import MARGIN
from tracking.models.mmnet import MMNet, Templates
from tracking.trackers.mmnet_embedding import build_embedding
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.trackers.response import (
    UPSAMPLING,
    Answer,
    cosine_window,
    middle_part,
    read,
    upsample,
)
from tracking.trackers.squares import Square, crops_of
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
        whole = cosine_window((2 * MARGIN + 1) * UPSAMPLING)
        self.window = middle_part(whole, (2 * config.reach + 1) * UPSAMPLING).to(self.device)
        self.influence = config.window_influence

    @torch.inference_mode()
    def exemplars(self, squares: Sequence[Square]) -> Templates:
        """A template of what each of ``squares`` shows."""
        parts = [
            self.model.templates(self.embed_exemplars(crops_of(batch, self.size, self.device)))
            for batch in self._batches(squares)
        ]
        return Templates(
            torch.cat([part.discriminative for part in parts]),
            None
            if self.model.fine_grained is None
            else torch.cat([part.fine_grained for part in parts if part.fine_grained is not None]),
        )

    @torch.inference_mode()
    def answers(
        self, several: Sequence[Templates], owners: Sequence[int], squares: Sequence[Square]
    ) -> list[list[Answer]]:
        """What square i answers to template ``owners[i]`` of each of several sets of templates."""
        found: list[list[Answer]] = [[] for _ in several]
        start = 0
        for batch in self._batches(squares):
            own = owners[start : start + len(batch)]
            start += len(batch)
            features = self.embed(crops_of(batch, self.search_size, self.device))
            for templates, told in zip(several, found, strict=True):
                maps = upsample(self.model.answers(chosen(templates, own), features))
                told.extend(read(maps, self.window, self.influence))
        return found

    def _batches(self, squares: Sequence[Square]) -> Iterator[Sequence[Square]]:
        size = BATCH[self.device.type]
        return (squares[start : start + size] for start in range(0, len(squares), size))


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
