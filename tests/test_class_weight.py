"""Weights of classes: each vote is multiplied by the weight of its class."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

import accelerated
import reference

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
X = np.arange(6.0)[:, None]
Y = ["a", "a", "a", "a", "b", "c"]


@both
def test_votes_are_multiplied_by_the_weight_of_their_class(package):
    model = package.KNNClassifier(6, class_weight={"b": 5, "c": 0.5}).fit(X, Y)

    assert model.predict_proba([[0.0]]).tolist() == [[4 / 9.5, 5 / 9.5, 0.5 / 9.5]]
    assert model.predict([[0.0]]).tolist() == ["b"]
    near = package.KNNClassifier(3, weights="distance", class_weight={"a": 0.25}).fit([[1], [2], [4]], ["a", "b", "b"])
    assert near.predict_proba([[0.0]]).tolist() == [[0.25, 0.75]]


@both
def test_balanced_classes_weigh_alike_as_in_scikit_learn(package, rng):
    for _ in range(20):
        y, repeats = rng.integers(0, 3, 30), rng.integers(0, 3, 30)
        repeats[:3] = y[:3] = [0, 1, 2]
        repeats[0] = 1
        y[:3], repeats[:3] = [0, 1, 2], [1, 2, 1]

        model = package.KNNClassifier(5, class_weight="balanced").fit(rng.normal(size=(30, 2)), y, repeats)

        expected = compute_class_weight("balanced", classes=np.arange(3), y=np.repeat(y, repeats))
        weights = model._class_weights
        np.testing.assert_array_equal(weights[0] if isinstance(weights, list) else weights, expected)


@both
def test_each_output_has_class_weights_of_its_own(package):
    y = np.column_stack([[0, 0, 1], [5, 6, 6]])
    model = package.KNNClassifier(3, class_weight=[{1: 3}, "balanced"]).fit(X[:3], y)

    first, second = model.predict_proba([[0.0]])
    assert first.tolist() == [[0.4, 0.6]]
    assert second.tolist() == [[0.5, 0.5]]
    assert model.predict([[0.0]]).tolist() == [[1, 5]]
    assert model.tied_votes([[0.0]]).tolist() == [[False, True]]
    assert model.explain([[0.0]]).weights.tolist() == [[[1, 1.5], [1, 0.75], [3, 0.75]]]


@both
@pytest.mark.parametrize(
    ("class_weight", "error", "message"),
    [
        ("balance", ValueError, "class_weight='balance' is not None, 'balanced' or a dict .*; did you mean 'balanced'"),
        (3, TypeError, "class_weight=3 is an int, but must be None, 'balanced' or a dict"),
        ([{"a": 1}], TypeError, r"class_weight=\[{'a': 1}\] is a list, but must be None"),
        ({"a": -1}, ValueError, r"class_weight=\{'a': -1\}: 'a'=-1 is less than 0"),
        ({"a": np.inf}, ValueError, r"class_weight=\{'a': inf\}: 'a'=inf is not finite"),
        ({"a": "2"}, TypeError, r"class_weight=\{'a': '2'\}: 'a'='2' is a str, but must be a number"),
        (
            {"z": 1},
            ValueError,
            r"class_weight=\{'z': 1\} has the label 'z', which is no class of y; these are 'a', 'b', 'c'",
        ),
    ],
)
def test_bad_class_weights_are_refused_at_fit(package, class_weight, error, message):
    with pytest.raises(error, match=message):
        package.KNNClassifier(2, class_weight=class_weight).fit(X, Y)


@both
def test_bad_class_weights_of_several_outputs_are_refused(package):
    y = np.column_stack([Y, Y])

    with pytest.raises(
        TypeError, match=r"class_weight=\{'a': 1\} is a dict, but y has 2 outputs: pass a list of 2, each"
    ):
        package.KNNClassifier(2, class_weight={"a": 1}).fit(X, y)
    with pytest.raises(ValueError, match="class_weight has 1 entries, but y has 2 outputs"):
        package.KNNClassifier(2, class_weight=[{"a": 1}]).fit(X, y)
    with pytest.raises(ValueError, match=r"class_weight\[1\]=\{'q': 1\} has the label 'q', which is no class"):
        package.KNNClassifier(2, class_weight=[None, {"q": 1}]).fit(X, y)


@both
def test_a_fold_without_a_class_takes_a_dict_that_names_every_class(package):
    model = package.KNNClassifier(2, class_weight={"a": 2, "b": 1, "c": 1}).fit(X[:5], Y[:5])

    assert model.predict_proba([[3.5]]).tolist() == [[2 / 3, 1 / 3]]


@both
def test_votes_that_are_all_0_are_refused(package):
    model = package.KNNClassifier(1, class_weight={"b": 0}).fit(X, Y)

    assert model.predict([[3.0]]).tolist() == ["a"]
    with pytest.raises(ValueError, match="add up to 0, so no neighbour counts: make a class_weight larger"):
        model.predict([[4.0]])


@both
def test_votes_that_overflow_are_refused(package):
    model = package.KNNClassifier(2, weights=lambda d: np.full_like(d, 1e200), class_weight={"a": 1e200}).fit(X, Y)

    with pytest.raises(ValueError, match="add up to inf"):
        model.predict([[0.0]])


def test_both_packages_count_weighted_votes_with_the_same_bits(rng):
    for _ in range(100):
        rows, y, Q = rng.normal(size=(20, 2)), rng.integers(0, 4, 20), rng.normal(size=(5, 2))
        params = {"n_neighbors": int(rng.integers(1, 20)), "weights": "distance"}
        params["class_weight"] = {int(label): float(rng.lognormal()) for label in np.unique(y)}

        ours, loop = (package.KNNClassifier(**params).fit(rows, y) for package in (accelerated, reference))

        assert ours.predict_proba(Q).tobytes() == loop.predict_proba(Q).tobytes()
        assert ours.predict(None).tolist() == loop.predict(None).tolist()
