"""Examples as a matrix of numbers: one row each, one column for each feature."""

from typing import Any

import numpy as np

from knn_inputs.containers import column_names, to_array
from knn_inputs.entries import read_numbers


def read_matrix(X: Any, largest: float = np.inf, n_features: int | None = None, name: str = "X") -> np.ndarray:
    """Returns X as a matrix of real, finite numbers, (n, n_features), without a copy where NumPy needs none.

    ``n_features`` is the width that the model expects, if it is fitted: then the advice for another shape is more
    exact. Raises TypeError for a container that is no matrix, and ValueError for another shape, for entries that
    cannot be used, and for magnitudes above ``largest``.
    """
    array = to_array(X, name)
    check_shape(array.shape, X, n_features, of_numbers=array.dtype.kind in "buif")
    array = read_numbers(array, name, column_names(X), largest)
    check_shape(array.shape, X, n_features)
    return array


def check_shape(shape: tuple[int, ...], X: Any, n_features: int | None = None, of_numbers: bool = True) -> None:
    """Raises ValueError unless the shape is that of a matrix with at least one row and one column.

    Unless X is ``of_numbers``, it may have any number of dimensions: another shape would not help.
    """
    if len(shape) == 0:
        raise ValueError(
            f"X is a single {type(X).__name__}, a scalar, but must be a matrix with a row for each example"
        )
    if len(shape) != 2 and of_numbers:
        message = f"X has {len(shape)} dimension(s), shape {tuple(shape)}, but must have 2. Reshape your data: "
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
        return f"X.reshape({new})" if hasattr(X, "reshape") else f"np.reshape(X, ({new}))"

    if len(shape) > 2:
        return f"{code('len(X), -1')} makes a row of each of the {shape[0]} examples"
    one_example = f"{code('1, -1')} is one example of {shape[0]} features"
    one_feature = f"{code('-1, 1')} is {shape[0]} examples of one feature"
    if n_features is not None:
        return one_example if n_features == shape[0] else one_feature if n_features == 1 else one_example
    return f"{one_feature}, {one_example}"


def check_square(X: Any) -> Any:
    """Returns X; raises ValueError unless it is square, a row and a column for each training example."""
    if X.shape[0] != X.shape[1]:
        raise ValueError(f"X has shape {tuple(X.shape)}, but 'precomputed' needs a square matrix to fit")
    return X
