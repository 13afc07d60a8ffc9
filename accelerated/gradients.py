"""Gradients of the returned distances with respect to the queries.

A search measures more pairs than it returns, partly in NumPy, so autograd cannot follow it. ``with_gradient`` returns
the distances that the search found, bit for bit, and tells autograd how each of them changes with its query: by the
slope of the metric, for the k pairs of each query alone. A neighbour that is replaced by another, as the query moves,
does so where both are equally far; up to there the slope is that of the neighbour found.

A slope is the derivative of a distance with respect to the query. It takes queries (n, n_features) in float64, a
prepared row for each of them, and their distances (n, 1), and it is (n, n_features). Where the derivative does not
exist, the slope is 0 in the features that do not differ, and so 0 everywhere at the distance 0. Slopes consist of
operations that autograd follows, which gives the second derivatives.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from accelerated.distances import unit_rows

Slope = Callable[[Tensor, Tensor, Tensor], Tensor]

COPIES = 8  # in float64 of the numbers of a query: read, its row, their gaps, the slope and what it is made of


def with_gradient(
    distances: Tensor, X: Tensor, indices: Tensor, rows: Tensor, slope: Slope, memory_limit: int
) -> Tensor:
    """Returns the distances (n_queries, k) as a function of the queries X, (n_queries, n_features), for autograd.

    The neighbours have ``indices`` (n_queries, k) among the prepared rows. X and the distances may be on another device
    than the rows. ``memory_limit`` is in bytes, and holds for the scratch of the backward pass.
    """
    result: Tensor = _Distances.apply(X, distances, indices, rows, slope, memory_limit)
    return result


class _Distances(torch.autograd.Function):
    """The distances as they are, and their slopes."""

    @staticmethod
    def forward(
        ctx: Any, X: Tensor, distances: Tensor, indices: Tensor, rows: Tensor, slope: Slope, memory_limit: int
    ) -> Tensor:
        returned = distances.clone()
        ctx.save_for_backward(X, returned)  # as it is returned it depends on X, which second derivatives need
        ctx.others = indices, rows, slope, memory_limit  # rows kept in inference mode could not be saved for backward
        return returned

    @staticmethod
    def backward(ctx: Any, of_distances: Tensor) -> tuple[Tensor | None, ...]:
        X, distances = ctx.saved_tensors
        indices, rows, slope, memory_limit = ctx.others
        gradient = torch.zeros(X.shape, dtype=torch.float64, device=X.device)
        n_at_once = max(1, memory_limit // (8 * COPIES * X.shape[1]))
        for start in range(0, len(X), n_at_once):
            some = slice(start, start + n_at_once)
            queries = X[some].to(torch.float64)
            for place in range(distances.shape[1]):
                number = indices[some, place]
                row = rows.index_select(0, number.clamp(min=0)).to(device=X.device, dtype=torch.float64)
                column = slice(place, place + 1)
                is_missing = (number < 0)[:, None].to(X.device)  # its place was filled up with infinity
                of_place = of_distances[some, column].masked_fill(is_missing, 0)
                distance = distances[some, column].masked_fill(is_missing, 1)  # as 0 times infinity is NaN
                gradient[some] += of_place * slope(queries, row, distance)
        return gradient.to(X.dtype), None, None, None, None, None


def euclidean(queries: Tensor, rows: Tensor, distances: Tensor) -> Tensor:
    """Returns (q - x) / d, the unit vector from the row to the query."""
    return (queries - rows) / _or_infinity(distances)


def sqeuclidean(queries: Tensor, rows: Tensor, distances: Tensor) -> Tensor:
    """Returns 2 (q - x)."""
    return (queries - rows) * 2


def manhattan(queries: Tensor, rows: Tensor, distances: Tensor) -> Tensor:
    """Returns sign(q - x)."""
    return (queries - rows).sign()


def chebyshev(queries: Tensor, rows: Tensor, distances: Tensor) -> Tensor:
    """Returns sign(q - x) in the feature of the largest gap, the first of them if several are as large, and else 0."""
    gaps = queries - rows
    largest = gaps.abs().argmax(1, keepdim=True)
    return torch.zeros_like(gaps).scatter_(1, largest, gaps.gather(1, largest).sign())


def minkowski(p: float, queries: Tensor, rows: Tensor, distances: Tensor) -> Tensor:
    """Returns sign(q - x) (|q - x| / d)^(p - 1); for p < 1 that is infinite at a gap of 0, and taken as 0 there."""
    gaps = queries - rows
    shares = torch.where(gaps == 0, 1.0, gaps.abs() / _or_infinity(distances))  # 1 also has a finite derivative
    return torch.where(gaps == 0, 0.0, gaps.sign() * shares.pow(p - 1))


def cosine(queries: Tensor, units: Tensor, distances: Tensor) -> Tensor:
    """Returns (u - v - d u) / |q| for unit vectors u of the query and v of the row; 0 for the zero vector.

    The distance is d = |u - v|^2 / 2, whose derivative by u is u - v. A query that moves by h turns u by the part of h
    across u, divided by |q|. The part of u - v along u is u.(u - v) = 1 - u.v = d, which is taken off. A row of zeros
    is at the distance 1, so its slope is u - u = 0.
    """
    largest = _or_infinity(queries.detach().abs().amax(1, keepdim=True))
    scaled = queries / largest  # so that no square overflows
    length = _or_infinity(torch.linalg.vector_norm(scaled, dim=1, keepdim=True))
    u = scaled / length
    u = u + (unit_rows(queries.detach()) - u.detach())  # with the bits of v, so that u - v is 0 where the distance is
    return (u - units - u * distances) / length / largest


def _or_infinity(divisor: Tensor) -> Tensor:
    """Returns the numbers, with infinity for 0, so that a quotient by them is 0 there."""
    return torch.where(divisor == 0, torch.inf, divisor)
