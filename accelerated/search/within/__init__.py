"""The search for all rows within a radius: the filters of ``search``, which know their limit from the start.

    queries --> batch --> finder --- certified ---> pairs within the radius --> sorted rows of each query

A finder excludes rows by the bounds of a filter, as in a search for the k nearest, but needs no guess: a row whose
bound is above the radius is too far. It measures the remaining rows exactly, and keeps those whose distance, after the
root, is not above the radius. So bounds exclude, and distances decide.

``near``        the pairs that a finder keeps, and how they are sorted
``products``    a finder for each filter that has one: by a product of matrices,
``tree``        by SciPy's k-d tree,
``bitmaps``     by bitmaps of each feature,
``groups``      for distinct rows, of which each stands for all rows that equal it,
``exhaustive``  and by measuring all pairs
``finders``     which of these an index has, in the order in which they take the queries
``search``      the search of all queries, in batches

How many rows a query has within the radius is not known before. A finder keeps at most so many pairs for each query as
memory has room for in a batch; a query with more is not certified, and goes on to a finder that takes fewer queries at
once. The answer itself does not count as scratch.
"""

from accelerated.search.within.near import Within
from accelerated.search.within.search import search_within

__all__ = ["Within", "search_within"]
