"""Checks of arguments, made once, where they come in; messages name the argument and both numbers.

Nothing is clipped, dropped or filled in. Errors have the same types as in ``reference``.
"""

import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array
from torch import Tensor

from accelerated.arrays import to_numpy
from accelerated.metrics import LARGEST
from accelerated.parameters import check_int


def check_rows(X: Any, largest: float = LARGEST) -> np.ndarray | Tensor:
    """Returns X as a matrix of finite real numbers, a NumPy array or a tensor of its own dtype and device.

    Raises TypeError for a sparse matrix, and ValueError unless X is a full, finite matrix of real numbers of magnitude
    at most ``largest``.
    """
    rows = _check_tensor(X) if isinstance(X, Tensor) else _check_array(X)
    magnitude = _magnitude(rows, "X")
    if magnitude > largest:
        raise ValueError(f"X has magnitude {magnitude:.4g}, above the {largest:.4g} that this metric can hold")
    return rows


def _magnitude(values: np.ndarray | Tensor, name: str) -> float:
    """Returns the largest absolute value; raises ValueError if it is NaN, which min and max return, or infinite."""
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = values.isfinite() if isinstance(values, Tensor) else np.isfinite(values)
        raise ValueError(f"{name} has {int((~finite).sum())} entries that are NaN or infinity")
    return max(-low, high)


def _check_array(X: Any) -> np.ndarray:
    _refuse_missing(X, "X")
    try:
        rows = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    except ValueError as error:
        if "inhomogeneous" in str(error):
            raise ValueError("X has rows of different lengths") from error
        raise
    return _real_numbers(rows, "X")


def _real_numbers(array: np.ndarray, name: str) -> np.ndarray:
    """Returns the array in a type of at most 8 bytes; raises ValueError or TypeError for entries that are not real."""
    if array.dtype.kind not in "buifO" or any(isinstance(value, (str, bytes, complex)) for value in _objects(array)):
        raise ValueError(f"{name} has dtype {array.dtype}, but must hold real numbers, not strings or others")
    if array.dtype.kind == "O" or array.dtype.itemsize > 8:
        try:
            with np.errstate(over="ignore"):  # a long double may become infinity, which is refused
                array = array.astype(np.float64)
        except (TypeError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name} has an entry that is no number: {error}") from error
    return array


def _refuse_missing(values: Any, name: str) -> None:
    """Raises TypeError for a sparse matrix, and ValueError for masked entries, which must not be filled in."""
    if hasattr(values, "tocsr"):
        raise TypeError(f"Sparse data was passed as {name}: pass {name}.toarray()")
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked entries")


def _objects(array: np.ndarray) -> Iterable[Any]:
    return array.flat if array.dtype.kind == "O" else []


def _check_tensor(X: Tensor) -> Tensor:
    if X.layout != torch.strided:
        raise TypeError(f"X is a sparse tensor ({X.layout}): pass X.to_dense()")
    if X.is_complex():
        raise ValueError(f"X has dtype {X.dtype}, but must hold real numbers")
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} dimension(s), but must have 2: X.reshape(1, -1) makes it a single row")
    if 0 in X.shape:
        raise ValueError(f"X has shape {tuple(X.shape)}, but needs at least 1 row and 1 feature")
    has_no_min = X.dtype in (torch.uint16, torch.uint32, torch.uint64)
    return X.to(torch.float64) if has_no_min else X.detach()


def check_same_shape(a: np.ndarray, b: np.ndarray) -> None:
    """Raises ValueError unless two examples have the same shape."""
    if a.shape != b.shape:
        raise ValueError(f"a has shape {a.shape}, but b has {b.shape}")


def check_n_neighbors(k: Any, n_examples: float = float("inf"), leave_one_out: bool = False) -> int:
    """Returns k; raises TypeError unless it is an int, and ValueError unless it is from 1 to the number of examples."""
    k = check_int(k, "n_neighbors")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        raise ValueError(f"n_neighbors={k} is more than the {others} training examples")
    return k


def check_square(X: Any) -> Any:
    """Returns X; raises ValueError unless it is square, a row and a column for each training example."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {tuple(X.shape)}, but 'precomputed' needs a square matrix to fit")
    return X


def check_finite(values: Tensor, name: str) -> Tensor:
    """Returns the values; raises ValueError, with the ``name`` of a value, unless all of them are finite."""
    finite = values.isfinite()
    if not bool(finite.all()):
        raise ValueError(f"{name} is {values[~finite][0].item()}, but must be finite")
    return values


def is_matrix(X: Any) -> bool:
    """Tells whether X is a tensor, array or DataFrame of numbers; a list is a list of examples, even if of numbers."""
    if isinstance(X, Tensor):
        return True
    return hasattr(X, "__array__") and np.ndim(X) == 2 and np.asarray(X).dtype.kind in "buif"


def check_objects(X: Any) -> list[Any]:
    """Returns the examples as a list, unchanged. Raises TypeError for a string, which is one example, not many."""
    _refuse_missing(X, "X")
    if isinstance(X, (str, bytes)) or not hasattr(X, "__iter__"):
        raise TypeError(f"X={X!r} is one example, but must be a list of examples")
    objects = list(np.asarray(X) if hasattr(X, "__array__") else X)
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def check_targets(y: Any, n_examples: int) -> tuple[np.ndarray, bool]:
    """Returns targets as float64 of shape (n, n_outputs), and whether y was 1-D."""
    y = _real_numbers(check_y(y, n_examples), "y")
    _magnitude(y, "y")
    return np.array(y, dtype=np.float64, order="C").reshape(n_examples, -1), y.ndim == 1


def check_labels(y: Any, n_examples: int) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Returns the sorted classes of each output, each row's place among them, and whether y was 1-D.

    Labels are of any sortable type. Raises ValueError for fractions, NaN, None and labels that cannot be compared.
    """
    y = check_y(y, n_examples)
    as_floats = [label for label in _objects(y) if isinstance(label, float)] if y.dtype.kind == "O" else y
    if y.dtype.kind in "fO" and not np.all(np.isfinite(as_floats) & (np.floor(as_floats) == as_floats)):
        raise ValueError("Unknown label type: y has fractions, NaN or infinity, but a classifier needs classes")
    if y.ndim == 2 and y.shape[1] == 1:
        message = "y has shape (n, 1) and is taken as (n,): pass y.ravel()"
        warnings.warn(message, DataConversionWarning, stacklevel=3)
        y = y[:, 0]
    try:
        not_a_time = y.dtype.kind in "mM" and np.isnat(y).any()
        if not_a_time or any(label is None or label != label for label in _objects(y)):
            raise ValueError("y has missing labels (None, NaN or NaT)")
        outputs = [np.unique(column, return_inverse=True) for column in y.reshape(n_examples, -1).T]
    except TypeError as error:
        raise ValueError(f"y has labels that cannot be sorted: {error}") from error
    classes, codes = map(list, zip(*outputs, strict=True))
    return classes, codes, y.ndim == 1


def check_y(y: Any, n_examples: int) -> np.ndarray:
    """Returns y as an array of shape (n,) or (n, n_outputs); raises ValueError if its shape or length is another."""
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    _refuse_missing(y, "y")
    y = to_numpy(y)
    if y.ndim not in (1, 2) or 0 in y.shape:
        raise ValueError(f"y has shape {y.shape}, but must be (n,) or (n, n_outputs)")
    if len(y) != n_examples:
        raise ValueError(f"y has {len(y)} rows, but X has {n_examples}")
    return y


def check_answers(y: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns y as an array of the shape of the predictions; raises ValueError if it has more or fewer entries."""
    y = check_y(y, shape[0])
    if y.size != math.prod(shape):
        raise ValueError(f"y has shape {y.shape}, but the predictions have {shape}")
    return y.reshape(shape)


def check_weights(weights: Any) -> None:
    """Raises ValueError unless ``weights`` is "uniform", "distance" or a function of the distances."""
    if not callable(weights) and not (isinstance(weights, str) and weights in ("uniform", "distance")):
        raise ValueError(f"weights={weights!r} is not uniform, distance or a function of the distances")


def check_returned_weights(returned: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the weights as float64; raises ValueError unless finite, at least 0, and not all 0 for a query."""
    array = np.asarray(returned)
    if array.dtype.kind not in "buif":
        raise ValueError(f"weights returned dtype {array.dtype}, but must return real numbers")
    array = np.array(array, dtype=np.float64, order="C")
    if array.shape != shape:
        raise ValueError(f"weights returned shape {array.shape} for distances of shape {shape}")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        raise ValueError(f"weights returned {array[wrong][0]}, but must be finite and at least 0")
    if not (array > 0).any(axis=1).all():
        raise ValueError("weights returned 0 for all neighbours of a query: nobody is left to vote")
    return array
