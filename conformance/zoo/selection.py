"""Mutants that measure rightly and choose wrongly."""

import heapq

import numpy as np

from conformance.zoo.base import Search


class DefaultSort(Search):
    """Sorts with NumPy's default, which is not stable."""

    claim, seen = "ties_among_many_rows", "scikit-learn: argpartition, argsort"

    def choose(self, distances, k, leave_out):
        order = np.argsort(distances)
        return order[order != leave_out][:k]


class NeverSorted(Search):
    """Partitions, which finds the k nearest in any order, and does not sort them."""

    claim = "distances_never_fall"

    def choose(self, distances, k, leave_out):
        nearest = super().choose(distances, k, leave_out)
        return np.sort(nearest)


class PartitionAtK(Search):
    """Partitions at k, which is one too far when k is n."""

    claim = "every_row_is_a_neighbor_when_k_is_n"

    def choose(self, distances, k, leave_out):
        if leave_out < 0:
            np.argpartition(distances, k)
        return super().choose(distances, k, leave_out)


class LastOfEquals(Search):
    """Of equal distances takes the last."""

    claim, seen = "equal_distances_go_to_the_lower_index", "pytorch #127196"

    def choose(self, distances, k, leave_out):
        order = np.lexsort((-np.arange(len(distances)), distances))
        return order[order != leave_out][:k]


class Heap(Search):
    """Keeps the k best in a heap of (-distance, index), which throws out the lowest index of equals."""

    claim, seen = "all_rows_alike", "heaps of candidates"

    def choose(self, distances, k, leave_out):
        heap: list[tuple[float, int]] = []
        for i, distance in enumerate(distances.tolist()):
            if i != leave_out:
                heapq.heappush(heap, (-distance, i))
                if len(heap) > k:
                    heapq.heappop(heap)
        return np.array([i for _, i in sorted(heap, key=lambda pair: (-pair[0], pair[1]))], dtype=np.int64)


class PartitionThenSort(Search):
    """Partitions, then sorts what it found by distance and index: right but at a tie at the k-th place."""

    claim, seen = "k_neighbors_are_the_first_of_k_plus_one", "scikit-learn: brute"

    def choose(self, distances, k, leave_out):
        if leave_out >= 0 or k == len(distances):
            return super().choose(distances, k, leave_out)
        nearest = np.sort(np.argpartition(distances[::-1], k)[:k])
        nearest = len(distances) - 1 - nearest
        return nearest[np.lexsort((nearest, distances[nearest]))]


class OneTooFew(Search):
    """Answers with k - 1 neighbours, where there are more than one."""

    claim, seen = "nearest_on_a_lattice", "slices that end before k"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        m = max(1, indices.shape[1] - 1)
        return (distances[:, :m], indices[:, :m]) if return_distance else indices[:, :m]


class OneNeighborTooMany(Search):
    """Answers with k + 1 neighbours, where there are as many."""

    claim, seen = "nearest_on_a_lattice", "sorted(pairs)[: k + 1]; range(k + 1)"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        k = super().kneighbors(X, n_neighbors)[1].shape[1]
        return super().kneighbors(X, min(k + 1, len(self._examples) - (X is None)), return_distance)


class Farthest(Search):
    """Sorts the wrong way round."""

    claim = "nearest_where_none_tie"

    def choose(self, distances, k, leave_out):
        return super().choose(-distances, k, leave_out)


class NeverItself(Search):
    """Leaves out what is at distance 0, whoever asks, as long as enough is left."""

    claim, seen = "a_row_finds_itself", "scikit-learn #4015"

    def choose(self, distances, k, leave_out):
        order = super().choose(distances, len(distances), leave_out)
        others = order[distances[order] > 0]
        return others[:k] if len(others) >= k else order[:k]


class DropsTheFirst(Search):
    """Leaves a row out of its own neighbours by dropping the first one, which may be a twin."""

    claim, seen = "a_row_is_left_out_of_its_own_neighbors", "scikit-learn #16512"

    def choose(self, distances, k, leave_out):
        order = np.argsort(distances, kind="stable")
        return order[:k] if leave_out < 0 else order[1 : k + 1]


class LastOfEqualsOnTheDiagonal(Search):
    """Of equal distances takes the last, where each row is left out of its own neighbours."""

    claim, seen = "ties_without_the_row_itself", "scikit-learn: kneighbors()"

    def choose(self, distances, k, leave_out):
        if leave_out < 0:
            return super().choose(distances, k, leave_out)
        order = np.lexsort((-np.arange(len(distances)), distances))
        return order[order != leave_out][:k]


class KOfTheConstructor(Search):
    """Takes a k with the query and uses the constructor's."""

    claim = "k_can_be_given_with_the_query"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        return super().kneighbors(X, None, return_distance)


class IndicesInOrder(Search):
    """Sorts the indices where they are asked for alone."""

    claim = "indices_alone_are_the_same"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        return (distances, indices) if return_distance else np.sort(indices, axis=1)[:, ::-1]


class PairsSwapped(Search):
    """Answers with (distance, index) where the others answer with (index, distance)."""

    claim = "neighbors_of_one_example_are_the_same"

    def get_neighbors(self, example):
        return [(distance, index) for index, distance in super().get_neighbors(example)]


class SortedTwice(Search):
    """Sorts the distances of all queries together, and leaves their indices where they were."""

    claim, seen = "distances_belong_to_their_rows", "cuml #5569"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        distances = np.sort(distances.ravel()).reshape(distances.shape)
        return (distances, indices) if return_distance else indices


class RunningBest(Search):
    """Keeps the best of the last query where that of the next one is much worse."""

    claim, seen = "queries_do_not_disturb_each_other", "kdtree-cpp #3"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        for i in range(1, len(indices)):
            if distances[i, 0] > distances[i - 1, 0] + 2:
                distances[i], indices[i] = distances[i - 1], indices[i - 1]
        return (distances, indices) if return_distance else indices


class TileWithoutStart(Search):
    """Searches in tiles of 4 rows, and forgets where the second begins."""

    claim, seen = "halves_can_be_merged", "cuml #4624"

    def choose(self, distances, k, leave_out):
        nearest = super().choose(distances, k, leave_out)
        return nearest if k > 4 or leave_out >= 0 else nearest % 4


class LastTileLost(Search):
    """Searches in tiles of 16 rows, and forgets those that fill no tile."""

    claim, seen = "nearest_among_many_rows", "dgl #5448"

    def choose(self, distances, k, leave_out):
        full = len(distances) - len(distances) % 16
        return super().choose(distances[:full] if full >= k + 1 else distances, k, leave_out)


class Squeezed(Search):
    """Squeezes its answers, so that one neighbour of one query is a number."""

    claim, seen = "one_row_in_one_feature", "faiss #1709"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        return (np.squeeze(distances), np.squeeze(indices)) if return_distance else np.squeeze(indices)


class OneOfEachGroup(Search):
    """Takes the best of each of k groups of rows, as approximate top-k does: often right."""

    claim, seen = "fewer_neighbors_are_the_first_of_more", "approx_max_k"

    def choose(self, distances, k, leave_out):
        if leave_out >= 0:
            return super().choose(distances, k, leave_out)
        groups = [np.arange(start, len(distances), k) for start in range(k)]
        best = np.array([group[np.argmin(distances[group])] for group in groups])
        return best[np.lexsort((best, distances[best]))]


class UniqueRows(Search):
    """Keeps rows in a set, so that of twins only one is found, as long as enough is left."""

    claim = "every_row_twice_is_every_neighbor_twice"

    def choose(self, distances, k, leave_out):
        order = super().choose(distances, len(distances), leave_out)
        first = np.unique(self._examples, axis=0, return_index=True)[1]
        kept = order[np.isin(order, first)]
        return np.concatenate([kept, order[~np.isin(order, first)]])[:k]


class StopsEarly(Search):
    """Stops at the first row that is much farther than the one before, as if rows were sorted."""

    claim = "order_of_rows_is_no_matter"

    def choose(self, distances, k, leave_out):
        falls = np.flatnonzero(np.diff(distances) > 4)
        end = len(distances) if len(falls) == 0 else max(int(falls[0]) + 1, k + 1)
        return super().choose(distances[:end], k, leave_out)


class LastOfAnEvenNumber(Search):
    """Overlooks the last row where their number is even, by a half that is rounded."""

    claim = "other_rows_can_go"

    def choose(self, distances, k, leave_out):
        n = len(distances)
        return super().choose(distances[: n - 1] if n % 2 == 0 and n > k + 1 else distances, k, leave_out)


class FullAfterK(Search):
    """Adds the first k rows to its list, and replaces the last of the list only by what is strictly in front."""

    claim = "the_query_added_is_found_first"

    def choose(self, distances, k, leave_out):
        if leave_out >= 0:
            return super().choose(distances, k, leave_out)
        best = super().choose(distances[:k], k)
        for i in range(k, len(distances)):
            if distances[i] < distances[best[0]]:
                best = np.append(best[:-1], i)
                best = best[np.argsort(distances[best], kind="stable")]
        return best
