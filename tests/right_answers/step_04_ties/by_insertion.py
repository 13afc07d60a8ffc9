"""Keeps the k best so far in order, and inserts each nearer row behind its equals."""

from bisect import insort


def get_neighbors(X, y, query, k):
    best = []
    for row, label in zip(X.tolist(), y.tolist(), strict=True):
        distance = sum((a - b) ** 2 for a, b in zip(row, query.tolist(), strict=True)) ** 0.5
        insort(best, (distance, label), key=lambda pair: pair[0])
        del best[k:]
    return best
