"""Where the numbers of a feature have wide gaps, these are closed: bounds stay bounds, and tell near rows apart."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

from accelerated import NearestNeighbors
from accelerated.metrics import METRICS
from accelerated.search.bounds.frame import choose_frame, close_gaps
from accelerated.search.bounds.gaps import find_gaps
from accelerated.search.bounds.multiply import ceiling
from accelerated.search.bounds.squared import SquaredBound
from tests.helpers import HOSTILE, by, made_by

EUCLIDEAN = METRICS["euclidean"]


def with_gaps(rng: np.random.Generator, n_rows: int = 600) -> np.ndarray:
    """Returns rows some of whose features, or all of them, have numbers in clusters far apart."""
    n_features = int(rng.integers(2, 20))
    X = rng.normal(size=(n_rows, n_features)) * 10.0 ** rng.integers(-6, 6)
    gap = 10.0 ** rng.uniform(2, 25)
    kind = rng.integers(4)
    if kind == 0:  # clusters
        centers = gap * rng.normal(size=(rng.integers(2, 6), n_features))
        X += centers[rng.integers(0, len(centers), n_rows)]
    elif kind == 1:  # a number that stands for a missing one, in some features
        for j in range(0, n_features, 3):
            X[rng.random(n_rows) < rng.uniform(0, 0.6), j] = rng.choice([-gap, gap])
    elif kind == 2:  # the same beside an offset
        X += 1e7
        X[rng.random(n_rows) < 0.3, 0] = -gap
    else:  # more clusters in a feature than gaps are closed
        X[:, 0] += gap * rng.integers(-20, 20, n_rows)
    return X


def exactly_closed(gaps, x: list[float]) -> list[Fraction]:
    """Returns f of a row, from its definition."""
    closed = []
    for j, number in enumerate(x):
        start, value = Fraction(float(gaps.start[j])), Fraction(0)
        for low, high in zip(gaps.low[:, j].tolist(), gaps.high[:, j].tolist(), strict=True):
            if number <= low:
                break
            value, start = value + Fraction(low) - start, Fraction(high)
        closed.append(max(Fraction(number) - start, 0) + value if number > gaps.low[0, j] else Fraction(number) - start)
    return closed


def drawn_gaps(rng: np.random.Generator) -> tuple[np.ndarray, object]:
    gaps = None
    while gaps is None:
        X = with_gaps(rng, 100)
        gaps = find_gaps(torch.from_numpy(X))
    return X, gaps


def test_closing_gaps_brings_no_two_numbers_farther_apart(rng):
    for _ in range(40):
        X, gaps = drawn_gaps(rng)
        ends = torch.cat([gaps.low, gaps.high])
        ends = ends[ends.isfinite().all(1)].numpy()
        points = np.concatenate([X[:20], ends, np.nextafter(ends, np.inf), np.nextafter(ends, -np.inf), 2 * ends])
        closed = [exactly_closed(gaps, point.tolist()) for point in points]
        for j in range(X.shape[1]):
            order = points[:, j].argsort()
            for a, b in pairwise(order):
                assert 0 <= closed[b][j] - closed[a][j] <= Fraction(float(points[b, j])) - Fraction(float(points[a, j]))


def test_closed_numbers_are_as_near_to_their_definition_as_promised(rng):
    u = Fraction(1, 2**53)
    for _ in range(40):
        X, gaps = drawn_gaps(rng)
        X = np.concatenate([X, X + rng.normal(size=X.shape) * np.abs(X).max()])
        sample = gaps.close(torch.from_numpy(X[:100]))
        largest = [Fraction(number) for number in sample.amax(0).tolist()]
        for x, closed in zip(X[::7], gaps.close(torch.from_numpy(X[::7])).tolist(), strict=True):
            for number, exact, most in zip(closed, exactly_closed(gaps, x.tolist()), largest, strict=True):
                assert abs(Fraction(number) - exact) <= u * (2 * abs(exact) + 18 * most)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_row_whose_bound_is_above_the_threshold_of_a_distance_is_farther(dtype, rng):
    n_excluded = 0
    for _ in range(60):
        rows = torch.from_numpy(with_gaps(rng))
        frame = close_gaps(rows)
        if frame is None:
            continue
        bound, queries = SquaredBound.make(EUCLIDEAN, frame, dtype), rows[:30] + 0.01 * rows[30:60]
        encoded = bound.encode_queries(queries)
        certifiable = encoded.certifiable
        distances = EUCLIDEAN.measure_block(queries, rows, 0, len(rows))[certifiable]
        bounds = made_by(bound, rows, encoded)
        for place in (0, 5, 300):
            kth = distances.sort(1).values[:, place]
            of_all = torch.zeros(30, dtype=torch.float64).masked_scatter_(certifiable, kth)
            threshold = ceiling(bound.threshold(of_all, queries, encoded), dtype)[certifiable]
            is_excluded = bounds > threshold.double()[:, None].numpy()
            assert (distances > kth[:, None]).numpy()[is_excluded].all()
            n_excluded += is_excluded.sum()
    assert n_excluded > 100_000


def test_the_rule_closes_gaps_and_the_bits_are_those_of_the_exhaustive_search(rng):
    n_certified = n_closed = 0
    for i in range(80):
        X = with_gaps(rng).astype(rng.choice([np.float32, np.float64]))
        weights = rng.lognormal(0, 3, X.shape[1])
        params = [
            {"metric": str(rng.choice(["euclidean", "sqeuclidean", "cosine"]))},
            {"metric": "minkowski", "p": 3},
            {"metric_params": {"w": weights}},
            {"metric": "seuclidean", "metric_params": {"V": weights}},
        ][i % 4]
        model = NearestNeighbors(5, **params).fit(X)
        model._index = model._index._replace(smallest_search=0, fewest_queries=1)
        first = model._index.filters[0]
        n_closed += getattr(getattr(first, "bound", None), "frame", choose_frame(torch.from_numpy(X))).gaps is not None
        for queries in (X[:40] + 0.01 * X[40:80], None):
            expected = by("exhaustive", 5, **params).fit(X).kneighbors(queries)
            for found, wanted in zip(model.kneighbors(queries), expected, strict=True):
                np.testing.assert_array_equal(found, wanted)
        n_certified += model.search_report(X[:40]).certified
    assert n_closed > 20 and n_certified > 1600


@pytest.mark.parametrize("gap", [1e4, 1e6, 1e9, 1e12])
def test_clusters_at_any_distance_are_certified(gap, rng):
    X = rng.normal(size=(2000, 32)) + gap * rng.integers(0, 3, (2000, 1))
    X[rng.random(2000) < 0.2, 7] = -3.4e38
    report = NearestNeighbors(5).fit(X).search_report(X[:500])

    assert report.filter != "exhaustive" and report.certified == 500
    assert report.candidates < 500 * 100


FAR_APART = ("far tight clusters", "one far away", "one beyond reach", "of all sizes")


@pytest.mark.parametrize("data", [name for name in HOSTILE if name not in FAR_APART])
def test_rows_without_wide_gaps_between_many_numbers_are_left_as_they_are(data):
    assert find_gaps(torch.from_numpy(HOSTILE[data])) is None


def test_a_gap_that_is_made_wider_excludes_rows_that_are_near_enough(rng):
    """So the test of thresholds would notice."""
    rows = torch.from_numpy(rng.normal(size=(600, 4)) + 1e6 * (rng.random((600, 1)) < 0.5))
    frame, queries = close_gaps(rows), rows[:30]
    distances = EUCLIDEAN.measure_block(queries, rows, 0, 600)
    n_excluded = []
    for factor in (1, 1e9):
        gaps = frame.gaps._replace(value=frame.gaps.value * factor)
        bound = SquaredBound.make(EUCLIDEAN, frame._replace(gaps=gaps), torch.float64)
        encoded = bound.encode_queries(queries)
        thresholds = bound.threshold(distances.amax(1), queries, encoded)[:, None].numpy()
        n_excluded.append((made_by(bound, rows, encoded) > thresholds[encoded.certifiable]).sum())
    assert n_excluded[0] == 0 < n_excluded[1]
