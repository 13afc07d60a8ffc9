"""Choosing k: the folds and the scores of scikit-learn, the best, and the elbow."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import accelerated
import accelerated.selection
import reference
import reference.selection
from reference.folds import get_folds

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
CANDIDATES = [7, 1, 3, 20]


def grid_scores(model, X, y, cv=5, candidates=CANDIDATES):
    """The scores of scikit-learn's own search, (n_candidates, n_folds)."""
    search = GridSearchCV(model, {"n_neighbors": candidates}, cv=cv, refit=False).fit(X, y)
    n_folds = sum(key.startswith("split") for key in search.cv_results_)
    return np.array([search.cv_results_[f"split{i}_test_score"] for i in range(n_folds)]).T


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(2, 8))
def test_stratified_folds_are_those_of_scikit_learn(labels, n_folds):
    codes = np.unique(labels, return_inverse=True)[1]
    largest = np.bincount(codes).max()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a class with fewer examples than folds
        if n_folds > largest:
            with pytest.raises(ValueError, match=f"cv={n_folds} is more than the {largest} examples"):
                get_folds(n_folds, codes)
            return
        expected = list(StratifiedKFold(n_folds).split(codes, codes))
        actual = get_folds(n_folds, codes)

    for pair, expected_pair in zip(actual, expected, strict=True):
        for indices, expected_indices in zip(pair, expected_pair, strict=True):
            np.testing.assert_array_equal(indices, expected_indices)


@given(st.integers(2, 50), st.integers(2, 10))
def test_plain_folds_are_those_of_scikit_learn(n, n_folds):
    if n_folds > n:
        with pytest.raises(ValueError, match=f"cv={n_folds} is more than the {n} examples"):
            get_folds(n_folds, np.zeros(n))
        return
    expected = KFold(n_folds).split(np.zeros(n))

    for pair, expected_pair in zip(get_folds(n_folds, np.zeros(n)), expected, strict=True):
        for indices, expected_indices in zip(pair, expected_pair, strict=True):
            np.testing.assert_array_equal(indices, expected_indices)


@pytest.mark.parametrize("weights", ["uniform", "distance", lambda d: 1 / (1 + d[:, -1:] - d[:, :1] + d)])
@pytest.mark.parametrize("cv", [5, 3, [(range(0, 100), range(100, 150)), (range(1, 150, 2), range(0, 150, 2))]])
def test_scores_are_those_of_a_grid_search_over_the_same_classifier(weights, cv):
    X, y = load_iris(return_X_y=True)
    model = accelerated.KNNClassifier(weights=weights)

    selection = accelerated.select_n_neighbors(model, X, y, CANDIDATES, cv=cv)

    np.testing.assert_array_equal(selection.scores, grid_scores(model, X, y, cv))


@pytest.mark.parametrize("n_outputs", [None, 1, 2])
def test_scores_are_those_of_a_grid_search_over_the_same_regressor(n_outputs):
    X, y = load_diabetes(return_X_y=True)
    y = y if n_outputs is None else np.column_stack([y, X[:, 0]])[:, :n_outputs]
    model = accelerated.KNNRegressor(metric="manhattan", weights="distance")

    selection = accelerated.select_n_neighbors(model, X, y, CANDIDATES)

    np.testing.assert_array_equal(selection.scores, grid_scores(model, X, y))


def less_beside_farther_ones(distances):
    """Every weight depends on the farthest neighbour, so another k changes the weights of the nearer ones, too."""
    return 1.01 * distances[:, -1:] - distances


def test_a_function_for_the_weights_sees_k_neighbors_at_a_time():
    X, y = load_diabetes(return_X_y=True)
    model = accelerated.KNNRegressor(weights=less_beside_farther_ones)

    selection = accelerated.select_n_neighbors(model, X, y, CANDIDATES)

    np.testing.assert_array_equal(selection.scores, grid_scores(model, X, y))
    assert len(set(selection.scores[:, 0])) == len(CANDIDATES)


def test_candidates_may_repeat_and_batches_may_be_small():
    X, y = load_iris(return_X_y=True)
    model = accelerated.KNNClassifier(memory_limit=20_000)  # some 30 queries a batch
    candidates = [np.int64(7), 1, 7]

    selection = accelerated.select_n_neighbors(model, X, y, (k for k in candidates))

    np.testing.assert_array_equal(selection.scores, grid_scores(model, X, y, candidates=candidates))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint64", ">i8"])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_folds_may_be_indices_of_any_type_and_order(dtype, kind):
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(120).astype(dtype)
    order.flags.writeable = False
    folds = [(order[100::-1], order[101:])]
    expected = accelerated.select_n_neighbors(accelerated.KNNClassifier(), X, y, [1, 5], cv=folds).scores

    actual = accelerated.select_n_neighbors(accelerated.KNNClassifier(), kind(X), y, [1, 5], cv=folds).scores

    np.testing.assert_array_equal(actual, expected)
    assert (actual > 0.8).all()


def test_scores_are_those_of_scikit_learn_where_no_tie_sits_at_k():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))  # no two distances are equal
    y, z = (X[:, 0] > 0).astype(int) + (X[:, 1] > 1), X.sum(axis=1)

    for ours, theirs, targets in [
        (accelerated.KNNClassifier(), KNeighborsClassifier(), y),
        (accelerated.KNNRegressor(), KNeighborsRegressor(), z),
    ]:
        scores = accelerated.select_n_neighbors(ours, X, targets, CANDIDATES).scores
        rounding = 0 if targets is y else 1e-12  # its averages are added in another order
        np.testing.assert_allclose(scores, grid_scores(theirs, X, targets), rtol=rounding, atol=0)


@pytest.mark.parametrize(
    ("model", "params"),
    [("KNNClassifier", {}), ("KNNClassifier", {"weights": "distance", "metric": "cosine"}), ("KNNRegressor", {})],
)
def test_both_packages_choose_alike(model, params):
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200] if model == "KNNClassifier" else X[:200, 20]
    actual, expected = (
        package.select_n_neighbors(getattr(package, model)(**params), X, y, CANDIDATES, cv=3)
        for package in (accelerated, reference)
    )

    np.testing.assert_allclose(actual.scores, expected.scores, rtol=1e-14)
    assert (actual.candidates, actual.best, actual.elbow) == (expected.candidates, expected.best, expected.elbow)


@both
@pytest.mark.parametrize(
    "labels",
    [list("abc"), [b"a", b"b", b"c"], [True, False, True], [3, -1, 10**6], np.array([1, "x", 2][::2], dtype=object)],
    ids=["str", "bytes", "bool", "int", "object"],
)
def test_labels_may_be_of_any_kind(package, labels):
    X = np.repeat(np.arange(len(labels)), 6)[:, None] * 10 + np.tile(np.arange(6), len(labels))[:, None]
    y = np.repeat(np.array(labels), 6)

    selection = package.select_n_neighbors(package.KNNClassifier(), X, y, [1, 3], cv=3)

    assert (selection.scores == 1).all()


@both
@pytest.mark.parametrize("kind", [list, pd.DataFrame, lambda X: np.asfortranarray(X, dtype=np.float32)])
def test_examples_may_be_of_any_kind(package, kind):
    X, y = load_iris(return_X_y=True)
    X = np.float32(X)
    model = package.KNNClassifier()
    expected = package.select_n_neighbors(model, X[::3], y[::3], [1, 5], cv=3)

    selection = package.select_n_neighbors(model, kind(X[::3].tolist()), pd.Series(y[::3], index=y[::3]), [1, 5], cv=3)

    np.testing.assert_allclose(selection.scores, expected.scores)


def test_tensors_are_taken():
    X, y = load_iris(return_X_y=True)
    expected = accelerated.select_n_neighbors(accelerated.KNNClassifier(), X, y, [1, 5])

    selection = accelerated.select_n_neighbors(
        accelerated.KNNClassifier(), torch.from_numpy(X), torch.from_numpy(y), [1, 5]
    )

    np.testing.assert_array_equal(selection.scores, expected.scores)


def test_strings_are_taken_with_a_function_for_the_metric():
    words, y = ["aa", "ab", "aab", "xyz", "xz", "zzx"] * 2, list("000111") * 2
    model = reference.KNNClassifier(metric=lambda a, b: len(set(a) ^ set(b)))

    assert reference.select_n_neighbors(model, words, y, [1, 3], cv=2).scores.tolist() == [[1, 1], [1, 1]]


@both
def test_a_matrix_of_distances_is_cut_on_both_sides(package):
    X, y = load_iris(return_X_y=True)
    X, y = X[::3], y[::3]
    D = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    expected = package.select_n_neighbors(package.KNNClassifier(), X, y, [1, 5], cv=3)

    selection = package.select_n_neighbors(package.KNNClassifier(metric="precomputed"), D, y, [1, 5], cv=3)

    np.testing.assert_array_equal(selection.scores, expected.scores)


@both
def test_several_outputs_are_not_stratified(package):
    X, y = load_iris(return_X_y=True)
    Y = np.column_stack([y, y % 2])[::3]

    selection = package.select_n_neighbors(package.KNNClassifier(), X[::3], Y, [1, 5], cv=3)

    assert selection.scores.tolist() == [[0, 0, 0], [0, 0, 0]]  # a fold is a class that the others do not have


@both
def test_the_best_is_the_smaller_of_equals(package):
    X, y = [[0], [1], [10], [11]] * 3, [0, 0, 1, 1] * 3

    assert package.select_n_neighbors(package.KNNClassifier(), X, y, [3, 2, 1], cv=2).best == 1


@both
def test_means_that_differ_only_by_the_order_of_addition_are_equal(package):
    scores = [[0.3, 0.2, 0.1], [0.1, 0.2, 0.3]]
    assert (0.3 + 0.2) + 0.1 < (0.1 + 0.2) + 0.3
    modules = {reference: reference.selection, accelerated: accelerated.selection}
    name = {reference: "_score", accelerated: "_score_all"}[package]

    def scripted(model, ks, examples, answers, *fold):
        train = fold[0][0] if package is accelerated else fold[0]
        i = [0, 40, 80].index(int(np.setdiff1d(np.arange(120), np.ravel(train))[0]))
        return [scores[k - 1][i] for k in ks] if isinstance(ks, list) else scores[ks - 1][i]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules[package], name, scripted)
        selection = package.select_n_neighbors(package.KNNRegressor(), np.zeros((120, 1)), np.zeros(120), [2, 1], cv=3)

    assert selection.best == 1


@pytest.mark.parametrize("module", [reference.selection, accelerated.selection])
@pytest.mark.parametrize(
    ("candidates", "scores", "elbow"),
    [
        ([1, 2, 3, 4, 5], [0.0, 0.6, 0.7, 0.75, 0.8], 2),
        ([5, 4, 3, 2, 1], [0.8, 0.75, 0.7, 0.6, 0.0], 2),  # in any order
        ([1, 10, 100], [0.5, 0.9, 0.91], 10),
        ([1, 2, 3], [0.5, 0.5, 0.5], 1),  # a straight line has none
        ([1, 2, 3], [1.0, 0.0, 0.5], 2),  # also above the chord
        ([4], [0.5], 4),
        ([2, 1], [0.5, 0.9], 1),
        ([3, 3, 3], [0.5, 0.5, 0.5], 3),
    ],
)
def test_the_elbow_is_the_point_farthest_from_the_chord(module, candidates, scores, elbow):
    assert module.find_elbow(candidates, scores) == elbow


def test_one_search_per_fold_serves_all_candidates(monkeypatch):
    searches = []
    search = accelerated.neighbors.search
    monkeypatch.setattr(
        accelerated.neighbors, "search", lambda *args, **kw: searches.append(args[3]) or search(*args, **kw)
    )
    X, y = load_iris(return_X_y=True)

    accelerated.select_n_neighbors(accelerated.KNNClassifier(), X, y, range(1, 31))

    assert searches == [30] * 5


@both
def test_the_model_is_not_changed(package):
    model = package.KNNClassifier(4)
    X, y = load_iris(return_X_y=True)

    package.select_n_neighbors(model, X[::5], y[::5], [1, 2], cv=2)

    assert model.n_neighbors == 4
    assert not hasattr(model, "classes_")


@both
def test_a_class_smaller_than_the_folds_is_told(package):
    with pytest.warns(UserWarning, match=r"smallest class has 2|least populated class in y has only 2"):
        package.select_n_neighbors(package.KNNClassifier(), np.eye(8), [0, 0, 1, 1, 1, 1, 1, 1], [1], cv=3)


def test_a_splitter_of_scikit_learn_is_taken():
    X, y = load_iris(return_X_y=True)
    splitter = KFold(4, shuffle=True, random_state=0)
    expected = accelerated.select_n_neighbors(accelerated.KNNClassifier(), X, y, [5], cv=splitter.split(X))

    selection = accelerated.select_n_neighbors(accelerated.KNNClassifier(), X, y, [5], cv=splitter)

    np.testing.assert_array_equal(selection.scores, expected.scores)


def test_the_model_may_be_the_last_step_of_a_pipeline(rng):
    frame = pd.DataFrame({"size": 1000 * rng.random(90), "kind": rng.choice(["a", "b"], 90), "age": rng.random(90)})
    y = (frame["age"] + 0.3 * rng.random(90) > 0.6).to_numpy()
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["size", "age"]))
    pipeline = make_pipeline(encode, accelerated.KNNClassifier())

    selection = accelerated.select_n_neighbors(pipeline, frame, y, [1, 5, 9], cv=4)

    grid = GridSearchCV(pipeline, {"knnclassifier__n_neighbors": [1, 5, 9]}, cv=4).fit(frame, y)
    folds = [grid.cv_results_[f"split{i}_test_score"] for i in range(4)]
    np.testing.assert_array_equal(selection.scores, np.transpose(folds))
    with pytest.raises(
        TypeError, match="the last step of the pipeline is a StandardScaler, but must be a KNNClassifier"
    ):
        accelerated.select_n_neighbors(make_pipeline(StandardScaler()), frame[["age"]], y, [1])
