"""Recursion: the sum of a half and of the other half."""

import numpy as np


def get_average(targets):
    return _total(np.asarray(targets, dtype=float)) / targets.shape[0]


def _total(numbers):
    if len(numbers) == 1:
        return numbers[0]
    middle = len(numbers) // 2
    return _total(numbers[:middle]) + _total(numbers[middle:])
