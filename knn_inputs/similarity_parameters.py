"""The arguments of the constructor of the regressor by similarity, which both packages check in the same way."""

from collections.abc import Sequence
from typing import Any

from knn_inputs.messages import show, warn
from knn_inputs.parameters import (
    SIMILARITY_PARAMETERS,
    check_flag,
    check_int,
    check_name,
    check_number,
    warn_of_idle_similarity_parameters,
)
from knn_inputs.similarity_hints import check_gamma

NAMES_ELSEWHERE = {  # of arguments of KernelRidge and GaussianProcessRegressor, and what they are called here
    "alpha": "jitter",
    "kernel": "similarity",
    "kernel_params": "gamma, degree and coef0",
    "length_scale": "gamma, which is 1 / (2 length_scale^2),",
    "normalize_y": "fit_intercept",
}
DIRECT = ("pinv", "cholesky")  # these solvers do not iterate


def check_similarity_parameters(model: Any, solvers: Sequence[str]) -> None:
    """Raises TypeError or ValueError for an argument that cannot be used, and warns of those without effect.

    ``model`` has an attribute for each argument; ``solvers`` are the names of those that it has.
    """
    if not callable(model.similarity):
        check_name(model.similarity, "similarity", SIMILARITY_PARAMETERS, ", nor a function of two examples")
    check_gamma(model.gamma)
    check_number(check_int(model.degree, "degree"), "degree")
    check_number(model.coef0, "coef0")
    check_number(model.jitter, "jitter", least=0)
    check_flag(model.fit_intercept, "fit_intercept")
    check_name(model.solver, "solver", solvers)
    check_number(model.tol, "tol", least=0)
    if model.max_iter is not None:
        check_int(model.max_iter, "max_iter")
    check_flag(model.warm_start, "warm_start")
    warn_of_idle_similarity_parameters(model.similarity, gamma=model.gamma, degree=model.degree, coef0=model.coef0)
    _warn_of_idle_solver_parameters(model.solver, tol=model.tol, max_iter=model.max_iter, warm_start=model.warm_start)


def _warn_of_idle_solver_parameters(solver: str, **values: Any) -> None:
    """Warns of parameters of an iteration that are not at their defaults, if the solver does not iterate."""
    defaults = {"tol": 1e-3, "max_iter": None, "warm_start": False}
    idle = [f"{name}={show(value)}" for name, value in values.items() if value != defaults[name]]
    if solver in DIRECT and idle:
        have = "has" if len(idle) == 1 else "have"
        warn(f"{', '.join(idle)} {have} no effect, because solver={show(solver)} does not iterate")
