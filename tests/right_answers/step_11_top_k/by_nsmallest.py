"""``heapq.nsmallest`` on indices; it is stable, as if it sorted."""

import heapq


def get_nearest(distances, k):
    return heapq.nsmallest(k, range(len(distances)), key=lambda i: distances[i])
