"""Plain Python: a list, in which 1 / d is asked of no distance of 0."""

from math import isinf


def get_weights(distances):
    distances = distances.tolist()
    if 0.0 in distances:
        return [1.0 if d == 0.0 else 0.0 for d in distances]
    weights = [1.0 / d for d in distances]
    if any(isinf(weight) for weight in weights):
        return [1.0 if isinf(weight) else 0.0 for weight in weights]
    return weights
