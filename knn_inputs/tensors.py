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


def exports_dlpack(values: Any) -> bool:
    """Returns whether the values are an array of another library, such as JAX or CuPy, that shares memory by DLPack.

    Source: Python Specification for DLPack, https://dmlc.github.io/dlpack/latest/python_spec.html.
    """
    if isinstance(values, np.ndarray) or is_tensor(values):
        return False
    return hasattr(type(values), "__dlpack__") and hasattr(type(values), "__dlpack_device__")


def from_tensor(tensor: Any, name: str) -> np.ndarray:
    """Returns the numbers of a tensor; raises TypeError if NumPy cannot read them."""
    refuse_odd_tensor(tensor, name)
    try:
        tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
        if str(tensor.dtype) == "torch.complex32":
            return tensor.cfloat().numpy()
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
        sparse = ", a sparse tensor" if "sparse" in layout else ""
        return f"has the layout {layout}{sparse}: pass {name}.to_dense()"
    if tensor.is_quantized:
        return f"is quantized, {dtype}: pass {name}.dequantize()"
    if tensor.device.type == "meta":
        return "is on the device meta, which holds no numbers: pass one that has numbers"
    if any(getattr(tensor, "names", ())):
        return f"has names: pass {name}.rename(None)"
    if dtype.startswith("float8"):
        return f"has dtype {dtype}: pass {name}.float()"
    if dtype not in NUMBERS + WHOLE_NUMBERS:
        return f"has dtype {dtype}, which torch stores but does not convert: pass another, such as float32"
    if not _has_storage(tensor):
        advice = f"pass a plain tensor, and for gradients use {name}.requires_grad_() and backward()"
        return f"is wrapped by a transform such as torch.func.grad or torch.vmap, and has no numbers: {advice}"
    return ""


def _has_storage(tensor: Any) -> bool:
    try:
        tensor.untyped_storage()
    except NotImplementedError:
        return False
    return True
