"""The neighbours behind a prediction, and votes that tie."""

import sys

import numpy as np
import pandas as pd
import pytest
import torch

import accelerated
import reference

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
X = [[0.0], [1.0], [3.0], [7.0]]


@both
def test_an_average_can_be_made_again_from_its_explanation(package, rng):
    rows, y, Q = rng.normal(size=(30, 3)), rng.normal(size=(30, 2)), rng.normal(size=(5, 3))
    model = package.KNNRegressor(4, weights="distance").fit(rows, y, rng.integers(0, 4, 30))

    for queries in (Q, None):
        indices, distances, targets, weights = model.explain(queries)
        found = model.kneighbors(queries)

        np.testing.assert_array_equal(distances, found[0])
        np.testing.assert_array_equal(indices, found[1])
        np.testing.assert_array_equal(targets, y[indices])
        again = (weights[..., None] * targets).sum(axis=1) / weights.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(model.predict(queries), again, rtol=1e-13, atol=1e-13)


@both
def test_a_vote_can_be_counted_again_from_its_explanation(package, rng):
    rows, y, Q = rng.normal(size=(30, 3)), np.array(["a", "b", "c"])[rng.integers(0, 3, 30)], rng.normal(size=(5, 3))
    model = package.KNNClassifier(4, weights="distance", class_weight={"b": 2.5}).fit(rows, y)

    _, _, labels, votes = model.explain(Q)

    shares = [[v[names == label].sum() / v.sum() for label in "abc"] for names, v in zip(labels, votes, strict=True)]
    np.testing.assert_allclose(model.predict_proba(Q), shares, rtol=1e-13, atol=0)


@both
def test_an_explanation_names_labels_and_weights_of_each_output(package):
    y = [["a", 1], ["b", 2], ["b", 1], ["a", 2]]
    explained = package.KNNClassifier(2).fit(X, np.array(y, dtype=object)).explain([[0.2]])

    assert explained.targets.tolist() == [[["a", 1], ["b", 2]]]
    assert explained.weights.tolist() == [[[1, 1], [1, 1]]]
    assert explained._fields == ("indices", "distances", "targets", "weights")


@both
@pytest.mark.parametrize("model", ["KNNClassifier", "KNNRegressor"])
def test_an_explanation_needs_a_fit_and_weights_that_are_known(package, model):
    with pytest.raises(ValueError, match="not fitted"):
        getattr(package, model)(2).explain(X)
    fitted = getattr(package, model)(2).fit(X, [0, 1, 1, 0]).set_params(weights="near")
    with pytest.raises(ValueError, match="weights='near' is not one of"):
        fitted.explain(X)


def test_an_explanation_of_tensors_is_tensors(device):
    rows = torch.tensor(X, dtype=torch.float64, device=device)
    explained = accelerated.KNNClassifier(2).fit(rows, [5, 6, 6, 7]).explain(rows[:1])

    assert {part.device.type for part in explained} == {device.type}
    assert [part.tolist() for part in explained] == [[[0, 1]], [[0, 1]], [[5, 6]], [[1, 1]]]


def test_a_frame_has_a_line_for_each_query_and_neighbour():
    frame = accelerated.KNNRegressor(2).fit(X, [5.0, 6, 7, 8]).explain([[0.0], [6.0]]).to_frame()

    assert list(frame.columns) == ["query", "place", "index", "distance", "target", "weight"]
    assert frame.to_numpy().tolist() == [[0, 1, 0, 0, 5, 1], [0, 2, 1, 1, 6, 1], [1, 1, 3, 1, 8, 1], [1, 2, 2, 3, 7, 1]]
    assert frame["index"].dtype == np.int64


def test_a_frame_of_several_outputs_has_numbered_columns():
    y = [[1, 5], [2, 6], [2, 5], [1, 6]]
    frame = accelerated.KNNClassifier(2, class_weight=[{2: 3}, None]).fit(X, y).explain(None).to_frame()

    assert list(frame.columns[4:]) == ["target_0", "target_1", "weight_0", "weight_1"]
    assert frame.iloc[0].tolist() == [0, 1, 1, 1, 2, 6, 3, 1]
    assert isinstance(frame, pd.DataFrame)


def test_a_frame_without_pandas_names_it(monkeypatch):
    explained = accelerated.KNNRegressor(1).fit(X, [5.0, 6, 7, 8]).explain(X)
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ImportError, match="to_frame makes a DataFrame and needs pandas: pip install pandas"):
        explained.to_frame()


@both
def test_votes_tie_where_the_smallest_label_decides(package):
    model = package.KNNClassifier(2).fit(X, ["b", "a", "a", "a"])

    assert model.tied_votes([[0.1], [2.5]]).tolist() == [True, False]
    assert model.tied_votes().tolist() == [False, True, True, False]
    assert model.predict([[0.1]]).tolist() == ["a"]


@both
def test_three_neighbors_of_one_class_do_not_tie_with_unused_columns(package):
    model = package.KNNClassifier(4).fit(X, [0, 0, 0, 1])

    assert model.tied_votes(X).tolist() == [False] * 4


def test_both_packages_find_the_same_ties(rng):
    n_tied = 0
    for _ in range(100):
        rows, y, Q = rng.integers(0, 4, (15, 2)), rng.integers(0, 3, (15, 2)), rng.integers(0, 4, (6, 2))
        k, weights = int(rng.integers(1, 8)), ["uniform", "distance"][rng.integers(2)]

        ours, loop = (p.KNNClassifier(k, weights=weights).fit(rows, y) for p in (accelerated, reference))

        np.testing.assert_array_equal(ours.tied_votes(Q), loop.tied_votes(Q))
        shares = loop.predict_proba(Q)
        largest = [np.sum(s == s.max(axis=1, keepdims=True), axis=1) for s in shares]
        np.testing.assert_array_equal(loop.tied_votes(Q), np.column_stack(largest) > 1)
        n_tied += int(loop.tied_votes(Q).sum())
    assert n_tied > 100
