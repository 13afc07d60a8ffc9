"""Votes and averages of the neighbours within a radius: the bits of the readable loop, and queries that have none."""

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import RadiusNeighborsClassifier as ScikitLearns

import accelerated
import reference
from accelerated.radius_voting import sum_in_order

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
X = [[0.0], [1.0], [2.0], [2.0], [9.0]]


def far_weigh_more(distances):
    return distances + 1


@pytest.mark.parametrize("weights", ["uniform", "distance", far_weigh_more])
@pytest.mark.parametrize("own", [False, True], ids=["queries", "leave one out"])
def test_both_packages_vote_and_average_with_the_same_bits(weights, own, rng):
    rows = np.concatenate([rng.normal(size=(60, 2)), np.zeros((20, 2))]).round(1)
    Q, params = None if own else rows[::3] + 0.05, {"radius": 1.5, "weights": weights}
    for y in (rng.normal(size=80), rng.normal(size=(80, 2))):
        ours, loop = (p.RadiusNeighborsRegressor(**params).fit(rows, y).predict(Q) for p in (accelerated, reference))
        np.testing.assert_array_equal(ours, loop)
    for y in (rng.choice(list("cab"), 80), rng.integers(0, 5, (80, 2))):
        ours, loop = (p.RadiusNeighborsClassifier(**params).fit(rows, y) for p in (accelerated, reference))
        np.testing.assert_array_equal(ours.predict(Q), loop.predict(Q))
        np.testing.assert_array_equal(ours.predict_proba(Q), loop.predict_proba(Q))
        assert ours.score(rows[::3], y[::3]) == loop.score(rows[::3], y[::3]) < 1


def test_sums_are_added_one_at_a_time_in_their_order(rng):
    values, places = rng.lognormal(sigma=20, size=5000), np.sort(rng.integers(0, 7, 5000))
    expected = [0.0] * 7
    for place, value in zip(places.tolist(), values.tolist(), strict=True):
        expected[place] += value

    assert sum_in_order(places, values, 7).tolist() == expected


@both
def test_equal_votes_go_to_the_smallest_label(package):
    model = package.RadiusNeighborsClassifier(1).fit(X, list("bacdz"))

    assert model.predict([[0.5], [2.0]]).tolist() == ["a", "a"]
    assert model.predict_proba([[0.5]]).tolist() == [[0.5, 0.5, 0, 0, 0]]


@both
@pytest.mark.parametrize(("weights", "expected"), [("uniform", 2.0), ("distance", 2.5), (lambda d: d == 1, 1.0)])
def test_neighbors_weigh_by_distance_where_they_should(package, weights, expected):
    model = package.RadiusNeighborsRegressor(1, weights=weights).fit(X, [0, 1, 2, 3, 9])

    assert model.predict([[2.0]]).tolist() == [expected]


@both
def test_a_query_without_neighbors_is_an_error_that_names_it(package):
    queries = [[0], *[[50]] * 7]
    for model in (
        package.RadiusNeighborsRegressor(1).fit(X, range(5)),
        package.RadiusNeighborsClassifier(1).fit(X, range(5)),
    ):
        with pytest.raises(
            ValueError, match="within radius=1 of queries 1, 2, 3, 4, 5 and 2 more: pass a larger radius"
        ):
            model.predict(queries)
        with pytest.raises(ValueError, match="of query 4: "):
            model.predict(None)
        assert model.count_within(queries).tolist() == [2, *[0] * 7]
        assert len(model.predict(queries[:1])) == 1


@pytest.mark.filterwarnings("ignore:y has shape")
@pytest.mark.filterwarnings("ignore:Outlier label")
@both
@pytest.mark.parametrize(
    ("y", "label"),
    [
        (["b", "b", "a", "a", "c"], "most_frequent"),
        (["b", "b", "a", "a", "c"], "c"),
        ([1, 1, 0, 0, 2], 0),
        ([1, 1, 0, 0, 2], 7),
        ([[1, 5], [1, 5], [0, 6], [0, 6], [2, 7]], [2, 9]),
        ([[1, 5], [1, 5], [0, 6], [0, 6], [2, 6]], "most_frequent"),
        ([[1, 1], [1, 1], [0, 0], [0, 0], [2, 2]], 1),
    ],
    ids=str,
)
def test_outlier_labels_are_those_of_scikit_learn(package, y, label):
    y, queries = np.array(y), [[0.0], [50.0], [2.0]]
    ours = package.RadiusNeighborsClassifier(0.5, outlier_label=label).fit(X, y)
    theirs = ScikitLearns(0.5, outlier_label=label).fit(X, y)

    np.testing.assert_array_equal(ours.predict(queries), theirs.predict(queries))
    with pytest.warns(UserWarning, match="is not a class") if label in (7, [2, 9]) else np.errstate():
        shares = ours.predict_proba(queries)
    for some, others in zip(shares, theirs.predict_proba(queries), strict=True):
        np.testing.assert_array_equal(some, others)


@both
def test_an_outlier_label_may_be_longer_than_the_labels(package):
    model = package.RadiusNeighborsClassifier(1, outlier_label="an outlier").fit(X, list("abcde"))

    assert model.predict([[50], [9]]).tolist() == ["an outlier", "e"]
    assert model.outlier_label_ == ["an outlier"]


BAD = [
    ([0, 1, 0, 1, 2], "far", TypeError, "outlier_label='far' is a str, but the classes are such as 0: "),
    (list("abcde"), 1, TypeError, "outlier_label=1 is an int"),
    ([0, 1, 0, 1, 2], 0.5, TypeError, "outlier_label=0.5 is a float"),
    ([0, 1, 0, 1, 2], float("nan"), ValueError, "outlier_label=nan is missing"),
    ([0, 1, 0, 1, 2], [0, 1], ValueError, r"outlier_label=\[0, 1\] has 2 labels, but y has 1 output"),
    ([[0, 1]] * 5, [0], ValueError, r"outlier_label=\[0\] has 1 labels, but y has 2 outputs"),
]


@both
@pytest.mark.parametrize(("y", "label", "error", "message"), BAD, ids=[f"{label}" for _, label, *_ in BAD])
def test_an_outlier_label_that_does_not_go_with_y_is_refused_at_fit(package, y, label, error, message):
    model = package.RadiusNeighborsClassifier(1).fit(X, list("abcde"))
    before = dict(vars(model))

    with pytest.raises(error, match=message):
        model.set_params(outlier_label=label).fit(X, y)
    assert vars(model) == {**before, "outlier_label": label}


@both
def test_weights_and_sums_that_cannot_be_used_are_refused(package):
    with pytest.raises(ValueError, match="nobody is left to vote"):
        package.RadiusNeighborsRegressor(1, weights=lambda d: 0 * d).fit(X, range(5)).predict(X)
    with pytest.raises(ValueError, match="too large for a float"):
        package.RadiusNeighborsRegressor(3).fit(X, [1e308] * 5).predict([[1.0]])
    with pytest.raises(ValueError, match="weights='near' is not one of"):
        package.RadiusNeighborsClassifier(1, weights="near").fit(X, range(5))
    with pytest.raises(ValueError, match="radius=-1 must be at least 0"):
        package.RadiusNeighborsClassifier(1).fit(X, range(5)).set_params(radius=-1).predict(X)


def test_tensors_in_tensors_out(device):
    model = accelerated.RadiusNeighborsClassifier(1, device=device).fit(torch.tensor(X), torch.tensor([0, 1, 2, 2, 4]))
    predicted = model.predict(torch.tensor(X, device=device))

    assert predicted.device == model.predict_proba(torch.tensor(X, device=device)).device == device
    assert predicted.tolist() == [0, 2, 2, 2, 4]


@pytest.mark.parametrize("memory_limit", [60_000, "1MB"])
def test_predictions_do_not_depend_on_the_memory(memory_limit, rng):
    rows, y = rng.normal(size=(200, 3)).round(1), rng.integers(0, 4, 200)
    for name in ("RadiusNeighborsRegressor", "RadiusNeighborsClassifier"):
        make = getattr(accelerated, name)
        few, many = (make(1.5, weights="distance", memory_limit=limit).fit(rows, y) for limit in (memory_limit, None))
        np.testing.assert_array_equal(few.predict(rows), many.predict(rows))


def test_a_fold_with_a_lonely_query_is_an_error_unless_there_is_a_label():
    y = [0, 0, 1, 1, 1]

    with pytest.raises(ValueError, match="no training example lies within"):
        cross_val_score(accelerated.RadiusNeighborsClassifier(1), X, y, cv=2, error_score="raise")
    labelled = accelerated.RadiusNeighborsClassifier(1, outlier_label="most_frequent")
    assert len(cross_val_score(labelled, X, y, cv=2, error_score="raise")) == 2


@pytest.mark.parametrize("package", [reference, accelerated])
@pytest.mark.parametrize("name", ["RadiusNeighborsRegressor", "RadiusNeighborsClassifier"])
def test_neighbors_that_are_all_infinitely_far_have_no_weights_by_distance(package, name):
    model = getattr(package, name)(np.inf, metric="nan_euclidean", weights="distance")
    model.fit([[0, np.nan], [1, np.nan], [2, 5]], [1, 2, 3])

    assert model.predict([[np.nan, 1.0]]).tolist() == [3]
    with pytest.raises(ValueError, match="a query shares no feature with any of its neighbours"):
        model.fit([[0, np.nan], [1, np.nan]], [1, 2]).predict([[0, 1.0], [np.nan, 1.0]])
