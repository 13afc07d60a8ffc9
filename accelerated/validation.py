"""What may come in: checked once, at the door, with messages that name the argument and both numbers.

Nothing is clipped, dropped or filled in. The kinds of error are those of ``reference``.
"""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array
from torch import Tensor

from accelerated.arrays import to_numpy
from accelerated.metrics import LARGEST, check_distances


def check_rows(X: Any, largest: float = LARGEST) -> np.ndarray | Tensor:
    """X as a matrix of finite real numbers, a NumPy array or a tensor of its own dtype and device.

    Raises TypeError for a sparse matrix, ValueError for anything that is not a full, finite matrix of real numbers
    of magnitude at most ``largest``.
    """
    rows = _check_tensor(X) if isinstance(X, Tensor) else _check_array(X)
    wide = rows.dtype.itemsize > 4  # no narrower type can hold a number above 1e150
    magnitude = max(float(rows.max()), -float(rows.min())) if wide else 0.0
    if magnitude > largest:
        raise ValueError(f"X has magnitude {magnitude:.4g}, above the {largest:.4g} that this metric can hold")
    return rows


def _check_array(X: Any) -> np.ndarray:
    rows = check_array(X, dtype=None, input_name="X")
    return _real_numbers(rows, "X", np.ma.is_masked(X))


def _real_numbers(array: np.ndarray, name: str, is_masked: bool) -> np.ndarray:
    """The array in a type of at most 8 bytes; ValueError for strings, missing and infinite numbers."""
    if is_masked:
        raise ValueError(f"{name} has masked entries")
    if array.dtype.kind not in "buifO" or any(isinstance(value, (str, bytes)) for value in _objects(array)):
        raise ValueError(f"{name} has dtype {array.dtype}, but must hold real numbers, not strings or others")
    if array.dtype.kind == "O" or array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # a long double may become infinity, which is refused below
            array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has {np.count_nonzero(~np.isfinite(array))} entries that are NaN or infinity")
    return array


def _objects(array: np.ndarray) -> Iterable[Any]:
    return array.flat if array.dtype.kind == "O" else []


def _check_tensor(X: Tensor) -> Tensor:
    if X.layout != torch.strided:
        raise TypeError(f"X is a sparse tensor ({X.layout}): pass X.to_dense()")
    if X.is_complex():
        raise ValueError(f"X has dtype {X.dtype}, but must hold real numbers")
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} dimension(s), but must have 2: X.reshape(1, -1) makes one row of it")
    if 0 in X.shape:
        raise ValueError(f"X has shape {tuple(X.shape)}, but needs at least 1 row and 1 feature")
    if not bool(X.isfinite().all()):
        raise ValueError(f"X has {int((~X.isfinite()).count_nonzero())} entries that are NaN or infinity")
    return X.detach()


def check_n_neighbors(k: Any, n_examples: float = float("inf"), leave_one_out: bool = False) -> int:
    """Raises TypeError where k is not a whole number, ValueError where it is not from 1 to the number of candidates."""
    if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
        raise TypeError(f"n_neighbors={k!r} is a {type(k).__name__}, but must be an int")
    if k < 1:
        raise ValueError(f"n_neighbors={k} is less than 1")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        raise ValueError(f"n_neighbors={k} is more than the {others} training examples")
    return int(k)


def check_distance_matrix(X: Tensor) -> None:
    """Raises ValueError unless X, shape (n, n), holds the distances of the training examples to one another."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {tuple(X.shape)}, but metric='precomputed' needs a square matrix of distances")
    check_distances(X)


def check_targets(y: Any, n_examples: int) -> tuple[np.ndarray, bool]:
    """Targets as float64 of shape (n, n_outputs), and whether y was one column without saying so, of shape (n,)."""
    y = _real_numbers(check_columns(y, n_examples), "y", np.ma.is_masked(y))
    return np.array(y, dtype=np.float64, order="C").reshape(n_examples, -1), y.ndim == 1


def check_labels(y: Any, n_examples: int) -> tuple[list[tuple[np.ndarray, np.ndarray]], bool]:
    """Per output its sorted classes and each row's place among them, and whether y was one column.

    Labels are of any sortable kind. Raises ValueError for fractions, NaN, None and kinds that do not compare.
    """
    y = check_columns(y, n_examples)
    if y.dtype.kind == "f" and not (np.isfinite(y) & (y == np.floor(y))).all():
        raise ValueError("Unknown label type: y has fractions, NaN or infinity, but a classifier needs classes")
    if y.ndim == 2 and y.shape[1] == 1:
        message = "y has shape (n, 1) and is taken as (n,): pass y.ravel()"
        warnings.warn(message, DataConversionWarning, stacklevel=3)
        y = y[:, 0]
    columns = y.reshape(n_examples, -1).T
    try:
        if any(label is None or label != label for label in _objects(y)):
            raise ValueError("y has missing labels (None or NaN)")
        return [np.unique(column, return_inverse=True) for column in columns], y.ndim == 1
    except TypeError as error:
        raise ValueError(f"y has labels that cannot be sorted: {error}") from error


def check_columns(y: Any, n_examples: int) -> np.ndarray:
    """y as an array of shape (n,) or (n, n_outputs); ValueError if it has another shape or another length than X."""
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    if hasattr(y, "tocsr"):
        raise TypeError("y is a sparse matrix: pass y.toarray()")
    columns = to_numpy(y)
    if columns.ndim not in (1, 2) or 0 in columns.shape:
        raise ValueError(f"y has shape {columns.shape}, but must be (n,) or (n, n_outputs)")
    if len(columns) != n_examples:
        raise ValueError(f"y has {len(columns)} rows, but X has {n_examples}")
    return columns
