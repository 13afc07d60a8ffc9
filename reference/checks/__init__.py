"""The one door through which the input of ``fit``, ``predict`` and ``kneighbors`` comes: checks, without any algorithm.

Nothing is clipped, dropped or filled in. Input that cannot be used raises ValueError or TypeError, with a message that
names the argument and the problem. ``parameters`` are the constructor's arguments, ``examples`` are X,
``targets`` are y, ``weights`` are those that a user's function returns, ``numbers`` serves them all.
"""

from reference.checks.examples import check_pair, check_queries, check_training
from reference.checks.numbers import check_distances, check_finite
from reference.checks.parameters import (
    NotFittedError,
    Parameters,
    check_fitted,
    check_int,
    check_metric,
    check_n_neighbors,
    check_number,
)
from reference.checks.targets import check_answers, check_labels, check_targets
from reference.checks.weights import check_returned_weights, check_sums, check_weights

__all__ = [
    "NotFittedError",
    "Parameters",
    "check_answers",
    "check_distances",
    "check_finite",
    "check_fitted",
    "check_int",
    "check_labels",
    "check_metric",
    "check_n_neighbors",
    "check_number",
    "check_pair",
    "check_queries",
    "check_returned_weights",
    "check_sums",
    "check_targets",
    "check_training",
    "check_weights",
]
