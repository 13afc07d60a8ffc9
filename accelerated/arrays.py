"""In and out: an array of any kind is copied to the model's device, and answers leave in the kind of the query."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from accelerated.workers import count_workers, share
from knn_inputs.tensors import exports_dlpack

NUMPY = {torch.float32: np.float32, torch.float64: np.float64}
# Numbers that a worker copies, at least: `python -m benchmarks.constants COPIED_NUMBERS`
COPIED_NUMBERS = 2**20
EXACT_IN_FLOAT32 = {"bool", "int8", "uint8", "int16", "uint16", "float16", "bfloat16", "float32"}


def import_dlpack(X: Any) -> Any:
    """Returns a tensor that shares the memory of an array of another library, where it is; any other X as it is.

    An array that torch cannot import stays as it is, too: ``knn_inputs`` reads or refuses it.
    """
    if not exports_dlpack(X):
        return X
    try:
        return X if _runs_backwards(X) else from_dlpack(X)
    except MemoryError:
        raise
    except Exception:
        return X


def _runs_backwards(exporter: Any) -> bool:
    """Returns whether a stride is below 0, for which torch raises nothing that can be caught: it ends the process.

    NumPy imports no array on another device, nor one of bfloat16; the libraries that have these know no such strides.
    """
    try:
        return min(np.from_dlpack(exporter).strides, default=0) < 0
    except MemoryError:
        raise
    except Exception:
        return False


def copy_rows(rows: np.ndarray | Tensor, device: torch.device, dtype: torch.dtype = torch.float64) -> Tensor:
    """Returns a C-contiguous copy on the device, of the same shape (n, n_features)."""
    if isinstance(rows, Tensor):
        return rows.to(device=device, dtype=dtype, memory_format=torch.contiguous_format, copy=True)
    return torch.from_numpy(np.array(rows, dtype=NUMPY[dtype], order="C")).to(device)


def copy_all_rows(rows: np.ndarray | Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Returns the same copy as ``copy_rows``; on a CPU workers share it, if it is large."""
    if device.type != "cpu" or (isinstance(rows, Tensor) and rows.device != device):
        return copy_rows(rows, device, dtype)
    n_rows, n_features = rows.shape
    n_workers = max(1, min(count_workers(device), n_rows * n_features // COPIED_NUMBERS))
    # Not NumPy's memory, which has huge pages: a virtual machine whose host took free ones back waits long for them.
    copy = torch.empty((n_rows, n_features), dtype=dtype, device=device)

    def copy_some(some: slice) -> None:
        if isinstance(rows, Tensor):
            copy[some] = rows[some]
        else:
            copy.numpy()[some] = rows[some]

    n_at_once = -(-n_rows // n_workers)
    share(copy_some, [slice(start, start + n_at_once) for start in range(0, n_rows, n_at_once)], n_workers)
    return copy


def exact_dtype(X: np.ndarray | Tensor) -> torch.dtype:
    """Returns float32 if it holds all numbers of the type of X, else float64."""
    name = str(X.dtype).removeprefix("torch.")
    return torch.float32 if name in EXACT_IN_FLOAT32 else torch.float64


def to_numpy(values: Any) -> np.ndarray:
    """Returns any array-like as a NumPy array; a tensor is copied from its device, bfloat16 as float32."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    values = values.detach().cpu().resolve_conj().resolve_neg()
    return values.to(torch.float32).numpy() if values.dtype == torch.bfloat16 else values.numpy()


def output_device(X: Any) -> torch.device | None:
    """Returns the device of the answers to X: that of a tensor, or of a DLPack exporter unless it is the CPU.

    None means NumPy, for any other X. The library of an exporter reads NumPy too, and imports a tensor by DLPack.
    """
    if isinstance(X, Tensor):
        return X.device
    imported = import_dlpack(X)
    return imported.device if isinstance(imported, Tensor) and imported.device.type != "cpu" else None


def to_output(values: Tensor | np.ndarray, device: torch.device | None) -> Any:
    """Returns the answer as a tensor on the device, or as NumPy for None and for labels that are not numbers."""
    if device is None:
        return to_numpy(values)
    if isinstance(values, Tensor):
        return values.to(device)
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:  # torch has no strings and no long doubles
        return values
    return torch.from_numpy(values.astype(f"{values.dtype.kind}{values.dtype.itemsize}")).to(device)
