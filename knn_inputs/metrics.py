"""The argument ``metric`` with ``p`` and ``metric_params``: names, and the parameters that are given or learned.

Two metrics learn from the training examples if they are not given their parameters: seuclidean the variance of each
column, mahalanobis the inverse of the covariance. Both packages learn them here, and so get the same bits.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.entries import max_magnitude
from knn_inputs.matrices import read_matrix
from knn_inputs.messages import a_kind_of, show, suggest
from knn_inputs.parameters import as_float, as_floats, check_name
from knn_inputs.places import describe_place
from knn_inputs.sparse import to_dense

NAMES = (
    *("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski", "seuclidean"),
    *("mahalanobis", "canberra", "braycurtis", "haversine", "nan_euclidean", "precomputed"),
)
ALIASES = {"l1": "manhattan", "cityblock": "manhattan", "l2": "euclidean", "infinity": "chebyshev"}
PARAMETERS = {"minkowski": ("p", "w"), "seuclidean": ("V",), "mahalanobis": ("V", "VI")}
LEARNED = {"seuclidean": "V", "mahalanobis": "VI"}
LARGEST_TO_LEARN = 1e150  # whose squares can be added
LEAST_VARIANCE = float(np.finfo(np.float64).tiny)  # below it 1 / V may be infinite
READ_AT_ONCE = 1024  # rows that a sum is made from, so that a copy of all rows never exists
ASYMMETRY = 2.0**-26  # of the largest entry: more is no rounding of an inverse
LIMITS_OF_ANGLES = (math.pi / 2, 2 * math.pi)  # of a latitude and a longitude


class ChosenMetric(NamedTuple):
    """A metric by its one name, or a function, and its parameters after they were checked."""

    name: Any
    p: float = 2.0
    params: dict[str, Any] = {}  # noqa: RUF012 (never written to)


def choose_metric(metric: Any, p: Any = 2, metric_params: Any = None) -> ChosenMetric:
    """Returns the metric with its parameters as float64 arrays; those that it learns may be missing.

    Raises ValueError for an unknown name, a p that is not above 0, and parameters that the metric does not take or
    cannot use; TypeError for parameters of another type.
    """
    if not callable(metric):
        check_name(metric, "metric", [*NAMES, *ALIASES], ", nor a function of two examples")
    params = _check_names(metric, metric_params)
    power = _read_power(p, "p")
    if callable(metric):
        return ChosenMetric(metric, power, params)
    if "p" in params:
        power = _one_power(p, power, params.pop("p"))
    name = ALIASES.get(metric, metric)
    return ChosenMetric(name, power, _read_parameters(name, params))


def _check_names(metric: Any, metric_params: Any) -> dict[str, Any]:
    """Returns a copy of the parameters; all must be among those that the metric takes."""
    if metric_params is None:
        return {}
    given = f"metric_params={show(metric_params)}"
    if not isinstance(metric_params, dict) or not all(isinstance(name, str) for name in metric_params):
        raise TypeError(f"{given} is {a_kind_of(metric_params)}, but must be a dict with strings as keys")
    if metric_params and not callable(metric):
        known = PARAMETERS.get(metric, ())
        for name in metric_params:
            if name not in known:
                takes = f"takes {' and '.join(known)}" if known else "takes no parameters"
                advice = suggest(name, known) if known else ": leave metric_params None"
                advice = ": pass metric='minkowski' with it" if name in ("p", "w") and not known else advice
                raise ValueError(f"{given} has {show(name)}, but metric={metric!r} {takes}{advice}")
    return dict(metric_params)


def _read_power(p: Any, name: str) -> float:
    power = as_float(p, name)
    if not power > 0:
        raise ValueError(f"{name}={show(p)} must be above 0")
    if power == math.inf and p != math.inf:
        raise ValueError(f"{name}={show(p)} is too large for a float: pass float('inf') for the largest gap")
    return power


def _one_power(p: Any, power: float, among_params: Any) -> float:
    """Returns the p of ``metric_params``; the argument p must be the same, or have its default."""
    other = _read_power(among_params, "metric_params['p']")
    if power not in (2.0, other):
        raise ValueError(f"p={show(p)}, but metric_params['p']={show(among_params)}: pass only one of them")
    return other


def _read_parameters(metric: str, params: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns arrays: w, V of seuclidean or VI; the covariance V of mahalanobis becomes its inverse VI."""
    if "V" in params and "VI" in params:
        raise ValueError("metric_params has V and VI, but VI is the inverse of V: pass only one of them")
    read = {}
    for name, value in params.items():
        array = _read_array(value, f"metric_params[{name!r}]", 2 if metric == "mahalanobis" else 1)
        if name == "w":
            read["w"] = _check_weights(array)
        elif metric == "seuclidean":
            read["V"] = _check_variances(array)
        elif name == "VI":
            read["VI"] = _check_semidefinite(_symmetric(array, "VI"))
        else:
            read["VI"] = _invert(_symmetric(array, "V"), "metric_params['V']")
    for array in read.values():
        array.flags.writeable = False
    return read


def _read_array(value: Any, name: str, ndim: int) -> np.ndarray:
    array = as_floats(to_array(value, name), name)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name}={show(value)} has dtype {array.dtype}, but must be an array of real numbers")
    array = np.array(array, dtype=np.float64, order="C")
    if array.ndim != ndim or not array.size or array.shape[0] != array.shape[-1]:
        of_right_shape = (
            "hold a number for each column of X" if ndim == 1 else "be a square matrix, a row for each column"
        )
        raise ValueError(f"{name} has shape {array.shape}, but must {of_right_shape}")
    if not np.all(np.isfinite(array)):
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} holds {array[place]} at {place}, but must be finite: pass a finite number there")
    return array


def _check_weights(w: np.ndarray) -> np.ndarray:
    if np.any(w < 0):
        place = int(np.argmax(w < 0))
        raise ValueError(f"metric_params['w'] holds {w[place]} at {place}, but weights must be at least 0")
    if not np.any(w):
        raise ValueError("metric_params['w'] holds only 0, so that all distances are 0: give a column a weight above 0")
    return w


def _check_variances(V: np.ndarray) -> np.ndarray:
    if not np.all(V >= LEAST_VARIANCE):
        place = int(np.argmin(V >= LEAST_VARIANCE))
        advice = "leave out that column, as it is constant, or pass a number above 0"
        raise ValueError(f"metric_params['V'] holds {V[place]} at {place}, but squares are divided by it: {advice}")
    return V


def _symmetric(matrix: np.ndarray, name: str) -> np.ndarray:
    """Returns the symmetric part of a matrix; raises ValueError unless the matrix is symmetric but for rounding."""
    apart = np.abs(matrix - matrix.T)
    if np.max(apart) > ASYMMETRY * np.max(np.abs(matrix)):
        i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
        values = f"{matrix[i, j]} at ({i}, {j}) and {matrix[j, i]} at ({j}, {i})"
        advice = f"(A + A.T) / 2 gives the same distances as A={name}"
        raise ValueError(f"metric_params[{name!r}] holds {values}, but must be symmetric: {advice}")
    return matrix / 2 + matrix.T / 2


def _check_semidefinite(VI: np.ndarray) -> np.ndarray:
    """Returns VI; raises ValueError for an eigenvalue below 0, except by the rounding of eigenvalues."""
    values = np.linalg.eigvalsh(VI)
    if values[0] < -len(VI) * 2.0**-50 * np.max(np.abs(values)):
        advice = "pass the inverse of a covariance, np.linalg.inv(np.cov(X.T)), or np.linalg.pinv if that is singular"
        raise ValueError(f"metric_params['VI'] has the eigenvalue {values[0]:.4g}, but none may be below 0: {advice}")
    return VI


def _invert(covariance: np.ndarray, name: str) -> np.ndarray:
    """Returns the inverse, symmetric; raises ValueError for a matrix that has none that rounding leaves any digit."""
    values = np.linalg.eigvalsh(covariance)
    if not values[0] > len(covariance) * 2.0**-50 * np.max(np.abs(values)):
        extremes = f"its eigenvalues go from {values[0]:.4g} to {values[-1]:.4g}"
        advice = "leave out columns that depend on others, or pass VI, for example np.linalg.pinv(np.cov(X.T))"
        raise ValueError(f"{name} has no inverse, because {extremes}: {advice}")
    inverse = np.linalg.inv(covariance)
    return inverse / 2 + inverse.T / 2


def learn_parameters(chosen: ChosenMetric, X: Any) -> ChosenMetric:
    """Returns the metric with the parameters that it learns from X, if it was not given them.

    Raises as ``read_matrix`` does, and ValueError for fewer than 2 rows, for a constant column, and for a covariance
    without an inverse.
    """
    if not _lacks_parameters(chosen):
        return chosen
    rows = read_matrix(to_dense(X, LARGEST_TO_LEARN), LARGEST_TO_LEARN)
    if len(rows) == 1:
        needed = f"{LEARNED[chosen.name]} of metric={chosen.name!r} is learned from 2 rows or more, but X has 1"
        raise ValueError(f"{needed}: fit more examples, or pass it in metric_params")
    if chosen.name == "seuclidean":
        return chosen._replace(params={"V": _variances(rows, X)})
    return chosen._replace(params={"VI": _invert(_covariance(rows), "the covariance of X")})


def _lacks_parameters(chosen: ChosenMetric) -> bool:
    return not callable(chosen.name) and chosen.name in LEARNED and not chosen.params


def _variances(rows: np.ndarray, source: Any) -> np.ndarray:
    """Returns sum (x - mean)^2 / (n - 1) of each column."""
    total, mean = np.zeros(rows.shape[1]), _mean(rows)
    for some in _parts(rows):
        gaps = some - mean
        total += np.sum(gaps * gaps, axis=0)
    V = total / (len(rows) - 1)
    if not np.all(V >= LEAST_VARIANCE):
        where = describe_place((0, int(np.argmin(V >= LEAST_VARIANCE))), source).partition(", ")[2]
        advice = "leave it out, or pass V in metric_params"
        raise ValueError(
            f"metric='seuclidean' divides by the variance of each column, but {where} is constant: {advice}"
        )
    return V


def _covariance(rows: np.ndarray) -> np.ndarray:
    """Returns sum (x - mean) (x - mean)^T / (n - 1)."""
    total, mean = np.zeros((rows.shape[1], rows.shape[1])), _mean(rows)
    for some in _parts(rows):
        gaps = some - mean
        total += gaps.T @ gaps
    return (total / 2 + total.T / 2) / (len(rows) - 1)


def _mean(rows: np.ndarray) -> np.ndarray:
    total = np.zeros(rows.shape[1])
    for some in _parts(rows):
        total += np.sum(some, axis=0)
    return total / len(rows)


def _parts(rows: np.ndarray) -> Any:
    """Yields the rows in float64 and C order, so that sums do not depend on how X lies in memory."""
    for start in range(0, len(rows), READ_AT_ONCE):
        yield np.array(rows[start : start + READ_AT_ONCE], dtype=np.float64, order="C")


def with_learned(chosen: ChosenMetric, learned: ChosenMetric | None) -> ChosenMetric:
    """Returns the metric with the parameters of a fitted model, if it learns some and has not got them.

    Raises ValueError if the model is not fitted, or was fitted with another metric.
    """
    if not _lacks_parameters(chosen):
        return chosen
    if learned is not None and learned.name == chosen.name:
        return learned
    name = LEARNED[chosen.name]
    advice = f"call fit first, or pass metric_params={{{name!r}: ...}}"
    raise ValueError(f"metric={chosen.name!r} learns {name} from the training examples: {advice}")


def check_columns_of(chosen: ChosenMetric, rows: Any, source: Any = None, first: int = 0) -> None:
    """Raises ValueError unless the metric's parameters have a number for each column of the rows.

    For haversine the columns must be a latitude and a longitude in radians. A message counts the rows from ``first``.
    """
    if callable(chosen.name):
        return
    n_columns = rows.shape[-1]
    for name, value in chosen.params.items():
        if len(value) != n_columns:
            given = f"metric_params[{name!r}] is for {len(value)} columns"
            raise ValueError(f"{given}, but X has {n_columns}: pass as many numbers as X has columns")
    if chosen.name == "haversine":
        _check_angles(rows, source, first)


def _check_angles(rows: np.ndarray, source: Any, first: int) -> None:
    if rows.shape[-1] != 2:
        columns = "needs 2 columns, latitude and longitude in radians"
        raise ValueError(f"metric='haversine' {columns}, but X has {rows.shape[-1]}: pass X[:, [lat, lon]]")
    for column, (limit, kind) in enumerate(zip(LIMITS_OF_ANGLES, ("latitude", "longitude"), strict=True)):
        angles = rows[:, column].astype(np.float64)
        if max_magnitude(angles) > limit:
            place = int(np.argmax(np.abs(angles) > limit))
            where = describe_place((first + place, column), source)
            advice = "pass np.radians(X), computed in float64, if these are degrees; latitude is the first column"
            raise ValueError(f"X has the {kind} {angles[place]} {where}, beyond {limit:.4f} radians: {advice}")


def allows_missing(metric: Any) -> bool:
    """Returns whether the metric takes examples with NaN."""
    return isinstance(metric, str) and metric == "nan_euclidean"


def largest_factor(params: dict[str, Any]) -> float:
    """Returns the most by which a parameter multiplies the power of a gap, at least 1."""
    if "w" in params:
        return max(1.0, float(np.max(params["w"])))
    if "V" in params:
        with np.errstate(over="ignore"):
            return max(1.0, float(1 / np.min(params["V"])))
    return max(1.0, len(params["VI"]) * max_magnitude(params["VI"])) if "VI" in params else 1.0
