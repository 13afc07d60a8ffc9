"""After rows were added and removed, a model answers as one that was fitted on the rows that are left."""

import copy
import pickle
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.search import Parts, in_parts
from accelerated.search import parts as parts_module
from tests.helpers import by

METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski")
LABELS = (["no", "yes", "perhaps", "a"], [3, 0, 7, 1], [True, False, False, True], [b"no", b"yes", b"b", b"a"])


def assert_as_if_fitted(model, X, y, ids, Q, k):
    """The model answers with the bits of one fitted on these rows, whose ids are these."""
    fresh = type(model)(**model.get_params()).fit(X, y)
    distances, indices = fresh.kneighbors(Q, k)
    found = model.kneighbors(Q, k)
    np.testing.assert_array_equal(found[0], distances)
    np.testing.assert_array_equal(found[1], ids[indices])
    assert model.ids_.tolist() == ids.tolist()
    assert model.n_samples_fit_ == len(X)
    if k < len(X):
        distances, indices = fresh.kneighbors(None, k)
        found = model.kneighbors(None, k)
        np.testing.assert_array_equal(found[0], distances)
        np.testing.assert_array_equal(found[1], ids[indices])
    if not isinstance(model, NearestNeighbors) and model.n_neighbors <= len(X):
        np.testing.assert_array_equal(model.predict(Q), fresh.predict(Q))
    if isinstance(model, KNNClassifier):
        assert model.classes_.tolist() == fresh.classes_.tolist()
        if model.n_neighbors <= len(X):
            np.testing.assert_array_equal(model.predict_proba(Q), fresh.predict_proba(Q))


def draw_targets(rng, model, n, labels):
    return np.array(labels)[rng.integers(0, 4, n)] if model is KNNClassifier else rng.integers(-9, 9, n) / 8


@pytest.mark.parametrize("seed", range(50))
def test_ten_sequences_of_updates_answer_as_fits_of_the_rows_that_are_left(seed, rng):
    rng = np.random.default_rng([seed, int(rng.integers(0, 100))])
    for _ in range(10):
        model = (NearestNeighbors, KNNClassifier, KNNRegressor)[rng.integers(0, 3)]
        metric, labels = METRICS[rng.integers(0, len(METRICS))], LABELS[rng.integers(0, 4)]
        n_features, weights = int(rng.integers(1, 4)), ("uniform", "distance")[rng.integers(0, 2)]
        options = {} if model is NearestNeighbors else {"weights": weights}
        X = rng.integers(0, 4, (int(rng.integers(1, 12)), n_features)) / 2
        y = draw_targets(rng, model, len(X), labels)
        fitted = model(int(rng.integers(1, 4)), metric=metric, **options).fit(X, y)
        ids, next_id = np.arange(len(X)), len(X)
        for _ in range(int(rng.integers(1, 7))):
            if rng.random() < 0.5:
                more = rng.integers(0, 4, (int(rng.integers(1, 9)), n_features)) / 2
                y_of_more = draw_targets(rng, model, len(more), labels)
                assert fitted.add(more, y_of_more) is fitted
                X, y = np.concatenate([X, more]), np.concatenate([y, y_of_more])
                ids, next_id = np.append(ids, np.arange(next_id, next_id + len(more))), next_id + len(more)
            else:
                gone = rng.permutation(len(X))[: int(rng.integers(0, len(X)))]
                assert fitted.remove(ids[gone]) is fitted
                X, y, ids = (np.delete(some, gone, axis=0) for some in (X, y, ids))
            Q = rng.integers(0, 4, (4, n_features)) / 2
            assert_as_if_fitted(fitted, X, y, ids, Q, k=int(rng.integers(1, len(X) + 1)))


@pytest.mark.parametrize(
    ("name", "metric", "n_features"),
    [
        ("float32", "euclidean", 12),
        ("uint8", "euclidean", 12),
        ("int8", "euclidean", 12),
        ("float32", "cosine", 12),
        ("tree", "euclidean", 3),
        ("bitmaps", "chebyshev", 6),
        ("groups", "manhattan", 4),
        ("exhaustive", "manhattan", 4),
    ],
)
def test_every_filter_searches_rows_in_parts(name, metric, n_features, device, rng):
    def draw(n):
        return rng.integers(0, 9, (n, n_features)) * 1.0

    X, more, Q = draw(300), draw(100), draw(30)
    gone = rng.permutation(400)[:80]
    fitted = by(name, 4, metric=metric, device=device).fit(X).add(more).remove(gone)
    left = np.delete(np.arange(400), gone)

    assert len(fitted._index.parts) == 2
    assert_as_if_fitted(fitted, np.concatenate([X, more])[left], None, left, Q, k=7)


def test_a_query_all_of_whose_near_rows_were_removed_finds_the_others(device, rng):
    X = rng.normal(size=(300, 5))
    nearest = np.abs(X).sum(1).argsort()
    gone, Q = nearest[:74], np.concatenate([np.zeros((2, 5)), rng.normal(size=(3, 5))])
    fitted = NearestNeighbors(2, device=device).fit(X).remove(gone)
    left = np.delete(np.arange(300), gone)

    assert fitted._index.parts[0].n_left == 226
    assert_as_if_fitted(fitted, X[left], None, left, Q, k=3)
    searched = []
    measure = in_parts.PartSearch._measure_left
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_parts.PartSearch, "_measure_left", lambda *args: searched.append(args) or measure(*args))
        fitted.kneighbors(Q)
    assert [len(queries.X) for _, queries, _ in searched] == [2]


@pytest.mark.parametrize("spoil", ["removed rows stay", "too few are enough", "parts are not merged in order"])
def test_the_comparison_above_finds_a_spoilt_search(spoil, rng, monkeypatch):
    """Or the tests above would show nothing."""
    X = rng.integers(0, 3, (400, 2)) * 1.0
    fitted = NearestNeighbors(3).fit(X[:300]).add(X[300:]).remove(np.arange(0, 80, 2))
    left = np.delete(np.arange(400), np.arange(0, 80, 2))
    assert_as_if_fitted(fitted, X[left], None, left, X[:20], k=3)

    first_left, merge = in_parts._first_left, in_parts._merge
    if spoil == "removed rows stay":
        parts = tuple(
            replace(part, place=part.place.abs()) if part.place is not None else part for part in _parts(fitted)
        )
        fitted._index = Parts(parts, fitted._metric)
    elif spoil == "too few are enough":
        monkeypatch.setattr(in_parts, "ASKED", (1,))
        monkeypatch.setattr(in_parts, "_first_left", lambda *args: (*first_left(*args)[:2], True))
    else:
        monkeypatch.setattr(in_parts, "_merge", lambda found, *args: merge(found[::-1], *args))
    with pytest.raises(AssertionError):
        assert_as_if_fitted(fitted, X[left], None, left, X[:20], k=3)


def _parts(model):
    return model._index.parts


def test_rows_that_are_added_one_at_a_time_are_indexed_a_few_times_each(rng, monkeypatch):
    n_indexed, make_index = [], NearestNeighbors._make_index
    monkeypatch.setattr(
        NearestNeighbors,
        "_make_index",
        lambda self, metric, rows: n_indexed.append(len(rows)) or make_index(self, metric, rows),
    )
    X = rng.normal(size=(1500, 3))
    model = NearestNeighbors(3).fit(X[:1000])
    n_indexed.clear()
    for i in range(1000, 1500):
        model.add(X[i : i + 1])
        assert len(_parts(model)) <= 1 + np.log2(1000)

    assert sum(n_indexed) <= 500 * (1 + np.log(1500) / np.log(1.5))
    assert_as_if_fitted(model, X, None, np.arange(1500), X[:50], k=4)


def test_a_part_of_which_a_quarter_is_removed_is_indexed_again(rng):
    X = rng.normal(size=(100, 3))
    model = NearestNeighbors(3).fit(X).remove(np.arange(25))

    assert (len(_parts(model)[0].index.rows), _parts(model)[0].n_left) == (100, 75)
    model.remove([99])
    assert len(model._index.rows) == 74
    assert 1 - 75 / 100 <= parts_module.MOST_REMOVED < 1 - 74 / 100


def test_ids_stay_and_are_not_given_again():
    model = NearestNeighbors(1).fit([[0.0], [1.0], [2.0], [3.0]])
    model.remove([3, 1])
    assert model.ids_.tolist() == [0, 2]
    assert model.get_neighbors([3.0]) == [(2, 1.0)]
    model.add([[3.0], [4.0]])
    assert model.ids_.tolist() == [0, 2, 4, 5]
    assert model.get_neighbors([3.0]) == [(4, 0.0)]
    assert model.kneighbors()[1].ravel().tolist() == [2, 4, 2, 4]
    model.ids_[0] = 7
    assert model.remove([]).ids_.tolist() == [0, 2, 4, 5]
    assert model.fit([[0.0], [1.0]]).ids_.tolist() == [0, 1]


def test_equal_distances_go_to_the_row_with_the_smaller_id():
    model = NearestNeighbors(3).fit([[0.0], [2.0]] * 4).add([[0.0], [2.0]]).remove([0, 3]).add([[2.0]])

    assert model.kneighbors([[1.0]], 9)[1].tolist() == [[1, 2, 4, 5, 6, 7, 8, 9, 10]]


def test_classes_come_and_go_with_their_rows():
    model = KNNClassifier(1).fit([[0.0], [5.0]], ["b", "c"])
    model.add([[9.0], [9.5]], ["a", "longer"])
    assert model.classes_.tolist() == ["a", "b", "c", "longer"]
    assert model.predict([[8.0], [9.9], [0.0]]).tolist() == ["a", "longer", "b"]
    model.remove([0])
    assert model.classes_.tolist() == ["a", "c", "longer"]
    assert model.predict_proba([[0.0]]).tolist() == [[0.0, 1.0, 0.0]]
    numbers = KNNClassifier(1).fit([[0.0]], np.array([1], dtype=np.uint8)).add([[1.0]], [-(2**40)])
    assert numbers.classes_.tolist() == [-(2**40), 1]


def test_several_outputs_are_added_and_removed(rng):
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 3, (30, 2))
    for model in (KNNClassifier(3), KNNRegressor(3)):
        model.fit(X[:20], y[:20]).add(X[20:], y[20:]).remove([3, 25])
        fresh = type(model)(3).fit(np.delete(X, [3, 25], 0), np.delete(y, [3, 25], 0))
        np.testing.assert_array_equal(model.predict(X), fresh.predict(X))


def test_tensors_are_added_where_the_model_is(device, rng):
    X = torch.from_numpy(rng.normal(size=(300, 6)).astype(np.float32)).to(device)
    model = NearestNeighbors(3).fit(X[:200]).add(X[200:].double() + 1e-12).remove(torch.tensor([7, 5]))

    distances, indices = model.kneighbors(X[5:6])
    assert distances.device == indices.device == device
    left = np.delete(np.arange(300), [5, 7])
    rows = np.concatenate([X[:200].cpu().double().numpy(), X[200:].cpu().double().numpy() + 1e-12])[left]
    expected = NearestNeighbors(3, device="cpu").fit(rows).kneighbors(X[5:6].cpu().numpy())
    np.testing.assert_array_equal(distances.cpu(), expected[0])
    np.testing.assert_array_equal(indices.cpu(), left[expected[1]])


def test_a_function_of_two_rows_takes_updates():
    def apart(a, b):
        return float(abs(a - b).sum())

    model = NearestNeighbors(1, metric=apart).fit(np.array([[0.0], [5.0]])).add([[9.0]]).remove([1])
    assert model.get_neighbors([6.0]) == [(2, 3.0)]


@pytest.mark.parametrize("device", ["cpu", "pretended cuda:0"], indirect=True)
def test_a_copy_a_pickle_and_a_file_have_the_rows_and_the_ids(device, rng, tmp_path):
    X = rng.normal(size=(400, 5))
    model = KNNRegressor(2, device=device).fit(X, X[:, 0]).add(X[:9] + 1, X[:9, 1]).remove([0, 401])
    model.save(tmp_path / "model.npz")
    left, again = np.delete(np.arange(409), [0, 401]), KNNRegressor.load(tmp_path / "model.npz")
    rows, targets = np.concatenate([X, X[:9] + 1])[left], np.concatenate([X[:, 0], X[:9, 1]])[left]
    for one in (model, copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model)), again):
        assert_as_if_fitted(one, rows, targets, left, X[:9], k=2)
        assert one.add([[0.0] * 5], [1.0]).ids_[-1] == 409


@pytest.mark.parametrize("limit", [3_000, 10_000, 10**6])
def test_a_search_in_parts_keeps_to_a_small_memory_limit_or_says_how_much_it_needs(limit, rng):
    X, gone = rng.normal(size=(60, 4)), np.arange(0, 16, 2)
    model = NearestNeighbors(3).fit(X[:40]).add(X[40:]).remove(gone).set_params(memory_limit=limit)
    left = np.delete(np.arange(60), gone)
    if limit == 3_000:
        with pytest.raises(
            ValueError, match=r"memory_limit=3000 is less than the .* rows were added or removed"
        ) as error:
            model.kneighbors()
        model.set_params(memory_limit=int(str(error.value).rpartition("memory_limit=")[2].split()[0]))
    assert_as_if_fitted(model, X[left], None, left, X[:20], k=3)


def test_the_report_and_the_progress_bar_are_of_the_whole_search(rng, capsys):
    X = rng.normal(size=(600, 4))
    model = NearestNeighbors(3, progress=True).fit(X[:500]).add(X[500:]).remove([3])
    report = model.search_report(X[:20])

    assert report.n_queries == 20
    assert report.why.endswith("rows were added or removed since, so there are 2 parts with 1 removed rows")
    assert "100%" in capsys.readouterr().err


BAD = {
    "an unknown id": (
        lambda m: m.remove([1, 9]),
        ValueError,
        "ids has 9 in place 1, but no row has this id: ids_ lists",
    ),
    "a removed id": (lambda m: m.remove([2]), ValueError, "ids has 2 in place 0, but no row has this id"),
    "a negative id": (lambda m: m.remove([-1]), ValueError, "ids has -1 in place 0, but no row has this id"),
    "a repeated id": (lambda m: m.remove([1, 0, 1]), ValueError, "ids has 1 more than once, again in place 2: pass it"),
    "all rows": (lambda m: m.remove([1, 0, 3]), ValueError, "ids has all 3 rows, but a model needs at least 1: fit it"),
    "one id": (
        lambda m: m.remove(1),
        ValueError,
        r"ids has shape \(\), but must be \(n,\): pass a list, such as \[1\]",
    ),
    "fractions": (lambda m: m.remove([1.0]), TypeError, "ids holds 1.0, a float, but must hold ints"),
    "a mask": (lambda m: m.remove([True, False, False]), TypeError, "ids holds True, a bool, .* np.flatnonzero makes"),
    "strings": (lambda m: m.remove(["1"]), TypeError, "ids holds '1', a str, but must hold ints"),
    "another width": (
        lambda m: m.add([[1.0, 2.0]], ["a"]),
        ValueError,
        "X has 2 features, but KNNClassifier is expecting 1",
    ),
    "NaN": (lambda m: m.add([[np.nan]], ["a"]), ValueError, "X has NaN in row 0"),
    "no labels": (lambda m: m.add([[1.0]]), ValueError, "requires y to be passed"),
    "too few labels": (lambda m: m.add([[1.0], [2.0]], ["a"]), ValueError, "y has 1 row, but X has 2"),
    "two outputs": (
        lambda m: m.add([[1.0]], [["a", "b"]]),
        ValueError,
        "y has 2 outputs, but the model was fitted with 1",
    ),
    "numbers as labels": (
        lambda m: m.add([[1.0]], [5]),
        ValueError,
        "y has 5, but the model was fitted with labels such as",
    ),
    "no rows": (lambda m: m.add(np.empty((0, 1)), []), ValueError, "X has"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_update_is_refused_and_changes_nothing(name):
    update, error, message = BAD[name]
    model = KNNClassifier(1).fit([[0.0], [1.0], [2.0], [3.0]], ["a", "b", "a", "c"]).remove([2])
    before = dict(vars(model))
    with pytest.raises(error, match=message):
        update(model)

    assert all(vars(model)[name] is value for name, value in before.items())
    assert model.predict([[0.2], [3.0]]).tolist() == ["a", "c"]


def test_models_without_updates_say_so():
    given = NearestNeighbors(1, metric="precomputed").fit([[0.0, 1.0], [1.0, 0.0]])
    objects = NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abc"])
    for model, rows, why in (
        (given, [[1.0, 1.0]], "new distances for metric='precomputed'"),
        (objects, ["b"], "of a list"),
    ):
        with pytest.raises(ValueError, match=f"add .*{why}.*: fit again"):
            model.add(rows)
        with pytest.raises(ValueError, match=f"remove .*{why}.*: fit again"):
            model.remove([0])
    with pytest.raises(ValueError, match="not fitted"):
        NearestNeighbors().add([[1.0]])
    with pytest.raises(ValueError, match="not fitted"):
        NearestNeighbors().remove([0])


def test_the_columns_of_added_rows_are_compared():
    frame = pd.DataFrame({"a": [0.0, 1.0], "b": [2.0, 4.0]})
    model = NearestNeighbors(1).fit(frame)
    assert model.add(frame + 5).feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="same order"):
        model.add(frame[["b", "a"]])
    assert model.n_samples_fit_ == 4


def test_rows_are_measured_by_the_metric_of_the_fit():
    model = NearestNeighbors(2).fit([[3.0, 3.0]]).set_params(metric="manhattan").add([[0.0, 5.0]])

    assert model.kneighbors([[0.0, 0.0]])[0].tolist() == [[18**0.5, 5.0]]


def test_an_interrupted_update_leaves_the_model_as_it_was(rng, monkeypatch):
    X = rng.normal(size=(50, 3))
    model = NearestNeighbors(2).fit(X)
    before = dict(vars(model))

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(NearestNeighbors, "_make_index", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.add(X[:40])
    with pytest.raises(KeyboardInterrupt):
        model.remove(np.arange(30))
    assert vars(model) == before


def test_queries_of_other_threads_see_the_rows_before_an_update_or_after_it():
    model = KNNRegressor(1).fit(np.zeros((40, 1)), np.zeros(40))
    wrong, is_over = [], threading.Event()

    def ask():
        while not is_over.is_set():
            distances, ids = model.kneighbors([[1.0]])
            if distances[0, 0] != (0.0 if ids[0, 0] >= 40 else 1.0) or model.predict([[1.0]])[0] not in (0.0, 7.0):
                wrong.append((distances, ids))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for i in range(40, 120):
        model.add([[1.0]], [7.0]).remove([i])
    is_over.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(model.ids_) == 40


@pytest.mark.parametrize("ids", [[None], [1, None], np.array([1, "a"], dtype=object)])
def test_ids_of_several_types_are_refused_by_the_first_that_is_no_int(ids):
    with pytest.raises(TypeError, match=r"ids holds (None|'a').*, but must hold ints"):
        NearestNeighbors(1).fit([[0], [5], [9]]).remove(ids)


def test_an_int_too_large_for_an_id_is_an_id_that_no_row_has():
    model = NearestNeighbors(1).fit([[0.0], [1.0]])
    for ids, shown in (([2**64 + 1], "18446744073709551617"), ([1, 2**63], "9223372036854775808")):
        with pytest.raises(ValueError, match=f"^ids has {shown} in place {len(ids) - 1}, but no row has this id"):
            model.remove(ids)


def test_a_class_with_a_weight_may_go_with_its_last_row_and_come_again():
    model = KNNClassifier(3, class_weight={"rare": 5}).fit([[0], [1], [2]], ["usual", "usual", "rare"])

    assert model.remove([2]).add([[3]], ["usual"]).classes_.tolist() == ["usual"]
    assert model.add([[4]], ["rare"]).predict([[4]]).tolist() == ["rare"]  # 5 against 2
