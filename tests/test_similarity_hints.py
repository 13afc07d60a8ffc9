"""Hints of the regressor by similarity, the weights of examples, and names that other libraries use."""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

import accelerated
import reference
from knn_inputs.parameters import renamed
from knn_inputs.sample_weight import read_sample_weight
from knn_inputs.similarity_hints import check_gamma, warn_of_far_targets, warn_of_poor_gamma

IDENTITY, CONSTANT, USEFUL = np.full(20, 1.001), np.full(20, 19.99), np.full(20, 5.0)


@pytest.mark.parametrize(
    ("gamma", "error"),
    [("auto", TypeError), (None, TypeError), ("Scale", TypeError), ([1], TypeError), (-1, ValueError)],
)
def test_a_gamma_is_a_number_or_scale_and_the_message_names_both(gamma, error):
    with pytest.raises(error, match=r"^gamma=.* a number .* 'scale'"):
        check_gamma(gamma)


@pytest.mark.parametrize("similarity", ["rbf", "laplacian"])
def test_similarities_near_the_identity_are_told_with_the_gamma_of_scale(similarity):
    told = r"^with gamma=1.0 .* at most 0.001, .* near 0, .* or pass gamma='scale', here 0.0123$"
    with pytest.warns(UserWarning, match=told):
        warn_of_poor_gamma(similarity, 1.0, IDENTITY, 0.01234, 1e-6)


def test_similarities_that_are_almost_constant_are_told_with_the_gamma_of_scale_and_the_jitter():
    told = "^with gamma=0.1 .*0.9995 .*jitter=0.2 .*hardly depend .* or pass gamma='scale', here 3, or pass a jitter "
    with pytest.warns(UserWarning, match=told + r"below 0.011$"):
        warn_of_poor_gamma("rbf", 0.1, CONSTANT, 3.0, 0.2)
    with pytest.warns(UserWarning, match="or pass gamma='scale', here 3$"):
        warn_of_poor_gamma("rbf", 0, np.full(20, 20.0), 3.0, 0.0)


@pytest.mark.parametrize("package", [reference, accelerated], ids=lambda package: package.__name__)
def test_almost_constant_similarities_are_no_matter_beside_a_small_jitter(package, rng):
    X = rng.random((100, 2)) / 10
    y = X @ [1.0, 2.0]
    exact = package.SimilarityRegressor(gamma=0.1, jitter=1e-6, fit_intercept=True).fit(X, y)
    with pytest.warns(UserWarning, match="with jitter=10 predictions hardly depend on the query"):
        smooth = package.SimilarityRegressor(gamma=0.1, jitter=10, fit_intercept=True).fit(X, y)

    assert exact.score(X, y) > 0.99
    assert smooth.score(X, y) < 0.2


@pytest.mark.parametrize(
    ("gamma", "totals", "scale"),
    [("scale", IDENTITY, 0.1), (0.15, IDENTITY, 0.1), ("scale", CONSTANT, 0.1), (0.1, IDENTITY, 5), (9, CONSTANT, 5)],
)
def test_scale_is_not_advised_where_it_is_in_use_or_leads_the_wrong_way(gamma, totals, scale):
    with pytest.warns(
        UserWarning, match=r"scale the features, for example with sklearn's StandardScaler(, or pass a jitter .*)?$"
    ):
        warn_of_poor_gamma("rbf", gamma, totals, scale, 1.0)


@pytest.mark.parametrize(
    ("similarity", "totals"),
    [
        ("rbf", USEFUL),
        ("rbf", CONSTANT),
        ("rbf", IDENTITY[:9]),
        ("cosine", IDENTITY),
        ("precomputed", CONSTANT),
        (min, IDENTITY),
    ],
)
def test_no_hint_on_gamma_is_given_where_it_is_of_no_use(similarity, totals):
    warn_of_poor_gamma(similarity, 1.0, totals, 0.1, 1e-3)


def test_targets_far_from_0_are_told_with_their_mean_and_deviation():
    y = np.column_stack([np.arange(20.0), 1000 + np.arange(20.0) % 2])
    with pytest.warns(UserWarning, match=r"^output 1 of y has mean 1000 .*deviation 0.5, .*fit_intercept=True$"):
        warn_of_far_targets(y, False)
    with pytest.warns(UserWarning, match=r"^y has mean -1000 "):
        warn_of_far_targets(-y[:, 1:], False)


def test_the_weights_of_the_examples_decide_whether_targets_are_far():
    y, weights = np.append(np.arange(12.0) / 12, 1e6)[:, None], np.append(np.zeros(12), 1.0)
    warn_of_far_targets(y, False, 1 - weights)
    with pytest.warns(UserWarning, match=r"mean 1e\+06 "):
        warn_of_far_targets(y, False, weights + 1e-18 * (1 - weights))


@pytest.mark.parametrize(
    ("y", "fit_intercept"),
    [
        (1000 + np.arange(20.0) % 2, True),
        (1000 + np.arange(9.0) % 2, False),  # few
        (np.full(20, 0.1), False),  # constant
        (np.arange(20.0), False),  # near
        (np.append(np.full(19, 1e308), -1e308), False),  # differences overflow
    ],
)
def test_no_hint_on_targets_is_given_where_it_is_of_no_use(y, fit_intercept):
    warn_of_far_targets(y[:, None], fit_intercept)


def test_a_hint_points_to_the_line_of_the_caller():
    with pytest.warns(UserWarning) as warned:
        warn_of_poor_gamma("rbf", 1.0, IDENTITY, 0.01, 1.0)

    assert [warning.filename for warning in warned] == [__file__]


def test_weights_are_read_as_a_copy():
    given = np.array([2.0, 0.0])
    weights = read_sample_weight(given, 2)
    given[0] = 5

    assert weights.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2], r"sample_weight has shape \(2,\), but there are 3 examples"),
        ([[1], [2], [3]], r"sample_weight has shape \(3, 1\), but there are 3 examples"),
        ([0, 0, 0], "sample_weight is zero for all examples"),
        ([1, -1, 2], r"sample_weight\[1\] is -1.0"),
        ([1, 2, np.nan], "sample_weight has NaN in row 2"),
        (["a", 2, 3], "sample_weight has the string 'a' in row 0"),
    ],
)
def test_weights_that_are_no_weights_are_refused_with_the_place(given, message):
    with pytest.raises(ValueError, match=message):
        read_sample_weight(given, 3)


class Model(BaseEstimator):
    @renamed(alpha="it is called jitter here", kernel="it is called similarity here")
    def __init__(self, similarity="rbf", *, jitter=1.0):
        self.similarity = similarity
        self.jitter = jitter


@pytest.mark.parametrize(("old", "new"), [("alpha", "jitter"), ("kernel", "similarity")])
def test_a_name_that_another_library_uses_is_answered_with_the_name_used_here(old, new):
    with pytest.raises(TypeError, match=f"^Model has no '{old}': it is called {new} here$"):
        Model(**{old: 1})


def test_a_constructor_with_renamed_arguments_keeps_its_signature_and_its_other_errors():
    assert list(inspect.signature(Model).parameters) == ["similarity", "jitter"]
    assert clone(Model("linear", jitter=3.0)).get_params() == {"similarity": "linear", "jitter": 3.0}
    with pytest.raises(TypeError, match=r"^Model\.__init__\(\) got an unexpected keyword argument 'n_jobs'"):
        Model(n_jobs=1)


def test_no_hint_is_given_twice():
    y = np.column_stack([1000 + np.arange(20.0) % 2] * 3)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warn_of_far_targets(y, False)

    assert len(warned) == 1


@pytest.mark.parametrize("package", [reference, accelerated], ids=lambda package: package.__name__)
def test_set_params_answers_a_name_of_another_library_unless_a_subclass_has_it(package):
    class WithAlpha(package.SimilarityRegressor):
        def __init__(self, alpha=1.0):
            super().__init__(jitter=alpha)
            self.alpha = alpha

    with pytest.raises(ValueError, match=r"^SimilarityRegressor has no 'alpha': it is called jitter here$"):
        package.SimilarityRegressor().set_params(gamma=2.0, alpha=1.0)
    assert WithAlpha().set_params(alpha=3.0).alpha == 3.0
    assert package.SimilarityRegressor().set_params(gamma=2.0).gamma == 2.0


@pytest.mark.parametrize("name", ["rank", "device", "memory_limit", "progress"])
def test_reference_says_that_only_accelerated_has_an_argument(name):
    with pytest.raises(TypeError, match=f"^SimilarityRegressor has no '{name}': only that of accelerated has it$"):
        reference.SimilarityRegressor(**{name: 1})


@pytest.mark.parametrize("package", [reference, accelerated], ids=lambda package: package.__name__)
@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda model, X, y: model.set_params(jitter=y).fit(X, y), r"an ndarray, .* sample_weight=1 / jitter to fit, "),
        (lambda model, X, y: model.fit(X, y[None]), r"^y has 1 row, but X has 20: pass np.ravel\(y\)$"),
        (lambda model, X, y: model.fit(X, y, 2.0), r"shape \(\), .* pass np.full\(20, 2\)$"),
        (lambda model, X, y: model.fit(X, y, np.ones((20, 2))), r"one number for each of them, which counts for all"),
        (lambda model, X, y: model.fit(X, y, y[:, None]), r"shape \(20, 1\), .* pass np.ravel\(sample_weight\)$"),
        (
            lambda model, X, y: model.set_params(similarity=lambda a, b: np.nan).fit(X, y),
            r"returned nan for array\(\[0.\]\) and array\(\[0.\]\), but must return a finite number$",
        ),
        (
            lambda model, X, y: model.set_params(similarity="precomputed").fit(X @ X.T, y).predict(X),
            r"pass a number for each of the 20 examples, in the columns$",
        ),
    ],
)
def test_messages_name_the_mistake_and_how_to_mend_it(package, fit, message):
    model = package.SimilarityRegressor(jitter=0.1)
    with pytest.raises((TypeError, ValueError), match=message):
        fit(model, np.arange(20.0)[:, None], np.arange(20.0) + 1)


@pytest.mark.parametrize("package", [reference, accelerated], ids=lambda package: package.__name__)
def test_a_misspelt_argument_is_answered_with_the_nearest(package):
    with pytest.raises(TypeError, match=r"^SimilarityRegressor has no 'gama'; did you mean 'gamma'\?$"):
        package.SimilarityRegressor(gama=1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'shrinking'"):
        package.SimilarityRegressor(shrinking=True)


@pytest.mark.parametrize("package", [reference, accelerated], ids=lambda package: package.__name__)
def test_almost_constant_similarities_are_no_matter_if_weights_make_the_jitter_small(package):
    X = np.linspace(0, 1, 200)[:, None]
    model = package.SimilarityRegressor(gamma=0.01, jitter=1, fit_intercept=True)

    assert model.fit(X, X[:, 0], sample_weight=np.full(200, 1e6)).score(X, X[:, 0]) > 0.99
    with pytest.warns(UserWarning, match=r"so with jitter=100 predictions .* a jitter below 3$"):
        model.set_params(jitter=100).fit(X, X[:, 0], sample_weight=np.full(200, 10.0))


def test_a_hint_from_a_sample_says_so():
    with pytest.warns(UserWarning, match="not similar to any of 7 drawn at random: "):
        warn_of_poor_gamma("rbf", 1.0, IDENTITY, 0.01, 1e-6, n_compared=7)
