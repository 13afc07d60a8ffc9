"""The device that a model works on, and the errors of a device without memory."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from accelerated.arrays import import_dlpack
from knn_inputs.messages import show, suggest
from knn_inputs.tensors import refuse_odd_tensor


def resolve_device(device: Any, X: Any) -> torch.device:
    """Returns the device asked for; else that of X if it is a tensor, or exports DLPack; else CUDA, else the CPU."""
    if device is not None:
        try:
            there = torch.empty(0, dtype=torch.float64, device=device)
            there.cpu()
            return there.device
        except MemoryError:
            raise
        except Exception as error:  # no such device, none here, or no numbers on it
            is_unknown = "Expected one of" in str(error)
            why = "torch does not know it" if is_unknown else show(str(error).partition("\n")[0], 200)
            hint = suggest(device, ["cpu", "cuda", "mps", "xpu"]) if is_unknown else ": pass device='cpu', or None"
            raise ValueError(f"device={show(device)} cannot be used: {why}{hint}") from error
    X = import_dlpack(X)
    if isinstance(X, Tensor):
        refuse_odd_tensor(X, "X")  # which may have no device, or one without numbers
        return X.device
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def refuse_gpu(device: Any) -> None:
    """Raises ValueError if another device than the CPU is asked for: rows that are sparse stay on the CPU."""
    if device is not None and resolve_device(device, None).type != "cpu":
        raise ValueError(f"device={show(device)} cannot hold sparse rows: pass device='cpu', or None, or X.toarray()")


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Returns a context manager that switches autocast off in this thread, where it is on."""
    is_on = torch.is_autocast_enabled(device.type)
    return torch.autocast(device.type, enabled=False) if is_on else nullcontext()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tells whether a device had too little memory, for torch or for a library that torch calls."""
    return isinstance(error, torch.OutOfMemoryError) or "ALLOC_FAILED" in str(error) or "out of memory" in str(error)
