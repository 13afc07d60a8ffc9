"""Bounds on the errors of a solution, proven from its residual alone: the solver that found it does not matter.

Let A = S K S + jitter I, where K has no negative eigenvalue and jitter > 0, and A z* = b. For any z let r = b - A z.
Then z* - z = A^-1 r, and the eigenvalues of A are l + jitter, with l >= 0 those of S K S. So

1. fitted values, at the examples: |S K S (z* - z)| = |S K S A^-1 r| <= |r|, because l / (l + jitter) <= 1;
2. weights of the examples: |z* - z| = |A^-1 r| <= |r| / jitter;
3. any query x: with k = S k(x), its similarities to the examples, the predictions differ by |k^T A^-1 r|. The matrix of
   the similarities of the examples and x has no negative eigenvalue, so k = (S K S)^(1/2) v with |v|^2 <= k(x, x). As
   sqrt(l) / (l + jitter) <= 1 / (2 sqrt(jitter)), its largest value, at l = jitter, it is
   |k^T A^-1 r| <= sqrt(k(x, x)) |r| / (2 sqrt(jitter)).

r itself is computed with rounding errors; ``get_residual`` bounds each entry's error by rho. With R = | |r| + rho | in
place of |r| the bounds hold for the exact K of the examples, and not only for the computed one.
(For 3 see the power function of Wendland, Scattered Data Approximation, 2005, chapter 11; here it has a jitter.)
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from accelerated.similarities import UNIT_ROUNDOFF
from accelerated.solvers.system import SLOTS, System


class Certificate(NamedTuple):
    """Proven bounds, in the units of y, on the difference from the exact model: floats, or arrays (n_outputs,).

    fitted_values : of predictions at the examples, in root mean square, weighted by ``sample_weight``
    weights : of ``dual_coef_``, the root of the sum of squares
    query : of any prediction f(x), divided by sqrt(k(x, x)), which is 1 for rbf, laplacian and cosine
    """

    fitted_values: Any
    weights: Any
    query: Any


class Residual(NamedTuple):
    """The residual of a solution, and the two lengths that its bounds are made of, for each output."""

    r: Tensor  # b - A z, (n, n_outputs)
    R: Tensor  # | |r| + rho |, (n_outputs,)
    fitted: Tensor  # a lower bound of |S K S z|, (n_outputs,)

    def are_enough(self, tol: float) -> Tensor:
        """Tells of each output whether its fitted values are proven to be within tol times the size of the exact ones.

        The exact ones are S K S z*, at least |S K S z| - R long. So z = 0 is never enough, unless b is 0.
        """
        return tol * (self.fitted - self.R) >= self.R

    def is_enough(self, tol: float) -> bool:
        """Tells whether ``are_enough`` holds for all outputs."""
        return bool(self.are_enough(tol).all())


def get_residual(system: System, b: Tensor, z: Tensor, fitted: Tensor | None = None) -> Residual:
    """Returns b - A z in float64, with a bound on its rounding; ``fitted`` is S K S z, if it is known.

    With e from ``Similarity.error`` and k_i = sqrt(k(x_i, x_i)), an entry of K is wrong by at most e k_i k_j. A product
    with a tile is a sum of at most ``tile`` terms; it is added to the sums of the other tiles of its slot, at most one
    for each range of rows, and those to the sums of other slots. With the two products with S, the product with jitter
    and two differences, every term is rounded at most g = tile + n / tile + SLOTS + 6 times. As |K_ij| <= k_i k_j,

        rho_i = 1.01 (e + g u) s_i k_i sum_j s_j k_j |z_j| + 6 u (|b_i| + jitter |z_i|).

    b_i is rounded three times when it is made of a weight, a target and an intercept, and twice by the differences. The
    last term of R pays for the rounding of lengths and of ``certify``: a length of n numbers is relatively wrong by at
    most (n / 2 + 2) u.
    """
    own = (system.n + 16) * UNIT_ROUNDOFF
    if not z.any():
        return Residual(b, norm(b) * (1 + own), torch.zeros_like(norm(b)))
    fitted = system.times(z) if fitted is None else fitted
    r = b - fitted - system.jitter * z
    roundings = system.tile + math.ceil(system.n / system.tile) + SLOTS + 6
    sizes = system.diagonal.sqrt()[:, None]  # s_i k_i
    rounded = 1.01 * (system.similarity.error + roundings * UNIT_ROUNDOFF) * sizes * (sizes * z.abs()).sum(0)
    rho = rounded + 6 * UNIT_ROUNDOFF * (b.abs() + system.jitter * z.abs())
    return Residual(r, norm(r.abs() + rho) * (1 + own), norm(fitted) * (1 - own) - norm(rho))


def get_residual_at_last(system: System, b: Tensor, z: Tensor) -> tuple[Residual, bool]:
    """Returns the residual, also after an interrupt on the way, and whether there was one; a second one is raised.

    Without its residual nothing would be known of z, and what was learned so far would be lost.
    """
    try:
        return get_residual(system, b, z), False
    except KeyboardInterrupt:
        return get_residual(system, b, z), True


def norm(columns: Tensor) -> Tensor:
    """Returns the length of each column, (m,)."""
    return torch.linalg.vector_norm(columns, dim=0)


def certify(system: System, R: Tensor) -> Certificate:
    """Returns the bounds for a residual of length R, for a jitter above 0."""
    total, largest = system.scale.square().sum().sqrt(), system.scale.max()
    return Certificate(R / total, R * largest / system.jitter, R / (2 * math.sqrt(system.jitter)))
