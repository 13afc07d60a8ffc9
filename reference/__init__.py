"""k-nearest neighbours in NumPy, written to be read: start with ``neighbors.py``, then ``knn.py``."""

from reference.knn import KNNClassifier, KNNRegressor
from reference.neighbors import NearestNeighbors
from reference.validation import NotFittedError

__all__ = ["KNNClassifier", "KNNRegressor", "NearestNeighbors", "NotFittedError"]
