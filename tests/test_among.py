"""Neighbours among the rows that a query may choose: the same bits in both packages, whichever way finds them."""

import numpy as np
import pytest
import torch

import accelerated
import reference
from accelerated import NearestNeighbors
from accelerated.search import Parts, among, rule
from accelerated.search.among_filters import AllowedPairs, Dropping, OfSome
from knn_inputs.among import read_among
from tests.helpers import HOSTILE, KINDS, by, draw_sets
from tests.memory import mebibytes_at_peak, on_linux

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
METRICS = [
    *({"metric": name} for name in ("euclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard")),
    *({"metric": "minkowski", "p": p} for p in (3, 1.5, 0.5)),
    {"metric": "precomputed"},
    {"metric": lambda a, b: float(np.abs(a - b).max())},
]
WAYS = {  # constants with which ``choose_way`` always chooses the way
    "index": {"FEWEST_FOR_AN_INDEX": 1},
    "dropping": {"FEWEST_FOR_AN_INDEX": 10**9, "PAIRS_PER_FOUND": 0, "EXCLUDED_PER_PAIR": 10**9},
    "pairs": {"FEWEST_FOR_AN_INDEX": 10**9, "PAIRS_PER_FOUND": 10**9},
}


def nearest_allowed(X, Q, k, mask, **metric):
    """The oracle: all rows by distance, those that are allowed, the first k."""
    order = by("exhaustive", **metric).fit(X).kneighbors(Q, len(X), return_distance=False)
    return np.array([line[allowed[line]][:k] for line, allowed in zip(order, mask, strict=True)])


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: str(metric.get("p", metric["metric"]))[:12])
def test_460_draws_have_the_same_bits_in_both_packages(rng, metric):
    n_answers = 0
    for _ in range(460):
        n, m, d = rng.integers(1, 12), rng.integers(1, 4), rng.integers(1, 4)
        is_given = metric["metric"] == "precomputed"
        X = rng.integers(0, 3, (n, n if is_given else d)) + rng.integers(0, 2) * rng.random((n, n if is_given else d))
        Q = None if rng.random() < 0.4 else X[rng.integers(0, n, m)]
        k, pad = int(rng.integers(1, 5)), bool(rng.random() < 0.7)
        given, _ = draw_sets(rng, rng.choice(KINDS), n if Q is None else m, n, rng.choice([0.1, 0.5, 0.9]))
        answers = []
        for package in (reference, accelerated):
            try:
                answers.append(package.NearestNeighbors(1, **metric).fit(X).kneighbors(Q, k, among=given, pad=pad))
            except ValueError as error:
                answers.append(str(error))
        if isinstance(answers[0], str):
            assert answers[0] == answers[1]
            continue
        n_answers += 1
        (distances, indices), (others, other_indices) = answers
        assert indices.tolist() == other_indices.tolist()
        if metric.get("p", 1) == 1:
            assert distances.tobytes() == others.tobytes()
        else:  # two ``pow``, each within a unit in the last place
            np.testing.assert_allclose(distances, others, rtol=8 * 2.0**-53, atol=0)
    assert n_answers > 200


@pytest.fixture
def always(monkeypatch):
    """Makes ``choose_way`` always choose a way, and filters take small searches, too."""

    def choose(way):
        for name, value in WAYS[way].items():
            monkeypatch.setattr(among, name, value)
        monkeypatch.setattr(among, "SMALL_SEARCH", 0)
        monkeypatch.setattr(rule, "SMALL_SEARCH", 0)
        monkeypatch.setattr(rule, "SMALL_SEARCH_BY_BITMAPS", 0)

    return choose


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rows", HOSTILE)
def test_every_way_finds_the_nearest_allowed_rows_of_hostile_data(device, always, rng, way, rows):
    X, Q = HOSTILE[rows], HOSTILE[rows][:40] * (1 + 1e-9)
    always(way)
    model = NearestNeighbors(5, device=device).fit(X)

    for kind, share in (("a mask", 0.3), ("masks", 0.7), ("lists", 0.99)):
        given, masks = draw_sets(rng, kind, len(Q), len(X), share)
        assert model.kneighbors(Q, among=given)[1].tolist() == nearest_allowed(X, Q, 5, masks).tolist()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("metric", ["manhattan", "chebyshev", "cosine", "hamming", "jaccard"])
def test_every_way_serves_every_metric(device, always, rng, way, metric):
    X = rng.integers(0, 4, (400, 20)) * 1.0
    always(way)
    model = NearestNeighbors(5, metric=metric, device=device).fit(X)

    for kind in ("a mask", "masks"):
        given, masks = draw_sets(rng, kind, len(X), len(X), 0.6)
        np.fill_diagonal(masks, False)
        expected = nearest_allowed(X, X, 5, masks, metric=metric)
        assert model.kneighbors(among=given)[1].tolist() == expected.tolist()


def test_the_way_depends_on_the_numbers_of_queries_and_of_allowed_rows(rng):
    X = rng.random((20_000, 20))
    model = NearestNeighbors(5).fit(X)

    def way(n_queries, kind, share, memory_limit=2**30):
        given, _ = draw_sets(rng, kind, n_queries, len(X), share)
        allowed = read_among(given, n_queries, len(X))
        index, _ = among.choose_way(model._index, allowed, 5, 0, n_queries, memory_limit)
        return [type(some) for some in index.filters]

    assert set(way(200, "a mask", 0.5)) == {OfSome}
    assert way(3, "a mask", 0.001) == way(3, "masks", 0.001) == [AllowedPairs]
    assert way(3, "a mask", 0.9)[0] is way(20, "masks", 0.9)[0] is Dropping
    assert way(200, "a mask", 0.5, memory_limit=2**20)[0] is Dropping  # an index would not fit
    assert way(3, "masks", 0.9)[-1] is AllowedPairs


def test_dropping_certifies_no_query_whose_near_rows_are_not_allowed(always, rng):
    X = rng.normal(size=(2000, 20))
    Q, far = X[:20] * 0.01, np.argsort((X * X).sum(1))[1000:]
    always("dropping")
    model = NearestNeighbors(5).fit(X)
    mask = np.isin(np.arange(2000), far)
    seen = []

    def search(self, *arguments):
        seen.append(found := of_dropping(self, *arguments))
        return found

    of_dropping = Dropping.search
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dropping, "search", search)
        indices = model.kneighbors(Q, among=far, return_distance=False)

    assert seen
    assert not any(bool(found.certified.any()) for found in seen)
    assert indices.tolist() == nearest_allowed(X, Q, 5, [mask] * 20).tolist()


def test_equal_queries_with_sets_of_their_own_have_answers_of_their_own(always):
    X, Q = np.ones((600, 20)), np.ones((64, 20))  # equal rows, so that no filter certifies a query
    always("dropping")
    given = [list(range(i, i + 300)) for i in range(64)]

    indices = by("float32", 2).fit(X).kneighbors(Q, among=given, return_distance=False)

    assert indices.tolist() == [[i, i + 1] for i in range(64)]


@both
def test_a_row_that_is_not_allowed_itself_takes_no_other_row_with_it(package):
    X = [[0.0], [1.0], [2.0]]

    indices = package.NearestNeighbors(1).fit(X).kneighbors(among=[[1], [2], [0]], return_distance=False)

    assert indices.tolist() == [[1], [2], [0]]


@pytest.mark.parametrize("way", WAYS)
def test_a_small_memory_limit_gives_the_same_answer(always, rng, way):
    X, Q = rng.random((3000, 12)), rng.random((70, 12))
    given, masks = draw_sets(rng, "masks", 70, 3000, 0.6)
    expected = nearest_allowed(X, Q, 8, masks).tolist()
    always(way)

    for memory_limit in (20_000, 2**20, "1GiB"):
        indices = NearestNeighbors(8, memory_limit=memory_limit).fit(X).kneighbors(Q, among=given)[1]
        assert indices.tolist() == expected


PREPARE = """
import numpy as np
from accelerated import NearestNeighbors

rng = np.random.default_rng(0)
X, Q = rng.random((60_000, 32), dtype=np.float32), rng.random((400, 32), dtype=np.float32)
model = NearestNeighbors(10, memory_limit=64 * 2**20).fit(X)
mask = rng.random(({n_sets}, 60_000)) < {share}
model.kneighbors(Q[:40], among=mask[:40] if {n_sets} > 1 else mask[0])
"""


@on_linux
@pytest.mark.parametrize(("n_sets", "share"), [(1, 0.1), (1, 0.9), (400, 0.02), (400, 0.8)])
def test_a_search_among_rows_stays_within_its_memory_limit(n_sets, share):
    call = f"model.kneighbors(Q, among=mask if {n_sets} > 1 else mask[0])"

    assert mebibytes_at_peak(PREPARE.format(n_sets=n_sets, share=share), call) < 64 + 32


BAD = {
    "a mask of another length": ([True] * 4, ValueError, "among has 4 bools for 5 training rows: pass a bool for each"),
    "a row that is not there": ([0, 5], ValueError, "among has 5 at place 1, but the indices of 5 training rows"),
    "counted from the end": ([-1, 0], ValueError, "among has -1 at place 0, but the indices"),
    "beyond 64 bits": ([2**70], ValueError, "among has 1180591620717411303424 at place 0"),
    "floats": ([0.0, 1.0], TypeError, "among has 0.0, a float, at place 0, not an int: pass a mask of bools"),
    "an array of floats": (np.array([0.0]), TypeError, "among has dtype float64, but must have bools or ints"),
    "strings": (["a"], TypeError, "among has 'a', a str, at place 0, not an int"),
    "missing": ([None, True], TypeError, "among has None, a NoneType, at place 0"),
    "an int among bools": ([True, 1, 0, 0, 0], TypeError, "among has 1, an int, at place 1, not a bool"),
    "a single index": (3, ValueError, r"among has shape \(\), but must have 1 dimension or 2"),
    "a cube": (np.zeros((1, 1, 1), bool), ValueError, r"among has shape \(1, 1, 1\), but must have 1 dimension or 2"),
    "another number of sets": (
        [[0], [1], [2]],
        ValueError,
        "among has sets of rows for 3 queries, but there are 2: pass a set",
    ),
    "masks of another length": (np.ones((2, 4), bool), ValueError, r"among\[0\] has 4 bools for 5 training rows"),
    "a bad list among good ones": ([[0], [9]], ValueError, r"among\[1\] has 9 at place 0"),
    "a set": ({0, 1}, TypeError, r"among is a set.*pass list\(among\)"),
    "empty": ([], ValueError, "query 0 may choose among 0 rows, fewer than n_neighbors=1: allow more rows"),
    "too few for one query": ([[0], []], ValueError, "query 1 may choose among 0 rows, fewer than n_neighbors=1"),
}


@both
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_among_is_refused_with_its_place_and_advice(package, kind):
    given, error, message = BAD[kind]
    model = package.NearestNeighbors(1).fit(np.arange(5.0)[:, None])

    with pytest.raises(error, match=message):
        model.kneighbors([[0.0], [1.0]], among=given)


@both
def test_the_row_itself_does_not_count_as_allowed(package):
    model = package.NearestNeighbors(2).fit([[0.0], [1.0], [2.0]])

    with pytest.raises(ValueError, match="query 0 may choose among 1 other rows, fewer than n_neighbors=2"):
        model.kneighbors(among=[0, 1])
    assert model.kneighbors(among=[0, 1], pad=True)[1].tolist() == [[1, -1], [0, -1], [1, 0]]


@both
def test_padding_fills_the_places_after_all_rows_that_there_are(package):
    model = package.NearestNeighbors(2, metric="minkowski", p=3).fit([[0.0], [3.0]])

    distances, indices = model.kneighbors([[1.0]], 4, pad=True)
    nothing, none = model.kneighbors([[1.0]], among=[], pad=True)

    assert (distances.tolist(), indices.tolist()) == ([[1, 2, np.inf, np.inf]], [[0, 1, -1, -1]])
    assert (nothing.tolist(), none.tolist()) == ([[np.inf, np.inf]], [[-1, -1]])
    assert (distances.dtype, none.dtype) == (np.float64, np.int64)
    with pytest.raises(TypeError, match="pad=1 is an int, but must be True or False"):
        model.kneighbors([[1.0]], pad=1)


@both
def test_dimensions_tell_a_set_for_all_queries_from_sets_for_each(package):
    model = package.NearestNeighbors(1).fit([[0.0], [1.0]])
    Q = [[0.0], [0.0]]

    assert model.kneighbors(Q, among=[False, True])[1].tolist() == [[1], [1]]  # as many rows as queries
    assert model.kneighbors(Q, among=[[0], [1]])[1].tolist() == [[0], [1]]
    assert model.kneighbors(Q, among=np.array([[1, 1], [0, 1]]))[1].tolist() == [[1], [0]]
    assert model.get_neighbors([0.0], among=[1]) == [(1, 1.0)]


@both
def test_lists_of_any_objects_and_tensors_are_searched_among_too(package):
    words = package.NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abcd", "ab"])
    numbers = package.NearestNeighbors(1).fit(torch.arange(4.0)[:, None])

    assert words.kneighbors(["a", "abc"], among=[1, 2])[1].tolist() == [[2], [1]]
    assert words.get_neighbors("a", among=[1]) == [(1, 3.0)]
    for given in (torch.tensor([1, 3]), [torch.tensor([1, 3])], torch.tensor([False, True, False, True])):
        assert numbers.kneighbors(torch.tensor([[0.0]]), among=given)[1].tolist() == [[1]]


def test_a_function_for_the_metric_is_called_for_allowed_rows_alone():
    called = []

    def gap(a, b):
        called.append(b[0])
        return abs(a[0] - b[0])

    NearestNeighbors(1, metric=gap).fit(np.arange(9.0)[:, None]).kneighbors([[0.0]], among=[2, 7])

    assert called == [2, 7]


def test_a_search_among_rows_leaves_the_model_and_its_arguments_as_they_were(rng):
    X, mask = rng.random((300, 5)), rng.random((100, 300)) < 0.5
    model, before = NearestNeighbors(3).fit(X), mask.copy()
    attributes, expected = dict(vars(model)), model.kneighbors(X[:100])

    model.kneighbors(X[:100], among=mask)

    assert vars(model) == attributes
    np.testing.assert_array_equal(mask, before)
    np.testing.assert_array_equal(model.kneighbors(X[:100]), expected)


@pytest.mark.parametrize("way", WAYS)
def test_the_progress_bar_reaches_its_end(always, rng, way, capsys):
    X = rng.random((600, 20))
    always(way)

    NearestNeighbors(3, progress=True).fit(X).kneighbors(X[:80], among=np.arange(100, 600))

    assert "100%" in capsys.readouterr().err


def test_two_threads_give_the_same_answer(two_threads, always, rng):
    X, Q = rng.random((1000, 20)), rng.random((150, 20))
    given, masks = draw_sets(rng, "masks", 150, 1000, 0.5)
    for way in WAYS:
        always(way)
        indices = NearestNeighbors(4).fit(X).kneighbors(Q, among=given, return_distance=False)
        assert indices.tolist() == nearest_allowed(X, Q, 4, masks).tolist()


def draw_updates(rng, model, X):
    """Removes rows of the model, adds some, and removes some more; returns the rows that are left, and their ids."""
    more = X[rng.integers(0, len(X), 5)]
    rows, ids = np.concatenate([X, more]), np.arange(len(X) + 5)
    gone = np.sort(rng.choice(len(X), len(X) // 3, replace=False))
    model.remove(gone).add(more).remove([len(X) + 1])
    is_left = ~np.isin(ids, [*gone, len(X) + 1])
    return rows[is_left], ids[is_left]


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard"])
def test_indices_are_ids_after_rows_were_removed(device, rng, metric):
    for _ in range(40):
        model = NearestNeighbors(2, metric=metric, device=device).fit(X := rng.integers(0, 3, (12, 2)) * 1.0)
        rows, ids = draw_updates(rng, model, X)
        Q = None if rng.random() < 0.4 else rows[rng.integers(0, len(rows), 3)]
        given, masks = draw_sets(rng, rng.choice(KINDS), len(rows) if Q is None else 3, len(rows), 0.5)
        loop = reference.NearestNeighbors(2, metric=metric).fit(rows).kneighbors(Q, among=masks, pad=True)

        found = model.kneighbors(Q, among=as_ids(given, ids), pad=True)

        np.testing.assert_array_equal(found[0], loop[0])
        np.testing.assert_array_equal(found[1], np.where(loop[1] < 0, -1, ids[loop[1]]))


@pytest.mark.parametrize("way", WAYS)
def test_parts_are_searched_among_their_rows_and_never_joined(device, always, rng, way, monkeypatch):
    X = rng.integers(0, 4, (300, 12)) * 1.0
    always(way)
    model = by("float32", 3, device=device).fit(X[:200]).remove(np.arange(0, 30, 3))
    ids = model.add(X[200:275]).add(X[275:]).remove([250, 299]).ids_
    assert len(model._index.parts) == 3
    monkeypatch.setattr(Parts, "join", lambda self: pytest.fail("all rows were copied into one tensor"))

    for kind, share in (("a mask", 0.5), ("masks", 0.9), ("lists", 0.3)):
        for Q in (X[:9], None):
            given, masks = draw_sets(rng, kind, len(ids) if Q is None else 9, len(ids), share)
            if Q is None:
                np.fill_diagonal(masks, False)
            found = model.kneighbors(Q, among=as_ids(given, ids), return_distance=False)
            expected = nearest_allowed(X[ids], X[ids] if Q is None else Q, 3, masks)
            assert found.tolist() == ids[expected].tolist()


def test_a_small_memory_limit_searches_parts_for_few_queries_at_once(rng):
    X, Q = rng.integers(0, 4, (300, 12)) * 1.0, rng.integers(0, 4, (20, 12))
    model = NearestNeighbors(3, memory_limit=60_000).fit(X[:200]).remove([0]).add(X[200:])
    given, masks = draw_sets(rng, "masks", 20, 299, 0.5)

    found = model.kneighbors(Q, among=given, return_distance=False)

    assert found.tolist() == (1 + nearest_allowed(X[1:], Q, 3, masks)).tolist()


def as_ids(given, ids):
    """The argument with the ids of rows in place of their numbers; masks stay as they are."""
    if isinstance(given, list):
        return [as_ids(one, ids) for one in given] if np.ndim(given[0]) else [ids[number] for number in given]
    return given if given.dtype == bool else ids[given]


def test_an_id_that_no_row_has_is_refused_and_a_mask_has_a_place_for_each_row_that_is_left():
    model = NearestNeighbors(1).fit(np.arange(5.0)[:, None]).remove([1, 3])

    for given, place in (([4, 3], 1), ([[5]], 0), (np.array([-1], dtype=np.int8), 0), ([2**70, 0], 0)):
        with pytest.raises(ValueError, match=rf"has {np.ravel(given)[place]} at place {place}, but no row has this id"):
            model.kneighbors([[0.0]], among=given)
    with pytest.raises(ValueError, match="among has 5 bools for 3 training rows"):
        model.kneighbors([[0.0]], among=[True] * 5)
    assert model.get_neighbors([0.0], among=[False, True, True]) == [(2, 2.0)]
    assert model.kneighbors([[4.0]], 4, pad=True)[1].tolist() == [[4, 2, 0, -1]]


def test_predictors_search_among_ids_too():
    model = accelerated.KNNClassifier(1).fit([[0.0], [1.0], [2.0]], ["a", "b", "c"]).remove([0]).add([[3.0]], ["d"])

    assert model.kneighbors([[0.0]], among=[2, 3], return_distance=False).tolist() == [[2]]


def weighted_and_repeated(rng, package, metric, device=None):
    """A model of weighted rows, one of rows repeated as often, the index of each of these, and rows, and queries."""
    n, d = int(rng.integers(2, 12)), 2
    rows = rng.integers(-2, 3, (n + 3, d)) * 1.0 if rng.random() < 0.5 else rng.normal(size=(n + 3, d))
    weights = rng.integers(0, 4, n)
    weights[rng.integers(n)] = 2
    index = np.repeat(np.arange(n), weights)
    options = {"metric": metric, **({} if package is reference else {"device": device})}
    weighted = package.KNNRegressor(1, **options).fit(rows[:n], np.zeros(n), sample_weight=weights)
    repeated = reference.KNNRegressor(1, metric=metric).fit(rows[index], np.zeros(len(index)))
    return weighted, repeated, index, rows[:n], rows[n:]


def assert_weighted_as_repeated(weighted, repeated, index, X, Q, k, given, masks):
    """Among repeated rows the copies of allowed rows are allowed; of a row that is a query one copy is left out."""
    found = weighted.kneighbors(None if Q is X else Q, k, among=given, pad=True)
    for i, query in enumerate(Q):
        mask = masks[i][index] & ((index != i) | (np.arange(len(index)) > np.argmax(index == i))) if Q is X else None
        distances, rows = repeated.kneighbors([query], k, among=masks[i][index] if mask is None else mask, pad=True)
        assert found[0][i].tobytes() == distances[0].tobytes()
        assert found[1][i].tolist() == np.where(rows[0] < 0, -1, index[rows[0]]).tolist()


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "hamming", lambda a, b: abs(a - b).max()])
def test_an_allowed_row_fills_as_many_places_as_it_weighs(package, metric, rng):
    for _ in range(60):
        weighted, repeated, index, X, Q = weighted_and_repeated(rng, package, metric)
        Q = X if rng.random() < 0.4 else Q
        given, masks = draw_sets(rng, rng.choice(KINDS), len(Q), len(X), rng.choice([0.1, 0.5, 0.9]))
        assert_weighted_as_repeated(weighted, repeated, index, X, Q, int(rng.integers(1, 9)), given, masks)


def test_weighted_rows_are_searched_among_on_any_device_in_every_way(device, rng):
    for way in WAYS:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in WAYS[way].items():
                patch.setattr(among, name, value)
            for _ in range(20):
                weighted, repeated, index, X, Q = weighted_and_repeated(rng, accelerated, "euclidean", device)
                given, masks = draw_sets(rng, rng.choice(KINDS), len(Q), len(X), 0.5)
                assert_weighted_as_repeated(weighted, repeated, index, X, Q, 4, given, masks)


@both
def test_distances_that_are_given_have_weights_and_a_filter_too(package):
    D = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    model = package.KNNRegressor(2, metric="precomputed").fit(D, np.zeros(5), sample_weight=[1, 0, 2, 1, 3])

    assert model.kneighbors(D[:1], 4, among=[0, 1, 2, 3])[1].tolist() == [[0, 2, 2, 3]]
    assert model.kneighbors(D[1:2], 3, among=[1, 3, 4])[1].tolist() == [[3, 4, 4]]
    assert model.kneighbors(among=[0, 2])[1].tolist() == [[2, 2], [0, 2], [2, 0], [2, 2], [2, 2]]


@both
def test_k_is_checked_against_the_copies_that_are_allowed(package):
    model = package.KNNRegressor(3).fit(np.arange(4.0)[:, None], np.zeros(4), sample_weight=[0, 2, 1, 5])
    weighted = "copies of rows, as their sample_weight says"

    assert model.kneighbors([[0.0]], among=[0, 1, 2])[1].tolist() == [[1, 1, 2]]
    with pytest.raises(
        ValueError, match=f"query 0 may choose among 2 {weighted}, fewer than n_neighbors=3: allow more"
    ):
        model.kneighbors([[0.0]], among=[0, 1])
    with pytest.raises(ValueError, match=f"query 1 may choose among 2 {weighted} and without one of its own, fewer"):
        model.kneighbors(among=[0, 1, 2])
    assert model.kneighbors(among=[0, 1, 2], pad=True)[1].tolist() == [[1, 1, 2], [1, 2, -1], [1, 1, -1], [2, 1, 1]]


@both
def test_padding_fills_the_places_after_all_copies(package):
    model = package.KNNRegressor(1).fit([[0.0], [3.0], [9.0]], np.zeros(3), sample_weight=[2, 1, 0])

    assert model.kneighbors([[1.0]], 5, pad=True)[1].tolist() == [[0, 0, 1, -1, -1]]
    assert model.kneighbors(None, 3, pad=True)[1].tolist() == [[0, 1, -1], [0, 0, -1], [1, 0, 0]]
    assert model.kneighbors([[1.0]], 2, among=[2], pad=True)[1].tolist() == [[-1, -1]]
    with pytest.raises(ValueError, match="n_neighbors=4 is more than 3, the sum of sample_weight"):
        model.kneighbors([[1.0]], 4)


@pytest.mark.parametrize("package", [reference, accelerated])
def test_a_mask_of_ints_is_refused_with_the_way_to_a_mask(package):
    model = package.NearestNeighbors(1).fit(np.arange(4.0)[:, None])

    with pytest.raises(
        ValueError, match=r"among has 4 ints, .* pass a mask of bools, such as np.asarray\(among\) == 1"
    ):
        model.kneighbors([[0.0]], among=np.array([0, 1, 1, 0]))
    assert model.kneighbors([[3.0]], among=[0, 1], return_distance=False).tolist() == [[1]]
