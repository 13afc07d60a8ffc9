"""The wording of messages: values shortened, the nearest known name, and warnings at the caller's line."""

import difflib
import reprlib
import sys
import warnings
from collections.abc import Iterable
from typing import Any

LONGEST = 60  # characters of a value in a message
LONGEST_CAUSE = 200  # and of an exception
OURS = ("knn_inputs", "reference", "accelerated", "numpy", "contextlib")  # the last two may wrap a method

OTHER_NAMES = {  # names that other libraries use
    **{"taxicab": "manhattan", "linf": "chebyshev", "p": "minkowski"},
    **{"poly": "polynomial", "gaussian": "rbf", "gauss": "rbf", "tanh": "sigmoid", "dot": "linear"},
    **{"inverse": "distance", "cos": "cosine", "gpu": "cuda"},
}
# Metrics of scikit-learn and SciPy that are missing here; the nearest name here would be another metric.
OTHER_METRICS = {
    "correlation",
    "dice",
    "matching",
    "rogerstanimoto",
    "russellrao",
    "sokalmichener",
    "sokalsneath",
    "yule",
}


def show(value: Any, longest: int = LONGEST) -> str:
    """Returns the value as Python would print it, at most about ``longest`` characters of each part of it.

    >>> show("euclid"), len(show("x" * 10_000_000)) < 100, len(show(10**5000)) < 100
    ("'euclid'", True, True)
    """
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = longest
    try:
        text = " ".join(short.repr(value).split())
    except Exception:  # Python does not print an int of more than 4300 digits, and a class may fail to print itself
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 2 * longest else f"{text[: 2 * longest]}..."


def not_finite(name: str, value: float) -> str:
    """Returns the message for a number that a regressor by similarity has computed, and that is infinite or NaN."""
    advice = "divide X or y by a power of ten, or pass a smaller gamma, degree or coef0"
    return f"{name} is {value}, but must be finite: {advice}"


def kind_of(value: Any) -> str:
    """Returns the name of the value's type, at most 60 characters of it."""
    return type(value).__name__[:LONGEST]


def a_kind_of(value: Any) -> str:
    """Returns the name of the value's type with its article.

    >>> a_kind_of(5), a_kind_of("5")
    ('an int', 'a str')
    """
    kind = kind_of(value)
    return f"an {kind}" if kind.lower().startswith((*"aeio", "nd")) else f"a {kind}"


def suggest(name: Any, known: Iterable[str]) -> str:
    """Returns the end of a message, with the known name nearest to an unknown one, or nothing if none is near.

    >>> suggest("euclid", ["euclidean", "manhattan"]), suggest("mahalanobis", ["manhattan"])
    ("; did you mean 'euclidean'?", '')
    """
    if not isinstance(name, str) or name.lower() in OTHER_METRICS:
        return ""
    known = list(known)
    other = OTHER_NAMES.get(name.lower())
    near = [other] if other in known else difflib.get_close_matches(name[:LONGEST].lower(), known, n=1, cutoff=0.65)
    return f"; did you mean {near[0]!r}?" if near else ""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the line of the caller, outside of these packages."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
