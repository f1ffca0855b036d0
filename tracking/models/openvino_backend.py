"""Features by OpenVINO instead of torch, from the extra ``openvino``: bf16, fp32 or eight bits.

Only what stands before the correlation goes there; filters, templates and correlation stay torch's,
in fp32.
"""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from tracking.models.alexnet import Features
from tracking.models.mmnet import MMNet


class _Embedding(nn.Module):
    """Bytes in, both features out: what is handed over."""

    def __init__(self, model: MMNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.embed(crops.float())
        return features.conv3, features.conv5


class OpenVinoFeatures:
    """``MMNet.embed`` of crops of any legal side, compiled once a side.

    Raises:
        ImportError: OpenVINO is not installed.
    """

    def __init__(self, model: MMNet, precision: str, threads: int) -> None:
        """Hand over ``model``.

        Args:
            model: an ``inference_copy`` in fp32, or ``quantised``.
            precision: f32 or bf16; what is left of an eight-bit model is computed in it.
            threads: of the processor.
        """
        import openvino  # noqa: PLC0415 - heavy, and an extra

        side = model.input_size
        example = torch.zeros(1, 1, side, side, dtype=torch.uint8)
        with torch.inference_mode(), warnings.catch_warnings():
            # It traces: torch dislikes that, and says that the padding of a transposed convolution
            # becomes a number. That goes by whether conv3's side is odd; the sides of a model's
            # crops differ by eights, so by an even number there.
            warnings.simplefilter("ignore")
            self._graph = openvino.convert_model(
                _Embedding(model).eval(), example_input=example, input=[(-1, 1, -1, -1)]
            )
        self._core = openvino.Core()
        self._options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
        }
        self._requests: dict[int, Any] = {}

    def __call__(self, crops: Tensor) -> Features:
        """Features, fp32, of crops (n, 1, s, s) uint8."""
        request = self._request(crops.shape[-1])
        request.infer([crops.numpy()])
        # Copies: the next inference writes into the same memory.
        conv3, conv5 = (
            torch.from_numpy(request.get_output_tensor(number).data.copy()) for number in range(2)
        )
        return Features(conv3, conv5)

    def _request(self, side: int) -> Any:  # noqa: ANN401 - OpenVINO's own
        if side not in self._requests:
            graph = self._graph.clone()
            graph.reshape([-1, 1, side, side])
            compiled = self._core.compile_model(graph, "CPU", self._options)
            self._requests[side] = compiled.create_infer_request()
        return self._requests[side]
