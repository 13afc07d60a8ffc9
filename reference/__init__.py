"""k-nearest neighbours in NumPy, written to be read. This is the whole of it, for one query:

>>> import numpy as np
>>> def get_distance(a, b):
...     gap = a - b
...     return np.sqrt(np.sum(gap * gap))
>>> def get_neighbors(X, query, k):
...     distances = np.array([get_distance(query, example) for example in X])
...     return np.argsort(distances, kind="stable")[:k]  # stable: equal distances keep the order of the examples
>>> def predict(X, y, query, k):
...     total = 0.0
...     for i in get_neighbors(X, query, k):
...         total += y[i]
...     return total / k
>>> X, y = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), [10.0, 50.0, 20.0]
>>> predict(X, y, query=np.array([0.0, 0.0]), k=2)
15.0

The files add metrics, votes and checked input to that. Read them in this order:

1. ``distances.py``: the formulas, and ``metrics.py``: the formula for each name; ``weighted_distances.py`` and
   ``special_distances.py`` have those that are asked for less often
2. ``base.py``: keep the examples, and measure a query against each; ``neighbors.py``: choose the k nearest;
   ``radius.py``: choose all within a radius; ``nearest_neighbors.py``: graphs and pairs of neighbours
3. ``weights.py``, then ``regressor.py`` with ``aggregates.py``, and ``classifier.py``: weigh the neighbours, combine
   them into an average or a vote, and score it with ``scoring.py``; ``sample_weight.py``: examples that count several
   times; ``explanation.py``: the neighbours behind a prediction; ``radius_predictors.py``: the same for all neighbours
   within a radius
4. ``similarity_regressor.py`` and ``similarities.py``: let every example count by its similarity instead
5. ``ridge.py`` and ``solvers.py``: solve for the weights of the examples, at once or step by step; ``certificate.py``:
   how far the steps are from the exact weights; ``leave_one_out.py``: n models from one inverse
6. ``selection.py`` and ``folds.py``: choose k; ``checks.py`` and the package ``knn_inputs`` refuse bad input, and can
   be left for last
"""

from reference.checks import NotFittedError
from reference.classifier import KNNClassifier
from reference.explanation import Explanation
from reference.nearest_neighbors import Graph, NearestNeighbors
from reference.radius_predictors import RadiusNeighborsClassifier, RadiusNeighborsRegressor
from reference.regressor import KNNRegressor
from reference.selection import Selection, select_n_neighbors
from reference.similarity_regressor import SimilarityRegressor
from reference.solvers import ConvergenceWarning

__all__ = [
    "ConvergenceWarning",
    "Explanation",
    "Graph",
    "KNNClassifier",
    "KNNRegressor",
    "NearestNeighbors",
    "NotFittedError",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "Selection",
    "SimilarityRegressor",
    "select_n_neighbors",
]
