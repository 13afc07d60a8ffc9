"""Choosing gamma and jitter: the scores are those of n refits, and nothing that was passed in is changed."""

import functools
import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge

from accelerated import GammaSelection, SimilarityRegressor, gamma_selection, select_gamma
from accelerated.scoring import r_squared
from benchmarks import gamma_selection as benchmark
from tests.pretended_gpu import PretendedGpu

N = 25
GAMMAS, JITTERS = [0.1, 0.5, 2.0], [1e-3, 0.1, 1.0]
X = np.random.default_rng(0).normal(size=(N, 3))
Y = np.column_stack([np.sin(X).sum(axis=1), X[:, 0] * X[:, 1] + 50, X[:, 2] ** 2])
pytestmark = [
    pytest.mark.filterwarnings("ignore:output . of y has mean"),  # two have, to try both ways
    pytest.mark.filterwarnings("ignore:y has mean"),
    pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse"),  # for sigmoid
]
MODELS = {
    "rbf": (SimilarityRegressor("rbf"), JITTERS),
    "laplacian": (SimilarityRegressor("laplacian"), JITTERS),
    "polynomial": (SimilarityRegressor("polynomial", degree=2, coef0=0.5), JITTERS),
    "sigmoid": (SimilarityRegressor("sigmoid", coef0=0.25), [3.0, 6.0, 30.0]),  # far from its negative eigenvalues
}


def refitted_once(*values):
    """Values of a parameter, whose tests are each a group, in one process: so a cache serves all of them."""
    return [pytest.param(value, marks=pytest.mark.xdist_group(f"{value} refitted")) for value in values]


@functools.cache
def refits(similarity, has_intercept):
    """The predictions for each example by models of the others, (n_gammas, n_jitters, n, n_outputs)."""
    model, jitters = MODELS[similarity]
    predictions = np.empty((len(GAMMAS), len(jitters), *Y.shape))
    for (g, gamma), (j, jitter), i in itertools.product(enumerate(GAMMAS), enumerate(jitters), range(N)):
        others = np.arange(N) != i
        mean = Y[others].mean(axis=0) if has_intercept else 0
        fitted = clone(model).set_params(gamma=gamma, jitter=jitter).fit(X[others], Y[others] - mean)
        predictions[g, j, i] = fitted.predict(X[i : i + 1])[0] + mean
    return predictions


@pytest.mark.parametrize("similarity", refitted_once(*MODELS))
@pytest.mark.parametrize("has_intercept", [False, True])
def test_residuals_are_those_of_n_refits(similarity, has_intercept, device):
    model, jitters = MODELS[similarity]
    expected = refits(similarity, has_intercept)
    sums, y = gamma_selection._sums_of_pairs(similarity, torch.from_numpy(X).to(device)), torch.from_numpy(Y).to(device)
    for g, gamma in enumerate(GAMMAS):
        K = gamma_selection._similarities(model, sums, gamma)

        residuals, is_certain = gamma_selection._leave_out(
            K, y, torch.tensor(jitters, device=device, dtype=y.dtype), has_intercept
        )

        assert is_certain.all()
        assert (np.abs(Y - residuals.cpu().numpy().swapaxes(0, 1) - expected[g]) <= 1e-9 * Y.std(axis=0)).all()


@pytest.mark.parametrize("columns", [0, [0], [0, 1, 2]], ids=["1-D", "one output", "three outputs"])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.xdist_group("rbf refitted")
def test_scores_are_those_of_n_refits_and_the_best_is_the_highest(columns, fit_intercept):
    y = Y[:, columns]

    selection = select_gamma(SimilarityRegressor(fit_intercept=fit_intercept), X, y, GAMMAS, JITTERS)

    predictions = refits("rbf", fit_intercept)[..., columns]
    expected = [[r_squared(y, of_pair) for of_pair in of_gamma] for of_gamma in predictions]
    np.testing.assert_allclose(selection.scores, expected, rtol=0, atol=1e-9)
    assert selection.gammas.tolist() == GAMMAS and selection.jitters.tolist() == JITTERS
    assert {array.dtype for array in selection[:3]} == {np.dtype(np.float64)}
    row, column = np.unravel_index(np.argmax(expected), (3, 3))
    assert (selection.best_gamma, selection.best_jitter) == (GAMMAS[row], JITTERS[column])


def test_scores_are_those_of_kernel_ridge_regression():
    others = [np.arange(N) != i for i in range(N)]
    fitted = [KernelRidge(kernel="rbf", gamma=0.5, alpha=0.1).fit(X[some], Y[some]) for some in others]
    predicted = np.concatenate([model.predict(X[i : i + 1]) for i, model in enumerate(fitted)])

    score = select_gamma(SimilarityRegressor(), X, Y, [0.5], [0.1]).scores[0, 0]

    assert score == pytest.approx(r_squared(Y, predicted), abs=1e-9)


def test_an_intercept_makes_scores_independent_of_an_offset_of_y():
    plain, offset = (
        select_gamma(SimilarityRegressor(fit_intercept=True), X, y, GAMMAS, JITTERS).scores for y in (Y, Y + 1e6)
    )

    np.testing.assert_allclose(plain, offset, rtol=0, atol=1e-7)
    assert (select_gamma(SimilarityRegressor(), X, Y + 1e6, GAMMAS, JITTERS).scores < -1e6).all()


def test_the_scale_of_x_is_a_gamma():
    rbf = select_gamma(SimilarityRegressor(), X, Y, ["scale", 0.5], JITTERS)
    laplacian = select_gamma(SimilarityRegressor("laplacian"), X, Y, [0.5, "scale"], JITTERS)

    assert rbf.gammas.tolist() == pytest.approx([1 / (3 * X.var()), 0.5])
    assert laplacian.gammas.tolist() == pytest.approx([0.5, 1 / (3 * X.std())])
    np.testing.assert_array_equal(
        rbf.scores[:1], select_gamma(SimilarityRegressor(), X, Y, rbf.gammas[:1], JITTERS).scores
    )


def test_a_score_without_an_inverse_is_nan_and_never_the_best():
    twice, y = np.concatenate([X, X]), np.concatenate([Y, Y])

    selection = select_gamma(SimilarityRegressor(), twice, y, GAMMAS, [0.0, 1e-300, 1e-3])

    assert np.isnan(selection.scores).tolist() == [[True, True, False]] * 3
    assert selection.best_jitter == 1e-3
    with pytest.raises(
        ValueError, match=r"all scores are NaN, because K \+ jitter I cannot be inverted for any pair: "
    ):
        select_gamma(SimilarityRegressor(), twice, y, GAMMAS, [0.0])


def test_a_score_is_nan_where_k_without_an_example_is_singular():
    K = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)  # eigenvalues 1 and -1, but both parts are 0

    scores = gamma_selection._score(K, Y[:2], np.array([0.0, 0.5]), has_intercept=False)

    assert np.isnan(scores).tolist() == [True, False]


def test_of_equal_scores_the_smaller_gamma_and_then_the_larger_jitter_is_best():
    find = gamma_selection._find_best
    gammas, jitters = np.array([2.0, 1.0]), np.array([0.1, 0.3, 0.2])

    assert find(gammas, jitters, np.full((2, 3), 0.5)) == (1.0, 0.3)
    assert find(gammas, jitters, np.array([[0.5, 0.5, 0.6], [0.5, np.nan, 0.5]])) == (2.0, 0.2)
    assert find(gammas, jitters, np.array([[0.5, 0.5, 0.5], [0.5, np.nan, 0.5]])) == (1.0, 0.2)


def test_a_constant_y_is_found_by_an_intercept_alone():
    y = np.full(N, 3.0)

    assert (select_gamma(SimilarityRegressor(), X, y, GAMMAS, JITTERS).scores == 0).all()
    assert (select_gamma(SimilarityRegressor(fit_intercept=True), X, y, GAMMAS, JITTERS).scores == 1).all()


@pytest.mark.parametrize("kind", [torch.from_numpy, pd.DataFrame, np.ndarray.tolist])
def test_tensors_frames_and_lists_give_the_scores_of_arrays(kind):
    expected = select_gamma(SimilarityRegressor(), X, Y, GAMMAS, JITTERS)

    actual = select_gamma(SimilarityRegressor(), kind(X), kind(Y), torch.tensor(GAMMAS), (j for j in JITTERS))

    np.testing.assert_array_equal(actual.scores[1:], expected.scores[1:])  # 0.1 is rounded in the float32 tensor
    assert actual.gammas[0] == np.float32(0.1)


def test_a_gpu_gives_the_same_scores():
    expected = select_gamma(SimilarityRegressor(), X, Y, GAMMAS, JITTERS).scores

    with PretendedGpu():
        there = select_gamma(SimilarityRegressor(device="cuda"), X, Y, GAMMAS, JITTERS).scores

    np.testing.assert_allclose(there, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("is_fitted", [False, True])
def test_nothing_that_is_passed_is_written_to(is_fitted):
    passed = X.copy(), Y.copy(), np.array(GAMMAS), np.array(JITTERS)
    for array in passed:
        array.flags.writeable = False
    tensors = [torch.tensor(array) for array in passed[:2]]
    model = SimilarityRegressor()
    if is_fitted:
        model.fit(X[:5], Y[:5])
    before = dict(vars(model))

    select_gamma(model, *passed)
    select_gamma(model, *tensors, *passed[2:])

    assert vars(model).keys() == before.keys() and all(vars(model)[name] is before[name] for name in before)
    for tensor, array, original in zip(tensors, passed, (X, Y), strict=False):
        assert (tensor.numpy() == original).all() and (array == original).all()


def test_lapack_works_in_the_memory_of_k():
    K = gamma_selection._similarities(SimilarityRegressor(), torch.rand(50, 50, dtype=torch.float64), 1.0)

    assert gamma_selection._eigh(K)[1].data_ptr() == K.data_ptr()


def test_the_progress_bar_counts_gammas(capsys):
    select_gamma(SimilarityRegressor(), X, Y, GAMMAS, JITTERS)
    assert capsys.readouterr().err == ""

    select_gamma(SimilarityRegressor(progress=True), X, Y, GAMMAS, JITTERS)
    assert "3.00/3.00" in (shown := capsys.readouterr().err) and "gamma" in shown


BAD = {
    "a model of scikit-learn": (
        {"model": KernelRidge()},
        "model is a KernelRidge, but must be a SimilarityRegressor",
    ),
    "linear": (
        {"model": SimilarityRegressor("linear")},
        "similarity='linear' has no gamma to select: use one of rbf, laplacian, polynomial, sigmoid",
    ),
    "precomputed": ({"model": SimilarityRegressor("precomputed")}, "similarity='precomputed' has no gamma to select"),
    "a function": ({"model": SimilarityRegressor(max)}, "similarity=<built-in function max> has no gamma to select"),
    "an unknown similarity": (
        {"model": SimilarityRegressor("poly")},
        "similarity='poly' is not one of rbf, laplacian, polynomial, sigmoid; did you mean 'polynomial'?",
    ),
    "no similarity": ({"model": SimilarityRegressor(None)}, "similarity=None is not one of rbf, laplacian"),
    "degree": ({"model": SimilarityRegressor("polynomial", degree=0)}, "degree=0 is less than 1"),
    "coef0": ({"model": SimilarityRegressor("sigmoid", coef0=np.inf)}, "coef0=inf is not finite"),
    "progress": ({"model": SimilarityRegressor(progress=1)}, "progress=1 is an int, but must be True or False"),
    "device": ({"model": SimilarityRegressor(device="cpux")}, "device='cpux' cannot be used"),
    "a string of gammas": ({"gammas": "scale"}, "gammas='scale' is a str, but must be a list of numbers"),
    "one gamma": ({"gammas": 0.5}, "gammas=0.5 is a float, but must be a list of numbers"),
    "one jitter": ({"jitters": np.array(0.5)}, "jitters=array(0.5) is an ndarray, but must be a list of numbers"),
    "0 gammas": ({"gammas": []}, "gammas has 0 entries, but needs at least 1"),
    "0 jitters": ({"jitters": np.array([])}, "jitters has 0 entries, but needs at least 1"),
    "a negative gamma": ({"gammas": [1, -2]}, "gammas[1]=-2 is less than 0"),
    "another word": ({"gammas": [1, "auto"]}, "gammas[1]='auto' is not one of scale, nor a number"),
    "a gamma of None": ({"gammas": [None]}, "gammas[0]=None is a NoneType, but must be a number"),
    "an infinite jitter": ({"jitters": [1e-6, np.inf]}, "jitters[1]=inf is not finite"),
    "a jitter in words": ({"jitters": ["scale"]}, "jitters[0]='scale' is a str, but must be a number"),
    "NaN in X": ({"X": np.where(np.arange(N)[:, None] == 3, np.nan, X)}, "NaN"),
    "NaN in y": ({"y": np.where(np.arange(N) == 3, np.nan, 1.0)}, "NaN"),
    "y of another length": ({"y": Y[1:]}, "y has 24 rows, but X has 25"),
    "one example": ({"X": X[:1], "y": Y[:1]}, "X has 1 row, but needs at least 2: one is left out"),
    "similarities that overflow": (
        {"model": SimilarityRegressor("polynomial"), "gammas": [1, 1e200]},
        "with gamma=1e+200, a similarity is ",
    ),
    "weights that overflow": ({"y": Y * 1e306, "jitters": [1e-6]}, "a prediction of an example left out is "),
    "a mean that overflows": (
        {"model": SimilarityRegressor(fit_intercept=True), "y": np.full(N, 1e308)},
        "a prediction of an example left out is ",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_with_its_place_and_its_value(bad):
    changed, message = BAD[bad]
    arguments = {"model": SimilarityRegressor(), "X": X, "y": Y, "gammas": GAMMAS, "jitters": JITTERS, **changed}

    with pytest.raises((TypeError, ValueError)) as raised:
        select_gamma(**arguments)

    assert message in str(raised.value)


def test_a_memory_limit_that_is_too_small_names_one_that_is_not():
    with pytest.raises(ValueError, match=r"memory_limit=10000 is less than the \d+ bytes to select gamma") as raised:
        select_gamma(SimilarityRegressor(memory_limit=10_000), X, Y, GAMMAS, JITTERS)

    needed = int(str(raised.value).split("pass memory_limit=")[1].split()[0])
    select_gamma(SimilarityRegressor(memory_limit=needed), X, Y, GAMMAS, JITTERS)
    with pytest.raises(ValueError, match=f"is less than the {needed} bytes"):
        select_gamma(SimilarityRegressor(memory_limit=needed - 1), X, Y, GAMMAS, JITTERS)


def plotted(selection, ax=None):
    """The axes, the numbers of the heat map, and the place of the mark."""
    ax = selection.plot(Figure().subplots() if ax is None else ax)
    mesh, mark = ax.collections
    return ax, mesh, mark.get_offsets()[0].tolist()


def test_the_heat_map_has_the_scores_in_ascending_order_and_marks_the_best():
    scores = np.array([[0.1, 0.2, 0.9], [0.4, np.nan, 0.6]])
    selection = GammaSelection(np.array([2.0, 0.5]), np.array([1.0, 0.0, 1e-6]), scores, 2.0, 1e-6)

    ax, mesh, mark = plotted(selection)

    shown = mesh.get_array().filled(np.nan)
    np.testing.assert_array_equal(shown, [[np.nan, 0.6, 0.4], [0.2, 0.9, 0.1]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1e-06", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0.5", "2"]
    assert ax.get_xticks().tolist() == [0.5, 1.5, 2.5] and ax.get_yticks().tolist() == [0.5, 1.5]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("jitter", "gamma")
    assert mark == [1.5, 1.5]
    assert mesh.get_clim() == (0.1, 0.9) and mesh.colorbar.extend == "neither"


def test_scores_below_0_have_one_colour_if_the_best_is_above():
    good = GammaSelection(np.array([1.0]), np.array([1.0, 2.0]), np.array([[0.9, -1e6]]), 1.0, 1.0)
    bad = good._replace(scores=np.array([[-0.1, -0.2]]))

    assert (plotted(good)[1].get_clim(), plotted(good)[1].colorbar.extend) == ((0, 0.9), "min")
    assert (plotted(bad)[1].get_clim(), plotted(bad)[1].colorbar.extend) == ((-0.2, -0.1), "neither")


def test_a_heat_map_without_axes_makes_its_own():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    ax = select_gamma(SimilarityRegressor(), X, Y, GAMMAS, JITTERS).plot()

    assert plt.gcf() is ax.figure
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_a_heat_map_without_matplotlib_names_the_extra():
    code = """
import sys
sys.modules["matplotlib"] = None
from accelerated import SimilarityRegressor, select_gamma
select_gamma(SimilarityRegressor(), [[0], [1], [3]], [0, 1, 2], [1], [1e-6]).plot()
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert run.stderr.splitlines()[-1] == "ImportError: plot needs matplotlib: pip install 'verified-knn[plots]'"


def test_a_small_benchmark_runs_on_one_and_two_threads(capsys):
    results = benchmark.main(["--smoke"])
    assert [result["threads"] for result in results] == [1, 2]
    assert all(result["ratio"] > 0 and result["cpu_ratio"] > 0 for result in results)

    assert benchmark.main(["--smoke", "--drivers"]) == []
    assert "2 threads, gamma 1.0: evd " in capsys.readouterr().out
