"""Tries a claim on many targets, on the same cases, which are drawn once: to draw them takes most of the time."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np

from conformance.cases.pins import pinned
from conformance.runner import Profile, run_claim
from conformance.runner.trial import for_each_drawn
from conformance.targets import Target
from conformance.targets.opening import by_task


@cache
def _drawn(claim, draws, seed):
    cases = []
    for_each_drawn(claim, cases.append, draws, seed, shrink=False)
    return cases


def _copies(claim, draws, seed):
    """The drawn cases, copied for each target, so that none meets what another has written into them.

    They are drawn when the first is asked for, which a target that fails on a pinned case never does.
    """
    for case in _drawn(claim, draws, seed):
        yield deepcopy(case)


def try_claim(target, claim, profile, seed=0, pins=(), shrinking=0.0):
    """``run_claim`` on the cases that it would draw; a failure is not made smaller, so that ``shrinking`` is unused."""
    return run_claim(target, claim, profile, pins=pins, cases=_copies(claim, profile.draws, seed))


def target_like(known, name, **changed):
    """A known target whose classes have other attributes, which change none of their arguments and habits.

    So these are not found out again, which takes a second. Similarity has no part in it.
    """
    adapters = []
    for adapter in known.adapters.values():
        if adapter.task != "similarity":
            attributes = {**changed, "promises_bits": True, "__module__": __name__}
            model = type(f"{adapter.name} of {name}", (adapter.model,), attributes)
            globals()[model.__name__] = model  # where pickle looks for it
            adapters.append(replace(adapter, model=model, calls=[]))
    return Target(name, by_task(adapters), promises_bits=True)


def assert_holds(target, claim, draws):
    """Tries the claim on its pinned cases and so many drawn ones; ``python -m conformance`` makes a failure smaller."""
    endless = Profile(draws, budget=np.inf, limit=np.inf)
    result = try_claim(target, claim, endless, pins=pinned(claim.name))
    assert result.verdict == "holds", f"{result.message}\n{result.shown}"
