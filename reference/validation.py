"""What may come in: the checks, in one place, so that the algorithm stays free of them.

Nothing is clipped, dropped or filled in. What cannot be used raises, with the argument's name and both numbers.
"""

import copy

import numpy as np

from reference.parameters import check_int


class NotFittedError(ValueError, AttributeError):
    """A model was asked before it was given examples."""


def check_fitted(model, attribute):
    """Raises NotFittedError unless ``fit`` has set the attribute."""
    if not hasattr(model, attribute):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call fit first")


def check_examples(X, largest=np.inf, n_features=None, any_objects=False):
    """The examples as a C-contiguous float64 copy, shape (n, n_features); with ``any_objects`` perhaps a list of them.

    Raises TypeError for a sparse matrix, ValueError for anything that is not a full, finite matrix of real numbers.
    """
    if any_objects and not _is_matrix(X):
        return copy.deepcopy(check_objects(X))
    rows = as_floats(X, "X")
    if rows.ndim != 2:
        raise ValueError(f"X has {rows.ndim} dimension(s), but must have 2: X.reshape(1, -1) makes one row of it")
    if 0 in rows.shape:
        raise ValueError(f"X has shape {rows.shape}, but needs at least 1 row and 1 feature")
    if n_features is not None and rows.shape[1] != n_features:
        raise ValueError(f"X has {rows.shape[1]} features, but the model was fitted with {n_features}")
    magnitude = np.max(np.abs(rows))
    if magnitude > largest:
        raise ValueError(f"X has magnitude {magnitude:.4g}, above the {largest:.4g} that this metric can hold")
    rows.flags.writeable = False  # a metric that writes to its arguments must not change the model
    return rows


def is_array(X):
    """Whether X is a NumPy array or gives itself out as one, like a DataFrame."""
    return hasattr(X, "__array__")


def _is_matrix(X):
    """Whether X is an array or a DataFrame of numbers; a list is a list of examples, whatever they look like."""
    return is_array(X) and np.ndim(X) == 2 and np.asarray(X).dtype.kind in "buif"


def check_objects(X):
    """The examples as a list, each as it is. Raises TypeError for a string, which is one example, not many."""
    refuse_gaps(X, "X")
    if isinstance(X, (str, bytes)) or not hasattr(X, "__iter__"):
        raise TypeError(f"X={X!r} is one example, but must be a list of examples")
    objects = list(np.asarray(X) if is_array(X) else X)
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def as_floats(values, name):
    """A float64 copy, refusing whatever NumPy would otherwise convert without a word."""
    refuse_gaps(values, name)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "buifO" or any(isinstance(value, (str, bytes, complex)) for value in objects_in(array)):
        raise ValueError(f"{name} has dtype {array.dtype}, but must hold real numbers, not strings or others")
    try:
        with np.errstate(over="ignore"):  # a long double may become infinity, which is refused below
            floats = np.array(array, dtype=np.float64, order="C")
    except (TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} has an entry that is no number: {error}") from error
    if not np.all(np.isfinite(floats)):
        raise ValueError(
            f"{name} has {np.sum(~np.isfinite(floats))} entries that are NaN or infinity, of {floats.size}"
        )
    return floats


def refuse_gaps(values, name):
    """Raises TypeError for a sparse matrix, ValueError for a mask: what is left out must not be filled in."""
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix: pass {name}.toarray()")
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked entries")


def objects_in(array):
    """The entries that are Python objects, of whatever kind."""
    return array.flat if array.dtype.kind == "O" else []


def check_same_shape(a, b):
    """Raises ValueError unless two examples have the same shape."""
    if np.shape(a) != np.shape(b):
        raise ValueError(f"a has shape {np.shape(a)}, but b has {np.shape(b)}")


def check_n_neighbors(k, n_examples=np.inf, leave_one_out=False):
    """Raises TypeError where k is not a whole number, ValueError where it is not from 1 to the number of candidates."""
    k = check_int(k, "n_neighbors")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        raise ValueError(f"n_neighbors={k} is more than the {others} training examples")
    return k


def check_distances(distances):
    """Raises ValueError for distances that no order can be made of: NaN, infinite or negative."""
    if not np.all(np.isfinite(distances)) or np.min(distances) < 0:
        worst = distances[~np.isfinite(distances) | (distances < 0)][0]
        raise ValueError(f"the metric gave a distance of {worst}, but distances must be finite and at least 0")
    return distances


def check_finite(values, name):
    """The values; ValueError, with the ``name`` of one, unless all of them are finite."""
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} is {values[~np.isfinite(values)][0]}, but must be finite")
    return values


def check_square(X):
    """X itself; ValueError unless it is a square matrix, of each training example against each other."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {X.shape}, but 'precomputed' needs a square matrix to fit")
    return X
