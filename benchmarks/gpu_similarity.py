"""Times ``SimilarityRegressor`` and its peers on a GPU, and compares their predictions with those of the exact model.

python -m benchmarks.gpu_similarity                         all; writes results/gpu_similarity.json and docs/gpu.md
python -m benchmarks.gpu_similarity --smoke --device cpu    few examples, to see that it runs; writes nothing

The exact model is that of the whole matrix in float64, where one fits. GPyTorch is included if it is installed.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor

from accelerated import SimilarityRegressor
from benchmarks import pages
from benchmarks.gpu import PAGE, ROOT, machine, peak_memory, read_device
from benchmarks.similarity_cases import uniform
from benchmarks.similarity_peers import gpytorch_cg
from benchmarks.timing import in_turns

RESULTS = ROOT / "benchmarks" / "results" / "gpu_similarity.json"
ROUNDS = 3
FEWER = 400  # examples of --smoke
JITTER = 1e-2
Predict = Callable[[Tensor], Tensor]
Fit = Callable[[Tensor, Tensor, float], Predict]  # X, y, gamma


class Case(NamedTuple):
    """Examples, the parameters of ``SimilarityRegressor``, and its peers."""

    name: str
    n: int
    d: int
    parameters: dict[str, Any]
    peers: list[Fit]


def whole_matrix(X: Tensor, y: Tensor, gamma: float) -> Predict:
    """The whole matrix, and its Cholesky factor, in float64 by torch."""

    def compare(Q: Tensor) -> Tensor:
        return torch.cdist(Q, X).square_().mul_(-gamma).exp_()

    K = compare(X)
    K.diagonal().add_(JITTER)
    L = torch.linalg.cholesky(K)
    del K
    alpha = torch.cholesky_solve(y[:, None], L)
    return lambda Q: (compare(Q) @ alpha)[:, 0]


def gpytorch(X: Tensor, y: Tensor, gamma: float) -> Predict:
    """GPyTorch's conjugate gradients, in float32 and with its default tolerance of 0.01 for predictions."""
    return gpytorch_cg(X, y, gamma, JITTER)


INSTALLED = [gpytorch] if find_spec("gpytorch") else []
CG = {"solver": "cg"}
CASES = [
    Case("8k, 64 features", 8000, 64, {}, [whole_matrix]),
    Case("20k", 20_000, 8, {}, [whole_matrix, *INSTALLED]),
    Case("20k, cg", 20_000, 8, CG, [whole_matrix, *INSTALLED]),
    Case("50k, cg", 50_000, 8, CG, [whole_matrix]),
    Case("100k, cg", 100_000, 8, CG, []),
]


def run_case(case: Case, rounds: int, device: torch.device) -> list[dict[str, Any]]:
    X, y, Q, true = (torch.from_numpy(part).to(device) for part in uniform(case.d)(case.n))
    model = SimilarityRegressor(gamma="scale", jitter=JITTER, device=device, **case.parameters)
    gamma = model.fit(X, y).gamma_
    fits: dict[str, Callable[[], Predict]] = {"accelerated": lambda: model.fit(X, y).predict}
    fits |= {peer.__name__: partial(peer, X, y, gamma) for peer in case.peers}
    to_fit = in_turns(fits, rounds, device=device)
    predictors = {name: fit() for name, fit in fits.items()}
    to_predict = in_turns({name: partial(one, Q) for name, one in predictors.items()}, rounds, device=device)
    predicted = {name: one(Q) for name, one in predictors.items()}
    exact = predicted.get("whole_matrix")
    rows = [
        {
            "case": case.name,
            "model": name,
            "fit": to_fit[name],
            "predict": to_predict[name],
            "rmse": rms(predicted[name] - true),
            "off": None if exact is None else rms(predicted[name] - exact),  # at the queries, from the exact model
        }
        for name in fits
    ]
    assert model.certificate_ is not None
    rows[0] |= {
        "solver": model.solver_,
        "iterations": model.n_iter_,
        "converged": model.converged_,
        "certified_at_examples": float(model.certificate_.fitted_values),
        "peak_bytes": peak_memory(fits["accelerated"], device),
    }
    return rows


def rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())


def as_table(results: dict[str, Any]) -> str:
    """Times, and how far predictions are from those of the exact model."""
    lines = []
    for row in results["rows"]:
        name = row["model"].replace("_", " ")
        name += f", {row['solver']}" if "solver" in row else ""
        off = "-" if row["off"] is None else f"{row['off']:.1g}"
        lines.append([row["case"], name, f"{row['fit']:.2f}", f"{1000 * row['predict']:.1f}", off])
    header = ["regression", "model", "`fit`, s", "`predict`, ms", "off from the exact model"]
    return pages.as_table(header, lines, n_left=2)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args(arguments)
    device = read_device(parser, asked)
    results: dict[str, Any] = {"machine": machine(device), "rows": []}
    for case in CASES:
        for row in run_case(case._replace(n=FEWER) if asked.smoke else case, 1 if asked.smoke else ROUNDS, device):
            results["rows"].append(row)
            print({name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()})
    if not asked.smoke:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        PAGE.write_text(pages.with_table(PAGE.read_text(), "| regression", as_table(results)))
    return results


if __name__ == "__main__":
    main()
