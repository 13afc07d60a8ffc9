"""The entries of an array: all are real and finite numbers, or the message says where the first other one is."""

import datetime
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import islice
from numbers import Real
from typing import Any, NoReturn

import numpy as np

from knn_inputs.messages import kind_of, show
from knn_inputs.places import describe_place
from knn_inputs.tensors import is_tensor

DAYS = (datetime.date, datetime.time, np.datetime64)
SPANS = (datetime.timedelta, np.timedelta64)
LARGEST_FLOAT = float(np.finfo(np.float64).max)
ADVICE = {
    "missing": "fill the gaps, for example with sklearn.impute.SimpleImputer, or drop these rows",
    "infinite": "replace it by a number, or drop these rows",
    "a string": "turn strings into numbers first, for example with sklearn's OneHotEncoder(sparse_output=False), texts "
    "with its TfidfVectorizer()",
    "a string among numbers": "correct it, or make a gap of it with pd.to_numeric(column, errors='coerce')",
    "digits": "turn strings into numbers first, with {name}.astype(float), or np.asarray({name}, dtype=float)",
    "a date": "turn dates into numbers first, for example into (dates - dates.min()) / np.timedelta64(1, 'D')",
    "complex": "pass the real and the imaginary parts as columns of their own",
    "too large": "divide the numbers by a constant first",
}
ADVICE_ON_TARGETS = {
    **ADVICE,
    "missing": "drop these rows, or put numbers there",
    "a string": "turn strings into numbers first; a classifier takes strings as labels",
    "complex": "pass the real and the imaginary parts as outputs of their own",
}


def read_numbers(
    array: np.ndarray,
    name: str,
    source: Any = None,
    largest: float = math.inf,
    least: float = -math.inf,
    allow_nan: bool = False,
    place_in_matrix: Callable[[tuple[int, ...]], tuple[int, ...]] = tuple,
) -> np.ndarray:
    """Returns the array with real and finite numbers of at most 8 bytes; with ``allow_nan`` some may be missing.

    Raises ValueError for entries that are missing, infinite, strings, dates, complex, or of a magnitude above
    ``largest``, with which a distance could overflow, or below ``least``; TypeError for other objects. A message names
    the ``place_in_matrix`` of an entry, which is another than its place in the array if the matrix is sparse.
    """
    kind = array.dtype.kind
    if kind == "V":
        raise ValueError(f"{name} has dtype {array.dtype}, which holds bytes: {name}.view(dtype) makes numbers of them")
    if kind not in "buif":
        array = _from_objects(array, name, source, place_in_matrix, allow_nan)
    elif array.dtype.itemsize > 8:  # a long double
        with np.errstate(over="ignore", under="ignore"):
            array = array.astype(np.float64)
    if array.size and not max_magnitude(array, allow_nan) <= min(largest, LARGEST_FLOAT):
        _refuse_magnitude(array, name, source, largest, place_in_matrix, allow_nan)
    if least > -LARGEST_FLOAT and array.size and float(array.min()) < least:
        place = first_of(array < least)
        raise ValueError(f"{name} has a distance of {array[place]} {describe_place(place, source)}, below {least}")
    return array


def max_magnitude(array: np.ndarray, allow_nan: bool = False) -> float:
    """Returns the largest absolute value, NaN if there is a NaN; min and max make no copy of the array.

    With ``allow_nan`` it is that of the entries that are there, 0 if all are missing.
    """
    if allow_nan and array.dtype.kind == "f":
        return float(np.fmax.reduce(np.abs(array), axis=None, initial=0.0))
    low, high = float(array.min()), float(array.max())
    return max(-low, high) if low <= high else math.nan


def _refuse_magnitude(
    array: np.ndarray,
    name: str,
    source: Any,
    largest: float,
    place_in_matrix: Callable[..., tuple[int, ...]],
    allow_nan: bool = False,
) -> NoReturn:
    """Raises ValueError for the first NaN or infinity; if all entries are finite, for the first above ``largest``."""
    bad = np.isinf(array) if allow_nan else ~np.isfinite(array)
    if bad.any():
        place = first_of(bad)
        what = "missing" if np.isnan(array[place]) else "infinite"
        refuse(name, array[place], what, place_in_matrix(place), int(bad.sum()), source)
    magnitude = max_magnitude(array, allow_nan)
    place = first_of(np.abs(array.astype(np.float64)) > largest)
    first = f"{float(array[place]):.4g} {describe_place(place_in_matrix(place), source)}"
    times = 10.0 ** np.ceil(np.log10(magnitude) - np.log10(largest) + 0.01)
    limit = f"above {largest:.4g}, beyond which squares or their sums may be infinite"
    raise ValueError(f"{name} has magnitude {magnitude:.4g}, {limit}; the first is {first}: divide by {times:.0e}")


def _from_objects(
    array: np.ndarray, name: str, source: Any, place_in_matrix: Callable[..., tuple[int, ...]], allow_nan: bool = False
) -> np.ndarray:
    """Returns the numbers among objects as float64; all must be numbers, or with ``allow_nan`` missing."""
    floats, bad = np.empty(array.shape), []
    # where all are strings, times or complex, the first thousand are enough to choose one to name
    looked_at = np.ndindex(array.shape) if array.dtype.kind == "O" else islice(np.ndindex(array.shape), 1000)
    for place in looked_at:
        problem = problem_of(array[place])
        if problem == "missing" and allow_nan:
            floats[place], problem = math.nan, None
        elif problem is None:
            floats[place], problem = _to_float(array[place])
        if problem is not None:
            bad.append((place, problem))
    if bad:
        place, problem = next((one for one in bad if one[1] != "digits"), bad[0])  # '?' among them says most
        if problem == "a string" and _is_among_numbers(array, place):
            problem = "a string among numbers"
        count = len(bad) if array.dtype.kind == "O" else array.size
        refuse(name, array[place], problem, place_in_matrix(place), count, source)
    return floats


def _is_among_numbers(array: np.ndarray, place: tuple[int, ...]) -> bool:
    """Returns whether other entries of the column are numbers, or strings that read as numbers."""
    if not place:  # a single value
        return False
    column = array[:1000] if len(place) == 1 else array[:1000, place[1]]
    return any(is_real(value) or _reads_as_number(value) for value in column.flat)


def _to_float(value: Any) -> tuple[float, str | None]:
    """Returns a real number as a float, and "too large" if it is too large for that."""
    try:
        number = float(value)
    except OverflowError:
        return math.inf, "too large"
    return number, "too large" if math.isinf(number) and value not in (math.inf, -math.inf) else None


def _reads_as_number(value: Any) -> bool:
    try:
        return isinstance(value, str | bytes) and math.isfinite(float(value))
    except ValueError:
        return False


def spell(value: Any) -> str:
    """Returns an entry as its owner would write it: dates as text, NumPy's strings and numbers as those of Python."""
    if isinstance(value, str | bytes):
        return f"the string {show(value.item() if isinstance(value, np.generic) else value)}"
    if is_missing(value) and not isinstance(value, Decimal):
        return "NaN" if isinstance(value, float | np.floating) else show(value)
    if isinstance(value, DAYS + SPANS):
        return f"the {'time span' if isinstance(value, SPANS) else 'date'} {value}"
    if isinstance(value, float | np.floating) and math.isinf(value):
        return str(value)
    return show(value.item() if isinstance(value, np.generic) else value)


def problem_of(value: Any) -> str | None:
    """Returns why an object is not a real number, a key of ``ADVICE`` or "no number"; None if it is one."""
    if is_missing(value):
        return "missing"
    if isinstance(value, str | bytes):
        return "digits" if _reads_as_number(value) else "a string"
    if isinstance(value, DAYS + SPANS):
        return "a date"
    if is_real(value):
        return None
    return "complex" if isinstance(value, complex | np.complexfloating) else "no number"


def is_real(value: Any) -> bool:
    """Returns whether an object is a real number; NumPy counts its time spans among the whole numbers."""
    return isinstance(value, Real | Decimal | np.bool_) and not isinstance(value, np.timedelta64)


def is_missing(value: Any) -> bool:
    """Returns whether the value stands for one that is not there: None, NaN, NaT, or the NA of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float | np.floating) and value != value


def first_of(mask: np.ndarray) -> tuple[int, ...]:
    """Returns the place of the first True, row after row."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def refuse(name: str, value: Any, problem: str, place: tuple[int, ...], count: int, source: Any) -> NoReturn:
    """Raises an error with the first entry that cannot be used, its place, the number of others, and advice."""
    where = describe_entry(name, value, place, count, source)
    if problem == "no number":
        kind = f"float() argument must be a string or a real number, not '{kind_of(value)}'"  # as Python says it
        raise TypeError(f"{where}, but each entry must be a number: {kind}{_advise_objects(value, name)}")
    prefix = "Complex data not supported: " if problem == "complex" else ""
    size = "it is too large for a float64, " if problem == "too large" else ""
    advice = ADVICE if name == "X" else ADVICE_ON_TARGETS
    raise ValueError(f"{prefix}{where}: {size}{advice[problem].format(name=name)}")


def describe_entry(name: str, value: Any, place: tuple[int, ...], count: int, source: Any) -> str:
    """Returns the beginning of a message about an entry: the argument, the value, its place, and how many more."""
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"{name} has {spell(value)} {describe_place(place, source)}{more}"


def _advise_objects(value: Any, name: str) -> str:
    """Returns advice for an entry that is a container."""
    if isinstance(value, Mapping):
        return f"; for rows of dicts pass pd.DataFrame({name})"
    is_row = isinstance(value, list | tuple | np.ndarray) or is_tensor(value)
    return f"; if each entry is a row, pass np.stack({name})" if is_row else ""
