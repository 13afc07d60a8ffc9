"""The argument sample_weight: how much each row counts."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import read_numbers
from knn_inputs.messages import show
from knn_inputs.parameters import check_int

MOST_COPIES = 2**53  # of all rows together: their number is exact in a float


def read_sample_weight(sample_weight: Any, n: int, rows: str = "examples", some_count: bool = True) -> np.ndarray:
    """Returns the weights of the n rows, float64 (n,), a copy; None weighs all 1.

    Raises TypeError for a string, and ValueError unless they are of shape (n,), finite, at least 0 and, if
    ``some_count``, not all 0; ``rows`` names them there.

    >>> read_sample_weight(None, 2), read_sample_weight([3, 0], 2)
    (array([1., 1.]), array([3., 0.]))
    """
    if sample_weight is None:
        return np.ones(n)
    if isinstance(sample_weight, str):
        raise TypeError(
            f"sample_weight={sample_weight!r} is a str, but must be {n} numbers, one for each of the {rows}, or None"
        )
    weights = np.array(read_numbers(to_array(sample_weight, "sample_weight"), "sample_weight"), dtype=np.float64)
    if weights.shape != (n,):
        advice = ": pass one number for each of them, which counts for all outputs"
        if weights.shape == (n, 1):
            advice = ": pass np.ravel(sample_weight)"
        elif weights.shape == ():
            advice = f": pass np.full({n}, {float(weights):g})"
        raise ValueError(f"sample_weight has shape {weights.shape}, but there are {n} {rows}{advice}")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise ValueError(f"sample_weight[{wrong[0]}] is {weights[wrong[0]]}, but must be finite and at least 0")
    if some_count and not weights.any():
        raise ValueError(
            f"sample_weight is zero for all {rows}, but at least one needs a weight above 0: None weighs all 1"
        )
    return weights


def read_repeats(sample_weight: Any, n: int, some_count: bool = True) -> np.ndarray | None:
    """Returns how many times each of the n training rows counts among the neighbours, int64 (n,); None for None.

    Raises like ``read_sample_weight``, and ValueError for a fraction and for a sum above 2^53.

    >>> read_repeats([3, 0], 2)
    array([3, 0])
    """
    if sample_weight is None:
        return None
    weights = read_sample_weight(sample_weight, n, some_count=some_count)
    fractions = np.flatnonzero(np.floor(weights) != weights)
    if len(fractions):
        raise ValueError(
            f"sample_weight[{fractions[0]}] is {weights[fractions[0]]}, but must be a whole number, because a row of "
            f"weight w takes w of the n_neighbors places, as w equal rows would: multiply all weights, and "
            f"n_neighbors, by one number that makes them whole"
        )
    return check_sum(weights).astype(np.int64)


def check_sum(weights: np.ndarray) -> np.ndarray:
    """Returns the weights; raises ValueError if they add up to more than 2^53."""
    if float(np.sum(weights)) > MOST_COPIES:
        raise ValueError(
            f"sample_weight adds up to {np.sum(weights):.4g}, more than {MOST_COPIES}: pass smaller weights, for a "
            f"row can take n_neighbors places at most"
        )
    return weights


def check_n_places(k: Any, n_copies: float, leave_one_out: bool) -> int:
    """Returns k as an int; raises TypeError unless it is one, ValueError unless so many copies fill k places."""
    k = check_int(k, "n_neighbors")
    most = n_copies - leave_one_out
    if k > most:
        without = ", without one copy of the query itself," if leave_one_out else ""
        advice = f"pass at most {most}" if most else "fit more examples"
        raise ValueError(
            f"n_neighbors={show(k)} is more than {most}, the sum of sample_weight{without} of the training examples: "
            f"{advice}"
        )
    return k
