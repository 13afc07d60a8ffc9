"""The comparers must fail where they should: on made-up answers, and on real ones from a spoilt search."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import accelerated.distances
import accelerated.search
import conformance.checks
import conformance.demo
from conformance.__main__ import main
from conformance.relations import (
    assert_admissible,
    assert_same_bits,
    difference_bounds,
    exact_distances,
    expansion_bounds,
)
from conformance.strategies import DATA, Case, cases, lattice


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        ([1.0, np.nextafter(2.0, 3.0)], r"d\[1\]=2.0000000000000004, but should be 2.0"),
        ([1.0, 2.0, 3.0], r"shape \(3,\)"),
        (np.array([1.0, 2.0], dtype=np.float32), "dtype float32"),
    ],
)
def test_same_bits_fails_on_any_difference(actual, message):
    with pytest.raises(AssertionError, match=message):
        assert_same_bits(np.array(actual), np.array([1.0, 2.0]), "d")


def test_same_bits_tells_zero_from_minus_zero():
    with pytest.raises(AssertionError, match=r"d\[0\]=-0.0, but should be 0.0"):
        assert_same_bits(np.array([-0.0]), np.array([0.0]), "d")


def test_same_bits_accepts_the_same_array_in_another_layout():
    rows = np.arange(6.0).reshape(2, 3)

    assert_same_bits(np.asfortranarray(rows), rows, "rows")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1, 0], "row 0 at 1 should come before row 1 at 2"),
        ([0, 2], "row 1 at 2 is left out and nearer than row 2 at 3"),
        ([0, 0], "different indices from 0 to 2"),
        ([0, 3], "different indices from 0 to 2"),
        ([0, -1], "different indices from 0 to 2"),
    ],
)
def test_admissible_fails_on_a_wrong_answer(answer, message):
    exact, none = [Fraction(1), Fraction(2), Fraction(3)], [Fraction(0)] * 3

    assert_admissible([0, 1], exact, none, "neighbors")
    with pytest.raises(AssertionError, match=message):
        assert_admissible(answer, exact, none, "neighbors")


def accepts(answer, exact, bounds):
    try:
        assert_admissible(answer, [Fraction(e) for e in exact], [Fraction(b) for b in bounds], "neighbors")
    except AssertionError:
        return False
    return True


def has_a_witness(answer, exact, bounds):
    """Whether some table of whole numbers within the bounds has this answer, by trying them all."""
    left_out = set(range(len(exact))) - set(answer)
    for distances in product(*(range(e - b, e + b + 1) for e, b in zip(exact, bounds, strict=True))):
        answered = [distances[i] for i in answer]
        if answered == sorted(answered) and all(distances[i] >= answered[-1] for i in left_out):
            return True
    return False


@settings(max_examples=500)
@given(
    table=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=5),
    data=st.data(),
)
def test_admissible_accepts_exactly_the_answers_that_have_a_witness(table, data):
    exact, bounds = zip(*table, strict=True)
    order = data.draw(st.permutations(range(len(table))))
    answer = order[: data.draw(st.integers(1, len(table)))]

    assert accepts(answer, exact, bounds) == has_a_witness(answer, exact, bounds)


@given(cases(metrics=("euclidean", "manhattan", "chebyshev"), max_rows=10, dtypes=False))
def test_float64_stays_within_the_derived_bounds(case):
    gaps = case.X - case.Q[0]
    computed = {
        "euclidean": lambda: (gaps * gaps).sum(axis=1),
        "manhattan": lambda: np.abs(gaps).sum(axis=1),
        "chebyshev": lambda: np.abs(gaps).max(axis=1),
    }[case.metric]()
    exact = exact_distances(case.X, case.Q[0], case.metric)
    for value, distance, bound in zip(
        computed, exact, difference_bounds(exact, case.X.shape[1], case.metric), strict=True
    ):
        assert abs(Fraction(float(value)) - distance) <= bound
    if case.metric == "euclidean":
        expanded = (case.X * case.X).sum(axis=1) + (case.Q[0] * case.Q[0]).sum() - 2 * case.X @ case.Q[0]
        for value, distance, bound in zip(expanded, exact, expansion_bounds(case.X, case.Q[0]), strict=True):
            assert abs(Fraction(float(value)) - distance) <= bound


def fails(check_name):
    """Whether the named check finds a case that does not hold."""
    check = next(check for check in conformance.checks.CHECKS if check.function.__name__ == check_name)

    @settings(max_examples=5000, report_multiple_bugs=False)  # it stops at the first failure
    @given(case=check.strategy, data=st.data())
    def holds(case, data):
        check.function(case, data)

    try:
        holds()
    except AssertionError:
        return True
    return False


def spoil_ties(monkeypatch):
    monkeypatch.setattr(
        accelerated.search, "smallest", lambda ranks, k: torch.topk(ranks.flip(1), k, largest=False).indices
    )


def spoil_order_of_addition(monkeypatch):
    monkeypatch.setattr(accelerated.distances, "pairwise_sum", lambda terms, i, j: terms(i, j).sum(0))


def spoil_with_the_expanded_form(monkeypatch):
    def expanded(queries, rows):
        return ((queries * queries).sum(0)[:, None] + (rows * rows).sum(0) - 2 * queries.T @ rows).clamp(min=0)

    monkeypatch.setattr(accelerated.distances, "sqeuclidean", expanded)


@pytest.mark.parametrize("spoil", [spoil_ties, spoil_order_of_addition])
def test_same_neighbors_fails_on_a_spoilt_search(monkeypatch, spoil):
    spoil(monkeypatch)
    assert fails("same_neighbors")


def test_admissible_neighbors_fails_on_the_expanded_form(monkeypatch):
    spoil_with_the_expanded_form(monkeypatch)
    assert fails("admissible_neighbors")


def test_a_failing_claim_fails_the_run_and_prints_the_smallest_case(monkeypatch, capsys):
    spoil_ties(monkeypatch)

    assert main(["check", "--draws", "200"]) == 1
    out = capsys.readouterr().out
    assert "FAILS  Both packages give the same neighbours" in out
    assert "Case(X=np.array(" in out


def test_the_demo_fails_where_a_bit_differs(monkeypatch, capsys):
    spoil_order_of_addition(monkeypatch)

    assert conformance.demo.main() == 1
    assert "DIFFER" in capsys.readouterr().out


@given(cases())
def test_the_repr_of_a_case_can_be_pasted(case):
    pasted = eval(repr(case), {"Case": Case, "np": np})

    for name in ("X", "Q"):
        assert_same_bits(getattr(pasted, name), np.ascontiguousarray(getattr(case, name)), name)
    assert (pasted.k, pasted.metric, pasted.p) == (case.k, case.metric, case.p)


@pytest.mark.parametrize("make", DATA)
def test_every_kind_of_data_has_the_shape_asked_for_and_is_finite(make):
    for n, d in [(1, 1), (2, 1), (5, 9), (40, 130)]:
        rows = make(np.random.default_rng(0), n, d)
        assert rows.shape == (n, d)
        assert rows.dtype == np.float64
        assert np.isfinite(rows).all()


def test_lattices_are_exact():
    rows = lattice(np.random.default_rng(0), 200, 257)

    assert 4 * rows.shape[1] * np.abs(rows).max() ** 2 < 2**53
