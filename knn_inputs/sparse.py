"""Sparse matrices of SciPy, and DataFrames of sparse columns, recognised by their methods, so that SciPy is not needed.

An entry that is not stored is 0. Entries that are stored twice add up, as they do in ``X.toarray()``.
"""

from typing import Any

import numpy as np

from knn_inputs.entries import is_real, read_numbers
from knn_inputs.matrices import check_shape
from knn_inputs.messages import LONGEST_CAUSE, a_kind_of, show


def is_sparse(X: Any, least: float = -np.inf) -> bool:
    """Returns whether X is a sparse matrix, or a DataFrame all of whose columns are sparse, with 0 where empty.

    A DataFrame of distances, whose ``least`` is 0, is not: it holds all of them.
    """
    return is_sparse_matrix(X) or (least != 0 and _is_sparse_frame(X))


def is_sparse_matrix(X: Any) -> bool:
    """Returns whether X is a sparse matrix or array of any of SciPy's formats."""
    return hasattr(type(X), "tocsr")


def _is_sparse_frame(X: Any) -> bool:
    if not (hasattr(type(X), "sparse") and hasattr(type(X), "columns")):
        return False
    fills = [getattr(dtype, "fill_value", None) for dtype in X.dtypes]
    return bool(fills) and all(is_real(fill) and fill == 0 for fill in fills)


def read_sparse(X: Any, largest: float = np.inf, n_features: int | None = None, least: float = -np.inf) -> Any:
    """Returns X in the format CSR, (n, n_features), each row's columns ascending and stored once; X stays as it is.

    The numbers may still be those of X, without a copy. Raises as ``read_matrix`` does, with the row and the column of
    an entry that cannot be used, and TypeError where X should hold distances, which have a ``least`` number of 0.
    """
    if least == 0:
        raise TypeError(
            "Sparse data was passed as X, but metric='precomputed' needs the distance of every pair, and a sparse "
            "matrix may leave out those that are far apart: pass X.toarray() if an entry that is not stored is 0"
        )
    check_shape(tuple(X.shape), X, n_features)
    csr = _to_csr(X)
    source = None if is_sparse_matrix(X) else X
    numbers = _read(csr, csr.data, source, largest)
    csr = type(csr)((numbers, csr.indices, csr.indptr), shape=csr.shape)
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
        _read(csr, csr.data, source, largest)  # sums may be larger than the numbers
    return csr


def _to_csr(X: Any) -> Any:
    """Returns X in the format CSR; raises ValueError for a matrix whose parts do not fit together."""
    try:
        csr = X.tocsr() if is_sparse_matrix(X) else X.sparse.to_coo().tocsr()
        csr.check_format(full_check=True)  # an index out of range would crash the process
    except MemoryError:
        raise
    except Exception as error:
        message = f"X is {a_kind_of(X)} that cannot be read as a sparse matrix: {show(error, LONGEST_CAUSE)}"
        raise ValueError(message) from error
    return csr


def _read(csr: Any, numbers: np.ndarray, source: Any, largest: float) -> np.ndarray:
    """Returns the stored numbers, real, finite and of at most 8 bytes, or raises with the place of another one."""

    def place_in_matrix(place: tuple[int, ...]) -> tuple[int, ...]:
        row = int(np.searchsorted(csr.indptr, place[0], side="right")) - 1
        return row, int(csr.indices[place[0]])

    return read_numbers(numbers, "X", source, largest, place_in_matrix=place_in_matrix)


def to_dense(X: Any, largest: float = np.inf, n_features: int | None = None, least: float = -np.inf) -> Any:
    """Returns a sparse matrix as an array, (n, n_features), and anything else as it is; raises as ``read_sparse``."""
    return read_sparse(X, largest, n_features, least).toarray() if is_sparse_matrix(X) else X
