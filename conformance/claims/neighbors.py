"""Level "neighbors": which rows are the nearest, with any order of equal distances."""

import numpy as np

from conformance.cases import Case, data
from conformance.cases.strategies import distinct_cases, lattice_cases, sized_cases, square_cases, wide_cases
from conformance.claims.claim import BEHAVIOUR, BOUND, CHANGED, claim
from conformance.claims.questions import in_order, with_distances
from conformance.oracle.exact import exact_distances, is_determined
from conformance.oracle.found import Found
from conformance.oracle.relations import assert_distance, assert_nearest
from conformance.targets import Target
from conformance.targets.answers import Form, read_batch, read_one, stack
from conformance.targets.errors import Missing
from conformance.targets.probe import forms

PAIRS = Form("get_neighbors", batch=False, layout="pairs", index_at=0, distance_at=1, by_label=False)


@claim(lattice_cases())
def nearest_on_a_lattice(target: Target, case: Case) -> None:
    """The neighbours are the nearest rows, on small whole numbers, where every way to compute is exact.

    Whole numbers are not rounded: the distance, the order or the choice of rows is wrong, or targets are out of step.
    """
    _assert_nearest(target, case)


@claim(distinct_cases(metrics=data.COMMON_METRICS))
def nearest_where_none_tie(target: Target, case: Case) -> None:
    """Where no two rows are equally far, the neighbours are those rows and in that order.

    Every rule for ties gives these rows: the distance, the order or the choice of rows is wrong.
    """
    _assert_nearest(target, case)


@claim(lattice_cases(metrics=("manhattan",)))
def nearest_by_manhattan(target: Target, case: Case) -> None:
    """The neighbours by Manhattan distance are the nearest rows by it.

    A metric that is accepted and then not used goes unnoticed in every test of euclidean neighbours.
    """
    _assert_nearest(target, case)


@claim(lattice_cases(metrics=("chebyshev",)))
def nearest_by_chebyshev(target: Target, case: Case) -> None:
    """The neighbours by Chebyshev distance are the nearest rows by it.

    In one feature all Minkowski distances are equal; they differ from two features on.
    """
    _assert_nearest(target, case)


@claim(lattice_cases(metrics=("minkowski",)))
def nearest_by_minkowski(target: Target, case: Case) -> None:
    """The neighbours by Minkowski distance with p = 3 are the nearest rows by it.

    A p that is not passed on leaves p = 2, which ranks most rows alike.
    """
    _assert_nearest(target, case)


@claim(lattice_cases(metrics=("cosine",)), BOUND)
def nearest_by_cosine(target: Target, case: Case) -> None:
    """The neighbours by cosine distance are the rows at the smallest angle, however long they are.

    The largest product x.y is not the smallest angle unless all lengths are equal.
    """
    if np.all(np.any(case.X, axis=1)) and np.all(np.any(case.Q, axis=1)):
        assert_nearest(target.search(case).neighbors(case.Q), case)


@claim(lattice_cases(metrics=("hamming",)))
def nearest_by_hamming(target: Target, case: Case) -> None:
    """The neighbours by Hamming distance differ from the query in the fewest features.

    Numbers are names here: 3 is not nearer to 4 than to 9.
    """
    _assert_nearest(target, case)


@claim(lattice_cases(metrics=("jaccard",)))
def nearest_by_jaccard(target: Target, case: Case) -> None:
    """The neighbours by Jaccard distance share with the query the largest part of the features that either has.

    If features that neither has are counted, two nearly empty sets are alike.
    """
    _assert_nearest(target, case)


@claim(sized_cases())
def nearest_among_many_rows(target: Target, case: Case) -> None:
    """The neighbours are the nearest at every number of rows and queries at which libraries change their algorithm.

    A sort may be stable up to 16 rows only, a distance exact up to 25 rows, and the last block may have one row.
    """
    _assert_nearest(target, case)


@claim(wide_cases())
def nearest_among_many_features(target: Target, case: Case) -> None:
    """The neighbours are the nearest in hundreds of features.

    Code that takes 8, 16, 64 or 128 features at a time can lose the remaining ones.
    """
    _assert_nearest(target, case)


@claim(square_cases())
def nearest_where_axes_are_equally_long(target: Target, case: Case) -> None:
    """The neighbours are the nearest where there are as many rows as features or queries.

    Shapes that happen to fit hide a sum over the wrong axis.
    """
    _assert_nearest(target, case)


@claim(lattice_cases())
def distances_never_fall(target: Target, case: Case) -> None:
    """The returned distances never fall from one neighbour to the next.

    Partial sorts return the right set in any order, so that the first neighbour is not always the nearest.
    """
    distances = with_distances(target.search(case).neighbors(case.Q)).distances
    for i, row in enumerate(np.asarray(distances).tolist()):
        if row != sorted(row):
            raise AssertionError(f"distances[{i}]={row}, but should be {sorted(row)}")


@claim(lattice_cases())
def distances_belong_to_their_rows(target: Target, case: Case) -> None:
    """Each returned distance is that of the row whose index is returned beside it.

    Sorting only one of the two arrays, or mixing up those of two blocks, leaves both looking right.
    """
    found = with_distances(target.search(case).neighbors(case.Q))
    assert found.distances is not None
    for i, query in enumerate(case.Q):
        exact = exact_distances(case.X, query, case.metric)
        for j, (row, distance) in enumerate(zip(found.indices[i], found.distances[i], strict=True)):
            if not 0 <= row < len(exact):
                raise AssertionError(f"neighbors[{i}, {j}]={row}, but should be an index below {len(exact)}")
            assert_distance(distance, exact[row], case.X.shape[1], case.metric, f"distances[{i}, {j}] of row {row}")


@claim(lattice_cases())
def every_row_is_a_neighbor_when_k_is_n(target: Target, case: Case) -> None:
    """With k = n every row is a neighbour, once.

    Partial sorts take an index below n, so that k = n is where they fail.
    """
    full = Case(case.X, case.Q, len(case.X))
    assert_nearest(target.search(full).neighbors(full.Q), full, rounds=False)


@claim(lattice_cases(max_rows=1, max_features=1), effort=0.3)
def one_row_in_one_feature(target: Target, case: Case) -> None:
    """A table of one row and one feature is searched like any other table.

    Code that squeezes its arrays has no axis left to sort along.
    """
    _assert_nearest(target, case)


@claim(lattice_cases())
def a_row_finds_itself(target: Target, case: Case) -> None:
    """A training row that is given as a query is its own nearest neighbour, or a twin of it is, at distance 0.

    A query with the values of a row is not leave-one-out: the row must not be dropped.
    """
    found = target.search(case).neighbors(case.X)
    assert_nearest(found, case, Q=case.X, rounds=False)
    if found.distances is not None and np.any(found.distances[:, 0] != 0):
        i = int(np.flatnonzero(found.distances[:, 0] != 0)[0])
        raise AssertionError(f"distances[{i}, 0]={found.distances[i, 0]!s}, but should be 0.0")


@claim(lattice_cases(), CHANGED, effort=2)
def queries_do_not_disturb_each_other(target: Target, case: Case) -> None:
    """A query has the same neighbours alone, in a batch, repeated in a batch, and in a batch in reverse order.

    State may live on from one query to the next, and the algorithm may change with the number of queries.
    """
    fitted = target.search(case)
    for Q in (np.concatenate([case.Q, case.Q[::-1], case.X]), *(q[None] for q in case.Q)):
        assert_nearest(fitted.neighbors(Q), case, Q=Q, rounds=False)


@claim(lattice_cases())
def k_can_be_given_with_the_query(target: Target, case: Case) -> None:
    """A number of neighbours that is given with the query counts in place of the constructor's.

    An argument that is accepted and not used returns the right number only by chance.
    """
    fitted = target.search(case)
    for k in {1, len(case.X)}:
        assert_nearest(fitted.neighbors(case.Q, k), case, k=k, rounds=False)


@claim(lattice_cases(), BEHAVIOUR)
def indices_alone_are_the_same(target: Target, case: Case) -> None:
    """With ``return_distance=False`` the same indices come back alone.

    Where there are two paths to one answer, one of them is tested less.
    """
    fitted = target.search(case)
    form = fitted.adapter.form
    fitted.adapter.need("kneighbors", "return_distance")
    assert form is not None
    alone = form._replace(layout="rows", index_at=0, distance_at=None)
    options = {**fitted.k_option("kneighbors", None), "return_distance": False}
    together, found = fitted.neighbors(case.Q), fitted.call("kneighbors", case.Q, **options)
    indices = read_batch(found, alone, len(case.Q), case.k).indices
    if indices != together.indices:
        raise AssertionError(f"neighbors={indices}, but should be {together.indices}, as with distances")


@claim(lattice_cases(), BEHAVIOUR)
def neighbors_of_one_example_are_the_same(target: Target, case: Case) -> None:
    """``get_neighbors`` of one example finds the nearest rows too, beside a ``kneighbors`` for many.

    Pairs of (index, distance) are easily built the other way round.
    """
    fitted = target.search(case)
    fitted.adapter.need("kneighbors")
    fitted.adapter.need("get_neighbors")
    form = next(forms(fitted.adapter, "get_neighbors"), None)
    if form is None or form.batch or form.by_label:
        raise Missing("its get_neighbors does not return the neighbours of one example")
    if target.promises_bits and form != PAIRS:
        raise AssertionError(f"{form}, but should be {PAIRS}")
    found = stack([read_one(fitted.call("get_neighbors", q), form, case.k) for q in case.Q])
    assert_nearest(found, case, rounds=False)


@claim(lattice_cases(min_rows=2))
def a_row_is_left_out_of_its_own_neighbors(target: Target, case: Case) -> None:
    """Without queries, each training row is left out of its own neighbours, by its index; its twins are not.

    Dropping every row at distance 0 drops the twins, and dropping the first neighbour may drop a twin and keep the row.
    """
    assert_left_out(target, case, rounds=False)


def assert_left_out(target: Target, case: Case, rounds: bool) -> None:
    """Raises AssertionError unless each row has its nearest others; ``rounds`` is that of ``assert_nearest``."""
    n = len(case.X)
    k = min(case.k, n - 1)
    found = target.search(Case(case.X, case.Q, k)).neighbors(None)
    if len(found.indices) != n:
        raise AssertionError(f"neighbors of {len(found.indices)} rows, but should be of {n}")
    for i, answer in enumerate(found.indices):
        if i in answer:
            raise AssertionError(f"neighbors[{i}]={answer}, but should be without {i}")
        if not all(0 <= j < n for j in answer):
            raise AssertionError(f"neighbors[{i}]={answer}, but should be indices below {n}")
        alone = Case(np.delete(case.X, i, axis=0), case.X[i : i + 1], k)
        assert_nearest(Found([[j - (j > i) for j in answer]]), alone, rounds=rounds)


@claim(lattice_cases(), CHANGED)
def fewer_neighbors_are_the_first_of_more(target: Target, case: Case) -> None:
    """Where the k-th place is not shared, the k neighbours are the first k of all.

    A k that also chooses a block or a tree can change more than the place where the answer is cut.
    """
    everything = Case(case.X, case.Q, len(case.X))
    few, all_of_them = (in_order(target.search(asked).neighbors(case.Q)) for asked in (case, everything))
    for query, first, more in zip(case.Q, few.indices, all_of_them.indices, strict=True):
        same = sorted(first) == sorted(more[: case.k])
        if not same and is_determined(exact_distances(case.X, query, case.metric), case.k):
            raise AssertionError(f"{case.k} neighbors={first}, but should be {more[: case.k]}, the first of {more}")


def _assert_nearest(target: Target, case: Case) -> None:
    assert_nearest(target.search(case).neighbors(case.Q), case, rounds=False)
