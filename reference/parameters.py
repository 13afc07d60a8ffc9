"""The constructor's arguments, readable and changeable by name, as scikit-learn's ``clone`` expects."""

import inspect


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
