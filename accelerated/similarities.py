"""Similarities of queries to examples: the more alike, the larger.

Examples and queries are encoded once, so that the similarities of many pairs are one product of matrices, or one call
for their differences, and one function of the result. ``exp``, ``tanh``, powers and products of matrices round
differently in every library, so the bits of similarities are not promised; ``error`` bounds what is wrong with them.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.arrays import to_numpy
from accelerated.distances import unit_rows
from knn_inputs.callables import take_two
from knn_inputs.parameters import SIMILARITY_PARAMETERS

Examples = Tensor | list[Any]  # rows (n, n_features), or a list of any objects for a function of two examples
UNIT_ROUNDOFF = 2.0**-53
MOST_WRONG = 1e-10  # an exponent that may be wrong by more is made of differences


def _same(examples: Any) -> Any:
    return examples


class Similarity(NamedTuple):
    """The functions of a similarity, made for a set of examples.

    ``compare(queries, examples, out)`` takes encoded queries and encoded examples and returns their similarities,
    (a, b), in the dtype of both; it may write them to ``out``, a tensor of that shape. With k(x, x) from ``of_itself``,

        |computed k(x, y) - k(x, y)| <= error sqrt(k(x, x) k(y, y))

    holds in float64 for all pairs of the examples. ``is_positive`` means that no matrix K of such similarities has a
    negative eigenvalue, whatever the examples are.
    """

    compare: Callable[..., Tensor]
    encode: Callable[[Any], Any] = _same  # examples as they are read -> as ``compare`` takes them
    encode_queries: Callable[[Any], Any] = _same
    as_queries: Callable[[Any], Any] = _same  # encoded examples -> the same as encoded queries
    of_itself: Callable[[Any], Tensor] | None = None  # encoded examples -> (n,)
    error: float = math.inf
    is_positive: bool = False
    is_above_zero: bool = False  # all similarities are
    is_in_python: bool = False  # a function of the user, which is called by one thread
    is_given: bool = False  # a query consists of its similarities to all examples
    is_symmetric: bool = True  # by its formula; the last bits may not be


def get_similarity(name: Any, gamma: float, degree: int, coef0: float, examples: Examples) -> Similarity:
    """Returns the ``Similarity`` called ``name``, or made of a function, for examples as they were read."""
    if callable(name):
        return Similarity(partial(_pair_by_pair, take_two(name, "similarity")), is_symmetric=False, is_in_python=True)
    if name == "precomputed":
        return Similarity(_same_pairs, is_symmetric=False, is_given=True)
    assert isinstance(examples, Tensor)
    n_features = examples.shape[1]
    if name == "rbf":
        return _rbf(examples, gamma)
    if name == "laplacian":
        return _by_gaps(n_features, gamma, p=1)
    if name == "linear":
        error = 1.01 * n_features * UNIT_ROUNDOFF
        return Similarity(_product, of_itself=_square, error=error, is_positive=True)
    if name == "cosine":
        error = (2 * n_features + 12) * UNIT_ROUNDOFF
        return Similarity(_product, unit_rows, unit_rows, of_itself=_square, error=error, is_positive=True)
    if name == "polynomial":
        error = 1.01 * ((n_features + 2) * degree + 4) * UNIT_ROUNDOFF
        compare = partial(_polynomial, gamma=gamma, degree=degree, coef0=coef0)
        of_itself = partial(_polynomial_of_itself, gamma=gamma, degree=degree, coef0=coef0)
        return Similarity(compare, of_itself=of_itself, error=error, is_positive=coef0 >= 0)
    return Similarity(partial(_sigmoid, gamma=gamma, coef0=coef0))


def gamma_of_scale(name: Any, rows: Examples, weights: np.ndarray) -> float | None:
    """Returns the number that gamma="scale" stands for, or None for a similarity that does not use gamma.

    It is 1 / (n_features v) with v the variance of all entries, weighted; for laplacian v is the standard deviation.
    Where v is 0 it is 1.
    """
    if callable(name) or "gamma" not in SIMILARITY_PARAMETERS[name]:
        return None
    assert isinstance(rows, Tensor)
    gap = to_numpy(rows - rows[:1, :1])  # exactly 0 where all entries are equal
    with np.errstate(over="ignore", under="ignore"):
        mean = weighted_mean(gap.mean(axis=1), weights)
        variance = float(weighted_mean(((gap - mean) ** 2).mean(axis=1), weights))
        spread = math.sqrt(variance) if name == "laplacian" else variance
        return float(1 / np.float64(rows.shape[1] * spread)) if spread > 0 else 1.0


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns sum w v / sum w over the first axis; equal values have exactly that value as their mean."""
    share = weights / weights.max()  # so that their sum is finite
    return values[0] + (share / share.sum()) @ (values - values[0])


def _rbf(examples: Tensor, gamma: float) -> Similarity:
    """Returns exp(-gamma |q - x|^2): by products where those are precise enough, else by differences.

    It is a power of 2, because ``exp2`` takes less time than ``exp``. With c the mean of the examples and
    s(x) = sqrt(2 gamma / ln 2) (x - c), the exponent is

        -gamma |q - x|^2 / ln 2 = s(q).s(x) - h(q) - h(x),    h(x) = |s(x)|^2 / 2,

    a product of d + 2 columns. Let M be the largest |s(x)|, and u = 2^-53. Each entry of s is relatively wrong by at
    most 4 u: ln 2 and the quotient round, by 2 u, of which the root leaves half; the root, the difference x - c and
    their product round. This moves |s(q) - s(x)|^2 / 2 by at most |s(q) - s(x)| 8 u M, and so by 16 u M^2. Either h is
    wrong by d u M^2 / 2, and the product by (d + 2) u times the sum of the sizes of its terms, at most 2 M^2. Together
    that is (3 d + 20) u M^2, and 24 in place of 20 pays for terms in u^2. The exponent of e in place of 2 is ln 2 times
    as large, and so is its error: delta = ln 2 (3 d + 24) u M^2. The power is relatively wrong by at most 2 delta, and
    ``exp2`` itself is within 2 ulp: 4 u.

    The mean is subtracted first, because M counts. A query may lie farther out than any example. If |s(q)| is below
    2 M, delta is at most 4 times as large. Else the exponent E is below -|s(q)|^2 / 8 and relatively wrong by at most
    8 (3 d + 24) u, and ln 2 |E| 2^E <= 1 / e: the similarity itself is wrong by less than that.
    """
    n_features = examples.shape[1]
    center, factor = examples.mean(0), math.sqrt(2 * gamma / math.log(2))
    scaled = (examples - center) * factor
    longest = float(torch.linalg.vector_norm(scaled, dim=1).max())
    delta = math.log(2) * (3 * n_features + 24) * UNIT_ROUNDOFF * longest**2
    if not delta <= MOST_WRONG:
        return _by_gaps(n_features, gamma, p=2)
    return Similarity(
        _power_of_product,
        partial(_encode, center=center, factor=factor, is_query=False),
        partial(_encode, center=center, factor=factor, is_query=True),
        _swap_last_two,
        _one,
        error=2 * delta + 4 * UNIT_ROUNDOFF,
        is_positive=True,
        is_above_zero=True,
    )


def _by_gaps(n_features: int, gamma: float, p: int) -> Similarity:
    """Returns exp(-gamma |q - x|_p^p) from differences: laplacian for p = 1, rbf for p = 2."""
    compare, error = partial(_exp_of_gaps, gamma=gamma, p=p), (n_features + 8 + 2 * p) * UNIT_ROUNDOFF
    return Similarity(compare, of_itself=_one, error=error, is_positive=True, is_above_zero=True)


def _encode(rows: Tensor, center: Tensor, factor: float, is_query: bool) -> Tensor:
    """Returns s, 1, -h for examples, and s, -h, 1 for queries, (n, n_features + 2)."""
    n, n_features = rows.shape
    encoded = torch.ones((n, n_features + 2), dtype=torch.float64, device=rows.device)
    scaled = torch.sub(rows, center.to(rows.device), out=encoded[:, :n_features]).mul_(factor)
    encoded[:, n_features if is_query else n_features + 1] = (scaled * scaled).sum(1).div_(-2)
    return encoded


def _swap_last_two(encoded: Tensor) -> Tensor:
    return torch.cat([encoded[:, :-2], encoded[:, -1:], encoded[:, -2:-1]], dim=1)


def _product(queries: Tensor, examples: Tensor, out: Tensor | None = None) -> Tensor:
    return torch.mm(queries, examples.T, out=out)


def _power_of_product(queries: Tensor, examples: Tensor, out: Tensor | None = None) -> Tensor:
    return torch.mm(queries, examples.T, out=out).exp2_()


def _exp_of_gaps(queries: Tensor, examples: Tensor, out: Tensor | None = None, *, gamma: float, p: int) -> Tensor:
    """Returns exp(-gamma |q - x|_p^p), from differences.

    For p = 2 a difference counts twice; its square, d - 1 additions, the root, which counts twice, its square and the
    product with gamma round: fewer than d + 8 times u, of an exponent E. For p = 1 it is fewer than d + 6 times, as
    nothing is squared. As |E| exp(E) <= 1 / e, the similarity is wrong by at most as much, and by 4 u for ``exp``
    itself.
    """
    gaps = torch.cdist(queries, examples, p=p, compute_mode="donot_use_mm_for_euclid_dist")
    return (gaps if p == 1 else gaps.mul_(gaps)).mul_(-gamma).exp_()


def _polynomial(
    queries: Tensor, examples: Tensor, out: Tensor | None = None, *, gamma: float, degree: int, coef0: float
) -> Tensor:
    """Returns (gamma q.x + coef0)^degree.

    With b(q, x) = gamma |q| |x| + |coef0| the base is wrong by (d + 2) u b, its power by degree times b^(degree - 1)
    times that, and ``pow`` itself by 4 u. For coef0 >= 0 Cauchy's inequality gives b(q, x)^2 <= b(q, q) b(x, x), and
    b(x, x)^degree = k(x, x). For the linear similarity the same is d u |q| |x|.
    """
    return torch.mm(queries, examples.T, out=out).mul_(gamma).add_(coef0).pow_(degree)


def _sigmoid(queries: Tensor, examples: Tensor, out: Tensor | None = None, *, gamma: float, coef0: float) -> Tensor:
    return torch.mm(queries, examples.T, out=out).mul_(gamma).add_(coef0).tanh_()


def _one(examples: Tensor) -> Tensor:
    return torch.ones(len(examples), dtype=torch.float64, device=examples.device)


def _square(examples: Tensor) -> Tensor:
    return (examples * examples).sum(1)


def _polynomial_of_itself(examples: Tensor, gamma: float, degree: int, coef0: float) -> Tensor:
    return torch.pow(gamma * _square(examples) + coef0, degree)


def _same_pairs(queries: Tensor, examples: Any, out: Tensor | None = None) -> Tensor:
    """Returns the similarities that a query consists of, to all examples."""
    return queries


def _pair_by_pair(
    function: Callable[[Any, Any], float], queries: Examples, examples: Examples, out: Tensor | None = None
) -> Tensor:
    """Calls a function of two examples, float64 NumPy rows or objects of a list, once for each pair."""
    Q, X = _to_python(queries), _to_python(examples)
    return torch.tensor([[function(q, x) for x in X] for q in Q], dtype=torch.float64, device="cpu")


def _to_python(examples: Examples) -> np.ndarray | list[Any]:
    if not isinstance(examples, Tensor):
        return examples
    rows = examples.cpu().numpy()
    rows.flags.writeable = False  # a similarity that writes to its arguments must not change the model
    return rows
