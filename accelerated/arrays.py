"""In and out: any array is read tile by tile as float64 on the search's device, and answers leave in its kind."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.parameters import is_int

NUMPY = {torch.float32: np.float32, torch.float64: np.float64}
EXACT_IN_FLOAT32 = {"bool", "int8", "uint8", "int16", "uint16", "float16", "bfloat16", "float32"}


def read_rows(
    X: np.ndarray | Tensor, start: int, stop: int, device: torch.device, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Rows start to stop of X as a new C-contiguous tensor on the device, shape (stop - start, n_features)."""
    rows = X[start:stop]
    if isinstance(rows, Tensor):
        return rows.to(device=device, dtype=dtype, memory_format=torch.contiguous_format, copy=True)
    return torch.from_numpy(np.array(rows, dtype=NUMPY[dtype], order="C")).to(device)


def allocate(shape: tuple[int, int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """An uninitialised tensor; on a CPU in NumPy's memory, whose large pages are faster to touch for the first time."""
    if device.type != "cpu":
        return torch.empty(shape, dtype=dtype, device=device)
    return torch.from_numpy(np.empty(shape[0] * shape[1] * dtype.itemsize, dtype=np.uint8)).view(dtype).view(shape)


def exact_dtype(X: np.ndarray | Tensor) -> torch.dtype:
    """float32 where it holds all numbers of the type of X, float64 otherwise."""
    name = str(X.dtype).removeprefix("torch.")
    return torch.float32 if name in EXACT_IN_FLOAT32 else torch.float64


def to_numpy(values: Any) -> np.ndarray:
    """Any array-like as NumPy; a tensor from its own device, bfloat16 by way of float32."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    values = values.detach().cpu().resolve_conj().resolve_neg()
    return values.to(torch.float32).numpy() if values.dtype == torch.bfloat16 else values.numpy()


def output_device(X: Any) -> torch.device | None:
    """Where answers to X go: to its device if X is a tensor, to NumPy (None) if not."""
    return X.device if isinstance(X, Tensor) else None


def to_output(values: Tensor | np.ndarray, device: torch.device | None) -> Any:
    """The answer as a tensor on the device, or as NumPy for None and for labels that are not numbers."""
    if device is None:
        return to_numpy(values)
    if isinstance(values, Tensor):
        return values.to(device)
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:  # torch has no strings and no long doubles
        return values
    return torch.from_numpy(values.astype(values.dtype.newbyteorder("="))).to(device)


def resolve_device(device: Any, X: Any) -> torch.device:
    """The device asked for; else where the tensor X is; else CUDA if there is one, else the CPU."""
    if device is not None:
        try:
            there = torch.empty(0, dtype=torch.float64, device=device)
            there.cpu()
            return there.device
        except (RuntimeError, AssertionError, TypeError) as error:  # no such device, none here, or no numbers on it
            why = str(error).partition("\n")[0]
            raise ValueError(f"device={device!r} cannot be used: {why}") from error
    if isinstance(X, Tensor):
        return X.device
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve_memory_limit(memory_limit: int | None, device: torch.device) -> int:
    """The bytes of scratch allowed; for None 1 GiB, or a quarter of what is free on a GPU, for torch to give away."""
    if memory_limit is None and device.type == "cuda":
        kept_for_reuse = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (torch.cuda.mem_get_info(device)[0] + kept_for_reuse) // 4
    if memory_limit is None:
        return 2**30
    if not is_int(memory_limit):
        raise TypeError(
            f"memory_limit={memory_limit!r} is a {type(memory_limit).__name__}, but must be an int, in bytes"
        )
    return memory_limit


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device had too little memory, for torch or for what it calls."""
    return isinstance(error, torch.OutOfMemoryError) or "ALLOC_FAILED" in str(error) or "out of memory" in str(error)


def one_row(example: Any) -> Any:
    """One example as a matrix of one row of its kind."""
    if isinstance(example, Tensor):
        return example[None]
    return example.to_frame().T if hasattr(example, "to_frame") else [example]  # a row of a DataFrame keeps its names
