"""The names of a DataFrame's columns, and the number of features: noted at fit, and compared with those of a query.

The rules and the words are those of scikit-learn, whose own function refuses a DataFrame with two columns of one name.
"""

from typing import Any

import numpy as np

from knn_inputs.messages import kind_of, show, warn
from knn_inputs.places import column_names

LONGEST_COLUMN = 100  # characters of a name in a message


def read_feature_names(X: Any) -> np.ndarray | None:
    """Returns the names of the columns, (n_features,) of objects, or None if X has no names that are strings.

    Raises TypeError if only some of the names are strings.
    """
    names = column_names(X)
    if not names:
        return None
    n_strings = sum(isinstance(name, str) for name in names)
    if 0 < n_strings < len(names):
        kinds = sorted({kind_of(name) for name in names})
        message = f"Feature names are only supported if all input features have string names, but X has {kinds}"
        raise TypeError(f"{message}: X.columns = X.columns.astype(str) makes strings of them")
    return np.array(names, dtype=object) if n_strings else None


def note_features(X: Any, n_features: int) -> dict[str, Any]:
    """Returns what a fitted model has of the features, by name: their number, and their names if they have any."""
    names = read_feature_names(X)
    noted: dict[str, Any] = {"n_features_in_": n_features}
    return noted if names is None else {**noted, "feature_names_in_": names}


def note_columns(X: Any) -> dict[str, Any]:
    """Returns what a model fitted on objects has of the features: of the rows of a DataFrame as ``note_features``."""
    columns = column_names(X)
    return {} if columns is None else note_features(X, len(columns))


def check_columns(X: Any, model: Any) -> None:
    """Raises ValueError if a model fitted on the rows of a DataFrame is asked for those of a DataFrame with others."""
    columns = column_names(X)
    if columns is not None and hasattr(model, "n_features_in_"):
        check_features(X, len(columns), model)


def check_features(X: Any, n_features: int, model: Any) -> None:
    """Raises ValueError if X has other features than the model was fitted with, by name or by number.

    Warns if only one of the two has names.
    """
    fitted, given, who = getattr(model, "feature_names_in_", None), read_feature_names(X), type(model).__name__
    if fitted is None and given is not None:
        warn(f"X has feature names, but {who} was fitted without feature names")
    elif fitted is not None and given is None:
        warn(f"X does not have valid feature names, but {who} was fitted with feature names")
    elif fitted is not None and given is not None:
        check_names(list(fitted), list(given))
    if n_features != model.n_features_in_:
        expected = f"{who} is expecting {model.n_features_in_} features as input"
        what = "the features that it was fitted with"
        if "precomputed" in (getattr(model, "metric", None), getattr(model, "similarity", None)):
            what = f"a number for each of the {model.n_features_in_} examples, in the columns"
        raise ValueError(f"X has {n_features} features, but {expected}: pass {what}")


def check_names(fitted: list[str], given: list[str]) -> None:
    """Raises ValueError unless the names are the same, in the same order."""
    if fitted == given:
        return
    message = "The feature names should match those that were passed during fit.\n"
    for what, names in (
        ("unseen at fit time", set(given) - set(fitted)),
        ("seen at fit time, yet now missing", set(fitted) - set(given)),
    ):
        if names:
            some = "".join(f"- {show(name, LONGEST_COLUMN)[1:-1]}\n" for name in sorted(names)[:3])
            message += f"Feature names {what}:\n{some}" + ("- ...\n" if len(names) > 3 else "")
    if sorted(given) == sorted(fitted):
        message += "Feature names must be in the same order as they were in fit: pass X[model.feature_names_in_].\n"
    elif set(fitted) <= set(given) and len(set(given)) == len(given):
        message += "To leave the others out, pass X[model.feature_names_in_].\n"
    raise ValueError(message)
