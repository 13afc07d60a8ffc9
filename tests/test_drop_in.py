"""``accelerated.drop_in`` among scikit-learn's tools: the results of scikit-learn where no distances tie."""

import inspect
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import neighbors
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN, SpectralClustering
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import TSNE, Isomap
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from accelerated import drop_in

CLASSES = [getattr(drop_in, name) for name in drop_in.__all__ if isinstance(getattr(drop_in, name), type)]
SUPERVISED = [name for name in drop_in.__all__ if name.endswith(("Classifier", "Regressor"))]


@pytest.mark.filterwarnings("ignore:One or more samples have no neighbors")  # both are of scikit-learn's regressor
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@parametrize_with_checks([one() for one in CLASSES])
def test_estimator_check(estimator, check):
    check(estimator)


@pytest.fixture
def data(rng):
    """Rows without equal distances, classes, and targets."""
    X = rng.normal(size=(200, 4))
    return X, (X[:, 0] + rng.normal(size=200) > 0).astype(int), X[:, 0] + rng.normal(size=200)


def both(make):
    """What ``make`` returns with our classes and with scikit-learn's."""
    return make(drop_in), make(neighbors)


def test_every_class_and_function_of_scikit_learn_that_finds_neighbors_is_there():
    others = {"BallTree", "KDTree", "KernelDensity", "LocalOutlierFactor", "NearestCentroid"}
    others |= {"NeighborhoodComponentsAnalysis", "VALID_METRICS", "VALID_METRICS_SPARSE", "sort_graph_by_row_values"}

    assert sorted(drop_in.__all__) == sorted(set(neighbors.__all__) - others)


@pytest.mark.parametrize("name", drop_in.__all__)
def test_constructors_are_those_of_scikit_learn(name):
    ours, theirs = both(lambda module: getattr(module, name))

    if isinstance(ours, type):
        assert ours().get_params() == theirs().get_params()
        assert issubclass(ours, theirs)
    else:
        defaults = [[(p.name, p.default) for p in inspect.signature(one).parameters.values()] for one in (ours, theirs)]
        assert defaults[0] == defaults[1]


def test_predictions_of_cross_validation_are_the_same(data):
    X, y, _ = data

    for method in ("predict", "predict_proba"):
        ours, theirs = both(
            lambda module, method=method: cross_val_predict(module.KNeighborsClassifier(7), X, y, method=method)
        )
        np.testing.assert_array_equal(ours, theirs)


def test_a_grid_search_has_the_same_scores(data):
    X, y, _ = data
    grid = {
        "kneighborsclassifier__n_neighbors": [1, 4, 9],
        "kneighborsclassifier__weights": ["uniform", "distance"],
        "kneighborsclassifier__p": [1, 2],
    }

    ours, theirs = both(
        lambda module: GridSearchCV(make_pipeline(StandardScaler(), module.KNeighborsClassifier()), grid).fit(X, y)
    )
    np.testing.assert_array_equal(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"])
    assert ours.best_params_ == theirs.best_params_


def test_a_voting_classifier_predicts_the_same(data):
    X, y, _ = data

    ours, theirs = both(
        lambda module: VotingClassifier(
            [("near", module.KNeighborsClassifier(3)), ("line", LogisticRegression())], voting="soft"
        ).fit(X, y)
    )
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)


def test_a_stacking_regressor_predicts_the_same(data):
    X, _, y = data

    ours, theirs = both(
        lambda module: StackingRegressor(
            [("near", module.KNeighborsRegressor(weights="distance")), ("line", Ridge())]
        ).fit(X, y)
    )
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)


def test_calibrated_probabilities_are_the_same(data):
    X, y, _ = data

    ours, theirs = both(lambda module: CalibratedClassifierCV(module.KNeighborsClassifier()).fit(X, y))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)


def test_permutation_importances_are_the_same(data):
    X, _, y = data

    ours, theirs = both(
        lambda module: (
            permutation_importance(
                module.KNeighborsRegressor().fit(X, y), X, y, n_repeats=3, random_state=0
            ).importances
        )
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_radius_models_predict_the_same(data):
    X, labels, targets = data

    ours, theirs = both(
        lambda module: module.RadiusNeighborsClassifier(1.5, weights="distance", outlier_label=7).fit(X, labels)
    )
    with pytest.warns(UserWarning, match="Outlier label 7"):
        np.testing.assert_allclose(ours.predict_proba(2 * X), theirs.predict_proba(2 * X), rtol=1e-12)
    ours, theirs = both(lambda module: module.RadiusNeighborsRegressor(2.5).fit(X, targets).predict(X))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_sparse_rows_within_a_radius_are_the_same(data, metric):
    X, labels, targets = data
    X = np.column_stack([X * (np.abs(X) > 0.7), np.ones(len(X))])  # no row is zero
    sparse, dense = sp.csr_matrix(X), X
    radius = 0.3 if metric == "cosine" else 1.5

    def results(module):
        for rows, queries in ((sparse, sparse[:40]), (sparse, dense[:40]), (dense, sparse[:40]), (sparse, None)):
            model = module.NearestNeighbors(radius=radius, metric=metric, algorithm="brute").fit(rows)
            distances, indices = model.radius_neighbors(queries, sort_results=True)
            yield from distances
            yield from map(np.sort, indices)
            yield from map(np.sort, model.radius_neighbors(queries, 0.2, return_distance=False))
        voter = module.RadiusNeighborsClassifier(radius, metric=metric, outlier_label=0)
        yield voter.fit(sparse, labels).predict_proba(sparse)
        yield module.RadiusNeighborsRegressor(radius, metric=metric).fit(sparse, targets).predict(sparse)
        yield module.radius_neighbors_graph(sparse, radius, metric=metric, mode="distance").toarray()

    for ours, theirs in zip(*both(results), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=2e-7)
    with pytest.raises(ValueError, match="return_distance must be True if sort_results is True"):
        drop_in.NearestNeighbors().fit(sparse).radius_neighbors(sparse, 1.0, return_distance=False, sort_results=True)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "chebyshev"])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_scikit_learn_searches_for_no_vote_within_a_radius(data, metric, is_sparse, monkeypatch):
    """It has searches that count votes, and one within a radius, which a model of 16 features or more would ask."""
    if is_sparse and metric == "chebyshev":
        pytest.skip("scikit-learn compares no sparse rows by chebyshev")
    for name, others in (("_classification", ["RadiusNeighborsClassMode"]), ("_base", ["RadiusNeighbors"])):
        for searched in others:
            monkeypatch.setattr(getattr(getattr(neighbors, name), searched), "compute", None)
    X, labels, _ = data
    rows = np.tile(X, (1, 8))
    model = drop_in.RadiusNeighborsClassifier(9.0, metric=metric, algorithm="brute")
    asked = sp.csr_matrix(rows) if is_sparse else rows

    assert model.fit(asked, labels).predict_proba(asked).shape == (len(X), 2)


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize("include_self", [True, False, "auto"])
def test_graphs_are_the_same(data, mode, include_self):
    X, *_ = data

    def graphs(module):
        yield module.kneighbors_graph(X, 4, mode=mode, include_self=include_self)
        yield module.radius_neighbors_graph(X, 1.5, mode=mode, include_self=include_self)
        yield module.NearestNeighbors(radius=1.0).fit(X).kneighbors_graph(mode=mode)
        yield module.KNeighborsTransformer(mode=mode).fit_transform(X)
        yield module.RadiusNeighborsTransformer(mode=mode).fit_transform(X)

    for ours, theirs in zip(*both(graphs), strict=True):
        assert ours.nnz == theirs.nnz  # an edge of length 0 is stored, too
        np.testing.assert_allclose(ours.toarray(), theirs.toarray(), rtol=1e-9, atol=1e-6)


def test_estimators_that_take_a_graph_of_distances_give_the_same(data):
    X, *_ = data

    def results(module):
        within, nearest = module.RadiusNeighborsTransformer(radius=1.0), module.KNeighborsTransformer(n_neighbors=60)
        yield make_pipeline(within, DBSCAN(eps=0.8, metric="precomputed")).fit(X)[-1].labels_
        yield (
            make_pipeline(nearest, neighbors.LocalOutlierFactor(metric="precomputed"))
            .fit(X)[-1]
            .negative_outlier_factor_
        )
        yield np.abs(make_pipeline(nearest, Isomap(n_neighbors=10, metric="precomputed")).fit_transform(X))
        yield make_pipeline(
            nearest, SpectralClustering(3, affinity="precomputed_nearest_neighbors", n_neighbors=10, random_state=0)
        ).fit_predict(X)
        yield (
            TSNE(metric="precomputed", init="random", perplexity=10, max_iter=250, random_state=0)
            .fit(nearest.fit_transform(X))
            .embedding_[:, :0]
        )  # which begins from rounding errors: that it runs is the claim

    for ours, theirs in zip(*both(results), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_smote_makes_the_same_samples(data):
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    X, y, _ = data
    keep = (y == 0) | (np.arange(len(y)) % 4 == 0)

    ours, theirs = both(
        lambda module: over_sampling.SMOTE(
            random_state=0, k_neighbors=module.NearestNeighbors(n_neighbors=6)
        ).fit_resample(X[keep], y[keep])
    )
    np.testing.assert_array_equal(ours[0], theirs[0])


@pytest.mark.filterwarnings("ignore")
def test_umap_takes_the_neighbors(data):
    umap = pytest.importorskip("umap")
    X, *_ = data
    distances, indices = drop_in.NearestNeighbors(n_neighbors=15).fit(X).kneighbors(X)

    embedded = umap.UMAP(precomputed_knn=(indices, distances.astype(np.float32), None), random_state=0).fit_transform(X)
    assert embedded.shape == (200, 2) and np.all(np.isfinite(embedded))


def test_ties_go_to_the_lower_index_and_each_row_is_left_out_by_its_own():
    X = np.zeros((50, 20))

    for algorithm in ("brute", "kd_tree", "ball_tree", "auto"):
        model = drop_in.NearestNeighbors(n_neighbors=3, algorithm=algorithm).fit(X)
        assert model.kneighbors(X[:1], return_distance=False).tolist() == [[0, 1, 2]]
        others = [[j for j in range(4) if j != i][:3] for i in range(50)]
        assert model.kneighbors(return_distance=False).tolist() == others
        assert [len(of_row) for of_row in model.radius_neighbors(return_distance=False)] == [49] * 50


def test_rows_far_from_the_origin_have_their_true_neighbors(rng):
    X = rng.random((200, 16)) + 1e8
    order = np.argsort(np.abs(X[:, None] - X).__pow__(2).sum(2), axis=1, kind="stable")[:, :5]

    ours, theirs = both(lambda module: module.NearestNeighbors().fit(X).kneighbors(X, return_distance=False))
    np.testing.assert_array_equal(ours, order)
    assert np.mean(theirs == order) < 0.1


def test_the_votes_and_averages_are_those_of_the_core(rng):
    import accelerated

    X, y = rng.integers(0, 3, (100, 3)).astype(float), rng.integers(0, 4, 100)
    for weights in ("uniform", "distance", lambda d: 1 / (1 + d)):
        ours = drop_in.KNeighborsClassifier(7, weights=weights).fit(X, y)
        core = accelerated.KNNClassifier(7, weights=weights).fit(X, y)
        np.testing.assert_array_equal(ours.predict_proba(X + 0.5), core.predict_proba(X + 0.5))
        np.testing.assert_array_equal(ours.predict(None), core.predict(None))
        ours = drop_in.KNeighborsRegressor(7, weights=weights).fit(X, y)
        core = accelerated.KNNRegressor(7, weights=weights).fit(X, y)
        np.testing.assert_array_equal(ours.predict(X + 0.5), core.predict(X + 0.5))


def test_several_outputs_have_the_classes_of_each(rng):
    X, y = rng.normal(size=(60, 3)), np.column_stack([rng.choice(["a", "bcd"], 60), rng.choice(["ef", "g"], 60)])

    ours, theirs = both(lambda module: module.KNeighborsClassifier().fit(X, y))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    for one, other in zip(ours.predict_proba(X), theirs.predict_proba(X), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", SUPERVISED)
def test_a_fit_that_fails_leaves_the_model_as_it_was(data, name):
    X, y, _ = data
    wrong = [(X[:5], y[:4]), (X[:5] * np.nan, y[:5]), (X[:5].astype(complex), y[:5]), (X[:5] * 1e200, y[:5])]

    model = getattr(drop_in, name)(metric="euclidean").fit(X, y)
    before = pickle.dumps(model)
    for bad_X, bad_y in wrong:
        with pytest.raises(ValueError):
            model.fit(bad_X, bad_y)
        assert pickle.dumps(model) == before


def test_an_outlier_label_that_is_refused_leaves_the_model_as_it_was(data):
    X, y, _ = data
    model = drop_in.RadiusNeighborsClassifier(outlier_label=1).fit(X, y)

    model.set_params(outlier_label=[1, 2])
    with pytest.raises(ValueError, match="outlier_label"):
        model.fit(X[:5, :2], y[:5])
    assert model.n_features_in_ == 4 and model.outlier_label_ == [1]


def test_a_tree_or_another_model_may_be_fitted_on(data):
    X, *_ = data
    expected = drop_in.NearestNeighbors().fit(X).kneighbors(X)

    for given in (neighbors.KDTree(X), neighbors.BallTree(X), *both(lambda module: module.NearestNeighbors().fit(X))):
        found = drop_in.NearestNeighbors().fit(given).kneighbors(X)
        np.testing.assert_array_equal(found[1], expected[1])
    found = neighbors.NearestNeighbors().fit(drop_in.NearestNeighbors().fit(X)).kneighbors(X)
    np.testing.assert_array_equal(found[1], expected[1])


def test_a_model_is_pickled_cloned_and_fitted_again(data):
    X, y, _ = data
    model = drop_in.KNeighborsClassifier(3, metric="manhattan").fit(X, y)

    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X + 0.1), model.predict(X + 0.1))
    assert clone(model).get_params() == model.get_params()
    assert model.fit(X[:, :2], y).predict(X[:, :2]).shape == (200,)


def test_names_of_features_are_held_and_a_transformer_has_names_for_its_columns():
    X = load_iris(as_frame=True).data[:20]
    model = drop_in.KNeighborsTransformer(n_neighbors=2).fit(X)

    assert model.feature_names_in_.tolist() == X.columns.tolist()
    assert model.get_feature_names_out()[:2].tolist() == ["kneighborstransformer0", "kneighborstransformer1"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(X[X.columns[::-1]])


@pytest.mark.parametrize("metric", ["correlation", "dice", "yule", "sokalmichener", "russellrao"])
def test_other_metrics_of_scikit_learn_are_measured_by_it(rng, metric):
    X = rng.random((40, 6)) if metric == "correlation" else rng.integers(0, 2, (40, 6)).astype(bool)
    X[:, 0] = True  # no row is empty

    ours, theirs = both(lambda module: module.NearestNeighbors(n_neighbors=5, metric=metric).fit(X).kneighbors(X))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12, atol=1e-15)


def test_a_metric_of_scikit_learn_that_gives_nan_is_refused_with_the_two_rows():
    rows = [[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]]
    model = drop_in.NearestNeighbors(n_neighbors=1, metric="correlation").fit(rows)

    with pytest.raises(
        ValueError, match=r"'correlation' gave .* nan for array\(\[1., 2., 5.\]\) and array\(\[3., 3., 3.\]\)"
    ):
        model.kneighbors([[1.0, 2.0, 5.0]])


def test_a_misspelt_argument_is_told_without_a_private_name(data):
    X = data[0]
    for name in ("NearestNeighbors", "KNeighborsClassifier", "RadiusNeighborsRegressor"):
        model = getattr(drop_in, name)()
        for ask in (model.fit, getattr(model, "kneighbors", model.fit), getattr(model, "radius_neighbors", model.fit)):
            with pytest.raises(TypeError, match=r"^[A-Z].* got an unexpected keyword argument 'n_neighbours'"):
                ask(X, n_neighbours=3)


def test_bad_arguments_are_refused_in_scikit_learns_words(data):
    X, y, _ = data
    model = drop_in.KNeighborsClassifier().fit(X, y)

    for call, message in [
        (lambda: model.kneighbors(X, 201), r"Expected n_neighbors <= n_samples_fit, but n_neighbors = 201"),
        (lambda: model.kneighbors(None, 200), r"Expected n_neighbors < n_samples_fit"),
        (lambda: model.predict(X[:, :2]), r"X has 2 features, but KNeighborsClassifier is expecting 4"),
        (lambda: model.predict(X * np.nan), r"Input X contains NaN"),
        (lambda: drop_in.KNeighborsClassifier(0).fit(X, y), r"The 'n_neighbors' parameter"),
        (lambda: drop_in.KNeighborsClassifier(algorithm="tree").fit(X, y), r"The 'algorithm' parameter"),
        (lambda: drop_in.KNeighborsClassifier(leaf_size=0).fit(X, y), r"The 'leaf_size' parameter"),
        (lambda: drop_in.KNeighborsClassifier(n_jobs="2").fit(X, y), r"The 'n_jobs' parameter"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_leaf_size_is_kept_as_it_was_given(data):
    X, y, _ = data

    assert drop_in.KNeighborsClassifier(leaf_size=7).fit(X, y).leaf_size == 7


def test_targets_of_any_width_are_averaged(rng):
    X, y = load_diabetes(return_X_y=True)

    ours, theirs = both(lambda module: module.KNeighborsRegressor().fit(X, np.column_stack([y, -y])).predict(X[:20]))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("algorithm", ["auto", "brute"])
def test_a_frame_of_sparse_columns_is_searched_as_in_scikit_learn(algorithm):
    pd = pytest.importorskip("pandas")
    X, y = pd.get_dummies(pd.DataFrame({"c": list("abcabd")}), sparse=True, dtype=float), [0, 1, 0, 1, 1, 0]

    for name, options in (("KNeighborsClassifier", {"n_neighbors": 1}), ("RadiusNeighborsClassifier", {"radius": 0.5})):
        ours, theirs = (getattr(module, name)(algorithm=algorithm, **options) for module in (drop_in, neighbors))
        np.testing.assert_array_equal(ours.fit(X, y).predict_proba(X), theirs.fit(X, y).predict_proba(X))
