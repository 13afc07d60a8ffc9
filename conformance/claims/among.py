"""Level "among": neighbours among the rows that a query is allowed to choose."""

import zlib
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import cases, lattice_cases, numbers, weighted_cases
from conformance.claims.claim import BEHAVIOUR, BITS, claim
from conformance.claims.radius import WHOLE, rows_within
from conformance.claims.sample_weight import weights_of_rows
from conformance.claims.sparse import fit_sparse
from conformance.claims.updates import with_updates
from conformance.oracle.exact import exact_distances
from conformance.oracle.found import Found
from conformance.oracle.relations import assert_nearest, assert_same_bits
from conformance.targets import Target, other_package
from conformance.targets.answers import read_batch
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted


@claim(lattice_cases())
def neighbors_among_a_mask(target: Target, case: Case) -> None:
    """With ``among`` as a mask the neighbours are the nearest of the rows whose place is True, by their own indices.

    If the filter comes after the search, its k rows may all be ones that are not allowed.
    """
    mask = allowed_rows(case, 1)[0]
    _assert_nearest_among(_ask(target.search(case), case.Q, mask.copy()), case, [mask] * len(case.Q))


@claim(lattice_cases())
def neighbors_among_indices(target: Target, case: Case) -> None:
    """With ``among`` as indices the neighbours are the nearest of these rows, in any order, and repeated or not.

    Rows that are copied to a table of their own are easily called by their places in it.
    """
    mask = allowed_rows(case, 1)[0]
    indices = np.flatnonzero(mask)
    listed = np.concatenate([indices[::-1], indices[:1]])
    _assert_nearest_among(_ask(target.search(case), case.Q, listed), case, [mask] * len(case.Q))


@claim(lattice_cases())
def neighbors_among_a_set_for_each_query(target: Target, case: Case) -> None:
    """With a set of rows for each query, a matrix of bools or a list of lists, each has the nearest of its own.

    Code that takes one set for all queries looks right as long as there is one query.
    """
    masks, fitted = allowed_rows(case, len(case.Q)), target.search(case)
    for among in (masks.copy(), [np.flatnonzero(mask).tolist() for mask in masks]):
        _assert_nearest_among(_ask(fitted, case.Q, among), case, list(masks))


@claim(lattice_cases(min_rows=2))
def a_row_is_left_out_among_others(target: Target, case: Case) -> None:
    """Without queries and with ``among``, each row is left out of its own neighbours, by its index.

    The place of a row among those that are allowed is not its index.
    """
    n = len(case.X)
    mask = allowed_rows(case, 1, least=2)[0]
    alone = [mask & (np.arange(n) != i) for i in range(n)]
    k = min(case.k, min(len(np.flatnonzero(others)) for others in alone))
    found = _ask(target.search(Case(case.X, case.Q, k)), None, mask.copy())
    _assert_nearest_among(found, Case(case.X, case.X, k), alone)


@claim(lattice_cases(), BEHAVIOUR)
def missing_neighbors_are_padded(target: Target, case: Case) -> None:
    """With ``pad=True`` a query that may choose among fewer than k rows has all of them, then index -1 and infinity.

    A place that is filled with a row, such as row 0, looks like an answer.
    """
    fitted, n_allowed, n = target.search(case), case.k // 2, len(case.X)
    fitted.adapter.need("kneighbors", "pad")
    among = np.arange(n - n_allowed, n)
    found = _ask(fitted, case.Q, among, case.k, pad=True)
    part = Found([answer[:n_allowed] for answer in found.indices])
    if n_allowed:
        _assert_nearest_among(part, Case(case.X, case.Q, n_allowed), [np.isin(np.arange(n), among)] * len(case.Q))
    distances = np.asarray(found.distances)
    for i, answer in enumerate(found.indices):
        if set(answer[n_allowed:]) != {-1} or not np.all(np.isposinf(distances[i, n_allowed:])):
            ends = f"neighbors[{i}]={answer} at {distances[i].tolist()}"
            raise AssertionError(f"{ends}, but should end in -1 at infinity")


@claim(lattice_cases(min_rows=2), BEHAVIOUR)
def too_few_allowed_rows_are_refused(target: Target, case: Case) -> None:
    """A query that may choose among fewer than k rows raises an exception, unless ``pad=True`` is given.

    An answer that is filled up in silence is taken for a full one.
    """
    k = max(2, case.k)
    fitted = target.search(Case(case.X, case.Q, k))
    fitted.adapter.need("kneighbors", "among")
    try:
        answer = fitted.call("kneighbors", case.Q, among=list(range(k - 1)))
    except Exception:  # refused, in any words
        return
    raise AssertionError(f"neighbors={answer!r:.80} among {k - 1} rows for k={k}, but should raise an exception")


@claim(lattice_cases(min_rows=2), is_convention=True)
def ids_say_which_rows_are_allowed(target: Target, case: Case) -> None:
    """After a removal ``among`` names the rows that are left by their ids, as the answers do.

    Taken for places, the ids allow other rows, because all rows behind a removed one have moved up.
    """
    fitted, n_removed = with_updates(target, case), len(case.X) // 2
    fitted.call("remove", np.arange(n_removed))
    mask = allowed_rows(case, 1)[0] & (np.arange(len(case.X)) >= n_removed)
    mask[n_removed] = True
    _assert_nearest_among(_ask(fitted, case.Q, np.flatnonzero(mask)), case, [mask] * len(case.Q))


@claim(lattice_cases(metrics=WHOLE))
def rows_within_a_radius_are_allowed_ones(target: Target, case: Case) -> None:
    """With ``among`` a search within a radius finds the allowed rows that are not farther, and no others.

    It may find none of many near rows, so no number of neighbours tells whether the filter worked.
    """
    masks, fitted = allowed_rows(case, len(case.Q)), target.search(case)
    for among, of_queries in (
        (masks[0].copy(), [masks[0]] * len(masks)),
        ([np.flatnonzero(mask).tolist() for mask in masks], list(masks)),
    ):
        _, indices = rows_within(fitted, case.Q, float(case.k), among=among)
        expected = [_allowed_within(case, *query) for query in zip(case.Q, of_queries, strict=True)]
        if [sorted(found) for found in indices] != expected:
            raise AssertionError(f"rows within {case.k}={indices}, but should be {expected}, the allowed ones")


@claim(lattice_cases(metrics=WHOLE))
def only_allowed_rows_are_counted(target: Target, case: Case) -> None:
    """With ``among`` the count of the rows within a radius is the count of those that are allowed.

    A count has no rows to be filtered afterwards.
    """
    mask, fitted = allowed_rows(case, 1)[0], target.search(case)
    for argument in ("radius", "among"):
        fitted.adapter.need("count_within", argument)
    counts = [int(n) for n in fitted.call("count_within", case.Q, radius=float(case.k), among=mask.copy())]
    expected = [len(_allowed_within(case, query, mask)) for query in case.Q]
    if counts != expected:
        raise AssertionError(f"counts within {case.k}={counts}, but should be {expected}")


@claim(weighted_cases(numbers))
def allowed_rows_take_as_many_places_as_they_weigh(target: Target, case: Case) -> None:
    """With ``sample_weight`` and ``among`` an allowed row takes as many of the k places as it weighs, all others none.

    Where copies fill the places before the filter, those of rows that are not allowed leave too few neighbours.
    """
    mask = allowed_rows(case, 1)[0]
    mask[0] = True  # it has a copy at least
    copies = np.repeat(np.flatnonzero(mask), weights_of_rows(case)[mask])
    k, fitted = min(case.k, len(copies)), target.regressor(case)
    fitted.adapter.need("kneighbors", "among")
    options = {**fitted.k_option("kneighbors", k), "among": mask.copy()}
    _, indices = fitted.call("kneighbors", case.Q, **options)
    for i, (query, found) in enumerate(zip(case.Q, np.asarray(indices), strict=True)):
        expected = copies[np.argsort(np.abs(case.X[copies, 0] - query[0]), kind="stable")][:k]
        if sorted(found) != sorted(expected):
            raise AssertionError(f"neighbors[{i}]={found.tolist()}, but should be {expected.tolist()}")


@claim(lattice_cases(metrics=("euclidean", "jaccard")))
def sparse_rows_are_filtered_too(target: Target, case: Case) -> None:
    """With ``among`` the neighbours in a sparse matrix are the nearest of the rows that are allowed.

    Sparse rows are often searched by other code than dense ones.
    """
    mask = allowed_rows(case, 1)[0]
    found = _ask(fit_sparse(target, case), case.Q, mask.copy())
    _assert_nearest_among(found, case, [mask] * len(case.Q))


@claim(cases(max_rows=60), BITS)
def same_neighbors_among_rows(target: Target, case: Case) -> None:
    """Among some rows the neighbours, and their distances to the last bit, are those of the readable loop.

    Where some rows are gathered, searched and numbered back, the order of equal distances is easily lost.
    """
    if not target.promises_bits:
        raise Missing("claimed only for reference and accelerated: others are held to what rounding allows")
    masks = allowed_rows(case, len(case.Q))
    shuffled = np.random.default_rng(len(case.X)).permutation(np.flatnonzero(masks[0]))
    for among, k in ((masks, case.k), (shuffled, len(shuffled))):
        k = min(k, int(masks.sum(1).min()))
        actual, expected = (_ask(t.search(case), case.Q, among.copy(), k) for t in (target, other_package(target)))
        assert_same_bits(np.array(actual.indices), np.array(expected.indices), "neighbors")
        if case.metric != "minkowski" or case.p in (1, 2, np.inf):  # else a root, whose last bits are not promised
            assert_same_bits(np.asarray(actual.distances), np.asarray(expected.distances), "distances")


def allowed_rows(case: Case, n_sets: int, least: int = 1) -> np.ndarray:
    """Masks of about half of the rows, at least ``least`` of them, which depend on the case, bool (n_sets, n)."""
    n = len(case.X)
    rng = np.random.default_rng([zlib.crc32(np.ascontiguousarray(case.X).tobytes()), n_sets])
    masks = rng.random((n_sets, n)) < 0.5
    for mask in masks:
        mask[rng.choice(n, min(n, least), replace=False)] = True
    return masks


def _ask(fitted: Fitted, Q: np.ndarray | None, among: Any, k: int | None = None, **options: Any) -> Found:
    """The k nearest of the allowed rows; k as few as a query may choose among, if none is given."""
    form = fitted.adapter.form
    fitted.adapter.need("kneighbors", "among")
    if form is None or form.method != "kneighbors" or not form.batch or form.by_label:
        raise Missing("its kneighbors does not return indices of rows for several queries")
    if k is None:
        k = fitted.k if Q is None else min(fitted.k, _fewest(among))
    options = {**fitted.k_option("kneighbors", k), "among": among, **options}
    queries = () if Q is None else (Q,)
    return read_batch(fitted.call("kneighbors", *queries, **options), form, fitted.n if Q is None else len(Q), k)


def _allowed_within(case: Case, query: np.ndarray, mask: np.ndarray) -> list[int]:
    """The allowed rows that are at most k far from the query."""
    exact = exact_distances(case.X, query, case.metric)
    return [j for j, d in enumerate(exact) if d <= case.k and mask[j]]


def _fewest(among: Any) -> int:
    """The number of rows in the smallest set."""
    sets = among if isinstance(among, list) or among.ndim == 2 else [among]
    return min(len(np.flatnonzero(one) if np.asarray(one).dtype == bool else np.unique(one)) for one in sets)


def _assert_nearest_among(found: Found, case: Case, masks: list[np.ndarray]) -> None:
    """Raises AssertionError unless each query has the nearest of the rows in its mask; ties in any order."""
    for i, (query, mask, answer) in enumerate(zip(case.Q, masks, found.indices, strict=True)):
        rows = np.flatnonzero(mask).tolist()
        if not set(answer) <= set(rows):
            raise AssertionError(f"neighbors[{i}]={answer}, but should be among {rows}")
        places = Found([[rows.index(j) for j in answer]])
        assert_nearest(places, Case(case.X[rows], query[None], len(answer), metric=case.metric), rounds=False)
