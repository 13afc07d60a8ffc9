"""Models fitted on a GPU travel: pickled they hold no memory of it, and are loaded where there is none, too."""

from typing import Any

import torch
from torch import Tensor

from accelerated.arrays import resolve_device

CPU = torch.device("cpu")


class Portable:
    """For an estimator whose attributes, or items of lists in them, are tensors of one device."""

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, tensors as those of the CPU."""
        state = super().__getstate__()
        assert isinstance(state, dict)
        gpus = [value.device for value in state.values() if isinstance(value, Tensor) and value.device != CPU]
        if not gpus:
            return state
        return {name: _move(value, CPU) for name, value in state.items()} | {"_fitted_on": gpus[0]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Puts the tensors back to the device that they come from, or leaves them if there is none."""
        gpu = state.pop("_fitted_on", None)
        if gpu is not None:
            device = gpu if _is_there(gpu) else CPU
            state = {name: _move(value, device) for name, value in state.items()}
        vars(self).update(state)


def _move(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, list):
        return [_move(item, device) for item in value]
    return device if isinstance(value, torch.device) and value.type == "cuda" else value


def _is_there(device: torch.device) -> bool:
    try:
        return resolve_device(device, None) == device
    except ValueError:
        return False
