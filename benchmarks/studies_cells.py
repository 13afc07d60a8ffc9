"""The constants that decide how rows in clusters are searched, and the searches that depend on them."""

import numpy as np

from benchmarks.study_cases import RNG, Case, Study, each, of


def clusters(n_rows: int, n_queries: int, n_clusters: int, **how: object) -> list[Case]:
    """Rows of 64 features in clusters, three times as far apart as they are wide."""
    centers = 3 * RNG.normal(size=(n_clusters, 64))
    made = centers[RNG.integers(0, n_clusters, n_rows + n_queries)] + RNG.normal(size=(n_rows + n_queries, 64))
    made = made.astype(np.float32)
    return [Case(made[:n_rows], made[n_rows:], **how)]


def with_one_far_query(n_rows: int, n_queries: int, n_clusters: int) -> list[Case]:
    """Queries one of which is so far away that bounds tell few rows from others."""
    (case,) = clusters(n_rows, n_queries, n_clusters)
    case.Q[0] *= 1e6
    return [case]


USUAL = [(100_000, 1000, n_clusters) for n_clusters in (10, 100, 500)]
STUDIES_CELLS = {
    "CELL_SAMPLE": Study(of("CELL_SAMPLE", 2**10, 2**9, 2**11, 2**12), lambda: each(clusters, USUAL, with_fit=True)),
    "MOST_CENTERS": Study(of("MOST_CENTERS", 2**8, 2**6, 2**7, 2**9), lambda: each(clusters, USUAL, with_fit=True)),
    "ROWS_OF_CELL": Study(
        of("ROWS_OF_CELL", 2**8, 2**6, 2**7, 2**10, 2**11),
        lambda: each(clusters, [(70_000, 1000, n) for n in (10, 100)], with_fit=True),
    ),
    "QUERIES_TO_PAY": Study(
        of("QUERIES_TO_PAY", 1000, 0, 100, 10_000),
        lambda: each(clusters, [(100_000, n, 100) for n in (100, 1000, 10_000)], with_fit=True),
    ),
    "FEWEST_WITH_CELLS": Study(
        of("FEWEST_WITH_CELLS", 2**10, 2**5, 2**8, 2**12), lambda: each(clusters, [(100_000, 4000, 100)])
    ),
    "CELL_QUERIES": Study(of("CELL_QUERIES", 2**11, 2**9, 2**13), lambda: each(clusters, [(100_000, 10_000, 100)])),
    "MOSTLY_EMPTY": Study(
        of("MOSTLY_EMPTY", 8, 2, 4, 32, 2**30),
        lambda: each(clusters, USUAL[:2]) + each(with_one_far_query, [(20_000, 500, 100)]),
    ),
    "ASSIGNED": Study(of("ASSIGNED", 2**11, 2**9, 2**10, 2**12, 2**13), lambda: each(clusters, USUAL, with_fit=True)),
}
