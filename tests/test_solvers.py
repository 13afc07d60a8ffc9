"""The solvers of the regressor by similarity in ``accelerated``: workers, factors, certificates, and how a fit ends."""

import pickle
import re
import warnings
from fractions import Fraction

import numpy as np
import psutil
import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning

from accelerated import SimilarityRegressor, free_memory
from accelerated.predictions import predict
from accelerated.similarities import get_similarity
from accelerated.solvers import blocks, certificate, cg, iteration, nystrom, pivots, preconditioner, sizes
from accelerated.solvers.system import System, estimate_sums

N = 600
X, Q = np.random.default_rng(0).normal(size=(N, 3)), np.random.default_rng(1).normal(size=(50, 3))
Y = np.sin(X).sum(axis=1) + 0.1 * np.random.default_rng(2).normal(size=N)
SOLVERS = ["cholesky", "cg", "blocks", "nystrom"]
every_solver = pytest.mark.parametrize("solver", SOLVERS)
iterative = pytest.mark.parametrize("solver", ["cg", "blocks"])
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Several tiles and several blocks."""
    monkeypatch.setattr(sizes, "TILE", 64)
    monkeypatch.setattr(blocks, "SOLVED_BLOCK", 200)


def make_system(rows=X, jitter=0.1, gamma=0.5, name="rbf", scale=None):
    rows = torch.from_numpy(np.asarray(rows, dtype=np.float64))
    similarity = get_similarity(name, gamma, 3, 1.0, rows)
    scale = torch.ones(len(rows), dtype=torch.float64) if scale is None else torch.from_numpy(scale)
    return System(similarity, similarity.encode(rows), scale, jitter, 64)


def whole(system):
    """S K S, (n, n)."""
    return system.times(torch.eye(system.n, dtype=torch.float64))


def rank_of(solver, rank):
    """The argument for a solver that has it."""
    return {"rank": rank} if solver in ("cg", "nystrom") else {}


def fit_quietly(model, *arguments):
    """The model fitted, also where it does not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*arguments)


def interrupt_at(call, function):
    """The function, but a KeyboardInterrupt in place of one of its calls, which are counted from 1."""
    n_calls = 0

    def interrupted(*args, **kwargs):
        nonlocal n_calls
        n_calls += 1
        if n_calls in (call if isinstance(call, tuple) else (call,)):
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return interrupted


@every_solver
@pytest.mark.parametrize(("n", "n_outputs"), [(60, 1), (250, 7)])
def test_one_thread_and_two_predict_the_same_but_for_rounding(solver, n, n_outputs):
    targets, answers = np.column_stack([Y * (i + 1) for i in range(n_outputs)]), []
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        try:
            model = fit_quietly(SimilarityRegressor(gamma="scale", jitter=0.1, solver=solver), X[:n], targets[:n])
            answers.append((model.dual_coef_, model.predict(Q)))
        finally:
            torch.set_num_threads(1)

    for one, two in zip(*answers, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


@every_solver
def test_settings_of_the_process_stay_as_they_are(solver, two_threads):
    from threadpoolctl import threadpool_info

    before = threadpool_info()
    fit_quietly(SimilarityRegressor(jitter=0.1, solver=solver), X, Y).predict(Q)

    assert threadpool_info() == before
    assert torch.get_num_threads() == 2


def test_an_earlier_fit_leaves_no_leave_one_out_predictions_behind():
    model = SimilarityRegressor(jitter=0.1).fit(X, Y)
    before = model.loo_predictions_

    np.testing.assert_allclose(model.fit(X, -Y).loo_predictions_, -before)


@pytest.mark.parametrize("weight", [1.0, 100.0])
@pytest.mark.parametrize("gamma", [1e-3, 0.5, 1e3])
def test_the_condition_number_is_within_its_bound_also_with_weights(weight, gamma):
    weights = np.where(np.arange(N) % 2, weight, 1.0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="with gamma=")
        model = SimilarityRegressor(gamma=gamma, jitter=0.1, solver="cholesky").fit(X, Y, weights)
    values = np.linalg.eigvalsh(whole(make_system(gamma=gamma, scale=np.sqrt(weights))).numpy())

    assert (values[-1] + 0.1) / (values[0] + 0.1) <= model.condition_bound_ * (1 + 1e-12)


def test_sums_are_estimated_from_a_few_columns_but_an_example_counts_itself_exactly():
    alone, alike = make_system(gamma=1e6), make_system(np.ones((N, 3)))

    np.testing.assert_allclose(estimate_sums(alone, 50), 1.0)
    np.testing.assert_allclose(estimate_sums(alike, 50), N)
    exact = whole(make_system()).sum(1)
    np.testing.assert_allclose(estimate_sums(make_system(), N), exact, rtol=1e-12)
    assert abs(float(estimate_sums(make_system(), 200).mean() / exact.mean()) - 1) < 0.1
    assert float(estimate_sums(make_system(X[:1]))) == 1


def test_no_hint_about_gamma_depends_on_the_columns_that_sums_are_estimated_from(monkeypatch):
    monkeypatch.setattr(iteration, "SOME", 50)

    SimilarityRegressor(jitter=0.1, solver="cg", gamma=8.0).fit(X, Y)  # warnings are errors


def test_the_factor_of_pivots_is_near_the_matrix_and_no_pivot_repeats():
    wanted = make_system(jitter=1e-3)
    K = whole(wanted)
    gaps = []
    for most in (20, 100, N):
        F, chosen, residuals = pivots.factor(wanted, most, 1.0, torch.float64)
        rest = K - F @ F.T
        assert len(chosen) == len(set(chosen)) == F.shape[1] <= most
        assert float(torch.linalg.eigvalsh(rest).min()) > -1e-8
        np.testing.assert_allclose(rest.diagonal(), residuals, atol=1e-8)
        gaps.append(float(rest.diagonal().sum()))
    best = float(torch.linalg.eigvalsh(K)[:-20].sum())

    assert gaps[0] < 4 * best
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] <= 1e-3  # the jitter, where it ends


def test_nystrom_stops_where_the_other_examples_add_little():
    system, n_landmarks = make_system(jitter=1e-2, gamma=0.1), []
    K = whole(system)
    for tol in (1.0, 1e-3):
        _, p = nystrom.solve(system, torch.from_numpy(Y).reshape(N, -1), N, tol)
        rest = K - K[:, p] @ torch.linalg.solve(K[p][:, p], K[p])
        assert float(rest.diagonal().sum()) <= tol * system.jitter + 1e-8
        n_landmarks.append(len(p))

    assert n_landmarks[0] < n_landmarks[1] < N


def test_pivots_of_twins_do_not_repeat():
    F, chosen, _ = pivots.factor(make_system(np.repeat(X[:20], 30, axis=0), jitter=1e-4), N, 1.0, torch.float32)

    assert sorted(i // 30 for i in chosen) == list(range(20))
    assert torch.isfinite(F).all()


def test_products_in_float32_in_the_preconditioner_would_take_many_more_iterations(monkeypatch):
    model = SimilarityRegressor(gamma=0.1, jitter=1e-5, solver="cg", tol=1e-4, max_iter=60, rank=150)
    honest = model.fit(X, Y).n_iter_
    assert honest < 20

    def product(K, V):
        return (K.float() @ V.float()).double()

    monkeypatch.setattr(preconditioner, "product", product)

    assert fit_quietly(model, X, Y).n_iter_ > 3 * honest


@pytest.mark.parametrize("lie", [0.0, 1e-3, -1.0, np.nan, np.inf])
def test_a_false_product_in_float32_does_not_fool_the_model(monkeypatch, lie):
    times = System.times

    def false_times(self, V, dtype=torch.float64):
        return times(self, V, dtype) * (lie if dtype == torch.float32 else 1.0)

    monkeypatch.setattr(System, "times", false_times)
    model = SimilarityRegressor(jitter=0.1, solver="cg").fit(X, Y)
    exact = SimilarityRegressor(jitter=0.1).fit(X, Y).predict(X)

    assert model.converged_
    assert np.sqrt(np.mean((model.predict(X) - exact) ** 2)) <= model.certificate_.fitted_values * 1.001 <= 1e-2


def test_a_recurrence_that_reports_a_residual_of_0_does_not_fool_the_model(monkeypatch):
    monkeypatch.setattr(cg, "norm", lambda columns: torch.zeros(columns.shape[1], dtype=torch.float64))
    model = fit_quietly(SimilarityRegressor(gamma=0.1, jitter=1e-3, solver="cg", max_iter=1, tol=1e-9), X, Y)
    r = Y - whole(make_system(gamma=0.1)).numpy() @ model.dual_coef_ - 1e-3 * model.dual_coef_

    assert not model.converged_
    assert np.linalg.norm(r) <= model.residual_norm_


@pytest.mark.parametrize(
    ("examples", "parameters", "dtype"),
    [
        (X, {"jitter": 1e-3}, torch.float32),
        (X, {"jitter": 1e-5}, torch.float64),  # sums of products round by more
        (X, {"jitter": 1e-9}, torch.float64),
        (X + 1e4 * (np.arange(N) % 2)[:, None], {"jitter": 1e-3}, torch.float64),  # two clusters, far from each other
        (X * 1e50, {"jitter": 1e-3}, torch.float64),
        (X, {"jitter": 1e-32, "scale": np.full(N, 1e-15)}, torch.float64),
        (X * 1e12, {"jitter": 1e20, "name": "linear"}, torch.float64),
        (X, {"jitter": 1.0, "scale": np.where(np.arange(N) % 2, 1e3, 1.0)}, torch.float64),
    ],
)
def test_tiles_are_float32_only_where_their_errors_are_small_beside_the_jitter(examples, parameters, dtype):
    system = make_system(examples, **parameters)
    assert cg.choose_dtype(system, N) == dtype


def test_heavy_examples_that_no_sample_has_decide_on_float32_too():
    scale = np.ones(N)
    assert cg.choose_dtype(make_system(jitter=0.1, scale=scale), 100) == torch.float32
    scale[np.random.default_rng(2).permutation(N)[100:200]] = 1e3
    assert cg.choose_dtype(make_system(jitter=0.1, scale=scale), 100) == torch.float64


@pytest.mark.parametrize("name", ["rbf", "laplacian", "polynomial"])
@pytest.mark.parametrize("far", [1e20, 1e39, 1e100])
def test_an_example_too_large_for_float32_that_no_sample_has_is_fitted(name, far):
    rows = X.copy()
    rows[np.random.default_rng(2).permutation(N)[-1]] = far
    gamma = far**-2 if name == "polynomial" else 1.0

    assert fit_quietly(SimilarityRegressor(name, gamma=gamma, jitter=1e-2, solver="cg"), rows, Y).converged_


@pytest.mark.parametrize("weight", [1e-200, 1e-100, 1e-55])
def test_weights_too_small_for_float32_are_fitted(weight):
    model = SimilarityRegressor(jitter=1e-2 * weight, solver="cg").fit(X, Y, sample_weight=np.full(N, weight))

    assert model.converged_
    assert model.n_iter_ <= SimilarityRegressor(jitter=1e-2, solver="cg").fit(X, Y).n_iter_ + 1


def test_float64_tiles_take_over_where_those_of_float32_do_not_suffice(monkeypatch):
    used, times = [], System.times

    def noted(self, V, dtype=torch.float64):
        used.append(dtype)
        return times(self, V, dtype)

    monkeypatch.setattr(System, "times", noted)
    monkeypatch.setattr(cg, "choose_dtype", lambda *arguments: torch.float32)
    far = X + 1e8  # differences of such numbers are lost in float32
    model = SimilarityRegressor(jitter=0.1, solver="cg", tol=1e-6).fit(far, Y)

    assert model.converged_
    assert torch.float32 in used
    assert used.index(torch.float32) < len(used) - 1 - used[::-1].index(torch.float64)


@iterative
@pytest.mark.parametrize(
    ("name", "factor", "jitter"),
    [
        ("linear", 1e30, 1e59),
        ("rbf", 1e50, 1e-2),
        ("laplacian", 1e50, 1e-2),
        ("linear", 1e-21, 1e-42),
        ("linear", 1e60, 1e119),
    ],
)
def test_features_too_large_or_small_for_float32_are_fitted(name, factor, jitter, solver):
    model = SimilarityRegressor(name, jitter=jitter, solver=solver)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="with gamma=")
        model.fit(X * factor, Y)

    assert model.converged_


@iterative
@pytest.mark.parametrize("tol", [0, 5e-324, 10.0])
def test_every_tolerance_ends(solver, tol):
    model = fit_quietly(SimilarityRegressor(jitter=1.0, solver=solver, tol=tol, max_iter=30), X[:100], Y[:100])

    assert model.converged_ == (tol == 10)
    assert model.residual_norm_ < 1e-3 or tol == 10


@iterative
def test_a_warm_start_from_weights_that_are_far_too_large_is_a_cold_one(solver):
    model = SimilarityRegressor(jitter=0.1, solver=solver, warm_start=True).fit(X, Y * 1e300)
    cold = SimilarityRegressor(jitter=0.1, solver=solver).fit(X, Y * 1e-300)

    assert (model.fit(X, Y * 1e-300).dual_coef_ == cold.dual_coef_).all()


@iterative
def test_a_warm_start_goes_on_from_a_pickled_model_with_new_rows(solver):
    params = {"jitter": 0.5, "solver": solver, "tol": 1e-6}
    saved = pickle.dumps(SimilarityRegressor(**params, warm_start=True).fit(X[:-5], Y[:-5]))
    cold = SimilarityRegressor(**params).fit(X, Y)

    model = pickle.loads(saved).fit(X, Y)

    assert model.converged_
    assert model.n_iter_ < cold.n_iter_


@pytest.mark.parametrize(
    ("solver", "owner", "name", "call"),
    [
        ("cg", System, "times_all", 12),
        ("cg", certificate, "get_residual", 2),
        ("blocks", blocks, "_solve_block", 8),
        ("blocks", certificate, "get_residual", 2),
    ],
)
def test_an_interrupt_keeps_the_answer_so_far_and_warns(monkeypatch, solver, owner, name, call):
    if owner is certificate:  # the solvers call it at first themselves
        call = 1
    monkeypatch.setattr(owner, name, interrupt_at(call, getattr(owner, name)))
    model = SimilarityRegressor(gamma=0.1, jitter=1e-2, solver=solver, tol=1e-12, max_iter=10**6, **rank_of(solver, 60))
    with pytest.warns(ConvergenceWarning, match=f"solver='{solver}' was interrupted before it reached tol=1e-12"):
        model.fit(X, Y)
    monkeypatch.undo()
    exact = SimilarityRegressor(gamma=0.1, jitter=1e-2).fit(X, Y).predict(X)

    assert not model.converged_
    assert np.any(model.dual_coef_)
    assert np.sqrt(np.mean((model.predict(X) - exact) ** 2)) <= model.certificate_.fitted_values


@iterative
def test_a_second_interrupt_leaves_the_old_model(monkeypatch, solver):
    model = SimilarityRegressor(gamma=0.1, jitter=1e-2, tol=1e-12, solver=solver, **rank_of(solver, 60))
    before = fit_quietly(model.set_params(max_iter=2), X, Y).predict(Q)
    model.set_params(max_iter=10**6)
    monkeypatch.setattr(certificate, "get_residual", interrupt_at((1, 2), certificate.get_residual))

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, -Y)

    assert (model.predict(Q) == before).all()


def test_the_energy_norm_of_the_error_never_rises_in_blocks():
    wanted = make_system(jitter=0.01)
    A, b = whole(wanted) + 0.01 * torch.eye(N, dtype=torch.float64), torch.from_numpy(Y)[:, None]
    exact, energies = torch.linalg.solve(A, b), []
    z, r = torch.zeros_like(b), b.clone()
    for chosen in torch.from_numpy(np.random.default_rng(1).permutation(N)).repeat(3).split(70):
        energies.append(float((exact - z).T @ A @ (exact - z)))
        blocks._solve_block(wanted, chosen.unique(), z, r)

    assert np.diff(energies).max() <= 1e-12 * energies[0]
    assert energies[-1] < energies[0] / 2
    np.testing.assert_allclose(r, b - A @ z, atol=1e-10)


@iterative
def test_the_progress_bar_tells_the_residual_and_the_one_that_is_enough(solver, capsys):
    SimilarityRegressor(jitter=0.1, solver=solver, progress=True).fit(X, Y)

    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert "100%" in last
    assert "residual " in last
    assert ", enough " in last


def test_a_fit_that_will_not_converge_is_told_before_the_work_and_after_it():
    with pytest.warns(ConvergenceWarning) as warned:
        model = SimilarityRegressor(gamma=5.0, jitter=1e-9, solver="cg", max_iter=5, rank=5).fit(X, Y)

    before, after = (str(one.message) for one in warned)
    assert re.search(
        r"^solver='cg' needs more than 20 iterations with jitter=1e-09, but max_iter is 5, so it will probably not "
        r"converge: pass solver='cholesky' and memory_limit=\d+, or a larger max_iter, or a rank above 5; a larger "
        r"jitter is easier, but makes another, smoother model$",
        before,
    )
    assert after.startswith("solver='cg' did not reach tol=0.001 in 5 iterations")
    assert {one.filename for one in warned} == {__file__}
    assert not model.converged_


def test_the_model_of_landmarks_keeps_them_alone_and_its_certificate_is_true():
    model = SimilarityRegressor(jitter=0.1, solver="nystrom", rank=40).fit(X, Y)
    exact = SimilarityRegressor(jitter=0.1).fit(X, Y)

    assert (model.rank_, len(model._model.examples), np.count_nonzero(model.dual_coef_)) == (40, 40, 40)
    off = model.predict(X) - exact.predict(X)
    assert 0 < np.sqrt(np.mean(off**2)) <= model.certificate_.fitted_values
    assert np.linalg.norm(model.dual_coef_ - exact.dual_coef_) <= model.certificate_.weights
    assert np.abs(model.predict(Q) - exact.predict(Q)).max() <= model.certificate_.query


def exact_dot(a, b):
    return sum(Fraction(p) * Fraction(q) for p, q in zip(a.tolist(), b.tolist(), strict=True))


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", ["linear", "polynomial"])
def test_similarities_are_as_near_to_exact_ones_as_is_promised(name, size, offset, rng):
    rows = rng.normal(size=(12, 5)) * size + offset
    similarity = get_similarity(name, 0.5, 3, 1.0, torch.from_numpy(rows))
    K = similarity.compare(torch.from_numpy(rows), torch.from_numpy(rows)).tolist()
    exact = [[exact_dot(a, b) for b in rows] for a in rows]
    if name == "polynomial":
        exact = [[(Fraction(0.5) * value + 1) ** 3 for value in line] for line in exact]

    for i in range(12):
        for j in range(12):
            gap = abs(Fraction(K[i][j]) - exact[i][j])
            assert gap**2 <= Fraction(similarity.error) ** 2 * exact[i][i] * exact[j][j]


def test_the_residual_of_0_counts_the_rounding_of_the_right_side():
    y = torch.tensor([[0.1], [0.7]], dtype=torch.float64)
    residual = certificate.get_residual(make_system(X[:2]), y, torch.zeros_like(y))

    assert sum(Fraction(value) ** 2 for value in y[:, 0].tolist()) < Fraction(float(residual.R)) ** 2


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="long double is not longer than double here")
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
@pytest.mark.parametrize("gamma", [1e-3, 0.5, 50.0])
@pytest.mark.parametrize("name", ["rbf", "laplacian"])
def test_exponentials_are_as_near_to_exact_ones_as_is_promised(name, gamma, offset):
    rows = X[:80] + offset
    similarity = get_similarity(name, gamma, 3, 1.0, torch.from_numpy(rows))
    encoded = similarity.encode(torch.from_numpy(rows))
    gaps = rows.astype(np.longdouble)[:, None] - rows
    exact = np.exp(-np.longdouble(gamma) * (gaps**2 if name == "rbf" else np.abs(gaps)).sum(axis=-1))

    K = similarity.compare(similarity.as_queries(encoded), encoded).numpy()

    assert np.abs(K - exact).max() <= similarity.error < 1e-9


def test_rbf_by_products_and_by_differences_agree_and_far_tails_take_differences():
    near, far = torch.from_numpy(X), torch.from_numpy(np.r_[X, [[1e6, 0, 0]]])
    products, differences = get_similarity("rbf", 0.5, 3, 1.0, near), get_similarity("rbf", 0.5, 3, 1.0, far)
    assert products.encode(near).shape[1] == 5  # two columns more
    assert differences.encode(far).shape[1] == 3

    by_products = products.compare(products.encode_queries(near), products.encode(near))
    by_differences = differences.compare(near, near)

    assert float((by_products - by_differences).abs().max()) <= products.error + differences.error


def test_an_offset_that_all_rows_share_does_not_matter_to_products():
    far = torch.from_numpy(X + 1e8)

    assert get_similarity("rbf", 0.5, 3, 1.0, far).encode(far).shape[1] == 5  # the mean is taken off


@every_solver
@pytest.mark.filterwarnings("ignore:solver='nystrom' takes at most")
def test_a_memory_limit_that_is_too_small_names_one_that_works(solver):
    model = SimilarityRegressor(jitter=0.1, solver=solver, memory_limit=1, max_iter=None)
    with pytest.raises(ValueError, match=r"pass memory_limit=\d+ or more") as error:
        model.fit(X, Y)

    enough = int(str(error.value).split("memory_limit=")[2].split()[0])
    fit_quietly(model.set_params(memory_limit=enough), X, Y)


def test_predictions_take_fewer_queries_at_once_where_a_query_is_long():
    sizes = []

    def read(start, stop):
        sizes.append(stop - start)
        return torch.ones((stop - start, 5000), dtype=torch.float64)

    K = SimilarityRegressor("precomputed", jitter=0.1).fit(np.eye(5), np.arange(5.0))
    weights = torch.ones((5000, 1), dtype=torch.float64)
    model = K._model._replace(examples=torch.empty((5000, 0)), weights=weights)

    assert (predict(model, read, 64, 2**20) == 5000).all()
    assert max(sizes) * 5000 * 8 <= 2**20 / 4


@pytest.mark.parametrize("n", [1, 2])
@every_solver
def test_one_example_and_two_are_fitted(solver, n):
    model = fit_quietly(SimilarityRegressor(jitter=1.0, solver=solver, **rank_of(solver, n)), X[:n], Y[:n])
    exact = np.linalg.solve(whole(make_system(X[:n], gamma=1.0)).numpy() + np.eye(n), Y[:n])

    np.testing.assert_allclose(model.dual_coef_, exact, rtol=1e-6)


@every_solver
def test_twins_without_enough_jitter_are_fitted_or_refused_with_a_remedy(solver):
    model = SimilarityRegressor(jitter=1e-300, solver=solver, max_iter=3 if solver in ("cg", "blocks") else None)
    try:
        fit_quietly(model, np.repeat(X[:50], 2, axis=0), np.repeat(Y[:50], 2))
    except ValueError as error:
        assert "jitter" in str(error)
    else:
        assert not model.converged_


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32, torch.uint8], ids=str)
@every_solver
def test_tensors_of_any_type_are_read_as_their_numbers_in_float64(solver, dtype):
    rows = torch.from_numpy(X * 10).abs().to(dtype)
    model = SimilarityRegressor(gamma="scale", jitter=0.1, solver=solver)

    expected = fit_quietly(model, rows.double(), Y).predict(rows.double())
    predicted = fit_quietly(model, rows, Y).predict(rows)

    assert predicted.dtype == torch.float64
    assert torch.equal(predicted, expected)


def test_the_limit_of_a_container_counts_less_the_files_that_it_could_give_up(tmp_path, monkeypatch):
    monkeypatch.setattr(free_memory, "CGROUP", tmp_path)
    available = psutil.virtual_memory().available
    assert free_memory.get_free_memory() == pytest.approx(available, rel=0.2)

    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\nactive_file 100\n")
    assert free_memory.get_free_memory() == pytest.approx(available, rel=0.2)
    (tmp_path / "memory.max").write_text("1000\n")
    assert free_memory.get_free_memory() == 400
    (tmp_path / "memory.max").write_text("100\n")
    assert free_memory.get_free_memory() == 0


def test_an_older_container_states_its_limit_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(free_memory, "CGROUP", tmp_path)
    (tmp_path / "memory").mkdir()
    for name, text in [("limit_in_bytes", "1000"), ("usage_in_bytes", "900"), ("stat", "total_inactive_file 50")]:
        (tmp_path / "memory" / f"memory.{name}").write_text(text)

    assert free_memory.get_free_memory() == 150


@every_solver
def test_similarities_far_below_the_jitter_are_fitted(solver):
    model = fit_quietly(SimilarityRegressor(jitter=1e9, solver=solver), X, Y)

    np.testing.assert_allclose(model.dual_coef_ * 1e9, 0 if solver == "nystrom" else Y, rtol=1e-4)


def foretold(X, y, **parameters):
    """The warnings before and after a fit by conjugate gradients, and the model."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model = SimilarityRegressor(solver="cg", fit_intercept=True, **parameters).fit(X, y)
    told = [str(one.message) for one in warned]
    return [text for text in told if "so it will probably not" in text], model


@pytest.mark.parametrize("similarity", ["rbf", "laplacian"])
@pytest.mark.parametrize("jitter", [1e-6, 1e-4, 1e-2])
def test_no_fit_that_converges_in_half_of_the_iterations_is_told_that_it_will_not(similarity, jitter):
    X, y = load_diabetes(return_X_y=True)
    _, model = foretold(X, y, similarity=similarity, gamma="scale", jitter=jitter, max_iter=1000)
    assert model.converged_
    assert foretold(X, y, similarity=similarity, gamma="scale", jitter=jitter, max_iter=2 * model.n_iter_)[0] == []
    assert foretold(X, y, similarity=similarity, gamma="scale", jitter=jitter, max_iter=1 + model.n_iter_ // 8)[0]


def test_a_warm_start_is_not_told_how_long_a_cold_one_takes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SimilarityRegressor(gamma=1.0, jitter=1e-3, solver="cg", rank=20, warm_start=True, max_iter=1000)
        assert model.fit(X, Y).converged_
        assert model.set_params(max_iter=1).fit(X, Y).n_iter_ == 0


def test_remedies_are_accepted():
    told, model = foretold(X, Y, gamma=0.1, jitter=1e-9, max_iter=2, memory_limit=300_000)
    solver, limit = re.search(r"pass solver='(\w+)' and memory_limit=(\d+)", told[0]).groups()
    assert "a larger memory_limit, for a rank above" in told[0]
    assert solver == "cholesky"
    fit_quietly(model.set_params(solver=solver, memory_limit=int(limit), max_iter=None), X, Y)

    told, model = foretold(X, Y, gamma=0.001, jitter=1e-13, max_iter=2)
    solver, limit = re.search(r"pass solver='(\w+)' and memory_limit=(\d+)", told[0]).groups()
    assert "rank" not in told[0]  # all that the similarities have is in the preconditioner
    assert solver == "pinv"  # for this jitter no Cholesky factor is proven
    fit_quietly(model.set_params(solver=solver, memory_limit=int(limit), max_iter=None), X, Y)


def test_fewer_landmarks_than_usual_are_told_because_they_make_another_model():
    with pytest.warns(UserWarning, match="takes at most .* landmarks, and not 60, because of memory_limit=300000"):
        model = SimilarityRegressor(jitter=0.1, solver="nystrom", memory_limit=300_000).fit(X, Y)
    assert 0 < model.rank_ < 60
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SimilarityRegressor(jitter=0.1, solver="nystrom").fit(X, Y).rank_ == 60
