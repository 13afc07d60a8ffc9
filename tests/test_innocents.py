"""Correct implementations with habits of their own are accused of nothing but conventions that they do not share."""

import numpy as np
import pytest

from conformance.claims import CLAIMS
from conformance.claims.claim import CONVENTIONS
from conformance.runner import Profile
from conformance.targets import make_target
from tests.claims import try_claim
from tests.innocents import classifiers, containers, forms, metrics, refusals, regressors, searches, within

INNOCENTS = [
    model
    for module in (searches, metrics, forms, containers, classifiers, regressors, refusals, within)
    for model in vars(module).values()
    if isinstance(model, type) and model.__module__ == module.__name__ and hasattr(model, "fit")
]
FEW = Profile(draws=6, budget=np.inf, limit=np.inf)  # the quick profile has 20


@pytest.mark.parametrize("model", INNOCENTS, ids=lambda model: model.__name__)
def test_an_innocent_is_accused_of_nothing_but_conventions(model):
    target = make_target("mine", model)

    results = [try_claim(target, claim, FEW) for claim in CLAIMS if claim.kind != CONVENTIONS]

    assert {r.claim: r.message for r in results if r.verdict in ("FAILS", "raises")} == {}
    assert sum(r.verdict == "holds" for r in results) >= 10


def test_there_are_many_innocents_and_each_has_a_story_of_one_line():
    assert len(INNOCENTS) >= 20
    assert all(model.__doc__.endswith(".") and "\n" not in model.__doc__ for model in INNOCENTS)
