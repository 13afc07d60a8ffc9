"""Refuses functions of tensors on two devices, as CUDA does and torch's device "meta" does not."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

MOVES = {"copy_", "type_as", "to", "__getitem__", "__setitem__"}  # functions that may take tensors of two devices


class OneDevice(TorchFunctionMode):
    """Within it, a function of tensors on two devices raises RuntimeError; a tensor of a single number may be anywhere.

    >>> with OneDevice():
    ...     torch.zeros(2) + torch.zeros(2, device="meta")
    Traceback (most recent call last):
    RuntimeError: add takes tensors on cpu and meta, but all should be on one device
    """

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs, name = kwargs or {}, getattr(function, "__name__", "")
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.dim()]
        devices = sorted({tensor.device.type for tensor in tensors})
        if len(devices) > 1 and name not in MOVES:
            raise RuntimeError(f"{name} takes tensors on {' and '.join(devices)}, but all should be on one device")
        return function(*args, **kwargs)
