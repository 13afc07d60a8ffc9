"""Checks of input that several of the innocents share; the others check in ways of their own."""

import numpy as np


def read_matrix(rows, name="X", width=None):
    """Returns a float64 copy of shape (n, n_features); raises ValueError unless it is a full, finite, real matrix."""
    array = np.asarray(rows)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {array.dtype}, but must have real numbers")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}, but must be (n, n_features)")
    if width is not None and array.shape[1] != width:
        raise ValueError(f"{name} has {array.shape[1]} features, but must have {width}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinity, but must be finite")
    return np.array(array, dtype=np.float64)


def read_k(k, n):
    """Returns k; raises TypeError or ValueError unless it is a whole number from 1 to n."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise TypeError(f"k={k!r} must be a whole number")
    if not 1 <= k <= n:
        raise ValueError(f"k={k} must be from 1 to the number of rows, {n}")
    return int(k)


def read_targets(y, n):
    """Returns a float64 copy of shape (n,); raises ValueError unless it has n finite numbers."""
    array = np.array(y, dtype=np.float64)
    if array.shape != (n,) or not np.isfinite(array).all():
        raise ValueError(f"y has shape {array.shape}, but must have a finite number for each of {n} rows")
    return array


def read_labels(y, n):
    """Returns an array of shape (n,); raises ValueError unless it has n labels."""
    array = np.array(y)
    if array.shape != (n,):
        raise ValueError(f"y has shape {array.shape}, but must have a label for each of {n} rows")
    return array


def need_fit(model, attribute):
    """Raises ValueError unless the model has the attribute, which ``fit`` gives it."""
    if not hasattr(model, attribute):
        raise ValueError(f"this {type(model).__name__} was not fitted: call fit first")
