"""The similarity regressors on data whose answer is known, and what a user may ask of them."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.validation import NotFittedError

import accelerated
import reference
import reference.solvers
from accelerated.solvers import pinv
from accelerated.solvers.pinv import cut_off, is_clearly_positive
from conformance.cases import SimilarityCase
from conformance.cases.similarity import SIMILARITIES
from conformance.oracle.similarity import DIFFERENCES, prediction_bounds

# The targets of ``scaled`` are far from 0, so that a millionth of a prediction is a small error in all of them.
pytestmark = pytest.mark.filterwarnings("ignore:y has mean .* but without an intercept")
both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])


@pytest.fixture(scope="module")
def scaled():
    """1,127 examples to learn from and 376 to predict, 5 features from 0 to 1."""
    rng = np.random.default_rng(0)
    X = rng.random((1503, 5))
    y = 125 + 7 * np.sin(4 * X).sum(axis=1) + rng.normal(size=1503) * 2
    return X[:1127], X[1127:], y[:1127], y[1127:]


@pytest.mark.parametrize("similarity", [name for name in SIMILARITIES if name != "sigmoid"])
@pytest.mark.parametrize("solver", ["auto", "pinv"])
def test_both_packages_predict_the_same_to_a_millionth_where_k_is_nearly_singular(scaled, similarity, solver):
    X, Q, y, _ = scaled
    expected = reference.SimilarityRegressor(similarity).fit(X, y).predict(Q)

    actual = accelerated.SimilarityRegressor(similarity, solver=solver).fit(X, y).predict(Q)

    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@both
def test_kernel_ridge_predicts_the_same_to_a_millionth_where_k_is_nearly_singular(package, scaled):
    X, Q, y, _ = scaled
    expected = KernelRidge(alpha=1e-6, kernel="rbf", gamma=1.0).fit(X, y).predict(Q)

    np.testing.assert_allclose(package.SimilarityRegressor().fit(X, y).predict(Q), expected, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 100, 5000])
def test_both_packages_have_the_same_cut_off(n):
    assert cut_off(n) == reference.solvers.cut_off(n) == n * 2.0**-52


@both
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float16, np.longdouble])
def test_parameters_may_be_numbers_of_numpy(package, dtype):
    X, y = [[0.0], [1.0], [3.0]], [1.0, 2.0, 0.0]
    for similarity in ("rbf", "laplacian", "polynomial", "sigmoid"):
        coef0 = 1.0 if similarity in ("rbf", "laplacian") else 2.0  # these do not use it
        expected = package.SimilarityRegressor(similarity, gamma=1.0, coef0=coef0, jitter=1.0).fit(X, y).predict(X)

        model = package.SimilarityRegressor(similarity, gamma=dtype(1), coef0=dtype(coef0), jitter=dtype(1)).fit(X, y)

        assert (model.predict(X) == expected).all()


BY_HAND = [  # of q = (1, 2) and x = (3, 1): a squared distance of 5, a distance of 3 blocks, and q.x = 5
    ("rbf", {"gamma": 0.5}, math.exp(-2.5), 1.0),
    ("laplacian", {"gamma": 0.5}, math.exp(-1.5), 1.0),
    ("linear", {}, 5.0, 10.0),
    ("cosine", {}, 5 / math.sqrt(50), 1.0),
    ("polynomial", {"gamma": 0.1, "coef0": -1.0, "degree": 3}, -0.125, 0.0),
    ("polynomial", {"gamma": 2.0, "coef0": 3.0, "degree": 2}, 169.0, 529.0),
    ("sigmoid", {"gamma": 0.1, "coef0": -0.2}, math.tanh(0.3), math.tanh(0.8)),
]


@both
@pytest.mark.parametrize(("similarity", "params", "of_q_and_x", "of_x_and_x"), BY_HAND)
def test_similarities_have_the_values_worked_out_by_hand(package, similarity, params, of_q_and_x, of_x_and_x):
    model = package.SimilarityRegressor(similarity, jitter=0.25, **params).fit([[3.0, 1.0]], [1.0])

    assert model.predict([[1.0, 2.0]])[0] == pytest.approx(of_q_and_x / (of_x_and_x + 0.25), rel=1e-14, abs=1e-300)


@both
def test_the_cosine_has_no_scale_and_the_zero_vector_no_direction(package):
    X = [[1e-200, 0.0], [0.0, 1e150], [0.0, 0.0]]
    model = package.SimilarityRegressor("cosine", jitter=1.0).fit(X, [2.0, 4.0, 8.0])

    np.testing.assert_allclose(model.dual_coef_, [1, 2, 8])
    np.testing.assert_allclose(model.predict([[1e-300, 1e-300], [0, 0]]), [3 / math.sqrt(2), 0], rtol=1e-14)


def edit_similarity(a, b):
    """The share of letters that two words have in common, in any order."""
    return len(set(a) & set(b)) / len(set(a) | set(b))


@both
def test_examples_may_be_strings(package):
    model = package.SimilarityRegressor(edit_similarity).fit(["abc", "abd", "xyz"], [1.0, 3.0, 9.0])

    predicted = model.predict(["abc", "xyz", "q"])

    np.testing.assert_allclose(predicted, [1, 9, 0], atol=1e-5)
    assert predicted.dtype == np.float64


@both
@pytest.mark.parametrize(
    "X", [[{"a", "b"}, {"c"}], [(1, "a"), (2, "b", "c")], pd.Series(["ab", "c"])], ids=["sets", "tuples", "Series"]
)
def test_examples_may_be_anything(package, X):
    model = package.SimilarityRegressor(lambda a, b: len(set(a) & set(b)), jitter=0).fit(X, [4.0, 5.0])

    np.testing.assert_allclose(model.predict(X), [4, 5])


@both
def test_the_examples_of_a_list_are_copied(package):
    X = [["a"], ["b"]]
    model = package.SimilarityRegressor(lambda a, b: float(a == b), jitter=0).fit(X, [1.0, 2.0])

    X[0][0] = "changed"

    np.testing.assert_allclose(model.predict([["a"], ["b"]]), [1, 2])


@both
def test_a_list_of_numbers_stays_a_list_under_a_function(package):
    model = package.SimilarityRegressor(lambda a, b: len(set(a) & set(b)), jitter=0).fit([(1, 2), (3, 4)], [1.0, 2.0])

    np.testing.assert_allclose(model.predict([(1, 2, 3, 4)]), [3])


def test_the_names_of_features_are_forgotten_with_them():
    model = accelerated.SimilarityRegressor(lambda a, b: float(len(a) == len(b)))
    model.fit(pd.DataFrame({"a": [1.0, 2.0]}), [1, 2])
    assert model.feature_names_in_ == ["a"]

    model.fit(["ab", "c"], [1, 2])

    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model, "n_features_in_")


@both
@pytest.mark.parametrize("kind", [np.array, pd.DataFrame])
def test_a_function_gets_the_rows_of_a_matrix_as_float64(package, kind):
    seen = []

    def similarity(a, b):
        seen.append((type(a), a.dtype, a.flags.writeable))
        return float(a @ b)

    package.SimilarityRegressor(similarity).fit(kind([[1, 0], [0, 1]]), [1, 2]).predict(kind([[1, 1]]))

    assert set(seen) == {(np.ndarray, np.dtype(np.float64), False)}


@both
@pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")
def test_a_function_that_is_not_symmetric_is_solved_as_it_is(package):
    X = np.eye(3)
    K = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]])

    model = package.SimilarityRegressor(lambda a, b: float(a @ K @ b), jitter=0).fit(X, [1.0, 2.0, 3.0])

    np.testing.assert_allclose(model.dual_coef_, np.linalg.solve(K, [1.0, 2.0, 3.0]))


@both
def test_given_similarities_predict_as_those_computed(package, scaled):
    X, Q, y, _ = (part[:100] for part in scaled)
    K, k = (np.exp(-((A[:, None] - X) ** 2).sum(axis=2)) for A in (X, Q))
    given = package.SimilarityRegressor("precomputed", jitter=1e-2).fit(K, y)

    expected = package.SimilarityRegressor(jitter=1e-2).fit(X, y).predict(Q)

    np.testing.assert_allclose(given.predict(k), expected, rtol=1e-9)


@both
def test_a_given_matrix_is_not_written_to(package):
    K = np.eye(3)
    K.flags.writeable = False

    package.SimilarityRegressor("precomputed").fit(K, [1, 2, 3])

    assert (np.eye(3) == K).all()


@both
def test_changing_the_examples_after_fit_changes_nothing(package):
    X, y = np.array([[0.0], [5.0]]), np.array([1.0, 2.0])
    model = package.SimilarityRegressor().fit(X, y)
    before = model.predict([[0.0], [5.0]])

    X[:], y[:] = 5.0, 9.0

    assert (model.predict([[0.0], [5.0]]) == before).all()


@both
@pytest.mark.parametrize(("y", "shape"), [([1, 2], (3,)), ([[1], [2]], (3, 1)), ([[1, 2], [3, 4]], (3, 2))])
def test_predictions_have_the_columns_of_y(package, y, shape):
    model = package.SimilarityRegressor().fit([[0], [1]], y)

    assert model.predict([[0], [1], [2]]).shape == shape
    assert model.dual_coef_.shape == (2, *shape[1:])


@both
@pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")
def test_an_eigenvalue_that_the_jitter_cancels_is_left_out(package):
    K = np.diag([1.0, -1e-6, 2.0])

    model = package.SimilarityRegressor("precomputed").fit(K, [1, 1, 1])

    assert model.dual_coef_[1] == 0
    assert np.abs(model.dual_coef_).max() < 1


@both
def test_the_score_is_that_of_the_predictions(package, scaled):
    X, Q, y, answers = scaled
    model = package.SimilarityRegressor(jitter=1e-3).fit(X, y)

    missed = np.mean((model.predict(Q) - answers) ** 2)

    assert model.score(Q, answers) == pytest.approx(1 - missed / np.var(answers))


@both
def test_a_failed_refit_leaves_the_regressor_as_it_was(package):
    model = package.SimilarityRegressor().fit([[0.0], [1.0]], [1.0, 2.0])
    before = model.predict([[0.5]])
    with pytest.raises(ValueError, match="y has 3 rows"):
        model.fit([[0.0, 1.0]], [1.0, 2.0, 3.0])

    assert model.predict([[0.5]]) == before


@both
def test_it_counts_with_numbers_of_any_type(package):
    X, y = np.array([[0], [1], [2]]), [0, 1, 0]
    expected = package.SimilarityRegressor().fit(X.astype(float), np.array(y, dtype=float)).predict(X)

    for dtype in (np.int8, np.uint8, np.float16, np.float32, ">f8"):
        assert (package.SimilarityRegressor().fit(X.astype(dtype), y).predict(X.astype(dtype)) == expected).all()


def test_tensors_in_tensors_out():
    X, y = torch.tensor([[0.0], [1.0]], requires_grad=True), torch.tensor([1, 2])
    model = accelerated.SimilarityRegressor().fit(X, y)

    predicted = model.predict(X)

    assert predicted.dtype == model.dual_coef_.dtype == torch.float64
    assert not predicted.requires_grad
    assert isinstance(model.predict([[0.0]]), np.ndarray)


def test_batches_and_tiles_are_no_matter(scaled, monkeypatch):
    X, Q, y, _ = (part[:150] for part in scaled)
    expected = accelerated.SimilarityRegressor(jitter=1e-2).fit(X, y).predict(Q)
    monkeypatch.setattr(accelerated.search.memory, "CPU_PAIRS", 7)
    monkeypatch.setattr(accelerated.search.memory, "BLOCK_ROWS", 64)

    actual = accelerated.SimilarityRegressor(jitter=1e-2).fit(X, y).predict(Q)

    np.testing.assert_allclose(actual, expected, rtol=1e-9)


def test_the_default_device_of_torch_is_no_matter(scaled):
    X, Q, y, _ = (part[:30] for part in scaled)
    for similarity in ("rbf", lambda a, b: float(a @ b)):
        expected = accelerated.SimilarityRegressor(similarity).fit(X, y).predict(Q)
        with torch.device("meta"):
            actual = accelerated.SimilarityRegressor(similarity).fit(X, y).predict(Q)
        assert (actual == expected).all()


def test_the_default_dtype_of_torch_is_no_matter(scaled):
    X, Q, y, _ = (part[:50] for part in scaled)
    expected = accelerated.SimilarityRegressor().fit(X, y).predict(Q)
    torch.set_default_dtype(torch.float16)
    try:
        actual = accelerated.SimilarityRegressor().fit(X, y).predict(Q)
    finally:
        torch.set_default_dtype(torch.float32)

    assert (actual == expected).all()


@pytest.mark.filterwarnings("ignore:with gamma=100.0 half of the examples are not similar")
def test_a_regressor_is_cloned_pickled_and_searched(scaled):
    X, Q, y, _ = (part[:100] for part in scaled)
    model = accelerated.SimilarityRegressor(gamma=2.0).fit(X, y)

    assert clone(model).gamma == 2.0
    assert (pickle.loads(pickle.dumps(model)).predict(Q) == model.predict(Q)).all()
    search = GridSearchCV(accelerated.SimilarityRegressor(), {"gamma": [0.1, 1.0, 100.0]}).fit(X, y)
    assert search.best_params_["gamma"] < 100


def test_cross_validation_cuts_both_sides_of_given_similarities(scaled):
    X, _, y, _ = (part[:60] for part in scaled)
    K = np.exp(-((X[:, None] - X) ** 2).sum(axis=2))

    by_matrix = cross_val_score(accelerated.SimilarityRegressor("precomputed", jitter=0.1), K, y)

    np.testing.assert_allclose(by_matrix, cross_val_score(accelerated.SimilarityRegressor(jitter=0.1), X, y))


def test_a_fitted_model_of_given_similarities_keeps_no_matrix():
    model = accelerated.SimilarityRegressor("precomputed").fit(np.eye(500), np.ones(500))

    assert len(pickle.dumps(model)) < 50_000


def test_progress_is_shown_when_asked(capfd):
    X, y = make_regression(50, 3, random_state=0)
    accelerated.SimilarityRegressor().fit(X, y).predict(X)
    assert capfd.readouterr().err == ""

    accelerated.SimilarityRegressor(progress=True).fit(X, y).predict(X)

    assert "pair" in capfd.readouterr().err


def test_more_examples_than_a_matrix_fits_for_are_solved_without_one():
    X, y = np.random.default_rng(0).random((600, 2)), np.arange(600) % 7
    model = accelerated.SimilarityRegressor(jitter=0.1, memory_limit="2MB").fit(X, y)

    assert model.solver_ == "cg"
    assert model.converged_
    assert accelerated.SimilarityRegressor(jitter=0.1, memory_limit="20MB").fit(X, y).solver_ == "cholesky"


def test_without_a_limit_a_quarter_of_the_free_memory_decides(monkeypatch):
    X, y = np.random.default_rng(0).random((600, 2)), np.arange(600) % 7
    for free, solver in [(80_000_000, "cholesky"), (8_000_000, "cg")]:
        monkeypatch.setattr(accelerated.search.memory, "get_free_memory", lambda free=free: free)
        assert accelerated.SimilarityRegressor(jitter=0.1).fit(X, y).solver_ == solver


def is_larger(a, b):
    return float(a[0] > b[0])


@pytest.mark.parametrize(
    ("similarity", "method", "matrices"), [("sigmoid", "eigenvalues", 5), (is_larger, "singular values", 9)]
)
@pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")
def test_a_matrix_that_is_needed_and_does_not_fit_is_refused_with_the_bytes_to_pass(similarity, method, matrices):
    X, y = np.arange(20.0)[:, None], np.ones(20)
    needed = matrices * 8 * 20 * 20
    model = accelerated.SimilarityRegressor(similarity, memory_limit=needed).fit(X, y)

    with pytest.raises(
        ValueError, match=f"memory_limit={needed - 1} is less than the {needed} bytes to fit 20 examples"
    ):
        model.set_params(memory_limit=needed - 1).fit(X, y)


@pytest.mark.parametrize("similarity", ["sigmoid", is_larger])
@pytest.mark.parametrize("solver", ["auto", "pinv"])
@pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")
def test_the_bytes_that_a_refusal_names_are_enough_for_any_matrix(similarity, solver):
    X, y = np.arange(20.0)[:, None], np.ones(20)
    model = accelerated.SimilarityRegressor(similarity, solver=solver, memory_limit="1KB")
    with pytest.raises(ValueError, match="to fit 20 examples by ") as error:
        model.fit(X, y)

    enough = int(str(error.value).partition("pass memory_limit=")[2].split()[0])
    assert model.set_params(memory_limit=enough).fit(X, y).solver_ == "pinv"


@pytest.mark.parametrize("package", [accelerated, reference])
def test_a_string_as_the_weights_is_refused_by_name(package):
    with pytest.raises(TypeError, match="sample_weight='balanced' is a str, but must be 3 numbers"):
        package.SimilarityRegressor().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0], sample_weight="balanced")


def test_a_solver_asked_for_by_name_says_how_much_memory_it_needs():
    X, y = np.random.default_rng(0).random((600, 2)), np.arange(600) % 7
    model = accelerated.SimilarityRegressor(jitter=0.1, solver="cholesky", memory_limit="1MB")
    with pytest.raises(ValueError, match="to fit 600 examples by their cholesky factor: pass memory_limit=") as error:
        model.fit(X, y)

    enough = int(str(error.value).partition("pass memory_limit=")[2].split()[0])
    assert model.set_params(memory_limit=enough).fit(X, y).solver_ == "cholesky"


@both
def test_an_unfitted_regressor_says_so(package):
    error = reference.NotFittedError if package is reference else NotFittedError
    with pytest.raises(error, match="fit"):
        package.SimilarityRegressor().predict([[0.0]])


@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12, 1e-250, 1e-320])
def test_only_a_matrix_far_enough_from_singular_is_clearly_positive(scale):
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(60, 60)))
    for smallest, far_enough in [(1e-2, True), (1e-9, True), (60 * 2.0**-53, False), (1e-18, False), (-1e-3, False)]:
        values = np.concatenate([[smallest], np.linspace(0.5, 1, 59)]) * scale
        A = (Q * values) @ Q.T
        clear = is_clearly_positive(torch.from_numpy((A + A.T) / 2))
        assert clear is (far_enough and scale > 2.0**-1000), (scale, smallest)


@pytest.mark.parametrize("n", [2, 10, 100])
def test_the_margin_of_what_is_clearly_positive_is_what_is_derived(n):
    gamma = (n + 1) * 2.0**-53 / (1 - (n + 1) * 2.0**-53)
    ones = torch.ones((n, n), dtype=torch.float64)  # eigenvalues n, once, and 0
    diagonal = torch.eye(n, dtype=torch.float64)
    shift = (cut_off(n) + 2 * gamma) * n  # of a trace of n, within a relative 1e-12

    for factor, clear in [(0.25, False), (0.9, False), (4.0, True), (100.0, True)]:
        assert is_clearly_positive(ones + factor * shift * diagonal) is clear, factor


def test_what_is_clearly_positive_has_no_singular_value_to_cut_off():
    rng = np.random.default_rng(0)
    found = 0
    for smallest in 10.0 ** rng.uniform(-17, -10, 300):
        n = int(rng.integers(1, 40))
        Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
        A = (Q * np.concatenate([[smallest], rng.uniform(smallest, 1, n - 1)])) @ Q.T
        A = torch.from_numpy((A + A.T) / 2)
        if is_clearly_positive(A):
            found += 1
            values = torch.linalg.svdvals(A)
            assert values.min() > cut_off(n) * values.max()
    assert 100 < found < 300


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_pseudo_inverse_of_a_singular_matrix_is_that_of_numpy(symmetric):
    rng = np.random.default_rng(0)
    half = rng.normal(size=(8, 3))
    A = half @ (half.T if symmetric else rng.normal(size=(3, 8)))
    y = rng.normal(size=(8, 2))

    x, rank, diagonal = pinv.solve(torch.from_numpy(A), torch.from_numpy(y), is_symmetric=symmetric)

    assert rank == 3
    np.testing.assert_allclose(x, np.linalg.pinv(A, rtol=1e-9) @ y, rtol=1e-9)
    np.testing.assert_allclose(diagonal, np.diag(np.linalg.pinv(A, rtol=1e-9)), rtol=1e-9)


def test_cholesky_solves_what_is_clearly_positive(monkeypatch, scaled):
    def no_eigenvalues(A):
        raise AssertionError("eigenvalues were asked for")

    monkeypatch.setattr(torch.linalg, "eigh", no_eigenvalues)
    X, Q, y, _ = scaled

    assert accelerated.SimilarityRegressor().fit(X, y).predict(Q).shape == (376,)
    with pytest.raises(AssertionError, match="eigenvalues were asked for"):
        accelerated.SimilarityRegressor(solver="pinv").fit(X, y)


def test_no_bound_is_promised_where_products_cancel_because_the_similarities_themselves_differ():
    v, w = np.random.default_rng(2).standard_normal((2, 20)) * 1e9
    X, y = np.array([[*v, *-v], [*w, *w]]), np.ones(2)  # at a right angle: x.r is 0, but for its rounding

    for size, is_promised in ((1.0, False), (1e-9, True)):
        case = SimilarityCase(size * X, size * X, y, "sigmoid", coef0=0.0, jitter=1.0)
        assert (prediction_bounds(case, DIFFERENCES) is not None) == is_promised
