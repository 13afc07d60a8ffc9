"""Level "updates": rows that are added to a fitted model with ``add``, and removed from it with ``remove``."""

from dataclasses import replace

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import lattice_cases, numbers, weighted_cases
from conformance.claims.claim import CHANGED, claim
from conformance.claims.sample_weight import weights_of_rows
from conformance.oracle.expected import targets_of
from conformance.oracle.found import Found
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted


@claim(lattice_cases(min_rows=2))
def added_rows_are_found(target: Target, case: Case) -> None:
    """Rows that are added become neighbours like those of ``fit``, and their indices follow.

    A tree or a table of norms that is made in ``fit`` knows the old rows only.
    """
    first, rest = np.split(case.X, [_half(case)])
    k = min(case.k, len(first))
    fitted = with_updates(target, replace(case, X=first, k=k))
    fitted.call("add", rest)
    assert_nearest(fitted.neighbors(case.Q), replace(case, k=k), rounds=False)


@claim(lattice_cases(min_rows=2))
def removed_rows_are_not_found(target: Target, case: Case) -> None:
    """A row that is removed is a neighbour of no query; the nearest of the others take its place.

    Where removed rows are taken out of an answer of k rows, fewer than k are left.
    """
    n_left = _half(case)
    k = min(case.k, n_left)
    fitted = with_updates(target, replace(case, k=k))
    fitted.call("remove", np.arange(n_left, len(case.X)))
    found = fitted.neighbors(case.Q)
    _assert_among(found, range(n_left))
    assert_nearest(found, replace(case, X=case.X[:n_left], k=k), rounds=False)


@claim(lattice_cases(min_rows=2), is_convention=True)
def rows_keep_their_ids(target: Target, case: Case) -> None:
    """After a removal the other rows are called by the indices that they had, and rows added later by new ones.

    A caller has stored these indices. If they shift, each later answer is about another row.
    """
    n_removed = len(case.X) // 2
    k = min(case.k, len(case.X) - n_removed)
    fitted = with_updates(target, replace(case, k=k))
    fitted.call("remove", np.arange(n_removed))
    fitted.call("add", case.Q[:1])
    found, rows = fitted.neighbors(case.Q), np.concatenate([case.X, case.Q[:1]])
    _assert_among(found, range(n_removed, len(rows)))
    numbered = replace(found, indices=[[row - n_removed for row in answer] for answer in found.indices])
    assert_nearest(numbered, replace(case, X=rows[n_removed:], k=k), rounds=False)


@claim(lattice_cases(min_rows=2, y=numbers), CHANGED)
def predictions_follow_the_rows(target: Target, case: Case) -> None:
    """After rows were added and removed, predictions are those of a model that was fitted on the rows that are left.

    Targets are kept beside the rows, and get out of step with them.
    """
    y, n_first = targets_of(case), _half(case)
    k = min(case.k, n_first, len(case.X) - 1)
    fitted = target.regressor(replace(case, X=case.X[:n_first], y=y[:n_first], k=k))
    _need_updates(fitted)
    fitted.call("add", case.X[n_first:], y[n_first:])
    fitted.call("remove", np.array([0]))
    predicted = fitted.predict(case.Q)
    expected = target.regressor(replace(case, X=case.X[1:], y=y[1:], k=k)).predict(case.Q)
    if not np.array_equal(predicted, expected):
        raise AssertionError(f"prediction={predicted.tolist()}, but should be {expected.tolist()}, that of a new fit")


@claim(weighted_cases(numbers, weights=(1, 2, 3, 9)), CHANGED)
def added_rows_count_by_their_weights(target: Target, case: Case) -> None:
    """Rows that are added with ``sample_weight`` take as many places as they weigh, as in a fit of all rows.

    Weights are kept beside the rows, and an update easily adds rows alone.
    """
    y, weights, n_first = targets_of(case), weights_of_rows(case), _half(case)
    if n_first == len(case.X):  # there is one row
        return
    k = min(case.k, int(weights[:n_first].sum()))
    first = replace(case, X=case.X[:n_first], y=y[:n_first], sample_weight=weights[:n_first], k=k)
    fitted = target.regressor(first)
    _need_updates(fitted)
    fitted.adapter.need("add", "sample_weight")
    fitted.call("add", case.X[n_first:], y[n_first:], sample_weight=weights[n_first:])
    predicted, expected = fitted.predict(case.Q), target.regressor(replace(case, k=k)).predict(case.Q)
    if not np.array_equal(predicted, expected):
        raise AssertionError(f"prediction={predicted.tolist()}, but should be {expected.tolist()}, that of a new fit")


def _half(case: Case) -> int:
    return (len(case.X) + 1) // 2


def with_updates(target: Target, case: Case) -> Fitted:
    """A fitted model whose neighbours are named by their indices; raises Missing if it takes no updates."""
    fitted = target.search(case)
    _need_updates(fitted)
    if fitted.adapter.form is None or fitted.hidden is not None:
        raise Missing(f"{fitted.adapter.name} does not name its neighbours by their indices")
    return fitted


def _need_updates(fitted: Fitted) -> None:
    fitted.adapter.need("add")
    fitted.adapter.need("remove")


def _assert_among(found: Found, rows: range) -> None:
    for i, answer in enumerate(found.indices):
        if any(row not in rows for row in answer):
            last = rows[-1]
            raise AssertionError(
                f"neighbors[{i}]={answer}, but the rows that are left have ids from {rows[0]} to {last}"
            )
