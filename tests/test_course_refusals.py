"""Wrong answers of sloppy and of hostile learners are refused: each is right on most data, and wrong on some."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.course import own_claim, worker
from conformance.course.steps import STEPS
from conformance.course.worker import PROFILE, judge, trials
from tests.claims import try_claim

SEARCH = "    distances = np.linalg.norm(Q[:, None] - X, axis=2)\n"
SORT = "    order = np.argsort(distances, axis=1, kind='stable')[:, :k]\n"
FOUND = "    return np.take_along_axis(distances, order, axis=1), order\n"
YIELD = "    yield np.take_along_axis(distances, order, axis=1)\n    yield order\n"
TORCH_SORT = "    d, i = d.sort(dim=1, stable=True)\n    return d[:, :k], i[:, :k]\n"
MODEL = """
from conformance.course.solutions import step_08_predict, step_16_similarity

class KNNClassifier(step_08_predict.KNNClassifier):
    def fit(self, X, y):
        self._examples, self._labels = {kept}
        return self

class SimilarityRegressor(step_16_similarity.SimilarityRegressor):
    def fit(self, X, y):
        super().fit(X, y)
        A = self._compare(X) + self.jitter * np.eye(len(X))
        self.{alpha} = np.linalg.pinv(A, rcond={cut_off}) @ y
        return self
"""
WRONG = {  # the number of the step, its code, and the claim that refuses it
    "crosses out with a million": (
        3,
        "def get_nearest(distances, k):\n"
        "    distances, chosen = distances.copy(), []\n"
        "    for _ in range(k):\n"
        "        chosen.append(int(np.argmin(distances)))\n"
        "        distances[chosen[-1]] = 1e6\n"
        "    return chosen\n",
        "scaling_changes_nothing",
    ),
    "rounds": (
        3,
        "def get_nearest(distances, k):\n    return np.argsort(distances.round(9), kind='stable')[:k]\n",
        "nearest_of_any_numbers",
    ),
    "one row of each label": (
        4,
        "def get_neighbors(X, y, query, k):\n"
        "    found = {}\n"
        "    for distance, label in sorted(zip(np.linalg.norm(X - query, axis=1), y), key=lambda pair: pair[0]):\n"
        "        found.setdefault(label, distance)\n"
        "    return [(distance, label) for label, distance in found.items()][:k]\n",
        "the worked number",
    ),
    "the number nearest to 0 wins": (
        6,
        "def get_vote(labels):\n"
        "    votes = labels.tolist()\n"
        "    size = str if labels.dtype.kind == 'U' else abs\n"
        "    return min(votes, key=lambda label: (-votes.count(label), size(label)))\n",
        "equal_votes_go_to_the_smallest_number",
    ),
    "keeps references": (8, MODEL.format(kept="X, y", alpha="a", cut_off=0), "training_data_is_copied"),
    "whole numbers only": (
        8,
        MODEL.format(kept="X.astype(int), y.copy()", alpha="a", cut_off=0),
        "nearest_of_any_numbers",
    ),
    "squares of whole numbers": (
        12,
        "def get_distances(Q, X):\n"
        "    kind = np.int64 if Q.dtype.kind in 'iub' else np.float64\n"
        "    return [np.sqrt(np.sum((X.astype(kind) - q) ** 2, axis=1)) for q in Q.astype(kind)]\n",
        "the worked number",
    ),
    "vectors of zeros are apart": (
        13,
        "from conformance.course.solutions import step_13_metrics\n"
        "def get_distance(a, b, metric='euclidean', p=2):\n"
        "    is_zero = metric == 'cosine' and not np.any(a)\n"
        "    return 1.0 if is_zero else step_13_metrics.get_distance(a, b, metric, p)\n",
        "the worked number",
    ),
    "a thousand on the diagonal": (
        14,
        "def leave_one_out(X, k):\n"
        "    distances = np.linalg.norm(X[:, None] - X, axis=2)\n"
        "    np.fill_diagonal(distances, 1000)\n"
        "    return np.argsort(distances, axis=1, kind='stable')[:, :k]\n",
        "rows_are_left_out_of_any_numbers",
    ),
    "cuts off too much": (
        16,
        MODEL.format(kept="X, y", alpha="dual_coef_", cut_off=1e-4),
        "the_formula_predicts_the_same",
    ),
    "a generator of everything": (
        17,
        "def get_neighbors(X, Q, k, block):\n" + SEARCH + SORT + YIELD,
        "a_block_of_distances_is_in_memory",
    ),
    "query by query, and no blocks": (
        17,
        "def get_neighbors(X, Q, k, block):\n"
        "    one = [search(X, q[None], k) for q in Q]\n"
        "    return [d[0] for d, _ in one], [i[0] for _, i in one]\n"
        "def search(X, Q, k):\n" + SEARCH + SORT + FOUND,
        "a_block_of_distances_is_in_memory",
    ),
    "counts its calls": (
        18,
        "calls = []\ndef claim(kneighbors, rng):\n    calls.append(1)\n    assert len(calls) < 100\n",
        "no right search is accused",
    ),
    "squares for distances": (
        19,
        "import torch\ndef get_neighbors(X, Q, k):\n    d = (Q[:, None] - X).square().sum(2)\n" + TORCH_SORT,
        "distances_belong_to_their_rows",
    ),
    "products of many rows": (
        19,
        "import torch\ndef get_neighbors(X, Q, k):\n    d = torch.cdist(Q, X)\n" + TORCH_SORT,
        "nearest_far_from_the_origin",
    ),
}


@pytest.mark.parametrize(("number", "code", "claim"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_refused(number, code, claim, tmp_path, monkeypatch):
    step = STEPS[number - 1]
    monkeypatch.setattr(worker, "PROFILE", replace(PROFILE, budget=60))  # also where others work
    monkeypatch.setattr(worker, "run_claim", try_claim)
    (tmp_path / step.file).write_text(f"import numpy as np\n{code}")

    last = list(judge(tmp_path / step.file, step))[-1]

    assert last.get("fails") == claim


def test_memory_is_asked_about_only_where_the_system_tells_it(tmp_path, monkeypatch):
    step = replace(STEPS[16], claims=("a_block_of_distances_is_in_memory",))
    monkeypatch.setattr("conformance.meters.memory.RESET", tmp_path / "not" / "there")

    assert list(trials(step, lambda X, Q, k, block: None)) == []


def test_an_error_of_torch_is_told_and_is_no_step_to_be_written():
    def copies_to_the_cpu(X, Q, k):
        return X.to("cpu"), Q

    first = next(trials(STEPS[18], copies_to_the_cpu, shrinking=0))

    assert first["fails"] == "get_neighbors raises an exception"
    assert first["message"].startswith("NotImplementedError: Cannot copy out of meta tensor")
    assert not first["open"]


def test_every_wrong_search_can_be_caught_by_a_claim_that_accuses_no_right_one():
    def measured_again(kneighbors, rng):
        n, d = int(rng.integers(1, 40)), int(rng.choice([1, 2, 3, 5, 20]))
        X = [rng.integers(-4, 5, (n, d)).astype(float), rng.normal(size=(n, d)) * 10.0 ** rng.integers(-9, 9)][n % 2]
        X += rng.choice([0, 1e8])
        X[0] += rng.choice([0, 1e9])
        Q, k = np.concatenate([X, X + rng.integers(-1, 2, (n, d))]), int(rng.integers(1, n + 1))
        distances, indices = kneighbors(X, Q, k)
        right = np.sqrt(np.sum((Q[:, None] - X) ** 2, axis=2))
        assert distances.shape == indices.shape == (len(Q), k)
        assert all(len({*row}) == k for row in indices.tolist())
        assert np.allclose(distances, np.take_along_axis(right, indices, axis=1), rtol=1e-12, atol=0)
        assert np.allclose(distances, np.sort(right, axis=1)[:, :k], rtol=1e-12, atol=0)

    verdict = own_claim.judge(measured_again)

    assert verdict["missed"] == [] and verdict["of"] == len(own_claim.wrong_searches()) > 30
