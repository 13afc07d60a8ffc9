"""The targets y: numbers to average, or labels to vote with."""

import warnings

import numpy as np

from reference.checks.numbers import as_floats, objects_in, refuse_gaps


def check_targets(y, n_examples):
    """Returns the targets as float64, shape (n,) or (n, n_outputs) as they came."""
    return as_floats(check_shape(y, n_examples), "y")


def check_labels(y, n_examples):
    """Returns the sorted classes and the place of each label among them, shape (n,); for 2-D y a list of each.

    Labels are of any sortable kind. Raises ValueError for fractions, for NaN and None, and for labels that do not
    compare with one another.
    """
    y = np.asarray(check_shape(y, n_examples))
    as_floats = [label for label in objects_in(y) if isinstance(label, float)] if y.dtype.kind == "O" else y
    if y.dtype.kind in "fO" and not np.all(np.isfinite(as_floats) & (np.floor(as_floats) == as_floats)):
        raise ValueError("y has fractions, NaN or infinity, but a classifier needs classes: KNNRegressor takes numbers")
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn("y has shape (n, 1) and is taken as (n,): pass y.ravel()", UserWarning, stacklevel=3)
        y = y[:, 0]
    try:
        if any(label is None or label != label for label in y.flat):  # NaN and NaT differ from themselves
            raise ValueError("y has missing labels (None, NaN or NaT)")
        if y.ndim == 1:
            return np.unique(y, return_inverse=True)
        classes, codes = zip(*(np.unique(column, return_inverse=True) for column in y.T), strict=True)
    except TypeError as error:
        raise ValueError(f"y has labels that cannot be sorted: {error}") from error
    return list(classes), list(codes)


def check_shape(y, n_examples):
    """Returns y; raises ValueError unless its shape is (n,) or (n, n_outputs), with as many rows as X."""
    if y is None:
        raise ValueError("y is None, but this model requires y")
    refuse_gaps(y, "y")
    shape = np.shape(y)
    if len(shape) not in (1, 2) or 0 in shape:
        raise ValueError(f"y has shape {shape}, but must be (n,) or (n, n_outputs)")
    if shape[0] != n_examples:
        raise ValueError(f"y has {shape[0]} rows, but X has {n_examples}")
    return y


def check_answers(y, shape):
    """Returns y as an array of the shape of the predictions; raises ValueError if it has not as many entries."""
    y = np.asarray(check_shape(y, shape[0]))
    if y.size != np.prod(shape):
        raise ValueError(f"y has shape {y.shape}, but the predictions have {shape}")
    return y.reshape(shape)
