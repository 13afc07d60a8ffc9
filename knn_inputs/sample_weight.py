"""The argument sample_weight: how much each row counts."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import read_numbers


def read_sample_weight(sample_weight: Any, n: int, rows: str = "examples") -> np.ndarray:
    """Returns the weights of the n rows, float64 (n,), a copy; None weighs all 1.

    Raises TypeError for a string, and ValueError unless they are of shape (n,), finite, at least 0 and not all 0;
    ``rows`` names them there.

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
    if not weights.any():
        raise ValueError(
            f"sample_weight is zero for all {rows}, but at least one needs a weight above 0: None weighs all 1"
        )
    return weights
