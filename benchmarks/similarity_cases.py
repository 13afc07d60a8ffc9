"""The cases of ``benchmarks.similarity``: data, parameters, and the models that are compared on them."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from accelerated import SimilarityRegressor
from benchmarks.similarity_peers import cho_solve_by_hand

EXAMPLE = Path(__file__).parent.parent / "examples" / "diamonds.py"
LEFT_OUT = 100  # examples that a model is fitted without


class Data(NamedTuple):
    """Examples and a held-out set."""

    X: np.ndarray
    y: np.ndarray
    Q: np.ndarray
    true: np.ndarray


class Case(NamedTuple):
    """Data, the parameters of ``SimilarityRegressor``, its peers, and a function that measures more of it."""

    name: str
    n: int
    make: Callable[[int], Data]  # number of examples -> data
    parameters: dict[str, Any]
    peers: list[str]
    extra: Callable[[SimilarityRegressor, Data], dict[str, float]] = lambda model, data: {}


def uniform(d: int) -> Callable[[int], Data]:
    """A function that adds up one sine of each feature, with noise of 0.3."""

    def make(n: int) -> Data:
        rng = np.random.default_rng(0)
        X = rng.random((n + 5000, d))
        y = np.sin(4 * X).sum(1) + 0.3 * rng.normal(size=len(X))
        return Data(X[:n], y[:n], X[n:], y[n:])

    return make


def diamonds(n: int) -> Data:
    """The data of ``examples/diamonds.py``; of the log prices the mean of the examples is taken off."""
    spec = importlib.util.spec_from_file_location("examples_diamonds", EXAMPLE)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    X, y = example.read(None)
    y -= y[:n].mean()
    return Data(X[:n], y[:n], X[example.TRAIN :], y[example.TRAIN :])


def compare_with_exact(model: SimilarityRegressor, data: Data) -> dict[str, float]:
    """The certificate as a multiple of the true differences from the exact model, and the change of the RMSE."""
    exact = cho_solve_by_hand(data.X, data.y, model.gamma_, model.jitter)
    fitted = rms(model.predict(data.X) - exact(data.X))
    query = np.abs(model.predict(data.Q) - exact(data.Q)).max()
    of_exact = rms(exact(data.Q) - data.true)
    return {
        "bound_of_fitted": float(model.certificate_.fitted_values) / fitted,
        "bound_of_queries": float(model.certificate_.query) / float(query),
        "change_of_rmse": abs(rms(model.predict(data.Q) - data.true) - of_exact) / of_exact,
    }


def compare_left_out(model: SimilarityRegressor, data: Data) -> dict[str, float]:
    """The largest difference of a closed-form prediction from that of a model without the example, in sd of y."""
    closed = model.loo_predictions_
    furthest = 0.0
    for i in range(LEFT_OUT):
        rest = np.arange(len(data.y)) != i
        other = SimilarityRegressor(**model.get_params()).fit(data.X[rest], data.y[rest])
        furthest = max(furthest, abs(float(other.predict(data.X[i : i + 1])[0] - closed[i])))
    return {"left_out": furthest / float(data.y.std())}


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


ITERATED = {"jitter": 1e-2, "solver": "cg"}
CASES = [
    Case("defaults", 8000, uniform(64), {}, ["kernel_ridge", "cho_solve_by_hand"]),
    Case("20k", 20_000, uniform(8), {**ITERATED, "memory_limit": "400MiB"}, ["nystroem_ridge", "gpytorch_cg"]),
    Case("50k", 50_000, uniform(8), {**ITERATED, "memory_limit": "900MiB"}, ["nystroem_ridge"]),
    Case("100k", 100_000, uniform(8), {**ITERATED, "memory_limit": "900MiB"}, ["nystroem_ridge"]),
    Case("50k, landmarks", 50_000, uniform(8), {"jitter": 1e-2, "solver": "nystrom"}, ["nystroem_ridge"]),
    Case("diamonds", 40_000, diamonds, {**ITERATED, "gamma": 0.1, "memory_limit": "900MiB"}, ["nystroem_ridge"]),
    Case("diamonds, tol 1e-5", 40_000, diamonds, {**ITERATED, "gamma": 0.1, "memory_limit": "900MiB", "tol": 1e-5}, []),
    Case("jitter 1e-6", 20_000, uniform(8), {"jitter": 1e-6, "solver": "cg", "max_iter": 20}, []),
    Case("against exact", 6000, uniform(8), ITERATED, ["kernel_ridge", "cho_solve_by_hand"], compare_with_exact),
    Case("left out", 1000, uniform(8), {"jitter": 1e-2}, [], compare_left_out),
]
