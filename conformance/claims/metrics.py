"""Level "metrics": metrics that are asked for less often, and other names of the usual ones."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case
from conformance.cases.data import OTHER_METRICS
from conformance.cases.strategies import lattice_cases
from conformance.claims.bits import assert_same_neighbors
from conformance.claims.claim import BITS, BOUND, claim
from conformance.oracle.other_metrics import is_right, right_distance
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target
from conformance.targets.errors import Missing

OTHER_NAMES = {"l1": "manhattan", "cityblock": "manhattan", "l2": "euclidean", "infinity": "chebyshev"}


def suited(case: Case) -> Case:
    """The case in numbers that its metric takes: amounts, places, or with numbers missing."""
    if case.metric == "braycurtis":
        return replace(case, X=np.abs(case.X), Q=np.abs(case.Q))
    if case.metric == "haversine":  # from pole to pole, and around the globe
        X, Q = (rows[:, [0, -1]] * np.array([np.pi / 8, np.pi / 4]) for rows in (case.X, case.Q))
        return replace(case, X=X, Q=Q)
    if case.metric == "nan_euclidean":
        X, Q = (np.where(rows == 1, np.nan, rows) for rows in (case.X, case.Q))
        return replace(case, X=X, Q=Q)
    return case


def cases_by(*metrics: str) -> st.SearchStrategy[Case]:
    """Small whole numbers, as the metrics take them."""
    return lattice_cases(metrics=metrics, min_rows=2).map(suited)


@claim(cases_by("seuclidean"), BOUND)
def seuclidean_distance(target: Target, case: Case) -> None:
    """The standardised euclidean distance divides each squared gap by the variance of its column, with n - 1.

    Dividing by the root of the variance ranks rows by a mixture of units.
    """
    if varies(case.X):
        _assert_distances(target, case)


@claim(cases_by("canberra"), BOUND)
def canberra_distance(target: Target, case: Case) -> None:
    """The Canberra distance adds |a - b| / (|a| + |b|), and 0 for two zeros.

    Two zeros make 0 / 0, which sorts anywhere.
    """
    _assert_distances(target, case)


@claim(cases_by("braycurtis"), BOUND)
def braycurtis_distance(target: Target, case: Case) -> None:
    """The Bray-Curtis distance is the sum of all gaps divided by the sum of all amounts, and 0 for two empty rows.

    A mean of the shares of single features is another measure, Canberra.
    """
    _assert_distances(target, case)


@claim(cases_by("haversine"), BOUND)
def haversine_distance(target: Target, case: Case) -> None:
    """The haversine distance is the angle between two places, given as latitude and longitude in radians.

    With the two columns swapped, the distances along the equator are still right.
    """
    _assert_distances(target, case)


@claim(cases_by("nan_euclidean"), BOUND)
def nan_euclidean_distance(target: Target, case: Case) -> None:
    """Missing numbers are left out, and the sum of squares is scaled up by n_features / n_shared.

    Without the factor, the row with the most gaps is the nearest.
    """
    if np.all(_n_shared(case) > 0):
        _assert_distances(target, case)


@claim(cases_by("nan_euclidean"), is_convention=True)
def rows_that_share_nothing_come_last(target: Target, case: Case) -> None:
    """A row that shares no feature with the query is at distance infinity, behind all others.

    A distance of NaN sorts anywhere, and one of 0 makes the row that says nothing the nearest.
    """
    if np.any(_n_shared(case) == 0):
        _assert_distances(target, case)


@claim(lattice_cases(metrics=tuple(OTHER_NAMES)))
def other_names_mean_the_same_metric(target: Target, case: Case) -> None:
    """The metrics l1 and cityblock are manhattan, l2 is euclidean, and infinity is chebyshev.

    A name that is accepted and taken for another metric goes unnoticed where rows lie along an axis.
    """
    found = target.search(case).neighbors(case.Q)
    assert_nearest(found, replace(case, metric=OTHER_NAMES[case.metric]), rounds=False)


@claim(cases_by(*OTHER_METRICS), BITS)
def same_neighbors_by_other_metrics(target: Target, case: Case) -> None:
    """Metrics that are asked for less often give the neighbours, and the distances to the last bit, of the loop.

    Rows that are scaled before they are subtracted give other bits, and break ties.
    """
    n, d = case.X.shape
    is_spread = varies(case.X) and n > d and np.linalg.matrix_rank(np.cov(case.X.T)) == d
    if is_spread or case.metric not in ("seuclidean", "mahalanobis"):
        assert_same_neighbors(target, case, case.Q, case.k)


def varies(X: np.ndarray) -> bool:
    """Whether no column is constant."""
    return bool(np.all(np.ptp(X, axis=0) > 0))


def _n_shared(case: Case) -> np.ndarray:
    """The number of features that each query shares with each row."""
    there, of_queries = (~np.isnan(rows) for rows in (case.X, case.Q))
    return of_queries.astype(int) @ there.T.astype(int)


def _assert_distances(target: Target, case: Case) -> None:
    """Raises AssertionError unless each neighbour is at its distance, and no row that is left out is nearer."""
    found = target.search(case).neighbors(case.Q, len(case.X))
    if found.distances is None:
        raise Missing("its search returns no distances")
    for query, row, distances in zip(case.Q, found.indices, found.distances, strict=True):
        for i, distance in zip(row, distances.tolist(), strict=True):
            if not is_right(distance, case.X, query, case.X[i], case.metric):
                wanted = right_distance(case.X, query, case.X[i], case.metric)
                raise AssertionError(f"{found.name} has row {i} at {distance!r}, but should have it at {wanted!r}")
