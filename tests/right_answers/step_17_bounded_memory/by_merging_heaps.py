"""A heap of at most k pairs for each query; plain loops inside a block, and lists for answers."""

import heapq
from math import dist


def get_neighbors(X, Q, k, block):
    heaps = [[] for _ in range(len(Q))]
    for start in range(0, len(X), block):
        rows = X[start : start + block].tolist()
        for heap, query in zip(heaps, Q.tolist(), strict=True):
            for i, row in enumerate(rows, start):
                pair = (-dist(row, query), -i)
                if len(heap) < k:
                    heapq.heappush(heap, pair)
                elif pair > heap[0]:
                    heapq.heapreplace(heap, pair)
    ranked = [sorted((-distance, -i) for distance, i in heap) for heap in heaps]
    return [[d for d, _ in row] for row in ranked], [[i for _, i in row] for row in ranked]
