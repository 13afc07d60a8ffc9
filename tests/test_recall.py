"""Recall against an enumeration of all truths that equal distances allow."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelerated import NearestNeighbors
from accelerated.ground_truth import recall


def all_truths(distances, k):
    """Every set of k rows none of which is farther than a row outside of it."""
    rows = range(len(distances))
    for chosen in map(set, combinations(rows, k)):
        if max(distances[i] for i in chosen) <= min((distances[i] for i in rows if i not in chosen), default=np.inf):
            yield chosen


def truth_of(distances, width):
    order = np.argsort(distances, kind="stable")[:width]
    return np.array([distances])[:, order], order[None]


@st.composite
def answers(draw):
    """Distances with many ties, k, the width of the truth, and an answer with missing and repeated rows."""
    distances = draw(st.lists(st.integers(0, 3), min_size=1, max_size=7))
    k = draw(st.integers(1, len(distances)))
    width = draw(st.integers(k, len(distances)))
    found = draw(st.lists(st.integers(-1, len(distances) - 1), min_size=k, max_size=k + 1))
    return np.array(distances), k, width, found


@given(answers())
def test_the_interval_is_that_of_all_truths_if_it_is_known_where_ties_end(case):
    distances, k, width, found = case
    ordered = np.sort(distances)
    goes_on = [0] if width < len(ordered) and ordered[width] == ordered[width - 1] else []

    result = recall([found], truth_of(distances, len(ordered)), k, tied_beyond=[])
    narrow = recall([found], truth_of(distances, width), k, tied_beyond=goes_on)

    rows = set(found[:k]) - {-1}
    hits = [len(rows & truth) / k for truth in all_truths(distances, k)]
    within = sum(distances[row] <= ordered[k - 1] for row in rows) / k
    assert result.by_set == (min(hits), max(hits))
    assert result.by_distance == (within, within)
    assert result.given == narrow.given in hits
    assert result.n_tied == (len(hits) > 1) == narrow.n_tied
    assert narrow.by_set.low <= min(hits) and max(hits) <= narrow.by_set.high
    assert narrow.by_distance.low <= within <= narrow.by_distance.high
    if not goes_on:
        assert narrow == result


@given(answers())
def test_if_ties_may_go_on_the_interval_is_that_of_all_bases_that_end_so(case):
    distances, k, width, found = case
    shown, indices = truth_of(distances, width)
    goes_on = shown[0, -1] == shown[0, k - 1]
    outside = sorted({*found[:k]} - {-1, *indices[0].tolist()})
    bases = []
    for n_more in (0, k) if goes_on else (0,):  # rows at the last distance that are not in the answer
        for tied in (True, False) if goes_on else (False,):
            base = {
                **dict(zip(indices[0].tolist(), shown[0], strict=True)),
                **{100 + i: shown[0, -1] for i in range(n_more)},
            }
            bases.append({**base, **dict.fromkeys(outside, shown[0, -1] if tied else shown[0, -1] + 1)})

    result = recall([found], (shown, indices), k)

    rows, hits, within = set(found[:k]) - {-1}, [], []
    for base in bases:
        names = list(base)
        for truth in all_truths(list(base.values()), k):
            hits.append(len(rows & {names[i] for i in truth}) / k)
        within.append(sum(base[row] <= shown[0, k - 1] for row in rows) / k)
    assert result.by_set == (min(hits), max(hits))
    assert result.by_distance == (min(within), max(within))


def test_the_recall_of_many_queries_is_their_mean(rng):
    X, Q = rng.integers(0, 4, (60, 3)), rng.integers(0, 4, (40, 3))
    truth = NearestNeighbors(12).fit(X).kneighbors(Q)
    found = rng.integers(-1, 60, (40, 5))

    whole = recall(found, truth, 5)

    single = [recall(found[[i]], (truth[0][[i]], truth[1][[i]]), 5) for i in range(40)]
    assert np.isclose(whole.given, np.mean([one.given for one in single]), rtol=1e-12)
    assert np.allclose(whole.by_set, np.mean([one.by_set for one in single], axis=0), rtol=1e-12)
    assert np.allclose(whole.by_distance, np.mean([one.by_distance for one in single], axis=0), rtol=1e-12)
    assert whole.n_tied == sum(one.n_tied for one in single) > 0


def test_without_distances_the_first_k_rows_are_compared_and_no_interval_is_known():
    assert recall([[1, 2, 3]], [[3, 1, 9, 2]], 2) == (0.5, None, None, 0)
    assert recall(np.array([[5]], dtype=np.uint32), [[5, 6]], 1).given == 1


@pytest.mark.parametrize(
    ("found", "truth", "k", "error", "message"),
    [
        ([[1.0]], [[1]], 1, TypeError, "found has indices of dtype float64, but they must be ints"),
        ([[1]], ([[1]], [[0.5]]), 1, TypeError, r"truth has indices of dtype float64.*pass \(distances, indices\)"),
        ([[1, 2], [3]], [[1]], 1, ValueError, "found"),
        ([[1]], ([[1.0]], [[1]], 3), 1, ValueError, r"truth is a tuple of 3, but must be \(distances, indices\)"),
        ([1], [[1]], 1, ValueError, r"found has shape \(1,\)"),
        ([[1], [2]], [[1]], 1, ValueError, "found has 2 queries, but truth has 1"),
        ([[1]], [[1, 2]], 2, ValueError, "found has 1 rows for each query, fewer than k=2"),
        ([[1, 2]], [[1]], 2, ValueError, "truth has 1 rows for each query, fewer than k=2"),
        ([[1]], [[1]], 0, ValueError, "k=0 is less than 1"),
        ([[1]], [[1]], 1.0, TypeError, "k=1.0 is a float"),
        ([[1, -2]], [[1, 2]], 1, ValueError, r"found\[0, 1\]=-2 is below -1"),
        ([[1, 2]] * 2, [[1, 2], [1, -1]], 2, ValueError, "truth of query 1 has fewer than k=2 rows"),
        ([[1, 2]] * 2, [[1, 2], [4, 4]], 1, ValueError, "truth of query 1 has a row twice"),
        ([[1]], ([[2.0, 1.0]], [[1, 2]]), 1, ValueError, r"query 0 has distance 2.0 before 1.0 at place 0"),
        ([[1]], ([[np.nan]], [[1]]), 1, ValueError, "truth of query 0 has NaN as a distance"),
        ([[1]], ([[2.0]], [[1, 2]]), 1, ValueError, r"distances of shape \(1, 1\) and dtype float64"),
    ],
)
def test_bad_input_is_named(found, truth, k, error, message):
    with pytest.raises(error, match=message):
        recall(found, truth, k)


@pytest.mark.parametrize(
    ("tied_beyond", "error", "message"),
    [
        ([1], ValueError, "tied_beyond has 1, but must have numbers of the 1 queries"),
        ([-1], ValueError, "tied_beyond has -1"),
        ([True], TypeError, "dtype bool, but must be a list of ints"),
        ([0.5], TypeError, "dtype float64, but must be a list of ints"),
        (["a"], TypeError, "tied_beyond has shape"),
        (0, TypeError, r"tied_beyond has shape \(\)"),
        ({"0": 1}, TypeError, "tied_beyond is a dict"),
    ],
)
def test_wrong_numbers_of_tied_queries_are_named(tied_beyond, error, message):
    with pytest.raises(error, match=message):
        recall([[1]], ([[1.0]], [[1]]), tied_beyond=tied_beyond)
