"""k-nearest neighbours in vectorised torch, on scikit-learn's base classes, with the bits of ``reference``."""

from accelerated.knn import KNNClassifier, KNNRegressor
from accelerated.neighbors import NearestNeighbors

__all__ = ["KNNClassifier", "KNNRegressor", "NearestNeighbors"]
