"""Claims that judge a step, and that the suite cannot try on any class: on the memory of a function, or on a device."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case, SimilarityCase, Table, data
from conformance.cases.similarity import similarity_cases
from conformance.cases.strategies import any_labels, lattice_cases, made_cases
from conformance.claims.claim import BEHAVIOUR, BOUND, LATTICE, Claim, claim
from conformance.claims.neighbors import assert_left_out
from conformance.claims.similarity import same_similarity_predictions
from conformance.claims.ties import equal_votes_go_to_the_smallest_label
from conformance.course.comparisons import counted, counting
from conformance.course.target import function_of
from conformance.meters.memory import peak_of
from conformance.targets import Target
from conformance.targets.answers import Unreadable

MIB = 2**20
ONE_DRAW = 0.01
NEARLY_WHOLE = 0.4  # of the array of all differences in float64; in float32 it takes half


def unit_square(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Numbers from 0 to 1, and rows that are there several times."""
    return rng.random((n, d))[rng.integers(0, n, n)]


@claim(made_cases(unit_square, max_features=40), BOUND)
def expanded_distances_are_numbers(target: Target, case: Case) -> None:
    """Of small numbers the expanded form gives distances with 6 right digits after the point, and never NaN.

    A squared distance of 0 may come out below 0, where the root is NaN, and NaN sorts last or anywhere.
    """
    found = function_of(target)(case.Q, case.X)
    gaps = case.Q[:, None] - case.X[None]
    right = np.sqrt(np.sum(gaps * gaps, axis=2))
    for place in zip(*np.nonzero(~(np.abs(found - right) <= 1e-6)), strict=True):
        raise AssertionError(f"distances[{place[0]}, {place[1]}]={found[place]!s}, but should be {right[place]!s}")


@claim(st.just(Table(512, 384, 96)), BEHAVIOUR, effort=ONE_DRAW)
def no_array_of_all_differences_is_made(target: Target, table: Table) -> None:
    """The differences of all queries and all rows are never in memory at once: they take n_features times the answer.

    With 1,000 queries, 3,000 rows and 100 features ``X[None] - Q[:, None]`` takes 2.4 GB, and its square again.
    """
    X, Q = table.X, table.Q
    answer = table.n_rows * table.n_queries * 8
    peak = peak_of(lambda: function_of(target).ask(Q, X))
    if peak > NEARLY_WHOLE * answer * table.n_features:
        raise AssertionError(
            f"get_distances takes {peak // MIB} MiB for {table.n_queries} queries, {table.n_rows} rows and "
            f"{table.n_features} features, where the distances take {answer / MIB:.1f} MiB and all differences "
            f"{answer * table.n_features // MIB} MiB"
        )


@claim(st.just(Table(2**16, 1, 1)), BEHAVIOUR, effort=ONE_DRAW)
def not_everything_is_sorted(target: Target, table: Table) -> None:
    """The k nearest are found without sorting all distances.

    Of a million distances a full sort makes 20 million comparisons, and a partition about one or two million.
    """
    # Of the 65,536 distances here, a sort makes about 15 comparisons for each, and a quickselect with unlucky pivots 9.
    distances = np.abs(table.X[:, 0])
    with counting() as sorts:
        function_of(target).ask(counted(distances), 3)
    largest = max(sorts.sorted_at_once, default=0)
    if largest > len(distances) // 2:
        raise AssertionError(f"{largest} of {len(distances)} distances were sorted to find 3, but most need no order")
    if sorts.comparisons > 12 * len(distances):
        raise AssertionError(
            f"{sorts.comparisons} comparisons were made to find 3 of {len(distances)} distances, but should be fewer "
            f"than {12 * len(distances)}"
        )


@claim(lattice_cases(y=any_labels, min_rows=4, max_rows=12), LATTICE)
def the_best_k_is_chosen(target: Target, case: Case) -> None:
    """The chosen k predicts the most rows correctly without themselves, and of equally good ones it is the smallest.

    If rows vote for themselves, k = 1 is nearly always perfect. A tie of candidates must not depend on their order.
    """
    assert case.y is not None
    most = min(7, len(case.X) - 1)
    candidates = [int(k) for k in np.random.default_rng(len(case.X)).permutation(np.arange(1, most + 1))]
    chosen, correct = function_of(target)(case.X, case.y, candidates), correct_predictions(case.X, case.y, candidates)
    best = min(k for k in candidates if correct[k] == max(correct.values()))
    if chosen != best:
        told = ", ".join(f"{correct[k]} with k = {k}" for k in sorted(candidates))
        raise AssertionError(f"k={chosen} was chosen, but should be {best}: of {len(case.X)} rows are correct {told}")


def correct_predictions(X: np.ndarray, y: np.ndarray, candidates: list[int]) -> dict[int, int]:
    """The number of rows that are predicted correctly without themselves, for each k."""
    import reference

    models = {k: reference.KNNClassifier(k).fit(X, y) for k in candidates}
    return {k: int(np.sum(model.predict(None) == y)) for k, model in models.items()}


@claim(lattice_cases(min_rows=17, max_rows=40), LATTICE)
def rows_are_left_out_among_many(target: Target, case: Case) -> None:
    """Each row is left out of its own neighbours also where there are more than sixteen rows.

    Sorts and blocks change their ways at sixteen rows, and a row at the end is easily lost.
    """
    assert_left_out(target, case, rounds=False)


@claim(made_cases(*data.DATA), BOUND)
def rows_are_left_out_of_any_numbers(target: Target, case: Case) -> None:
    """Each row is left out of its own neighbours also where numbers are huge, tiny, or far from the origin.

    A large number in place of the distance to itself is not larger than every distance.
    """
    if len(case.X) > 1:  # a single row has no other
        assert_left_out(target, case, rounds=True)


@claim(lattice_cases(y=any_labels), LATTICE)
def equal_votes_go_to_the_smallest_number(target: Target, case: Case) -> None:
    """Of labels with equal votes the smallest is predicted also where labels are numbers: -7 before 0.

    Numbers in the order of their digits, or of their size without the sign, are in another order.
    """
    equal_votes_go_to_the_smallest_label.function(target, case)


@claim(similarity_cases(("rbf",)), BOUND, effort=2)
def the_formula_predicts_the_same(target: Target, case: SimilarityCase) -> None:
    """Predictions are those of the formula, up to rounding errors that follow from the condition of K + jitter I.

    A pseudo-inverse that takes singular values of 0.001 for 0 predicts almost the same.
    """
    same_similarity_predictions.function(target, case)


@claim(st.just(Table(2**19, 2, 1)), BEHAVIOUR, effort=ONE_DRAW)
def a_block_of_distances_is_in_memory(target: Target, table: Table) -> None:
    """With a block of 4,096 rows, the distances to all 524,288 rows are never in memory at once.

    A table of all distances grows with the number of rows, and the memory of the machine does not.
    """
    X, Q, whole = table.X, table.Q, table.n_rows * table.n_queries * 8
    peak = peak_of(lambda: function_of(target).ask(X, Q, 3, 4096))
    if peak > whole / 4:
        raise AssertionError(
            f"get_neighbors takes {peak // MIB} MiB in blocks of 4,096 rows, but should take less than "
            f"{whole // 4 // MIB} MiB: the distances to all rows take {whole // MIB} MiB"
        )


@claim(lattice_cases(max_features=2), BEHAVIOUR)
def any_device_will_do(target: Target, case: Case) -> None:
    """The search runs on the device of its data, and its answers are tensors there.

    It is tried on torch's device "meta". A new tensor that is made on the CPU, or a number that is read, raises there.
    """
    import torch

    from conformance.course.devices import OneDevice

    X, Q = (torch.empty(rows.shape, device="meta") for rows in (case.X, case.Q))
    with OneDevice():
        answer = function_of(target).ask(X, Q, case.k)
    for name, found in zip(("distances", "indices"), _two(answer), strict=True):
        if not isinstance(found, torch.Tensor) or found.device.type != "meta" or found.shape != (len(Q), case.k):
            where = (
                f"on {found.device}, {tuple(found.shape)}" if isinstance(found, torch.Tensor) else type(found).__name__
            )
            raise AssertionError(f"{name} are {where}, but should be a tensor on meta, {(len(Q), case.k)}")


@claim(lattice_cases(max_features=2), BEHAVIOUR)
def types_are_kept(target: Target, case: Case) -> None:
    """Distances have the type of the data, and indices are int64.

    float64 is slow on many GPUs, and a float32 model that answers in float64 doubles the memory of all that follows.
    """
    import torch

    for dtype in (torch.float32, torch.float64):
        X, Q = (torch.tensor(rows.tolist(), dtype=dtype) for rows in (case.X, case.Q))
        distances, indices = _two(function_of(target).ask(X, Q, case.k))
        if (distances.dtype, indices.dtype) != (dtype, torch.int64):
            raise AssertionError(
                f"types are {distances.dtype} and {indices.dtype}, but should be {dtype} and torch.int64"
            )


def _two(answer: Any) -> Any:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Unreadable(f"get_neighbors returned {answer!r:.80}, but should return two tensors, distances and indices")
    return answer


OWN = {one.name: one for one in list(vars().values()) if isinstance(one, Claim) and one.level == "claims"}
