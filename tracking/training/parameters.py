"""Which parameters learn, and how fast beside each other."""

from typing import Any

from torch import nn

RELEASED_DECAY = 10


def parameter_groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights at rate 1 with decay; biases at 2, batch-norm gains at 2 and shifts at 1, without.

    Of an MMNet with ``compat`` released, weights of the holistic module have ten times the decay.
    """
    released = getattr(model, "compat", None) == "released"
    norms = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        owner, _, kind = name.rpartition(".")
        if owner in norms:
            key = (2.0, 0.0) if kind == "weight" else (1.0, 0.0)
        elif kind == "bias":
            key = (2.0, 0.0)
        else:
            # delta and the calibrations' gains: ordinary rate, no decay
            own = decay * RELEASED_DECAY if released and "holistic." in name else decay
            key = (1.0, own if parameter.ndim > 1 else 0.0)
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "lr_multiplier": multiplier, "weight_decay": group_decay}
        for (multiplier, group_decay), parameters in groups.items()
    ]


def freeze(model: nn.Module, prefixes: tuple[str, ...]) -> None:
    """Stop gradients of the parameters whose names begin so; ``hold`` does the batch norms."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not begins(name, prefixes))


def hold(model: nn.Module, prefixes: tuple[str, ...]) -> None:
    """Training mode, but frozen batch norms keep normalising by their stored statistics."""
    model.train()
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d) and begins(f"{name}.", prefixes):
            module.eval()


def begins(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether ``name`` begins with one of them."""
    return bool(prefixes) and name.startswith(prefixes)
