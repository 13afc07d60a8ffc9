"""The claims hold for both packages, for each filter and solver, and for the classes that mutants are made from."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from hypothesis import settings

import accelerated
from conformance.claims import CLAIMS, LEVELS
from conformance.targets import load_target, make_target
from conformance.zoo import base
from tests.claims import assert_holds, target_like
from tests.helpers import DRAWS
from tests.pretended_gpu import PretendedGpu


class ByPseudoInverse(accelerated.SimilarityRegressor):
    """Solves by the pseudo-inverse, which is the second solver."""

    promises_bits = True

    def __init__(self, similarity="rbf", *, gamma=1.0, degree=3, coef0=1.0, jitter=1e-6, fit_intercept=False):
        params = {"gamma": gamma, "degree": degree, "coef0": coef0, "jitter": jitter, "fit_intercept": fit_intercept}
        super().__init__(similarity, **params, solver="pinv")


# Where a metric has none of these, all pairs are measured.
FILTERS = ("prefix", "cells", "raw", "uint8", "int8", "bfloat16", "float32", "float64", "tree", "groups")
TARGETS = {
    "reference": load_target("reference"),
    "accelerated": load_target("accelerated"),
    "accelerated by pinv": make_target("accelerated by pinv", ByPseudoInverse),
    "zoo": make_target(
        "zoo",
        *(base.Search, base.Classifier, base.Regressor),
        *(base.RadiusClassifier, base.RadiusRegressor, base.Similarity),
    ),
}
with PretendedGpu():
    TARGETS["accelerated on a pretended GPU"] = load_target("accelerated", device="cuda")
for name in FILTERS:
    TARGETS[f"accelerated by {name}"] = target_like(TARGETS["accelerated"], f"accelerated by {name}", _filter=name)
for name in ("int8", "float16"):
    on_gpu = f"accelerated by {name} on a pretended GPU"
    TARGETS[on_gpu] = target_like(TARGETS["accelerated on a pretended GPU"], on_gpu, _filter=name)
if torch.cuda.is_available():
    TARGETS["accelerated on a GPU"] = load_target("accelerated", device="cuda")


NEVER_FILTERED = ("similarity", "solvers", "options", "bad input", "tensors")  # levels that no filter has a part in


def claims_for(name):
    """The claims to try on a target: on one that insists on a filter or a solver, only those that it can affect."""
    if name == "accelerated by pinv":
        return [claim for claim in CLAIMS if claim.level == "similarity"]
    if name.startswith("accelerated by"):
        claims = [claim for claim in CLAIMS if claim.level not in NEVER_FILTERED]
    else:
        claims = CLAIMS
    if name in ("reference", "zoo"):  # their models are fitted again, and return no tensors
        others = ("gradients_are_those_of_the_distances", "ids_say_which_rows_are_allowed")
        claims = [claim for claim in claims if claim.level != "updates" and claim.name not in others]
    if "GPU" in name:  # costs are measured, and sparse rows searched, on a CPU alone
        claims = [claim for claim in claims if claim.level != "costs" and "sparse" not in claim.name]
    return claims


OF_THE_MODEL = ("averages", "votes", "within")  # levels whose code is the same whichever filter found the neighbours
FEWEST = 2  # draws of each claim; the first is nearly empty


def draws_of(name, claim):
    """Many draws where a package is tried for the first time, more with ``--hypothesis-profile=deep``; few elsewhere.

    The bits of ``reference`` were tried with those of ``accelerated``: the same cases, compared the other way round.
    The pinned cases, on each of which a mutant was caught, are tried on every target.
    """
    draws = DRAWS * settings().max_examples // 200
    if name == "accelerated" or (name == "reference" and claim.level != "bits"):
        return draws
    is_slow = name.endswith("on a pretended GPU")  # test_gpu.py tries hostile rows there
    few = draws // 15 if is_slow or (" by " in name and claim.level in OF_THE_MODEL) else draws // 8
    return max(few, round(FEWEST / claim.effort))


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        pytest.param(name, claim, id=f"{name}-{claim.name}", marks=pytest.mark.xdist_group(claim.name))
        for name in TARGETS
        for claim in claims_for(name)
    ],
)
def test_claim_holds(name, claim):
    with PretendedGpu() if "on a pretended GPU" in name else nullcontext():
        assert_holds(TARGETS[name], claim, draws_of(name, claim))


def test_every_claim_is_a_sentence_with_a_reason_and_a_level():
    assert len(CLAIMS) >= 60
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.level for claim in CLAIMS} == set(LEVELS)
    assert [claim.level for claim in CLAIMS] == sorted((claim.level for claim in CLAIMS), key=LEVELS.index)
    for claim in CLAIMS:
        assert claim.sentence.endswith("."), claim.name
        assert claim.why, claim.name


ROOT = Path(__file__).parent.parent


def test_every_pitfall_is_noticed_by_a_claim_or_a_test_or_explained():
    text = (ROOT / "docs" / "pitfalls.md").read_text()
    noticed, _, explained = text.partition("## Not noticed, and why")
    rows = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", noticed, flags=re.M)
    numbers = [int(number) for number, _ in rows] + [int(n) for n in re.findall(r"^\| (\d+) \|", explained, flags=re.M)]

    assert sorted(numbers) == list(range(1, 148))
    for _, where in rows:
        names = re.findall(r"`([^`]+)`", where)
        assert names
        assert all((ROOT / name).is_file() for name in names if name.startswith("tests/"))
        assert {name for name in names if not name.startswith("tests/")} <= {claim.name for claim in CLAIMS}
