"""The search for all rows within a radius: the filters of ``search``, which know their limit from the start.

    queries --> batch --> finder --- certified ---> pairs within the radius --> sorted rows of each query

A finder excludes rows by the bounds of a filter, as in a search for the k nearest, but needs no guess: a row whose
bound is above the radius is too far. It measures the remaining rows exactly, and keeps those whose distance, after the
root, is not above the radius. So bounds exclude, and distances decide.

near        the pairs that a finder keeps, and how they are sorted
products    the finder by a product of matrices
tree        the finder by SciPy's k-d tree
bitmaps     the finder by bitmaps of each feature
cells       the finder by cells of rows that lie together
sparse      the finders by products of sparse matrices, and by counts of common features
groups      the finder for distinct rows, each of which stands for all rows that equal it
exhaustive  the finder that measures all pairs
among       the finder that measures the rows that a query may find, where not all are allowed
finders     which of these an index has, in the order in which they take the queries
search      the search of all queries, in batches

Before a search it is unknown how many rows a query has within its radius. So a finder keeps only as many pairs for each
query as memory has room for in a batch. A query with more is not certified, and goes on to a finder that takes fewer
queries at once. The answer itself does not count as scratch.
"""

from accelerated.search.within.near import Within
from accelerated.search.within.search import search_within

__all__ = ["Within", "search_within"]
