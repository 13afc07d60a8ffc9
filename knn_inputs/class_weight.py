"""The argument class_weight: how much a vote for each class counts."""

from typing import Any

import numpy as np

from knn_inputs.messages import a_kind_of, show, suggest
from knn_inputs.parameters import check_number

WHAT_TO_PASS = "None, 'balanced' or a dict with a number for each label"


def read_class_weights(
    class_weight: Any,
    classes: list[np.ndarray],
    codes: list[np.ndarray],
    repeats: np.ndarray | None,
    is_single: bool,
    may_be_gone: bool = False,
) -> list[np.ndarray]:
    """Returns the weight of each class, float64 (n_classes,), for each output.

    Each output has sorted ``classes``, and the place of each row's label among them, ``codes`` (n,). A row counts as
    often as ``repeats`` says, once if that is None. ``class_weight`` is a list with an entry for each output, or for
    all of them None or "balanced", or for a single output a dict. Raises TypeError or ValueError for anything else, and
    for a label that is no class, unless that ``may_be_gone`` with its rows.
    """
    if is_single or class_weight is None or isinstance(class_weight, str):
        of_outputs, names = [class_weight] * len(classes), ["class_weight"] * len(classes)
    else:
        of_outputs = _one_for_each(class_weight, len(classes))
        names = [f"class_weight[{i}]" for i in range(len(classes))]
    outputs = zip(of_outputs, classes, codes, names, strict=True)
    return [
        _read_one(given, its_classes, its_codes, repeats, name, may_be_gone)
        for given, its_classes, its_codes, name in outputs
    ]


def _one_for_each(class_weight: Any, n_outputs: int) -> list[Any]:
    wanted = f"y has {n_outputs} outputs: pass a list of {n_outputs}, each {WHAT_TO_PASS}"
    if not isinstance(class_weight, list | tuple):
        raise TypeError(f"class_weight={show(class_weight)} is {a_kind_of(class_weight)}, but {wanted}")
    if len(class_weight) != n_outputs:
        raise ValueError(f"class_weight has {len(class_weight)} entries, but {wanted}")
    return list(class_weight)


def _read_one(
    class_weight: Any,
    classes: np.ndarray,
    codes: np.ndarray,
    repeats: np.ndarray | None,
    name: str,
    may_be_gone: bool = False,
) -> np.ndarray:
    """Returns the weight of each class of one output, float64 (n_classes,).

    "balanced" is n / (n_classes n_c), for n_c of the n rows in class c (King and Zeng, Logistic Regression in Rare
    Events Data, 2001): so all classes together weigh alike. A class that a dict does not name weighs 1.

    >>> _read_one("balanced", np.array(["a", "b"]), np.array([0, 0, 1]), None, "class_weight")
    array([0.75, 1.5 ])
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str):
        return _balance(class_weight, codes, repeats, len(classes), name)
    if not isinstance(class_weight, dict):
        raise TypeError(f"{name}={show(class_weight)} is {a_kind_of(class_weight)}, but must be {WHAT_TO_PASS}")
    given = f"{name}={show(class_weight)}"
    weights = {label: check_number(weight, f"{given}: {show(label)}", 0) for label, weight in class_weight.items()}
    known = [label for label in classes if label in weights]
    if not may_be_gone and len(known) < min(
        len(weights), len(classes)
    ):  # a label is misspelt, unless every class has its weight
        _refuse_unknown(weights, list(classes), given)
    return np.array([weights.get(label, 1.0) for label in classes])


def _balance(class_weight: str, codes: np.ndarray, repeats: np.ndarray | None, n_classes: int, name: str) -> np.ndarray:
    if class_weight != "balanced":
        near = suggest(class_weight, ["balanced"])
        raise ValueError(f"{name}={show(class_weight)} is not {WHAT_TO_PASS}{near}")
    counts = np.zeros(n_classes, dtype=np.int64)
    np.add.at(counts, codes, 1 if repeats is None else repeats)  # whole numbers: ``bincount`` would add floats
    return np.sum(counts) / (n_classes * counts)


def _refuse_unknown(weights: dict[Any, float], classes: list[Any], given: str) -> None:
    label = next(label for label in weights if label not in classes)
    known = ", ".join(show(one.item() if isinstance(one, np.generic) else one) for one in classes[:5])
    more = f" and {len(classes) - 5} more" if len(classes) > 5 else ""
    near = suggest(label, [one for one in classes if isinstance(one, str)])
    raise ValueError(f"{given} has the label {show(label)}, which is no class of y; these are {known}{more}{near}")
