"""Reads the answers of a learner's functions; each reader raises Unreadable, with the right form, for another form."""

from typing import Any

import numpy as np

from conformance.targets.answers import Unreadable, to_array


def number(name: str, answer: Any, *given: Any) -> float:
    """The answer of a function that returns a number."""
    found = _array(name, answer, "a number")
    if found.size != 1 or found.dtype.kind not in "iuf":
        raise _unreadable(name, answer, "a number")
    return float(found.reshape(()))


def table(name: str, answer: Any, Q: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The answer of a function that returns the distances of all queries and all rows."""
    return _numbers(name, answer, (len(Q), len(X)))


def places(name: str, answer: Any, distances: np.ndarray, k: int) -> np.ndarray:
    """The answer of a function that returns the k indices of the nearest."""
    return _indices(name, answer, (k,), len(distances))


def others(name: str, answer: Any, X: np.ndarray, k: int) -> np.ndarray:
    """The answer of a function that returns the k nearest other rows of each row."""
    return _indices(name, answer, (len(X), k), len(X))


def pairs(name: str, answer: Any, X: np.ndarray, y: np.ndarray, query: np.ndarray, k: int) -> list[tuple[float, Any]]:
    """The answer of a function that returns k pairs of a distance and a label."""
    wanted = f"a list of {k} pairs (distance, label)"
    try:
        found = [(float(distance), to_array(label).reshape(())[()]) for distance, label in answer]
    except (TypeError, ValueError) as error:
        raise _unreadable(name, answer, wanted) from error
    if len(found) != k:
        raise _unreadable(name, answer, wanted)
    return found


def average(name: str, answer: Any, targets: np.ndarray) -> np.ndarray:
    """The answer of a function that returns the mean of each output."""
    return _numbers(name, answer, targets.shape[1:])


def label(name: str, answer: Any, labels: np.ndarray) -> Any:
    """The answer of a function that returns one of the labels."""
    found = _array(name, answer, "a label")
    if found.size != 1 or found.dtype == object:
        raise _unreadable(name, answer, "one of the labels")
    return found.reshape(())[()]


def weights(name: str, answer: Any, distances: np.ndarray) -> np.ndarray:
    """The answer of a function that returns a weight for each distance."""
    return _numbers(name, answer, distances.shape)


def neighbors(name: str, answer: Any, X: Any, Q: Any, k: int, *more: Any) -> tuple[np.ndarray, np.ndarray]:
    """The answer of a function that returns distances and indices of the neighbours."""
    wanted = "two arrays, distances and indices"
    try:
        distances, indices = answer
    except (TypeError, ValueError) as error:
        raise _unreadable(name, answer, wanted) from error
    return _numbers(name, distances, (len(Q), k)), _indices(name, indices, (len(Q), k), len(X))


def candidate(name: str, answer: Any, X: np.ndarray, y: np.ndarray, candidates: list[int]) -> int:
    """The answer of a function that returns one of the candidates."""
    if not any(answer is k or answer == k for k in candidates):
        raise _unreadable(name, answer, f"one of the candidates {candidates}")
    return int(answer)


def _numbers(name: str, answer: Any, shape: tuple[int, ...]) -> np.ndarray:
    wanted = f"an array of numbers of shape {shape}" if shape else "a number"
    found = _array(name, answer, wanted)
    if found.shape != shape or found.dtype.kind not in "iufb":
        raise _unreadable(name, answer, wanted)
    return found.astype(np.float64)


def _indices(name: str, answer: Any, shape: tuple[int, ...], n: int) -> np.ndarray:
    wanted = f"whole numbers from 0 to {n - 1}, of shape {shape}"
    found = _array(name, answer, wanted)
    if found.shape != shape or found.dtype.kind not in "iu" or np.any((found < 0) | (found >= n)):
        raise _unreadable(name, answer, wanted)
    return found.astype(np.int64)


def _array(name: str, answer: Any, wanted: str) -> np.ndarray:
    try:
        return to_array(answer)
    except (TypeError, ValueError) as error:  # as of lists of different lengths
        raise _unreadable(name, answer, wanted) from error


def _unreadable(name: str, answer: Any, wanted: str) -> Unreadable:
    shape = getattr(answer, "shape", None)
    shown = f"an array of shape {tuple(shape)}, {answer!r:.80}" if shape else f"{answer!r:.80}"
    return Unreadable(f"{name} returned {' '.join(shown.split())}, but should return {wanted}")
