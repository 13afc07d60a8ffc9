"""k-nearest neighbours in vectorised torch, on scikit-learn's base classes, with the bits of ``reference``."""

from accelerated.neighbors import KNNClassifier, KNNRegressor, NearestNeighbors

__all__ = ["KNNClassifier", "KNNRegressor", "NearestNeighbors"]
