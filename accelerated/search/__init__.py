r"""The search for the k nearest rows, from the query to its neighbours.

 1. ``neighbors.NearestNeighbors.fit`` prepares the rows; ``rule.make_index`` chooses the filters that will search them.
 2. ``batches.search`` asks one filter after another, and gives each of them the queries that are not certified yet. It
    skips a filter that certifies too few. The last filter is ``exhaustive``, which certifies every query.
 3. ``batches.in_batches`` is the one loop over batches: it asks the filter how many queries fit the memory limit, reads
    and prepares them (``queries``), and hands them over.
 4. A filter makes a bound for every row, or for every block of rows: ``product_filter`` by a product of matrices, whose
    bounds are in ``bounds`` and their minima in ``block_minima``; ``few_features`` by boxes; ``tree`` by SciPy's tree.
 5. The filter measures some rows that are probably near. It excludes every row whose bound is above the k-th of these
    distances, or in the case of the tree, every row that the tree does not name.
 6. It measures the remaining rows exactly and keeps the k nearest (``refine``, for products).
 7. A query is certified if the bounds exclude all other rows and few enough rows remain.

    queries --> batch --> filter --- certified ---------------------------> neighbours
                            |                                                   ^
                            +--- not certified --> finer filter --- certified --+
                                                        |                       |
                                                        +--> exhaustive --------+

Six words, each with one meaning:

row        a training example as the search sees it: prepared for the metric
query      an example whose neighbours are wanted
batch      queries that are searched together
block      rows that are handled together
bound      a number proven to be at or below a distance
certified  said of a query: the bounds prove that its neighbours are right

Where to find
- the tie rule (equal distances: the lower training index): ``exhaustive.smallest``; after a filter ``refine.nearest``,
  after the tree ``tree.sort_where_needed``
- what happens to a query that cannot be certified: ``batches.search``
- where memory is bounded: ``memory`` has the limit and the estimates; each filter fits its sizes to them
- where a bound for a new metric would go: a file in ``bounds``, see ``bounds/protocol.py``; ``rule.choose_bound``
"""

from accelerated.search.batches import Neighbors, search
from accelerated.search.filter import Index
from accelerated.search.memory import block_shape, prediction_batch, resolve_memory_limit
from accelerated.search.queries import Queries
from accelerated.search.report import Clock, Report
from accelerated.search.rule import make_index

__all__ = [
    "Clock",
    "Index",
    "Neighbors",
    "Queries",
    "Report",
    "block_shape",
    "make_index",
    "prediction_batch",
    "resolve_memory_limit",
    "search",
]
