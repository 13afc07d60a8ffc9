"""Choosing k: one search per fold serves every candidate, because the k nearest are the first k of any more."""

import math
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples
from torch import Tensor

from accelerated.arrays import import_dlpack, to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.classifier import KNNClassifier
from accelerated.regressor import KNNRegressor
from accelerated.scoring import accuracy, r_squared
from accelerated.validation import check_labels, check_rows, check_targets
from knn_inputs.containers import is_matrix, to_array
from knn_inputs.folds import check_n_folds, read_fold
from knn_inputs.matrices import check_square
from knn_inputs.messages import show
from knn_inputs.metrics import allows_missing
from knn_inputs.objects import read_objects
from knn_inputs.parameters import check_n_neighbors

Fold = tuple[np.ndarray, np.ndarray]  # indices to fit on, indices to score


class Selection(NamedTuple):
    """The scores of the candidates for k: accuracies or R^2, float64, shape (n_candidates, n_folds).

    ``best`` is the k with the highest mean score. ``elbow`` is the k where the curve of mean errors, 1 - score, bends
    most: its error lies farthest, above or below, from the line between the errors of the smallest and the largest k
    (after Satopaa et al., Finding a "Kneedle" in a Haystack, 2011). Of equal candidates both take the smallest k.
    """

    candidates: list[int]
    scores: np.ndarray
    best: int
    elbow: int


@in_calling_thread()
def select_n_neighbors(
    model: KNNClassifier | KNNRegressor | Pipeline, X: Any, y: Any, candidates: Iterable[int], *, cv: Any = 5
) -> Selection:
    """Scores each candidate for the k of a classifier or a regressor by cross-validation; returns a ``Selection``.

    The scores are those of ``GridSearchCV``, but each fold is searched once, for the largest candidate. ``cv`` is a
    number of folds by scikit-learn's rule (not shuffled, and for a classifier of one output with about the same share
    of each class), a list of (train, test) index pairs, or a splitter of scikit-learn. The model may be the last step
    of a Pipeline, whose other steps are fitted to the training part of each fold. Raises TypeError if the model is
    neither or a candidate is not an int, ValueError if a candidate exceeds the smallest training set, and whatever
    ``fit`` raises.

    >>> X, y = [[0], [1], [2], [9], [10], [11]], ["a", "b", "b", "c", "c", "a"]
    >>> selection = select_n_neighbors(KNNClassifier(), X, y, [1, 3], cv=[([0, 2, 3, 5], [1, 4])])
    >>> selection.scores.tolist(), selection.best
    ([[0.5], [0.0]], 1)
    """
    steps, model = (model[:-1], model[-1]) if isinstance(model, Pipeline) else (None, model)
    if not isinstance(model, (KNNClassifier, KNNRegressor)):
        of_pipeline = "the last step of the pipeline" if steps is not None else "model"
        raise TypeError(f"{of_pipeline} is a {type(model).__name__}, but must be a KNNClassifier or KNNRegressor")
    rows = _read_examples(model, X) if steps is None else X  # which the first step reads
    n_examples = _num_samples(rows)
    answers, codes = _read_y(model, y, n_examples)
    folds = _get_folds(cv, codes, n_examples)
    candidates = _check_candidates(candidates, min(len(train) for train, _ in folds))
    scores = np.array([_score_all(model, candidates, rows, answers, fold, steps) for fold in folds]).T
    means = [math.fsum(row) / len(row) for row in scores.tolist()]  # rounded once, in any order of the folds
    return Selection(candidates, scores, find_best(candidates, means), find_elbow(candidates, means))


def _read_examples(model: Any, X: Any) -> Any:
    if callable(model.metric) and not is_matrix(X):
        return read_objects(X)
    rows = check_rows(X, allow_nan=allows_missing(model.metric))  # fit checks the magnitudes
    return check_square(rows) if model.metric == "precomputed" else rows


def _read_y(model: Any, y: Any, n_examples: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the answers to divide into folds, and the classes to stratify by, or None."""
    if isinstance(model, KNNRegressor):
        targets, is_single = check_targets(y, n_examples)
        return (targets[:, 0] if is_single else targets), None
    _, codes, is_single = check_labels(y, n_examples)
    y = to_array(import_dlpack(y), "y")
    return (y.reshape(-1), codes[0]) if is_single else (y, None)


def _get_folds(cv: Any, codes: np.ndarray | None, n_examples: int) -> list[Fold]:
    if hasattr(cv, "__iter__") and not isinstance(cv, str) and not hasattr(cv, "split"):
        pairs = cv
    else:
        pairs = _split(cv, codes, n_examples)
    folds = [read_fold(fold, n_examples) for fold in pairs]
    if not folds:
        raise ValueError("cv has 0 folds, but needs at least 1")
    return folds


def _split(cv: Any, codes: np.ndarray | None, n_examples: int) -> list[Any]:
    """Returns the folds of a splitter of scikit-learn, or of a number of folds by scikit-learn's rule."""
    if isinstance(cv, str) or not hasattr(cv, "split"):
        cv = check_n_folds(cv, np.zeros(n_examples) if codes is None else codes)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)  # ``check_n_folds`` has warned
        return list(check_cv(cv, codes, classifier=codes is not None).split(np.zeros(n_examples), codes))


def _check_candidates(candidates: Any, n_examples: int) -> list[int]:
    if not hasattr(candidates, "__iter__"):
        raise TypeError(f"candidates={show(candidates)} is a {type(candidates).__name__}, but must be a list of ints")
    candidates = [check_n_neighbors(k, n_examples) for k in candidates]
    if not candidates:
        raise ValueError("candidates has 0 entries, but needs at least 1")
    return candidates


def _score_all(
    model: Any, candidates: list[int], rows: Any, answers: np.ndarray, fold: Fold, steps: Pipeline | None
) -> list[float]:
    """Returns the score of each candidate on one fold, (n_candidates,), from one search for the largest of them."""
    train, test = fold
    if model.metric == "precomputed" and steps is None:
        rows = _take(rows.T, train).T  # a column for each example that is fitted on
    fit_rows, test_rows = _take(rows, train), _take(rows, test)
    if steps is not None and len(steps):
        steps = clone(steps)
        fit_rows, test_rows = steps.fit_transform(fit_rows, answers[train]), steps.transform(test_rows)
    params = {**model.get_params(deep=False), "n_neighbors": max(candidates)}  # ``clone`` would copy a metric
    searcher = type(model)(**params).fit(fit_rows, answers[train])
    ks = sorted(set(candidates))
    _, found = searcher._find(test_rows)
    batches = [_answers(searcher, distances, indices, ks) for _, distances, indices in found]
    predicted = [np.concatenate(list(map(to_numpy, of_k))) for of_k in zip(*batches, strict=True)]
    score = r_squared if isinstance(model, KNNRegressor) else accuracy
    scores = {k: score(answers[test], of_k) for k, of_k in zip(ks, predicted, strict=True)}
    return [scores[k] for k in candidates]


def _answers(searcher: Any, distances: Tensor, indices: Tensor, ks: list[int]) -> list[Any]:
    """Returns the predictions of the first k neighbours for each of the ks.

    The first k of the built-in weights are the weights of the first k: distances ascend, so if any weight would be
    infinite, the first is. A function may weigh the same neighbour differently beside others.
    """
    if callable(searcher.weights):
        return [searcher._answer(distances[:, :k], indices[:, :k]) for k in ks]
    return list(searcher._answers(distances, indices, ks))


def _take(X: Any, indices: np.ndarray) -> Any:
    return X[torch.from_numpy(indices)] if isinstance(X, Tensor) else _safe_indexing(X, indices)


def find_best(candidates: list[int], scores: list[float]) -> int:
    """Returns the candidate with the highest score; of equally good ones, the smallest.

    >>> find_best([7, 5, 3], [0.9, 0.9, 0.8])
    5
    """
    return max(zip(scores, [-k for k in candidates], candidates, strict=True))[2]


def find_elbow(candidates: list[int], scores: list[float]) -> int:
    """Returns the k whose error, 1 - score, is farthest from the line between the smallest and the largest k.

    Distances to the same line are proportional to their vertical components, so these are compared, and the units of
    the axes do not matter.

    >>> find_elbow([1, 2, 3, 4, 5], [0.5, 0.8, 0.85, 0.87, 0.88])
    2
    """
    points = sorted(zip(candidates, [1 - score for score in scores], strict=True))
    (first_k, first_error), (last_k, last_error) = points[0], points[-1]

    def height(point: tuple[int, float]) -> float:
        k, error = point
        return abs((last_k - first_k) * (error - first_error) - (last_error - first_error) * (k - first_k))

    return max(points, key=height)[0]  # max takes the first of equals
