"""``np.where`` twice, with divisions by 0 silenced; truth values serve as weights."""

import numpy as np


def get_weights(distances):
    with np.errstate(divide="ignore", over="ignore"):
        weights = np.where(np.any(distances == 0), distances == 0, 1 / distances)
    return np.where(np.any(np.isinf(weights)), np.isinf(weights), weights)
