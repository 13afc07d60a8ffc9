"""A heap of at most k pairs with the farthest on top, which each nearer row replaces."""

import heapq


def get_nearest(distances, k):
    heap = []  # (-distance, -index): the root is the farthest, and of equals the one with the highest index
    for i, distance in enumerate(distances):
        if len(heap) < k:
            heapq.heappush(heap, (-distance, -i))
        elif -distance > heap[0][0]:
            heapq.heapreplace(heap, (-distance, -i))
    return [-i for _, i in sorted(heap, reverse=True)]
