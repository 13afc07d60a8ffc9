"""Arrays, lists, DataFrames and tensors become a NumPy array; other containers are refused."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from knn_inputs.entries import is_missing, is_real
from knn_inputs.messages import show


def to_array(values: Any, name: str) -> np.ndarray:
    """Returns the values as an array of any type, without a copy where NumPy needs none.

    Raises TypeError for a sparse matrix, a dict, a set, an iterator, and others that NumPy cannot read; ValueError for
    masked entries and for rows of different lengths.
    """
    refuse_containers(values, name)
    if hasattr(values, "detach"):
        values = _from_tensor(values, name)
    try:
        array = np.asarray(values)
    except Exception as error:
        _refuse_ragged(values, name, error)
        has_tensors = isinstance(values, list | tuple) and any(hasattr(value, "detach") for value in values)
        advice = f"; pass torch.stack({name})" if has_tensors else ""
        message = f"{name} is a {type(values).__name__}, which NumPy cannot read as an array: {show(error, 200)}"
        raise TypeError(message + advice) from error
    if array.dtype.names:
        fields = f"{name} has the fields {show(array.dtype.names)}"
        raise ValueError(
            f"{fields}: structured_to_unstructured({name}), of numpy.lib.recfunctions, makes columns of them"
        )
    return _as_given(values, array)


def refuse_containers(values: Any, name: str) -> None:
    """Raises TypeError or ValueError for a container whose entries have no order, or are not all there."""
    if hasattr(values, "tocsr") or hasattr(values, "todense"):
        message = f"Sparse data was passed as {name}, which needs all entries: pass {name}.toarray()"
        raise TypeError(f"{message}; for a step before in a pipeline, FunctionTransformer(lambda X: X.toarray())")
    kind = f"{name} is a {type(values).__name__}, but must be an array, a list, a DataFrame or a tensor"
    if isinstance(values, Mapping):
        raise TypeError(f"{kind}: pass np.column_stack(list({name}.values())) if its values are columns")
    if isinstance(values, Set | Iterator):
        raise TypeError(f"{kind}: pass list({name})")
    if np.ma.is_masked(values):
        where = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0])
        raise ValueError(f"{name} has masked entries, the first at {where}: fill them with {name}.filled(value)")


def _from_tensor(tensor: Any, name: str) -> np.ndarray:
    """Returns the numbers of a torch tensor; torch itself is not needed for that."""
    refuse_odd_tensor(tensor, name)
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if str(tensor.dtype) == "torch.bfloat16":  # NumPy has no such type; float32 holds all its numbers
        tensor = tensor.float()
    return tensor.numpy()


def refuse_odd_tensor(tensor: Any, name: str) -> None:
    """Raises TypeError for a tensor that is not a plain block of numbers, and says how to make it one."""
    kind, layout = str(tensor.dtype).removeprefix("torch."), str(tensor.layout).removeprefix("torch.")
    odd = {
        "is nested": (tensor.is_nested, f"pass a list of tensors, or {name}.to_padded_tensor(0.0)"),
        f"has the layout {layout}, a sparse tensor": (layout != "strided", f"pass {name}.to_dense()"),
        f"is quantized, {kind}": (tensor.is_quantized, f"pass {name}.dequantize()"),
        "is on the device meta, which holds no numbers": (tensor.device.type == "meta", "pass one that has numbers"),
        f"has dtype {kind}": (kind.startswith(("float8", "float4", "bits")), f"pass {name}.float()"),
        "has names": (any(getattr(tensor, "names", ())), f"pass {name}.rename(None)"),
    }
    for what, (is_odd, advice) in odd.items():
        if is_odd:
            raise TypeError(f"{name} {what}: {advice}")


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
    except Exception:
        return "ragged"


def _as_given(values: Any, array: np.ndarray) -> np.ndarray:
    """Returns the array, or the entries as they are where NumPy has made all of them strings, times or complex.

    >>> to_array([1, "a"], "y").tolist()
    [1, 'a']
    """
    if array.dtype.kind not in "USmMc" or hasattr(values, "__array__"):
        return array
    entries = np.asarray(values, dtype=object)
    return array if len({type(entry) for entry in entries.flat}) == 1 else entries


def column_names(values: Any) -> list[Any] | None:
    """Returns the names of the columns of a DataFrame, None for anything else."""
    columns = getattr(values, "columns", None)
    return None if columns is None or callable(columns) else list(columns)


def is_matrix(X: Any) -> bool:
    """Returns whether X is an array, a DataFrame or a tensor of numbers; entries of a list are examples of any kind."""
    if hasattr(X, "detach"):
        return True
    if not hasattr(X, "__array__") or np.ndim(X) != 2:
        return False
    array = np.asarray(X)
    is_frame = column_names(X) is not None  # whose columns of numbers of pandas' own types become objects
    return array.dtype.kind in "buif" or (is_frame and all(is_real(x) or is_missing(x) for x in array.flat))


def one_row(example: Any) -> Any:
    """Returns one example as a matrix with one row, of the same kind: a row of a DataFrame keeps its names."""
    if hasattr(example, "detach"):
        return example[None]
    return example.to_frame().T if hasattr(example, "to_frame") else [example]
