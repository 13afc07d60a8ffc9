"""k-nearest neighbours in NumPy, written to be read: start with ``neighbors.py``, then ``knn.py``."""

from reference.knn import KNNClassifier, KNNRegressor
from reference.neighbors import NearestNeighbors
from reference.selection import Selection, select_n_neighbors
from reference.similarity_regressor import SimilarityRegressor
from reference.validation import NotFittedError

__all__ = [
    "KNNClassifier",
    "KNNRegressor",
    "NearestNeighbors",
    "NotFittedError",
    "Selection",
    "SimilarityRegressor",
    "select_n_neighbors",
]
