"""Level "radius": all rows within a radius of a query, and the graphs that are made of neighbours.

Claims about the rows are tried on whole numbers, of which the radius is one, too: rows at the radius itself are common.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case
from conformance.cases.strategies import cases, lattice_cases
from conformance.claims.bits import is_rooted
from conformance.claims.claim import BEHAVIOUR, BITS, claim
from conformance.oracle.exact import exact_distances
from conformance.oracle.relations import assert_same_bits
from conformance.targets import Target, other_package
from conformance.targets.answers import to_array
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted

WHOLE = ("manhattan", "chebyshev")  # metrics with whole distances between whole numbers


@claim(lattice_cases(metrics=WHOLE))
def rows_at_the_radius_are_within(target: Target, case: Case) -> None:
    """A search within a radius finds all rows that are not farther, those at exactly that distance too.

    Whether the radius itself is within decides about whole neighbourhoods where distances are whole numbers.
    """
    fitted = target.search(case)
    for query in case.Q:
        exact = exact_distances(case.X, query, case.metric)
        radius = float(sorted(exact)[case.k - 1])
        assert_rows(rows_within(fitted, query[None], radius)[1][0], [i for i, d in enumerate(exact) if d <= radius])


@claim(lattice_cases(metrics=WHOLE), is_convention=True)
def rows_within_come_nearest_first(target: Target, case: Case) -> None:
    """Rows within a radius are sorted by distance, and those at one distance by index.

    Then the k nearest of them are the first k, and an answer does not depend on a tree or on threads.
    """
    fitted, radius = target.search(case), float(case.k)
    for i, query in enumerate(case.Q):
        exact = exact_distances(case.X, query, case.metric)
        expected = [j for d, j in sorted((d, j) for j, d in enumerate(exact)) if d <= radius]
        found = rows_within(fitted, case.Q, radius)[1][i]
        if found != expected:
            raise AssertionError(f"rows within {radius} of query {i}={found}, but should be {expected}")


@claim(lattice_cases(metrics=WHOLE))
def distances_within_belong_to_their_rows(target: Target, case: Case) -> None:
    """Each distance that a search within a radius returns is that of the row beside it.

    Two arrays of arrays are easily sorted apart.
    """
    fitted, radius = target.search(case), float(case.k)
    distances, indices = rows_within(fitted, case.Q, radius)
    for i, query in enumerate(case.Q):
        exact = exact_distances(case.X, query, case.metric)
        expected = [float(exact[j]) for j in indices[i]]
        if distances[i] != expected:
            raise AssertionError(f"distances[{i}]={distances[i]}, but should be {expected} for rows {indices[i]}")


@claim(lattice_cases(metrics=WHOLE, min_rows=2))
def a_row_is_left_out_of_those_within_its_radius(target: Target, case: Case) -> None:
    """Without queries, each row is left out of the rows within its radius, by its index; its twins are not.

    Dropping every row at distance 0 drops the twins.
    """
    fitted, radius = target.search(case), float(case.k - 1)
    indices = rows_within(fitted, None, radius)[1]
    for i, row in enumerate(case.X):
        exact = exact_distances(case.X, row, case.metric)
        assert_rows(indices[i], [j for j, d in enumerate(exact) if d <= radius and j != i])


@claim(lattice_cases(metrics=WHOLE))
def each_query_may_have_a_radius_of_its_own(target: Target, case: Case) -> None:
    """A radius for each query counts for that query alone.

    One number for all is easily taken from the front of the array.
    """
    fitted = target.search(case)
    radii = np.arange(len(case.Q), dtype=np.float64)[::-1] * 2
    try:
        indices = rows_within(fitted, case.Q, radii)[1]
    except (TypeError, ValueError) as error:
        raise Missing("its radius is one number") from error
    for i, (query, radius) in enumerate(zip(case.Q, radii, strict=True)):
        exact = exact_distances(case.X, query, case.metric)
        assert_rows(indices[i], [j for j, d in enumerate(exact) if d <= radius])


@claim(st.one_of(lattice_cases(), cases()), BITS, effort=2)
def same_rows_within(target: Target, case: Case) -> None:
    """The rows within the distance of the k-th neighbour, and their distances to the last bit, are those of the loop.

    The distance is compared with the radius after its root: the square of a rounded root is not what was under it.
    """
    if not target.promises_bits:
        raise Missing("claimed only for reference and accelerated: others may compare squares")
    if is_rooted(case):  # ``pow`` may differ in the last bit, and with it which rows are at the radius
        return
    actual, loop = (one.search(case) for one in (target, other_package(target)))
    radii = np.asarray(loop.neighbors(case.Q).distances)[:, -1]
    found, wanted = rows_within(actual, case.Q, radii), rows_within(loop, case.Q, radii)
    for i in range(len(case.Q)):
        for name, some, others in (("rows", found[1], wanted[1]), ("distances", found[0], wanted[0])):
            assert_same_bits(np.array(some[i]), np.array(others[i]), f"{name} within the radius")


@claim(lattice_cases(min_rows=2), BEHAVIOUR)
def a_graph_has_each_neighbor_once(target: Target, case: Case) -> None:
    """The graph of the rows' own neighbours has an entry for each neighbour, and none for the row itself.

    A row that is its own neighbour in a graph has a loop, and counts among its k.
    """
    k = min(case.k, len(case.X) - 1)
    fitted = target.search(Case(case.X, case.Q, k, metric=case.metric))
    for method, argument, indices in (
        ("kneighbors_graph", {"n_neighbors": k}, fitted.neighbors(None).indices),
        ("radius_neighbors_graph", {"radius": 2.0}, rows_within(fitted, None, 2.0)[1]),
    ):
        fitted.adapter.need(method, *argument)
        graph = fitted.call(method, **argument)
        for i, expected in enumerate(indices):
            columns = sorted(int(j) for j in graph.indices[graph.indptr[i] : graph.indptr[i + 1]])
            if columns != sorted(expected):
                raise AssertionError(f"{method}: row {i} has entries {columns}, but should have {sorted(expected)}")


@claim(lattice_cases(metrics=WHOLE, min_rows=2))
def counts_within_are_those_of_the_rows(target: Target, case: Case) -> None:
    """``count_within`` counts the rows within the radius and at it; without queries, no row is counted for itself.

    A histogram of counts hides a row that is counted too often.
    """
    fitted, radius = target.search(case), float(case.k)
    fitted.adapter.need("count_within", "radius")
    for Q, name in ((case.Q, "query"), (None, "row")):
        counts = to_array(fitted.call("count_within", *(() if Q is None else (Q,)), radius=radius)).tolist()
        expected = [len(rows) for rows in _exact_rows_within(case, Q, radius)]
        if counts != expected:
            raise AssertionError(f"counts within {radius} of each {name}={counts}, but should be {expected}")


@claim(lattice_cases(metrics=WHOLE, min_rows=2))
def near_duplicates_are_the_pairs_within_the_radius(target: Target, case: Case) -> None:
    """``near_duplicates`` has each pair i < j of rows within the radius once, and the pairs are sorted.

    Of a pair that is there both ways, a caller removes both rows.
    """
    fitted, radius = target.search(case), float(case.k - 1)
    fitted.adapter.need("near_duplicates", "radius")
    pairs = to_array(fitted.call("near_duplicates", radius=radius)).tolist()
    expected = [[i, j] for i, rows in enumerate(_exact_rows_within(case, None, radius)) for j in rows if i < j]
    if pairs != expected:
        raise AssertionError(f"pairs within {radius}={pairs}, but should be {expected}")


@claim(lattice_cases(min_rows=2))
def mutual_neighbors_are_neighbors_of_each_other(target: Target, case: Case) -> None:
    """``mutual_neighbors`` has each pair i < j of which either row is among the k nearest of the other, and no others.

    A row far from all others has neighbours, and is the neighbour of none of them.
    """
    k = min(case.k, len(case.X) - 1)
    fitted = target.search(replace(case, k=k))
    fitted.adapter.need("mutual_neighbors")
    near = fitted.neighbors(None).indices  # its own, as equal distances may come in any order
    pairs = to_array(fitted.call("mutual_neighbors")).tolist()
    expected = [[i, j] for i, rows in enumerate(near) for j in sorted(rows) if i < j and i in near[j]]
    if pairs != expected:
        raise AssertionError(f"mutual neighbors={pairs}, but should be {expected}; each row has the neighbors {near}")


def rows_within(
    fitted: Fitted, Q: np.ndarray | None, radius: Any, **options: Any
) -> tuple[list[list[float]], list[list[int]]]:
    """The distances and the indices of the rows within the radius of each query, as lists."""
    options = {"radius": radius, **options}
    for argument in options:
        fitted.adapter.need("radius_neighbors", argument)
    if fitted.adapter.takes("radius_neighbors", "sort_results"):
        options["sort_results"] = True
    queries = () if Q is None else (Q,)
    distances, indices = fitted.call("radius_neighbors", *queries, **options)
    return [[float(d) for d in some] for some in distances], [[int(i) for i in some] for some in indices]


def _exact_rows_within(case: Case, Q: np.ndarray | None, radius: float) -> list[list[int]]:
    """The rows within the radius of each query in the order of their indices; Q=None: of each row, without itself."""
    queries = case.X if Q is None else Q
    table = [exact_distances(case.X, query, case.metric) for query in queries]
    return [[j for j, d in enumerate(row) if d <= radius and (Q is not None or j != i)] for i, row in enumerate(table)]


def assert_rows(found: list[int], expected: list[int]) -> None:
    """Raises AssertionError unless the rows are those expected, in any order."""
    if sorted(found) != expected:
        raise AssertionError(f"rows within the radius={sorted(found)}, but should be {expected}")
