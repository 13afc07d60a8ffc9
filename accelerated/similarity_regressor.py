"""Regression by similarity: a weighted sum of the similarities of a query to all examples, with learned weights.

The docstring of ``reference.SimilarityRegressor`` has the derivation.
"""

from collections.abc import Callable
from typing import Any, Self

import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import copy_rows, output_device, to_numpy, to_output
from accelerated.devices import resolve_device
from accelerated.one_fit import of_one_fit
from accelerated.pickling import PickledOnCpu
from accelerated.scoring import r_squared
from accelerated.search import resolve_memory_limit
from accelerated.similarities import Examples, Similarity, compare_in_blocks, get_similarity
from accelerated.solvers import check_memory, solve
from accelerated.subnormals import check_workers, keeping_subnormals
from accelerated.validation import check_finite, check_rows, check_targets, keep
from knn_inputs.containers import is_matrix
from knn_inputs.feature_names import check_columns, check_features, note_columns, note_features
from knn_inputs.matrices import check_square
from knn_inputs.objects import copy_objects, read_objects
from knn_inputs.parameters import (
    check_flag,
    check_int,
    check_name,
    check_number,
    warn_of_idle_similarity_parameters,
)

LARGEST = 1e150  # squares and products of numbers up to it fit


class SimilarityRegressor(PickledOnCpu, RegressorMixin, BaseEstimator):
    """Predicts f(x) = sum_j alpha_j k(x, x_j) with alpha = pinv(K + jitter I) y, where K_ij = k(x_i, x_j).

    For similarities without negative eigenvalues it is kernel ridge regression with a penalty of ``jitter``. Fitting
    takes 4 to 9 n^2 numbers of memory and n^3 time.

    Parameters
    ----------
    similarity : str or callable
        rbf, laplacian, polynomial, sigmoid, linear, cosine, precomputed, or a function of two examples, called once for
        each pair: float64 rows if X is an array, DataFrame or tensor of numbers, else the objects in the list X.
    gamma, degree, coef0 : float, int, float
        The numbers in exp(-gamma |x - y|^2), exp(-gamma sum |x - y|), (gamma x.y + coef0)^degree and
        tanh(gamma x.y + coef0).
    jitter : float
        A number that is added to the diagonal of K, so that examples that are alike do not make it singular.
    solver : str
        "auto" uses a Cholesky factor if that is proven to give the pseudo-inverse; "pinv" never does.
    device : str or torch.device, optional
        Where to compute. None: the device of the training tensor, else CUDA if there is one, else the CPU.
    memory_limit : int or str, optional
        Bytes of scratch, such as 2**30, "2GB" or "512MiB", not counting inputs, answers and fitted state. None: 1 GiB,
        or a quarter of a GPU's free memory.
    progress : bool
        Whether to show a progress bar of the similarities on stderr.

    >>> model = SimilarityRegressor().fit([[0], [1], [2]], [0, 1, 4])
    >>> model.predict([[1], [1.5], [100]]).round(3).tolist()
    [1.0, 2.83, 0.0]
    """

    def __init__(
        self,
        similarity: str | Callable[[Any, Any], float] = "rbf",
        *,
        gamma: float = 1.0,
        degree: int = 3,
        coef0: float = 1.0,
        jitter: float = 1e-6,
        solver: str = "auto",
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        self.similarity = similarity
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.jitter = jitter
        self.solver = solver
        self.device = device
        self.memory_limit = memory_limit
        self.progress = progress

    @keeping_subnormals()
    def fit(self, X: Any, y: Any) -> Self:
        """Learns ``dual_coef_``, alpha, from examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs).

        With "precomputed" X is K, (n, n). Returns self. Raises ValueError or TypeError for bad parameters, for X and y
        that are not full, finite and real, for similarities or weights that are not finite, and for a ``memory_limit``
        that is too small.
        """
        similarity = self._get_similarity()
        device = resolve_device(self.device, X)
        memory_limit = resolve_memory_limit(self.memory_limit, device)
        examples = similarity.prepare(self._read(X, device))
        targets, is_single = check_targets(y, len(examples))
        check_workers(len(examples) ** 2, device)
        alpha = self._solve(similarity, examples, torch.from_numpy(targets).to(device), memory_limit)

        noted = note_features(X, examples.shape[1]) if isinstance(examples, Tensor) else note_columns(X)
        if self.similarity == "precomputed":
            examples = examples[:, :0].clone()  # a query consists of its similarities: K is not needed for predictions
        coefficients = to_output(alpha[:, 0] if is_single else alpha, output_device(X))
        keep(self, **noted, _similarity=similarity, _examples=examples, _alpha=alpha, dual_coef_=coefficients)
        return self

    def _solve(self, similarity: Similarity, examples: Examples, targets: Tensor, memory_limit: int) -> Tensor:
        """Returns alpha, (n, n_outputs), for targets of that shape."""
        check_memory(len(examples), "cholesky", memory_limit)  # which needs least of all, before the work starts
        if isinstance(examples, Tensor) and self.similarity == "precomputed":
            K = examples  # a copy of the given matrix
        else:
            K = self._compare(similarity, examples, targets.device, memory_limit)
        is_symmetric = similarity.is_symmetric or torch.equal(K, K.T)
        K.diagonal().add_(float(self.jitter))
        check_finite(K.diagonal(), "a similarity with jitter")  # all other entries have been checked
        alpha = solve(K, targets, solver=self.solver, is_symmetric=is_symmetric, memory_limit=memory_limit)
        return check_finite(alpha, "a weight of an example")

    def _compare(self, similarity: Similarity, examples: Examples, device: torch.device, memory_limit: int) -> Tensor:
        """Returns K, the similarities of all examples to one another, (n, n)."""
        n = len(examples)
        K = torch.empty((n, n), dtype=torch.float64, device=device)
        blocks = compare_in_blocks(
            similarity,
            examples,
            lambda start, stop: examples[start:stop],
            n,
            device=device,
            memory_limit=memory_limit - 8 * n * n,
            progress=self.progress,
        )
        for rows, columns, block in blocks:
            K[rows, columns] = block
        return K

    @of_one_fit
    @keeping_subnormals()
    def predict(self, X: Any) -> Any:
        """Returns f(x) for queries X, (n_queries, n_features); if "precomputed", their similarities, (n_queries, n).

        Predictions are float64, (n_queries,) or (n_queries, n_outputs); tensors in, tensors out. Raises NotFittedError,
        and ValueError for queries of another width and for predictions that are not finite.
        """
        n_queries, read_queries = self._open(X)
        device, n_outputs = self._alpha.device, self._alpha.shape[1]
        check_flag(self.progress, "progress")
        check_workers(n_queries * len(self._examples), device)
        predicted = torch.zeros((n_queries, n_outputs), dtype=torch.float64, device=device)
        blocks = compare_in_blocks(
            self._similarity,
            self._examples,
            read_queries,
            n_queries,
            device=device,
            memory_limit=resolve_memory_limit(self.memory_limit, device),
            progress=self.progress,
        )
        for rows, columns, block in blocks:
            predicted[rows] += block @ self._alpha[columns]
        check_finite(predicted, "a prediction")
        return to_output(predicted[:, 0] if self.dual_coef_.ndim == 1 else predicted, output_device(X))

    @keeping_subnormals()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, to_numpy(self.predict(X)), sample_weight)

    def _get_similarity(self) -> Similarity:
        """Returns the similarity of that name, after checking all parameters."""
        gamma, coef0 = check_number(self.gamma, "gamma", least=0), check_number(self.coef0, "coef0")
        degree = check_number(check_int(self.degree, "degree"), "degree")
        check_number(self.jitter, "jitter", least=0)
        check_name(self.solver, "solver", ["auto", "pinv"])
        check_flag(self.progress, "progress")
        similarity = get_similarity(self.similarity, gamma, degree, coef0)
        warn_of_idle_similarity_parameters(self.similarity, gamma=self.gamma, degree=self.degree, coef0=self.coef0)
        return similarity

    def _read(self, X: Any, device: torch.device) -> Examples:
        """Returns the examples, checked and copied."""
        if callable(self.similarity) and not is_matrix(X):
            return copy_objects(read_objects(X))
        checked = check_rows(X, LARGEST)
        rows = copy_rows(checked, device)
        return check_square(rows) if self.similarity == "precomputed" else rows

    def _open(self, X: Any) -> tuple[int, Callable[[int, int], Examples]]:
        """Returns the number of queries, and a function that reads and prepares a range of them."""
        check_is_fitted(self, "dual_coef_")
        if isinstance(self._examples, list):
            queries = read_objects(X)
            check_columns(X, self)
            return len(queries), lambda start, stop: queries[start:stop]
        checked = check_rows(X, LARGEST, self.n_features_in_)
        check_features(X, checked.shape[1], self)
        return len(checked), lambda start, stop: self._similarity.prepare(
            copy_rows(checked[start:stop], self._alpha.device)
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.similarity == "precomputed"
        tags.target_tags.multi_output = True
        return tags
