"""Takes the smallest k times, and crosses it out in a copy; ``argmin`` finds the first of equals."""

import numpy as np


def get_nearest(distances, k):
    remaining = distances.astype(float)
    chosen = []
    for _ in range(k):
        i = np.argmin(remaining)
        chosen.append(i)
        remaining[i] = np.inf
    return chosen
