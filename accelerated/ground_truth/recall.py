"""Recall: the share of the k nearest rows that were found, with the interval that equal distances leave open.

Where rows tie at the k-th place, a ground truth may name any of them, so one answer has another recall by each truth.
Let t be the distance of the k-th true row. A truth has all rows nearer than t, ``near`` of them, and k - near of the
``n_tied`` rows at t. If an answer has ``found_near`` of the former and ``found_tied`` of the latter,

    most    found_near + min(found_tied, k - near)               the truth takes the tied rows of the answer first
    least   found_near + max(0, k - near - (n_tied - found_tied))   it takes the n_tied - found_tied other rows first

By distance, as ann-benchmarks has it (``ann_benchmarks/plotting/metrics.py``, there with a tolerance), a row counts if
it is at most t far: found_near + found_tied, by every truth. big-ann-benchmarks compares with all rows of its file that
tie, within 1e-6 (``compute_recall_with_distance_ties`` in ``benchmark/plotting/metrics.py``).

If the last row of a file is at t, more rows at t may follow in the base, and the file does not tell which. Then a row
of the answer that is not in the file may be one of them, and a truth may take all of its k - near rows from outside of
the answer.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from accelerated.shards import NO_ROW
from knn_inputs.containers import to_array
from knn_inputs.messages import show
from knn_inputs.parameters import check_int


class Interval(NamedTuple):
    """The least and the greatest value that are possible."""

    low: float
    high: float


class Recall(NamedTuple):
    """Shares of the k nearest rows that were found, from 0 to 1, over all queries.

    - given: by the first k rows of the truth as it is
    - by_set: by any truth that equal distances allow; None if the truth has no distances
    - by_distance: of the rows that are at most as far as the k-th true row; None if the truth has no distances
    - n_tied: the number of queries whose k-th distance another row has, too, or may have
    """

    given: float
    by_set: Interval | None
    by_distance: Interval | None
    n_tied: int


class _Counts(NamedTuple):
    """Rows of one answer that are among the k nearest."""

    given: int
    set_low: int
    set_high: int
    distance_low: int
    distance_high: int


def recall(found: Any, truth: Any, k: int | None = None, *, tied_beyond: Sequence[int] | None = None) -> Recall:
    """Returns the recall of the first k indices that were found for each query, int (n_queries, k or more).

    ``truth`` is a pair (distances, indices), both (n_queries, k or more), nearest first, as ``kneighbors`` returns it,
    or the indices alone. Without k it is the width of the truth. A repeated index of an answer counts once, and -1 is a
    missing row. More rows than k in the truth show where ties end. If they do not, ``tied_beyond`` may tell it: the
    numbers of the queries whose next row ties with the last of the truth, as the JSON beside a ground truth lists them;
    None: any query may be one of them.

    Raises TypeError for indices and numbers of queries that are not ints; ValueError for shapes that do not match, for
    fewer than k rows, for distances that do not ascend, for a row that the truth repeats, and for a query of
    ``tied_beyond`` that is not there.

    >>> truth = [[0.0, 2.0, 2.0, 5.0]], [[7, 1, 4, 3]]  # rows 1 and 4 tie at the second place
    >>> recall([[7, 4]], truth, k=2)
    Recall(given=0.5, by_set=Interval(low=0.5, high=1.0), by_distance=Interval(low=1.0, high=1.0), n_tied=1)
    """
    distances, indices = _split(truth)
    found, indices = _read_indices(found, "found"), _read_indices(indices, "truth")
    k = indices.shape[1] if k is None else check_int(k, "k")
    _check_shapes(found, indices, k)
    _check_truth(indices, k)
    answers, truths = found.tolist(), indices.tolist()
    n_rows = len(found) * k
    if distances is None:
        hits = sum(
            len(_rows_of(answer, k).intersection(true[:k])) for answer, true in zip(answers, truths, strict=True)
        )
        return Recall(hits / n_rows, None, None, 0)
    distances = _read_distances(distances, indices)
    kth = distances[:, k - 1 : k]
    n_near, n_known = (distances < kth).sum(1), (distances <= kth).sum(1)
    goes_on = n_known == distances.shape[1]
    if tied_beyond is not None:
        goes_on &= np.isin(np.arange(len(found)), _read_tied(tied_beyond, len(found)))
    of_queries = zip(answers, truths, n_near.tolist(), n_known.tolist(), goes_on.tolist(), strict=True)
    counts = [_count(answer, true, k, *sizes) for answer, true, *sizes in of_queries]
    given, *bounds = (np.array(counts).sum(0) / n_rows).tolist()
    n_tied = int(((n_known > k) | goes_on).sum())
    return Recall(given, Interval(*bounds[:2]), Interval(*bounds[2:]), n_tied)


def _count(found: list[int], truth: list[int], k: int, n_near: int, n_known: int, goes_on: bool) -> _Counts:
    """Counts for one query: the first ``n_near`` rows of the truth are nearer than the k-th, up to ``n_known`` tie."""
    rows, places = _rows_of(found, k), k - n_near
    near, tied = len(rows.intersection(truth[:n_near])), len(rows.intersection(truth[n_near:n_known]))
    perhaps = len(rows.difference(truth)) if goes_on else 0
    others = places if goes_on else n_known - n_near - tied  # tied rows that are not in the answer
    return _Counts(
        given=len(rows.intersection(truth[:k])),
        set_low=near + max(0, places - others),
        set_high=near + min(tied + perhaps, places),
        distance_low=near + tied,
        distance_high=near + tied + perhaps,
    )


def _rows_of(found: list[int], k: int) -> set[int]:
    return set(found[:k]) - {NO_ROW}


def _split(truth: Any) -> tuple[Any, Any]:
    """Returns the distances, None if there are none, and the indices."""
    if not isinstance(truth, tuple):
        return None, truth
    if len(truth) != 2:
        raise ValueError(f"truth is a tuple of {len(truth)}, but must be (distances, indices), or the indices alone")
    return truth


def _read_tied(queries: Any, n_queries: int) -> np.ndarray:
    array = to_array(queries, "tied_beyond")
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        problem = f"tied_beyond has shape {array.shape} and dtype {array.dtype}"
        raise TypeError(f"{problem}, but must be a list of ints, the numbers of queries")
    if array.size and not 0 <= array.min() <= array.max() < n_queries:
        bad = array[(array < 0) | (array >= n_queries)][0]
        raise ValueError(f"tied_beyond has {bad}, but must have numbers of the {n_queries} queries, from 0 on")
    return array.astype(np.int64)


def _read_indices(indices: Any, name: str) -> np.ndarray:
    array = to_array(indices, name)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} has shape {array.shape}, but must be indices, (n_queries, k)")
    if array.dtype.kind not in "iu":
        advice = ": pass (distances, indices), in this order" if name == "truth" else ": pass the indices alone"
        raise TypeError(f"{name} has indices of dtype {array.dtype}, but they must be ints{advice}")
    if array.dtype.kind == "i" and array.min() < NO_ROW:
        query, place = np.argwhere(array < NO_ROW)[0]
        raise ValueError(f"{name}[{query}, {place}]={array[query, place]} is below -1, which means a missing row")
    return array


def _check_shapes(found: np.ndarray, indices: np.ndarray, k: int) -> None:
    """Raises ValueError unless both have the same queries, and k rows for each."""
    if len(found) != len(indices):
        raise ValueError(
            f"found has {len(found)} queries, but truth has {len(indices)}: pass both for the same queries"
        )
    for rows, name in ((found, "found"), (indices, "truth")):
        if rows.shape[1] < k:
            raise ValueError(f"{name} has {rows.shape[1]} rows for each query, fewer than k={k}: pass a smaller k")


def _check_truth(indices: np.ndarray, k: int) -> None:
    """Raises ValueError unless each query has k rows, and none of its rows twice."""
    ordered = np.sort(indices, 1)
    for is_bad, problem in (
        ((indices[:, :k] == NO_ROW).any(1), f"fewer than k={k} rows: pass a smaller k"),
        (((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_ROW)).any(1), "a row twice, so it is no truth"),
    ):
        if is_bad.any():
            raise ValueError(f"truth of query {int(is_bad.argmax())} has {problem}")


def _read_distances(distances: Any, indices: np.ndarray) -> np.ndarray:
    array = to_array(distances, "distances of truth")
    if array.shape != indices.shape or array.dtype.kind not in "fiu":
        kinds = f"shape {array.shape} and dtype {array.dtype}"
        raise ValueError(f"truth has distances of {kinds}, but must have one number for each index, {indices.shape}")
    if np.isnan(array).any():
        raise ValueError(f"truth of query {int(np.isnan(array).any(1).argmax())} has NaN as a distance")
    if not (ascends := array[:, 1:] >= array[:, :-1]).all():
        query, place = np.argwhere(~ascends)[0]
        pair = f"{show(array[query, place].item())} before {show(array[query, place + 1].item())}"
        raise ValueError(f"truth of query {query} has distance {pair} at place {place}, but must be nearest first")
    return array
