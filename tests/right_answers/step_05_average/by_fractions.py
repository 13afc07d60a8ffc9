"""The ``statistics`` module on fractions: it rounds once, at the end."""

from fractions import Fraction
from statistics import mean


def get_average(targets):
    if targets.ndim == 2:
        return tuple(get_average(column) for column in targets.T)
    return mean(Fraction(target) for target in targets.tolist())
