"""Every argument of every constructor changes an answer, warns that it has no effect, or is refused."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV

import accelerated
import reference

# sigmoid has negative eigenvalues here, and a function is not symmetric in the last bits
pytestmark = pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")
X, Y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 3
Q = np.random.default_rng(1).normal(size=(20, 3))
BY_RADIUS = ("RadiusNeighborsClassifier", "RadiusNeighborsRegressor")
MODELS = ("NearestNeighbors", "KNNClassifier", "KNNRegressor", "SimilarityRegressor", *BY_RADIUS)
PACKAGES = {"reference": reference, "accelerated": accelerated}


def gap(a, b, power=1.0):
    return float((np.abs(a - b) ** power).sum())


def far_weigh_more(distances):
    return distances + 1


def heaviest(targets, weights):
    return targets[np.argmax(weights)]


# argument: other arguments that it needs, and a value; then the answers are not those of the other arguments alone
CHANGES = [
    ("n_neighbors", {}, 1),
    ("radius", {}, 2.5),
    ("outlier_label", {"outlier_label": 0}, 2),
    ("metric", {}, "cosine"),
    ("metric", {}, gap),
    ("p", {}, 1),
    ("p", {}, 3.5),
    ("p", {"metric": "minkowski"}, np.inf),
    ("metric_params", {"metric": gap}, {"power": 0.1}),
    ("weights", {}, "distance"),
    ("weights", {}, far_weigh_more),
    ("class_weight", {}, {0: 5}),
    ("class_weight", {}, {0: 0.5, 1: 2, 2: 1}),
    ("aggregate", {}, "median"),
    ("aggregate", {}, heaviest),
    ("similarity", {}, "laplacian"),
    ("gamma", {}, 0.5),
    ("gamma", {"similarity": "laplacian"}, 0.5),
    ("gamma", {"similarity": "polynomial"}, 0.5),
    ("gamma", {"similarity": "sigmoid"}, 0.5),
    ("degree", {"similarity": "polynomial"}, 2),
    ("coef0", {"similarity": "polynomial"}, 0.5),
    ("coef0", {"similarity": "sigmoid"}, 0.5),
    ("jitter", {}, 0.5),
    ("fit_intercept", {}, True),
    ("tol", {"solver": "cg", "jitter": 0.1}, 1e-9),
]
IDLE = [
    *[("p", {"metric": metric}, 3) for metric in ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine")],
    *[("p", {"metric": metric}, np.inf) for metric in ("hamming", "jaccard", gap)],
    *[("gamma", {"similarity": similarity}, 2) for similarity in ("linear", "cosine", gap)],
    *[("degree", {"similarity": similarity}, 2) for similarity in ("rbf", "laplacian", "sigmoid", "linear", "cosine")],
    *[("coef0", {"similarity": similarity}, 0) for similarity in ("rbf", "laplacian", "linear", "cosine", gap)],
    ("tol", {"solver": "pinv"}, 0.1),
    ("max_iter", {"solver": "pinv"}, 7),
    ("warm_start", {"solver": "pinv"}, True),
    *[("rank", {"solver": solver}, 7) for solver in ("pinv", "cholesky")],
]
REFUSED = [
    ("n_neighbors", {}, 0),
    ("n_neighbors", {}, 2.0),
    *[("radius", {}, bad) for bad in (-1, "1", None, np.nan, True)],
    *[("outlier_label", {}, bad) for bad in ("far", [0, 1], np.nan)],
    ("metric", {}, "euclid"),
    ("p", {}, 0),
    ("p", {}, -7),
    ("p", {}, "2"),
    ("p", {}, np.nan),
    ("p", {}, 10**400),
    *[
        ("p", {"metric": metric}, bad)
        for metric in ("cosine", "euclidean", gap)
        for bad in (-7, "2", None, True, 10**400)
    ],
    ("metric_params", {"metric": "euclidean"}, {"w": [1, 2, 3]}),
    ("metric_params", {"metric": "cosine"}, {"p": 3}),
    ("metric_params", {"metric": gap}, [1]),
    ("weights", {}, "near"),
    ("class_weight", {}, "balance"),
    ("class_weight", {}, {3: 1}),
    ("class_weight", {}, {0: -1}),
    ("class_weight", {}, [{0: 1}]),
    ("aggregate", {}, "mode"),
    ("similarity", {}, "gauss"),
    *[
        (name, {"similarity": similarity}, "1")
        for name in ("gamma", "degree", "coef0")
        for similarity in ("linear", gap)
    ],
    ("gamma", {}, "auto"),
    ("jitter", {}, -1),
    ("fit_intercept", {}, 1),
    ("solver", {}, "qr"),
    ("tol", {}, -1e-3),
    ("max_iter", {}, 0),
    ("warm_start", {}, "yes"),
]
OF_ACCELERATED = {  # where to compute, how much memory to take, what to show: these must not change an answer
    "device": ["cpu", torch.device("cpu")],
    "memory_limit": [100_000, "1MB"],
    "progress": [True],
    "solver": ["pinv"],
    "rank": [7],
}
REFUSED_BY_ACCELERATED = {
    "device": ["gpu", 1.5, "cuda:99"],
    "memory_limit": [0, -5, "lots", 1e9, True, 10],
    "progress": ["yes", 1, None],
    "solver": ["qr", None],
    "rank": [0, 1.5],
}


def parameters(package, model):
    return inspect.signature(getattr(package, model)).parameters


def answers(package, model, params):
    """The answers of a model: distances of neighbours or predictions."""
    fitted = getattr(package, model)(**params).fit(X, Y if "Classifier" in model else Y * 1.5)
    if model == "NearestNeighbors":
        return np.append(fitted.kneighbors(Q)[0], fitted.count_within(Q))
    queries = X if model in BY_RADIUS else Q  # rows, so that each query has a neighbour
    if "outlier_label" in params:
        queries = np.concatenate([X, X[:1] + 1e6])
    return fitted.predict_proba(queries) if "Classifier" in model else fitted.predict(queries)


def called(name, others, value):
    """The arguments in the name of a test, which must be the same in every process."""
    return "-".join(getattr(word, "__name__", str(word)[:20]) for word in (name, value, *others.values()))


def cases(table):
    return [
        pytest.param(
            PACKAGES[package], model, name, others, value, id=f"{package}-{model}-{called(name, others, value)}"
        )
        for package in PACKAGES
        for model in MODELS
        for name, others, value in table
        if {name, *others} <= set(parameters(PACKAGES[package], model))
    ]


@pytest.mark.parametrize(("package", "model", "name", "others", "value"), cases(CHANGES))
def test_an_argument_changes_an_answer(package, model, name, others, value):
    before, after = answers(package, model, others), answers(package, model, {**others, name: value})

    assert before.shape != after.shape or not np.array_equal(before, after)


@pytest.mark.parametrize(("package", "model", "name", "others", "value"), cases(IDLE))
def test_an_argument_without_effect_is_told_once_at_fit_with_the_one_that_makes_it_so(
    package, model, name, others, value
):
    with pytest.warns(UserWarning) as warned:
        after = answers(package, model, {**others, name: value})

    (message,) = [str(warning.message) for warning in warned if "pseudo-inverse" not in str(warning.message)]
    assert message.startswith(f"{name}=")
    assert f"{next(iter(others))}=" in message
    assert warned[0].filename == __file__
    np.testing.assert_array_equal(after, answers(package, model, others))


@pytest.mark.parametrize(("package", "model", "name", "others", "value"), cases(REFUSED))
def test_a_bad_argument_is_refused_at_fit_whatever_the_others_are(package, model, name, others, value):
    with pytest.raises((ValueError, TypeError), match=f"{name}="):
        answers(package, model, {**others, name: value})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", OF_ACCELERATED)
def test_arguments_of_accelerated_change_time_and_not_answers(model, name, capsys):
    if name not in parameters(accelerated, model):
        with pytest.raises(TypeError, match=rf"{model}\.__init__\(\) got an unexpected keyword argument '{name}'"):
            getattr(accelerated, model)(**{name: None})
    for value in OF_ACCELERATED[name] if name in parameters(accelerated, model) else []:
        np.testing.assert_allclose(answers(accelerated, model, {name: value}), answers(accelerated, model, {}))
        assert ("%" in capsys.readouterr().err) == (name == "progress")
    for value in REFUSED_BY_ACCELERATED[name] if name in parameters(accelerated, model) else []:
        with pytest.raises((ValueError, TypeError), match=f"{name}="):
            answers(accelerated, model, {name: value})


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize("model", MODELS)
def test_no_argument_is_left_out_of_these_tables(package, model):
    told = {name for name, _, _ in (*CHANGES, *IDLE)} | set(OF_ACCELERATED)

    assert set(parameters(package, model)) <= told


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize("model", MODELS)
def test_the_public_name_of_the_class_is_in_the_message_about_an_unknown_argument(package, model):
    with pytest.raises(TypeError, match=rf"^{model}\.__init__\(\) got an unexpected keyword argument 'jobs'"):
        getattr(package, model)(jobs=-1)


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_minkowski_is_the_metric_by_default_and_p_counts(package):
    model = package.KNNClassifier(1, p=1).fit([[3, 3], [0, 5]], ["a", "b"])

    assert model.metric == "minkowski"
    assert model.predict([[0, 0]]).tolist() == ["b"]
    assert package.KNNClassifier(1).fit([[3, 3], [0, 5]], ["a", "b"]).predict([[0, 0]]).tolist() == ["a"]


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize(("p", "name"), [(2, "euclidean"), (1, "manhattan"), (np.inf, "chebyshev"), (2.0, "euclidean")])
def test_minkowski_has_the_bits_of_the_metric_that_it_is_with_this_p(package, p, name):
    by_p, by_name = (package.NearestNeighbors(4, **params).fit(X) for params in ({"p": p}, {"metric": name}))

    for a, b in zip(by_p.kneighbors(Q), by_name.kneighbors(Q), strict=True):
        assert a.tobytes() == b.tobytes()


def test_minkowski_has_the_filter_of_the_metric_that_it_is_with_this_p(rng):
    rows = rng.normal(size=(2000, 30))

    for p, metric in [(2, "euclidean"), (1, "manhattan")]:
        by_p = accelerated.NearestNeighbors(p=p).fit(rows).search_report(rows)
        by_name = accelerated.NearestNeighbors(metric=metric).fit(rows).search_report(rows)
        assert (by_p.filter, by_p.certified) == (by_name.filter, by_name.certified)
        assert by_p.filter != "exhaustive"


def test_a_grid_over_metric_and_p_runs_and_tells_what_has_no_effect():
    grid = {"metric": ["minkowski", "manhattan"], "p": [1, 2, 3]}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        search = GridSearchCV(accelerated.KNNClassifier(1), grid, cv=2).fit(X, Y)

    assert len(search.cv_results_["mean_test_score"]) == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert {str(warning.message).partition(" ")[0] for warning in warned} == {"p=3"}  # p=1 is the power of manhattan


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize(
    ("params", "meant"),
    [
        ({"metric": "euclid"}, "euclidean"),
        ({"metric": "Manhattan"}, "manhattan"),
        ({"metric": "taxicab"}, "manhattan"),
        ({"metric": "canbera"}, "canberra"),
        ({"metric": "minkowsky"}, "minkowski"),
        ({"metric": "cos"}, "cosine"),
        ({"weights": "uniforme"}, "uniform"),
        ({"weights": "distances"}, "distance"),
        ({"similarity": "gaussian"}, "rbf"),
        ({"similarity": "poly"}, "polynomial"),
        ({"similarity": "laplace"}, "laplacian"),
    ],
)
def test_the_nearest_known_name_is_suggested_and_works(package, params, meant):
    model = "SimilarityRegressor" if "similarity" in params else "KNNRegressor"
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        answers(package, model, params)

    answers(package, model, dict.fromkeys(params, meant))


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize("name", ["correlation", "yule", "matching", "xyz", "", 7])
def test_a_metric_of_another_meaning_is_not_suggested_and_is_told_before_its_parameters(package, name):
    with pytest.raises(ValueError, match=r"^metric=.* is not one of [^;]*$"):
        package.KNNClassifier(metric=name, metric_params={"VI": np.eye(3)}).fit(X, Y)


@pytest.mark.parametrize("package", [reference, accelerated])
@pytest.mark.parametrize("name", ["KNNClassifier", "KNNRegressor", "NearestNeighbors", "RadiusNeighborsClassifier"])
@pytest.mark.parametrize("argument", ["n_jobs", "algorithm", "leaf_size"])
def test_an_argument_of_scikit_learn_that_has_no_place_is_told_so(package, name, argument):
    with pytest.raises(TypeError, match=f"{name} has no '{argument}': leave it out.*accelerated.drop_in"):
        getattr(package, name)(**{argument: 1})
