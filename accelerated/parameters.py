"""What the numbers among the constructor's arguments may be."""

import math
from typing import Any

import numpy as np


def is_int(value: Any) -> bool:
    """Whether the value is a whole number of Python or NumPy; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_int(value: Any, name: str, least: int = 1) -> int:
    """The value as an int; TypeError if it is not a whole number, ValueError if it is less than ``least``."""
    if not is_int(value):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be an int")
    if value < least:
        raise ValueError(f"{name}={value} is less than {least}")
    return int(value)


def is_number(value: Any) -> bool:
    """Whether the value is a real number of Python or NumPy; True and False are none."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_number(value: Any, name: str, least: float = -math.inf) -> float:
    """The value as a float; TypeError if it is not a real number, ValueError if infinite, NaN or below ``least``."""
    if not is_number(value):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be a number")
    try:
        number = float(value)
    except OverflowError:  # a long int
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name}={value!r} is not finite")
    if number < least:
        raise ValueError(f"{name}={value!r} is less than {least}")
    return number
