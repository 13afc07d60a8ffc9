"""Level "costs": the memory and the time that calls take, which grow until a program is of no use on real data.

Each claim is tried on one case, whose numbers are made from a seed, so that a failure is printed in a few lines.
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import strategies as st

from conformance.cases import Table
from conformance.claims.claim import BEHAVIOUR, claim
from conformance.claims.questions import Question, each_model, questions
from conformance.meters.growth import quadratic_growth
from conformance.meters.memory import peak_of
from conformance.targets import Target
from conformance.targets.adapters import Adapter
from conformance.targets.errors import Missing
from conformance.targets.fitted import Fitted

K = 3
ONE_DRAW = 0.01  # of the 100 of the default profile
NEARLY_WHOLE = 0.4  # of the float64 array of all differences; in float32 it takes half
MIB = 2**20
MOST_QUERIES, MOST_ROWS = 2**12, 2**11  # four times as many take 8 MB; to ask for more memory is slow, and no growth


@claim(st.just(Table(256, 128, 256)), BEHAVIOUR, effort=ONE_DRAW)
@each_model
def differences_are_never_all_in_memory(target: Target, table: Table) -> None:
    """The differences of all queries and all rows are never in memory at once, as a part of them is enough.

    With 1,000 queries, 3,000 rows and 100 features ``X[None] - Q[:, None]`` takes 2.4 GB, and its square again.
    """
    adapter = _silent(target)
    if adapter.device not in (None, "cpu"):
        raise Missing(f"memory on {adapter.device} is not measured")
    large = replace(table, n_rows=4 * table.n_rows, n_queries=6 * table.n_queries, n_features=table.n_features // 4)
    for ask in questions(adapter):
        if _peak(adapter, table, ask) <= NEARLY_WHOLE * _whole(table):
            continue
        peak = _peak(adapter, large, ask)  # the smaller table may have been one tile, or a module was imported
        if peak > NEARLY_WHOLE * _whole(large):
            raise AssertionError(
                f"{_method(adapter)} takes {peak // MIB} MiB for {large.n_queries} queries, {large.n_rows} rows and "
                f"{large.n_features} features, where the array of all differences takes {_whole(large) // MIB} MiB, "
                "but should take less: loop over the queries, or take the rows in tiles"
            )


def _peak(adapter: Adapter, table: Table, ask: Question) -> int:
    """The bytes that the answer takes at its peak."""
    fitted, Q = _model(adapter).fit(table.X, table.y), table.Q
    return peak_of(lambda: ask(fitted, Q))


def _whole(table: Table) -> int:
    """The bytes of the array of all differences in float64."""
    return table.n_rows * table.n_queries * table.n_features * 8


@claim(st.just(Table(64, 4, 4)), BEHAVIOUR, effort=ONE_DRAW)
@each_model
def time_grows_with_the_number_of_queries(target: Target, table: Table) -> None:
    """Four times as many queries take about four times as long, not sixteen times.

    Where everything is computed again for each query, 10,000 queries take 10,000 times too long.
    """
    adapter = _silent(target)
    fitted = _model(adapter).fit(table.X, table.y)
    for ask in questions(adapter):
        tables = _fresh(table)

        def prepare(size: int) -> Callable[[], Any]:
            Q = replace(next(tables), n_queries=size).Q  # noqa: B023
            return lambda: ask(fitted, Q)  # noqa: B023

        if growth := quadratic_growth(prepare, table.n_queries, MOST_QUERIES):
            raise AssertionError(f"{_method(adapter)} of {growth.shown('queries')}")


@claim(st.just(Table(64, 1, 128)), BEHAVIOUR, effort=ONE_DRAW)
@each_model
def time_of_fit_grows_with_the_number_of_rows(target: Target, table: Table) -> None:
    """``fit`` of four times as many rows takes about four times as long, not sixteen times.

    A list that is searched for each row, or an array that is copied to add a row, takes hours for a million rows.
    """
    adapter, tables = _silent(target), _fresh(table)

    def prepare(size: int) -> Callable[[], Any]:
        rows = replace(next(tables), n_rows=size)
        fitted, X, y = _model(adapter), rows.X, rows.y
        handed = [fitted.hand_over(X), fitted.hand_over(y)][: fitted.fit_takes]
        fit = getattr(fitted.model, adapter.own_name("fit"))
        return lambda: fit(*handed)

    if growth := quadratic_growth(prepare, table.n_rows, MOST_ROWS):
        raise AssertionError(f"fit of {growth.shown('rows')}")


def _fresh(table: Table) -> Iterator[Table]:
    """The table with other numbers each time, as a target may keep answers that it has given."""
    return (replace(table, seed=seed) for seed in count(table.seed))


def _silent(target: Target) -> Adapter:
    """The target's class, whose further calls are not kept for the report, which would print a million numbers."""
    [adapter] = target.adapters.values()
    if adapter.is_within:
        raise Missing(f"how many rows {adapter.name} finds depends on the radius, and so do its costs")
    _model(adapter)
    silent = copy(adapter)
    silent.calls = []
    return silent


def _model(adapter: Adapter) -> Fitted:
    """A model that measures euclidean distances if the class can: the default, such as time warping, may be slow."""
    return adapter.build(k=K, metric=adapter.own_metric or "euclidean")


def _method(adapter: Adapter) -> str:
    """The name of the method that was called last."""
    return adapter.calls[-1].function.removeprefix("model.")
