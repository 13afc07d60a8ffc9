"""The claims are tried from Python and from pytest, each model in a process of its own."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import conformance
from conformance.claims import CLAIMS
from conformance.targets.errors import TargetError

ONLY = ["nearest_on_a_lattice", "averages_of_targets"]


class Search:
    """Euclidean distances, and a stable sort."""

    def __init__(self, num_neighbors=5):
        self.num_neighbors = num_neighbors

    def fit(self, X, y=None):
        self.X, self.y = np.array(X, dtype=float), y
        return self

    def order(self, q):
        return np.argsort(((self.X - q) ** 2).sum(axis=1), kind="stable")[: self.num_neighbors]

    def kneighbors(self, X):
        return np.array([self.order(q) for q in np.asarray(X, dtype=float)])


class Regressor(Search):
    def predict(self, X):
        return [float(np.mean(np.asarray(self.y)[self.order(q)])) for q in np.asarray(X, dtype=float)]


class MedianRegressor(Regressor):
    """Predicts the middle one of the targets."""

    def predict(self, X):
        return [sorted(self.y[i] for i in self.order(q))[len(self.order(q)) // 2] for q in X]


class Exits(Search):
    """Ends its process in the second search."""

    def kneighbors(self, X):
        if len(X) == 1:
            os._exit(3)
        return super().kneighbors(X)


@pytest.mark.parametrize("model", [Search, Search(), Search(num_neighbors=2), partial(Search, num_neighbors=2)])
def test_a_class_an_object_and_a_factory_are_checked(model):
    results = conformance.check(model, only=ONLY)

    assert [result.verdict for result in results] == ["holds", "skipped"]


def test_a_class_that_is_defined_in_a_function_is_checked():
    class Local(Search):
        pass

    (result,) = conformance.check(Local, only=ONLY[:1])

    assert result.verdict == "holds"


def test_a_failure_raises_what_to_fix_next():
    with pytest.raises(AssertionError, match="Fix next: averages_of_targets\n") as caught:
        conformance.check(MedianRegressor, only=ONLY)

    assert "  in predict, from test_testing.py:" in str(caught.value)
    assert "model = MedianRegressor(num_neighbors=" in str(caught.value)
    assert f"from {__name__} import MedianRegressor" in str(caught.value)
    assert f"replay('{__name__}:MedianRegressor', 'averages_of_targets'," in str(caught.value)


class Node:
    """A part of a model."""

    def __init__(self, rows):
        self.rows = rows


class InNodes(Search):
    def fit(self, X, y=None):
        self.node = Node(np.array(X, dtype=float))
        return self

    @property
    def X(self):
        return self.node.rows


class Asks(Search):
    """Has names of its own, which only the user knows."""

    def __init__(self, how_many=5):
        super().__init__(how_many)

    def ask(self, X):
        return super().kneighbors(X)

    kneighbors = None


@pytest.mark.parametrize("model", [Search, InNodes, InNodes(3)])
def test_a_model_of_a_running_program_and_its_parts_can_be_pickled(model):
    (result,) = conformance.check(model, only=["a_pickled_model_answers_alike"])

    assert result.verdict == "holds"


def test_unusual_names_are_given_as_on_the_command_line():
    with pytest.raises(TargetError):
        conformance.check(Asks, only=ONLY[:1])

    (result,) = conformance.check(Asks, only=ONLY[:1], n_neighbors="how_many", method="ask")
    mark = conformance.parametrize_with_claims([Asks], only=ONLY[:1], n_neighbors="how_many", method="ask")
    ((asked, claim),) = [trial.values for trial in mark.args[1]]

    assert result.verdict == "holds"
    claim(asked)  # raises if it fails


def test_no_training_rows_are_a_question_to_classifiers_too():
    from sklearn.neighbors import KNeighborsClassifier

    (result,) = conformance.check(KNeighborsClassifier, only=["no_rows_are_refused"])

    assert result.verdict == "holds"


def test_expected_failures_are_no_failures_and_go_stale():
    expected = {"averages_of_targets": "we take the median"}

    assert "known" in [result.verdict for result in conformance.check(MedianRegressor, only=ONLY, expected=expected)]
    with pytest.raises(AssertionError, match="holds, but should differ: we take the median"):
        conformance.check(Regressor, only=ONLY, expected=expected)


def test_a_model_that_ends_its_process_is_a_failure():
    with pytest.raises(AssertionError, match="ended the process with status 3"):
        conformance.check(Exits, only=ONLY)


def test_names_that_are_no_claims_and_models_that_cannot_be_tried_are_refused():
    with pytest.raises(ValueError, match="'averages_of_target' is neither a claim nor a level; did you mean"):
        conformance.check(Search, only=["averages_of_target"])
    with pytest.raises(ValueError, match="'nothing' is neither a claim nor a level"):
        conformance.parametrize_with_claims([Search], expected={"nothing": "why"})
    with pytest.raises(ValueError, match="expected names the level 'votes'; name its claims"):
        conformance.check(Search, expected={"votes": "why"})
    with pytest.raises(TargetError, match="has no method fit"):
        conformance.check(dict)


TESTS = """
import conformance
from tests.test_testing import Search, MedianRegressor

@conformance.parametrize_with_claims(
    [MedianRegressor(), Search],
    only=["averages_of_targets", "averages_of_whole_numbers", "ties_among_many_rows"],
    expected={"averages_of_targets": "we take the median"},
)
def test_mine(model, claim):
    claim(model)
"""


def test_a_test_is_called_with_each_model_and_each_claim(tmp_path):
    file = tmp_path / "test_mine.py"
    file.write_text(TESTS)
    words = [sys.executable, "-m", "pytest", "-v", "-rs", "-p", "no:cacheprovider", str(file)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)

    assert "test_mine[MedianRegressor-averages_of_targets] XFAIL" in ran.stdout
    assert "test_mine[MedianRegressor-averages_of_whole_numbers] FAILED" in ran.stdout
    assert "test_mine[Search-ties_among_many_rows] PASSED" in ran.stdout
    assert "Fix next: averages_of_whole_numbers" in ran.stdout
    assert "Search is not a regressor" in ran.stdout
    assert "1 failed" in ran.stdout


def test_every_claim_is_a_test_unless_it_is_skipped():
    mark = conformance.parametrize_with_claims([Search], skip=["ties"]).mark

    assert len(mark.args[1]) == sum(claim.level != "ties" for claim in CLAIMS)
