"""The rule that chooses the filters for a metric, rows and a device: it changes the time of a search, not its answer.

tree        few features and many rows, more than 2^(2 n_features - 1), for metrics that a tree knows
boxes       the same on a GPU, more than 2^(2 n_features + 10) rows: with fewer, boxes leave so many rows to measure
            that products are faster
product     euclidean, cosine, Minkowski with p > 2 and other metrics whose distance limits |q - x|: in the type that
            this device multiplies fastest, uint8 (for rows rounded to 7 bits, if a sample shows that it pays), int8
            (for whole numbers in a range of 256), bfloat16 (float16 on a GPU) or float32, but float64 where a sample
            shows that float32 excludes too few of rows with many features. Manhattan and Minkowski with 1 < p < 2: in
            int8, or in float32 with fewer columns. Hamming (at most 8 values in a feature) and jaccard: counted in
            whole numbers that these types hold
cells       euclidean, cosine and other metrics whose distance limits |q - x|, on a CPU, if the rows are many, and a
            sample shows that they lie in clusters so far apart that a query needs few of them
prefix      euclidean and the others that it is named with, on a CPU, if the rows are many and have many features, and a
            sample shows that a few directions tell them apart: products of these, in bfloat16 or float32
raw         euclidean and cosine, on a CPU, if the rows are few, or if a sample shows that float32 excludes too few of
            rows with many features: products of the rows as they are, where these exclude enough without a shift
bitmaps     all other searches by Chebyshev distances
exhaustive  all other searches: every pair is measured
sparse      rows that are kept sparse: products for euclidean and cosine, counts for jaccard, and for hamming if the
            rows are 0 and 1; other metrics measure every pair

Where float32 excludes too few rows, the numbers of a feature may lie in clusters far apart: if so, the gaps between
these are closed before products are made (``bounds/gaps``).

Few queries by euclidean or cosine, among rows of up to 64 MiB, go by one product with the rows as they are
(``near_rows``). Where a sample shows many equal rows, the rule chooses for the distinct rows, and ``groups`` expands
their answers.
"""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from accelerated.devices import is_out_of_memory, without_autocast
from accelerated.metrics import Metric
from accelerated.search.bitmaps import BitmapFilter
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.frame import choose_frame, close_gaps, take_sample
from accelerated.search.bounds.lines import N_LINES
from accelerated.search.bounds.manhattan import N_INTERVALS
from accelerated.search.bounds.multiply import short_float
from accelerated.search.bounds.protocol import MOST_NEVER_EXCLUDED
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.cells import CellFilter
from accelerated.search.choose_bound import FEWEST_TO_SHORTEN, choose_bound, choose_short_rows
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.few_features import FewFeaturesFilter
from accelerated.search.filter import Filter, Index
from accelerated.search.groups import GroupFilter, find_groups, is_worth_grouping, repeats_rows
from accelerated.search.near_rows import NearRows
from accelerated.search.product_filter import ProductFilter
from accelerated.search.raw_rows import RawRows
from accelerated.search.sparse_counts import SparseCountFilter, has_only_0_and_1
from accelerated.search.sparse_products import SparseProductFilter
from accelerated.search.speeds import fastest_first
from accelerated.search.tree import TreeFilter
from accelerated.sparse_rows import Rows, SparseRows

SMALL_SEARCH = 2**20  # pairs x features: `python -m benchmarks.constants SMALL_SEARCH`
SMALL_SEARCH_BY_TREE = 2**15  # pairs x features: `python -m benchmarks.constants SMALL_SEARCH_BY_TREE`
SMALL_SEARCH_BY_BITMAPS = 2**16  # pairs: `python -m benchmarks.constants SMALL_SEARCH_BY_BITMAPS`
FEWEST_ROWS = 256  # for a filter: `python -m benchmarks.constants FEWEST_ROWS`
# Rows x features at which fewer rows are enough: `python -m benchmarks.constants FEWEST_NUMBERS`
FEWEST_NUMBERS = 2**13
MOST_ROWS_OF_RAW = 2**11  # which are few: `python -m benchmarks.constants MOST_ROWS_OF_RAW`
MANY_FEATURES = 2**12  # more rows are multiplied as they are if float32 tells little of so many features
MOST_BYTES_OF_RAW = 2**22  # in few rows: `python -m benchmarks.constants MOST_BYTES_OF_RAW`
# Numbers of rows that are too few for other filters, at least: `python -m benchmarks.constants FEWEST_NUMBERS_OF_RAW`
FEWEST_NUMBERS_OF_RAW = 2**8
SMALL_SEARCH_OF_RAW = 2**17  # pairs x features: `python -m benchmarks.constants SMALL_SEARCH_OF_RAW`
LEAST_ROWS = 32  # at least: of fewer rows the k nearest are a large part
# A tree wants more than 2^(2 n_features - 1) rows: each feature more takes a search of it two to three times as long.
TREE_EXPONENT = -1  # `python -m benchmarks.constants TREE_EXPONENT`
BOXES_EXPONENT = 10  # and boxes 2^(2 n_features + 10): `python -m benchmarks.constants BOXES_EXPONENT --device cuda`
OF_BOXES = (1, 2, float("inf"))  # the powers whose distances of boxes are measured
OF_MANHATTAN = {torch.int8: 2 * N_INTERVALS, torch.float32: 2 * N_LINES - 1}  # columns of a feature in its bounds
OTHERS = ("cells", "prefix", "raw", "tree", "boxes", "bitmaps", "exhaustive", "sparse")
PRODUCTS = {
    **{"uint8": torch.uint8, "int8": torch.int8, "float16": torch.float16, "bfloat16": torch.bfloat16},
    **{"float32": torch.float32, "float64": torch.float64},
}


def make_index(metric: Metric, rows: Rows, k: int = 5, filter_name: str | None = None) -> Index:
    """Returns the rows with the filters that the rule chooses, or that start with the one called ``filter_name``.

    The filters are chosen for ``k`` neighbours, though a search may want another number. A filter that is asked for by
    its name is used for small searches, too.
    """
    try:
        with without_autocast(rows.device):
            filters = choose_filters(metric, rows, filter_name, k)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        warnings.warn(f"{rows.device} has no memory left for a fast search: all pairs are measured", stacklevel=4)
        filters = []
    near = None
    if (
        filter_name is None
        and isinstance(rows, Tensor)
        and (not filters or isinstance(filters[0], ProductFilter | RawRows))
    ):
        near = NearRows.for_few_queries(metric, rows)
    last = Exhaustive(metric, rows, _why_no_filter(metric, rows), near)
    smallest_search = 0 if filter_name is not None or not filters else _smallest_search(filters[0], rows.shape[1])
    return Index(metric, rows, [*filters, last], smallest_search, 1 if near is None else 1 + near.most_queries)


def _smallest_search(first: Filter, n_features: int) -> int:
    """Returns the product of queries, rows and features from which on a search uses the filters."""
    if isinstance(first, GroupFilter):
        first = first.of_groups
    if isinstance(first, TreeFilter):
        return SMALL_SEARCH_BY_TREE
    if isinstance(first, RawRows):
        return SMALL_SEARCH_OF_RAW
    return SMALL_SEARCH_BY_BITMAPS * n_features if isinstance(first, BitmapFilter) else SMALL_SEARCH


def _why_no_filter(metric: Metric, rows: Rows) -> str:
    if metric.measure_pairs is None:
        return "the distances of all pairs are given, or a function is called for each pair"
    if _are_too_few(*rows.shape):
        return f"{len(rows)} rows are too few for a filter"
    return "no filter knows a bound for this metric that suits these rows"


def predict_seconds(index: Index, n_queries: int) -> dict[str, float]:
    """Returns the seconds of stages of a search, added up over threads, where the first filter predicts them."""
    first = index.filters[0]
    return {} if index.is_small(n_queries) or not isinstance(first, ProductFilter) else first.predict(n_queries)


def choose_filters(metric: Metric, rows: Rows, name: str | None = None, k: int = 5) -> Sequence[Filter]:
    """Returns the filters before the exhaustive search, of each distinct row once where many rows are equal."""
    if isinstance(rows, SparseRows):
        return choose_sparse_filters(metric, rows, name)
    is_asked = name == "groups"
    if metric.measure_pairs is not None and (is_asked or (name is None and repeats_rows(rows))):
        groups = find_groups(rows)
        if is_asked or is_worth_grouping(len(groups.size), len(rows)):
            distinct = rows[groups.first]
            last = Exhaustive(metric, distinct, _why_no_filter(metric, distinct))
            of_groups = [*_with_finer(choose_filter(metric, distinct, k=k)), last]
            return [GroupFilter(some, groups) for some in of_groups]
    return _with_finer(choose_filter(metric, rows, None if is_asked else name, k))


def choose_sparse_filters(metric: Metric, rows: SparseRows, name: str | None = None) -> list[Filter]:
    """Returns the filter of rows that are kept sparse, unless another one is asked for; none if all pairs are measured.

    Sparse rows are not grouped: the bounds of equal rows are equal, and to measure pairs of them takes little time.
    """
    if name not in (None, "sparse"):
        return []
    if metric.measure_sparse is not None:
        return [SparseProductFilter.make(metric, rows)]
    if metric.counts == "common" or (metric.counts == "differing" and has_only_0_and_1(rows)):
        return [SparseCountFilter.make(metric, rows)]
    return []


def _with_finer(first: Filter | None) -> Sequence[Filter]:
    return [] if first is None else [first, *first.finer()]


def choose_filter(metric: Metric, rows: Tensor, name: str | None = None, k: int = 5) -> Filter | None:
    """Returns the first filter, by the rule or by its name; None if all pairs are to be measured.

    Returns None also if the filter called ``name`` cannot be used for the rows. Raises ValueError for an unknown name.
    """
    if name is not None and name not in (*PRODUCTS, *OTHERS):
        raise ValueError(f"filter={name!r} is not one of {', '.join([*PRODUCTS, *OTHERS])}, groups")
    n_rows, n_features = rows.shape
    if name is None and _are_too_few(n_rows, n_features):
        return RawRows.of_few(metric, rows) if rows.numel() >= FEWEST_NUMBERS_OF_RAW else None
    is_cpu = rows.device.type == "cpu"
    if metric.tree_p is not None:
        exponent = (TREE_EXPONENT if is_cpu else BOXES_EXPONENT) + 2 * n_features
        by_rule = name is None and n_rows > 2**exponent
        if is_cpu and (name == "tree" or by_rule):
            return TreeFilter.make(metric, rows)
        if (name == "boxes" or (by_rule and not is_cpu)) and metric.tree_p in OF_BOXES and not metric.embeds_rows:
            others = [] if metric.radius is None else _float_filters(metric, rows, short_float(rows.device))
            return FewFeaturesFilter.make(metric, rows, others)
    if metric.tree_p == float("inf") and name in (None, "bitmaps"):
        return BitmapFilter.make(metric, rows)
    if name in ("tree", "boxes", "bitmaps", "exhaustive"):
        return None
    if name is None and _are_few(rows) and (raw := RawRows.of_few(metric, rows)) is not None:
        return raw
    frame = None if metric.radius is None else choose_frame(*_as_points(metric, rows))
    if frame is not None and name in (None, "prefix"):
        short = choose_short_rows(metric, rows, frame, name, k)
        if short is not None:
            return ProductFilter.make(metric, rows, short)
    if frame is not None and (name == "cells" or (name is None and is_cpu and rows.numel() >= FEWEST_TO_SHORTEN)):
        by_cells = CellFilter.make(metric, rows, frame, k, is_asked=name == "cells")
        if by_cells is not None:
            return by_cells
    if frame is not None and name == "raw":
        return RawRows.make(metric, rows, frame, _float_filters(metric, rows, torch.float32), is_asked=True)
    if name in ("cells", "prefix", "raw"):
        return None
    n_columns = OF_MANHATTAN if metric.manhattan_radius is not None else None
    for dtype in fastest_first(rows.device, n_columns) if name is None else [PRODUCTS[name]]:
        if not product_keeps_error_limit(dtype, rows.device):
            continue
        if (bound := choose_bound(metric, rows, frame, dtype, k if name is None else None)) is not None:
            if name is None and isinstance(bound, SquaredBound):
                bound = _without_gaps(metric, rows, bound).useful()
                if bound.dtype == torch.float64 and n_features >= MANY_FEATURES:
                    raw = RawRows.make(metric, rows, bound.frame, [ProductFilter(metric, rows, bound)])
                    if raw is not None:
                        return raw
            chosen = ProductFilter.make(metric, rows, bound)
            if chosen.n_never_excluded <= MOST_NEVER_EXCLUDED:
                return chosen
    return None


def _without_gaps(metric: Metric, rows: Tensor, bound: SquaredBound) -> SquaredBound:
    """Returns the bound, after gaps are closed if it is not useful; to look for them in many features takes memory."""
    if bound.is_useful or rows.shape[1] >= MANY_FEATURES:
        return bound
    closed = close_gaps(*_as_points(metric, rows))
    return bound if closed is None else SquaredBound.make(metric, closed, bound.dtype)


def filters_by_bounds(index: Index) -> list[Filter]:
    """Returns the filters without that of raw rows, which finds no rows within a radius.

    If few rows have no other, they get those in floating point, which encode them for each search.
    """
    filters = [chosen for chosen in index.filters if not isinstance(chosen, RawRows)]
    if len(filters) > 1 or len(filters) == len(index.filters) or _are_too_few(*index.rows.shape):
        return filters
    assert isinstance(index.rows, Tensor)
    return [*_float_filters(index.metric, index.rows, torch.float32), *filters]


def _as_points(metric: Metric, rows: Tensor) -> tuple[Tensor, int]:
    """Returns rows to choose a frame from, and how many features the points of the metric have more.

    For most metrics the rows are the points, and for cosine but for one feature. For others a sample is embedded here.
    """
    if not metric.embeds_rows or not metric.keeps_rows:
        return rows, metric.n_embedded
    return metric.embed(take_sample(rows)), 0


def _are_few(rows: Tensor) -> bool:
    return len(rows) <= MOST_ROWS_OF_RAW and rows.nbytes <= MOST_BYTES_OF_RAW


def _are_too_few(n_rows: int, n_features: int) -> bool:
    return n_rows < max(LEAST_ROWS, min(FEWEST_ROWS, FEWEST_NUMBERS // n_features))


def _float_filters(metric: Metric, rows: Tensor, dtype: torch.dtype) -> list[ProductFilter]:
    """Returns filters by products of the type, and of finer ones, which encode rows when they are needed."""
    first = SquaredBound.make(metric, choose_frame(*_as_points(metric, rows)), dtype)
    return [ProductFilter(metric, rows, bound) for bound in (first, *first.finer())]
