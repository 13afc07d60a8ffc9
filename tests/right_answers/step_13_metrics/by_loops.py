"""Loops that count and add, feature by feature."""

import math


def get_distance(a, b, metric="euclidean", p=2):
    if metric == "cosine":
        return _cosine(a, b)
    total = largest = differing = either = only_one = 0.0
    power = {"manhattan": 1, "minkowski": p}.get(metric, 2)
    for x, y in zip(a, b, strict=True):
        gap = abs(x - y)
        total += gap**power
        largest = max(largest, gap)
        differing += gap > 0
        either += x != 0 or y != 0
        only_one += (x != 0) != (y != 0)
    if metric == "euclidean":
        return math.sqrt(total)
    if metric == "minkowski":
        return total ** (1 / p)
    if metric == "chebyshev":
        return largest
    if metric == "hamming":
        return differing / len(a)
    if metric == "jaccard":
        return only_one / either if either else 0.0
    return total


def _cosine(a, b):
    product = length_a = length_b = 0.0
    for x, y in zip(a, b, strict=True):
        product += x * y
        length_a += x * x
        length_b += y * y
    if length_a == 0 or length_b == 0:
        return 0.0 if length_a == length_b else 1.0
    return max(1 - product / math.sqrt(length_a) / math.sqrt(length_b), 0.0)
