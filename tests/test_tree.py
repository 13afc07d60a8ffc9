"""SciPy's tree: its distances are used where they have our bits, and it never has more levels than a stack can hold."""

import functools

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

import accelerated.search.tree
from accelerated.metrics import METRICS
from accelerated.search.tree import MEASURES, TreeFilter, halves_cells, rounds_as_measured
from tests.helpers import HOSTILE, by

EUCLIDEAN = METRICS["euclidean"]


class OneUlpMore(cKDTree):
    """A tree whose sums are rounded in another way."""

    def query(self, *args, **options):
        distances, named = super().query(*args, **options)
        return np.nextafter(distances, np.inf), named


@pytest.fixture
def tried_again():
    rounds_as_measured.cache_clear()
    yield
    rounds_as_measured.cache_clear()


@functools.cache
def hostile_searches(metric, n_features):
    searches = []
    for X in HOSTILE.values():
        X = X[:, :n_features]
        Q = np.concatenate([X[:40], X[:40] + 0.1 * X[40:80], -X[:5]])
        model = by("exhaustive", 7, metric=metric).fit(X)
        searches += [(X, queries, model.kneighbors(queries)) for queries in (Q, None)]
    return searches


def assert_same_bits(metric, n_features):
    for X, queries, expected in hostile_searches(metric, n_features):
        found = by("tree", 7, metric=metric).fit(X).kneighbors(queries)
        np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_array_equal(found[0].view(np.int64), expected[0].view(np.int64))


@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "manhattan", "chebyshev"])
def test_a_tree_of_few_features_gives_the_bits_of_the_exhaustive_search(metric, n_features):
    assert_same_bits(metric, n_features)


def test_the_bits_are_wrong_if_equal_distances_stay_in_the_order_of_the_tree(monkeypatch):
    """So the test above would notice."""
    monkeypatch.setattr(accelerated.search.tree, "sort_where_needed", lambda reduced, indices: None)
    with pytest.raises(AssertionError):
        assert_same_bits("euclidean", 3)


@pytest.mark.parametrize("p", MEASURES)
def test_a_tree_that_passes_the_trial_has_the_bits_of_many_other_pairs(p, rng):
    for n_features in range(1, 13):
        if not rounds_as_measured(p, n_features):
            continue
        X, Q = (rng.lognormal(0, 2, (n, n_features)) * rng.choice([-1, 1], (n, n_features)) for n in (500, 200))
        distances, named = cKDTree(X, 16).query(Q, len(X), p=p)
        measured = MEASURES[p](torch.from_numpy(Q).T[:, :, None], torch.from_numpy(X[named]).movedim(-1, 0))

        np.testing.assert_array_equal(measured.numpy(), distances)


@pytest.mark.parametrize("p", [1, 2])
def test_the_trial_tells_an_order_of_addition_that_is_not_ours(p):
    """From 8 features on NumPy adds in pairs, and SciPy does not."""
    assert not rounds_as_measured(p, 8)
    assert rounds_as_measured(np.inf, 8)


def test_a_tree_that_rounds_otherwise_is_noticed_and_its_rows_are_measured(monkeypatch, tried_again):
    monkeypatch.setattr(accelerated.search.tree, "cKDTree", OneUlpMore)

    assert not any(rounds_as_measured(p, 3) for p in MEASURES)
    for metric in ("euclidean", "manhattan", "chebyshev"):
        assert_same_bits(metric, 3)
    monkeypatch.setattr(accelerated.search.tree, "rounds_as_measured", lambda p, n_features: True)
    with pytest.raises(AssertionError):
        assert_same_bits("euclidean", 3)


def test_a_model_asks_where_it_is_searched_and_not_where_it_was_fitted(monkeypatch, rng):
    """It may have been pickled on another machine."""
    X = rng.normal(size=(300, 3))
    model, real, measured = by("tree", 7).fit(X), TreeFilter._measure, []
    monkeypatch.setattr(TreeFilter, "_measure", lambda *args: measured.append(1) or real(*args))
    found = []
    for says in (True, False):
        monkeypatch.setattr(accelerated.search.tree, "rounds_as_measured", lambda p, n_features, says=says: says)
        found.append(model.kneighbors())
        assert bool(measured) is not says

    np.testing.assert_array_equal(*found)


def n_levels(node):
    """The most cuts between the root and a leaf."""
    levels, nodes = 0, [node]
    while nodes := [child for node in nodes for child in (node.lesser, node.greater) if child is not None]:
        levels += 1
    return levels


def peeled(n_features, ratio, n_levels):
    """Rows of which every cut takes off a few: each lies nearer to 0 than the one before, by this ratio."""
    sizes = np.repeat(ratio ** -np.arange(float(n_levels)), n_features)
    rows = np.where(np.arange(len(sizes))[:, None] % n_features == np.arange(n_features), 1.0, 0.5) * sizes[:, None]
    return np.repeat(rows, 40, axis=0)


@pytest.mark.parametrize("n_features", [1, 3])
def test_a_tree_that_halves_its_cells_has_at_most_121_levels_for_a_feature(n_features, rng):
    close = 1 + rng.integers(0, 2**20, (5000, n_features)) * 2.0**-52
    for rows in (peeled(n_features, 2.0, 60), np.concatenate([close, 2.0**59 * close, 2.0**-4 * close])):
        tree = TreeFilter.make(EUCLIDEAN, torch.from_numpy(rows)).tree

        assert halves_cells(rows)
        assert n_levels(tree.tree) <= 121 * n_features


def test_rows_of_all_sizes_are_halved_and_not_their_cells(monkeypatch):
    rows = torch.from_numpy(peeled(1, 2.0, 1000))
    assert not halves_cells(rows.numpy())
    assert n_levels(TreeFilter.make(EUCLIDEAN, rows).tree.tree) <= 12

    monkeypatch.setattr(accelerated.search.tree, "RANGE", np.inf)
    assert n_levels(TreeFilter.make(EUCLIDEAN, rows).tree.tree) > 900
