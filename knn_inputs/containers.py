"""Arrays, lists, DataFrames and tensors become a NumPy array; other containers are refused."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from knn_inputs.entries import is_missing, is_real
from knn_inputs.messages import LONGEST_CAUSE, a_kind_of, show
from knn_inputs.places import column_names
from knn_inputs.tensors import exports_dlpack, from_tensor, is_tensor

LARGEST_EXACT = 2**53  # from here on float64 does not hold every int
PLAIN = (str, bytes, np.str_, np.bytes_)


def to_array(values: Any, name: str) -> np.ndarray:
    """Returns the values as an array of any type, without a copy where NumPy needs none.

    Raises TypeError for a sparse matrix, a dict, a set, an iterator, and others that NumPy cannot read; ValueError for
    masked entries and for rows of different lengths.
    """
    refuse_containers(values, name)
    if is_tensor(values):
        return from_tensor(values, name)
    try:
        is_read_by_dlpack = exports_dlpack(values) and not hasattr(type(values), "__array__")
        array = np.from_dlpack(values) if is_read_by_dlpack else np.asanyarray(values)  # which keeps a mask
    except MemoryError:
        raise
    except Exception as error:
        _refuse_ragged(values, name, error)
        all_tensors = isinstance(values, list | tuple) and all(map(is_tensor, values))
        advice = f"; pass torch.stack({name})" if all_tensors else ""
        message = f"{name} is {a_kind_of(values)}, which NumPy cannot read as an array: {show(error, LONGEST_CAUSE)}"
        raise TypeError(message + advice) from error
    _refuse_masked(array, name)
    if array.dtype.names:
        advice = f"structured_to_unstructured({name}), of numpy.lib.recfunctions, makes columns of them"
        raise ValueError(f"{name} has the fields {show(array.dtype.names)}: {advice}")
    array = np.asarray(array)
    return array.astype(object) if array.dtype.kind == "T" else _as_given(values, array)  # T: strings, some missing


def refuse_containers(values: Any, name: str) -> None:
    """Raises TypeError or ValueError for a container whose entries have no order, or are not all there."""
    if hasattr(type(values), "tocsr") or hasattr(type(values), "todense"):
        message = f"Sparse data was passed as {name}, which needs all entries: pass {name}.toarray()"
        in_pipeline = "in a pipeline use OneHotEncoder(sparse_output=False), or a FunctionTransformer that does it"
        raise TypeError(f"{message}; {in_pipeline}" if name == "X" else message)
    kind = f"{name} is {a_kind_of(values)}, but must be an array, a list, a DataFrame or a tensor"
    if isinstance(values, Mapping):
        raise TypeError(f"{kind}: pass np.column_stack(list({name}.values())) if its values are columns")
    if isinstance(values, Set | Iterator):
        raise TypeError(f"{kind}: pass list({name})")
    for i in _place_of_masked(values, depth=2):
        values, name = values[i], f"{name}[{i}]"
    _refuse_masked(values, name)


def _place_of_masked(values: Any, depth: int) -> tuple[int, ...]:
    """Returns where in a list, or in its lists, the first array with masked entries is; nothing if there is none."""
    if not isinstance(values, list | tuple) or not depth:
        return ()
    types = set(map(type, values))  # few, where a look at each entry would take longer than reading all of them
    if not any(issubclass(kind, list | tuple | np.ma.MaskedArray) for kind in types):
        return ()
    for i, entry in enumerate(values):
        if isinstance(entry, np.ma.MaskedArray) and np.ma.is_masked(entry):
            return (i,)
        if place := _place_of_masked(entry, depth - 1):
            return (i, *place)
    return ()


def _refuse_masked(values: Any, name: str) -> None:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        where = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0])
        raise ValueError(f"{name} has masked entries, the first at {where}: fill them with {name}.filled(value)")


def _refuse_ragged(values: Any, name: str, error: Exception) -> None:
    """Raises ValueError if the rows of a list differ in length."""
    shapes = [_shape(row) for row in values] if isinstance(values, list | tuple) else []
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        lengths = f"row 0 has shape {shapes[0]}, row {other} has {shapes[other]}"
        raise ValueError(f"{name} has rows of different lengths: {lengths}") from error
    if "inhomogeneous" in str(error):
        raise ValueError(f"{name} has rows of different lengths, inside of its entries") from error


def _shape(row: Any) -> tuple[int, ...] | str:
    try:
        return np.shape(row)
    except MemoryError:
        raise
    except Exception:
        return "ragged"


def _as_given(values: Any, array: np.ndarray) -> np.ndarray:
    """Returns the array, or the entries of a list as they are where NumPy has changed some of them.

    It makes all of them strings, times or complex if one is; it cuts off zero bytes at the end of strings, and takes
    the text of a subclass of str for its value; and it makes floats of ints, which from 2^53 on may become equal.

    >>> to_array([1, "a"], "y").tolist(), to_array([2**53, 2**53 + 1, 1.0], "y").tolist()
    ([1, 'a'], [9007199254740992, 9007199254740993, 1.0])
    """
    if hasattr(type(values), "__array__"):
        return array
    is_large = array.dtype.kind == "f" and array.size and float(np.max(np.abs(array))) >= LARGEST_EXACT
    if not is_large and array.dtype.kind not in "USmMc":
        return array
    entries = np.asarray(values, dtype=object)
    if is_large:
        return entries if any(isinstance(entry, int) for entry in entries.flat) else array
    types = {type(entry) for entry in entries.flat}
    is_text = array.dtype.kind in "US"
    if len(types) > 1 or (is_text and (not types <= set(PLAIN) or _ends_in_zero(entries))):
        return entries
    return array


def _ends_in_zero(entries: np.ndarray) -> bool:
    return any(entry.endswith("\0" if isinstance(entry, str) else b"\0") for entry in entries.flat)


def is_matrix(X: Any) -> bool:
    """Returns whether X is an array, a DataFrame or a tensor of numbers; entries of a list are examples of any kind.

    What cannot be read counts as a matrix, so that it is refused as one.
    """
    if is_tensor(X):
        return True
    if not hasattr(type(X), "__array__"):
        return exports_dlpack(X)
    try:
        array = np.asarray(X)
    except MemoryError:
        raise
    except Exception:
        return True
    is_frame = column_names(X) is not None  # whose columns of numbers of pandas' own types become objects
    are_numbers = array.dtype.kind in "buif" or (is_frame and all(is_real(x) or is_missing(x) for x in array.flat))
    return array.ndim == 2 and are_numbers


def one_row(example: Any) -> Any:
    """Returns one example as a matrix with one row, of the same kind: a row of a DataFrame keeps its names.

    Raises TypeError or ValueError unless it is one example, of shape (n_features,).
    """
    array = to_array(example, "example")
    if array.ndim != 1:
        advice = "pass a row of it, such as example[0], or use kneighbors for several"
        raise ValueError(f"example has shape {array.shape}, but must have shape (n_features,): {advice}")
    if is_tensor(example):
        return example[None]
    if exports_dlpack(example):
        return array[None]
    return example.to_frame().T if hasattr(type(example), "to_frame") else [example]
