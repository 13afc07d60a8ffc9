"""What may come in as y: numbers to average, or labels to vote with."""

import warnings

import numpy as np

from reference.validation import as_floats, objects_in, refuse_gaps


def check_targets(y, n_examples):
    """Targets as float64 of shape (n, n_outputs), and whether y was 1-D."""
    y = as_floats(check_y(y, n_examples), "y")
    return y.reshape(n_examples, -1), y.ndim == 1


def check_labels(y, n_examples):
    """Per output its sorted classes, and each row's place among them; and whether y was 1-D.

    Labels are of any sortable kind. Raises ValueError for fractions, NaN, None and kinds that do not compare.
    """
    y = np.asarray(check_y(y, n_examples))
    as_floats = [label for label in objects_in(y) if isinstance(label, float)] if y.dtype.kind == "O" else y
    if y.dtype.kind in "fO" and not np.all(np.isfinite(as_floats) & (np.floor(as_floats) == as_floats)):
        raise ValueError("y has fractions, NaN or infinity, but a classifier needs classes: KNNRegressor takes numbers")
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn("y has shape (n, 1) and is taken as (n,): pass y.ravel()", UserWarning, stacklevel=3)
        y = y[:, 0]
    try:
        if any(label is None or label != label for label in y.flat):  # NaN and NaT differ from themselves
            raise ValueError("y has missing labels (None, NaN or NaT)")
        outputs = [np.unique(column, return_inverse=True) for column in y.reshape(n_examples, -1).T]
    except TypeError as error:
        raise ValueError(f"y has labels that cannot be sorted: {error}") from error
    classes, codes = map(list, zip(*outputs, strict=True))
    return classes, codes, y.ndim == 1


def check_y(y, n_examples):
    """y, which has shape (n,) or (n, n_outputs); ValueError if it has another shape or another length than X."""
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
    """y as an array of the shape of the predictions; ValueError if it has not as many entries."""
    y = np.asarray(check_y(y, shape[0]))
    if y.size != np.prod(shape):
        raise ValueError(f"y has shape {y.shape}, but the predictions have {shape}")
    return y.reshape(shape)
