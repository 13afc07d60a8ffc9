"""Level "ties": the order of equal distances that this project promises. It makes every answer unique.

An implementation with another order is not wrong about the neighbours, but its answers may change between machines.
"""

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import lattice_cases, sized_cases, word_labels
from conformance.claims.claim import CHANGED, claim
from conformance.claims.questions import in_order
from conformance.oracle.exact import exact_distances, is_determined, nearest
from conformance.targets import Target


@claim(lattice_cases())
def equal_distances_go_to_the_lower_index(target: Target, case: Case) -> None:
    """Of rows at the same distance the one with the lower index comes first.

    NumPy's default sort is not stable, and neither ``argpartition`` nor ``topk`` promises an order.
    """
    _assert_order(target, case)


@claim(sized_cases())
def ties_among_many_rows(target: Target, case: Case) -> None:
    """The lower index comes first at every number of rows at which libraries change their algorithm.

    Short arrays are sorted by insertion, which is stable, and hide an unstable sort of long ones.
    """
    _assert_order(target, case)


@claim(sized_cases())
def all_rows_alike(target: Target, case: Case) -> None:
    """Among rows that are all equal the neighbours are the first k, in order.

    A heap keeps the last of equal rows, or any of them.
    """
    _assert_order(target, Case(np.repeat(case.X[:1], len(case.X), axis=0), case.Q, case.k))


@claim(sized_cases(), CHANGED)
def k_neighbors_are_the_first_of_k_plus_one(target: Target, case: Case) -> None:
    """k neighbours are the first k of k + 1, also where the k-th place is shared.

    Only then does a single search serve every k.
    """
    one_more = Case(case.X, case.Q, min(case.k + 1, len(case.X)))
    few, more = (in_order(target.search(asked).neighbors(case.Q)) for asked in (case, one_more))
    for first, ranked in zip(few.indices, more.indices, strict=True):
        if first != ranked[: case.k]:
            raise AssertionError(f"{case.k} neighbors={first}, but should be {ranked[: case.k]}, the first of {ranked}")


@claim(lattice_cases(min_rows=2))
def ties_without_the_row_itself(target: Target, case: Case) -> None:
    """With each row left out of its own neighbours, of equal distances the lower index comes first too.

    The row itself is at distance 0, and so are its twins before and after it.
    """
    n = len(case.X)
    k = min(case.k, n - 1)
    found = target.search(Case(case.X, case.Q, k)).neighbors(None)
    for i, answer in enumerate(found.indices):
        ranked = [j for j in nearest(exact_distances(case.X, case.X[i], "euclidean"), n) if j != i]
        if answer != ranked[:k]:
            raise AssertionError(f"neighbors[{i}]={answer}, but should be {ranked[:k]}")


@claim(lattice_cases(y=word_labels))
def equal_votes_go_to_the_smallest_label(target: Target, case: Case) -> None:
    """Of classes with equal votes the smallest label is predicted, in the order of numbers or of words.

    The class that was met first, or that of the nearest neighbour, depends on the order of the data.
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
