"""The neighbours behind a prediction, with everything that it is made from."""

from typing import NamedTuple

import numpy as np


class Explanation(NamedTuple):
    """For each query its neighbours, nearest first: arrays of shape (n_queries, k).

    An example of sample weight w is there up to w times. ``targets`` are numbers or labels, and where y has several
    outputs they, and the weights of a classifier, have shape (n_queries, k, n_outputs).
    """

    indices: np.ndarray  # int64
    distances: np.ndarray  # float64
    targets: np.ndarray
    weights: np.ndarray  # float64: of the distance, and in a vote times that of the class
