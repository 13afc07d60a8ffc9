"""Choosing gamma and jitter of a similarity regressor by leaving one example out, without fitting n models.

With A = K + jitter I, order the examples so that i comes last. The inverse of A is made of blocks:

    A = | B    k |        row i of A^-1 = | -k^T B^-1 / s    1 / s |,    s = A_ii - k^T B^-1 k
        | k^T  A_ii |

B is the matrix of the other examples, so the model that is fitted without i predicts f_i = k^T B^-1 (y without y_i)
there. Row i times y is (A^-1 y)_i = (y_i - f_i) / s, and (A^-1)_ii = 1 / s, so the residual of example i is

    e_i = y_i - f_i = (A^-1 y)_i / (A^-1)_ii

(Allen, The relationship between variable selection and data augmentation and a method for prediction, 1974: PRESS;
Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 5.4.2.)

With an intercept the model without i subtracts m_i, the mean of the other targets, and adds it to each prediction. So
the formula holds for the targets y - m_i 1, and a constant that is first taken from all targets does not change e_i. If
that constant is their mean, the sum of the targets is 0, the sum of the others is -y_i, and m_i = -y_i / (n - 1):

    e_i = [(A^-1 y)_i + y_i (A^-1 1)_i / (n - 1)] / (A^-1)_ii

The eigenvectors of K = V L V^T are those of A for every jitter: A^-1 = V (L + jitter)^-1 V^T. Its diagonals for all
jitters are the columns of one product, of V * V and a matrix with 1 / (L + jitter) in the column of each jitter.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from accelerated.arrays import copy_rows, to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.devices import resolve_device
from accelerated.distances import manhattan, sqeuclidean
from accelerated.progress import progress_bar
from accelerated.scoring import r_squared
from accelerated.search.memory import CPU_PAIRS, exhaustive_bytes, resolve_memory_limit, too_little
from accelerated.similarities import gamma_of_scale
from accelerated.similarity_regressor import LARGEST, SimilarityRegressor
from accelerated.solvers.pinv import cut_off
from accelerated.validation import check_finite, check_rows, check_targets
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import SIMILARITY_PARAMETERS, check_flag, check_int, check_name, check_number

WITH_GAMMA = [name for name, used in SIMILARITY_PARAMETERS.items() if "gamma" in used]
# As large as K: the sums of all pairs, K, and scratch of LAPACK as large as two; on a GPU, where K is not overwritten,
# also the eigenvectors and a copy.
MATRICES_ON_CPU, MATRICES_ON_GPU = 4, 6


class GammaSelection(NamedTuple):
    """The scores of all pairs of ``gammas`` and ``jitters``, float64 (n_gammas,) and (n_jitters,), in their order.

    ``scores``, float64 (n_gammas, n_jitters), are R^2 of the predictions for examples that were left out, the mean over
    the outputs. A score is NaN where K + jitter I, or that matrix without an example, is singular or so near to it that
    rounding decides: the formula needs its inverse. ``best_gamma`` and ``best_jitter`` have the highest score. Of equal
    scores they take the smallest gamma, and then the largest jitter, because both make the predicted function smoother,
    and a smoother function depends less on each example.
    """

    gammas: np.ndarray
    jitters: np.ndarray
    scores: np.ndarray
    best_gamma: float
    best_jitter: float

    def plot(self, ax: Any = None) -> Any:
        """Draws the scores as a heat map and marks the best; returns the axes, which are new if ``ax`` is None.

        Rows are gammas and columns are jitters, both ascending and evenly spaced. Scores that are NaN stay blank. If
        the best score is above 0, that of the mean of y, all scores below 0 have one colour. Raises ImportError if
        matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("plot needs matplotlib: pip install 'verified-knn[plots]'") from error
        if ax is None:
            ax = plt.subplots(layout="constrained")[1]
        rows, columns = np.argsort(self.gammas), np.argsort(self.jitters)
        gammas, jitters, scores = self.gammas[rows], self.jitters[columns], self.scores[np.ix_(rows, columns)]
        best, least = np.nanmax(scores), np.nanmin(scores)
        is_cut = best > 0 > least
        mesh = ax.pcolormesh(scores, vmin=0 if is_cut else least, vmax=best)
        label = "$R^2$ of examples left out"
        ax.figure.colorbar(mesh, ax=ax, label=label, extend="min" if is_cut else "neither")
        ax.set_xticks(np.arange(len(jitters)) + 0.5, [f"{jitter:.2g}" for jitter in jitters], rotation=90)
        ax.set_yticks(np.arange(len(gammas)) + 0.5, [f"{gamma:.2g}" for gamma in gammas])
        ax.set(xlabel="jitter", ylabel="gamma")
        column, row = np.searchsorted(jitters, self.best_jitter), np.searchsorted(gammas, self.best_gamma)
        marker = {"marker": "*", "s": 150, "color": "white", "edgecolor": "black"}
        ax.scatter(column + 0.5, row + 0.5, **marker, label=f"best: {best:.3g}")
        ax.legend(loc="upper left")
        return ax


@in_calling_thread()
def select_gamma(model: SimilarityRegressor, X: Any, y: Any, gammas: Any, jitters: Any) -> GammaSelection:
    """Scores every pair of a gamma and a jitter by leaving out one example at a time; returns a ``GammaSelection``.

    The similarity, its other parameters, ``fit_intercept``, the device, ``memory_limit`` and ``progress`` are the
    model's, which need not be fitted and is not changed. ``gammas`` and ``jitters`` are lists or arrays of finite
    numbers of at least 0. A gamma may be "scale": 1 / (n_features * variance of X), for a laplacian
    1 / (n_features * standard deviation of X), over all entries of X. Each gamma takes one eigendecomposition of K,
    n^3 time; memory is 4 n^2 numbers, on a GPU 6.

    Raises TypeError for another model, and for gammas or jitters that are not lists of numbers. Raises ValueError for a
    similarity that has no gamma, for a negative or infinite number, for a single example, for a ``memory_limit`` that
    is too small, if all scores are NaN, and wherever ``fit`` does.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0, 1, 4, 9, 16]
    >>> selection = select_gamma(SimilarityRegressor(), X, y, [0.1, 1.0, 10.0], [1e-6, 1e-2])
    >>> selection.scores.round(2).tolist(), selection.best_gamma, selection.best_jitter
    ([[0.94, 0.86], [0.03, 0.02], [-1.03, -1.03]], 0.1, 1e-06)
    """
    if not isinstance(model, SimilarityRegressor):
        advice = "for a pipeline pass its last step, and X as the other steps transform it"
        kind = "a class" if isinstance(model, type) else a_kind_of(model)
        raise TypeError(f"model is {kind}, but must be a SimilarityRegressor(): {advice}")
    _check_parameters(model)
    device = resolve_device(model.device, X)
    rows = copy_rows(check_rows(X, LARGEST), device)
    targets, _ = check_targets(y, len(rows))
    if len(rows) < 2:
        raise ValueError("X has 1 row, but needs at least 2: one is left out, and the others are fitted")
    gammas = np.array([_read_gamma(gamma, i, model.similarity, rows) for i, gamma in _enumerate(gammas, "gammas")])
    jitters = np.array([check_number(jitter, f"jitters[{i}]", least=0) for i, jitter in _enumerate(jitters, "jitters")])
    _check_memory(rows, targets.shape[1], len(jitters), resolve_memory_limit(model.memory_limit, device, of_free=True))

    scores = np.empty((len(gammas), len(jitters)))
    sums = _sums_of_pairs(model.similarity, rows)
    with progress_bar(len(gammas), shown=model.progress, unit="gamma") as advance:
        for i, gamma in enumerate(gammas.tolist()):
            scores[i] = _score(_similarities(model, sums, gamma), targets, jitters, bool(model.fit_intercept))
            advance(1)
    return GammaSelection(gammas, jitters, scores, *_find_best(gammas, jitters, scores))


def _check_parameters(model: SimilarityRegressor) -> None:
    similarity = model.similarity
    if callable(similarity) or similarity in ("linear", "cosine", "precomputed"):
        raise ValueError(f"similarity={show(similarity)} has no gamma to select: use one of {', '.join(WITH_GAMMA)}")
    check_name(similarity, "similarity", WITH_GAMMA)
    check_number(model.coef0, "coef0")
    check_number(check_int(model.degree, "degree"), "degree")
    check_flag(model.progress, "progress")
    check_flag(model.fit_intercept, "fit_intercept")


def _enumerate(values: Any, name: str) -> list[tuple[int, Any]]:
    """Returns the entries with their indices; raises TypeError for values that are not a list, ValueError for 0."""
    try:
        if isinstance(values, (str, dict)):
            raise TypeError
        entries = list(to_numpy(values) if isinstance(values, Tensor) else values)
    except TypeError as error:
        raise TypeError(f"{name}={show(values)} is {a_kind_of(values)}, but must be a list of numbers") from error
    if not entries:
        raise ValueError(f"{name} has 0 entries, but needs at least 1")
    return list(enumerate(entries))


def _read_gamma(gamma: Any, i: int, similarity: Any, rows: Tensor) -> float:
    if not isinstance(gamma, str):
        return check_number(gamma, f"gammas[{i}]", least=0)
    check_name(gamma, f"gammas[{i}]", ["scale"], ", nor a number")
    number = gamma_of_scale(similarity, rows, np.ones(len(rows)))
    assert number is not None
    if number == np.inf:
        raise ValueError(f"gammas[{i}]='scale' is infinite for features this small: multiply them by a constant first")
    return number


def _check_memory(rows: Tensor, n_outputs: int, n_jitters: int, memory_limit: int) -> None:
    """Raises ValueError if the matrices, and four numbers for each example, output and jitter, do not fit the limit."""
    n, n_features = rows.shape
    n_matrices = MATRICES_ON_CPU if rows.device.type == "cpu" else MATRICES_ON_GPU
    numbers = n_matrices * n * n + 4 * n * n_jitters * (n_outputs + 1)
    needed = 8 * numbers + exhaustive_bytes(_rows_at_once(n), n, n_features, 1)
    if needed > memory_limit:
        raise ValueError(too_little(memory_limit, needed, f"to select gamma with {n} examples"))


def _rows_at_once(n: int) -> int:
    return min(n, max(1, CPU_PAIRS // n))


def _sums_of_pairs(similarity: Any, rows: Tensor) -> Tensor:
    """Returns |x - z|^2, for a laplacian sum |x - z|, else x.z, of all pairs of rows, (n, n): gamma is not in them."""
    if similarity not in ("rbf", "laplacian"):
        return rows @ rows.T
    n = len(rows)
    sums = torch.empty((n, n), dtype=torch.float64, device=rows.device)
    measure = sqeuclidean if similarity == "rbf" else manhattan
    columns = rows.T.contiguous()[:, None, :]
    for start in range(0, n, _rows_at_once(n)):
        some = slice(start, start + _rows_at_once(n))
        sums[some] = measure(rows[some].T.contiguous()[:, :, None], columns)
    return sums


def _similarities(model: SimilarityRegressor, sums: Tensor, gamma: float) -> Tensor:
    """Returns K, a new tensor (n, n)."""
    if model.similarity in ("rbf", "laplacian"):
        K = (sums * -gamma).exp_()
    elif model.similarity == "polynomial":
        K = (sums * gamma).add_(float(model.coef0)).pow_(float(model.degree))
    else:
        K = (sums * gamma).add_(float(model.coef0)).tanh_()
    return check_finite(K, f"with gamma={gamma}, a similarity")


def _score(K: Tensor, targets: np.ndarray, jitters: np.ndarray, has_intercept: bool) -> np.ndarray:
    """Returns R^2 for each jitter, (n_jitters,), NaN if A has no inverse that the formula can use; overwrites K."""
    y = torch.from_numpy(targets).to(K.device)
    residuals, is_certain = _leave_out(K, y, torch.from_numpy(jitters).to(K.device), has_intercept)
    predicted = to_numpy(
        check_finite((y[:, None, :] - residuals)[:, is_certain], "a prediction of an example left out")
    )
    scores = np.full(len(jitters), np.nan)
    scores[to_numpy(is_certain)] = [r_squared(targets, of_jitter) for of_jitter in predicted.swapaxes(0, 1)]
    return scores


def _leave_out(K: Tensor, y: Tensor, jitters: Tensor, has_intercept: bool) -> tuple[Tensor, Tensor]:
    """Returns the residuals, (n, n_jitters, n_outputs), and the jitters for which they are certain, (n_jitters,).

    The derivation is at the top of this file. An eigenvalue of A is uncertain if it is at most ``cut_off(n)`` times the
    largest, and so is an entry of the diagonal of A^-1 that is at most ``cut_off(n)`` times the largest eigenvalue of
    A^-1: both may be 0 but for rounding. Entry i is 0 if A without example i is singular. If all eigenvalues of A are
    positive and certain, every entry is certain, since it is at least 1 / the largest eigenvalue of A.
    """
    n = len(K)
    y = y - y.mean(0) if has_intercept else y
    values, V = _eigh(K)
    shifted = values[:, None] + jitters  # (n, n_jitters)
    inverse = shifted.reciprocal()

    right = torch.cat([y, torch.ones_like(y[:, :1])], dim=1) if has_intercept else y
    scaled = inverse[:, :, None] * (V.T @ right)[:, None, :]
    solved = (V @ scaled.flatten(1)).reshape(scaled.shape)  # (n, n_jitters, n_outputs), with an intercept one more
    diagonal = V.square_() @ inverse  # (n, n_jitters)

    nearest, largest = shifted.abs().amin(0), shifted.abs().amax(0)
    is_certain = (nearest > cut_off(n) * largest) & (diagonal.abs().amin(0) > cut_off(n) / nearest)
    if has_intercept:
        solved = solved[:, :, :-1] + y[:, None, :] * solved[:, :, -1:] / (n - 1)
    return solved / diagonal[:, :, None], is_certain


def _eigh(K: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the eigenvalues, (n,), and the eigenvectors, (n, n), of the symmetric K, which is overwritten on a CPU.

    LAPACK has several drivers. For n = 1,500 evd was the fastest of SciPy's or within a fifth of it, and faster than
    torch, which has the same driver, from another library: ``python -m benchmarks.gamma_selection --drivers``.
    """
    if K.device.type != "cpu":
        return torch.linalg.eigh(K)
    by_columns = K.numpy().T  # K is symmetric: so LAPACK works in its memory
    values, V = scipy.linalg.eigh(by_columns, overwrite_a=True, check_finite=False, driver="evd")
    return torch.from_numpy(values), torch.from_numpy(V)


def _find_best(gammas: np.ndarray, jitters: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    pairs = [(g, j) for g, j in np.argwhere(~np.isnan(scores))]
    if not pairs:
        raise ValueError(
            "all scores are NaN, because K + jitter I cannot be inverted for any pair: pass larger jitters, such as a "
            "millionth of the largest similarity"
        )
    best = max(pairs, key=lambda pair: (scores[pair], -gammas[pair[0]], jitters[pair[1]]))
    return float(gammas[best[0]]), float(jitters[best[1]])
