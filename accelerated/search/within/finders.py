"""Which finders an index has for a search within a radius, in the order in which they take the queries."""

from accelerated.search.among import are_few
from accelerated.search.among_filters import AllowedPairs
from accelerated.search.bitmaps import BitmapFilter
from accelerated.search.cells import CellFilter
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Filter, Index
from accelerated.search.groups import GroupFilter
from accelerated.search.product_filter import ProductFilter
from accelerated.search.rule import filters_by_bounds
from accelerated.search.sparse_counts import SparseCountFilter
from accelerated.search.sparse_products import SparseProductFilter
from accelerated.search.tree import TreeFilter
from accelerated.search.within.among import AllowedFinder
from accelerated.search.within.bitmaps import BitmapFinder
from accelerated.search.within.cells import CellFinder
from accelerated.search.within.exhaustive import ExhaustiveFinder
from accelerated.search.within.groups import GroupFinder
from accelerated.search.within.near import Finder
from accelerated.search.within.products import ProductFinder
from accelerated.search.within.sparse import SparseCountFinder, SparseProductFinder
from accelerated.search.within.tree import TreeFinder
from knn_inputs.among import Allowed


def finders_of(index: Index, allowed: Allowed | None = None) -> list[Finder]:
    """Returns the finders; the last is exhaustive and certifies all.

    Boxes, the filter for few features on a GPU, have no finder: the filters by products that follow them have. Where
    queries may find some rows only, the last measures these, and is the only one if they are few.
    """
    filters = enumerate(filters_by_bounds(index))
    finders = [finder for i, chosen in filters for finder in _finders_by(chosen, is_first=i == 0)]
    if allowed is None:
        return finders
    last = AllowedFinder(AllowedPairs.of(index, allowed))
    return [last] if are_few(allowed.counts(), 0, len(index.rows)) else [*finders[:-1], last]


def _finders_by(chosen: Filter, is_first: bool) -> list[Finder]:
    """Returns the finders by a filter; the first filter has another one, for queries with many rows."""
    if isinstance(chosen, GroupFilter):
        return [GroupFinder(finder, chosen.groups) for finder in _finders_by(chosen.of_groups, is_first)]
    if isinstance(chosen, Exhaustive):
        return [ExhaustiveFinder(chosen)]
    if isinstance(chosen, CellFilter):
        return [CellFinder(chosen)]
    if isinstance(chosen, BitmapFilter):
        return [BitmapFinder(chosen)]
    if isinstance(chosen, ProductFilter):
        by_product = ProductFinder(chosen)
        return [by_product, by_product.for_many()] if is_first else [by_product]
    if isinstance(chosen, SparseProductFilter):
        return [SparseProductFinder(chosen)]
    if isinstance(chosen, SparseCountFilter):
        return [SparseCountFinder(chosen)]
    if isinstance(chosen, TreeFilter) and is_first:  # its finer filters are the same tree
        by_tree = TreeFinder(chosen)
        return [by_tree, by_tree.for_many()]
    return []
