"""The built-in ``sorted``, which is stable, on the indices; a list of ints."""


def get_nearest(distances, k):
    return sorted(range(len(distances)), key=lambda i: distances[i])[:k]
