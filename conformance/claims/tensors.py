"""Level "tensors": gradients of distances, and arrays of other libraries.

A class that returns no gradients, or that takes no such arrays, is not asked about them.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import lattice_cases
from conformance.claims.claim import BOUND, claim
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target
from conformance.targets.answers import read_batch, to_array
from conformance.targets.errors import Missing, NotOffered
from conformance.targets.fitted import Fitted


@claim(lattice_cases(), BOUND, is_convention=True)
def gradients_are_those_of_the_distances(target: Target, case: Case) -> None:
    """The gradient of a distance by the query is (query - row) / distance, and 0 where the distance is 0.

    The square root has an infinite slope at 0, so that a query which is a row makes every weight of a network NaN.
    """
    fitted = target.search(case)
    torch = sys.modules.get("torch")  # not imported: a class that returns tensors has done so
    form = fitted.adapter.form
    if torch is None or form is None or not form.batch or form.layout != "parts" or form.distance_at is None:
        raise NotOffered(f"{fitted.adapter.name} returns no tensors of distances")
    Q = torch.tensor(case.Q, requires_grad=True)
    try:
        answer = fitted.call(form.method, Q, **fitted.k_option(form.method, None))
    except Exception as error:  # NumPy makes no array of such a tensor
        raise NotOffered(f"{fitted.adapter.name} takes no tensor that requires a gradient") from error
    farthest = answer[form.distance_at][:, -1]
    if not getattr(farthest, "requires_grad", False):
        raise NotOffered(f"{fitted.adapter.name} returns distances without a gradient")
    farthest.sum().backward()
    rows = [answer[-1] for answer in read_batch(answer, form, len(case.Q), case.k).indices]
    gaps = case.Q - case.X[rows]
    distances = np.sqrt(np.sum(gaps * gaps, axis=1, keepdims=True))
    expected = np.divide(gaps, distances, out=np.zeros_like(gaps), where=distances > 0)
    _assert_gradients(to_array(Q.grad), expected, float(fitted.adapter.roundoff))


def _assert_gradients(actual: np.ndarray, expected: np.ndarray, u: float) -> None:
    """Raises AssertionError unless the gradients are the expected ones, up to their rounding, where u is the roundoff.

    On a lattice a gap g and the sum of squares s are exact, and |g / sqrt(s)| is at most 1. The expected root and
    quotient are each off by u at most. The root of torch is off by 2 u, as it is not rounded correctly, and its
    quotient by u, or by 2 u as 2 g * (1 / (2 sqrt(s))). These are 6 u in all; 7 u has room for the terms in u^2.
    """
    for place in np.argwhere(~(np.abs(actual - expected) <= 7 * u)).tolist():
        i, j = place
        raise AssertionError(f"gradient[{i}, {j}]={actual[i, j]!s}, but should be {expected[i, j]!s}")


class Exported:
    """An array that is handed over by DLPack, and in no other way."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


@claim(lattice_cases())
def arrays_of_other_libraries_are_read(target: Target, case: Case) -> None:
    """An array that is handed over by DLPack has the neighbours of NumPy's array, by rows, by columns or with gaps.

    DLPack hands over memory and strides. Code that forgets the strides reads a transposed array in the wrong order.
    """
    try:
        found = _ask(target, case, np.ascontiguousarray)
    except Missing:
        raise
    except Exception as error:
        raise NotOffered(f"{target.name} takes no array that is handed over by DLPack") from error
    assert_nearest(found, case, rounds=False)
    for layout, name in ((np.asfortranarray, "column by column"), (_with_gaps, "with gaps")):
        found = _ask(target, case, layout)
        found.name += f" of an array that lies {name}, by DLPack"
        assert_nearest(found, case, rounds=False)


def _with_gaps(rows: np.ndarray) -> np.ndarray:
    return np.repeat(rows, 2, axis=0)[::2]


def _ask(target: Target, case: Case, layout: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The neighbours of the queries, where matrices are handed over by DLPack."""
    plain = target.search(case)
    if plain.hidden is not None:
        raise NotOffered(f"{plain.adapter.name} does not name its neighbours by their indices")
    exported: Fitted = replace(plain, hand_over=lambda rows: Exported(layout(rows)) if rows.ndim == 2 else rows.copy())
    return exported.fit(case.X).neighbors(case.Q)
