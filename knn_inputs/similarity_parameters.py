"""The arguments of the constructor of the regressor by similarity, which both packages check in the same way."""

from collections.abc import Sequence
from typing import Any

from knn_inputs.messages import a_kind_of, show, warn
from knn_inputs.parameters import (
    SIMILARITY_PARAMETERS,
    check_flag,
    check_int,
    check_name,
    check_number,
    warn_of_idle_similarity_parameters,
)
from knn_inputs.similarity_hints import check_gamma

NAMES_ELSEWHERE = {  # of KernelRidge, GaussianProcessRegressor, SVR, Nystroem and Ridge, and what to do here
    "alpha": "it is called jitter here",
    "kernel": "it is called similarity here",
    "kernel_params": "pass gamma, degree and coef0, or functools.partial(function, ...) as the similarity",
    "length_scale": "pass gamma=1 / (2 * length_scale**2)",
    "normalize_y": "pass fit_intercept=True",
    "C": "choose a jitter by GridSearchCV, because squared errors count here, and C counts errors themselves",
    "epsilon": "every error counts here, so leave it out",
    "cache_size": "it is called memory_limit in accelerated",
    "verbose": "in accelerated progress=True shows a bar",
    "n_components": "it is called rank in accelerated",
    **dict.fromkeys(("optimizer", "n_restarts_optimizer"), "accelerated.select_gamma chooses gamma and jitter"),
    "n_jobs": "torch.set_num_threads sets the number of threads of accelerated",
    "random_state": "each fit draws the same random numbers, so leave it out",
}
ONLY_ACCELERATED = dict.fromkeys(("rank", "device", "memory_limit", "progress"), "only that of accelerated has it")
IDLE = {  # arguments that a solver does not use, because it does not iterate
    "pinv": ("tol", "max_iter", "warm_start"),
    "cholesky": ("tol", "max_iter", "warm_start"),
    "nystrom": ("max_iter", "warm_start"),
}


def check_similarity_parameters(model: Any, solvers: Sequence[str]) -> None:
    """Raises TypeError or ValueError for an argument that cannot be used, and warns of those without effect.

    ``model`` has an attribute for each argument; ``solvers`` are the names of those that it has.
    """
    if not callable(model.similarity):
        check_name(model.similarity, "similarity", SIMILARITY_PARAMETERS, ", nor a function of two examples")
    check_gamma(model.gamma)
    check_number(check_int(model.degree, "degree"), "degree")
    check_number(model.coef0, "coef0")
    if isinstance(model.jitter, list | tuple) or getattr(model.jitter, "ndim", 0) > 0:
        advice = "for a jitter of each example pass jitter=1 and sample_weight=1 / jitter to fit, "
        advice += "and for one of each output fit several models"
        raise TypeError(f"jitter={show(model.jitter)} is {a_kind_of(model.jitter)}, but must be a number: {advice}")
    check_number(model.jitter, "jitter", least=0)
    check_flag(model.fit_intercept, "fit_intercept")
    check_name(model.solver, "solver", solvers, "" if "cholesky" in solvers else "; accelerated has others, too")
    check_number(model.tol, "tol", least=0)
    if model.max_iter is not None:
        check_int(model.max_iter, "max_iter")
    check_flag(model.warm_start, "warm_start")
    warn_of_idle_similarity_parameters(model.similarity, gamma=model.gamma, degree=model.degree, coef0=model.coef0)
    _warn_of_idle_solver_parameters(model.solver, tol=model.tol, max_iter=model.max_iter, warm_start=model.warm_start)


def _warn_of_idle_solver_parameters(solver: str, **values: Any) -> None:
    """Warns of parameters of an iteration that are not at their defaults, if the solver does not iterate."""
    defaults = {"tol": 1e-3, "max_iter": None, "warm_start": False}
    idle = [f"{name}={show(values[name])}" for name in IDLE.get(solver, ()) if values[name] != defaults[name]]
    if idle:
        have = "has" if len(idle) == 1 else "have"
        warn(f"{', '.join(idle)} {have} no effect, because solver={show(solver)} does not iterate")
