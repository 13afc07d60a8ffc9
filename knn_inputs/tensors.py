"""Tensors of torch, recognised by their methods, so that torch itself is not needed."""

from typing import Any

import numpy as np

from knn_inputs.messages import LONGEST_CAUSE, a_kind_of, kind_of, show

NUMBERS = ("bool", "float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128")
WHOLE_NUMBERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
HOLLOW = ("MaskedTensor", "FakeTensor", "UninitializedParameter", "FunctionalTensor")  # some or all numbers are missing


def is_tensor(values: Any) -> bool:
    """Returns whether the values are a tensor; a DataFrame with a column called detach is none."""
    return hasattr(type(values), "detach")


def from_tensor(tensor: Any, name: str) -> np.ndarray:
    """Returns the numbers of a tensor; raises TypeError if NumPy cannot read them."""
    refuse_odd_tensor(tensor, name)
    try:
        tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
        return tensor.float().numpy() if str(tensor.dtype) == "torch.bfloat16" else tensor.numpy()  # float32 holds them
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(
            f"{name} is {a_kind_of(tensor)}, which NumPy cannot read: {show(error, LONGEST_CAUSE)}"
        ) from error


def refuse_odd_tensor(tensor: Any, name: str) -> None:
    """Raises TypeError for a tensor that is not a plain block of numbers, and says how to make it one."""
    try:
        odd = _oddity(tensor, name)
    except MemoryError:
        raise
    except Exception as error:  # a subclass may refuse any question
        raise TypeError(f"{name} is {a_kind_of(tensor)}, which cannot be read: {show(error, LONGEST_CAUSE)}") from error
    if odd:
        raise TypeError(f"{name} {odd}")


def _oddity(tensor: Any, name: str) -> str:
    """Returns how the tensor is odd, and advice; nothing if it is not."""
    dtype, layout = str(tensor.dtype).removeprefix("torch."), str(tensor.layout).removeprefix("torch.")
    if kind_of(tensor) in HOLLOW:
        return f"is {a_kind_of(tensor)}, some or all of whose numbers are missing: pass a plain tensor"
    if tensor.is_nested:
        return f"is nested: pass a list of tensors, or {name}.to_padded_tensor(0.0)"
    if layout != "strided":
        return f"has the layout {layout}, a sparse tensor: pass {name}.to_dense()"
    if tensor.is_quantized:
        return f"is quantized, {dtype}: pass {name}.dequantize()"
    if tensor.device.type == "meta":
        return "is on the device meta, which holds no numbers: pass one that has numbers"
    if any(getattr(tensor, "names", ())):
        return f"has names: pass {name}.rename(None)"
    return "" if dtype in NUMBERS + WHOLE_NUMBERS else f"has dtype {dtype}: pass {name}.float()"
