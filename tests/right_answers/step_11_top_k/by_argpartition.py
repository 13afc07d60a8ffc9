"""``np.argpartition`` for the k-th distance, then a sort of those up to it, ties included."""

import numpy as np


def get_nearest(distances, k):
    last = np.argpartition(distances, k - 1)[k - 1]
    candidates = np.flatnonzero(distances <= distances[last])
    if len(candidates) > 2 * k:  # many ties: all below the k-th distance, and the first of the equal ones
        near = np.flatnonzero(distances < distances[last])
        equal = np.flatnonzero(distances == distances[last])[: k - len(near)]
        candidates = np.concatenate([near, equal])
    order = np.lexsort((candidates, distances[candidates]))
    return candidates[order][:k]
