"""The rule that chooses the filters for a metric, rows and a device: it changes the time of a search, not its answer.

tree        few features and many rows, more than 2^(2 n_features - 1), for metrics that a tree knows
boxes       the same on a GPU, more than 2^(2 n_features + 10) rows: with fewer, boxes leave so many rows to measure
            that products are faster
product     euclidean, cosine, Minkowski with p > 2 and other metrics whose distance limits |q - x|: in the type that
            this device multiplies fastest, int8 (for whole numbers in a range of 256), bfloat16 (float16 on a GPU) or
            float32, but float64 where a sample shows that float32 excludes too few of rows with many features.
            Manhattan and Minkowski with 1 < p < 2: in int8, or in float32 with fewer columns. Hamming (at most 8 values
            in a feature) and jaccard: counted in whole numbers that these types hold
prefix      euclidean and the others that it is named with, on a CPU, if the rows are many and have many features, and a
            sample shows that a few directions tell them apart: products of these, in bfloat16 or float32
bitmaps     all other searches by Chebyshev distances
exhaustive  all other searches: every pair is measured
sparse      rows that are kept sparse: products for euclidean and cosine, counts for jaccard, and for hamming if the
            rows are 0 and 1; other metrics measure every pair

Few queries by euclidean or cosine, among rows of up to 32 MiB, go by one product with the rows as they are
(``near_rows``). Where a sample shows many equal rows, the rule chooses for the distinct rows, and ``groups`` expands
their answers.
"""

import functools
import math
import time
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from accelerated.devices import is_out_of_memory, without_autocast
from accelerated.metrics import Metric
from accelerated.search.bitmaps import BitmapFilter
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.frame import N_SAMPLED, Frame, choose_frame, take_sample
from accelerated.search.bounds.hamming import choose_hamming
from accelerated.search.bounds.jaccard import choose_sets
from accelerated.search.bounds.lines import N_LINES, choose_lines
from accelerated.search.bounds.manhattan import N_INTERVALS, choose_intervals
from accelerated.search.bounds.multiply import (
    integers_are_faster,
    multiply,
    prepare_queries,
    product_dtype,
    short_float,
)
from accelerated.search.bounds.prefix import MOST_FEATURES, OF_CANDIDATE, Costs, choose_prefix, expected_candidates
from accelerated.search.bounds.protocol import MOST_NEVER_EXCLUDED, EncodedRows, LowerBound
from accelerated.search.bounds.rounded import RoundedBound, choose_rounded
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.bounds.whole_numbers import choose_whole_numbers
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.few_features import FewFeaturesFilter
from accelerated.search.filter import Filter, Index
from accelerated.search.groups import GroupFilter, find_groups, is_worth_grouping, repeats_rows
from accelerated.search.near_rows import NearRows
from accelerated.search.product_filter import CPU_SIZES, ProductFilter
from accelerated.search.sparse_counts import SparseCountFilter, has_only_0_and_1
from accelerated.search.sparse_products import SparseProductFilter
from accelerated.search.tree import TreeFilter
from accelerated.sparse_rows import Rows, SparseRows

SMALL_SEARCH = 2**20  # pairs x features: `python -m benchmarks.constants SMALL_SEARCH`
SMALL_SEARCH_BY_TREE = 2**15  # pairs x features: `python -m benchmarks.constants SMALL_SEARCH_BY_TREE`
SMALL_SEARCH_BY_BITMAPS = 2**16  # pairs: `python -m benchmarks.constants SMALL_SEARCH_BY_BITMAPS`
FEWEST_ROWS = 256  # for a filter: `python -m benchmarks.constants FEWEST_ROWS`
# Rows x features at which fewer rows are enough: `python -m benchmarks.constants FEWEST_NUMBERS`
FEWEST_NUMBERS = 2**13
LEAST_ROWS = 32  # at least: of fewer rows the k nearest are a large part
# A tree wants more than 2^(2 n_features - 1) rows: each feature more takes a search of it two to three times as long.
TREE_EXPONENT = -1  # `python -m benchmarks.constants TREE_EXPONENT`
BOXES_EXPONENT = 10  # and boxes 2^(2 n_features + 10): `python -m benchmarks.constants BOXES_EXPONENT --device cuda`
OF_BOXES = (1, 2, float("inf"))  # the powers whose distances of boxes are measured
FEWEST_TO_SHORTEN = 2**22  # numbers of all rows: `python -m benchmarks.constants FEWEST_TO_SHORTEN`
SPREAD_OUT = 4  # rows that spread evenly in a quarter of their features, or more, are not shortened
LEAST_GAIN = 1.5  # times as fast a search by shorter rows must be expected: `python -m benchmarks.constants LEAST_GAIN`
SECONDS_OF_GAP = 1.7e-9  # to measure pairs, for each feature
MOST_EMBEDDED = 2**22  # numbers of rows that are embedded to choose a frame
TIMED = 512  # a CPU's products of so many rows, queries and columns are timed
OF_MANHATTAN = {torch.int8: 2 * N_INTERVALS, torch.float32: 2 * N_LINES - 1}  # columns of a feature in its bounds
OTHERS = ("prefix", "tree", "boxes", "bitmaps", "exhaustive", "sparse")
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
    if filter_name is None and isinstance(rows, Tensor) and (not filters or isinstance(filters[0], ProductFilter)):
        near = NearRows.make(metric, rows)
    last = Exhaustive(metric, rows, _why_no_filter(metric, rows), near)
    smallest_search = 0 if filter_name is not None or not filters else _smallest_search(filters[0], rows.shape[1])
    return Index(metric, rows, [*filters, last], smallest_search, 1 if near is None else 1 + near.most_queries)


def _smallest_search(first: Filter, n_features: int) -> int:
    """Returns the product of queries, rows and features from which on a search uses the filters."""
    if isinstance(first, GroupFilter):
        first = first.of_groups
    if isinstance(first, TreeFilter):
        return SMALL_SEARCH_BY_TREE
    return SMALL_SEARCH_BY_BITMAPS * n_features if isinstance(first, BitmapFilter) else SMALL_SEARCH


def _why_no_filter(metric: Metric, rows: Rows) -> str:
    if metric.measure_pairs is None:
        return "the distances of all pairs are given, or a function is called for each pair"
    if _are_too_few(*rows.shape):
        return f"{len(rows)} rows are too few for a filter"
    return "no filter knows a bound for this metric that suits these rows"


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
        return None
    is_cpu = rows.device.type == "cpu"
    if metric.tree_p is not None:
        exponent = (TREE_EXPONENT if is_cpu else BOXES_EXPONENT) + 2 * n_features
        by_rule = name is None and n_rows > 2**exponent
        if is_cpu and (name == "tree" or by_rule):
            return TreeFilter.make(metric, rows)
        if (name == "boxes" or (by_rule and not is_cpu)) and metric.tree_p in OF_BOXES and not metric.embeds_rows:
            return FewFeaturesFilter.make(metric, rows, _float_filters(metric, rows))
    if metric.tree_p == float("inf") and name in (None, "bitmaps"):
        return BitmapFilter.make(metric, rows)
    if name in ("tree", "boxes", "bitmaps", "exhaustive"):
        return None
    frame = None if metric.radius is None else choose_frame(*_as_points(metric, rows))
    if frame is not None and name in (None, "prefix"):
        short = choose_short_rows(metric, rows, frame, name, k)
        if short is not None:
            return ProductFilter.make(metric, rows, short)
    if name == "prefix":
        return None
    n_columns = OF_MANHATTAN if metric.manhattan_radius is not None else None
    for dtype in fastest_first(rows.device, n_columns) if name is None else [PRODUCTS[name]]:
        if not product_keeps_error_limit(dtype, rows.device):
            continue
        if (bound := choose_bound(metric, rows, frame, dtype, k if name is None else None)) is not None:
            if name is None and isinstance(bound, SquaredBound):
                bound = bound.useful()
            chosen = ProductFilter.make(metric, rows, bound)
            if chosen.n_never_excluded <= MOST_NEVER_EXCLUDED:
                return chosen
    return None


def _as_points(metric: Metric, rows: Tensor) -> tuple[Tensor, int]:
    """Returns rows to choose a frame from, and how many features the points of the metric have more.

    For most metrics the rows are the points, and for cosine but for one feature. For others a sample of at most
    ``MOST_EMBEDDED`` numbers is embedded here.
    """
    if not metric.embeds_rows or not metric.keeps_rows:
        return rows, metric.n_embedded
    n_sampled = max(2, min(N_SAMPLED, MOST_EMBEDDED // rows.shape[1]))
    return metric.embed(rows[:: max(1, len(rows) // n_sampled)]), 0


def _are_too_few(n_rows: int, n_features: int) -> bool:
    return n_rows < max(LEAST_ROWS, min(FEWEST_ROWS, FEWEST_NUMBERS // n_features))


def choose_short_rows(metric: Metric, rows: Tensor, frame: Frame, name: str | None, k: int) -> SquaredBound | None:
    """Returns the bound by shorter rows, in the fastest type of floating point; None if it does not pay.

    On a GPU it is used only if it is asked for: products are a small part of a search there.
    """
    device, n_columns = rows.device, len(frame.center)
    is_large = device.type == "cpu" and rows.numel() >= FEWEST_TO_SHORTEN
    if n_columns > MOST_FEATURES or (name is None and not (is_large and frame.n_spread * SPREAD_OUT < n_columns)):
        return None
    seconds = {dtype: _seconds(device, dtype, product_dtype(dtype, device)) for dtype in fastest_first(device)}
    floats = [dtype for dtype in seconds if dtype.is_floating_point]
    if not floats:
        return None
    of_short = seconds[floats[0]]
    of_whole = next(seconds[dtype] for dtype in seconds if choose_bound(metric, rows, frame, dtype, k) is not None)
    costs = Costs(n_columns * of_whole / of_short, SECONDS_OF_GAP / (of_short / TIMED**3))
    sample = frame.apply(metric.embed(take_sample(rows))).cpu()
    n_near = min(k, len(rows)) * (1 + math.log(max(1, len(rows) / CPU_SIZES.rows)))  # block i adds 1 / i times k
    prefix = choose_prefix(sample, len(rows), round(n_near), costs, LEAST_GAIN if name is None else 0.0)
    return None if prefix is None else SquaredBound.make(metric, frame, floats[0], prefix.to(device))


def choose_rounded_rows(metric: Metric, rows: Tensor, frame: Frame, k: int | None) -> RoundedBound | None:
    """Returns the bound by rows rounded to 7 bits; None if it does not pay for ``k`` neighbours."""
    sample = metric.embed(take_sample(rows)).cpu()
    bound = choose_rounded(metric, sample, frame)
    if bound is None or k is None:
        return bound
    device, n_columns = rows.device, sample.shape[1]
    of_bytes, of_floats = (
        _seconds(device, dtype, out_dtype) / TIMED**3
        for dtype in (torch.uint8, torch.float32)
        if (out_dtype := product_dtype(dtype, device)) is not None
    )
    framed = frame._replace(center=frame.center.cpu()).apply(sample)
    left = expected_candidates(framed, [bound.lowest_distances(sample)], len(rows))[0]
    gained = n_columns * (of_floats - of_bytes) * len(rows)
    lost = k * (left - 1) * (n_columns + OF_CANDIDATE) * SECONDS_OF_GAP
    return bound if lost < gained else None


def choose_bound(
    metric: Metric, rows: Tensor, frame: Frame | None, dtype: torch.dtype, k: int | None = None
) -> LowerBound | None:
    """Returns the bound by products of ``dtype``; None if the metric has none, or if it does not suit these rows.

    With ``k`` it must pay for so many neighbours.
    """
    if metric.manhattan_radius is not None:
        chosen = {torch.int8: choose_intervals, torch.float32: choose_lines}.get(dtype)
        return None if chosen is None else chosen(metric, rows)
    if metric.counts is not None:
        return (choose_hamming if metric.counts == "differing" else choose_sets)(rows, dtype)
    if frame is None:
        return None
    if dtype == torch.int8:
        return choose_whole_numbers(metric, rows, frame)
    if dtype == torch.uint8:
        return choose_rounded_rows(metric, rows, frame, k)
    return SquaredBound.make(metric, frame, dtype)


def _float_filters(metric: Metric, rows: Tensor) -> list[ProductFilter]:
    """Returns filters by products in floating point, the fastest first; none for manhattan and chebyshev."""
    if metric.radius is None:
        return []
    first = SquaredBound.make(metric, choose_frame(rows), short_float(rows.device))
    return [ProductFilter(metric, rows, bound) for bound in (first, *first.finer())]


def fastest_first(device: torch.device, n_columns: dict[torch.dtype, int] | None = None) -> list[torch.dtype]:
    """Returns the types of numbers in the order of how fast the device makes bounds from them.

    A bound has equally many columns in each type, or ``n_columns`` for each feature.
    """
    n_columns = n_columns or {}
    types = (torch.float32, torch.uint8, torch.int8, short_float(device))  # of two that are equally fast, the first
    out_dtypes = {
        dtype: out_dtype
        for dtype in types
        if (out_dtype := product_dtype(dtype, device)) is not None and product_keeps_error_limit(dtype, device)
    }
    return sorted(out_dtypes, key=lambda dtype: _seconds(device, dtype, out_dtypes[dtype]) * n_columns.get(dtype, 1))


@functools.cache
def _seconds(device: torch.device, dtype: torch.dtype, out_dtype: torch.dtype) -> float:
    """Returns the time of a product, the least of a few, measured once for each device and type."""
    n, n_columns = (TIMED, TIMED) if device.type == "cpu" else (4096, 256)
    numbers = torch.rand((n, n_columns), generator=torch.Generator("cpu").manual_seed(0), device="cpu") * 100
    rows, queries, start = EncodedRows(numbers.to(device, dtype)), numbers.to(device, dtype), None
    if dtype in (torch.int8, torch.uint8):
        rows = rows._replace(base=torch.zeros(n, dtype=out_dtype, device=device))
    if dtype == torch.uint8:
        queries, start = queries.to(torch.int8), torch.zeros(n, dtype=torch.float32, device=device)
    factor = prepare_queries(queries, n, dtype, start)
    out = torch.empty((n, n), dtype=out_dtype, device=device)
    seconds = []
    for _ in range(4):  # the first is slower
        start = time.perf_counter()
        multiply(rows, factor, out)
        out[0, 0].item()  # a GPU has finished when it returns a number of the product
        seconds.append(time.perf_counter() - start)
    if dtype == torch.int8 and device.type == "cpu" and not integers_are_faster():  # they are multiplied in float32
        return max(min(seconds), _seconds(device, torch.float32, torch.float32))
    return min(seconds)
