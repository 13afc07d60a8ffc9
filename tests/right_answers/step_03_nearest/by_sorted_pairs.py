"""Sorts pairs of a distance and an index: equal distances are ordered by their index; a tuple of ints."""


def get_nearest(distances, k):
    pairs = sorted((distance, i) for i, distance in enumerate(distances.tolist()))
    return tuple(i for _, i in pairs[:k])
