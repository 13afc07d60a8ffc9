"""Checks of numbers among the constructor's arguments."""

import math
from typing import Any

import numpy as np


def is_int(value: Any) -> bool:
    """Tells whether the value is a whole number of Python or NumPy; True and False are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_int(value: Any, name: str, least: int = 1) -> int:
    """Returns the value as an int; raises TypeError unless it is one, and ValueError if it is less than ``least``."""
    if not is_int(value):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be an int")
    if value < least:
        raise ValueError(f"{name}={value} is less than {least}")
    return int(value)


def is_number(value: Any) -> bool:
    """Tells whether the value is a real number of Python or NumPy; True and False are not."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_number(value: Any, name: str, least: float = -math.inf) -> float:
    """Returns the value as a float; raises TypeError unless it is a number, ValueError if not finite or too low."""
    if not is_number(value):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be a number")
    try:
        number = float(value)
    except OverflowError:  # an int beyond the range of floats
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name}={value!r} is not finite")
    if number < least:
        raise ValueError(f"{name}={value!r} is less than {least}")
    return number
