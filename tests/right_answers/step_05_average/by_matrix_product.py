"""A matrix product with k equal weights that add up to 1."""

import numpy as np


def get_average(targets):
    return np.ones(len(targets)) @ targets / len(targets)
