"""Values as JSON and arrays, each with its type: nothing else can be written, so that a file never holds code."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.pickling import nearest_device
from accelerated.sample_weight import Copies
from accelerated.sparse_rows import PARTS, SparseRows
from knn_inputs.callables import describe
from knn_inputs.messages import a_kind_of, show
from knn_inputs.metrics import ChosenMetric

TUPLES: dict[str, Any] = {"ChosenMetric": ChosenMetric, "Copies": Copies}  # that models keep
PLAIN = (type(None), bool, int, float, str)  # which JSON has itself
PICKLE_IT = "or pickle the model, and load it only where you trust its source"


def encode(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Returns the value as JSON, and puts the arrays in it into ``arrays``, under names that the JSON repeats.

    Raises TypeError, with the ``name`` of the value, for a function and for any other object.

    >>> arrays = {}
    >>> encode((np.array([1, 2]), "a"), "pair", arrays), arrays
    ({'tuple': [{'array': 'pair[0]'}, 'a']}, {'pair[0]': array([1, 2])})
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is np.str_:
        return str(value)
    if kind in (list, tuple, *TUPLES.values()):
        return {kind.__name__: [encode(item, f"{name}[{i}]", arrays) for i, item in enumerate(value)]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: encode(item, f"{name}[{key!r}]", arrays) for key, item in value.items()}}
    if kind is dict:
        return {
            "pairs": [[encode(one, f"{name}[{i}]", arrays) for one in pair] for i, pair in enumerate(value.items())]
        }
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if isinstance(value, Tensor):
        arrays[name] = value.detach().cpu().numpy()
        return {"tensor": name, "device": str(value.device)}
    if isinstance(value, SparseRows):
        arrays.update({f"{name}.{part}": getattr(value.matrix, part) for part in PARTS})
        return {"sparse": name, **_shape(value)}
    if kind is np.ndarray and value.dtype == object:
        return {"objects": [encode(item, f"{name}[{i}]", arrays) for i, item in enumerate(value.flat)], **_shape(value)}
    if (kind is np.ndarray and not value.dtype.hasobject) or _is_number(value):
        arrays[name] = np.asarray(value)
        return {"number" if isinstance(value, np.generic) else "array": name}
    raise TypeError(_refuse(value, name))


def _shape(array: np.ndarray | SparseRows) -> dict[str, list[int]]:
    return {"shape": list(array.shape)}


def _is_number(value: Any) -> bool:
    """Tells whether the value is a number of NumPy; of its strings, an array would cut off zero bytes at the end."""
    return isinstance(value, np.generic) and value.dtype.kind in "buifmM"


def _refuse(value: Any, name: str) -> str:
    if callable(value):
        return f"{describe(value, name)} is a function, and a saved file holds no code: pass a name, {PICKLE_IT}"
    advice = "pass numbers or strings, such as np.array(y).astype(str) for labels"
    return f"{name}={show(value)} is {a_kind_of(value)}, which a saved file cannot hold: {advice}, {PICKLE_IT}"


def decode(coded: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Returns the value that ``encode`` was given; a tensor of a device that is not there comes to a similar one.

    >>> decode({"tuple": [{"array": "pair[0]"}, "a"]}, {"pair[0]": np.array([1, 2])})
    (array([1, 2]), 'a')
    """
    if not isinstance(coded, dict):
        return coded
    kind = next(iter(coded))
    content = coded[kind]
    if kind == "list":
        return [decode(item, arrays) for item in content]
    if kind == "tuple":
        return tuple(decode(item, arrays) for item in content)
    if kind in TUPLES:
        return TUPLES[kind](*(decode(item, arrays) for item in content))
    if kind == "dict":
        return {key: decode(item, arrays) for key, item in content.items()}
    if kind == "pairs":
        return {decode(key, arrays): decode(item, arrays) for key, item in content}
    if kind == "device":
        return nearest_device(torch.device(content))
    if kind == "tensor":
        return torch.from_numpy(arrays[content]).to(nearest_device(torch.device(coded["device"])))
    if kind == "sparse":
        return SparseRows.of_parts([arrays[f"{content}.{part}"] for part in PARTS], tuple(coded["shape"]))
    if kind == "objects":
        objects = np.empty(len(content), dtype=object)
        objects[:] = [decode(item, arrays) for item in content]
        return objects.reshape(coded["shape"])
    return arrays[content][()] if kind == "number" else arrays[content]
