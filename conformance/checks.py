"""The claims, one function each: what holds of ``reference``, ``accelerated`` and scikit-learn on any drawn case."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors

import accelerated
import reference
from conformance.relations import (
    assert_admissible,
    assert_same_bits,
    difference_bounds,
    exact_distances,
    expansion_bounds,
    minkowski_bounds,
)
from conformance.similarity_checks import (
    all_alike,
    conflicting_twins_meet_halfway,
    kernel_ridge_agrees,
    linear_in_the_targets,
    none_alike,
    one_or_two_points,
    order_is_no_matter,
    outputs_are_independent,
    same_similarity_predictions,
    twins_count_once,
    weights_solve_the_equations,
)
from conformance.strategies import Case, cases, similarity_cases

LABELS = [np.array([2, 5, -1]), np.array(["b", "a", "c"]), np.array([True, False]), np.array([1.0, 0.0, 1e6])]


def closeness(distances: np.ndarray) -> np.ndarray:
    """A callable for ``weights``, finite at 0."""
    return 1.0 / (1.0 + distances)


WEIGHTS = ["uniform", "distance", closeness]


def same_neighbors(case: Case, data: st.DataObject) -> None:
    """Both packages give the same neighbours, and the same distances to the last bit."""
    _assert_same_neighbors(case, case.Q, case.k)


def same_neighbors_left_out(case: Case, data: st.DataObject) -> None:
    """Leaving each training row out of its own neighbours, both packages give the same bits."""
    if len(case.X) > 1:
        _assert_same_neighbors(case, None, min(case.k, len(case.X) - 1))


def _assert_same_neighbors(case: Case, Q: np.ndarray | None, k: int) -> None:
    distances, indices = _fit(accelerated.NearestNeighbors, case).kneighbors(Q, k)
    expected_distances, expected_indices = _fit(reference.NearestNeighbors, case).kneighbors(Q, k)
    assert_same_bits(indices, expected_indices, "indices")
    if not _is_rooted(case):
        assert_same_bits(distances, expected_distances, "distances")
    else:  # two ``pow`` of the same number, each within 1 unit in the last place: 4 u, and as much again
        np.testing.assert_allclose(distances, expected_distances, rtol=8 * 2.0**-53, atol=0)


def _is_rooted(case: Case) -> bool:
    """Whether distances are p-th roots, whose last bits are not promised."""
    return case.metric == "minkowski" and case.p not in (1, 2, np.inf)


def same_votes(case: Case, data: st.DataObject) -> None:
    """Both classifiers give the same classes, and the same vote shares to the last bit, under all weights."""
    y = _draw_labels(data, len(case.X))
    for weights in WEIGHTS:
        actual, expected = (
            _fit(package.KNNClassifier, case, y, weights=weights) for package in (accelerated, reference)
        )
        shares, expected_shares = actual.predict_proba(case.Q), expected.predict_proba(case.Q)
        if y.ndim == 1:
            shares, expected_shares = [shares], [expected_shares]
        for share, expected_share in zip(shares, expected_shares, strict=True):
            _assert_same_average(case, weights, share, expected_share, 1.0)
        if weights == "uniform" or not _is_rooted(case):
            np.testing.assert_array_equal(actual.predict(case.Q), expected.predict(case.Q))


def same_averages(case: Case, data: st.DataObject) -> None:
    """Both regressors give the same averages to the last bit, under all weights, for one target or several."""
    shape = data.draw(st.sampled_from([(len(case.X),), (len(case.X), 1), (len(case.X), 3)]), label="shape of y")
    y = np.random.default_rng(data.draw(st.integers(0, 99), label="seed of y")).normal(size=shape) * 100
    for weights in WEIGHTS:
        actual, expected = (
            _fit(package.KNNRegressor, case, y, weights=weights).predict(case.Q) for package in (accelerated, reference)
        )
        _assert_same_average(case, weights, actual, expected, float(np.max(np.abs(y))))


def _assert_same_average(case: Case, weights: Any, actual: np.ndarray, expected: np.ndarray, largest: float) -> None:
    """The same bits, except where weights are made from p-th roots.

    Those are within 4 u of one another, and the weights made from them, with two roundings each, within 8 u. The
    quotient of sum w y and sum w then moves by at most 16 u max|y|; each side adds gamma_{2k+1} by its own rounding.
    As much again for the terms in u^2.
    """
    if weights == "uniform" or not _is_rooted(case):
        assert_same_bits(actual, expected, "average")
    else:
        bound = 2 * (16 + 2 * (2 * case.k + 1)) * 2.0**-53 * largest
        np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)


def same_neighbors_up_to_rounding(case: Case, data: st.DataObject) -> None:
    """Minkowski with a p that goes through ``pow``: the same neighbours and distances up to its rounding."""
    actual, indices = _fit(accelerated.NearestNeighbors, case).kneighbors(case.Q)
    loop = _fit(reference.NearestNeighbors, case)
    for query, row, row_distances in zip(case.Q, indices, actual, strict=True):
        expected = np.array([loop.get_distance(query, x) for x in case.X])
        bounds = minkowski_bounds(expected, case.X.shape[1], case.p)
        assert_admissible(row, case.k, [Fraction(distance) for distance in expected.tolist()], bounds, "indices")
        for i, distance in zip(row.tolist(), row_distances.tolist(), strict=True):
            assert abs(Fraction(distance) - Fraction(float(expected[i]))) <= bounds[i], (i, distance, expected[i])


def admissible_neighbors(case: Case, data: st.DataObject) -> None:
    """Our neighbours are right up to the rounding of differences, scikit-learn's up to that of the expanded form."""
    ours = _fit(accelerated.NearestNeighbors, case).kneighbors(case.Q, return_distance=False)
    theirs = SklearnNeighbors(n_neighbors=case.k, metric=case.metric).fit(case.X).kneighbors(case.Q)[1]
    metric = "sqeuclidean" if case.metric == "euclidean" else case.metric
    for query, our_row, their_row in zip(case.Q, ours, theirs, strict=True):
        exact = exact_distances(case.X, query, metric)
        bounds = difference_bounds(exact, case.X.shape[1], metric)
        assert_admissible(our_row, case.k, exact, bounds, "accelerated")
        their_bounds = expansion_bounds(case.X, query) if case.metric == "euclidean" else bounds
        assert_admissible(their_row, case.k, exact, their_bounds, "scikit-learn")


def _fit(model: Callable[..., Any], case: Case, *y: np.ndarray, **params: Any) -> Any:
    return model(case.k, metric=case.metric, p=case.p, **params).fit(case.X, *y)


def _draw_labels(data: st.DataObject, n: int) -> np.ndarray:
    labels = data.draw(st.sampled_from(LABELS), label="labels")
    shape = data.draw(st.sampled_from([(n,), (n, 2)]), label="shape of y")
    seed = data.draw(st.integers(0, 99), label="seed of y")
    return labels[np.random.default_rng(seed).integers(0, len(labels), shape)]


class Check(NamedTuple):
    """A claim, the cases that it is tried on, and its part of the effort."""

    function: Callable[[Any, st.DataObject], None]
    strategy: st.SearchStrategy[Any]
    effort: int = 1  # times the number of draws of the run

    @property
    def claim(self) -> str:
        return str(self.function.__doc__)

    def run(self, draws: int, **options: Any) -> None:
        """Tries the claim on ``effort`` times as many cases; raises what the smallest failing one raises."""

        @settings(max_examples=self.effort * draws, deadline=None, report_multiple_bugs=False, **options)
        @given(case=self.strategy, data=st.data())
        def holds(case: Any, data: st.DataObject) -> None:
            self.function(case, data)

        holds()


NO_NEGATIVE_EIGENVALUE = ("rbf", "laplacian", "linear", "cosine", "polynomial")
CHECKS = [
    Check(same_neighbors, cases(), effort=10),
    Check(same_neighbors_left_out, cases(max_rows=40)),
    Check(same_votes, cases()),
    Check(same_averages, cases()),
    Check(
        same_neighbors_up_to_rounding,
        cases(metrics=("minkowski",), powers=(0.5, 1.5, 2.5, 17, 1000), max_rows=40),
    ),
    Check(admissible_neighbors, cases(metrics=("euclidean", "manhattan", "chebyshev"), max_rows=30, dtypes=False)),
    Check(same_similarity_predictions, similarity_cases()),
    Check(kernel_ridge_agrees, similarity_cases(NO_NEGATIVE_EIGENVALUE, jitters=(1e-6, 1e-2))),
    Check(weights_solve_the_equations, similarity_cases(jitters=(1e-6, 1e-2))),
    Check(one_or_two_points, similarity_cases(max_rows=2)),
    Check(all_alike, similarity_cases(("rbf", "laplacian"), gammas=(0.0, 1e-30))),
    Check(none_alike, similarity_cases(("rbf", "laplacian"))),
    Check(twins_count_once, similarity_cases()),
    Check(conflicting_twins_meet_halfway, similarity_cases()),
    Check(linear_in_the_targets, similarity_cases()),
    Check(outputs_are_independent, similarity_cases()),
    Check(order_is_no_matter, similarity_cases()),
]
