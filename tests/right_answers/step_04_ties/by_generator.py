"""A generator of pairs, from a dictionary of the rows at each distance."""

from collections import defaultdict
from itertools import islice

import numpy as np


def get_neighbors(X, y, query, k):
    at = defaultdict(list)
    for i, distance in enumerate(np.linalg.norm(X - query, axis=1)):
        at[distance].append(i)
    return islice(((distance, y[i]) for distance in sorted(at) for i in at[distance]), k)
