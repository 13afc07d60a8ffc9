"""A generator of squares, which ``math.fsum`` adds without rounding; the answer is an array without axes."""

import math

import numpy as np


def get_distance(a, b):
    return np.array(math.sqrt(math.fsum(_square(x - y) for x, y in zip(a, b, strict=True))))


def _square(x):
    return x * x
