"""Correct implementations with habits of their own are accused of nothing but conventions that they do not share."""

import pytest

from conformance.claims import CLAIMS
from conformance.runner import PROFILES, run_claim
from conformance.targets import make_target
from tests.innocents import classifiers, containers, forms, metrics, refusals, regressors, searches

CONVENTIONS = {
    "equal_distances_go_to_the_lower_index",
    "ties_among_many_rows",
    "all_rows_alike",
    "k_neighbors_are_the_first_of_k_plus_one",
    "ties_without_the_row_itself",
    "equal_votes_go_to_the_smallest_label",
    "training_data_is_copied",
    "flat_training_data_is_refused",
    "no_queries_are_refused",
    "lists_are_as_good_as_arrays",
}
INNOCENTS = [
    model
    for module in (searches, metrics, forms, containers, classifiers, regressors, refusals)
    for model in vars(module).values()
    if isinstance(model, type) and model.__module__ == module.__name__ and hasattr(model, "fit")
]


@pytest.mark.parametrize("model", INNOCENTS, ids=lambda model: model.__name__)
def test_an_innocent_is_accused_of_nothing_but_conventions(model):
    target = make_target("mine", model)

    results = [run_claim(target, claim, PROFILES["quick"], shrink=False) for claim in CLAIMS]

    accused = {r.claim: r.message for r in results if r.verdict in ("FAILS", "raises")}
    assert {claim: accused[claim] for claim in accused.keys() - CONVENTIONS} == {}
    assert sum(r.verdict == "holds" for r in results) >= 15


def test_there_are_many_innocents_and_each_has_a_story_of_one_line():
    assert len(INNOCENTS) >= 24
    assert all(model.__doc__.endswith(".") and "\n" not in model.__doc__ for model in INNOCENTS)
