"""Examples as a matrix of numbers: one row each, one column for each feature."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import read_numbers
from knn_inputs.messages import kind_of


def read_matrix(
    X: Any,
    largest: float = np.inf,
    n_features: int | None = None,
    least: float = -np.inf,
    allow_nan: bool = False,
) -> np.ndarray:
    """Returns X as a matrix of real, finite numbers, (n, n_features), without a copy where NumPy needs none.

    ``n_features`` is the width that the model expects, if it is fitted: then the advice for another shape is more
    exact. Raises TypeError for a container that is no matrix, and ValueError for another shape, for entries that
    cannot be used, for magnitudes above ``largest``, and for numbers below ``least``. With ``allow_nan`` entries may be
    missing, and are NaN.
    """
    array = to_array(X, "X")
    check_shape(array.shape, X, n_features, of_numbers=array.dtype.kind in "buif")
    array = read_numbers(array, "X", X, largest, least, allow_nan)
    check_shape(array.shape, X, n_features)
    return array


def check_shape(shape: tuple[int, ...], X: Any, n_features: int | None = None, of_numbers: bool = True) -> None:
    """Raises ValueError unless the shape is that of a matrix with at least one row and one column.

    Unless X is ``of_numbers``, it may have any number of dimensions: another shape would not help.
    """
    if len(shape) == 0:
        advice = ": pass list(X)" if hasattr(type(X), "__iter__") and not isinstance(X, str | bytes) else ""
        raise ValueError(f"X is a single {kind_of(X)}, a scalar, but must be a matrix, a row for each example{advice}")
    if len(shape) != 2 and of_numbers and shape[0]:
        message = f"X has shape {tuple(shape)}, but must have 2 dimensions. Reshape your data: "
        raise ValueError(message + advise_reshape(shape, X, n_features))
    if shape[0] == 0:
        raise ValueError(f"X has 0 sample(s), shape={tuple(shape)}, while a minimum of 1 is required")
    if len(shape) == 2 and shape[1] == 0:
        raise ValueError(f"0 feature(s) (shape={tuple(shape)}) while a minimum of 1 is required by X")


def advise_reshape(shape: tuple[int, ...], X: Any, n_features: int | None = None) -> str:
    """Returns code that makes a matrix of examples of another shape.

    >>> advise_reshape((3,), np.zeros(3), n_features=3)
    'X.reshape(1, -1) is one example of 3 features'
    """

    def code(new: str) -> str:
        return f"X.reshape({new})" if hasattr(type(X), "reshape") else f"np.reshape(X, ({new}))"

    if len(shape) > 2:
        return f"{code('len(X), -1')} makes a row of each of the {shape[0]} examples"
    one_example = f"{code('1, -1')} is one example of {shape[0]} features"
    one_feature = f"{code('-1, 1')} is {shape[0]} examples of one feature"
    if hasattr(type(X), "iloc"):  # a Series of pandas
        one_example = (
            f"X.to_frame().T is one example of {shape[0]} features, and so is df.iloc[[0]], but not df.iloc[0]"
        )
        one_feature = f"X.to_frame() is {shape[0]} examples of one feature, and so is df[['a']], but not df['a']"
    if n_features is None:
        return f"{one_feature}, {one_example}"
    return one_feature if n_features == 1 != shape[0] else one_example


def check_square(X: Any) -> Any:
    """Returns X; raises ValueError unless it is square, a row and a column for each training example."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {tuple(X.shape)}, but 'precomputed' needs a square matrix to fit")
    return X


def read_pair(a: Any, b: Any, largest: float, allow_nan: bool = False) -> np.ndarray:
    """Returns two examples of the same length, (2, n_features); raises as ``read_matrix``, with a or b as the name."""
    rows = []
    for example, name in ((a, "a"), (b, "b")):
        array = to_array(example, name)
        if array.ndim != 1 or not len(array):
            advice = f": pass {name}[0]" if array.ndim == 2 else ""
            raise ValueError(f"{name} has shape {array.shape}, but must be one example, (n_features,){advice}")
        rows.append(read_numbers(array, name, None, largest, allow_nan=allow_nan))
    if len(rows[0]) != len(rows[1]):
        raise ValueError(f"a has shape {rows[0].shape}, but b has {rows[1].shape}")
    return np.stack([np.array(row, dtype=np.float64) for row in rows])
