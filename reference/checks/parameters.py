"""The arguments of a constructor: readable and changeable by name, as scikit-learn's ``clone`` expects, and checked."""

import inspect

import numpy as np


class NotFittedError(ValueError, AttributeError):
    """A model was asked before it was given examples."""


class Parameters:
    """Gives ``get_params`` and ``set_params`` to a class whose constructor stores each argument under its own name."""

    def get_params(self, deep=True):
        """Returns the constructor's arguments and their values, a dict."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params):
        """Changes arguments of the constructor, and returns self; a new metric counts from the next ``fit``."""
        known = list(self.get_params())
        for name in params:
            if name not in known:
                raise ValueError(f"{name!r} is not a parameter of {type(self).__name__}: {known}")
        for name, value in params.items():
            setattr(self, name, value)
        return self


def check_fitted(model):
    """Raises NotFittedError unless ``fit`` has kept examples."""
    if not hasattr(model, "_examples"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call fit first")


def check_n_neighbors(k, n_examples=np.inf, leave_one_out=False):
    """Returns k as an int; raises TypeError unless it is one, ValueError unless there are k examples to choose from."""
    k = check_int(k, "n_neighbors")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        raise ValueError(f"n_neighbors={k} is more than the {others} training examples")
    return k


def check_metric(metric, p, metric_params, known):
    """Raises ValueError unless the metric is callable or one of the ``known`` names, with parameters that it takes.

    Raises TypeError for Minkowski's ``p`` if it is not a number.
    """
    if callable(metric):
        return
    if metric_params:
        raise ValueError(f"metric_params={metric_params!r} goes with a callable metric, but metric={metric!r}")
    if not isinstance(metric, str) or metric not in known:
        raise ValueError(f"metric={metric!r} is not one of {', '.join(known)}, nor a function of two examples")
    if metric == "minkowski" and not is_number(p):
        raise TypeError(f"p={p!r} is a {type(p).__name__}, but must be a number above 0")
    if metric == "minkowski" and not p > 0:
        raise ValueError(f"p={p!r} must be above 0")


def check_int(value, name, least=1):
    """Returns the value as an int; raises TypeError unless it is one, ValueError if it is less than ``least``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}, but must be an int")
    if value < least:
        raise ValueError(f"{name}={value} is less than {least}")
    return int(value)


def check_number(value, name, least=-np.inf):
    """Returns the value as a float; raises TypeError unless it is a real number.

    Raises ValueError if it is NaN, infinite or less than ``least``.
    """
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


def is_number(value):
    """Returns whether the value is a real number of Python or NumPy; True and False are not."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
