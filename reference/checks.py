"""Checks around the algorithm: parameters by name, a model that is fitted, and numbers that can be used.

Input itself is read by ``knn_inputs``, which ``accelerated`` shares, so that both refuse the same with the same words.
What stays here is what only ``reference`` needs: float64 rows that cannot be written to, and how a model is kept.
"""

import inspect

import numpy as np

from knn_inputs.callables import refuse_distance
from knn_inputs.class_weight import read_class_weights
from knn_inputs.containers import is_matrix
from knn_inputs.feature_names import check_columns, check_features, note_columns, note_features
from knn_inputs.matrices import check_square, read_matrix, read_pair
from knn_inputs.messages import not_finite, suggest
from knn_inputs.metrics import allows_missing, check_columns_of
from knn_inputs.objects import copy_objects, read_any_pair, read_objects
from knn_inputs.targets import read_labels, sort_labels


class NotFittedError(ValueError, AttributeError):
    """A model was used before ``fit``."""


class Parameters:
    """Gives ``get_params`` and ``set_params`` to a class whose constructor stores each argument under its own name."""

    def get_params(self, deep=True):
        """Returns the constructor's arguments and their values, a dict."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params):
        """Changes arguments of the constructor, and returns self."""
        known = list(self.get_params())
        for name in params:
            if name not in known:
                raise ValueError(f"{name!r} is not a parameter of {type(self).__name__}: {known}{suggest(name, known)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self


def keep(model, X, examples, **learned):
    """Gives the model what it has learned from X, all in one step: an interrupted ``fit`` leaves it as it was."""
    others = {name: value for name, value in vars(model).items() if name not in ("feature_names_in_", "n_features_in_")}
    noted = note_columns(X) if isinstance(examples, list) else note_features(X, examples.shape[1])
    model.__dict__ = {**others, "_examples": examples, **learned, **noted}
    return model


def check_fitted(model):
    """Raises NotFittedError unless ``fit`` has kept examples."""
    if not hasattr(model, "_examples"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call fit first")


def check_training(X, metric, largest, least=-np.inf):
    """Returns a copy of the training examples, float64 (n, n_features); under a callable a list stays a list.

    ``metric`` may be a similarity too. Raises TypeError for a sparse matrix, and ValueError unless X is a full, finite
    matrix of real numbers. Unless the metric is callable their magnitude must be at most ``largest``, and they must be
    at least ``least``; for "precomputed" X must be square.
    """
    if callable(metric):
        return as_rows(X) if is_matrix(X) else copy_objects(read_objects(X))
    examples = as_rows(X, largest, least=least, allow_nan=allows_missing(metric))
    return check_square(examples) if metric == "precomputed" else examples


def check_queries(X, model, largest, least=-np.inf):
    """Returns the queries in the form of the model's training examples: a matrix as wide as theirs, or a list."""
    if isinstance(model._examples, list):
        queries = read_objects(X)
        check_columns(X, model)
        return queries
    queries = as_rows(X, largest, model.n_features_in_, least, allows_missing(getattr(model, "_metric", None)))
    check_features(X, queries.shape[1], model)
    return queries


def check_pair(a, b, chosen, largest):
    """Returns two examples as the chosen metric takes them: float64 rows of the same length, or unchanged objects."""
    if callable(chosen.name):
        return read_any_pair(a, b)
    pair = read_pair(a, b, largest, allows_missing(chosen.name))
    check_columns_of(chosen, pair)
    return pair


def as_rows(X, largest=np.inf, n_features=None, least=-np.inf, allow_nan=False):
    """Returns the examples as a read-only float64 copy, C-contiguous, shape (n, n_features)."""
    rows = np.array(read_matrix(X, largest, n_features, least, allow_nan), dtype=np.float64, order="C")
    rows.flags.writeable = False  # a metric that writes to its arguments must not change the model
    return rows


def check_labels(y, n_examples, repeats=None):
    """Returns the sorted classes and each label's index among them, (n,); for several outputs a list of either.

    Labels are of any sortable kind; those of examples that count 0 times, by ``repeats``, are no classes. Raises
    ValueError for fractions, for NaN and None, and for labels that do not compare with one another.
    """
    labels = read_labels(y, n_examples)
    if labels.ndim == 1:
        return sort_labels(labels, repeats)
    classes, codes = zip(*(sort_labels(column, repeats) for column in labels.T), strict=True)
    return list(classes), list(codes)


def check_class_weight(class_weight, classes, codes, repeats):
    """Returns the weight of each class, (n_classes,); for several outputs a list of such arrays."""
    if isinstance(classes, list):
        return read_class_weights(class_weight, classes, codes, repeats, is_single=False)
    return read_class_weights(class_weight, [classes], [codes], repeats, is_single=True)[0]


def check_distances(distances, metric, query, examples):
    """Returns the query's distances; raises ValueError if one is NaN, infinite or negative and so cannot be sorted."""
    right = (distances >= 0) & ((distances < np.inf) | allows_missing(metric))
    if not np.all(right):
        first = np.argmin(right)
        refuse_distance(distances[first], metric, query, examples[first])
    return distances


def check_finite(values, name):
    """Returns the values; raises ValueError, with the ``name`` of a value, unless all of them are finite."""
    if not np.all(np.isfinite(values)):
        raise ValueError(not_finite(name, values[~np.isfinite(values)][0]))
    return values
