"""The names by which the suite knows arguments and methods of others."""

import inspect
from typing import Any

NAMES = {  # the names that constructors give to their arguments
    "k": (
        "n_neighbors",
        "k",
        "K",
        "num_neighbors",
        "n_neighbours",
        "num_neighbours",
        "k_neighbors",
        "k_neighbours",
        "top_k",
    ),
    "metric": ("metric", "distance", "distance_metric"),
    "radius": ("radius",),
    "p": ("p",),
    "weights": ("weights", "weight", "weighting"),
    "class_weight": ("class_weight",),
    "aggregate": ("aggregate",),
    "outlier_label": ("outlier_label",),
    "device": ("device",),
    "similarity": ("similarity", "kernel"),
    "gamma": ("gamma",),
    "degree": ("degree",),
    "coef0": ("coef0",),
    "jitter": ("jitter", "alpha", "ridge"),
    "fit_intercept": ("fit_intercept",),
    "solver": ("solver",),
    "tol": ("tol",),
    "max_iter": ("max_iter",),
    "warm_start": ("warm_start",),
}
FITTERS = ("fit", "train")  # the names of methods that are given the examples
FINDERS = (  # the names of methods that return neighbours
    "kneighbors",
    "get_neighbors",
    "get_neighbours",
    "find_neighbors",
    "neighbors",
    "k_neighbors",
    "query",
    "search",
)
DATA = {  # the names that functions, and constructors of indexes, give to their examples, targets and queries
    "X": (
        "X",
        "X_train",
        "x_train",
        "train",
        "train_X",
        "training",
        "points",
        "data",
        "dataset",
        "samples",
        "database",
    ),
    "y": ("y", "y_train", "train_y", "labels", "targets", "train_labels", "target", "classes", "values"),
    "Q": (
        "Q",
        "X_test",
        "x_test",
        "test",
        "test_X",
        "queries",
        "query",
        "x",
        "q",
        "X_query",
        "x_query",
        "X_new",
        "x_new",
        "new",
        "point",
        "sample",
        "example",
        "query_point",
        "query_points",
        "test_point",
    ),
}


IN_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def number_taken(fit: Any) -> int:
    """The number of arguments of ``fit`` that are examples and targets: 1 or 2. An option is neither.

    >>> number_taken(lambda X, y=None: ...), number_taken(lambda X, leaf_size=30: ...), number_taken(lambda *rows: ...)
    (2, 1, 2)
    """
    arguments = arguments_of(fit)
    kinds = [argument.kind for argument in arguments.values()]
    places = [argument for argument in arguments.values() if argument.kind in IN_PLACE]
    if not arguments or inspect.Parameter.VAR_POSITIONAL in kinds:
        return 2
    return sum(map(_may_be_data, places[:2]))


def _may_be_data(argument: inspect.Parameter) -> bool:
    if argument.default is argument.empty or argument.name in DATA["y"]:
        return True
    return argument.default is None and "weight" not in argument.name


def arguments_of(function: Any) -> dict[str, inspect.Parameter]:
    """The arguments of a function or a class by name; none where they cannot be read."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # nothing to call, or compiled
        return {}
