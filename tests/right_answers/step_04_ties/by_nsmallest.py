"""``heapq.nsmallest`` of triples, in which the index comes before the label and decides ties; lists for pairs."""

import heapq
from math import dist


def get_neighbors(X, y, query, k):
    triples = ((dist(row, query), i, label) for i, (row, label) in enumerate(zip(X, y, strict=True)))
    return [[distance, label] for distance, _, label in heapq.nsmallest(k, triples)]
