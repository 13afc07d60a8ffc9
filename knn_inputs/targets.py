"""The targets y: numbers to average, or labels to vote with."""

import math
from collections.abc import Callable
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import DAYS, SPANS, describe_entry, first_of, is_missing, is_real, read_numbers, spell
from knn_inputs.messages import kind_of, warn

AS_STRINGS = "pass np.array(y, dtype=object).astype(str)"
SEVERAL_LABELS = "for several labels in a row pass sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)"


def read_targets(y: Any, n_examples: int) -> np.ndarray:
    """Returns a copy of the targets, float64 and finite, (n,) or (n, n_outputs) as they came.

    Raises like ``read_matrix``, and ValueError for another length than that of X.
    """
    numbers = read_numbers(read_y(y, n_examples), "y", y)
    return np.array(numbers, dtype=np.float64, order="C")


def read_y(y: Any, n_examples: int) -> np.ndarray:
    """Returns y as an array of shape (n,) or (n, n_outputs); raises ValueError if its shape or length is another."""
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    try:
        array = to_array(y, "y")
    except ValueError as error:
        if "different lengths" in str(error):
            raise ValueError(f"{error}; {SEVERAL_LABELS}") from error
        raise
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise ValueError(f"y has shape {array.shape}, but must be (n,) or (n, n_outputs)")
    if len(array) != n_examples:
        advice = ": pass np.ravel(y)" if array.shape == (1, n_examples) else ""
        raise ValueError(f"y has {len(array)} row{'s' * (len(array) != 1)}, but X has {n_examples}{advice}")
    return array


def check_n_outputs(given: int, fitted: int) -> None:
    """Raises ValueError unless added targets have as many outputs as those of ``fit``."""
    if given != fitted:
        raise ValueError(f"y has {given} outputs, but the model was fitted with {fitted}: pass {fitted} for each row")


def read_labels(y: Any, n_examples: int, warning: type[Warning] = UserWarning) -> np.ndarray:
    """Returns the labels, (n,) or (n, n_outputs), of which each output can be sorted.

    Raises ValueError for labels that are missing, fractions, sets or lists, or that do not compare with one another;
    warns with ``warning`` if the shape is (n, 1), and returns (n,).
    """
    array = read_y(y, n_examples)
    refuse_bad_labels(array, y)
    if array.ndim == 2 and array.shape[1] == 1:
        warn("y has shape (n, 1) and is taken as (n,): pass np.ravel(y)", warning)
        array = array[:, 0]
    return array


def refuse_bad_labels(array: np.ndarray, source: Any = None) -> None:
    """Raises ValueError for the first label that is missing, a fraction, or a set or list of labels."""
    for problem, advice in PROBLEMS:
        bad = problem(array)
        if bad.any():
            place, count = first_of(bad), int(np.count_nonzero(bad))
            raise ValueError(f"{describe_entry('y', array[place], place, count, source)}: {advice}")


def sort_labels(column: np.ndarray, repeats: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sorted classes of one output, and the place of each label among them, (n,).

    Rows that count 0 times, by ``repeats`` (n,), have no class; the place of their label is 0 and stays unused. Raises
    ValueError for labels that do not compare with one another.

    >>> sort_labels(np.array(["b", "a", "b"]))
    (array(['a', 'b'], dtype='<U1'), array([1, 0, 1]))
    >>> sort_labels(np.array(["b", "a", "b"]), np.array([1, 0, 4]))
    (array(['b'], dtype='<U1'), array([0, 0, 0]))
    """
    if repeats is not None:
        codes = np.zeros(len(column), dtype=np.int64)
        classes, codes[repeats > 0] = sort_labels(column[repeats > 0])
        return classes, codes
    if column.dtype.kind == "O":
        _refuse_families(column)
    try:
        return np.unique(column, return_inverse=True)
    except MemoryError:
        raise
    except Exception as error:  # a label of the caller's may raise anything
        raise ValueError(f"y has labels that cannot be sorted, {_kinds(column)}: {AS_STRINGS}") from error


def union_of_labels(fitted: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Returns the classes of a fit and those of added rows, one after the other, in a type that holds both.

    Raises ValueError for classes that do not compare with those of the fit.
    """
    families = [{family_of(label) for label in some.tolist()} for some in (fitted, given)]
    if families[0] != families[1]:
        ours, theirs = spell(fitted[0]), spell(given[0])
        raise ValueError(
            f"y has {theirs}, but the model was fitted with labels such as {ours}: pass labels of that kind"
        )
    if fitted.dtype.kind == given.dtype.kind:
        return np.concatenate([fitted, given])
    return to_array([*fitted.tolist(), *given.tolist()], "y")


def _refuse_families(column: np.ndarray) -> None:
    """Raises ValueError for the first label of another family than that of the first label."""
    first = family_of(column[0])
    other = next((i for i, label in enumerate(column) if family_of(label) is not first), None)
    if other is not None:
        where = f"{spell(column[0])} in row 0 and {spell(column[other])} in row {other}"
        raise ValueError(f"y has labels that cannot be sorted, {_kinds(column)}, {where}: {AS_STRINGS}")


def _kinds(column: np.ndarray) -> str:
    return f"of types {', '.join(sorted({kind_of(label) for label in column.flat})[:5])}"


def family_of(label: Any) -> Any:
    """Returns the kind of a label; labels of one kind compare with one another."""
    families = (str, bytes, DAYS, SPANS)
    return Real if is_real(label) else next((one for one in families if isinstance(label, one)), type(label))


def _each(test: Callable[[Any], bool]) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function that tests each entry of an array of objects; no entry of another array passes."""

    def of_all(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "O":
            return np.zeros(array.shape, dtype=bool)
        return np.array([test(label) for label in array.flat], dtype=bool).reshape(array.shape)

    return of_all


def _missing(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "mM":
        return np.isnat(array)
    return np.isnan(array) if array.dtype.kind == "f" else _each(is_missing)(array)


def _fractions(array: np.ndarray) -> np.ndarray:
    return np.floor(array) != array if array.dtype.kind == "f" else _each(_is_fraction)(array)


def _is_fraction(label: Any) -> bool:
    if isinstance(label, Decimal):
        return int(label.as_tuple().exponent) < 0 and label % 1 != 0  # without digits for a huge exponent
    return is_real(label) and not isinstance(label, Integral | np.bool_) and label != math.floor(label)


def _infinite(array: np.ndarray) -> np.ndarray:
    return np.isinf(array) if array.dtype.kind == "f" else _each(_is_infinite)(array)


def _is_infinite(label: Any) -> bool:
    if isinstance(label, Decimal):
        return label.is_infinite()
    return isinstance(label, float | np.floating) and math.isinf(label)


def _complex(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "c":
        return np.ones(array.shape, dtype=bool)
    return _each(lambda label: isinstance(label, complex | np.complexfloating))(array)


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.full(array.shape, array.dtype.kind == "V")


PROBLEMS: list[tuple[Callable[[np.ndarray], np.ndarray], str]] = [
    (_missing, "missing labels (None, NaN, NA or NaT) are no classes: drop these rows, or name a class for them"),
    (_infinite, "Unknown label type: infinity is no class: pass labels"),
    (_fractions, "Unknown label type: fractions are no classes: pass labels, or use KNNRegressor for numbers"),
    (_complex, f"Unknown label type: complex numbers cannot be sorted: {AS_STRINGS}"),
    (_bytes, f"Unknown label type: raw bytes cannot be sorted: {AS_STRINGS}"),
    (_each(lambda label: isinstance(label, set | frozenset | list | dict | np.ndarray)), SEVERAL_LABELS),
]


def read_answers(y: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns y as an array of the shape of the predictions; raises ValueError if it has more or fewer entries."""
    array = read_y(y, shape[0])
    if array.size != math.prod(shape):
        raise ValueError(f"y has shape {array.shape}, but the predictions have {shape}")
    return array.reshape(shape)


def compare_labels(predicted: np.ndarray, y: Any) -> np.ndarray:
    """Returns whether each prediction is the label in y, bool (n, n_outputs).

    Raises ValueError for bad labels, as ``read_labels``, and for labels of another kind, none of which can be right.
    """
    labels = read_answers(y, predicted.shape)
    refuse_bad_labels(labels)
    if predicted.dtype != labels.dtype:  # NumPy would compare ints and floats as floats, which rounds
        predicted, labels = predicted.astype(object), labels.astype(object)
        families = [{family_of(label) for label in some.flat} for some in (predicted, labels)]
        if not families[0] & families[1]:
            ours, theirs = spell(predicted.flat[0]), spell(labels.flat[0])
            raise ValueError(
                f"y has {theirs} in row 0, but the predictions are such as {ours}: pass labels of that kind"
            )
    try:
        return np.array(predicted == labels, dtype=bool).reshape(len(labels), -1)
    except MemoryError:
        raise
    except Exception as error:  # a label of the caller's may raise anything
        raise ValueError(f"y has labels that cannot be compared with the predictions, {_kinds(labels)}") from error
