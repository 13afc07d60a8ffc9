"""Regression by similarity: a weighted sum of the similarities of a query to all examples, with learned weights.

The docstring of ``reference.ridge.Ridge`` has the derivation.
"""

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import copy_rows, output_device, to_numpy, to_output
from accelerated.calling_thread import in_calling_thread
from accelerated.devices import resolve_device
from accelerated.leave_one_out import Training, get_leave_one_out
from accelerated.one_fit import of_one_fit
from accelerated.pickling import PickledOnCpu
from accelerated.predictions import Model, predict, predict_unused
from accelerated.scoring import r_squared
from accelerated.search import resolve_memory_limit
from accelerated.similarities import Examples, gamma_of_scale, get_similarity, weighted_mean
from accelerated.solvers.certificate import Certificate
from accelerated.solvers.choice import NAMES, check_rank, solve_to_scale
from accelerated.solvers.outcome import warn_of_solution
from accelerated.solvers.sizes import with_tile
from accelerated.solvers.solution import Learned, Options, get_start
from accelerated.solvers.system import System
from accelerated.validation import check_finite, check_rows, check_targets, keep
from knn_inputs.containers import is_matrix
from knn_inputs.feature_names import check_columns, check_features, note_columns, note_features
from knn_inputs.matrices import check_square
from knn_inputs.objects import copy_objects, read_objects
from knn_inputs.parameters import check_flag, refuse_renamed, renamed
from knn_inputs.sample_weight import read_sample_weight
from knn_inputs.similarity_hints import warn_of_far_targets, warn_of_poor_gamma
from knn_inputs.similarity_parameters import NAMES_ELSEWHERE, check_similarity_parameters

LARGEST = 1e150  # squares and products of numbers up to it fit


class SimilarityRegressor(PickledOnCpu, RegressorMixin, BaseEstimator):
    """Predicts f(x) = b + sum_j alpha_j k(x, x_j) with alpha = pinv(K + jitter I) (y - b), where K_ij = k(x_i, x_j).

    The intercept b is 0 or the mean of y. For similarities without negative eigenvalues this is kernel ridge regression
    with a penalty of ``jitter``. With ``sample_weight`` the jitter of an example is divided by its weight, so that a
    whole number counts like as many equal examples.

    Parameters
    ----------
    similarity : str or callable
        rbf, laplacian, polynomial, sigmoid, linear, cosine, precomputed, or a function of two examples, called once for
        each pair: float64 rows if X is an array, DataFrame or tensor of numbers, else the objects in the list X.
    gamma : float or "scale"
        The number in exp(-gamma |x - y|^2), exp(-gamma sum |x - y|), (gamma x.y + coef0)^degree and
        tanh(gamma x.y + coef0). "scale" is 1 / (n_features var X), and for laplacian 1 / (n_features std X).
    degree, coef0 : int, float
        The other numbers in these formulas.
    jitter : float
        A number that is added to the diagonal of K, so that examples that are alike do not make it singular.
    fit_intercept : bool
        Whether predictions tend to the mean of y away from the examples, and not to 0.
    solver : str
        "cholesky" factors the matrix; "cg" and "blocks" iterate and never store it; "pinv" takes any matrix; "nystrom"
        is another model, with a few landmarks. "auto" is cholesky if the matrix fits the memory, else cg; and pinv,
        with a warning, where the matrix is not symmetric or not proven to be positive definite.
    tol : float
        "cg" and "blocks" end when fitted values are proven to differ from the exact model's by at most tol times their
        root mean square.
    max_iter : int, optional
        The most iterations of "cg" (None: 200), or passes of "blocks" (None: 100).
    warm_start : bool
        Whether "cg" and "blocks" begin with the weights of the last fit. Rows that are added at the end begin with 0.
    rank : int, optional
        Landmarks of "nystrom", and columns of the preconditioner of "cg". None: a tenth of the rows, at most 2,000.
    device : str or torch.device, optional
        Where to compute. None: the device of the training tensor, else CUDA if there is one, else the CPU.
    memory_limit : int or str, optional
        Bytes of scratch, such as 2**30, "2GB" or "512MiB", not counting inputs, answers and fitted state. None: a
        quarter of what is free.
    progress : bool
        Whether to show a progress bar on stderr; "nystrom" has none.

    Attributes
    ----------
    dual_coef_, intercept_ : alpha, (n,) or (n, n_outputs), and a float or (n_outputs,)
    gamma_ : the number that gamma stands for
    solver_, n_iter_, converged_, rank_ : what was done; n_iter_ is 1 for a solver that does not iterate
    residual_norm_ : the length of S (y - intercept) - A z, with its rounding where it is proven
    certificate_ : what that proves in the units of y (``solvers.certificate``); None where nothing is
    condition_bound_ : the condition number of A is at most this; None where no bound is known
    loo_predictions_, loo_score_ : the prediction for each example by the model of all others, and R^2 of these; both
        are computed when they are asked for, and not offered after "cg", "blocks" and "nystrom"

    The defaults suit a few examples without noise. On real data begin with scaled features, gamma="scale", jitter=0.1
    and fit_intercept=True.

    >>> model = SimilarityRegressor().fit([[0], [1], [2]], [0, 1, 4])
    >>> model.predict([[1], [1.5], [100]]).round(3).tolist()
    [1.0, 2.83, 0.0]
    """

    @renamed(**NAMES_ELSEWHERE)
    def __init__(
        self,
        similarity: str | Callable[[Any, Any], float] = "rbf",
        *,
        gamma: float | str = 1.0,
        degree: int = 3,
        coef0: float = 1.0,
        jitter: float = 1e-6,
        fit_intercept: bool = False,
        solver: str = "auto",
        tol: float = 1e-3,
        max_iter: int | None = None,
        warm_start: bool = False,
        rank: int | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        self.similarity = similarity
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.jitter = jitter
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.rank = rank
        self.device = device
        self.memory_limit = memory_limit
        self.progress = progress

    def set_params(self, **params: Any) -> Self:
        """Changes arguments, and returns self; a name that only another library uses raises ValueError."""
        unknown = [name for name in params if name not in self.get_params(deep=False)]
        refuse_renamed(self, unknown, NAMES_ELSEWHERE, ValueError)
        return super().set_params(**params)

    @in_calling_thread()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learns ``dual_coef_``, alpha, from examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs).

        With "precomputed" X is K, (n, n). ``sample_weight`` is (n,), at least 0. Returns self. Raises ValueError or
        TypeError for bad parameters, for X, y and weights that are not full, finite and real, for similarities or
        weights of examples that are not finite, and for a ``memory_limit`` that is too small. Warns if it does not
        converge, or is interrupted: then the model has what was learned so far.
        """
        check_similarity_parameters(self, NAMES)
        check_flag(self.progress, "progress")
        check_rank(self.rank, self.solver)
        device = resolve_device(self.device, X)
        memory_limit = resolve_memory_limit(self.memory_limit, device, of_free=True)
        rows = self._read(X, device)
        targets, is_single = check_targets(y, len(rows))
        weights = read_sample_weight(sample_weight, len(rows))

        unit = gamma_of_scale(self.similarity, rows, weights)
        gamma = unit if isinstance(self.gamma, str) else float(self.gamma)
        if gamma == math.inf:
            raise ValueError("gamma='scale' is infinite for features this small: multiply them by a constant first")
        similarity = get_similarity(self.similarity, gamma or 0.0, int(self.degree), float(self.coef0), rows)
        scale = torch.from_numpy(np.sqrt(weights)).to(device)
        system = with_tile(System(similarity, similarity.encode(rows), scale, float(self.jitter)), memory_limit)
        intercept = weighted_mean(targets, weights) if self.fit_intercept else np.zeros(targets.shape[1])
        b = scale[:, None] * torch.from_numpy(targets - intercept).to(device)
        options = Options(self.solver, float(self.tol), self.max_iter, self.rank, bool(self.progress))
        start = get_start(getattr(self, "dual_coef_", None) if self.warm_start else None, scale, targets.shape[1])
        placed = self._place(system, X)
        learned = solve_to_scale(placed, check_finite(b, "a target less the mean"), start, options, memory_limit)
        alpha = check_finite(scale[:, None] * learned.z, "a weight of an example")

        warn_of_far_targets(targets, bool(self.fit_intercept), weights)
        if learned.sums is not None and unit is not None:
            sums, jitter, heaviest = to_numpy(learned.sums), float(self.jitter), float(weights.max())
            warn_of_poor_gamma(self.similarity, self.gamma, sums, unit, jitter, heaviest, learned.n_compared)
        warn_of_solution(learned, options)

        if self.similarity == "precomputed":
            system = system._replace(examples=system.examples[:, :0].clone())  # predictions do not need K
        shift = torch.from_numpy(intercept).to(device)
        model = Model(similarity, system.examples, alpha, shift)
        training = Training(
            system,
            torch.from_numpy(targets).to(device),
            shift if self.fit_intercept else None,
            learned.z,
            learned.solver,
            learned.inverse,
            predict_unused(model, rows, weights, memory_limit),
        )
        keep(
            self,
            **(note_features(X, rows.shape[1]) if isinstance(rows, Tensor) else note_columns(X)),
            **_describe(learned, is_single),
            dual_coef_=to_output(alpha[:, 0] if is_single else alpha, output_device(X)),
            intercept_=float(intercept[0]) if is_single else intercept,
            gamma_=gamma,
            _model=model.with_landmarks(learned.landmarks),
            _training=training,
            _left_out=None,  # those of an earlier fit are gone
        )
        return self

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns f(x) for queries X, (n_queries, n_features); if "precomputed", their similarities, (n_queries, n).

        Predictions are float64, (n_queries,) or (n_queries, n_outputs); tensors in, tensors out. Raises NotFittedError,
        and ValueError for queries of another width and for predictions that are not finite.
        """
        n_queries, read_queries = self._open(X)
        check_flag(self.progress, "progress")
        device = self._model.weights.device
        memory_limit = resolve_memory_limit(self.memory_limit, device, of_free=True)
        predicted = predict(self._model, read_queries, n_queries, memory_limit, self.progress)
        return to_output(self._of_outputs(predicted), output_device(X))

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, to_numpy(self.predict(X)), sample_weight)

    @property
    def loo_predictions_(self) -> Any:
        """The prediction for each example by the model of all others, (n,) or (n, n_outputs).

        They are computed when they are first asked for, in the time of about three fits by "cholesky". Raises
        ValueError if the solver was "cg", "blocks" or "nystrom", and if the matrix is singular.
        """
        check_is_fitted(self, "dual_coef_")
        state = self.__dict__  # of one fit, even if another thread fits the model
        if state["_left_out"] is None:
            state["_left_out"] = get_leave_one_out(self._training)
        return to_output(self._of_outputs(state["_left_out"]), output_device(self.dual_coef_))

    @property
    def loo_score_(self) -> float:
        """R^2 of ``loo_predictions_``, in which every example counts once; the mean over the outputs."""
        predicted = to_numpy(self.loo_predictions_)
        return r_squared(to_numpy(self._training.targets).reshape(predicted.shape), predicted)

    def _place(self, system: System, X: Any) -> System:
        """Returns the system for the examples X; ``accelerated.distributed`` has its products made elsewhere."""
        return system

    def _read(self, X: Any, device: torch.device) -> Examples:
        """Returns the examples, checked and copied."""
        if callable(self.similarity) and not is_matrix(X):
            return copy_objects(read_objects(X))
        checked = check_rows(X, LARGEST)
        rows = copy_rows(checked, device)
        return check_square(rows) if self.similarity == "precomputed" else rows

    def _open(self, X: Any) -> tuple[int, Callable[[int, int], Examples]]:
        """Returns the number of queries, and a function that reads and encodes a range of them."""
        check_is_fitted(self, "dual_coef_")
        if isinstance(self._model.examples, list):
            queries = read_objects(X)
            check_columns(X, self)
            return len(queries), lambda start, stop: queries[start:stop]
        checked = check_rows(X, LARGEST, self.n_features_in_)
        check_features(X, checked.shape[1], self)
        encode, device = self._model.similarity.encode_queries, self._model.weights.device
        return len(checked), lambda start, stop: encode(copy_rows(checked[start:stop], device))

    def _of_outputs(self, values: Any) -> Any:
        """Returns predictions with the columns of y: none if it was 1-D."""
        return values[:, 0] if self.dual_coef_.ndim == 1 else values

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.similarity == "precomputed"
        tags.target_tags.multi_output = True
        return tags


def _describe(learned: Learned, is_single: bool) -> dict[str, Any]:
    """Returns the attributes that tell what was done: bounds are floats if y was 1-D, else arrays (n_outputs,)."""

    def of_outputs(values: Tensor) -> Any:
        return float(values[0]) if is_single else to_numpy(values)

    return {
        "solver_": learned.solver,
        "n_iter_": learned.n_iter,
        "converged_": learned.converged,
        "rank_": learned.rank,
        "residual_norm_": of_outputs(learned.residual_norm),
        "certificate_": learned.certificate and Certificate(*(of_outputs(bound) for bound in learned.certificate)),
        "condition_bound_": learned.condition_bound,
    }
