"""The metric of examples of any kind: a function of two of them, called once for each pair."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric, pair_by_pair


def metric_of_objects(function: Callable[[Any, Any], float], queries: list[Any], examples: list[Any]) -> Metric:
    """Returns the metric of queries and examples of any kind: a row holds the place of an object in its list."""
    return Metric(partial(pair_by_pair, partial(_between_objects, function, queries, examples)))


def places_of(objects: list[Any]) -> Tensor:
    """Returns the places of the objects in their list, a row for each, (n, 1)."""
    return torch.arange(len(objects), dtype=torch.float64, device="cpu")[:, None]


def _between_objects(
    function: Callable[[Any, Any], float], queries: list[Any], examples: list[Any], q: np.ndarray, x: np.ndarray
) -> float:
    return function(queries[int(q[0])], examples[int(x[0])])
