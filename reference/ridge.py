"""From similarities and targets to the weights of the examples, and to how far these may be off.

``SimilarityRegressor`` compares the examples, and is built on this class, which does not see them.
"""

from typing import Any

import numpy as np

from knn_inputs.messages import warn
from reference import checks, solvers
from reference.certificate import certify, examine, has_no_negative_eigenvalue, is_near, norm, rounding_of_eigenvalues
from reference.similarities import weighted_mean

ITERATIVE = {"cg": solvers.conjugate_gradients, "blocks": solvers.blocks}
SOLVERS = ("auto", "pinv", *ITERATIVE)  # auto is pinv, as n is small wherever this package is used
PROVEN = "one of the similarities rbf, laplacian, linear, cosine, and polynomial with coef0 >= 0"
MOST_ITERATIONS = 1000  # if ``max_iter`` is None


class Ridge(checks.Parameters):
    """Learns alpha = pinv(K + jitter I) y from K, (n, n), and y, (n,) or (n, n_outputs).

    Why that alpha? On the examples f is K alpha, so the loss is half the squared error,

        L(alpha) = |K alpha - y|^2 / 2,    with gradient    K^T (K alpha - y).

    Where K alpha = y the gradient and the loss are 0, so no other alpha is better. If K has an inverse, there is
    exactly one such alpha. If K is singular, for example because two examples are equal and so K has two equal rows,
    either many alpha satisfy K alpha = y, or no alpha does. The pseudo-inverse settles both cases: pinv(K) y has the
    least loss, and the least length among all alpha of that loss (Penrose, 1956). It divides by the singular values of
    K that are not 0.

    Why the jitter? Two similar but unequal examples give K a tiny singular value s, and pinv divides the noise in y by
    s. For all usual similarities but sigmoid K has no negative eigenvalue, so K + jitter I has none below ``jitter``.
    The price is that f misses y_i by jitter alpha_i. The same alpha minimises |K alpha - y|^2 + jitter alpha^T K alpha,
    which is kernel ridge regression (Saunders, Gammerman and Vovk, 1998), and f is the mean of a Gaussian process whose
    observations have noise of variance ``jitter`` (Rasmussen and Williams, 2006, section 2.2).

    With weights w of the examples, (n,), the loss is sum_i w_i (f(x_i) - y_i)^2 + jitter alpha^T K alpha. For
    S = diag(sqrt(w)) half its gradient is K (S^2 (K alpha - y) + jitter alpha), which is 0 for

        alpha = S z,    where z solves    (S K S + jitter I) z = S y,

    because the bracket is then S times the difference of both sides. Where w_i is 0, so is alpha_i.

    A whole number w_i is exactly the same as w_i equal rows. Of these rows the similarities are K' = Q (S K S) Q^T and
    the targets y' = Q S y, where column i of Q has 1 / sqrt(w_i) in the rows that repeat example i, and 0 elsewhere.
    The columns have length 1 and are at right angles. So K' + jitter I maps their span to itself, as S K S + jitter I
    does with the coordinates, and multiplies by jitter at a right angle to it. As y' is in the span, alpha' = Q z. Its
    entries for the rows that repeat example i, which have the same similarity to every query, add up to
    sqrt(w_i) z_i = alpha_i.
    """

    similarity: Any
    degree: Any
    coef0: Any
    jitter: Any
    fit_intercept: Any
    solver: Any
    tol: Any
    max_iter: Any
    warm_start: Any

    def learn(self, K, y, weights, n_features):
        """Returns the attributes of a fitted model, a dict.

        Raises ValueError if a weight is not finite; warns if an iterative solver does not reach ``tol``.
        """
        Y = y.reshape(len(y), -1)
        intercept = weighted_mean(Y, weights) if self.fit_intercept else np.zeros(Y.shape[1])
        checks.check_finite(intercept, "the mean of y")
        s, jitter = np.sqrt(weights)[:, None], float(self.jitter)
        B, b = s * K * s.T, s * (Y - intercept)
        smallest = self.get_smallest_eigenvalue(B, n_features)
        solver = "pinv" if self.solver == "auto" else self.solver
        z, n_iter = (self.solve(B, b), 1) if solver == "pinv" else self.iterate(B, b, self.get_start(s, Y.shape))
        alpha = checks.check_finite(s * z, "a weight of an example").reshape(y.shape)
        R, size = self.examine(B + jitter * np.eye(len(B)), b, z)
        converged = solver == "pinv" or bool(np.all(is_near(R, size, self.tol)))
        if not converged:
            self.warn_of_residual(R, size, norm(s)[0], n_iter)
        R, intercept = (float(value[0]) if y.ndim == 1 else value for value in (R, intercept))
        certificate = None if smallest is None else certify(R, weights, smallest)
        learned = {"dual_coef_": alpha, "intercept_": intercept, "residual_norm_": R, "certificate_": certificate}
        return {**learned, "solver_": solver, "n_iter_": n_iter, "converged_": converged}

    def solve(self, K, y):
        """Returns z = pinv(K + jitter I) y, shape (n, n_outputs), for the similarities K, (n, n), and targets y."""
        return solvers.pinv_times(K + float(self.jitter) * np.eye(len(K)), y)

    def iterate(self, K, y, start):
        """Returns z with (K + jitter I) z = y to within ``tol``, and the number of iterations, column by column."""
        A = K + float(self.jitter) * np.eye(len(K))
        columns = [self.iterate_column(A, column, z) for column, z in zip(y.T, start.T, strict=True)]
        return np.column_stack([z for z, _ in columns]), max(n_iter for _, n_iter in columns)

    def iterate_column(self, A, y, start):
        """Returns z with A z = y to within ``tol``, (n,), and the number of iterations.

        All numbers are divided by a power of two first, which does not round, so that no square is 0 or infinite.
        """
        exponent = np.frexp(np.max(np.abs(y)))[1]
        y, start = np.ldexp(y, -exponent), np.ldexp(start, -exponent)

        def is_enough(z):
            R, size = self.examine(A, y, z)
            return is_near(R, size, self.tol)

        z, n_iter = solvers.iterate(ITERATIVE[self.solver](A, y, start), is_enough, self.max_iter or MOST_ITERATIONS)
        return np.ldexp(z, exponent), n_iter

    def examine(self, A, b, z):
        """Returns a bound of the length of b - A z, and the length of S K S z, each a float or (n_outputs,)."""
        return examine(A, b, z, float(self.jitter))

    def get_start(self, s, shape):
        """Returns the z to start from, of that shape: 0, or with ``warm_start`` that of the last fit, then 0."""
        start, last = np.zeros(shape), getattr(self, "dual_coef_", None)
        if self.warm_start and last is not None:
            last = last.reshape(len(last), -1)
            if len(last) <= shape[0] and last.shape[1] == shape[1]:
                s = s[: len(last)]
                start[: len(last)] = np.where(s > 0, last / np.where(s > 0, s, 1), 0)
        return start

    def get_smallest_eigenvalue(self, B, n_features):
        """Returns a lower bound of the eigenvalues of B + jitter I, or None if none of at least jitter / 2 is proven.

        Raises ValueError instead of returning None if the solver is an iterative one.
        """
        is_proven, jitter = has_no_negative_eigenvalue(self.similarity, self.coef0), float(self.jitter)
        rounding = rounding_of_eigenvalues(B, n_features, int(self.degree) if self.similarity == "polynomial" else 1)
        if is_proven and jitter > 0 and rounding <= jitter / 2:
            return jitter - rounding
        if self.solver in ITERATIVE:
            usual = max(1e-3 * np.median(np.diag(B)), 3 * rounding) or 1e-3
            needed = f"a jitter such as {usual:.1g}, not {jitter:.3g}" if is_proven else PROVEN
            raise ValueError(f"solver={self.solver!r} needs {needed}: pass that, or solver='pinv'")
        return None

    def warn_of_residual(self, R, size, root, n_iter):
        """Warns that the solver did not reach ``tol``, with the residual and its effect on the output that is worst."""
        i = np.argmax(R * (1 + self.tol) - self.tol * size)
        warn(
            f"solver={self.solver!r} did not reach tol={self.tol} in {n_iter} iterations: the residual has a norm of up"
            f" to {R[i]:.3g}, so fitted values, of root mean square {size[i] / root:.3g}, may be off by"
            f" {R[i] / root:.3g} in root mean square; pass a larger max_iter, a larger jitter, or solver='pinv'",
            solvers.ConvergenceWarning,
        )
