"""A loop over the features, which adds Python floats from left to right."""

import math


def get_distance(a, b):
    total = 0.0
    for i in range(len(a)):
        gap = float(a[i]) - float(b[i])
        total += gap**2
    return math.sqrt(total)
