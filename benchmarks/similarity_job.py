"""Measures one model on one case of ``benchmarks.similarity``, in a process of its own, and prints the result as JSON.

python -m benchmarks.similarity_job CASE MODEL
"""

import json
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from accelerated import SimilarityRegressor
from benchmarks.similarity_cases import CASES, Case, Data, rms
from benchmarks.similarity_peers import PEERS, Predict

FEW = 200  # examples of a fit that is not measured: it loads the libraries


def measure(case: Case, model: str) -> dict[str, Any]:
    """Fits the model and predicts the held-out set: CPU seconds, seconds, MiB of scratch, and errors."""
    data = case.make(case.n)
    fit = _similarity if model == "accelerated" else _peer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit of a few examples may warn of their gamma
        fit(case, model, Data(data.X[:FEW], data.y[:FEW], data.Q, data.true))[0](data.Q[:FEW])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (predict, of_model), of_fit = _timed(lambda: fit(case, model, data))
    predicted, of_predict = _timed(lambda: predict(data.Q))
    return {
        "case": case.name,
        "model": model,
        "n": case.n,
        "n_features": data.X.shape[1],
        "threads": torch.get_num_threads(),
        "fit": of_fit,
        "predict": of_predict,
        "rmse": rms(predicted - data.true),
        "warnings": [f"{w.category.__name__}: {w.message}" for w in caught],
        **of_model(),
    }


def _peer(case: Case, model: str, data: Data) -> tuple[Predict, Callable[[], dict[str, Any]]]:
    gamma, jitter = (case.parameters.get(name, usual) for name, usual in (("gamma", 1.0), ("jitter", 1e-6)))
    return PEERS[model](data.X, data.y, gamma, jitter), dict


def _similarity(case: Case, model: str, data: Data) -> tuple[Predict, Callable[[], dict[str, Any]]]:
    learned = SimilarityRegressor(**case.parameters).fit(data.X, data.y)

    def of_model() -> dict[str, Any]:
        proven, jitter = learned.certificate_, learned.jitter
        fitted = rms(data.y - jitter * learned.dual_coef_)  # differs from the fitted values by the residual
        return {
            "solver": learned.solver_,
            "n_iter": learned.n_iter_,
            "rank": learned.rank_,
            "converged": learned.converged_,
            "certificate": [float(bound) for bound in proven],
            "certified": float(proven.fitted_values) / max(fitted - 2 * float(proven.fitted_values), 1e-300),
            **case.extra(learned, data),
        }

    return learned.predict, of_model


def _timed(function: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """The result of a function, and its CPU seconds, seconds, and MiB beyond those held before."""
    before = _peak(anew=True)
    cpu, wall = time.process_time(), time.perf_counter()
    result = function()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return result, {"cpu": cpu, "wall": wall, "mebibytes": _peak() - before}


def _peak(anew: bool = False) -> float:
    """The largest resident memory so far, MiB, or since it was measured anew: Linux resets it for a 5."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    name, model = sys.argv[1:]
    print(json.dumps(measure(next(case for case in CASES if case.name == name), model)))
