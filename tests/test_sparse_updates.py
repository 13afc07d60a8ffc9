"""Sparse rows are added and removed: the model answers as one of dense rows that was fitted on the rows left."""

import copy
import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.search import Parts
from accelerated.sparse_rows import SparseRows
from tests.helpers import by, table

METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski")
KINDS = ("normal", "whole", "0 and 1")


def assert_as_if_fitted(model, X, y, ids, Q, k):
    """The model answers with the bits of one fitted on these dense rows, whose ids are these."""
    params = {name: value for name, value in model.get_params().items() if name != "memory_limit"}
    base = type(model) if type(model).__name__ != "Forced" else NearestNeighbors
    fresh = base(**params).fit(X, y)
    assert model._rows.is_sparse
    assert model.ids_.tolist() == ids.tolist()
    for queries, asked in ((scipy.sparse.csr_array(Q), Q), (Q, Q), (None, None)):
        k_here = min(k, len(X) - 1) if queries is None else k
        if not k_here:
            continue
        found, (distances, indices) = model.kneighbors(queries, k_here), fresh.kneighbors(asked, k_here)
        np.testing.assert_array_equal(found[0], distances)
        np.testing.assert_array_equal(found[1], ids[indices])
        if isinstance(model, NearestNeighbors):
            found, wanted = (m.radius_neighbors(rows, 1.5) for m, rows in ((model, queries), (fresh, asked)))
            for i in range(len(wanted[0])):
                np.testing.assert_array_equal(found[0][i], wanted[0][i])
                np.testing.assert_array_equal(found[1][i], ids[wanted[1][i]])
        elif model.n_neighbors <= len(X) - (queries is None):
            np.testing.assert_array_equal(model.predict(queries), fresh.predict(asked))
    if isinstance(model, NearestNeighbors):
        np.testing.assert_array_equal(model.near_duplicates(1.5), ids[fresh.near_duplicates(1.5)])


@pytest.mark.parametrize("seed", range(30))
def test_five_sequences_of_updates_answer_as_fits_of_the_rows_that_are_left(seed):
    rng = np.random.default_rng([7, seed])
    for _ in range(5):
        model = (NearestNeighbors, KNNClassifier, KNNRegressor)[rng.integers(0, 3)]
        metric, kind = METRICS[rng.integers(0, len(METRICS))], KINDS[rng.integers(0, 3)]
        n_features = int(rng.choice([1, 3, 9, 130]))
        X = table(rng, int(rng.integers(1, 12)), n_features, kind=kind)
        y = rng.integers(0, 4, len(X))
        fitted = model(int(rng.integers(1, 4)), metric=metric).fit(scipy.sparse.csr_array(X), y)
        ids, next_id = np.arange(len(X)), len(X)
        for _ in range(int(rng.integers(1, 6))):
            if rng.random() < 0.5:
                more = table(rng, int(rng.integers(1, 9)), n_features, kind=kind)
                labels = rng.integers(0, 4, len(more))
                fitted.add(more if rng.random() < 0.3 else scipy.sparse.csr_array(more), labels)
                X, y = np.concatenate([X, more]), np.concatenate([y, labels])
                ids, next_id = np.append(ids, np.arange(next_id, next_id + len(more))), next_id + len(more)
            else:
                gone = rng.permutation(len(X))[: int(rng.integers(0, len(X)))]
                fitted.remove(ids[gone])
                X, y, ids = (np.delete(some, gone, axis=0) for some in (X, y, ids))
            Q = table(rng, 4, n_features, kind=kind)
            assert_as_if_fitted(fitted, X, y, ids, Q, k=int(rng.integers(1, len(X) + 1)))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "jaccard", "hamming", "manhattan"])
@pytest.mark.parametrize("limit", [None, "256KiB"])
def test_each_part_is_searched_by_the_filter_of_sparse_rows(rng, metric, limit):
    X, more, Q = (table(rng, n, 40, kind="0 and 1") for n in (300, 100, 30))
    gone = rng.permutation(400)[:80]
    model = by("sparse", 4, metric=metric, memory_limit=limit).fit(scipy.sparse.csr_array(X))
    model.add(scipy.sparse.csr_array(more)).remove(gone)
    left = np.delete(np.arange(400), gone)

    assert len(model._index.parts) == 2
    filters = {part.index.filters[0].name for part in model._index.parts}
    assert filters == {"exhaustive" if metric == "manhattan" else "sparse"}
    assert_as_if_fitted(model, np.concatenate([X, more])[left], None, left, Q, k=7)


@pytest.mark.parametrize("spoil", ["removed rows stay", "parts are joined in another order"])
def test_the_comparison_above_finds_a_spoilt_update(rng, spoil, monkeypatch):
    X = table(rng, 60, 9, kind="whole")
    model = NearestNeighbors(3).fit(scipy.sparse.csr_array(X[:40]))
    if spoil != "removed rows stay":
        joined = "accelerated.search.parts.join_rows"
        monkeypatch.setattr(
            joined,
            lambda parts: SparseRows(scipy.sparse.csr_array(np.vstack([p.matrix.toarray() for p in parts[::-1]]))),
        )
    model.add(scipy.sparse.csr_array(X[40:])).remove([3, 50])
    left = np.delete(np.arange(60), [3, 50])
    if spoil == "removed rows stay":
        parts = tuple(replace(part, place=part.place.abs()) for part in model._index.parts)
        model._index = Parts(parts, model._metric)

    with pytest.raises(AssertionError):
        assert_as_if_fitted(model, X[left], None, left, X[:9], k=5)


def test_rows_that_are_all_zero_or_store_zeros_are_added(rng):
    X, stored = table(rng, 30, 9), scipy.sparse.csr_array(np.ones((4, 9)))
    stored.data[rng.permutation(36)[:30]] = 0
    more = [stored, scipy.sparse.csr_array((3, 9)), scipy.sparse.coo_array(([1, 2.5], ([0, 0], [4, 4])), shape=(2, 9))]
    for metric in ("euclidean", "cosine", "jaccard"):
        model = NearestNeighbors(2, metric=metric).fit(scipy.sparse.csr_array(X))
        for rows in more:
            model.add(rows)
        dense = np.concatenate([X, *(rows.toarray() for rows in more)])
        assert_as_if_fitted(model, dense, None, np.arange(39), X[:5], k=9)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_frames_and_tensors_are_added_to_sparse_rows():
    frame = pd.get_dummies(pd.DataFrame({"letter": list("abcabd"), "sign": list("+-+-++")}), sparse=True)
    model = NearestNeighbors(2, metric="jaccard").fit(frame)
    model.add(frame[:3]).add(frame[3:].sparse.to_dense())
    assert_as_if_fitted(model, np.tile(frame.to_numpy(), (2, 1)), None, np.arange(12), frame.to_numpy()[:3] * 1.0, k=8)
    with pytest.raises(ValueError, match="same order"):
        model.add(frame[frame.columns[::-1]])
    assert model.n_samples_fit_ == 12

    model = NearestNeighbors(2).fit(scipy.sparse.csr_array(np.eye(3))).add(torch.eye(3, dtype=torch.bfloat16) + 1)
    assert_as_if_fitted(model, np.concatenate([np.eye(3), np.eye(3) + 1]), None, np.arange(6), np.eye(3), k=6)


def test_sparse_rows_are_added_to_dense_ones_on_any_device(rng, device):
    X, more = table(rng, 40, 9), table(rng, 30, 9)
    for metric in ("euclidean", "cosine", "jaccard"):
        model = NearestNeighbors(3, metric=metric, device=device).fit(X).add(scipy.sparse.csr_array(more))
        expected = NearestNeighbors(3, metric=metric, device="cpu").fit(np.concatenate([X, more])).kneighbors(X[:9])
        for found, wanted in zip(model.kneighbors(X[:9]), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_later_changes_to_an_added_matrix_do_nothing(rng, metric):
    X, more = table(rng, 30, 9), scipy.sparse.csr_array(table(rng, 9, 9))
    model = NearestNeighbors(2, metric=metric).fit(scipy.sparse.csr_array(X)).add(more)
    before = model.kneighbors()
    more.data[:], more.indices[:] = 7.0, 0

    for found, wanted in zip(model.kneighbors(), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_copy_a_pickle_and_a_file_have_the_rows_and_the_ids(rng, tmp_path):
    X = table(rng, 400, 9)
    model = KNNRegressor(2).fit(scipy.sparse.csr_array(X), X[:, 0])
    model.add(scipy.sparse.csr_array(X[:9] + 1), X[:9, 1]).remove([0, 401])
    model.save(tmp_path / "model.npz")
    left, again = np.delete(np.arange(409), [0, 401]), KNNRegressor.load(tmp_path / "model.npz")
    rows, targets = np.concatenate([X, X[:9] + 1])[left], np.concatenate([X[:, 0], X[:9, 1]])[left]
    for one in (model, copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model)), again):
        assert_as_if_fitted(one, rows, targets, left, X[:9], k=2)
        assert one.add(scipy.sparse.csr_array((1, 9)), [1.0]).ids_[-1] == 409


def test_a_bad_update_of_sparse_rows_changes_nothing(rng, monkeypatch):
    X = scipy.sparse.csr_array(table(rng, 30, 9))
    model = NearestNeighbors(2).fit(X).remove([3])
    before, bad = dict(vars(model)), X.copy()
    bad.data[5] = np.nan
    with pytest.raises(ValueError, match="X has NaN in row"):
        model.add(bad)
    with pytest.raises(ValueError, match="X has 8 features, but NearestNeighbors is expecting 9"):
        model.add(X[:, :8])
    with pytest.raises(ValueError, match="ids has 3 in place 0, but no row has this id"):
        model.remove([3])

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(NearestNeighbors, "_make_index", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.add(X)
    assert vars(model) == before


def test_adding_few_rows_makes_nothing_dense_and_touches_few_of_the_others():
    X = scipy.sparse.random_array((4000, 50_000), density=0.001, format="csr", rng=0)
    model = NearestNeighbors(5, metric="cosine", memory_limit="64MiB").fit(X)
    size = X.data.nbytes + X.indices.nbytes
    tracemalloc.start()
    model.add(X[:9]).add(X[9:12]).remove([5])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < size / 2
    assert model.kneighbors(X[:3], 2)[1].tolist() == [[0, 4000], [1, 4001], [2, 4002]]
