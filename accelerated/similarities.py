"""Similarities of queries to a block of examples: the more alike, the larger.

Differences are taken before they are squared, as in ``distances``. ``exp``, ``tanh`` and products of matrices round
differently in every library, so the bits of similarities are not promised.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.distances import manhattan, sqeuclidean, unit_rows
from accelerated.progress import progress_bar
from accelerated.search import block_shape
from accelerated.validation import check_finite
from knn_inputs.callables import take_two
from knn_inputs.parameters import check_name

Examples = Tensor | list[Any]  # rows (n, n_features), or a list of any objects for a function of two examples


def _same(examples: Examples) -> Examples:
    return examples


class Similarity(NamedTuple):
    """The functions of a similarity: all examples are prepared once, then queries are compared with blocks of them.

    ``compare(queries, examples, start, stop)`` takes prepared queries (a, n_features) and all prepared examples, and
    returns the similarities to those from start to stop, (a, stop - start).
    """

    compare: Callable[[Any, Any, int, int], Tensor]
    prepare: Callable[[Any], Any] = _same
    is_symmetric: bool = True  # by its formula; the last bits may not be


def _feature_first(queries: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    return queries.T.contiguous()[:, :, None], rows.T.contiguous()[:, None, :]


def rbf(queries: Tensor, rows: Tensor, gamma: float) -> Tensor:
    """Returns exp(-gamma |q - x|^2)."""
    return torch.exp(sqeuclidean(*_feature_first(queries, rows)).mul_(-gamma))


def laplacian(queries: Tensor, rows: Tensor, gamma: float) -> Tensor:
    """Returns exp(-gamma sum |q - x|)."""
    return torch.exp(manhattan(*_feature_first(queries, rows)).mul_(-gamma))


def linear(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns q.x, for unit rows the cosine of the angle."""
    return queries @ rows.T


def polynomial(queries: Tensor, rows: Tensor, gamma: float, degree: float, coef0: float) -> Tensor:
    """Returns (gamma q.x + coef0)^degree."""
    return torch.pow(gamma * (queries @ rows.T) + coef0, degree)


def sigmoid(queries: Tensor, rows: Tensor, gamma: float, coef0: float) -> Tensor:
    """Returns tanh(gamma q.x + coef0)."""
    return torch.tanh(gamma * (queries @ rows.T) + coef0)


def get_similarity(name: Any, gamma: float, degree: float, coef0: float) -> Similarity:
    """Returns the ``Similarity`` called ``name``, or made of a function; raises ValueError for an unknown name."""
    if callable(name):
        return Similarity(partial(_pair_by_pair, take_two(name, "similarity")), is_symmetric=False)
    named = {
        "rbf": Similarity(partial(_by_rows, partial(rbf, gamma=gamma))),
        "laplacian": Similarity(partial(_by_rows, partial(laplacian, gamma=gamma))),
        "polynomial": Similarity(partial(_by_rows, partial(polynomial, gamma=gamma, degree=degree, coef0=coef0))),
        "sigmoid": Similarity(partial(_by_rows, partial(sigmoid, gamma=gamma, coef0=coef0))),
        "linear": Similarity(partial(_by_rows, linear)),
        "cosine": Similarity(partial(_by_rows, linear), prepare=unit_rows),
        "precomputed": Similarity(_given, is_symmetric=False),
    }
    check_name(name, "similarity", named, ", nor a function of two examples")
    return named[name]


def _by_rows(
    similarity: Callable[[Tensor, Tensor], Tensor], queries: Tensor, rows: Tensor, start: int, stop: int
) -> Tensor:
    return similarity(queries, rows[start:stop])


def _given(queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """Returns some of the similarities that a query consists of."""
    return queries[:, start:stop]


def _pair_by_pair(
    function: Callable[[Any, Any], float], queries: Examples, examples: Examples, start: int, stop: int
) -> Tensor:
    """Calls a function of two examples, float64 NumPy rows or objects of a list, once for each pair."""
    Q, X = _to_python(queries), _to_python(examples[start:stop])
    return torch.tensor([[function(q, x) for x in X] for q in Q], dtype=torch.float64, device="cpu")


def _to_python(examples: Examples) -> np.ndarray | list[Any]:
    if not isinstance(examples, Tensor):
        return examples
    rows = examples.cpu().numpy()
    rows.flags.writeable = False  # a similarity that writes to its arguments must not change the model
    return rows


def compare_in_blocks(
    similarity: Similarity,
    examples: Examples,  # n of them, prepared
    read_queries: Callable[[int, int], Examples],  # (start, stop) -> stop - start queries, prepared
    n_queries: int,
    *,
    device: torch.device,
    memory_limit: int,
    progress: bool,
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yields slices of the queries and of the examples, and their similarities (a, b), until all pairs are done.

    Raises ValueError for a similarity that is not finite and for a ``memory_limit``, bytes of scratch, that is too
    small for one query and one example.
    """
    n_features = examples.shape[1] if isinstance(examples, Tensor) else 1
    n_at_once, block_rows = block_shape(n_queries, len(examples), n_features, 1, memory_limit, device.type)
    with progress_bar(n_queries * len(examples), shown=progress) as advance:
        for first in range(0, n_queries, n_at_once):
            queries = read_queries(first, min(first + n_at_once, n_queries))
            for start in range(0, len(examples), block_rows):
                stop = min(start + block_rows, len(examples))
                block = check_finite(similarity.compare(queries, examples, start, stop).to(device), "a similarity")
                yield slice(first, first + len(queries)), slice(start, stop), block
                advance(block.numel())
