"""A heap of all pairs, from which a generator takes the smallest k times."""

import heapq


def get_nearest(distances, k):
    heap = list(zip(distances, range(len(distances)), strict=True))
    heapq.heapify(heap)
    return (heapq.heappop(heap)[1] for _ in range(k))
