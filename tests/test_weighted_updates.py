"""Rows with sample weights are added and removed: the model answers as a fit of the rows left with their weights."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse
import torch

from accelerated import KNNClassifier, KNNRegressor
from accelerated import sample_weight as module
from accelerated.search import Parts

METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard")


def assert_same(actual, expected):
    for some, other in zip(actual, expected, strict=True):
        some, other = np.asarray(some), np.asarray(other)
        assert some.dtype == other.dtype
        np.testing.assert_array_equal(some, other)


def assert_as_if_fitted(model, X, y, weights, ids, Q):
    """The model answers with the bits of one fitted on these rows with these weights, whose ids are these."""
    fresh = type(model)(**model.get_params()).fit(X, y, weights)
    assert model.ids_.tolist() == ids.tolist()
    assert model.n_samples_fit_ == len(X)
    for queries in (Q, None):
        k = model.n_neighbors
        if k > weights.sum() - (queries is None):
            continue
        found, (distances, indices) = model.kneighbors(queries), fresh.kneighbors(queries)
        assert_same(found, (distances, ids[indices]))
        assert_same([model.predict(queries)], [fresh.predict(queries)])
        if isinstance(model, KNNClassifier):
            assert_same([model.predict_proba(queries)], [fresh.predict_proba(queries)])
        explained, wanted = model.explain(queries), fresh.explain(queries)
        assert_same([explained.weights], [wanted.weights])
    if isinstance(model, KNNClassifier):
        assert_same([model.classes_, model._class_weights[0]], [fresh.classes_, fresh._class_weights[0]])


def draw(rng, n, n_features, is_classifier):
    X = rng.integers(0, 4, (n, n_features)) / 2
    y = np.array(["no", "yes", "perhaps", "a"])[rng.integers(0, 4, n)] if is_classifier else rng.integers(-9, 9, n) / 8
    weights = rng.integers(0, 4, n)
    weights[rng.integers(n)] = 2
    return X, y, weights


@pytest.mark.parametrize("seed", range(15))
def test_ten_sequences_of_updates_answer_as_fits_with_the_weights_that_are_left(seed):
    rng = np.random.default_rng([9, seed])
    for _ in range(10):
        kind = (KNNClassifier, KNNRegressor)[rng.integers(0, 2)]
        options = {"class_weight": "balanced"} if kind is KNNClassifier else {}
        options |= {"metric": METRICS[rng.integers(0, 7)], "weights": ("uniform", "distance")[rng.integers(0, 2)]}
        n_features, is_sparse = int(rng.integers(1, 4)), rng.random() < 0.3
        form = scipy.sparse.csr_array if is_sparse else np.array
        X, y, weights = draw(rng, int(rng.integers(1, 12)), n_features, kind is KNNClassifier)
        is_weighted = rng.random() < 0.7
        weights = weights if is_weighted else np.ones(len(X), dtype=int)
        model = kind(int(rng.integers(1, 4)), **options).fit(form(X), y, weights if is_weighted else None)
        ids, next_id = np.arange(len(X)), len(X)
        for _ in range(int(rng.integers(1, 7))):
            if rng.random() < 0.5:
                more, y_of_more, added = draw(rng, int(rng.integers(1, 9)), n_features, kind is KNNClassifier)
                if rng.random() < 0.3:
                    added = np.ones(len(more), dtype=int)
                    assert model.add(form(more), y_of_more) is model
                else:
                    model.add(form(more), y_of_more, added)
                X, y, weights = (np.concatenate(p) for p in ((X, more), (y, y_of_more), (weights, added)))
                ids, next_id = np.append(ids, np.arange(next_id, next_id + len(more))), next_id + len(more)
            else:
                gone = rng.permutation(len(X))[: int(rng.integers(0, len(X)))]
                if not np.delete(weights, gone).any():
                    with pytest.raises(ValueError, match="ids leaves only rows of sample_weight 0"):
                        model.remove(ids[gone])
                    continue
                model.remove(ids[gone])
                X, y, weights, ids = (np.delete(some, gone, axis=0) for some in (X, y, weights, ids))
            assert_as_if_fitted(model, X, y, weights, ids, rng.integers(0, 4, (4, n_features)) / 2)


@pytest.mark.parametrize("spoilt", ["weights of the rows that are left", "rows that are searched"])
def test_the_comparison_above_finds_a_spoilt_update(spoilt, rng, monkeypatch):
    """Or the test above would hold for weights that shift, and for rows of weight 0 that are neighbours."""
    X, y, weights = draw(rng, 30, 2, is_classifier=False)
    make = module.make_copies
    if spoilt == "rows that are searched":
        monkeypatch.setattr(module, "make_copies", lambda rows, repeats: make(rows, np.maximum(repeats, 1)))
    else:
        monkeypatch.setattr(module, "make_copies", lambda rows, repeats: make(rows, repeats[::-1].copy()))
    model = KNNRegressor(3).fit(X[:20], y[:20], weights[:20])

    with pytest.raises((AssertionError, RuntimeError, IndexError)):
        model.add(X[20:], y[20:], weights[20:]).remove([0, 5])
        left = np.delete(np.arange(30), [0, 5])
        assert_as_if_fitted(model, X[left], y[left], weights[left], left, X[:9])


@pytest.mark.parametrize("n_zero", [0, 30])
def test_a_copy_a_pickle_and_a_file_have_the_weights(rng, tmp_path, n_zero, device):
    X = rng.normal(size=(400, 5))
    weights = rng.integers(1, 4, 400)
    weights[:n_zero] = 0
    on_device = [torch.from_numpy(rows).to(device) for rows in (X[:390], X[390:])]
    model = KNNRegressor(2, device=device).fit(on_device[0], X[:390, 0], weights[:390])
    model.add(on_device[1], X[390:, 0], weights[390:]).remove([0, 395])
    model.save(tmp_path / "model.npz")
    left, again = np.delete(np.arange(400), [0, 395]), KNNRegressor.load(tmp_path / "model.npz")
    expected = KNNRegressor(2, device="cpu").fit(X[left], X[left, 0], weights[left])
    for one in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model)), again):
        assert_same([one.predict(None).cpu()], [expected.predict(None)])
        assert_same([one.predict(X[:9])], [expected.predict(X[:9])])
        assert one.add(torch.zeros((1, 5), device=device), [1.0], [7]).ids_[-1] == 400
        assert one.kneighbors([[0.0] * 5])[1].tolist() == [[400, 400]]


def test_gradients_flow_after_an_update(rng):
    X, query = rng.normal(size=(30, 3)), torch.tensor([[0.1, 0.2, 0.3]], dtype=torch.float64, requires_grad=True)
    model = KNNRegressor(2).fit(X[:20], X[:20, 0], np.arange(20) % 3).add(X[20:], X[20:, 0], np.arange(10) % 2)
    distances, indices = model.kneighbors(query)
    distances.sum().backward()

    gap = query.detach().numpy() - X[indices[0]]
    np.testing.assert_allclose(query.grad.numpy()[0], (gap / distances.detach().numpy().T).sum(0), rtol=1e-12)


def test_an_update_of_weights_costs_in_proportion_to_the_rows_that_are_added(rng, monkeypatch):
    n_indexed, make_index = [], KNNRegressor._make_index
    monkeypatch.setattr(
        KNNRegressor,
        "_make_index",
        lambda self, metric, rows: n_indexed.append(len(rows)) or make_index(self, metric, rows),
    )
    X = rng.normal(size=(1200, 3))
    model = KNNRegressor(3).fit(X[:1000], X[:1000, 0], np.arange(1000) % 3)
    n_indexed.clear()
    for i in range(1000, 1200):
        model.add(X[i : i + 1], X[i : i + 1, 0], [1 + i % 2])

    assert isinstance(model._copies.rows, Parts)
    assert sum(n_indexed) <= 200 * (1 + np.log(1200) / np.log(1.5))
    assert_as_if_fitted(
        model, X, X[:, 0], np.append(np.arange(1000) % 3, 1 + np.arange(200) % 2), np.arange(1200), X[:20]
    )


BAD = {
    "a fraction": ([1, 0.5], ValueError, r"sample_weight\[1\] is 0.5, but must be a whole number"),
    "another length": ([1], ValueError, r"sample_weight has shape \(1,\), but there are 2 examples"),
    "too large together": ([2**53, 0], ValueError, "sample_weight adds up to 9.007e"),
    "a string": ("balanced", TypeError, "sample_weight='balanced' is a str"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_weights_of_added_rows_are_refused_and_change_nothing(name):
    weights, error, message = BAD[name]
    model = KNNClassifier(1).fit([[0.0], [1.0], [2.0]], ["a", "b", "a"], [2, 0, 1]).remove([2])
    before = dict(vars(model))
    with pytest.raises(error, match=message):
        model.add([[1.0], [3.0]], ["a", "c"], weights)
    with pytest.raises(ValueError, match="ids leaves only rows of sample_weight 0, but a model needs another one"):
        model.remove([0])

    assert all(vars(model)[name] is value for name, value in before.items())


def test_rows_that_are_added_without_any_weight_have_ids_and_no_votes():
    classifier = KNNClassifier(1).fit([[0.0], [1.0]], ["a", "b"], sample_weight=[1, 2])
    assert classifier.add([[5.0]], ["c"], [0]).predict([[5.0]]).tolist() == ["b"]
    assert classifier.classes_.tolist() == ["a", "b"] and classifier.ids_.tolist() == [0, 1, 2]
    assert classifier.add([[7.0]], ["d"], [1]).predict([[5.0]]).tolist() == ["d"]
    assert KNNRegressor(1).fit([[0.0]], [1.0]).add([[5.0]], [3.0], [0]).predict([[5.0]]).tolist() == [1.0]
