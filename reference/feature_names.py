"""The names of features: a DataFrame's columns are remembered, and compared with those of a query.

The rules and the words are those of scikit-learn, so that a DataFrame whose columns are in another order is refused.
"""

import numpy as np

from knn_inputs.containers import column_names
from knn_inputs.messages import warn


def read_feature_names(X):
    """Returns the names of the columns, (n_features,) of objects, or None if X has no names that are strings.

    Raises TypeError if only some of the names are strings.
    """
    names = column_names(X)
    if not names:
        return None
    are_strings = {isinstance(name, str) for name in names}
    if len(are_strings) == 2:
        kinds = sorted({type(name).__name__ for name in names})
        raise TypeError(f"X has column names of types {kinds}: make all of them strings, X.columns.astype(str)")
    return np.array(names, dtype=object) if are_strings == {True} else None


def features_of(X, examples):
    """Returns what ``fit`` notes of the features, a dict: their number, and their names if they have any."""
    if isinstance(examples, list):
        return {}
    names = read_feature_names(X)
    noted = {"n_features_in_": examples.shape[1]}
    return noted if names is None else {**noted, "feature_names_in_": names}


def check_feature_names(model, X):
    """Raises ValueError if the queries have other names, or the names in another order; warns if only one has names."""
    fitted, given, who = getattr(model, "feature_names_in_", None), read_feature_names(X), type(model).__name__
    if fitted is None and given is not None:
        warn(f"X has feature names, but {who} was fitted without feature names")
    if fitted is not None and given is None:
        warn(f"X does not have valid feature names, but {who} was fitted with feature names")
    if fitted is None or given is None or list(fitted) == list(given):
        return
    unseen, missing = set(given) - set(fitted), set(fitted) - set(given)
    what = [f"unseen at fit: {sorted(unseen)[:5]}"] if unseen else []
    what += [f"missing: {sorted(missing)[:5]}"] if missing else []
    what = what or ["they are the same in another order: pass X[model.feature_names_in_]"]
    raise ValueError(f"The feature names of X should match those that were passed during fit; {'; '.join(what)}")
