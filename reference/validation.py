"""What may come in: the checks, in one place, so that the algorithm stays free of them.

Nothing is clipped, dropped or filled in. What cannot be used raises, with the argument's name and both numbers.
"""

import copy
import warnings

import numpy as np


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
    rows = _as_floats(X, "X")
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
    _refuse_gaps(X, "X")
    if isinstance(X, (str, bytes)):
        raise TypeError(f"X={X!r} is one example, but must be a list of examples")
    objects = list(np.asarray(X) if is_array(X) else X)
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def _as_floats(values, name):
    """A float64 copy, refusing whatever NumPy would otherwise convert without a word."""
    _refuse_gaps(values, name)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "buifO" or any(isinstance(value, (str, bytes, complex)) for value in _objects(array)):
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


def _refuse_gaps(values, name):
    """Raises TypeError for a sparse matrix, ValueError for a mask: what is left out must not be filled in."""
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix: pass {name}.toarray()")
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked entries")


def _objects(array):
    return array.flat if array.dtype.kind == "O" else []


def check_same_shape(a, b):
    """Raises ValueError unless two examples have the same shape."""
    if np.shape(a) != np.shape(b):
        raise ValueError(f"a has shape {np.shape(a)}, but b has {np.shape(b)}")


def check_n_neighbors(k, n_examples=np.inf, leave_one_out=False):
    """Raises TypeError where k is not a whole number, ValueError where it is not from 1 to the number of candidates."""
    if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
        raise TypeError(f"n_neighbors={k!r} is a {type(k).__name__}, but must be an int")
    if k < 1:
        raise ValueError(f"n_neighbors={k} is less than 1")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        raise ValueError(f"n_neighbors={k} is more than the {others} training examples")
    return int(k)


def check_distances(distances):
    """Raises ValueError for distances that no order can be made of: NaN, infinite or negative."""
    if not np.all(np.isfinite(distances)) or np.min(distances) < 0:
        worst = distances[~np.isfinite(distances) | (distances < 0)][0]
        raise ValueError(f"the metric gave a distance of {worst}, but distances must be finite and at least 0")
    return distances


def check_distance_matrix(X):
    """Raises ValueError unless X, shape (n, n), holds the distances of the training examples to one another."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {X.shape}, but metric='precomputed' needs a square matrix of distances")
    check_distances(X)


def check_targets(y, n_examples):
    """Targets as float64 of shape (n, n_outputs), and whether y was 1-D."""
    y = _as_floats(check_y(y, n_examples), "y")
    return y.reshape(n_examples, -1), y.ndim == 1


def check_labels(y, n_examples):
    """Per output its sorted classes, and each row's place among them; and whether y was 1-D.

    Labels are of any sortable kind. Raises ValueError for fractions, NaN, None and kinds that do not compare.
    """
    y = np.asarray(check_y(y, n_examples))
    as_floats = [label for label in _objects(y) if isinstance(label, float)] if y.dtype.kind == "O" else y
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
    _refuse_gaps(y, "y")
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


def check_weights(weights):
    """Raises ValueError unless ``weights`` is "uniform", "distance" or a function of the distances."""
    if not callable(weights) and not (isinstance(weights, str) and weights in ("uniform", "distance")):
        raise ValueError(f"weights={weights!r} is not uniform, distance or a function of the distances")


def check_returned_weights(returned, shape):
    """The returned weights as float64; ValueError unless they are finite, at least 0, and not all 0 for a query."""
    array = np.asarray(returned)
    if array.dtype.kind not in "buif":
        raise ValueError(f"weights returned dtype {array.dtype}, but must return real numbers")
    array = np.array(array, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"weights returned shape {array.shape} for distances of shape {shape}")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if np.any(wrong):
        raise ValueError(f"weights returned {array[wrong][0]}, but must be finite and at least 0")
    if not np.all(np.any(array > 0, axis=1)):
        raise ValueError("weights returned 0 for all neighbours of a query: nobody is left to vote")
    return array
