"""The comparers fail where they must: on made-up answers, and on the answers of a spoilt search."""

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

import accelerated.aggregates
import accelerated.distances
import accelerated.in_numpy
import accelerated.search.exhaustive
import accelerated.similarities
import accelerated.similarity_regressor
import accelerated.solvers.pinv
import accelerated.voting
import conformance.demo
import reference
import reference.distances
from accelerated.solvers import whole
from conformance.cases.case import Case, SimilarityCase, from_json, to_json
from conformance.cases.data import (
    DATA,
    duplicates,
    far_clusters,
    huge_column,
    large_offset,
    lattice,
    near_ties,
    permuted_gaps,
)
from conformance.cases.similarity import similarity_cases
from conformance.cases.strategies import cases
from conformance.claims import CLAIMS
from conformance.oracle.bounds import (
    average_bound,
    coarseness,
    difference_bounds,
    minkowski_bounds,
    similarity_bounds,
)
from conformance.oracle.exact import exact_distances, is_determined, nearest
from conformance.oracle.found import Found
from conformance.oracle.relations import (
    assert_admissible,
    assert_averages,
    assert_distance,
    assert_nearest,
    assert_same_bits,
)
from conformance.oracle.similarity import DIFFERENCES, PRODUCTS, prediction_bounds
from conformance.runner import PROFILES, Profile, run_claim
from conformance.targets import load_target


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
        ([], r"\[\], but should be 2 indices"),
        ([0], "should be 2 indices"),
        ([0, 1, 2], "should be 2 indices"),
        ([1, 0], "row 0 at 1 should come before row 1 at 2"),
        ([0, 2], "row 1 at 2 is left out and nearer than row 2 at 3"),
        ([0, 0], "different indices from 0 to 2"),
        ([0, 3], "different indices from 0 to 2"),
        ([0, -1], "different indices from 0 to 2"),
    ],
)
def test_admissible_fails_on_a_wrong_answer(answer, message):
    exact, none = [Fraction(1), Fraction(2), Fraction(3)], [Fraction(0)] * 3

    assert_admissible([0, 1], 2, exact, none, "neighbors")
    with pytest.raises(AssertionError, match=message):
        assert_admissible(answer, 2, exact, none, "neighbors")


LINE = Case(np.array([[0.0], [1.0], [5.0]]), np.array([[0.0], [4.0]]), k=2, y=np.array([0.0, 3.0, 6.0]))


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([[0, 1]], "neighbors of 1 queries, but should be of 2"),
        ([[0, 1], [1, 2]], r"neighbors\[1\]=\[1, 2\], but row 2 at 1 should come before row 1 at 3"),
        ([[0, 2], [2, 1]], r"neighbors\[0\]=\[0, 2\], but row 1 at 1 is left out"),
        ([[0, 1], [2, 7]], "different indices from 0 to 2"),
    ],
)
@pytest.mark.parametrize("rounds", [True, False])
def test_nearest_fails_on_a_wrong_answer_to_any_query(indices, message, rounds):
    assert_nearest(Found([[0, 1], [2, 1]]), LINE, rounds=rounds)
    with pytest.raises(AssertionError, match=message):
        assert_nearest(Found(indices), LINE, rounds=rounds)


def test_neighbors_in_no_order_are_judged_as_a_set():
    assert_nearest(Found([[1, 0], [1, 2]], ordered=False), LINE)
    with pytest.raises(AssertionError, match="row 0 at 0 is left out"):
        assert_nearest(Found([[1, 2], [1, 2]], ordered=False), LINE)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "minkowski", "cosine"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_distance_fails_where_digits_of_its_type_are_wrong(metric, dtype):
    a, b = np.array([3.0, 1.0]), np.array([0.5, 4.0])
    (expected,) = exact_distances(a[None], b, metric)
    distance = dtype(reference.NearestNeighbors(metric=metric, p=3).get_distance(a, b))

    assert_distance(distance, expected, 2, metric, "distance")
    for wrong in (distance * dtype(1 + 300 * np.finfo(dtype).eps), dtype(0), dtype(np.nan), -distance):
        with pytest.raises(AssertionError, match="distance="):
            assert_distance(wrong, expected, 2, metric, "distance")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_averages_fail_where_digits_of_their_type_are_wrong(dtype):
    expected = [1.5, 4.5]
    right = np.array(expected, dtype=dtype)

    assert_averages(right, expected, LINE, "prediction")
    for wrong in (right * dtype(1 + 100 * np.finfo(dtype).eps), right[:1], right[:, None], right.astype("U9")):
        with pytest.raises(AssertionError, match="prediction"):
            assert_averages(wrong, expected, LINE, "prediction")


@pytest.mark.parametrize("order", [1, -1])
def test_float64_averages_stay_within_the_derived_bound(order):
    rng = np.random.default_rng(0)
    ratios = []
    for k in range(1, 40):
        y, w = rng.normal(size=k) * 1e6, rng.random(k)
        total = sum(map(Fraction, w.tolist()))
        exact = sum(Fraction(a) * Fraction(b) for a, b in zip(y.tolist(), w.tolist(), strict=True)) / total
        computed = sum((w * y)[::order].tolist()) / sum(w[::order].tolist())
        ratios.append(abs(float(Fraction(computed) - exact)) / average_bound(k, np.abs(y).max(), 2.0**-53))

    assert 1e-3 < max(ratios) <= 1


def test_a_wider_type_is_not_asked_for_more_than_float64():
    assert [coarseness(np.zeros(1, dtype=dtype)) for dtype in (np.float64, np.longdouble, np.float32, int)] == [
        1,
        1,
        2**29,
        1,
    ]


METRICS = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "minkowski", "cosine", "hamming", "jaccard"]


@pytest.mark.parametrize("metric", METRICS)
@given(case=cases(metrics=("euclidean",), max_rows=10, dtypes=False))
def test_the_exact_oracle_and_the_readable_formulas_agree(metric, case):
    if metric == "minkowski":  # other cubes overflow, or underflow and are ties
        assume(1e-90 < np.abs(np.concatenate([case.X, case.Q])).max() < 1e90)
    model = reference.NearestNeighbors(metric=metric, p=3)
    for row, expected in zip(case.X, exact_distances(case.X, case.Q[0], metric), strict=True):
        assert_distance(model.get_distance(row, case.Q[0]), expected, case.X.shape[1], metric, "distance")


def test_the_nearest_are_the_first_of_equals_and_a_shared_last_place_is_not_determined():
    assert nearest([2, 1, 1, 3], 2) == [1, 2]
    assert is_determined([2, 1, 1, 3], 2)
    assert not is_determined([2, 1, 1, 3], 1)
    assert is_determined([1, 1], 2)


def accepts(answer, exact, bounds):
    try:
        assert_admissible(answer, len(answer), [Fraction(e) for e in exact], [Fraction(b) for b in bounds], "neighbors")
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


@given(cases(metrics=("sqeuclidean", "manhattan", "chebyshev"), max_rows=10, dtypes=False))
def test_float64_stays_within_the_derived_bounds(case):
    assert all(ratio <= 1 for ratio in error_over_bound(case))


def error_over_bound(case):
    """The error of a sum of differences divided by its bound, for each row."""
    gaps = case.X - case.Q[0]
    computed = {
        "sqeuclidean": lambda: (gaps * gaps).sum(axis=1),
        "manhattan": lambda: np.abs(gaps).sum(axis=1),
        "chebyshev": lambda: np.abs(gaps).max(axis=1),
    }[case.metric]()
    exact = exact_distances(case.X, case.Q[0], case.metric)
    bounds = difference_bounds(exact, case.X.shape[1], case.metric)
    for value, distance, bound in zip(computed, exact, bounds, strict=True):
        yield abs(Fraction(float(value)) - distance) / bound if bound else value != distance


@pytest.mark.parametrize("metric", ["sqeuclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_the_derived_bounds_are_not_idle(metric, offset):
    X = np.random.default_rng(0).normal(size=(300, 3)) + offset
    ratios = list(error_over_bound(Case(X[1:], X[:1], 1, metric=metric)))

    assert offset or max(ratios) > 0.1  # far from the origin the gaps of these numbers are exact


def by_scalar_powers(gaps, p):
    """A Minkowski distance that rounds otherwise: with Python's ``**``, and added from the last feature on."""
    largest = max(gaps)
    return largest * sum((gap / largest) ** p for gap in reversed(gaps)) ** (1 / p)


@pytest.mark.parametrize("scale", [1e-309, 1.0])
def test_the_bound_of_minkowski_holds_and_is_not_idle(scale):
    gaps = np.random.default_rng(0).random((3000, 4)) * scale
    distances = np.array([reference.distances.minkowski(row, np.zeros(4), 2.5) for row in gaps])
    others = [by_scalar_powers(row, 2.5) for row in gaps.tolist()]
    bounds = minkowski_bounds(distances, 4, 2.5)

    differences = [abs(Fraction(a) - Fraction(b)) for a, b in zip(distances.tolist(), others, strict=True)]

    assert all(difference <= bound for difference, bound in zip(differences, bounds, strict=True))
    assert max(difference / bound for difference, bound in zip(differences, bounds, strict=True)) > 0.01


def test_the_bound_of_predictions_by_similarity_holds_and_is_not_idle():
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(200):
        n = int(rng.integers(1, 12))
        X, Q, y = rng.normal(size=(n, 2)), rng.normal(size=(3, 2)), rng.normal(size=n)
        case = SimilarityCase(X, Q, y, gamma=float(rng.choice([0.5, 4.0])), jitter=float(rng.choice([1e-6, 1e-2])))
        bounds = prediction_bounds(case, PRODUCTS)
        predicted = [
            package.SimilarityRegressor(**case.params).fit(X, y).predict(Q) for package in (reference, accelerated)
        ]
        ratios.extend(np.abs(predicted[0] - predicted[1]) / bounds)

    assert 1e-3 < max(ratios) <= 1


@pytest.mark.parametrize(
    ("values", "determined"),
    [
        ([1.0, 1e-6], True),
        ([1.0, 0.0], True),  # of rank 1 for sure
        ([1.0, 1e-15], False),  # near the cut-off of 4.4e-16
        ([1.0, 2e-16], False),
        ([1.0, 1e-13], False),
        ([0.0, 0.0], False),
    ],
)
def test_predictions_are_judged_only_where_the_rank_is_clear(values, determined):
    bounds = similarity_bounds(np.diag(values), np.eye(2), np.ones(2), cut_off=2 * 2.0**-52, entry_errors=1.0)

    assert (bounds is not None) == determined


def test_what_is_cut_off_is_no_solution_of_the_equations():
    A = np.diag([1.0, 0.0])

    assert similarity_bounds(A, np.eye(2), np.ones(2), 2 * 2.0**-52, entry_errors=1.0, invertible=True) is None


@given(similarity_cases())
def test_the_points_of_a_regression_are_different(case):
    assert len(np.unique(case.X, axis=0)) == len(case.X)


def test_most_drawn_regressions_are_determined():
    judged = []

    @settings(max_examples=300)
    @given(similarity_cases())
    def judge(case):
        judged.append(prediction_bounds(case, DIFFERENCES) is not None)

    judge()
    assert np.mean(judged) > 0.9


def last_of_equals(values, k):
    return values.shape[1] - 1 - values.flip(1).sort(dim=1, stable=True).indices[:, :k]


def last_of_equals_of_line(values, k):
    return (len(values) - 1 - np.argsort(values[::-1], kind="stable"))[:k]


def expanded(query, rows):
    return np.maximum((query * query).sum() + (rows * rows).sum(1) - 2 * (rows @ query), 0)


nearest_vote_first = accelerated.voting.vote_shares


def farthest_vote_first(columns, weights, ks):
    return nearest_vote_first(columns.flip(1), weights.flip(1), ks)


def farthest_target_first(targets, indices, weights):
    return accelerated.voting.average(targets, indices.flip(1), weights.flip(1))


def left_to_right(terms, start, stop):
    return sum(terms(start, stop))


def one_unit_too_far(x):
    return torch.from_numpy(np.nextafter(np.sqrt(x.numpy()), np.inf))


def doubled(queries, rows, p):
    return 2 * minkowski(queries, rows, p)


def in_float32(queries, examples, out=None):
    return power_of_product(queries.float(), examples.float()).double()


def solved_with(spoil):
    """The solver of ``accelerated`` with its system, its targets or its weights changed by ``spoil``."""

    def worse(system, b, start, *options):
        return spoil(system, b, lambda system, b: solve(system, b, start, *options))

    worse.__name__ = spoil.__name__
    return worse


@solved_with
def too_much_jitter(system, b, solve):
    return solve(system._replace(jitter=system.jitter + 1e-4), b)


@solved_with
def solved_in_float32(system, b, solve):
    A = whole.get_matrix(system, progress=False).float().double()
    z = torch.linalg.lstsq(A, b, driver="gelsd").solution
    return solve(system, b)._replace(z=z)


@solved_with
def first_output_for_all(system, b, solve):
    learned = solve(system, b)
    return learned._replace(z=learned.z[:, :1].expand_as(b).clone())


@solved_with
def last_example_left_out(system, b, solve):
    learned = solve(system, b)
    learned.z[-1] = 0
    return learned


@solved_with
def targets_rounded(system, b, solve):
    return solve(system, b.round())


@solved_with
def targets_centred(system, b, solve):
    return solve(system, b - b.mean(0))


def nothing_is_cut_off(n):
    return 0.0


solve = accelerated.similarity_regressor.solve_to_scale
power_of_product = accelerated.similarities._power_of_product
minkowski = accelerated.distances.minkowski
SPOILT = [  # a claim, and the replacement for a function that makes the claim fail
    ("same_neighbors", accelerated.search.exhaustive, "smallest", last_of_equals),
    ("same_neighbors", accelerated.distances, "pairwise_sum", left_to_right),
    ("same_neighbors", accelerated.distances, "correct_sqrt", one_unit_too_far),
    (
        "same_neighbors_without_the_row_itself",
        accelerated.search.exhaustive,
        "_without_self",
        lambda reduced, *_: reduced,
    ),
    ("same_votes", accelerated.voting, "vote_shares", farthest_vote_first),
    ("same_averages", accelerated.aggregates, "average", farthest_target_first),
    ("same_neighbors_up_to_powers", accelerated.distances, "minkowski", doubled),
    ("nearest_far_from_the_origin", accelerated.in_numpy, "sqeuclidean", expanded),
    ("same_similarity_predictions", accelerated.similarities, "_power_of_product", in_float32),
    ("same_similarity_predictions", accelerated.solvers.pinv, "cut_off", nothing_is_cut_off),
    ("weights_solve_the_equations", accelerated.similarity_regressor, "solve_to_scale", too_much_jitter),
    ("one_or_two_points", accelerated.similarity_regressor, "solve_to_scale", solved_in_float32),
    ("all_alike", accelerated.similarity_regressor, "solve_to_scale", targets_centred),
    ("conflicting_twins_meet_halfway", accelerated.similarity_regressor, "solve_to_scale", last_example_left_out),
    ("linear_in_the_targets", accelerated.similarity_regressor, "solve_to_scale", targets_rounded),
    ("outputs_are_independent", accelerated.similarity_regressor, "solve_to_scale", first_output_for_all),
]
LONG = Profile(draws=5000, budget=60, limit=60)  # it stops at the first failure


def try_accelerated(claim, profile):
    (tried,) = (one for one in CLAIMS if one.name == claim)
    return run_claim(load_target("accelerated"), tried, profile)


@pytest.mark.parametrize(
    ("claim", "module", "name", "worse"), SPOILT, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_claim_fails_where_accelerated_is_spoilt(monkeypatch, claim, module, name, worse):
    monkeypatch.setattr(module, name, worse)

    assert try_accelerated(claim, LONG).verdict in ("FAILS", "raises")


def test_ties_the_wrong_way_round_are_still_the_nearest(monkeypatch):
    monkeypatch.setattr(accelerated.search.exhaustive, "smallest", last_of_equals)
    monkeypatch.setattr(accelerated.search.exhaustive, "smallest_of_line", last_of_equals_of_line)

    assert try_accelerated("nearest_on_a_lattice", PROFILES["default"]).verdict == "holds"
    assert try_accelerated("equal_distances_go_to_the_lower_index", PROFILES["default"]).verdict == "FAILS"


def first_digits(return_X_y):
    X, y = load_digits(return_X_y=return_X_y)
    return X[:200], y[:200]


@pytest.mark.parametrize(
    ("module", "name", "worse"),
    [
        (accelerated.in_numpy, "sum_of_features", lambda terms: np.cumsum(terms, axis=0)[-1]),
        (accelerated.similarity_regressor, "solve_to_scale", too_much_jitter),
    ],
    ids=["a bit", "a prediction by similarity"],
)
def test_the_demo_fails_where_something_differs(monkeypatch, capsys, module, name, worse):
    monkeypatch.setattr(module, name, worse)
    monkeypatch.setattr(conformance.demo, "load_digits", first_digits)

    assert conformance.demo.main() == 1
    assert "DIFFER" in capsys.readouterr().out


@given(cases(max_rows=40))
def test_a_case_can_be_pasted_and_kept_as_json(case):
    for copy in (eval(repr(case), {"Case": Case, "np": np}), from_json(json.loads(json.dumps(to_json(case))))):
        for name in ("X", "Q"):
            assert_same_bits(getattr(copy, name), np.ascontiguousarray(getattr(case, name)), name)
        assert (copy.k, copy.metric, copy.p) == (case.k, case.metric, case.p)


@given(similarity_cases())
def test_a_regression_can_be_pasted_and_kept_as_json(case):
    for copy in (eval(repr(case), {"SimilarityCase": SimilarityCase, "np": np}), from_json(to_json(case))):
        for name in ("X", "Q", "y"):
            assert_same_bits(getattr(copy, name), getattr(case, name), name)
        assert copy.params == case.params


@pytest.mark.parametrize("make", DATA)
def test_every_kind_of_data_has_the_shape_asked_for_and_is_finite(make):
    for n, d in [(1, 1), (2, 1), (5, 9), (40, 130)]:
        rows = make(np.random.default_rng(0), n, d)
        assert rows.shape == (n, d)
        assert rows.dtype == np.float64
        assert np.isfinite(rows).all()


def test_permuted_gaps_are_equal_on_paper_and_not_in_float64():
    rows = permuted_gaps(np.random.default_rng(0), 50, 16)
    exact = exact_distances(rows[1:], rows[0], "sqeuclidean")

    assert len(set(exact)) == 1
    assert len({float(np.sum(row * row)) for row in rows[1:]}) > 1


def test_near_ties_differ_by_a_few_units_in_the_last_place():
    rows = np.abs(near_ties(np.random.default_rng(0), 50, 4))

    assert (np.ptp(rows, axis=0) > 0).all()
    assert (np.ptp(rows, axis=0) <= 3 * np.spacing(rows.max(axis=0))).all()


@pytest.mark.parametrize(("make", "scale"), [(large_offset, 1e4), (far_clusters, 1e6), (huge_column, 1e9)])
def test_some_data_lie_far_from_the_origin_and_close_together(make, scale):
    drawn = [make(np.random.default_rng(seed), 100, 4) for seed in range(20)]
    nearest = [np.sort(np.abs(rows - rows[0]).max(axis=1))[1] for rows in drawn]

    assert max(np.abs(rows).max() for rows in drawn) >= scale
    assert min(nearest) < 1.5


def test_duplicates_are_many():
    assert len(np.unique(duplicates(np.random.default_rng(0), 50, 4), axis=0)) <= 3


def test_lattices_are_exact():
    rows = lattice(np.random.default_rng(0), 200, 257)

    assert 4 * rows.shape[1] * np.abs(rows).max() ** 2 < 2**53
