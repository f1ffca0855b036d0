"""MMNet as its tracker asks it: squares of frames in, templates and answers out, any number."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tirdata.errors import ConfigError, DataError
from tracking.models.alexnet import STRIDE, Features
from tracking.models.correlation_filter import MARGIN
from tracking.models.mmnet import MMNet, Templates
from tracking.models.replay import Replayed
from tracking.trackers.mmnet_embedding import build_embedding
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.trackers.response import (
    UPSAMPLING,
    Answer,
    answer_of,
    cosine_window,
    middle_part,
    read,
    upsample,
)
from tracking.trackers.squares import Square, crops_of, gathered, resampled
from tracking.weights.load import load_weights, pick_device, read_about, shipped

BATCH = {"cpu": 8, "cuda": 64}  # crops of one pass: what memory and caches like


class Network:
    """The weights on their device.

    Attributes:
        size: side of an exemplar's crop.
        search_size: side of a search crop, smaller where the reach is.
        by_patches: crops are made by the network's own device.

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
        self.by_patches = self.device.type != "cpu"
        if config.cuda_graphs and not self.by_patches:
            raise ConfigError(f"cuda_graphs: there are none on {self.device}; --device cuda")
        self._pass = Replayed(self._of_patches) if config.cuda_graphs else self._of_patches

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
        """What square i answers to template ``owners[i]`` of each of several sets of templates.

        The maps in the answers are good until the next call.
        """
        found: list[list[Answer]] = [[] for _ in several]
        start = 0
        for batch in self._batches(squares):
            own = chosen(_side_by_side(several), owners[start : start + len(batch)])
            start += len(batch)
            templates = [each for each in own if each is not None]
            if self.by_patches:
                table, maps = self._pass(*gathered(batch, self.search_size), *templates)
            else:
                crops = crops_of(batch, self.search_size, self.device)
                table, maps = self._of_crops(crops, *templates)
            for rows, values in zip(table.tolist(), maps, strict=True):
                for told, *answer in zip(found, rows, values, strict=True):
                    told.append(answer_of(*answer))
        return found

    def _of_patches(self, patches: Tensor, edges: Tensor, *templates: Tensor) -> tuple[Tensor, ...]:
        patches, edges = patches.to(self.device), edges.to(self.device)
        return self._of_crops(resampled(patches, edges, self.search_size), *templates)

    def _of_crops(
        self, crops: Tensor, discriminative: Tensor, fine_grained: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """What is read of the responses (n, k, 5), and these (n, k, r, r), to templates (n, k)."""
        count, sets = discriminative.shape[:2]
        features = self.embed(crops)
        if sets > 1:
            features = Features(*(each.repeat_interleave(sets, 0) for each in features))
        fine = None if fine_grained is None else fine_grained.flatten(0, 1)
        templates = Templates(discriminative.flatten(0, 1), fine)
        maps = upsample(self.model.answers(templates, features))
        table = read(maps, self.window, self.influence)
        return table.view(count, sets, -1), maps.view(count, sets, *maps.shape[1:])

    def _batches(self, squares: Sequence[Square]) -> Iterator[Sequence[Square]]:
        size = BATCH[self.device.type]
        return (squares[start : start + size] for start in range(0, len(squares), size))


def _side_by_side(several: Sequence[Templates]) -> Templates:
    """Several sets of n templates as one of (n, sets)."""
    fine = [each.fine_grained for each in several if each.fine_grained is not None]
    return Templates(
        torch.stack([each.discriminative for each in several], 1),
        torch.stack(fine, 1) if fine else None,
    )


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
