"""Times ``select_gamma`` beside ``GridSearchCV`` over scikit-learn's ``KernelRidge``, on a CPU.

python -m benchmarks.gamma_selection            20 gammas, 10 jitters, 1,500 examples, on one and on two threads
python -m benchmarks.gamma_selection --smoke    tiny sizes, to see that it runs
python -m benchmarks.gamma_selection --drivers  the eigendecomposition by each driver of LAPACK, and by torch
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg
import torch
from scipy.spatial.distance import cdist
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from accelerated import SimilarityRegressor, select_gamma

DRIVERS = ("evd", "evr", "ev")
SPREAD = (1e-3, 0.1, 1.0)  # gammas: K is almost of low rank, in between, and almost the identity


def make_data(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 8))
    return X, np.sin(X).sum(axis=1) + 0.3 * rng.normal(size=n)


def seconds_of(function: Callable[[], Any]) -> tuple[float, float]:
    """The seconds that pass, and those that the threads of this process work."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def in_turns(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, tuple[float, float]]:
    """The median of both kinds of seconds for each function. All are called once in every round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            taken[name].append(seconds_of(function))
    return {name: (statistics.median(w for w, _ in t), statistics.median(c for _, c in t)) for name, t in taken.items()}


def compare(n: int, n_gammas: int, n_jitters: int, n_threads: int, rounds: int) -> dict[str, Any]:
    """Times both on the same grid. One scores five folds and the other each example, so they may choose differently."""
    X, y = make_data(n)
    gammas, jitters = np.geomspace(1e-3, 1, n_gammas), np.geomspace(1e-6, 1, n_jitters)
    grid = GridSearchCV(KernelRidge(kernel="rbf"), {"gamma": gammas, "alpha": jitters}, cv=5, refit=False)
    select = partial(select_gamma, SimilarityRegressor(), X, y, gammas, jitters)
    with threadpool_limits(n_threads):
        seconds = in_turns({"select_gamma": select, "GridSearchCV": lambda: grid.fit(X, y)}, rounds)
        ours = select()
    (our_wall, our_cpu), (their_wall, their_cpu) = seconds["select_gamma"], seconds["GridSearchCV"]
    return {
        "threads": n_threads,
        "seconds": seconds,
        "ratio": their_wall / our_wall,
        "cpu_ratio": their_cpu / our_cpu,
        "best": {
            "select_gamma": (ours.best_gamma, ours.best_jitter),
            "GridSearchCV": tuple(grid.best_params_.values()),
        },
    }


def as_lines(result: dict[str, Any]) -> str:
    lines = [
        f"{result['threads']} threads, {name}: {wall:.2f} s, {cpu:.2f} CPU-s; best {result['best'][name]}"
        for name, (wall, cpu) in result["seconds"].items()
    ]
    return "\n".join(
        [*lines, f"select_gamma is {result['ratio']:.1f} times faster, {result['cpu_ratio']:.1f} in CPU-s"]
    )


def compare_drivers(n: int) -> None:
    """Prints the seconds of one eigendecomposition, by gamma and driver."""
    distances = cdist(*[make_data(n)[0]] * 2, "sqeuclidean")
    for n_threads in (1, 2):
        for gamma in SPREAD:
            K = np.exp(-gamma * distances)
            ways: dict[str, Callable[[], Any]] = {
                driver: lambda K=K, driver=driver: scipy.linalg.eigh(
                    K.copy().T, overwrite_a=True, check_finite=False, driver=driver
                )
                for driver in DRIVERS
            }
            ways["torch"] = lambda K=K: torch.linalg.eigh(torch.from_numpy(K.copy()))
            with threadpool_limits(n_threads):
                seconds = in_turns(ways, 3)
            taken = ", ".join(f"{name} {wall:.2f} s ({cpu:.2f} CPU-s)" for name, (wall, cpu) in seconds.items())
            print(f"{n_threads} threads, gamma {gamma}: {taken}", flush=True)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--drivers", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.drivers:
        compare_drivers(50 if asked.smoke else 1500)
    results = []
    for n_threads in () if asked.drivers else (1, 2):
        sizes = (40, 3, 2) if asked.smoke else (1500, 20, 10)
        results.append(compare(*sizes, n_threads, rounds=1))
        print(as_lines(results[-1]), flush=True)
    return results


if __name__ == "__main__":
    main()
