"""k-nearest neighbours in vectorised torch, on scikit-learn's base classes, with the bits of ``reference``."""

try:
    import sklearn  # noqa: F401
    import torch  # noqa: F401
    import tqdm  # noqa: F401
except ImportError as error:
    raise ImportError(f"accelerated needs {error.name}: pip install 'verified-knn[accelerated]'") from error

from accelerated.classifier import KNNClassifier
from accelerated.explanation import Explanation
from accelerated.forking import use_one_thread_after_fork
from accelerated.gamma_selection import GammaSelection, select_gamma
from accelerated.nearest_neighbors import NearestNeighbors
from accelerated.radius_predictors import RadiusNeighborsClassifier, RadiusNeighborsRegressor
from accelerated.regressor import KNNRegressor
from accelerated.selection import Selection, select_n_neighbors
from accelerated.similarity_regressor import SimilarityRegressor

__all__ = [
    "Explanation",
    "GammaSelection",
    "KNNClassifier",
    "KNNRegressor",
    "NearestNeighbors",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "Selection",
    "SimilarityRegressor",
    "select_gamma",
    "select_n_neighbors",
]

use_one_thread_after_fork()
