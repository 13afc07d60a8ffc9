"""Level "sparse": sparse matrices of SciPy. A class that refuses a plain one is not asked about others."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import lattice_cases
from conformance.claims.claim import claim
from conformance.claims.radius import WHOLE, assert_rows, rows_within
from conformance.oracle.exact import exact_distances
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted, fingerprints

SMALL = np.int32  # the type of indices: scikit-learn's manhattan reads no larger one


def _plain(rows: np.ndarray) -> Any:
    from scipy.sparse import csr_array

    return csr_array(rows)


def _with_stored_zeros(rows: np.ndarray) -> Any:
    """Every entry is stored, also those that are 0."""
    from scipy.sparse import csr_array

    n, n_features = rows.shape
    columns, start = np.tile(np.arange(n_features, dtype=SMALL), n), np.arange(n + 1, dtype=SMALL) * n_features
    return csr_array((rows.ravel(), columns, start), shape=rows.shape)


def _in_two_parts(rows: np.ndarray) -> Any:
    """Every number is stored as the sum of two."""
    from scipy.sparse import coo_array

    places = tuple(np.concatenate([where, where]).astype(SMALL) for where in np.nonzero(rows))
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


@claim(lattice_cases(metrics=WHOLE))
def a_sparse_matrix_has_the_rows_within_a_radius_of_the_dense_one(target: Target, case: Case) -> None:
    """Within a radius a sparse matrix has the rows of the dense one, rows at the radius and at distance 0 too.

    A sparse matrix of distances does not store a distance of 0, so code that reads what it stores loses twins.
    """
    radius = float(case.k - 1)
    for form in (_plain, _with_stored_zeros, _in_two_parts):
        fitted = _search(target, case, form)
        fitted.adapter.need("radius_neighbors", "radius")
        try:
            indices = rows_within(fitted.fit(case.X), case.Q, radius)[1]
        except Missing:
            raise
        except Exception as error:
            if form is not _plain:
                raise
            raise Missing(f"{target.name} takes no sparse matrix within a radius") from error
        for query, found in zip(case.Q, indices, strict=True):
            exact = exact_distances(case.X, query, case.metric)
            assert_rows(found, [i for i, d in enumerate(exact) if d <= radius])


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
    sparse = _search(target, case, form)
    y = sparse.hidden if sparse.gives_away != "average" or sparse.hidden is None else fingerprints(sparse.hidden)
    return sparse.fit(case.X, y)


def _search(target: Target, case: Case, form: Callable[[np.ndarray], Any]) -> Fitted:
    """A search to which matrices are handed over in a sparse form."""
    fitted: Fitted = replace(target.search(case), hand_over=lambda rows: form(rows) if rows.ndim == 2 else rows.copy())
    return fitted
