"""The models that are compared with ``SimilarityRegressor``: each is fitted, and returns its predictions of queries.

All have the rbf similarity with ``gamma``, and ``jitter`` on the diagonal of its matrix.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

Predict = Callable[[np.ndarray], np.ndarray]


def kernel_ridge(X: np.ndarray, y: np.ndarray, gamma: float, jitter: float) -> Predict:
    """scikit-learn's ``KernelRidge``."""
    return KernelRidge(kernel="rbf", gamma=gamma, alpha=jitter).fit(X, y).predict


def cho_solve_by_hand(X: np.ndarray, y: np.ndarray, gamma: float, jitter: float) -> Predict:
    """The whole matrix in NumPy, and SciPy's Cholesky factor of it."""

    def compare(Q: np.ndarray) -> np.ndarray:
        K = Q @ X.T
        K *= 2
        K -= (Q * Q).sum(1)[:, None]
        K -= (X * X).sum(1)
        K *= gamma
        return np.exp(K, out=K)

    K = compare(X)
    K[np.diag_indices_from(K)] += jitter
    alpha = cho_solve(cho_factor(K, lower=True, overwrite_a=True, check_finite=False), y)
    return lambda Q: compare(Q) @ alpha


def nystroem_ridge(X: np.ndarray, y: np.ndarray, gamma: float, jitter: float) -> Predict:
    """scikit-learn's ``Nystroem`` and ``Ridge``, with as many components as "cg" has columns: another model."""
    landmarks = Nystroem(gamma=gamma, n_components=max(1, min(2000, len(X) // 10)), random_state=0)
    return make_pipeline(landmarks, Ridge(jitter, fit_intercept=False)).fit(X, y).predict


def gpytorch_cg(X: Any, y: Any, gamma: float, jitter: float) -> Callable[[Any], Any]:
    """GPyTorch's conjugate gradients, in float32 and with its default tolerance of 0.01 for predictions.

    For arrays; or for tensors, on whose device it works.
    """
    import gpytorch
    import torch

    examples, targets = (torch.as_tensor(part).float() for part in (X, y))

    class Exact(gpytorch.models.ExactGP):  # type: ignore[misc]
        def __init__(self) -> None:
            likelihood = gpytorch.likelihoods.GaussianLikelihood()
            likelihood.noise = jitter
            super().__init__(examples, targets, likelihood)
            self.mean_module, self.covar_module = gpytorch.means.ZeroMean(), gpytorch.kernels.RBFKernel()
            self.covar_module.lengthscale = (2 * gamma) ** -0.5

        def forward(self, x: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    model = Exact().to(examples.device).eval()

    def predict(Q: Any) -> Any:
        never = gpytorch.settings.max_cholesky_size(0)
        with torch.no_grad(), never, gpytorch.settings.skip_posterior_variances():
            mean = model(torch.as_tensor(Q).float()).mean.double()
            return mean if isinstance(Q, torch.Tensor) else mean.numpy()

    predict(X[:1])  # here it solves
    return predict


PEERS = {one.__name__: one for one in (kernel_ridge, cho_solve_by_hand, nystroem_ridge, gpytorch_cg)}


def is_installed(peer: str) -> bool:
    return peer != "gpytorch_cg" or find_spec("gpytorch") is not None
