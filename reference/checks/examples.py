"""The examples X: at fit, in a query, and two of them for one distance."""

import copy

import numpy as np

from reference.checks.numbers import as_floats, refuse_gaps


def check_training(X, metric, largest):
    """Returns a copy of the training examples: float64 (n, n_features), or a list under a callable metric.

    ``metric`` may be a similarity too. Raises TypeError for a sparse matrix, and ValueError unless X is a full, finite
    matrix of real numbers of magnitude at most ``largest``, and square if it is "precomputed".
    """
    if callable(metric):
        return as_rows(X) if is_matrix(X) else copy.deepcopy(check_objects(X))
    examples = check_magnitude(as_rows(X), largest)
    return check_square(examples) if metric == "precomputed" else examples


def check_queries(X, examples, largest):
    """Returns the queries in the form of the training examples: a matrix as wide as theirs, or a list."""
    if isinstance(examples, list):
        return check_objects(X)
    queries = as_rows(X)
    if queries.shape[1] != examples.shape[1]:
        raise ValueError(f"X has {queries.shape[1]} features, but the model was fitted with {examples.shape[1]}")
    return check_magnitude(queries, largest)


def check_pair(a, b, metric, largest):
    """Returns two examples as ``metric`` takes them: float64 rows of the same length, or unchanged objects."""
    if callable(metric):
        is_row_pair = hasattr(a, "__array__") and hasattr(b, "__array__") and np.shape(a) == np.shape(b)
        return check_training(np.array([a, b]), metric, largest) if is_row_pair else (a, b)
    if np.shape(a) != np.shape(b):
        raise ValueError(f"a has shape {np.shape(a)}, but b has {np.shape(b)}")
    return check_magnitude(as_rows([a, b]), largest)


def as_rows(X):
    """Returns the examples as a read-only float64 copy, C-contiguous, shape (n, n_features)."""
    rows = as_floats(X, "X")
    if rows.ndim != 2:
        raise ValueError(f"X has {rows.ndim} dimension(s), but must have 2: X.reshape(1, -1) makes one row of it")
    if 0 in rows.shape:
        raise ValueError(f"X has shape {rows.shape}, but needs at least 1 row and 1 feature")
    rows.flags.writeable = False  # a metric that writes to its arguments must not change the model
    return rows


def check_magnitude(rows, largest):
    """Returns the rows; raises ValueError if a distance between such large numbers could overflow."""
    magnitude = np.max(np.abs(rows))
    if magnitude > largest:
        raise ValueError(f"X has magnitude {magnitude:.4g}, above the {largest:.4g} that this metric can hold")
    return rows


def is_matrix(X):
    """Returns whether X is an array or a DataFrame of numbers; the entries of a list are examples of any kind."""
    return hasattr(X, "__array__") and np.ndim(X) == 2 and np.asarray(X).dtype.kind in "buif"


def check_objects(X):
    """Returns a list of the examples, unchanged. Raises TypeError for a string, because it is a single example."""
    refuse_gaps(X, "X")
    if isinstance(X, (str, bytes)) or not hasattr(X, "__iter__"):
        raise TypeError(f"X={X!r} is one example, but must be a list of examples")
    objects = list(np.asarray(X) if hasattr(X, "__array__") else X)
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def check_square(X):
    """Returns X; raises ValueError unless it is square, each training example against each."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {X.shape}, but 'precomputed' needs a square matrix to fit")
    return X
