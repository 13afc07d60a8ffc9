"""Other numbers than the mean from the targets of the neighbours: median, a function's, and the standard deviation."""

from fractions import Fraction
from operator import ge, gt

import numpy as np
import pytest
import torch

import accelerated
import reference
from accelerated.aggregates import medians
from reference.aggregates import weighted_median

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
X = np.arange(5.0)[:, None]


def given(weights):
    """A function for ``weights`` that returns the same ones for each query."""
    return lambda distances: np.tile(np.asarray(weights, dtype=float), (len(distances), 1))


def exact_median(targets, weights):
    """The smallest target that half of the weight reaches; the mean with the next that weighs if exactly half does."""
    pairs = sorted((Fraction(y), Fraction(w)) for y, w in zip(targets.tolist(), weights.tolist(), strict=True) if w)
    reached = [2 * sum(w for _, w in pairs[: i + 1]) - sum(w for _, w in pairs) for i in range(len(pairs))]
    i = next(i for i, more in enumerate(reached) if more >= 0)
    return float((pairs[i][0] + pairs[i + (reached[i] == 0)][0]) / 2)


@both
def test_the_median_of_uniform_weights_is_that_of_numpy(package, rng):
    for k in range(1, 9):
        y = rng.normal(size=(30, 2))
        model = package.KNNRegressor(k, aggregate="median").fit(rng.normal(size=(30, 2)), y)
        Q = rng.normal(size=(5, 2))

        np.testing.assert_array_equal(model.predict(Q), np.median(y[model.kneighbors(Q)[1]], axis=1))


@both
def test_the_weighted_median_is_where_half_of_the_weight_is_reached(package, rng):
    for _ in range(200):
        k = int(rng.integers(1, 8))
        y, weights = rng.integers(-3, 4, k) * 1.0, rng.integers(0, 4, k) * 1.0
        weights[rng.integers(k)] = 1
        model = package.KNNRegressor(k, aggregate="median", weights=given(weights)).fit(
            X[:1] + np.arange(k)[:, None], y
        )

        assert model.predict([[-1.0]]).tolist() == [exact_median(y, weights)]


def test_rounding_does_not_change_which_targets_reach_half_of_the_added_weights(rng):
    n_exact = 0
    for _ in range(300):
        k = int(rng.integers(2, 9))
        weights = rng.integers(1, 5, k) * 0.1 if rng.random() < 0.5 else rng.lognormal(sigma=3, size=k)
        up_to = [Fraction(total) for total in np.cumsum(weights).tolist()]  # rounded sums, compared exactly
        first, over = (next(i for i, w in enumerate(up_to) if test(2 * w, up_to[-1])) for test in (ge, gt))
        n_exact += first != over

        made = [weighted_median(np.arange(float(k)), weights)]
        made += medians(torch.arange(float(k)).double()[:, None], torch.arange(k)[None], torch.tensor(weights)[None])

        assert [float(middle) for middle in made] == [(first + over) / 2] * 2
    assert n_exact > 10


@both
def test_a_function_gets_targets_and_weights_nearest_first_and_for_each_output(package):
    calls = []

    def last(targets, weights):
        calls.append((targets.tolist(), weights.tolist()))
        targets[:] = weights[:] = -1  # its own copies
        return calls[-1][0][-1]

    y = np.column_stack([np.arange(5), 10 * np.arange(5)])
    model = package.KNNRegressor(2, aggregate=last, weights="distance").fit(X, y)

    assert model.predict([[0.25], [4.5]]).tolist() == [[1, 10], [3, 30]]
    assert calls[:2] == [([0, 1], [4, 1 / 0.75]), ([0, 10], [4, 1 / 0.75])]
    assert model.predict([[0.25]]).tolist() == [[1, 10]]


@both
@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda targets, weights: targets, TypeError, "returned array.*it is called with the targets and the weights"),
        (lambda targets, weights: np.nan, ValueError, r"returned nan for the targets \[0.0, 1.0\]: it is called with"),
        (lambda targets: 0.0, TypeError, "failed with TypeError.*it is called with the targets and the weights"),
        (lambda targets, weights: targets[5], ValueError, "failed with IndexError.*it is called with the targets"),
    ],
)
def test_a_function_that_returns_no_number_is_refused(package, function, error, message):
    model = package.KNNRegressor(2, aggregate=function).fit(X, np.arange(5))

    with pytest.raises(error, match="aggregate=.*lambda.*" + message):
        model.predict([[0.0]])


@both
def test_an_unknown_aggregate_is_refused_at_fit_and_at_a_query(package):
    message = "aggregate='mode' is not one of mean, median, nor a function of targets and weights"
    with pytest.raises(ValueError, match=message):
        package.KNNRegressor(2, aggregate="mode").fit(X, np.arange(5))
    model = package.KNNRegressor(2).fit(X, np.arange(5)).set_params(aggregate="mode")
    with pytest.raises(ValueError, match=message):
        model.predict([[0.0]])


@both
def test_a_median_that_overflows_is_refused(package):
    model = package.KNNRegressor(2, aggregate="median").fit([[0], [1]], [1.5e308, 1.6e308])

    with pytest.raises(ValueError, match="with their targets to inf, too large"):
        model.predict([[0.0]])
    assert package.KNNRegressor(2, aggregate="median").fit([[0], [1]], [1.6e308] * 2).predict([[0]]).tolist() == [
        1.6e308
    ]


@both
def test_the_deviation_is_that_of_the_weighted_targets(package):
    model = package.KNNRegressor(3, weights=given([1, 3, 4])).fit(X[:3], [[0.0, 8], [4, 8], [8, 8]])

    mean, std = model.predict([[0.0]], return_std=True)

    assert mean.tolist() == [[5.5, 8.0]]
    assert std.tolist() == [[np.sqrt((5.5**2 + 3 * 1.5**2 + 4 * 2.5**2) / 8), 0.0]]
    one_mean, one_std = package.KNNRegressor(2).fit(X, np.arange(5)).predict(None, return_std=True)
    assert (one_mean.shape, one_std.tolist()) == ((5,), [0.5, 1.0, 1.0, 1.0, 0.5])


@both
@pytest.mark.parametrize("aggregate", ["median", lambda targets, weights: 0.0])
def test_a_deviation_goes_with_the_mean_alone(package, aggregate):
    model = package.KNNRegressor(2, aggregate=aggregate).fit(X, np.arange(5))

    with pytest.raises(ValueError, match="return_std=True is the deviation from the mean, but aggregate="):
        model.predict([[0.0]], return_std=True)
    with pytest.raises(TypeError, match="return_std=1 is an int, but must be True or False"):
        model.predict([[0.0]], return_std=1)


@both
def test_a_deviation_that_overflows_is_refused(package):
    model = package.KNNRegressor(2).fit([[0], [1]], [1e200, -1e200])

    assert model.predict([[0.0]]).tolist() == [0]
    with pytest.raises(ValueError, match="with their targets to inf, too large"):
        model.predict([[0.0]], return_std=True)


def test_medians_and_deviations_have_the_same_bits_on_any_device(device, rng):
    for _ in range(10):
        n, k = 40, int(rng.integers(1, 12))
        rows, y, Q = rng.normal(size=(n, 2)), rng.lognormal(size=(n, 2)), rng.normal(size=(6, 2))
        for params in ({"aggregate": "median"}, {"aggregate": "mean"}):
            loop = reference.KNNRegressor(k, weights="distance", **params).fit(rows, y)
            ours = accelerated.KNNRegressor(k, weights="distance", **params, device=device).fit(rows, y)
            with_std = {"return_std": True} if params["aggregate"] == "mean" else {}

            actual = ours.predict(torch.tensor(Q, device=device), **with_std)

            expected = loop.predict(Q, **with_std)
            for mine, theirs in zip(*((a if with_std else (a,)) for a in (actual, expected)), strict=True):
                assert mine.cpu().numpy().tobytes() == theirs.tobytes()


@both
def test_medians_are_scored_when_k_is_chosen(package, rng):
    rows, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    fold = ([*range(30)], [*range(30, 40)])

    scores = package.select_n_neighbors(package.KNNRegressor(aggregate="median"), rows, y, [2, 5], cv=[fold]).scores

    expected = [
        package.KNNRegressor(k, aggregate="median").fit(rows[:30], y[:30]).score(rows[30:], y[30:]) for k in (2, 5)
    ]
    assert scores[:, 0].tolist() == expected
