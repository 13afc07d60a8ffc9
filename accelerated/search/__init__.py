r"""The search for the k nearest rows, from the query to its neighbours.

 1. ``fit`` prepares the rows (``accelerated/base.py``), and ``rule.make_index`` chooses the filters that will search
    them. If a sample shows many equal rows, these filters get each distinct row once, and ``groups`` expands their
    answers.
 2. ``batches.search`` asks one filter after another, and gives each of them the queries that are not certified yet, of
    equal queries only the first. A finer filter, which has tighter bounds, is tried on a few queries first, and dropped
    if it certifies too few. The last filter is ``exhaustive``, which certifies every query.
 3. ``batches.in_batches`` is the one loop over batches: it asks the filter how many queries fit the memory limit, and
    each worker (``accelerated/workers.py``) reads a batch, prepares it (``queries``) and gives it to the filter. If
    that certifies few queries of a batch, it is skipped for the next batches, which the next filter gets.
 4. A filter makes bounds: ``product_filter`` one for every row, by a product of matrices (the formulas are in
    ``bounds``, the minima over small blocks in ``block_minima``); ``cells`` one for every cluster of rows, and one for
    every row of the near ones; ``few_features`` one for every block of rows, by boxes; ``tree`` one for all the rows
    that SciPy's tree does not return; ``raw_rows`` one for every row, by a product with the rows as they are, as few
    queries get it (``near_rows``). ``bitmaps`` makes none: it marks in each feature the rows that are too far.
 5. The filter measures some rows that are probably near. It excludes every row whose bound is above the k-th of these
    distances; a row that is equally far stays.
 6. It measures the remaining rows exactly and keeps the k nearest (``refine``; the tree does both itself). Where coarse
    bounds leave many, most of these are first seen to be too far in float32 (``screen``).
 7. A query is certified if the bounds exclude all other rows and few enough rows remain.

    queries --> batch --> filter --- certified ---------------------------> neighbours
                            |                                                   ^
                            +--- not certified --> finer filter --- certified --+
                                                        |                       |
                                                        +--> exhaustive --------+

After ``add`` and ``remove`` the rows are in parts, each with filters of its own: ``parts`` keeps them, and ``in_parts``
runs these steps for each part and merges the neighbours.

Eight words, each with one meaning:

row        a training example as the search sees it: prepared for the metric; its number is its training index
query      an example whose neighbours are wanted
batch      queries that are searched together
group      rows that are equal
part       rows that were added together, or joined since, and are searched by filters of their own
block      rows that are handled together; a small block is a part of one
bound      a number proven not to exceed a distance, or in products an increasing function of it, such as its square;
           a class whose name ends in Bound holds its formula
certified  said of a query: its neighbours are proven right, by bounds or because all rows were measured

A reduced distance orders rows as the distance does. For Minkowski with a whole p it is the sum before the root, for all
others the distance itself (``Metric``, in ``accelerated/metrics.py``).

Where to find
- the tie rule (equal distances: the lower training index): ``smallest.smallest``; after a filter, and
  in groups, ``refine.nearest``, after the tree ``tree.sort_where_needed``
- what happens to a query that cannot be certified: ``batches.search``
- where memory is limited: ``memory`` has the limit and the estimates; each filter fits its blocks to its
  ``scratch``; ``sizes`` has the largest that products use. The encoded rows that a filter keeps are part of the model
  and do not count
- the search for all rows within a radius, by the same filters: ``within``
- the search of queries that may choose some rows only: ``among``, with filters of its own in ``among_filters``
- limits, beyond which rows may be left out because others are nearer: ``queries``; ``short_blocks`` uses them, and
  ``product_filter``
- where a bound for a new metric would go: a file in ``bounds``, see ``bounds/protocol.py``; ``choose_bound``
"""

from accelerated.search.among import search_among
from accelerated.search.batches import Neighbors, search
from accelerated.search.filter import Index
from accelerated.search.in_parts import search_parts
from accelerated.search.memory import block_shape, prediction_batch, resolve_memory_limit
from accelerated.search.parts import Parts
from accelerated.search.queries import Queries
from accelerated.search.report import Clock, Report, add_up
from accelerated.search.rule import make_index, predict_seconds
from accelerated.search.within import Within, search_within

__all__ = [
    "Clock",
    "Index",
    "Neighbors",
    "Parts",
    "Queries",
    "Report",
    "Within",
    "add_up",
    "block_shape",
    "make_index",
    "predict_seconds",
    "prediction_batch",
    "resolve_memory_limit",
    "search",
    "search_among",
    "search_parts",
    "search_within",
]
