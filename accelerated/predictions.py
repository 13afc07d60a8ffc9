"""Predictions by similarity, in tiles that stay in a core's cache: the whole matrix of similarities never exists."""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from accelerated.progress import progress_bar
from accelerated.search.memory import too_little
from accelerated.similarities import Examples, Similarity
from accelerated.solvers.system import product
from accelerated.validation import check_finite
from accelerated.workers import count_workers, share

QUERIES, PAIRS = 256, 2**17  # of a tile: `python -m benchmarks.constants PAIRS`
GPU_QUERIES, GPU_PAIRS = 4096, 2**24  # the same on a GPU: `benchmarks.constants GPU_PAIRS --device cuda`
BYTES_OF_PAIR = 16  # a similarity, and its copy in another type or layout
BYTES_OF_NUMBER = 32  # of a query: as it is read, centred, encoded, and its square


class Model(NamedTuple):
    """What a prediction needs: f(x) = intercept + sum_j weights_j k(x, x_j)."""

    similarity: Similarity
    examples: Any  # n of them, encoded: a matrix or a list
    weights: Tensor  # (n, n_outputs)
    intercept: Tensor  # (n_outputs,)

    def with_landmarks(self, landmarks: list[int] | None) -> Self:
        """Returns the model of these examples alone, if all others have the weight 0; None means all."""
        if landmarks is None:
            return self
        return self._replace(examples=self.examples[landmarks], weights=self.weights[landmarks])


def predict(
    model: Model,
    read_queries: Callable[[int, int], Examples],  # (start, stop) -> stop - start queries, encoded
    n_queries: int,
    memory_limit: int = 2**30,
    progress: bool = False,
) -> Tensor:
    """Returns f(x) for each query, (n_queries, n_outputs). Raises ValueError if one is not finite."""
    similarity, examples, weights, intercept = model
    n, n_outputs = weights.shape
    n_workers = 1 if similarity.is_in_python else count_workers(weights.device)
    width = n if similarity.is_given else getattr(examples, "shape", (n, 1))[1]  # numbers in a query
    needed = n_workers * (BYTES_OF_PAIR + BYTES_OF_NUMBER * width)
    if needed > memory_limit:
        raise ValueError(too_little(memory_limit, needed, "for one query and one example"))
    most_queries, most_pairs = (QUERIES, PAIRS) if weights.device.type == "cpu" else (GPU_QUERIES, GPU_PAIRS)
    pairs = max(1, min(most_pairs, memory_limit // (BYTES_OF_PAIR * n_workers)))
    at_once = max(1, min(most_queries, n_queries, pairs, memory_limit // (BYTES_OF_NUMBER * width * n_workers + 1)))
    step = n if similarity.is_given else max(1, pairs // at_once)
    predicted = torch.empty((n_queries, n_outputs), dtype=torch.float64, device=weights.device)

    def fill(start: int) -> None:
        stop = min(start + at_once, n_queries)
        queries = read_queries(start, stop)
        total = intercept.repeat(stop - start, 1)
        for first in range(0, n, step):
            K = similarity.compare(queries, examples[first : first + step]).to(weights.device)
            total += product(K, weights[first : first + step])
        predicted[start:stop] = total

    with progress_bar(n_queries * n, shown=progress) as advance:
        share(fill, range(0, n_queries, at_once), n_workers, lambda start: advance(min(at_once, n_queries - start) * n))
    return check_finite(predicted, "a prediction")


def predict_unused(model: Model, rows: Examples, weights: np.ndarray, memory_limit: int) -> Tensor:
    """Returns the predictions for the examples of weight 0, which the model does not know, (n_unused, n_outputs)."""
    unused = np.flatnonzero(weights == 0)
    if len(unused) == 0:
        return model.weights[:0]
    queries = [rows[i] for i in unused] if isinstance(rows, list) else model.similarity.encode_queries(rows[unused])
    return predict(model, lambda start, stop: queries[start:stop], len(unused), memory_limit)
