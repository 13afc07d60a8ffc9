"""The neighbours that an implementation found, in the one form in which they are compared with the right ones."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.oracle.bounds import ROUNDOFF


@dataclass
class Found:
    """The neighbours of each query: indices, nearest first if ``ordered``, and distances if they are given."""

    indices: list[list[int]]  # (n_queries, k)
    distances: np.ndarray | None = None  # (n_queries, k)
    ordered: bool = True
    roundoff: Fraction = ROUNDOFF  # of the type in which the target computes
    name: str = "neighbors"  # in messages
