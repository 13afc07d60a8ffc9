"""``heapq.nsmallest`` of the pairs of all other rows; a list of lists."""

from heapq import nsmallest
from math import dist


def leave_one_out(X, k):
    rows = X.tolist()
    pairs = ([(dist(row, other), j) for j, other in enumerate(rows) if j != i] for i, row in enumerate(rows))
    return [[j for _, j in nsmallest(k, one)] for one in pairs]
