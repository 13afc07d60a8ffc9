"""Choosing k: score every candidate by cross-validation, then take the best or the elbow."""

import math
from typing import NamedTuple

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.messages import show
from knn_inputs.parameters import check_n_neighbors
from knn_inputs.targets import read_targets
from reference.checks import check_labels, check_training
from reference.classifier import KNNClassifier
from reference.folds import get_folds
from reference.regressor import KNNRegressor


class Selection(NamedTuple):
    """The scores of the candidates for k: accuracies or R^2, float64, shape (n_candidates, n_folds).

    ``best`` is the k with the highest mean score. ``elbow`` is the k where the curve of mean errors, 1 - score, bends
    most: its error lies farthest, above or below, from the line between the errors of the smallest and the largest k
    (after Satopaa et al., Finding a "Kneedle" in a Haystack, 2011). Of equal candidates both take the smallest k.
    """

    candidates: list
    scores: np.ndarray
    best: int
    elbow: int


def select_n_neighbors(model, X, y, candidates, *, cv=5):
    """Scores each candidate for the k of a classifier or a regressor by cross-validation; returns a ``Selection``.

    For each fold a copy of the model is fitted on the ``train`` indices and scored on the ``test`` indices. ``cv`` is a
    list of (train, test) index pairs, or a number of folds by scikit-learn's rule: not shuffled, and for a classifier
    of one output with about the same share of each class. Raises TypeError if the model is neither or a candidate is
    not an int, ValueError if a candidate exceeds the smallest training set, and whatever ``fit`` raises.

    >>> X, y = [[0], [1], [2], [9], [10], [11]], ["a", "b", "b", "c", "c", "a"]
    >>> selection = select_n_neighbors(KNNClassifier(), X, y, [1, 3], cv=[([0, 2, 3, 5], [1, 4])])
    >>> selection.scores.tolist(), selection.best
    ([[0.5], [0.0]], 1)
    """
    if not isinstance(model, (KNNClassifier, KNNRegressor)):
        raise TypeError(f"model is a {type(model).__name__}, but must be a KNNClassifier or KNNRegressor")
    examples = check_training(X, model.metric, largest=np.inf)  # fit checks the magnitudes
    answers, codes = _check_y(model, y, len(examples))
    folds = get_folds(cv, codes)
    candidates = _check_candidates(candidates, min(len(train) for train, _ in folds))
    scores = np.array([[_score(model, k, examples, answers, *fold) for fold in folds] for k in candidates])
    means = [math.fsum(row) / len(row) for row in scores.tolist()]  # fsum: the order of the folds changes no bit
    return Selection(candidates, scores, find_best(candidates, means), find_elbow(candidates, means))


def _check_y(model, y, n_examples):
    """Returns the y to cut into folds, and the class codes to stratify by: all 0 unless y is one output of classes."""
    if isinstance(model, KNNRegressor):
        return read_targets(y, n_examples), np.zeros(n_examples)
    _, codes = check_labels(y, n_examples)
    y = to_array(y, "y")
    return (y, np.zeros(n_examples)) if isinstance(codes, list) else (y.reshape(-1), codes)


def _check_candidates(candidates, n_examples):
    if not hasattr(candidates, "__iter__"):
        raise TypeError(f"candidates={show(candidates)} is a {type(candidates).__name__}, but must be a list of ints")
    candidates = [check_n_neighbors(k, n_examples) for k in candidates]
    if not candidates:
        raise ValueError("candidates has 0 entries, but needs at least 1")
    return candidates


def _score(model, k, examples, answers, train, test):
    """Returns the score on the ``test`` examples of a copy of the model, with k neighbours, fitted on ``train``."""
    copy = type(model)(**{**model.get_params(), "n_neighbors": k})
    if model.metric == "precomputed":
        examples = examples[:, train]  # keep the distances to the examples of the fit
    copy.fit(_take(examples, train), answers[train])
    return copy.score(_take(examples, test), answers[test])


def _take(examples, indices):
    return [examples[i] for i in indices] if isinstance(examples, list) else examples[indices]


def find_best(candidates, scores):
    """Returns the candidate with the highest score, the smallest of equals.

    >>> find_best([7, 5, 3], [0.9, 0.9, 0.8])
    5
    """
    return max(zip(candidates, scores, strict=True), key=lambda pair: (pair[1], -pair[0]))[0]


def find_elbow(candidates, scores):
    """Returns the k whose error, 1 - score, is farthest from the line between the smallest and the largest k.

    The distance of a point from a line is proportional to its vertical distance, so vertical distances are compared
    and the units of the axes do not matter.

    >>> find_elbow([1, 2, 3, 4, 5], [0.5, 0.8, 0.85, 0.87, 0.88])
    2
    """
    points = sorted(zip(candidates, [1 - score for score in scores], strict=True))
    (first_k, first_error), (last_k, last_error) = points[0], points[-1]

    def height(point):
        k, error = point
        return abs((last_k - first_k) * (error - first_error) - (last_error - first_error) * (k - first_k))

    return max(points, key=height)[0]  # max takes the first of equals
