"""The regressor by similarity: solvers with a certificate, weights of examples, intercept, gamma and leave-one-out."""

import warnings

import numpy as np
import pytest
import sklearn.exceptions

import accelerated
import reference
from reference.certificate import examine, is_near, norm
from reference.leave_one_out import leave_one_out
from reference.solvers import BLOCK, blocks, conjugate_gradients

PACKAGES = [pytest.param(reference, id="reference"), pytest.param(accelerated, id="accelerated")]
packages = pytest.mark.parametrize("package", PACKAGES)
WARNINGS = {reference: reference.ConvergenceWarning, accelerated: sklearn.exceptions.ConvergenceWarning}
iterative = pytest.mark.parametrize("solver", ["cg", "blocks"])
every_solver = pytest.mark.parametrize("solver", ["pinv", "cg", "blocks"])
N = 150
X, Q = np.random.default_rng(0).normal(size=(N, 3)), np.random.default_rng(1).normal(size=(40, 3))
NOISE = 0.1 * np.random.default_rng(2).normal(size=(N, 2))
Y = np.column_stack([np.sin(X).sum(axis=1), X[:, 0] * X[:, 1] + 2]) + NOISE
WEIGHTS = np.random.default_rng(3).integers(0, 4, N).astype(float)
FRACTIONS = np.random.default_rng(4).random(N)


pytestmark = pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several blocks of examples, and several tiles, also where there are few examples."""
    monkeypatch.setattr(accelerated.solvers.blocks, "SOLVED_BLOCK", 64)
    monkeypatch.setattr(accelerated.solvers.sizes, "TILE", 32)


def fit_quietly(model, *arguments):
    """The model fitted, also where it does not converge."""
    with warnings.catch_warnings():
        for category in WARNINGS.values():
            warnings.simplefilter("ignore", category)
        return model.fit(*arguments)


def errors(model, exact, similarity_to_itself=1.0):
    """The true errors of fitted values, weights and queries, each (n_outputs,)."""
    weights = WEIGHTS / WEIGHTS.sum()
    fitted = np.sqrt(weights @ (model.predict(X) - exact.predict(X)) ** 2)
    query = np.abs(model.predict(Q) - exact.predict(Q)) / np.sqrt(similarity_to_itself)
    return fitted, np.linalg.norm(model.dual_coef_ - exact.dual_coef_, axis=0), query.max(axis=0)


@packages
@iterative
@pytest.mark.parametrize("max_iter", [1, 3, 400])
@pytest.mark.parametrize("jitter", [1e-4, 1e-3, 1e-2, 1e-1, 1.0])
def test_the_certificate_is_true_for_every_jitter_whether_the_solver_has_converged_or_not(
    package, solver, max_iter, jitter
):
    params = {"gamma": 0.3, "jitter": jitter, "fit_intercept": True}
    model = package.SimilarityRegressor(**params, solver=solver, max_iter=max_iter)
    fit_quietly(model, X, Y, WEIGHTS)
    exact = package.SimilarityRegressor(**params).fit(X, Y, WEIGHTS)

    for error, bound, more in zip(errors(model, exact), model.certificate_, exact.certificate_, strict=True):
        assert (error <= bound + more).all()  # the second model is certified too


@packages
@iterative
@pytest.mark.parametrize(
    ("similarity", "params"),
    [
        ("laplacian", {}),
        ("linear", {}),
        ("cosine", {}),
        ("polynomial", {"gamma": 0.5, "degree": 2}),
        ("polynomial", {"coef0": 0}),
    ],
)
def test_the_certificate_is_true_for_every_similarity_without_negative_eigenvalues(package, solver, similarity, params):
    params = {"similarity": similarity, "jitter": 0.5, **params}
    model = fit_quietly(package.SimilarityRegressor(**params, solver=solver, max_iter=4), X, Y, WEIGHTS)
    exact = package.SimilarityRegressor(**params).fit(X, Y, WEIGHTS)
    lengths = np.sum(Q * Q, axis=1)[:, None]
    to_itself = {
        "linear": lengths,
        "polynomial": (params.get("gamma", 1) * lengths + params.get("coef0", 1)) ** params.get("degree", 3),
    }.get(similarity, 1.0)

    for error, bound, more in zip(errors(model, exact, to_itself), model.certificate_, exact.certificate_, strict=True):
        assert (error <= bound + more).all()


@packages
@iterative
@pytest.mark.parametrize("tol", [0.1, 1e-3, 1e-6])
def test_where_a_solver_has_converged_fitted_values_are_within_tol_of_the_exact_ones(package, solver, tol):
    model = package.SimilarityRegressor(gamma=0.3, jitter=0.5, solver=solver, tol=tol).fit(X, Y)
    exact = package.SimilarityRegressor(gamma=0.3, jitter=0.5).fit(X, Y).predict(X)

    assert (model.converged_, model.solver_) == (True, solver)
    assert 0 < model.n_iter_ < 400
    off = np.sqrt(np.mean((model.predict(X) - exact) ** 2, axis=0))
    assert (off <= tol * np.sqrt(np.mean(exact**2, axis=0))).all()
    assert (model.residual_norm_ / np.sqrt(N) == model.certificate_.fitted_values).all()


@packages
@iterative
def test_a_tighter_tolerance_takes_more_iterations(package, solver):
    params = {"gamma": 0.3, "jitter": 0.5, "solver": solver}
    counts = [package.SimilarityRegressor(**params, tol=tol).fit(X, Y).n_iter_ for tol in (0.1, 1e-3, 1e-6)]

    assert counts == sorted(set(counts))


@packages
def test_the_bound_of_fitted_values_is_near_the_true_error(package):
    params = {"gamma": 0.3, "jitter": 1e-2}
    model = fit_quietly(package.SimilarityRegressor(**params, solver="cg", max_iter=5), X, Y, WEIGHTS)
    exact = package.SimilarityRegressor(**params).fit(X, Y, WEIGHTS)

    assert (model.certificate_.fitted_values <= 2 * errors(model, exact)[0]).all()


@packages
@iterative
@pytest.mark.parametrize("tol", [1e-3, 1.0, 1e9])
def test_the_zero_vector_meets_no_tolerance_unless_the_targets_are_0(package, solver, tol):
    model = package.SimilarityRegressor(jitter=0.1, solver=solver, tol=tol)

    assert model.fit(X, Y[:, 0]).n_iter_ > 0
    assert np.any(model.dual_coef_)
    model.fit(X, np.zeros(N))
    assert (model.converged_, model.n_iter_, model.residual_norm_) == (True, 0, 0.0)
    assert not np.any(model.dual_coef_)


@packages
@iterative
def test_a_solver_that_has_not_converged_warns_of_its_residual_and_names_three_remedies(package, solver):
    model = package.SimilarityRegressor(solver=solver, max_iter=2, tol=1e-8)
    with pytest.warns(WARNINGS[package]) as warned:
        model.fit(X, Y)

    message = str(warned[-1].message)  # accelerated may foresee it, too
    assert warned[0].filename == __file__
    assert message.startswith(f"solver='{solver}' did not reach tol=1e-08 in 2 iterations: the residual has a norm of")
    assert f"{model.residual_norm_.max():.3g}" in message
    assert f"{model.certificate_.fitted_values.max():.3g}" in message
    for remedy in ("larger max_iter", "larger jitter", "solver="):
        assert remedy in message.partition(";")[2]
    assert (model.converged_, model.n_iter_) == (False, 2)


@packages
@iterative
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"similarity": "sigmoid"}, "one of the similarities rbf, laplacian, linear, cosine, and polynomial"),
        ({"similarity": "polynomial", "coef0": -0.5}, "with coef0 >= 0"),
        ({"similarity": "precomputed"}, "one of the similarities"),
        ({"similarity": lambda a, b: float(a @ b)}, "one of the similarities"),
        ({"jitter": 0}, "a jitter such as .*, not 0"),
    ],
)
def test_an_iterative_solver_refuses_what_is_not_proven_to_have_eigenvalues_above_0(package, solver, params, message):
    with pytest.raises(ValueError, match=f"^solver='{solver}' needs .*{message}.*: pass that, or solver='pinv'$"):
        package.SimilarityRegressor(**params, solver=solver).fit(np.eye(9), Y[:9])


@packages
@iterative
def test_the_jitter_that_is_named_is_above_0_for_examples_of_0(package, solver):
    with pytest.raises(ValueError, match=r"needs a jitter such as 0.001, not 0"):
        package.SimilarityRegressor("linear", jitter=0, solver=solver).fit(np.zeros((9, 2)), Y[:9])


@iterative
def test_reference_refuses_a_jitter_below_the_rounding_of_the_similarities(solver):
    model = reference.SimilarityRegressor("linear", jitter=1e-14, solver=solver)

    with pytest.raises(ValueError, match=r"a jitter such as 0.001, not 1e-14: pass that, or"):
        model.fit(np.eye(9), Y[:9])
    assert model.set_params(solver="pinv").fit(np.eye(9), Y[:9]).certificate_ is None


@iterative
def test_accelerated_takes_any_jitter_above_0_and_its_certificate_counts_the_rounding(solver):
    model = accelerated.SimilarityRegressor("linear", jitter=1e-14, solver=solver, max_iter=5)

    certificate = fit_quietly(model, X, Y[:, 0]).certificate_

    assert not model.converged_
    exact = np.linalg.lstsq(X, Y[:, 0])[0]  # the limit of no jitter
    assert np.sqrt(np.mean((model.predict(X) - X @ exact) ** 2)) <= certificate.fitted_values


@packages
@pytest.mark.parametrize(
    "params",
    [
        {"similarity": "sigmoid"},
        {"similarity": "polynomial", "coef0": -0.5},
        {"similarity": "precomputed"},
        {"similarity": lambda a, b: float(a @ b)},
        {"jitter": 0},
    ],
)
def test_nothing_is_certified_where_a_negative_eigenvalue_is_possible(package, params):
    model = package.SimilarityRegressor(**params).fit(np.eye(5), [1, 2, 3, 4, 5])

    assert model.certificate_ is None
    assert model.solver_ in (
        "pinv",
        "cholesky",
    )  # which accelerated takes if the matrix is seen to be positive definite
    assert (model.n_iter_, model.converged_) == (1, True)
    assert model.residual_norm_ >= 0


@packages
@every_solver
@pytest.mark.parametrize("columns", [0, slice(0, 2)], ids=["one output", "two outputs"])
def test_bounds_are_floats_for_one_output_and_columns_for_several(package, solver, columns):
    model = package.SimilarityRegressor(jitter=0.1, solver=solver, fit_intercept=True).fit(X, Y[:, columns])
    told = [model.intercept_, model.residual_norm_, *model.certificate_]

    assert model.certificate_._fields == ("fitted_values", "weights", "query")
    if columns == 0:
        assert all(type(value) is float for value in told)
    else:
        assert [value.shape for value in told] == [(2,)] * 5
    assert (type(model.n_iter_), type(model.converged_)) == (int, bool)


@packages
@iterative
def test_an_output_is_solved_as_if_it_were_alone(package, solver):
    model = package.SimilarityRegressor(jitter=0.1, solver=solver).fit(X, Y)

    for i in (0, 1):
        alone = package.SimilarityRegressor(jitter=0.1, solver=solver).fit(X, Y[:, i])
        bound = (model.certificate_.fitted_values[i] + alone.certificate_.fitted_values) * np.sqrt(N)
        assert np.linalg.norm(model.predict(X)[:, i] - alone.predict(X)) <= bound
        assert model.residual_norm_[i] <= 2 * alone.residual_norm_


@packages
@iterative
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_targets_have_no_scale(package, solver, scale):
    params = {"jitter": 0.1, "solver": solver, "tol": 1e-9}
    expected = package.SimilarityRegressor(**params).fit(X, Y).predict(Q)

    model = package.SimilarityRegressor(**params).fit(X, Y * scale)

    np.testing.assert_allclose(model.predict(Q) / scale, expected, rtol=1e-6, atol=1e-9)
    assert (model.residual_norm_ > 0).all()


@packages
@iterative
def test_a_warm_start_goes_on_from_the_last_weights(package, solver):
    params = {"gamma": 0.3, "jitter": 0.5, "solver": solver, "tol": 1e-7}
    cold = package.SimilarityRegressor(**params).fit(X, Y, WEIGHTS)
    model = package.SimilarityRegressor(**params, warm_start=True, max_iter=cold.n_iter_ // 2)
    fit_quietly(model, X, Y, WEIGHTS)
    before = model.residual_norm_
    assert not model.converged_

    model.set_params(max_iter=1000).fit(X, Y, WEIGHTS)

    assert (model.residual_norm_ < before).any()
    assert 0 < model.n_iter_ < cold.n_iter_
    assert model.fit(X, Y, WEIGHTS).n_iter_ == 0


@packages
@iterative
def test_new_rows_of_a_warm_start_start_at_0(package, solver):
    params = {"gamma": 0.3, "jitter": 0.5, "solver": solver, "tol": 1e-7}
    model = package.SimilarityRegressor(**params, warm_start=True).fit(X[:-1], Y[:-1])
    cold = package.SimilarityRegressor(**params).fit(X, Y)

    model.fit(X, Y)

    assert model.converged_
    assert 0 < model.n_iter_ < cold.n_iter_
    np.testing.assert_allclose(model.predict(Q), cold.predict(Q), atol=1e-4)


@packages
@iterative
@pytest.mark.parametrize(("rows", "columns"), [(N - 1, 2), (N, 1)])
def test_a_warm_start_with_fewer_rows_or_other_outputs_is_a_cold_one(package, solver, rows, columns):
    params = {"jitter": 0.1, "solver": solver}
    model = package.SimilarityRegressor(**params, warm_start=True).fit(X, Y)

    model.fit(X[:rows], Y[:rows, :columns])

    cold = package.SimilarityRegressor(**params).fit(X[:rows], Y[:rows, :columns])
    assert (model.dual_coef_ == cold.dual_coef_).all()


@packages
@every_solver
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("similarity", ["rbf", "laplacian"])
def test_a_whole_weight_is_the_same_as_repeated_rows(package, solver, fit_intercept, similarity):
    params = {"similarity": similarity, "gamma": "scale", "jitter": 1.0, "fit_intercept": fit_intercept}
    params |= {"solver": solver} if solver == "pinv" else {"solver": solver, "tol": 1e-11}
    repeated = np.repeat(np.arange(N), WEIGHTS.astype(int))
    expected = package.SimilarityRegressor(**params).fit(X[repeated], Y[repeated])

    model = package.SimilarityRegressor(**params).fit(X, Y, WEIGHTS)

    np.testing.assert_allclose(model.predict(Q), expected.predict(Q), atol=1e-8)
    assert model.gamma_ == pytest.approx(expected.gamma_, rel=1e-13)
    assert model.intercept_ == pytest.approx(expected.intercept_, rel=1e-13)
    assert not np.any(model.dual_coef_[WEIGHTS == 0])
    together = [expected.dual_coef_[repeated == i].sum(axis=0) for i in range(N)]
    np.testing.assert_allclose(model.dual_coef_, together, atol=1e-8)


@packages
def test_a_whole_weight_is_the_same_as_repeated_rows_where_similarities_are_not_symmetric(package):
    K = np.random.default_rng(1).normal(size=(6, 6)) + 3 * np.eye(6)
    rows, weights = [0, 1, 1, 2, 3, 3, 3, 5], [1, 2, 1, 3, 0, 1]
    expected = package.SimilarityRegressor("precomputed", jitter=0.1).fit(K[rows][:, rows], Y[rows])

    model = package.SimilarityRegressor("precomputed", jitter=0.1).fit(K, Y[:6], weights)

    np.testing.assert_allclose(model.predict(K), expected.predict(K[:, rows]), rtol=1e-10, atol=1e-12)


@packages
def test_a_model_with_an_intercept_predicts_the_mean_far_away(package):
    model = package.SimilarityRegressor(fit_intercept=True).fit(X, Y + 1000, WEIGHTS)

    np.testing.assert_allclose(model.intercept_, np.average(Y + 1000, axis=0, weights=WEIGHTS))
    assert (model.predict([[1e6, 0, 0]]) == model.intercept_).all()
    assert package.SimilarityRegressor().fit(X, Y[:, 0]).intercept_ == 0.0
    assert package.SimilarityRegressor().fit(X, Y).intercept_.tolist() == [0.0, 0.0]


@packages
def test_a_constant_target_is_its_own_mean(package):
    model = package.SimilarityRegressor(fit_intercept=True).fit(X, np.full(N, 0.1))

    assert (model.predict(Q) == 0.1).all()


@packages
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS, FRACTIONS], ids=["none", "whole", "fractions"])
def test_leave_one_out_has_the_predictions_of_n_models(package, fit_intercept, weights):
    params = {"gamma": 0.3, "jitter": 0.05, "fit_intercept": fit_intercept}
    model = package.SimilarityRegressor(**params).fit(X, Y, weights)
    expected = []
    for i in range(N):
        others = np.arange(N) != i
        some = None if weights is None else weights[others]
        expected.append(package.SimilarityRegressor(**params).fit(X[others], Y[others], some).predict(X[i : i + 1])[0])

    np.testing.assert_allclose(model.loo_predictions_, expected, rtol=1e-9, atol=1e-9)
    missed, spread = np.mean((Y - expected) ** 2, axis=0), np.var(Y, axis=0)
    assert model.loo_score_ == pytest.approx(np.mean(1 - missed / spread), rel=1e-9)


@packages
def test_leave_one_out_needs_no_symmetry_and_keeps_the_shape_of_y(package):
    K = np.random.default_rng(1).normal(size=(12, 12)) + 5 * np.eye(12)
    y = np.arange(12.0)
    model = package.SimilarityRegressor("precomputed", jitter=0.1).fit(K, y)
    expected = []
    for i in range(12):
        others = np.arange(12) != i
        alone = package.SimilarityRegressor("precomputed", jitter=0.1).fit(K[others][:, others], y[others])
        expected.append(alone.predict(K[i : i + 1, others])[0])

    np.testing.assert_allclose(model.loo_predictions_, expected, rtol=1e-9)


@packages
def test_leave_one_out_is_that_of_the_fitted_model_after_its_arguments_have_changed(package):
    model = package.SimilarityRegressor(jitter=0.1).fit(X, Y)
    expected = model.loo_predictions_

    model.set_params(jitter=5.0, fit_intercept=True, gamma=3.0)

    assert (model.loo_predictions_ == expected).all()


@packages
def test_leave_one_out_refuses_a_singular_matrix_and_a_single_example(package):
    twins = package.SimilarityRegressor(jitter=0).fit([[0], [0], [1]], [1, 2, 3])
    with pytest.raises(ValueError, match="is singular: pass a larger jitter"):
        twins.loo_predictions_  # noqa: B018
    single = package.SimilarityRegressor().fit([[0], [1]], [1, 2], [1, 0])
    with pytest.raises(ValueError, match="at least 2 examples of a weight above 0, but there is 1"):
        single.loo_score_  # noqa: B018
    assert not hasattr(package.SimilarityRegressor(), "loo_score_")


@packages
def test_the_gamma_of_scale_follows_the_unit_of_the_features(package):
    rbf, laplacian = (package.SimilarityRegressor(name, gamma="scale") for name in ("rbf", "laplacian"))

    assert rbf.fit(X, Y).gamma_ == pytest.approx(1 / (3 * X.var()))
    assert laplacian.fit(X, Y).gamma_ == pytest.approx(1 / (3 * X.std()))
    np.testing.assert_allclose(rbf.fit(1000 * X, Y).predict(1000 * Q), rbf.fit(X, Y).predict(Q), rtol=1e-6, atol=1e-6)
    assert rbf.fit(np.full((5, 3), 0.1), np.arange(5)).gamma_ == 1.0
    assert package.SimilarityRegressor(gamma=2).fit(X, Y).gamma_ == 2.0


@packages
@pytest.mark.parametrize("similarity", ["linear", "cosine", "precomputed", lambda a, b: float(a @ b)])
def test_the_gamma_of_scale_is_told_to_have_no_effect_where_no_gamma_is_used(package, similarity):
    with pytest.warns(UserWarning, match=r"^gamma='scale' has no effect"):
        package.SimilarityRegressor(similarity, gamma="scale").fit(np.eye(4), [1, 2, 3, 4])


@packages
def test_features_that_are_too_small_for_a_gamma_of_scale_are_refused(package):
    with pytest.raises(ValueError, match="gamma='scale' is infinite for features this small"):
        package.SimilarityRegressor(gamma="scale").fit(X * 1e-160, Y)


@packages
def test_poor_gammas_and_far_targets_are_told_at_the_line_of_the_caller(package):
    for model, y, message in [
        (package.SimilarityRegressor(), Y, r"^with gamma=1.0 .* or pass gamma='scale', here 3.*e-07$"),
        (package.SimilarityRegressor(gamma=1e-9, jitter=1), Y, r"^with gamma=1e-09 .* hardly depend on the query"),
        (package.SimilarityRegressor(gamma="scale"), Y + 100, "^output 0 of y has mean 99.* pass fit_intercept=True"),
    ]:
        with pytest.warns(UserWarning, match=message) as warned:
            model.fit(X * (1 if model.gamma == 1e-9 else 1000), y)
        assert [warning.filename for warning in warned] == [__file__]


@packages
@pytest.mark.parametrize(("old", "new"), [("alpha", "jitter"), ("kernel", "similarity")])
def test_names_of_kernel_ridge_are_answered_with_those_used_here(package, old, new):
    with pytest.raises(TypeError, match=f"^SimilarityRegressor has no '{old}': it is called {new} here$"):
        package.SimilarityRegressor(**{old: 1.0})


def positive_matrix(rng, n=3 * BLOCK):
    values = np.logspace(-2, 1, n)
    directions, _ = np.linalg.qr(rng.normal(size=(n, n)))
    A = (directions * values) @ directions.T
    return (A + A.T) / 2


@pytest.mark.parametrize("steps", [conjugate_gradients, blocks])
def test_the_energy_norm_of_the_error_never_rises(steps, rng):
    A = positive_matrix(rng)
    y = rng.normal(size=len(A))
    exact, energies = np.linalg.solve(A, y), []
    for _, z in zip(range(100), steps(A, y, np.zeros(len(A))), strict=False):
        energies.append((exact - z) @ A @ (exact - z))

    assert (np.diff(energies) <= 1e-12 * energies[0]).all()
    assert energies[-1] < energies[0] / 2


def test_conjugate_gradients_need_as_many_steps_as_there_are_eigenvalues(rng):
    A = np.diag(rng.choice([1.0, 2.0, 5.0], 50))
    y = rng.normal(size=50)
    steps = list(zip(range(4), conjugate_gradients(A, y, np.zeros(50)), strict=False))

    np.testing.assert_allclose(A @ steps[-1][1], y, rtol=1e-12)


def test_conjugate_gradients_start_anew_where_the_recurrence_has_lost_the_residual(rng):
    A = positive_matrix(rng)
    y = rng.normal(size=len(A))
    best = norm(y - A @ np.linalg.solve(A, y))
    for n_iter, z in enumerate(conjugate_gradients(A, y, np.zeros(len(A)))):  # noqa: B007
        if n_iter == 3000:
            break

    assert norm(y - A @ z) < 20 * best


def test_the_residual_is_bounded_with_its_rounding(rng):
    from fractions import Fraction

    n = 12
    A, z = rng.normal(size=(n, n)), rng.normal(size=n) * 1e8
    b = A @ z  # the computed residual is nearly 0, and all of the true one is rounding
    R, _ = examine(A, b, z, 0.0)
    true = [Fraction(b[i]) - sum(Fraction(A[i, j]) * Fraction(z[j]) for j in range(n)) for i in range(n)]

    assert float(sum(r * r for r in true)) ** 0.5 <= R < 1e-14 * 12 * norm(np.abs(A) @ np.abs(z))


def test_a_length_is_precise_where_squares_are_0_or_infinite():
    for scale in (1e-300, 1.0, 1e300):
        np.testing.assert_allclose(norm(scale * np.array([[3.0, 0.0], [4.0, 0.0]])), [5 * scale, 0], rtol=1e-14)


def test_nothing_is_near_where_the_size_is_not_above_the_residual():
    assert not is_near(R=1.0, size=1.0, tol=1e9)
    assert not is_near(R=1.0, size=np.nan, tol=1.0)
    assert is_near(R=0.0, size=0.0, tol=0.0)


def test_leave_one_out_by_hand():
    left = leave_one_out(np.eye(3), np.array([[1.0], [2.0], [6.0]]), np.array([1.0, 1.0, 3.0]), 1.0, True)

    np.testing.assert_allclose(left[:, 0], [5.0, 4.75, 1.5])  # nothing is alike, so the mean of the others
