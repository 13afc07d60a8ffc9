"""Divides, and mends the division where it fails."""


def get_weights(distances):
    numbers = [float(d) for d in distances]
    try:
        weights = [1 / d for d in numbers]
    except ZeroDivisionError:
        return tuple(int(d == 0) for d in numbers)
    if float("inf") in weights:
        return tuple(int(weight == float("inf")) for weight in weights)
    return tuple(weights)
