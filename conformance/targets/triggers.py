"""Triggers: properties of a question on which implementations often fail, such as k = n, whichever claim asks it.

Where a claim fails only on questions with a trigger, the trigger is the cause, and a report names it only once.
"""

from collections.abc import Callable

import numpy as np

from conformance.cases import Case

FAR = 2.0**20  # times the largest gap to the first row: float32 keeps 3 digits of the gap there


def all_rows_wanted(case: Case) -> bool:
    return bool(case.k == len(case.X))


def one_row(case: Case) -> bool:
    return len(case.X) == 1


def one_feature(case: Case) -> bool:
    return case.X.shape[1] == 1


def ties(case: Case) -> bool:
    """Whether two rows are equal, or equally far from a query by euclidean or Manhattan distance, in float64."""
    X, Q = case.X.astype(np.float64), case.Q.astype(np.float64)
    if X.shape[1] != Q.shape[-1]:
        return False
    gaps = np.abs(X - Q.reshape(-1, 1, X.shape[1]))
    distances = [np.sum(gaps * gaps, axis=2), np.sum(gaps, axis=2)]
    return any(len(np.unique(row)) < len(X) for table in distances for row in table)


def far_from_zero(case: Case) -> bool:
    X = case.X.astype(np.float64)
    return bool(np.max(np.abs(X)) > FAR * np.max(np.abs(X - X[0])) > 0)


def exact_match(case: Case) -> bool:
    return case.Q.shape[1:] == case.X.shape[1:] and any(np.any(np.all(q == case.X, axis=1)) for q in case.Q)


TRIGGERS: dict[str, Callable[[Case], bool]] = {
    "n = 1": one_row,
    "k = n": all_rows_wanted,
    "one feature": one_feature,
    "numbers far from 0": far_from_zero,
    "a query that is a row": exact_match,
    "ties": ties,
}


def triggers_of(case: Case) -> set[str]:
    """The triggers that a question has; none for bad input."""
    is_table = case.X.ndim == 2 and case.X.size > 0 and case.X.dtype.kind in "biuf"
    if not (is_table and np.all(np.isfinite(case.X))):
        return set()
    return {name for name, is_present in TRIGGERS.items() if is_present(case)}
