"""Checks of arguments, made once, where they come in: ``knn_inputs`` reads what NumPy can hold, tensors are read here.

Nothing is clipped, dropped or filled in. Errors are those of ``reference``.
"""

from typing import Any

import numpy as np
import torch
from sklearn.exceptions import DataConversionWarning
from torch import Tensor

from accelerated.arrays import import_dlpack
from accelerated.metrics import LARGEST
from knn_inputs.matrices import check_shape, read_matrix
from knn_inputs.messages import not_finite
from knn_inputs.targets import read_labels, read_targets, sort_labels
from knn_inputs.tensors import refuse_odd_tensor

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def check_rows(
    X: Any,
    largest: float = LARGEST,
    n_features: int | None = None,
    least: float = -LARGEST,
    allow_nan: bool = False,
) -> np.ndarray | Tensor:
    """Returns X as a matrix of finite real numbers, a NumPy array or a tensor of its own dtype and device.

    ``n_features`` is the width of the training rows, for the advice in a message. With ``allow_nan`` entries may be
    missing. Raises as ``read_matrix`` does.
    """
    if _is_plain(X) and _is_within(X, max(-largest, least), largest):
        return X
    X = import_dlpack(X)
    if not isinstance(X, Tensor):
        return read_matrix(X, largest, n_features, least, allow_nan)
    refuse_odd_tensor(X, "X")
    check_shape(tuple(X.shape), X, n_features)
    if X.is_complex() or not _is_within(rows := _with_min(X.detach()), max(-largest, least), largest):
        return read_matrix(X, largest, n_features, least, allow_nan)  # which finds the entry to name, on the CPU
    return rows


def _with_min(rows: Tensor) -> Tensor:
    """Returns the tensor in a type that has ``min``."""
    return rows.to(torch.float64) if rows.dtype in (torch.uint16, torch.uint32, torch.uint64) else rows


def _is_plain(X: Any) -> bool:
    """Tells whether X is a matrix of floats in NumPy itself, which may be used as it is if its numbers may."""
    return type(X) is np.ndarray and X.dtype in FLOATS and X.ndim == 2 and X.size > 0


def _is_within(rows: np.ndarray | Tensor, low: float, high: float) -> bool:
    """Tells whether all numbers are finite and from low to high; min and max return NaN if there is one."""
    return low <= float(rows.min()) and float(rows.max()) <= min(high, LARGEST)


def keep(model: Any, **fitted: Any) -> None:
    """Gives the model what it has learned, all in one step: an interrupted ``fit`` leaves the model as it was."""
    others = {name: value for name, value in vars(model).items() if name not in ("feature_names_in_", "n_features_in_")}
    model.__dict__ = {**others, **fitted}


def check_finite(values: Tensor, name: str) -> Tensor:
    """Returns the values; raises ValueError, with the ``name`` of a value, unless all of them are finite."""
    finite = values.isfinite()
    if not bool(finite.all()):
        raise ValueError(not_finite(name, values[~finite][0].item()))
    return values


def check_targets(y: Any, n_examples: int) -> tuple[np.ndarray, bool]:
    """Returns targets as float64 of shape (n, n_outputs), and whether y was 1-D."""
    targets = read_targets(import_dlpack(y), n_examples)
    return targets.reshape(n_examples, -1), targets.ndim == 1


def check_labels(
    y: Any, n_examples: int, repeats: np.ndarray | None = None
) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Returns the sorted classes of each output, each row's place among them, and whether y was 1-D.

    Labels are of any sortable type; those of rows that count 0 times, by ``repeats``, are no classes. Raises ValueError
    for fractions, NaN, None and labels that cannot be compared.
    """
    labels = read_labels(import_dlpack(y), n_examples, DataConversionWarning)
    outputs = [sort_labels(column, repeats) for column in labels.reshape(n_examples, -1).T]
    classes, codes = map(list, zip(*outputs, strict=True))
    return classes, codes, labels.ndim == 1
