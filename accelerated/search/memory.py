"""Where scratch memory is limited: the limit, and an upper estimate of the bytes that each way of searching needs.

``batches`` asks here how many queries to read; each filter asks how many it can search within the remaining bytes, its
``scratch``. The rows, and what a filter keeps of them between searches, are part of the model and do not count. All
numbers are float64 or int64, of 8 bytes, unless said otherwise.
"""

import re
from typing import Any, NamedTuple

import torch

from accelerated.free_memory import get_free_memory
from accelerated.search.filter import Searcher
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import is_int

# Pairs that a CPU measures together: the gaps of 8 features take 8 x 32,768 x 8 bytes = 2 MiB. If there are fewer
# features, as many more pairs.
CPU_PAIRS = 2**15  # `python -m benchmarks.constants CPU_PAIRS`
BLOCK_ROWS = 1024  # in an exhaustive search: `python -m benchmarks.constants BLOCK_ROWS`
# Queries may keep 1 / 16 of the rows of a block in the mean, at most 8192: `python -m benchmarks.constants KEPT_SHARE`.
KEPT_SHARE, MOST_KEPT = 16, 8192
BYTES_OF_GAP = 5 * 8  # a difference of a query and a row in one feature, with its sums and the copies of both numbers
BYTES_OF_PAIR = 8 * 40 + 80  # the bounds and numbers of the small block of 8 that holds the row, and its measurement
BYTES_OF_BOX_GAP = 80  # a gap and its square; with one feature also the sum, its root and the mask of near rows
BYTES_OF_BOXES = 40  # the distance of two boxes, with three intermediate results and a mask
BYTES_OF_GUESS = 4 * 8  # a distance and its copies in a concatenation, a transposition and a selection
BYTES_OF_MEMBER = 20 * 8  # a row of a group: its place, number, query and distance, and their copies when sorted
BYTES_OF_FOUND = 60  # a row that is found and perhaps dropped: its distance and number, two masks and a count
BYTES_OF_ALLOWED = 25 * 8  # a query and a row that it may choose: numbers, distance and place, and their copies
BYTES_OF_NEAR = 100  # a pair within the radius: its query, row and distance, as found, joined and sorted, and the order
BYTES_OF_NAMED = 120  # a row that a tree names within a radius: an int in a list of Python, the pair, its distance
BYTES_OF_BOUND_IN_CELL = 40  # a bound, two masks, and the places of a pair that is kept, twice
BYTES_OF_NEAR_ROW = 100  # a row, its query and their distance, and their copies when they are joined and sorted


WHAT_TO_PASS = "pass bytes as an int, such as 2**30, or a string, such as '2GB' or '512MiB'"
PREFIXES = list(enumerate("KMGT", start=1))
UNITS = {"": 1, **{f"{letter}{i}": base**power for i, base in (("", 1000), ("I", 1024)) for power, letter in PREFIXES}}


def resolve_memory_limit(memory_limit: int | str | None, device: torch.device, of_free: bool = False) -> int:
    """Returns the bytes of scratch allowed; for None 1 GiB, or a quarter of the memory that torch can get on a GPU.

    With ``of_free`` None means a quarter of what is free on a CPU, too.
    """
    if memory_limit is None and device.type == "cuda":
        kept_for_reuse = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (torch.cuda.mem_get_info(device)[0] + kept_for_reuse) // 4
    if memory_limit is None:
        return get_free_memory() // 4 if of_free else 2**30
    if isinstance(memory_limit, str):
        memory_limit = _bytes_of(memory_limit)
    if not is_int(memory_limit):
        kind = a_kind_of(memory_limit)
        raise TypeError(f"memory_limit={show(memory_limit)} is {kind}, but must be an int or a str: {WHAT_TO_PASS}")
    if memory_limit < 1:
        raise ValueError(f"memory_limit={show(memory_limit)} must be above 0: {WHAT_TO_PASS}")
    return int(memory_limit)


def _bytes_of(text: str) -> int:
    """Returns the number of bytes that is written as text, such as 2GB; raises ValueError if it is none."""
    parsed = re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?) ?([KMGT]?I?)B?", text.strip().upper())
    if parsed is None or parsed[2] not in UNITS:
        raise ValueError(f"memory_limit={show(text)} is not a number of bytes: {WHAT_TO_PASS}")
    return int(float(parsed[1]) * UNITS[parsed[2]])


def least_bytes(n_features: int, k: int) -> int:
    """Returns the bytes that a search cannot do without: one query, measured to one row at a time."""
    return _query_bytes(n_features, k) + exhaustive_bytes(1, 1, n_features, k)


def too_little(memory_limit: int, needed: int, what_for: str) -> str:
    """Returns the message for a limit below the bytes that are needed."""
    limit = f"memory_limit={show(memory_limit)} is less than the {needed} bytes {what_for}"
    return f"{limit}: pass memory_limit={needed} or more, if the machine has it"


def check_memory_limit(memory_limit: int, n_features: int, k: int) -> None:
    """Raises ValueError if the limit is too small for one query and one row."""
    needed = least_bytes(n_features, k)
    if needed > memory_limit:
        raise ValueError(too_little(memory_limit, needed, "for one query and one row"))


def split_memory(
    chosen: Searcher[Any], n_queries: int, n_features: int, k: int, memory_limit: int, n_workers: int
) -> tuple[int, int]:
    """Returns how many of the remaining ``n_queries`` queries are the next batch, and the filter's bytes of scratch.

    Reading the queries and keeping their neighbours takes at most a quarter of the limit, or as much as one query needs
    if that is more. So the filter is asked twice: how many queries it would take at most, and how many it can take in
    the bytes that reading these leaves. The size is 0 if the filter cannot be used; otherwise it divides the queries
    into batches of about equal size, as many for each worker.
    """
    bytes_each = _query_bytes(n_features, k)
    n_read = min(n_queries, chosen.batch_size(k, memory_limit), memory_limit // 4 // bytes_each)
    scratch = memory_limit - max(1, n_read) * bytes_each
    size = min(max(1, n_read), chosen.batch_size(k, scratch))
    return even_share(n_queries, size, n_workers) if size else 0, scratch


def _query_bytes(n_features: int, k: int) -> int:
    """Returns the bytes of a query as read and as prepared, and of its neighbours, found, sorted and stored."""
    return 8 * (2 * n_features + 6 * k)


def compared_at_once(n_features: int, memory_limit: int) -> int:
    """Returns how many queries may be read, prepared and hashed to find equal ones."""
    return max(1, memory_limit // (8 * (10 * n_features + 10)))


def block_shape(
    n_queries: int, n_rows: int, n_features: int, k: int, memory_limit: int, device_type: str
) -> tuple[int, int]:
    """Returns how many queries to measure at once to how many rows: few enough for a CPU's cache, and for the limit."""
    block_rows = min(n_rows, max(BLOCK_ROWS, k))
    if device_type == "cpu":
        pairs = 8 * CPU_PAIRS // min(n_features, 8)
        n_queries = min(n_queries, max(1, pairs // block_rows))
        block_rows = min(n_rows, max(block_rows, pairs // n_queries))
    while (needed := exhaustive_bytes(n_queries, block_rows, n_features, k)) > memory_limit:
        if n_queries == block_rows == 1:
            raise ValueError(too_little(memory_limit, needed, "for one query and one row"))
        if n_queries >= block_rows:
            n_queries = (n_queries + 1) // 2
        else:
            block_rows = (block_rows + 1) // 2
    return n_queries, block_rows


def exhaustive_bytes(n_queries: int, block_rows: int, n_features: int, k: int) -> int:
    """Returns the bytes to measure queries against a block of rows and to keep the k nearest.

    Features are measured 8 at a time: each pair has 8 gaps, their squares and running sums, and as many numbers again
    for partial sums, masks and square roots. Each row that is merged, even if all of them tie, has a dozen values,
    positions and orders. Queries and rows are held as they are, prepared, and transposed.
    """
    pairs, merged = n_queries * block_rows, n_queries * (k + block_rows)
    return 8 * (40 * pairs + 12 * merged + 4 * n_features * (n_queries + block_rows))


def one_query_bytes(n_rows: int, n_features: int, n_gaps: int) -> int:
    """Returns the bytes to measure a query to all rows, ``n_gaps`` differences or one row at once.

    A row has its distance twice, and if all of them tie, a dozen values and positions more. A gap has a mask at most.
    """
    return 8 * (14 * n_rows + 2 * max(n_gaps, n_features))


def tree_bytes(n_named: int, n_features: int) -> int:
    """Returns the bytes for one query and the ``n_named`` rows that a tree names: rows, their order and their gaps."""
    return 8 * n_named * (10 + 4 * n_features)


class ProductPlan(NamedTuple):
    """How much of a search by products is done at once."""

    n_queries: int  # in a batch
    block_rows: int  # in a block, all bounds of which are held
    most_gaps: int  # differences held when pairs are measured
    out_dtype: torch.dtype  # of the bounds
    n_copied: int = 0  # numbers of float32 that workers hold while they make bounds


def product_bytes(plan: ProductPlan, k: int, width: int, n_encoded: int, encoding_bytes: int) -> int:
    """Returns the bytes to find the k nearest rows by products of matrices.

    These are the bounds of a block for ``width`` queries and their minima, and what bounds are made from; the pairs
    that are not excluded; ``n_encoded`` queries or rows, while they are encoded; and the gaps.
    """
    bounds = int(1.25 * plan.out_dtype.itemsize * width * plan.block_rows) + 4 * plan.n_copied
    pairs = plan.n_queries * most_kept(plan.block_rows, k)
    return bounds + pairs * BYTES_OF_PAIR + n_encoded * encoding_bytes + plan.most_gaps * BYTES_OF_GAP


def most_kept(block_rows: int, k: int) -> int:
    """Returns how many rows, or small blocks, of one block queries may keep in the mean.

    If the mean is above it, the queries that have more than this number are not certified.
    """
    return max(min(block_rows // KEPT_SHARE, MOST_KEPT), 4 * k)


def boxes_bytes(n_bundles: int, n_queries: int, n_blocks: int, n_guessed: int, most_near: int, n_gaps: int) -> int:
    """Returns the bytes to find the nearest rows of bundles of queries by bounding boxes.

    These are the distances of each bundle's box to each block's; the ``n_guessed`` rows that are measured first for
    each query, and the ``most_near`` rows that it may keep; and the gaps.
    """
    of_query = BYTES_OF_NEAR_ROW * most_near + BYTES_OF_GUESS * n_guessed
    return n_gaps * BYTES_OF_BOX_GAP + n_bundles * n_blocks * BYTES_OF_BOXES + n_queries * of_query


def cells_bytes(n_cells: int, most: int, encoding_bytes: int) -> int:
    """Returns the bytes for each query to find the nearest rows by cells.

    These are its distances from the centres, with squares, order and masks, the ``most`` pairs that it may keep, and
    what it is encoded with.
    """
    return 8 * 8 * n_cells + most * BYTES_OF_PAIR + encoding_bytes


def bitmap_bytes(n_queries: int, block_rows: int, most: int, n_features: int, most_gaps: int) -> int:
    """Returns the bytes to find the nearest rows of some queries by bitmaps of blocks of rows.

    These are, for 64 rows each, the words of a query and of two bitmaps, and a mask; for each feature the ends of the
    interval of near numbers, and their places among the cuts; the ``most`` rows that the query keeps; and the gaps.
    """
    n_words = -(-block_rows // 64)
    return n_queries * (8 * (4 * n_words + 12 * n_features) + most * BYTES_OF_PAIR) + most_gaps * BYTES_OF_GAP


def prediction_batch(k: int, n_columns: int, memory_limit: int) -> int:
    """Returns the number of queries whose neighbours, weights and answers take at most half the limit.

    For each neighbour that is 12 numbers: its distance, index, weight and class, its vote and share, and the numbers
    these are made from. For each query it is 4 times the ``n_columns`` of its answer; vote shares do not count.
    """
    return max(1, memory_limit // (2 * 8 * (12 * k + 4 * n_columns)))


def even_share(n: int, most: int, multiple: int = 1) -> int:
    """Returns the largest share when n is split, as evenly as possible, into the fewest shares of at most ``most``.

    The number of shares is a multiple of ``multiple``.

    >>> even_share(1000, 300), even_share(1000, 400, 2)
    (250, 250)
    """
    n_shares = -(-n // most)
    return -(-n // (n_shares + -n_shares % multiple))
