"""All pairs from ``itertools.product``, and one reshape at the end."""

from itertools import product

import numpy as np


def get_distances(Q, X):
    flat = [np.sqrt(((q - x) ** 2).sum()) for q, x in product(Q, X)]
    return np.array(flat).reshape(len(Q), len(X))
