"""Sample weights: the model of weighted rows is that of rows repeated, without repeating any."""

import pickle
import re
import sys

import numpy as np
import pytest
import torch

import accelerated
import reference
from conformance.meters.memory import peak_of

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
LINE = [[0.0], [1.0], [3.0]]


def gap(a, b):
    return abs(a[0] - b[0])


def assert_same(actual, expected):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.tobytes() == expected.tobytes()


def drawn(rng, metric):
    """Rows, queries, targets, weights, and the index of each row as often as it weighs."""
    n = int(rng.integers(2, 20))
    rows = rng.integers(-2, 3, (n + 3, 2)) * 1.0 if rng.random() < 0.5 else rng.normal(size=(n + 3, 2))
    weights = rng.integers(0, 4, n)
    weights[rng.integers(n)] = 2
    return rows[:n], rows[n:], rng.normal(size=n), rng.integers(0, 3, n), weights, np.repeat(np.arange(n), weights)


@both
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "hamming", gap])
def test_weights_give_the_bits_of_repeated_rows(package, metric, rng):
    for _ in range(20):
        X, Q, y, labels, weights, index = drawn(rng, metric)
        params = {"n_neighbors": int(rng.integers(1, len(index))), "metric": metric}
        params["weights"] = ["uniform", "distance"][rng.integers(2)]

        regressor = package.KNNRegressor(**params).fit(X, y, weights)
        repeated = package.KNNRegressor(**params).fit(X[index], y[index])
        distances, indices = repeated.kneighbors(Q)
        assert_same(regressor.predict(Q), repeated.predict(Q))
        assert_same(regressor.kneighbors(Q)[0], distances)
        assert_same(regressor.kneighbors(Q)[1], index[indices])
        left_out = repeated.predict(None)  # a copy at a time, and all copies of a row get one answer
        assert_same(regressor.predict(None)[index], left_out)

        classifier = package.KNNClassifier(**params, class_weight="balanced").fit(X, labels, weights)
        repeated = package.KNNClassifier(**params, class_weight="balanced").fit(X[index], labels[index])
        assert_same(classifier.classes_, repeated.classes_)
        assert_same(classifier.predict_proba(Q), repeated.predict_proba(Q))
        assert_same(classifier.predict(Q), repeated.predict(Q))


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine", "jaccard"])
def test_both_packages_give_the_same_bits(metric, rng):
    for _ in range(30):
        X, Q, y, _, weights, index = drawn(rng, metric)
        k = int(rng.integers(1, len(index)))
        params = {"metric": metric, "weights": "distance"}
        ours, loop = (p.KNNRegressor(k, **params).fit(X, y, weights) for p in (accelerated, reference))

        for queries in (Q, None):
            assert_same(ours.predict(queries), loop.predict(queries))
            for mine, theirs in zip(ours.kneighbors(queries), loop.kneighbors(queries), strict=True):
                assert_same(mine, theirs)


@both
def test_a_row_takes_as_many_places_as_it_weighs(package):
    model = package.KNNRegressor(4).fit(LINE, [10.0, 20.0, 40.0], sample_weight=[2, 1, 5])

    assert model.kneighbors([[0.0]])[1].tolist() == [[0, 0, 1, 2]]
    assert model.kneighbors([[0.0]])[0].tolist() == [[0, 0, 1, 3]]
    assert model.predict([[0.0]]).tolist() == [(10 + 10 + 20 + 40) / 4]
    assert model.get_neighbors([3.0]) == [(2, 0.0)] * 4


@both
def test_leave_one_out_leaves_out_one_copy(package):
    model = package.KNNRegressor(2).fit(LINE, [10.0, 20.0, 40.0], sample_weight=[3, 2, 1])

    assert model.kneighbors()[1].tolist() == [[0, 0], [1, 0], [1, 1]]
    assert model.predict(None).tolist() == [10, 15, 20]


@both
def test_a_row_of_weight_0_is_no_neighbor_and_its_class_is_gone_but_it_is_predicted(package):
    model = package.KNNClassifier(1).fit(LINE, ["a", "b", "c"], sample_weight=[1, 0, 1])

    assert model.classes_.tolist() == ["a", "c"]
    assert model.kneighbors([[1.0]])[1].tolist() == [[0]]
    assert model.predict(None).tolist() == ["c", "a", "a"]


@both
def test_a_weight_of_a_billion_costs_nothing(package):
    model = package.KNNClassifier(1000).fit(LINE, [0, 1, 1], sample_weight=[10**9, 999, 10**15])

    assert model.predict([[0.0], [2.1]]).tolist() == [0, 1]
    assert model.kneighbors([[1.0]])[1][0, -2:].tolist() == [1, 0]


@both
@pytest.mark.parametrize("among", ["precomputed", "objects"])
def test_rows_of_weight_0_are_left_out_of_given_distances_and_of_lists(package, among):
    X, metric = ["a", "bb", "cccc", "ddd"], lambda a, b: abs(len(a) - len(b))
    Q = ["eee", "f"]
    if among == "precomputed":
        D = np.array([[metric(a, b) for b in X] for a in [*X, *Q]], dtype=float)
        X, Q, metric = D[:4], D[4:], "precomputed"

    model = package.KNNRegressor(2, metric=metric).fit(X, [1.0, 2.0, 4.0, 3.0], sample_weight=[0, 1, 2, 0])

    assert model.kneighbors(Q)[1].tolist() == [[1, 2], [1, 2]]
    assert model.predict(None).tolist() == [3, 4, 3, 3]
    assert model.kneighbors()[1].tolist() == [[1, 2], [2, 2], [2, 1], [1, 2]]


@both
@pytest.mark.parametrize("model", ["KNNClassifier", "KNNRegressor"])
@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1, 0.5, 2], ValueError, r"sample_weight\[1\] is 0.5, but must be a whole number, because a row of weight w"),
        ([1, -1, 2], ValueError, r"sample_weight\[1\] is -1.0, but must be finite and at least 0"),
        ([0, 0, 0], ValueError, "sample_weight is zero for all examples"),
        ([1, 2], ValueError, r"sample_weight has shape \(2,\), but there are 3 examples"),
        ([1, np.nan, 1], ValueError, "sample_weight has NaN in row 1"),
        ([2**53, 1, 2**53], ValueError, "sample_weight adds up to 1.801e\\+16, more than 9007199254740992"),
        ("balanced", TypeError, "sample_weight='balanced' is a str"),
    ],
)
def test_bad_weights_are_refused_and_the_model_stays(package, model, weights, error, message):
    fitted = getattr(package, model)(1).fit([[0.0], [5.0]], [3, 4])

    with pytest.raises(error, match=message):
        fitted.fit(LINE, [1, 2, 3], sample_weight=weights)

    assert fitted.predict([[4.0]]).tolist() == [4]


@both
def test_more_places_than_copies_are_refused_with_both_numbers(package):
    model = package.KNNRegressor(4).fit(LINE, [1, 2, 3], sample_weight=[2, 0, 1])

    with pytest.raises(ValueError, match="n_neighbors=4 is more than 3, the sum of sample_weight of the training"):
        model.predict([[0.0]])
    without = "n_neighbors=3 is more than 2, the sum of sample_weight, without one copy of the query itself,"
    with pytest.raises(ValueError, match=re.escape(without)):
        model.set_params(n_neighbors=3).predict(None)
    assert model.predict([[0.0]]).tolist() == [5 / 3]


def test_many_rows_on_any_device_have_the_neighbors_of_repeated_rows(device, rng):
    X, Q = rng.normal(size=(600, 12)), rng.normal(size=(40, 12))
    weights = rng.integers(0, 3, 600)
    index = np.repeat(np.arange(600), weights)
    rows, queries = (torch.tensor(values, device=device) for values in (X, Q))

    model = accelerated.KNNRegressor(7, device=device).fit(rows, X[:, 0], weights)
    distances, indices = model.kneighbors(queries)
    expected = accelerated.NearestNeighbors(7).fit(X[index]).kneighbors(Q)

    assert indices.device.type == device.type
    assert_same(distances.cpu(), expected[0])
    assert_same(indices.cpu(), index[expected[1]])
    restored = pickle.loads(pickle.dumps(model))
    assert_same(restored.predict(queries).cpu(), model.predict(queries).cpu())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_places_are_filled_within_the_memory_limit(rng):
    X, queries = rng.normal(size=(1000, 2)), rng.normal(size=(60_000, 2))
    weights = rng.integers(0, 9, 1000)
    model = accelerated.KNNRegressor(50, memory_limit=16 * 2**20).fit(X, X[:, 0], weights)
    model.kneighbors(queries[:10])  # loads libraries
    answers = []

    peak = peak_of(lambda: answers.extend(model.kneighbors(queries)))

    answer = sum(part.nbytes for part in answers)
    assert answer > 3 * model.memory_limit - 2**22
    assert peak < answer + model.memory_limit + 2**24
    assert model.search_report(queries).n_queries == len(queries)  # of all batches
    free = accelerated.KNNRegressor(50).fit(X, X[:, 0], weights)
    assert_same(answers[1], free.kneighbors(queries)[1])


@pytest.mark.parametrize("package", [reference, accelerated])
def test_a_single_value_of_another_type_is_refused(package):
    with pytest.raises((TypeError, ValueError), match="sample_weight"):
        package.KNNRegressor(1).fit([[0], [1]], [0, 1], sample_weight=b"x")
