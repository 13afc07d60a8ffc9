"""Searches for data on which the filters exclude few rows, so that a search may fall off a cliff.

python -m benchmarks.cliffs                  tries 500 kinds of data, and times the worst beside scikit-learn
python -m benchmarks.cliffs --examples 20    tries fewer

Hypothesis draws the data: rows of two kinds of those that the claims are tested on (``conformance.cases.data``), mixed,
scaled and moved. It is told the share of the pairs that were measured exactly, and then varies the draws where that is
large. Data that are slow are worth a line in ``benchmarks/hostile.py``.
"""

import argparse
import warnings
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st

from accelerated import NearestNeighbors
from accelerated.search import Report
from benchmarks.peers import power_of, sklearn_brute
from benchmarks.timing import in_turns
from conformance.cases.data import COMMON_METRICS, DATA, extreme

METRICS = (*COMMON_METRICS, "cosine", "hamming", "minkowski")
KINDS = {make.__name__: make for make in DATA if make is not extreme}  # cubes of extreme numbers are infinite
N_QUERIES, MOST_SHOWN, ROUNDS = 200, 10, 3


class Drawn(NamedTuple):
    """A search among rows of two kinds."""

    metric: str
    k: int
    n_features: int
    kinds: tuple[str, str]
    share: float  # of the rows that are of the second kind
    scale: float  # of the second kind
    offset: float  # of all rows
    seed: int


DRAWS = st.builds(
    Drawn,
    metric=st.sampled_from(METRICS),
    k=st.sampled_from([1, 10, 100]),
    n_features=st.integers(1, 300),
    kinds=st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS))),
    share=st.sampled_from([0.0, 0.001, 0.1, 0.5]),
    scale=st.sampled_from([0.0, 1e-6, 1.0, 1e6]),
    offset=st.sampled_from([0.0, 1.0, 1e4]),
    seed=st.integers(0, 9),
)


def make(drawn: Drawn, n_rows: int) -> np.ndarray:
    """The rows, float64 (n_rows, n_features); the first of them are the queries."""
    rng = np.random.default_rng(drawn.seed)
    first, second = (KINDS[kind](rng, n_rows, drawn.n_features) for kind in drawn.kinds)
    return np.where(rng.random((n_rows, 1)) < drawn.share, drawn.scale * second, first) + drawn.offset


def share_measured(report: Report, n_rows: int) -> float:
    """The share of the pairs that were measured exactly; the exhaustive search measures all of a query."""
    n_exhaustive = report.n_queries if report.filter == "exhaustive" else report.fallbacks.get("exhaustive", 0)
    return min(1.0, report.candidates / (report.n_queries * n_rows) + n_exhaustive / report.n_queries)


def search(drawn: Drawn, n_rows: int) -> float:
    """Searches by the rule, and returns the share of the pairs that were measured."""
    X = make(drawn, n_rows)
    model = NearestNeighbors(drawn.k, metric=drawn.metric, **power_of(drawn.metric)).fit(X)
    return share_measured(model.search_report(X[:N_QUERIES]), n_rows)


def find_worst(n_rows: int, n_examples: int) -> list[tuple[float, Drawn]]:
    """The draws of which most pairs were measured, the worst first, one for each metric and pair of kinds."""
    worst: dict[Any, tuple[float, Drawn]] = {}

    @seed(0)
    @settings(
        max_examples=n_examples,
        phases=[Phase.generate, Phase.target],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(DRAWS)
    def try_one(drawn: Drawn) -> None:
        share = search(drawn, n_rows)
        target(share, label=drawn.metric)
        kind = drawn.metric, drawn.kinds
        worst[kind] = max(worst.get(kind, (share, drawn)), (share, drawn))

    try_one()
    return sorted(worst.values(), reverse=True)


def time_beside_sklearn(drawn: Drawn, n_rows: int, rounds: int) -> float:
    """scikit-learn's time over ours, both without ``fit``."""
    X = make(drawn, n_rows)
    model = NearestNeighbors(drawn.k, metric=drawn.metric, **power_of(drawn.metric)).fit(X)
    asks = {"ours": model.kneighbors, "sklearn": sklearn_brute(X, drawn.k, drawn.metric)}
    with warnings.catch_warnings(action="ignore"):  # scikit-learn's, of numbers that overflow
        seconds = in_turns({name: partial(ask, X[:N_QUERIES]) for name, ask in asks.items()}, rounds)
    return seconds["sklearn"] / seconds["ours"]


def main(arguments: list[str] | None = None) -> list[tuple[float, Drawn]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--rows", type=int, default=20_000)
    asked = parser.parse_args(arguments)
    worst = find_worst(asked.rows, asked.examples)
    print("pairs measured, scikit-learn's time over ours, data")
    for share, drawn in worst[:MOST_SHOWN]:
        ratio = time_beside_sklearn(drawn, asked.rows, ROUNDS)
        print(f"{share:14.2%} {ratio:30.2f}  {drawn}", flush=True)
    return worst


if __name__ == "__main__":
    main()
