"""The warnings at the end of a fit: of a solver that did not converge, and of the pseudo-inverse that auto took."""

from sklearn.exceptions import ConvergenceWarning

from accelerated.solvers.solution import Learned, Options
from knn_inputs.messages import warn


def warn_of_solution(learned: Learned, options: Options) -> None:
    """Warns of a solver that ended before ``tol`` was met, and of a pseudo-inverse that "auto" had to take."""
    if learned.why:
        warn(
            f"solver='auto' takes the pseudo-inverse, which is slower than a Cholesky factor, because {learned.why}: "
            f"{learned.advice}, or solver='pinv' if that is meant"
        )
    if learned.converged or learned.solver == "nystrom" or learned.certificate is None:
        return
    worst = int(learned.certificate.fitted_values.argmax())
    ended = "was interrupted before it reached" if learned.interrupted else "did not reach"
    warn(
        f"solver={learned.solver!r} {ended} tol={options.tol:g} in {learned.n_iter} "
        f"iteration{'s' * (learned.n_iter != 1)}: the residual has a norm of up to "
        f"{float(learned.residual_norm[worst]):.3g}, so fitted values may be off by "
        f"{float(learned.certificate.fitted_values[worst]):.3g} in root mean square; fit again with warm_start=True "
        f"and a larger max_iter, or with {learned.direct}; a larger jitter is easier, but makes another, "
        "smoother model",
        ConvergenceWarning,
    )
