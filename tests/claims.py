"""Tries a claim on many targets that differ little, on the same cases, which are drawn once."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np

from conformance.cases.pins import pinned
from conformance.runner import Profile, run_claim
from conformance.runner.trial import for_each_drawn
from conformance.targets import Target
from conformance.targets.opening import by_task

THESE_ALONE = Profile(draws=1, budget=0, limit=np.inf)  # no time to draw others


@cache
def _drawn(claim, draws):
    cases = []
    for_each_drawn(claim, cases.append, draws, seed=0, shrink=False)
    return cases


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
    """Tries the claim on its pinned cases and on so many drawn ones; ``python -m conformance`` makes a failure smaller.

    Each target has a copy of the cases, so that none meets what another has written into them.
    """
    cases = [*pinned(claim.name), *deepcopy(_drawn(claim, draws))]
    result = run_claim(target, claim, THESE_ALONE, pins=cases)
    assert result.verdict == "holds", f"{result.message}\n{result.shown}"
