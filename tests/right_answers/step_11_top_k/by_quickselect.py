"""Quickselect by recursion, with three lists: below, equal to and above a pivot that is drawn."""

import random


def get_nearest(distances, k):
    indices = _smallest(distances, list(range(len(distances))), k, random.Random(0))
    return sorted(indices, key=lambda i: distances[i])


def _smallest(distances, indices, k, rng):
    """The indices of the k smallest distances, in groups of which each keeps the order of the rows."""
    pivot = distances[rng.choice(indices)]
    below = [i for i in indices if distances[i] < pivot]
    if k <= len(below):
        return _smallest(distances, below, k, rng)
    equal = [i for i in indices if distances[i] == pivot]
    if k <= len(below) + len(equal):
        return (below + equal)[:k]
    above = [i for i in indices if distances[i] > pivot]
    return below + equal + _smallest(distances, above, k - len(below) - len(equal), rng)
