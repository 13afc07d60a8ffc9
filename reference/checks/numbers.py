"""Numbers from outside: converted to float64 without silent changes, and refused where they are not usable."""

import numpy as np


def as_floats(values, name):
    """Returns a float64 copy, and raises for everything that NumPy would convert without a word.

    Raises TypeError for a sparse matrix and for entries that are not numbers, ValueError for NaN, infinity, strings,
    complex numbers, masked entries and rows of different lengths.
    """
    refuse_gaps(values, name)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "buifO" or any(isinstance(value, (str, bytes, complex)) for value in objects_in(array)):
        raise ValueError(f"{name} has dtype {array.dtype}, but must hold real numbers, not strings or others")
    try:
        with np.errstate(over="ignore"):  # a long double may become infinity, which is refused below
            floats = np.array(array, dtype=np.float64, order="C")
    except (TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} has an entry that is no number: {error}") from error
    if not np.all(np.isfinite(floats)):
        raise ValueError(
            f"{name} has {np.sum(~np.isfinite(floats))} entries that are NaN or infinity, of {floats.size}"
        )
    return floats


def refuse_gaps(values, name):
    """Raises TypeError for a sparse matrix and ValueError for masked entries, because nothing is filled in."""
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix: pass {name}.toarray()")
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked entries")


def objects_in(array):
    """Returns the entries that are Python objects: all or none of an array's."""
    return array.flat if array.dtype.kind == "O" else []


def check_distances(distances):
    """Returns the distances; raises ValueError if one is NaN, infinite or negative and so cannot be sorted."""
    if not np.all(np.isfinite(distances)) or np.min(distances) < 0:
        worst = distances[~np.isfinite(distances) | (distances < 0)][0]
        raise ValueError(f"the metric gave a distance of {worst}, but distances must be finite and at least 0")
    return distances


def check_finite(values, name):
    """Returns the values; raises ValueError, with the ``name`` of a value, unless all of them are finite."""
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} is {values[~np.isfinite(values)][0]}, but must be finite")
    return values
