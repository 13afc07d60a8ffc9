"""Level "sparse": sparse matrices of SciPy. A class that refuses a plain one is not asked about others."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import lattice_cases
from conformance.claims.claim import claim
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted, fingerprints


def _plain(rows: np.ndarray) -> Any:
    from scipy.sparse import csr_array

    return csr_array(rows)


def _with_stored_zeros(rows: np.ndarray) -> Any:
    """Every entry is stored, also those that are 0."""
    from scipy.sparse import csr_array

    n, n_features = rows.shape
    columns, start = np.tile(np.arange(n_features), n), np.arange(n + 1) * n_features
    return csr_array((rows.ravel(), columns, start), shape=rows.shape)


def _in_two_parts(rows: np.ndarray) -> Any:
    """Every number is stored as the sum of two."""
    from scipy.sparse import coo_array

    places = tuple(np.concatenate([where, where]) for where in np.nonzero(rows))
    return coo_array((np.repeat(rows[rows != 0], 2).reshape(-1, 2).T.ravel() / 2, places), shape=rows.shape)


@claim(lattice_cases(metrics=("euclidean", "jaccard")))
def a_sparse_matrix_has_the_neighbors_of_the_dense_one(target: Target, case: Case) -> None:
    """A sparse matrix has the neighbours of the dense one, also if it stores zeros, or a number in two parts.

    Code that goes by the entries which are stored takes a zero for a number, or one of two parts for their sum.
    """
    assert_nearest(fit_sparse(target, case).neighbors(case.Q), case, rounds=False)
    for form, name in ((_with_stored_zeros, "that stores zeros"), (_in_two_parts, "of numbers in two parts")):
        found = _fit(target, case, form).neighbors(case.Q)
        found.name += f" of a sparse matrix {name}"
        assert_nearest(found, case, rounds=False)


def fit_sparse(target: Target, case: Case) -> Fitted:
    """A model of the rows as a plain sparse matrix, which takes queries in that form; raises Missing if there is none.

    A model that does not answer takes no sparse matrix either.
    """
    try:
        fitted = _fit(target, case, _plain)
        fitted.neighbors(case.Q)
    except Missing:
        raise
    except Exception as error:
        raise Missing(f"{target.name} takes no sparse matrix") from error
    return fitted


def _fit(target: Target, case: Case, form: Callable[[np.ndarray], Any]) -> Fitted:
    """A model to which matrices are handed over in a sparse form."""
    dense = target.search(case)
    sparse: Fitted = replace(dense, hand_over=lambda rows: form(rows) if rows.ndim == 2 else rows.copy())
    y = dense.hidden if dense.gives_away != "average" or dense.hidden is None else fingerprints(dense.hidden)
    return sparse.fit(case.X, y)
