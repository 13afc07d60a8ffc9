"""A dictionary of functions of two lists, in plain Python."""

from math import dist, sqrt


def _cosine(a, b):
    lengths = [sqrt(sum(x * x for x in vector)) for vector in (a, b)]
    if not all(lengths):
        return 1 if any(lengths) else 0
    return max(0, 1 - sum(x * y for x, y in zip(a, b, strict=True)) / lengths[0] / lengths[1])


def _jaccard(a, b):
    has_a, has_b = ({i for i, x in enumerate(vector) if x} for vector in (a, b))
    return 1 - len(has_a & has_b) / len(has_a | has_b) if has_a | has_b else 0


def _gaps(a, b):
    return [abs(x - y) for x, y in zip(a, b, strict=True)]


METRICS = {
    "euclidean": lambda a, b, p: dist(a, b),
    "sqeuclidean": lambda a, b, p: sum(gap * gap for gap in _gaps(a, b)),
    "manhattan": lambda a, b, p: sum(_gaps(a, b)),
    "chebyshev": lambda a, b, p: max(_gaps(a, b)),
    "minkowski": lambda a, b, p: sum(gap**p for gap in _gaps(a, b)) ** (1 / p),
    "cosine": lambda a, b, p: _cosine(a, b),
    "hamming": lambda a, b, p: sum(x != y for x, y in zip(a, b, strict=True)) / len(a),
    "jaccard": lambda a, b, p: _jaccard(a, b),
}


def get_distance(a, b, metric="euclidean", p=2):
    return METRICS[metric](a.tolist(), b.tolist(), p)
