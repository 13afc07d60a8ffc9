"""The search of rows in parts (``parts``): each part is searched by its own index, and their neighbours are merged.

In a part from which rows were removed the index is asked for more rows than are needed, and those that were removed are
passed over. The rows come in the order (distance, row), so if k of them are left, these are the k nearest of those that
are left: that certifies the query. All others are asked again for more, and where that is not enough, all rows of the
part that are left are measured.

Where only some rows are allowed, each part is searched among these, without the removed ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from accelerated.progress import progress_bar
from accelerated.search.among import search_among
from accelerated.search.batches import Neighbors, search
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Index
from accelerated.search.memory import least_bytes, too_little
from accelerated.search.parts import Part, Parts
from accelerated.search.queries import Queries
from accelerated.search.report import Clock, Report
from knn_inputs.among import Allowed

# Times the rows that are needed, asked of a part with removed rows: `python -m benchmarks.constants ASKED`
ASKED = (2, 16)
BYTES_OF_NEIGHBOR = 8 * 12  # its distance, number and mask, joined, sorted and taken, with the order of the sort

Nearest = tuple[Tensor, Tensor]  # reduced distances, float64, and rows, int64, both (n_queries, k)


def search_parts(
    parts: Parts,
    queries: Queries,
    query_range: range,
    k: int,
    *,
    memory_limit: int,
    progress: bool,
    clock: Clock,
    allowed: Allowed | None = None,
) -> Neighbors:
    """Finds the k nearest rows of the queries in a range, as ``batches.search`` does, or as ``search_among``.

    The report is about the first part, the oldest; its candidates are those of all parts.
    """
    n_queries, n_features, device = len(query_range), parts.shape[1], parts.device
    widths = [min(k + queries.n_self, part.n_left) for part in parts.parts]
    bytes_each = 8 * 3 * n_features + BYTES_OF_NEIGHBOR * sum(widths)
    needed = bytes_each + 2 * least_bytes(n_features, ASKED[0] * max(widths))
    if needed > memory_limit:
        raise ValueError(too_little(memory_limit, needed, "for one query and one row, as rows were added or removed"))
    at_once = max(1, min(n_queries, memory_limit // 4 // bytes_each))
    searches = [PartSearch(part, memory_limit - at_once * bytes_each, clock) for part in parts.parts]
    reduced = torch.full((n_queries, k), torch.inf, dtype=torch.float64, device=device)
    indices = torch.full((n_queries, k), -1, device=device)
    with progress_bar(n_queries * len(parts), shown=progress) as advance:
        for start in range(0, n_queries, at_once):
            some = slice(start, min(start + at_once, n_queries))
            batch = queries.read(np.array(query_range[some]), clock)
            prepared, found = Queries.prepared(batch.queries), []
            for first, of_part, width in zip(parts.firsts, searches, widths, strict=True):
                n_left = of_part.part.n_left
                if allowed is None:
                    nearest, places = of_part.find(prepared, width)
                else:
                    of_rows = allowed.part(query_range[some], first, first + n_left)
                    nearest, places = of_part.find_allowed(prepared, width, of_rows)
                found.append((nearest, places + first))
                advance(len(batch.queries) * n_left)
            nearest, numbers = _merge(found, k, batch.self_index)
            reduced[some, : nearest.shape[1]], indices[some, : nearest.shape[1]] = nearest, numbers
    return Neighbors(reduced, indices.masked_fill_(reduced == torch.inf, -1), _report(searches, n_queries, clock))


def _merge(found: Sequence[Nearest], k: int, self_index: Tensor | None = None) -> Nearest:
    """Returns the k nearest of all that were found, without the query itself.

    The numbers ascend from one part to the next, and so do those of equal distances in a part. So a stable sort leaves
    equal distances in the order of the numbers: that is the tie rule.
    """
    reduced, numbers = (torch.cat(columns, 1) for columns in zip(*found, strict=True))
    if self_index is not None:
        reduced.masked_fill_(numbers == self_index[:, None], torch.inf)
    reduced, order = reduced.sort(dim=1, stable=True)
    return reduced[:, :k], numbers.gather(1, order[:, :k])


@dataclass(frozen=True)
class PartSearch:
    """The search of a part; rows are named by their places among those that are left."""

    part: Part
    scratch: int
    clock: Clock
    reports: list[Report] = field(default_factory=list)

    def find(self, queries: Queries, k: int) -> Nearest:
        """Returns the k nearest rows that are left in the part."""
        index, place = self.part.index, self.part.place
        if place is None:
            found = self._ask(index, queries, k, self.scratch)
            return found.reduced, found.indices
        reduced = torch.empty((len(queries.X), k), dtype=torch.float64, device=place.device)
        places = torch.empty((len(queries.X), k), dtype=torch.int64, device=place.device)
        waiting, half = np.arange(len(queries.X)), self.scratch // 2
        for times in ASKED:
            n_asked = min(times * k, k + len(place) - self.part.n_left)  # with which every query has enough
            n_at_once, has_enough = half // (BYTES_OF_NEIGHBOR * n_asked), np.zeros(len(waiting), dtype=bool)
            if not n_at_once or least_bytes(queries.X.shape[1], n_asked) > half:
                break
            for start in range(0, len(waiting), n_at_once):
                some = waiting[start : start + n_at_once]
                found = self._ask(index, queries.some(some), n_asked, half)
                of_some = _first_left(found, place, k)
                reduced[some], places[some], has_enough[start : start + n_at_once] = of_some
            waiting = waiting[~has_enough]
            if not len(waiting):
                return reduced, places
        reduced[waiting], places[waiting] = self._measure_left(queries.some(waiting), k)
        return reduced, places

    def find_allowed(self, queries: Queries, k: int, allowed: Allowed) -> Nearest:
        """Returns the k nearest of the rows that are left and allowed; infinity at the end if they are fewer."""
        index, place = self.part.index, self.part.place
        if place is not None:
            allowed = allowed.spread((place >= 0).nonzero()[:, 0].cpu().numpy(), len(place))
        n_queries, scratch, clock = range(len(queries.X)), self.scratch, self.clock
        found = search_among(index, queries, n_queries, allowed, k, memory_limit=scratch, progress=False, clock=clock)
        self.reports.append(found.report)
        return found.reduced, found.indices if place is None else place[found.indices]

    def _ask(self, index: Index, queries: Queries, k: int, scratch: int) -> Neighbors:
        n_queries = range(len(queries.X))
        found = search(index, queries, n_queries, k, memory_limit=scratch, progress=False, clock=self.clock)
        self.reports.append(found.report)
        return found

    def _measure_left(self, queries: Queries, k: int) -> Nearest:
        """Measures all rows that are left, some of them at a time, in half of the scratch; a quarter holds the rows."""
        index, place = self.part.index, self.part.place
        assert place is not None
        left = (place >= 0).nonzero()[:, 0]
        found: list[Nearest] = []
        n_at_once = max(1, self.scratch // 4 // (8 * queries.X.shape[1]))
        for start in range(0, len(left), n_at_once):
            rows = self.part.rows[left[start : start + n_at_once]]
            of_some = Index(index.metric, rows, [Exhaustive(index.metric, rows)], 0)
            nearest = self._ask(of_some, queries, min(k, len(rows)), self.scratch // 2)
            found = [_merge([*found, (nearest.reduced, nearest.indices + start)], k)]
        return found[0]


def _first_left(found: Neighbors, place: Tensor, k: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Returns the first k of the found rows that are left, by their places, and whether a query has so many."""
    places = place[found.indices]
    is_removed = places < 0
    order = is_removed.sort(dim=1, stable=True).indices[:, :k]
    has_enough = ~is_removed.gather(1, order).any(1)
    return found.reduced.gather(1, order), places.gather(1, order), has_enough.cpu().numpy()


def _report(searches: Sequence[PartSearch], n_queries: int, clock: Clock) -> Report:
    n_removed = sum(len(one.part.index.rows) - one.part.n_left for one in searches)
    oldest = searches[0].reports
    why = f"{oldest[0].why}; rows were added or removed since, so there are {len(searches)} parts"
    return replace(
        oldest[0],
        n_queries=n_queries,
        why=f"{why} with {n_removed} removed rows",
        certified=min(n_queries, sum(one.certified for one in oldest)),
        candidates=sum(report.candidates for one in searches for report in one.reports),
        fallbacks={name: sum(one.fallbacks.get(name, 0) for one in oldest) for one in oldest for name in one.fallbacks},
        seconds=clock.seconds,
    )
