"""The label of a query that has no example within the radius: a label for each output, or the most frequent one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import is_missing, spell
from knn_inputs.messages import a_kind_of, show, warn
from knn_inputs.targets import family_of
from knn_inputs.tensors import is_tensor


def read_outlier_labels(
    outlier_label: Any, classes: Sequence[np.ndarray], codes: Sequence[np.ndarray]
) -> list[Any] | None:
    """Returns a label for each output, from its sorted classes and each example's place among them; None for None.

    ``outlier_label`` is one label for all outputs, a list of one for each, or "most_frequent", for which equally
    frequent classes give the smallest. Raises ValueError for another number of labels and for a missing one, TypeError
    for a label of another kind than the classes.

    >>> read_outlier_labels("most_frequent", [np.array(["a", "b"])], [np.array([0, 1, 1])])
    [np.str_('b')]
    """
    if outlier_label is None:
        return None
    if isinstance(outlier_label, str) and outlier_label == "most_frequent":
        return [some[np.argmax(np.bincount(places))] for some, places in zip(classes, codes, strict=True)]
    labels = [outlier_label] * len(classes)
    if isinstance(outlier_label, list | tuple) or np.ndim(outlier_label) or is_tensor(outlier_label):
        labels = list(to_array(outlier_label, "outlier_label").reshape(-1))
    if len(labels) != len(classes):
        outputs = f"{len(classes)} output{'s' * (len(classes) != 1)}"
        raise ValueError(f"outlier_label={show(outlier_label)} has {len(labels)} labels, but y has {outputs}")
    return [_as_class(label, some) for label, some in zip(labels, classes, strict=True)]


def _as_class(label: Any, classes: np.ndarray) -> Any:
    """Returns the label as an entry of an array of classes."""
    if is_missing(label):
        raise ValueError(f"outlier_label={show(label)} is missing: pass a label, or None to refuse such queries")
    try:
        joined = np.append(classes, np.array([label], dtype="O" if classes.dtype.kind == "O" else None))
    except (ValueError, TypeError):
        joined = np.array([label], dtype="O")
    if family_of(label) is not family_of(classes[0]) or joined.dtype.kind != classes.dtype.kind:
        kind = f"{a_kind_of(label)}, but the classes are such as {spell(classes[0])}"
        raise TypeError(f"outlier_label={show(label)} is {kind}: pass a label of that kind")
    return joined[-1]


def warn_of_unknown(label: Any, classes: np.ndarray) -> None:
    """Warns if the label that is shown for queries without neighbours is not a class: their shares are all 0."""
    if not np.any(classes == label):
        warn(f"outlier_label={show(label)} is not a class, so the shares of queries without neighbours are all 0")
