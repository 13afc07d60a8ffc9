"""Pickling of models fitted on a GPU: they are stored without its memory, and load where there is no GPU, too."""

import functools
from typing import Any

import torch
from torch import Tensor

from accelerated.devices import resolve_device

CPU = torch.device("cpu")


class PickledOnCpu:
    """Pickles an estimator whose attributes, or items of lists and tuples in them, are tensors of one device."""

    def __getstate__(self) -> dict[str, Any]:
        """Returns the attributes, with their tensors on the CPU."""
        state = super().__getstate__()
        assert isinstance(state, dict)
        held = [*state.values(), *(item for value in state.values() if isinstance(value, tuple) for item in value)]
        gpus = [value.device for value in held if isinstance(value, Tensor) and value.device != CPU]
        if not gpus:
            return state
        return {name: _move(value, CPU) for name, value in state.items()} | {"_fitted_on": gpus[0]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Puts the tensors on the device they come from, else on any device of that type, else on the CPU."""
        gpu = state.pop("_fitted_on", None)
        if gpu is not None:
            device = nearest_device(gpu)
            state = {name: _move(value, device) for name, value in state.items()}
            for name, value in state.items():
                if name.startswith("_") and isinstance(value, torch.device) and not _is_there(value):
                    state[name] = device
        vars(self).update(state)


def _move(value: Any, device: torch.device) -> Any:
    if isinstance(value, list):
        return [_move(item, device) for item in value]
    if isinstance(value, tuple):
        moved = [_move(item, device) for item in value]
        return type(value)(*moved) if hasattr(value, "_fields") else tuple(moved)
    if isinstance(value, functools.partial):
        return functools.partial(
            value.func, *value.args, **{name: _move(v, device) for name, v in value.keywords.items()}
        )
    return value.to(device) if isinstance(value, Tensor) else value


def nearest_device(device: torch.device) -> torch.device:
    """Returns the device if it is there, else any of its type, else the CPU."""
    return next(one for one in (device, torch.device(device.type), CPU) if _is_there(one))


def _is_there(device: torch.device) -> bool:
    try:
        resolve_device(device, None)
    except ValueError:
        return False
    return True
