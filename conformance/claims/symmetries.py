"""Level "symmetries": changes of the data that must not change the answer, or must change it in a known way.

Each follow-up answer is judged by the exact distances of the case that it was made from, not by the first answer: equal
distances may come in another order, and they do. Sources: Xie and others, Testing and validating machine learning
classifiers by metamorphic testing, 2011 (of its eleven relations those that hold for nearest neighbours); Liu and
others, How effectively does metamorphic testing alleviate the oracle problem?, 2014.
"""

from dataclasses import replace

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import distinct_cases, labels, lattice_cases, numbers
from conformance.claims.claim import CHANGED, claim
from conformance.oracle.bounds import average_bound, coarseness
from conformance.oracle.exact import exact_distances, is_determined, nearest
from conformance.oracle.found import Found
from conformance.oracle.relations import assert_nearest, renumbered
from conformance.targets import Target
from conformance.targets.target import shuffled


@claim(lattice_cases(), CHANGED)
def moving_changes_nothing(target: Target, case: Case) -> None:
    """Moving all rows and queries by the same whole numbers leaves the neighbours.

    |x|^2 + |q|^2 - 2 x.q grows with the distance from the origin, and its rounding error grows with it.
    """
    shift = target.far * (1 + np.arange(case.X.shape[1]))
    _assert_still_nearest(target, case, case.X + shift, case.Q + shift)


@claim(lattice_cases(), CHANGED)
def scaling_changes_nothing(target: Target, case: Case) -> None:
    """Scaling everything by a power of two leaves the neighbours, and scales the distances exactly.

    A small number that is added for safety, and an absolute tolerance, do not scale with the data.
    """
    for factor in (2.0**-40, 2.0**40):
        found = _assert_still_nearest(target, case, case.X * factor, case.Q * factor)
        unscaled = target.search(case).neighbors(case.Q).distances
        if found.distances is None or unscaled is None:
            continue
        if not np.array_equal(np.sort(found.distances), np.sort(unscaled * factor)):
            raise AssertionError(f"distances={found.distances.tolist()}, but should be {(unscaled * factor).tolist()}")


@claim(lattice_cases(), CHANGED)
def mirroring_changes_nothing(target: Target, case: Case) -> None:
    """Changing the sign of features leaves the neighbours.

    Distances depend on gaps alone, while products depend on signs.
    """
    signs = np.where(np.arange(case.X.shape[1]) % 2, 1.0, -1.0)
    _assert_still_nearest(target, case, case.X * signs, case.Q * signs)


@claim(lattice_cases(), CHANGED)
def order_of_features_is_no_matter(target: Target, case: Case) -> None:
    """Features in another order leave the neighbours.

    A feature may be skipped, or taken for an index or a label.
    """
    _assert_still_nearest(target, case, case.X[:, ::-1].copy(), case.Q[:, ::-1].copy())


@claim(lattice_cases(), CHANGED)
def a_constant_feature_changes_nothing(target: Target, case: Case) -> None:
    """A feature that is the same everywhere, 0 or large, leaves the neighbours.

    Standardising divides by the feature's deviation, which is 0.
    """
    for value in (0.0, target.far):
        X, Q = (np.column_stack([rows, np.full(len(rows), value)]) for rows in (case.X, case.Q))
        _assert_still_nearest(target, case, X, Q)


@claim(lattice_cases(), CHANGED)
def order_of_rows_is_no_matter(target: Target, case: Case) -> None:
    """Rows in another order are the same neighbours under other indices.

    A running best may forget a row, and a bound may hold for sorted data only.
    """
    order = np.arange(len(case.X))[::-1]
    found = target.search(replace(case, X=case.X[order])).neighbors(case.Q)
    assert_nearest(renumbered(found, order), case, rounds=False)


@claim(lattice_cases(), CHANGED)
def far_rows_change_nothing(target: Target, case: Case) -> None:
    """Rows that are farther than all others leave the neighbours.

    One outlier moves the mean, and stretches every scale that is made from the data.
    """
    far = np.full((2, case.X.shape[1]), 2.0**27) * np.array([[1.0], [-1.0]])
    found = target.search(replace(case, X=np.concatenate([case.X, far]))).neighbors(case.Q)
    assert_nearest(found, case, rounds=False)


@claim(lattice_cases(min_rows=2), CHANGED, effort=3)
def other_rows_can_go(target: Target, case: Case) -> None:
    """Removing a row that is not a neighbour leaves the neighbours.

    An answer that changes has depended on a row that it does not name.
    """
    for query in case.Q:
        distances = exact_distances(case.X, query, case.metric)
        kept = np.sort(nearest(distances, len(distances) - 1))
        if case.k <= len(kept) and is_determined(distances, len(kept)):
            smaller = replace(case, X=case.X[kept], Q=query[None])
            found = renumbered(target.search(smaller).neighbors(smaller.Q), kept)
            assert_nearest(found, replace(case, Q=query[None]), rounds=False)


@claim(lattice_cases(min_rows=2), CHANGED)
def halves_can_be_merged(target: Target, case: Case) -> None:
    """The nearest of the neighbours in two halves of the rows are the neighbours in all.

    Every search by blocks relies on it; an index that does not count from its block's first row names a wrong row.
    """
    half = len(case.X) // 2
    if half:
        parts = [np.arange(half), np.arange(half, len(case.X))]
        answers = [
            renumbered(target.search(replace(case, X=case.X[p], k=min(case.k, len(p)))).neighbors(case.Q), p)
            for p in parts
        ]
        merged = []
        for query, first, second in zip(case.Q, *(found.indices for found in answers), strict=True):
            distances = exact_distances(case.X, query, case.metric)
            merged.append(sorted(first + second, key=lambda j: distances[j])[: case.k])
        assert_nearest(Found(merged), case, rounds=False)


@claim(lattice_cases(), CHANGED)
def the_query_added_is_found_first(target: Target, case: Case) -> None:
    """With the query itself added to the rows, the nearest k + 1 are the nearest of all, the query among them.

    A row at distance 0 is a row like any other.
    """
    for query in case.Q:
        X = np.concatenate([case.X, query[None]])
        more = Case(X, query[None], case.k + 1)
        found = target.search(more).neighbors(more.Q)
        assert_nearest(found, more, rounds=False)


@claim(lattice_cases(), CHANGED)
def every_row_twice_is_every_neighbor_twice(target: Target, case: Case) -> None:
    """With every row twice, the nearest 2 k are still the nearest: twins are two rows.

    Sets and dictionaries of rows keep only one of the twins.
    """
    twice = replace(case, X=np.repeat(case.X, 2, axis=0), k=2 * case.k)
    assert_nearest(target.search(twice).neighbors(case.Q), twice, rounds=False)


@claim(lattice_cases(metrics=("cosine",)), CHANGED)
def length_is_nothing_to_cosine(target: Target, case: Case) -> None:
    """Rows multiplied by positive numbers have the same neighbours by cosine distance.

    The largest product belongs to the longest row.
    """
    if np.all(np.any(case.X, axis=1)) and np.all(np.any(case.Q, axis=1)):
        lengths = 2.0 ** (np.arange(len(case.X)) % 7 - 3)
        found = target.search(replace(case, X=case.X * lengths[:, None])).neighbors(case.Q)
        assert_nearest(found, case)


@claim(distinct_cases(y=numbers), CHANGED)
def averages_are_linear(target: Target, case: Case) -> None:
    """Targets doubled and moved by 16 make predictions doubled and moved by 16.

    An average is linear; a median is not, and neither is a shrinkage to 0.
    """
    assert case.y is not None
    changed = replace(case, y=2 * case.y + 16)
    before, after = (target.regressor(c).predict(case.Q) for c in (case, changed))
    # twice the bound of the first prediction, once that of the second, and two roundings of the expected value
    u = 2.0**-53 * coarseness(after)
    largest, moved = (float(np.max(np.abs(c.y))) for c in (case, changed))  # type: ignore[arg-type]
    bound = 2 * average_bound(case.k, largest, u) + average_bound(case.k, moved, u) + 4 * u * (2 * largest + 16)
    if not np.all(np.abs(after - (2 * before + 16)) <= bound):
        raise AssertionError(f"prediction={after.tolist()}, but should be {(2 * before + 16).tolist()}")


@claim(lattice_cases(y=numbers), CHANGED)
def targets_do_not_choose_the_neighbors(target: Target, case: Case) -> None:
    """With every target negated, predictions are negated: among rows that are equally far, targets do not choose.

    ``sorted((distance, target))`` takes the smallest targets of equally far rows, so that predictions are too small.
    """
    assert case.y is not None
    before, after = (target.regressor(c).predict(case.Q) for c in (case, replace(case, y=-case.y)))
    bound = 2 * average_bound(case.k, float(np.max(np.abs(case.y))), 2.0**-53 * coarseness(after))
    if not np.all(np.abs(after + before) <= bound):
        expected = (0.0 - before).tolist()
        raise AssertionError(f"prediction from -y={after.tolist()}, but should be {expected}, minus that from y")


@claim(lattice_cases(), CHANGED)
def names_do_not_choose_the_neighbor(target: Target, case: Case) -> None:
    """With k = 1 and a class for each row, the names of the classes do not decide which of equally far rows is taken.

    ``sorted((distance, label))`` takes the smallest label, and finds another neighbour when classes are renamed.
    """
    names = shuffled(case)
    case = replace(case, k=1, y=names)
    before, after = (target.classifier(c).predict(case.Q) for c in (case, replace(case, y=names.max() - names)))
    for one, other in zip(before.tolist(), after.tolist(), strict=True):
        expected = int(names.max()) - one
        if other != expected:
            raise AssertionError(
                f"prediction={other!r}, but should be {expected!r}, the new name of the row that was called {one!r}"
            )


@claim(lattice_cases(y=labels), CHANGED)
def other_names_for_classes(target: Target, case: Case) -> None:
    """Classes under other names are predicted under those names, where one class clearly wins.

    A name is not a number: 0, 1 and 2 must not be distances, indices or weights.
    """
    assert case.y is not None
    names = np.array([-5, 40, 1000])
    before, after = (target.classifier(c).predict(case.Q) for c in (case, replace(case, y=names[case.y])))
    for query, label, renamed in zip(case.Q, before.tolist(), after.tolist(), strict=True):
        if _wins_clearly(case, query, label) and renamed != names[int(label)]:
            raise AssertionError(f"prediction={renamed}, but should be {names[int(label)]}, as {label} is called now")


@claim(lattice_cases(y=labels), CHANGED, effort=2)
def a_prediction_confirms_itself(target: Target, case: Case) -> None:
    """With the query and the class that it clearly wins added to the training data, the prediction is the same.

    The class gains a vote, and the neighbour that gives way costs it at most one.
    """
    assert case.y is not None
    for query, label in zip(case.Q, target.classifier(case).predict(case.Q), strict=True):
        if _wins_clearly(case, query, label):
            X, y = np.concatenate([query[None], case.X]), np.concatenate([[label], case.y])
            again = target.classifier(replace(case, X=X, y=y, Q=query[None])).predict(query[None])
            if again[0] != label:
                raise AssertionError(f"prediction={again[0]!s}, but should still be {label!s}")


@claim(lattice_cases(y=labels), CHANGED)
def twins_of_the_winners_change_nothing(target: Target, case: Case) -> None:
    """With all rows of the class that clearly wins twice, the prediction is the same.

    The votes of that class come earlier and count no less.
    """
    assert case.y is not None
    for query, label in zip(case.Q, target.classifier(case).predict(case.Q), strict=True):
        if _wins_clearly(case, query, label):
            order = np.sort(np.concatenate([np.arange(len(case.X)), np.flatnonzero(case.y == label)]))
            twice = replace(case, X=case.X[order], y=case.y[order], Q=query[None])
            again = target.classifier(twice).predict(query[None])
            if again[0] != label:
                raise AssertionError(f"prediction={again[0]!s}, but should still be {label!s}")


@claim(lattice_cases(y=labels), CHANGED)
def losers_can_change_their_name(target: Target, case: Case) -> None:
    """With the other classes under other names, the class that clearly wins is the same.

    Classes that lose the vote lose it under any name.
    """
    assert case.y is not None
    for query, label in zip(case.Q, target.classifier(case).predict(case.Q), strict=True):
        if _wins_clearly(case, query, label):
            renamed = np.where(case.y == label, case.y, case.y + 10)
            again = target.classifier(replace(case, y=renamed, Q=query[None])).predict(query[None])
            if again[0] != label:
                raise AssertionError(f"prediction={again[0]!s}, but should still be {label!s}")


def _wins_clearly(case: Case, query: np.ndarray, label: int) -> bool:
    """Whether the neighbours are determined, and the label has more of their votes than any other."""
    assert case.y is not None
    distances = exact_distances(case.X, query, case.metric)
    votes = case.y[nearest(distances, case.k)].tolist()
    others = [votes.count(other) for other in set(votes) - {label}]
    return is_determined(distances, case.k) and votes.count(label) > max(others, default=0)


def _assert_still_nearest(target: Target, case: Case, X: np.ndarray, Q: np.ndarray) -> Found:
    """The neighbours of the changed case, which must be the nearest of the case itself."""
    found = target.search(replace(case, X=X, Q=Q)).neighbors(Q)
    assert_nearest(found, case, rounds=False)
    return found
