"""Classes that predict from all rows within a radius are opened by it, and judged by the claims that are about them."""

import numpy as np
import pytest

from conformance.claims import BY_NAME, CLAIMS
from conformance.runner import PROFILES, run_claim
from conformance.targets import make_target
from tests.claims import try_claim
from tests.innocents.within import AlwaysByDistanceWithin, MajorityWithin, MeanWithinOrNaN, WithAnOutlierLabel

TASK_OF = {
    MeanWithinOrNaN: "radius-regressor",
    AlwaysByDistanceWithin: "radius-regressor",
    MajorityWithin: "radius-classifier",
    WithAnOutlierLabel: "radius-classifier",
}


@pytest.mark.parametrize("model", TASK_OF, ids=lambda model: model.__name__)
def test_a_class_with_a_radius_and_without_k_predicts_within_the_radius(model):
    target = make_target("mine", model)

    assert list(target.adapters) == [TASK_OF[model]]
    assert target.adapters[TASK_OF[model]].own_weights == ("distance" if model is AlwaysByDistanceWithin else "")


def held(model, **options):
    """The claims about rows within a radius that hold for the class, in the quick profile."""
    target = make_target("mine", model, **options)
    results = [try_claim(target, claim, PROFILES["quick"]) for claim in CLAIMS if claim.level == "within"]
    return [result.claim for result in results if result.verdict == "holds"]


def test_a_claim_is_tried_where_the_class_has_the_means_for_it():
    assert held(MeanWithinOrNaN) == ["averages_within_a_radius", "without_rows_within_nothing_is_predicted"]
    assert held(AlwaysByDistanceWithin) == ["averages_within_weigh_by_inverse_distance"]
    assert held(MajorityWithin) == ["the_majority_within_wins", "without_rows_within_nothing_is_predicted"]
    assert "an_outlier_gets_its_label" in held(WithAnOutlierLabel)


class Forecast(MeanWithinOrNaN):
    """Calls its predictions otherwise."""

    def forecast(self, X):
        return MeanWithinOrNaN.predict(self, X)

    predict = None


def test_its_method_can_be_named():
    assert held(Forecast, method="forecast") == held(MeanWithinOrNaN)


class KWithinARadius:
    """Takes k, and a radius that no test asks about."""

    def __init__(self, k=1, radius=np.inf):
        self.k, self.radius = k, radius

    def fit(self, X, y):
        self.X, self.y = np.array(X, dtype=float), np.array(y, dtype=float)

    def predict(self, X):
        distances = np.abs(np.asarray(X, dtype=float)[:, None] - self.X).sum(axis=2)
        near = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        return np.where(np.take_along_axis(distances, near, axis=1) <= self.radius, self.y[near], np.nan).mean(axis=1)


def test_a_class_with_k_is_judged_by_its_k_neighbors():
    assert list(make_target("mine", KWithinARadius).adapters) == ["regressor"]
    within = make_target("mine", KWithinARadius, task="radius-regressor")
    assert list(within.adapters) == ["radius-regressor"]


def test_it_is_not_asked_for_k_neighbors():
    target = make_target("mine", MajorityWithin)

    reasons = {
        "nearest_on_a_lattice": "mine has no k neighbours",
        "k_below_one_is_refused": "MajorityWithin takes a radius in place of k",
        "the_majority_wins": "mine is not a classifier, but a radius-classifier",
        "time_grows_with_the_number_of_queries": "how many rows MajorityWithin finds depends on the radius",
    }
    for claim, reason in reasons.items():
        result = run_claim(target, BY_NAME[claim], PROFILES["quick"])
        assert result.verdict == "skipped"
        assert result.message.startswith(reason)
