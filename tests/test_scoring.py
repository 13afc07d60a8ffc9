"""Scores: R^2 of numbers of any magnitude, in the bits of both packages and close to the exact score; and weights."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import accelerated
import reference
from accelerated.scoring import accuracy, r_squared

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TINY = st.floats(-1e-300, 1e-300)  # many of them subnormal
U = 2.0**-53


@st.composite
def numbers_like_each_other(draw, n):
    """Numbers of any kind: a lattice in units of any power of two, tiny ones, or some of every magnitude."""
    unit = draw(st.sampled_from([2.0**e for e in (-1074, -1060, -560, -60, 0, 60, 520, 1018)]))
    few = st.integers(-40, 40).map(lambda i: i * unit)
    return draw(st.lists(draw(st.sampled_from([few, few, TINY, FINITE])), min_size=n, max_size=n))


@st.composite
def answers(draw):
    """Targets and predictions, (n_queries, n_outputs); some predictions are right."""
    n, n_outputs = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    y, predicted = (
        np.array([draw(numbers_like_each_other(n)) for _ in range(n_outputs)]).T.copy(draw(st.sampled_from("CF")))
        for _ in range(2)
    )
    if draw(st.booleans()):
        right = draw(st.lists(st.booleans(), min_size=n, max_size=n))
        predicted[right] = y[right]
    return y, predicted


def outcome(function, *args):
    try:
        return function(*args)
    except ValueError as error:
        return str(error)


def exact_r_squared(y, predicted, weights):
    """The mean of R^2 over the outputs, and the mean of the quotients, as fractions."""
    rows = [i for i, w in enumerate(weights) if w > 0]
    scores, quotients, w = [], [Fraction(0)], {i: Fraction(weights[i]) for i in rows}
    for j in range(y.shape[1]):
        target, answer = ({i: Fraction(values[i, j]) for i in rows} for values in (y, predicted))
        mean = sum(w[i] * target[i] for i in rows) / sum(w.values())
        missed, spread = (
            sum(w[i] * (target[i] - x) ** 2 for i, x in others.items())
            for others in (answer, dict.fromkeys(rows, mean))
        )
        quotients += [missed / spread] if spread else []
        scores.append(1 - missed / spread if spread else Fraction(missed == 0))
    return sum(scores) / len(scores), sum(quotients)


def assert_near_the_exact_score(score, y, predicted, weights):
    """Raises AssertionError unless the score is within its rounding errors, or was refused because it overflows.

    To the first order in u = 2^-53, for n queries, a quotient of two sums of squares is off by this part of itself: a
    difference by u, its mean by nothing (deviations from the mean add up to 0), a square root of a weight by u; so a
    square by 7 u, of which the deviations from the mean have 2 u sqrt(n + 1) more, because the differences from the
    target of the largest weight have at most n + 1 times their sum of squares; a sum by n u; the division by u. That
    is (2 n + 2 sqrt(n + 1) + 15) u; 4 n + 20 leaves room for the higher orders. The score 1 - quotient is off by u of
    itself and its mean over outputs by u for each of them.
    """
    exact, quotients = exact_r_squared(y, predicted, weights)
    if isinstance(score, str):
        assert abs(exact) > 2.0**1020, score
    else:
        relative = Fraction((4 * len(y) + 20 + 2 * y.shape[1]) * U)
        assert abs(Fraction(score) - exact) <= relative * (1 + quotients)


@given(answers())
def test_both_packages_give_r_squared_the_same_bits_and_it_is_nearly_exact(case):
    ours, theirs = outcome(r_squared, *case), outcome(reference.scoring.r_squared, *case)

    assert repr(ours) == repr(theirs)
    assert_near_the_exact_score(ours, *case, np.ones(len(case[0])))


@given(answers(), st.data())
def test_weighted_r_squared_is_nearly_exact(case, data):
    magnitude = data.draw(st.sampled_from([1e-320, 1e-300, 1.0, 1e306]))
    whole = st.lists(st.integers(0, 100), min_size=len(case[0]), max_size=len(case[0]))
    weights = np.array(data.draw(whole.filter(any))) * magnitude
    weights *= data.draw(st.sampled_from([1.0, 1e-300])) ** (np.arange(len(weights)) % 2)
    assume(weights.any())

    assert_near_the_exact_score(outcome(r_squared, *case, weights), *case, weights)


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_a_wrong_prediction_of_equal_targets_scores_0_however_tiny_it_is(package):
    X = [[0.0], [1.0]]

    for tiny in (1e-170, 1e-300, 5e-324):
        model = package.KNNRegressor(1).fit(X, [tiny, 2 * tiny])
        assert model.score(X, [0.0, 0.0]) == 0
        assert model.score(X, [tiny, 2 * tiny]) == 1
        assert model.score(X, [2 * tiny, tiny]) == -3


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_the_largest_numbers_have_a_score(package):
    most = np.finfo(float).max
    model = package.KNNRegressor(1).fit([[0.0], [1.0]], [-most, most])

    assert model.score([[0.0], [1.0]], [-most, most]) == 1
    assert model.score([[0.0], [1.0]], [most, -most]) == -3
    with pytest.raises(ValueError, match="R\\^2 is -inf"):
        model.score([[0.0], [1.0]], [0.0, 5e-324])


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_r_squared_of_one_query_points_to_leave_one_out_which_works(package):
    X, y = [[0.0], [1.0], [3.0], [7.0]], [0, 1, 1, 0]
    model = package.KNNRegressor(1).fit(X, y)

    with pytest.raises(ValueError, match=re.escape("there is 1: score several at once; for leave-one-out, a KNNR")):
        model.score(X[:1], y[:1])
    assert model.score(None, y) == 1 - 3 / 1  # the predictions are 1, 0, 1, 1
    assert package.KNNClassifier(1).fit(X, y).score(None, y) == 1 / 4


@pytest.mark.parametrize("score", [r_squared, accuracy])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0, 0, 0], "sample_weight is zero for all queries"),
        ([1, -1, 2], "sample_weight[1] is -1.0"),
        ([1, 2, float("nan")], "sample_weight has NaN in row 2"),
        ([float("inf"), 2, 3], "sample_weight has inf in row 0"),
        (["a", 2, 3], "sample_weight has the string 'a' in row 0"),
    ],
)
def test_weights_that_cannot_count_queries_are_refused(score, weights, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        score([0, 1, 2], np.array([0.0, 1.0, 1.0]), weights)


def test_weights_of_any_magnitude_count_alike():
    y, predicted, weights = [0, 1, 2], np.array([0.0, 1.0, 1.0]), np.array([1, 2, 4])

    for score in (r_squared, accuracy):
        for scale in (2.0**-1074, 2.0**-500, 2.0**1021):
            assert score(y, predicted, weights * scale) == score(y, predicted, weights)


def test_queries_of_weight_0_do_not_count():
    y, predicted = [3, 3, 7], np.array([3.0, 3.0, 0.0])

    assert r_squared(y, predicted, [1, 2, 0]) == accuracy(y, predicted, [1, 2, 0]) == 1
    assert r_squared(y, np.array([3.0, 3.5, 7.0]), [1, 2, 0]) == 0
