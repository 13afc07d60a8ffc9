"""Level "ties": the order that this project promises, and few others do. It makes every answer unique.

Whoever breaks ties otherwise is not wrong about the neighbours; but its answers may differ from machine to machine.
"""

import numpy as np

from conformance.cases import Case
from conformance.claims.neighbors import in_order
from conformance.oracle.exact import exact_distances, is_determined, nearest
from conformance.targets import Target


def equal_distances_go_to_the_lower_index(target: Target, case: Case) -> None:
    """Of rows at the same distance the one with the lower index comes first.

    NumPy's default sort is not stable, and neither ``argpartition`` nor ``topk`` promises anything.
    """
    _assert_order(target, case)


def ties_among_many_rows(target: Target, case: Case) -> None:
    """The lower index comes first at every number of rows at which libraries change their algorithm.

    Short arrays are sorted by insertion, which is stable, and hide what long ones do.
    """
    _assert_order(target, case)


def all_rows_alike(target: Target, case: Case) -> None:
    """Among rows that are all equal the neighbours are the first k, in order.

    The last of equals, or any of them, is what a heap leaves.
    """
    _assert_order(target, Case(np.repeat(case.X[:1], len(case.X), axis=0), case.Q, case.k))


def k_neighbors_are_the_first_of_k_plus_one(target: Target, case: Case) -> None:
    """k neighbours are the first k of k + 1, also where the k-th place is shared.

    So that one search serves every k.
    """
    one_more = Case(case.X, case.Q, min(case.k + 1, len(case.X)))
    few, more = (in_order(target.search(asked).neighbors(case.Q)) for asked in (case, one_more))
    for first, ranked in zip(few.indices, more.indices, strict=True):
        if first != ranked[: case.k]:
            raise AssertionError(f"{case.k} neighbors={first}, but should be {ranked[: case.k]}, the first of {ranked}")


def ties_without_the_row_itself(target: Target, case: Case) -> None:
    """With each row left out of its own neighbours, of equal distances the lower index comes first too.

    The row itself is at distance 0, and so are its twins before and behind it.
    """
    n = len(case.X)
    k = min(case.k, n - 1)
    found = target.search(Case(case.X, case.Q, k)).neighbors(None)
    for i, answer in enumerate(found.indices):
        ranked = [j for j in nearest(exact_distances(case.X, case.X[i], "euclidean"), n) if j != i]
        if answer != ranked[:k]:
            raise AssertionError(f"neighbors[{i}]={answer}, but should be {ranked[:k]}")


def equal_votes_go_to_the_smallest_label(target: Target, case: Case) -> None:
    """Of classes with as many votes the smallest label is predicted, in the order of numbers or of words.

    The first that was met, the nearest, or any of them, depends on the order of the data.
    """
    assert case.y is not None
    predicted = target.classifier(case).predict(case.Q).tolist()
    for i, query in enumerate(case.Q):
        distances = exact_distances(case.X, query, case.metric)
        if not is_determined(distances, case.k):
            continue
        votes = case.y[nearest(distances, case.k)].tolist()
        elected = min(set(votes), key=lambda label: (-votes.count(label), label))
        if predicted[i] != elected:
            raise AssertionError(f"prediction[{i}]={predicted[i]!r}, but should be {elected!r}; votes are {votes}")


def _assert_order(target: Target, case: Case) -> None:
    found = target.search(case).neighbors(case.Q)
    for i, (query, answer) in enumerate(zip(case.Q, found.indices, strict=True)):
        ranked = nearest(exact_distances(case.X, query, case.metric), case.k)
        if (answer if found.ordered else sorted(answer)) != (ranked if found.ordered else sorted(ranked)):
            raise AssertionError(f"neighbors[{i}]={answer}, but should be {ranked}")
