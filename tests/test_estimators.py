"""``accelerated`` among scikit-learn's tools."""

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from accelerated import (
    KNNClassifier,
    KNNRegressor,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    SimilarityRegressor,
)


@pytest.mark.filterwarnings("ignore:with gamma=")  # some checks have features that are not scaled
@parametrize_with_checks(
    [
        NearestNeighbors(),
        KNNClassifier(),
        KNNClassifier(weights="distance", metric="manhattan"),
        KNNRegressor(),
        KNNRegressor(weights="distance", metric="cosine"),
        RadiusNeighborsClassifier(),
        RadiusNeighborsRegressor(),
        SimilarityRegressor(),
        SimilarityRegressor("polynomial", solver="pinv"),
    ]
)
def test_estimator_check(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    return train_test_split(*load_digits(return_X_y=True), random_state=0)


def test_digits_are_read(digits):
    X_train, X_test, y_train, y_test = digits

    assert KNNClassifier(5).fit(X_train, y_train).score(X_test, y_test) >= 0.98


def test_a_pipeline_is_searched_and_cloned(digits):
    X, _, y, _ = digits
    grid = {"knnclassifier__n_neighbors": [1, 5], "knnclassifier__weights": ["uniform", "distance"]}
    search = GridSearchCV(make_pipeline(StandardScaler(), KNNClassifier()), grid, cv=3).fit(X[:300], y[:300])

    assert search.best_score_ > 0.9
    assert clone(search.best_estimator_).get_params()["knnclassifier__n_neighbors"] in (1, 5)


def test_cross_validation_in_processes_scores_as_scikit_learn_where_nothing_ties():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 4)), rng.integers(0, 2, 200)

    ours = cross_val_score(KNNClassifier(3), X, y, cv=5, n_jobs=2)

    np.testing.assert_array_equal(ours, cross_val_score(KNeighborsClassifier(3), X, y, cv=5))


def test_a_pipeline_hands_a_sparse_matrix_to_the_model():
    rng = np.random.default_rng(0)
    words, y = rng.integers(0, 9, (90, 4)).astype(str), rng.integers(0, 2, 90)
    sparse, dense = (
        make_pipeline(
            OneHotEncoder(handle_unknown="ignore", sparse_output=is_sparse), KNNClassifier(3, metric="jaccard")
        )
        for is_sparse in (True, False)
    )

    np.testing.assert_array_equal(cross_val_score(sparse, words, y), cross_val_score(dense, words, y))


def test_cross_validation_cuts_both_sides_of_a_distance_matrix():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    D = np.array([[NearestNeighbors().get_distance(a, b) for a in X] for b in X])

    by_matrix = cross_val_score(KNNClassifier(3, metric="precomputed"), D, y)

    np.testing.assert_array_equal(by_matrix, cross_val_score(KNNClassifier(3), X, y))


def test_a_fold_with_fewer_rows_than_neighbors_is_an_error_that_names_both():
    with pytest.raises(ValueError, match="n_neighbors=50 is more than the 8 training examples"):
        cross_val_score(KNNClassifier(50), np.eye(10), [0, 1] * 5, error_score="raise")


def test_sample_weight_counts_in_the_score():
    model = KNNClassifier(1).fit([[0], [1]], [0, 1])

    assert model.score([[0], [1]], [0, 0], sample_weight=[3, 1]) == 0.75
    assert KNNRegressor(1).fit([[0], [1]], [0, 1]).score([[0], [1]], [0, 1], sample_weight=[3, 1]) == 1


def test_r_squared_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(50, 2)), rng.normal(size=(50, 3)) * [1, 100, 1e-5] + 7, rng.random(50)
    model = KNNRegressor(3).fit(X[:30], y[:30])

    for sample_weight in (None, weights):
        expected = r2_score(y, model.predict(X), sample_weight=sample_weight)
        assert model.score(X, y, sample_weight=sample_weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("model", [KNNClassifier(1), KNNRegressor(1), SimilarityRegressor()])
def test_weights_of_the_wrong_length_are_refused(model):
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3,\), but there are 2 queries"):
        model.fit([[0], [1]], [0, 1]).score([[0], [1]], [0, 1], sample_weight=[1, 2, 3])


def test_joblib_keeps_a_model(tmp_path, digits):
    X_train, X_test, y_train, _ = digits
    model = KNNClassifier(5).fit(X_train[:200], y_train[:200])
    joblib.dump(model, tmp_path / "model")

    np.testing.assert_array_equal(joblib.load(tmp_path / "model").predict(X_test), model.predict(X_test))
