"""The constructor's arguments, readable and changeable by name, as scikit-learn's ``clone`` expects."""

import inspect

import numpy as np


class Parameters:
    """``get_params`` and ``set_params`` for a class whose constructor stores each argument under its own name."""

    def get_params(self, deep=True):
        """The constructor's arguments and their values."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params):
        """Changes arguments of the constructor; a new metric counts from the next ``fit``."""
        known = list(self.get_params())
        for name in params:
            if name not in known:
                raise ValueError(f"{name!r} is not a parameter of {type(self).__name__}: {known}")
        for name, value in params.items():
            setattr(self, name, value)
        return self


def check_int(value, name, least=1):
    """The value as an int; TypeError if it is not a whole number, ValueError if it is less than ``least``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be an int")
    if value < least:
        raise ValueError(f"{name}={value} is less than {least}")
    return int(value)


def is_number(value):
    """Whether the value is a real number of Python or NumPy; True and False are none."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_number(value, name, least=-np.inf):
    """The value as a float; TypeError if it is not a real number, ValueError if infinite, NaN or below ``least``."""
    if not is_number(value):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be a number")
    try:
        number = float(value)
    except OverflowError:  # a long int
        number = np.inf
    if not np.isfinite(number):
        raise ValueError(f"{name}={value!r} is not finite")
    if number < least:
        raise ValueError(f"{name}={value!r} is less than {least}")
    return number
