"""Metrics with parameters, of amounts, on the globe and with missing numbers: both packages, SciPy and scikit-learn."""

import pickle

import numpy as np
import pytest
import torch
from scipy.spatial import distance as scipy_distance
from sklearn.metrics.pairwise import haversine_distances, nan_euclidean_distances
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors

import accelerated
import reference
from accelerated import embeddings
from accelerated.metrics import get_metric
from accelerated.search.rule import choose_filter
from knn_inputs.metrics import NAMES, choose_metric
from tests.helpers import HOSTILE, by

PACKAGES = [reference, accelerated]
POWERS = (1, 2, 3, 16, np.inf, 2.5, 0.7)


def rows_of(rng, n, d, metric):
    """Half of them whole numbers, with ties; of a kind that suits the metric."""
    rows = np.concatenate([rng.integers(-2, 3, (n // 2, d)) * 1.0, rng.normal(size=(n - n // 2, d))])
    rows = rows[rng.permutation(n)]
    if metric == "braycurtis":
        return np.abs(rows)
    if metric == "nan_euclidean":
        return np.where(rng.random(rows.shape) < 0.3, np.nan, rows)
    return rows * 0.3 if metric == "haversine" else rows


def matrix(rng, d, rank=None):
    factor = rng.integers(-2, 3, (d, rank or 2 * d)) * 1.0
    return factor @ factor.T + (np.eye(d) if rank is None else 0)


def draw_params(rng, d):
    weights = rng.integers(0, 3, d) * rng.choice([0.1, 1.0], d)
    weights[0] = 0.7
    yield from ({"metric": "minkowski", "p": p, "metric_params": {"w": weights}} for p in POWERS)
    yield {"metric": "seuclidean"}
    yield {"metric": "seuclidean", "metric_params": {"V": rng.lognormal(0, 3, d)}}
    yield {"metric": "mahalanobis"}
    yield {"metric": "mahalanobis", "metric_params": {"VI": matrix(rng, d)}}
    yield {"metric": "mahalanobis", "metric_params": {"V": matrix(rng, d)}}
    yield {"metric": "mahalanobis", "metric_params": {"VI": matrix(rng, d, rank=1)}}  # semi-definite
    yield from ({"metric": metric} for metric in ("canberra", "braycurtis", "nan_euclidean"))
    if d == 2:
        yield {"metric": "haversine"}


def assert_same(actual, expected, params):
    np.testing.assert_array_equal(actual[1], expected[1], err_msg=str(params))
    p = params.get("p", 2)
    if p in (1, 2, np.inf):
        np.testing.assert_array_equal(np.asarray(actual[0]), expected[0], err_msg=str(params))
    else:
        np.testing.assert_allclose(actual[0], expected[0], rtol=8 * 2.0**-53)


@pytest.mark.parametrize("d", [1, 2, 9, 20])
def test_both_packages_give_the_same_bits(d, device, rng):
    n = d + 30
    for params in draw_params(rng, d):
        X, Q = (rows_of(rng, m, d, params["metric"]) for m in (n, 2))
        for k in {1, int(rng.integers(1, n)), n}:
            expected = reference.NearestNeighbors(k, **params).fit(X).kneighbors(Q)
            model = accelerated.NearestNeighbors(k, device=device, **params).fit(X)
            assert_same(model.kneighbors(Q), expected, params)
        assert model.get_distance(Q[0], X[1]) == reference.NearestNeighbors(**params).fit(X).get_distance(Q[0], X[1])


@pytest.mark.parametrize("d", [129, 257])
def test_long_rows_are_added_in_the_same_order_by_every_way_to_measure(d, rng):
    for params in draw_params(rng, d):
        if params["metric"] == "mahalanobis" and not params.get("metric_params"):
            continue  # fewer rows than features have no covariance to invert
        X = rows_of(rng, 9, d, params["metric"])
        expected = reference.NearestNeighbors(9, **params).fit(X).kneighbors(X[:6])
        for n_queries in (1, 6):  # a single one is measured in NumPy
            found = accelerated.NearestNeighbors(9, **params).fit(X).kneighbors(X[:n_queries])
            assert_same(found, [part[:n_queries] for part in expected], params)
        metric = accelerated.NearestNeighbors(9, **params).fit(X)._metric
        pairs = metric.to_distance(metric.measure_pairs(torch.from_numpy(X[:6]), torch.from_numpy(X[1:7]))).numpy()
        of_pairs = [expected[0][i][expected[1][i] == i + 1][0] for i in range(6)]
        np.testing.assert_allclose(
            pairs, of_pairs, rtol=8 * 2.0**-53 if params.get("p", 2) not in (1, 2, np.inf) else 0
        )


@pytest.mark.parametrize("d", [2, 9])
def test_both_packages_leave_a_row_out_by_its_index(d, device, rng):
    for params in draw_params(rng, d):
        X = rows_of(rng, 40, d, params["metric"])
        X[7] = X[3]
        expected = reference.NearestNeighbors(39, **params).fit(X).kneighbors()
        assert_same(accelerated.NearestNeighbors(39, device=device, **params).fit(X).kneighbors(), expected, params)
        assert all(i not in row for i, row in enumerate(expected[1]))


EMBEDDED = {
    "weights": lambda rng: {"metric_params": {"w": rng.lognormal(0, 4, 12) * (rng.random(12) < 0.8)}},
    "variances": lambda rng: {"metric": "seuclidean", "metric_params": {"V": rng.lognormal(0, 4, 12)}},
    "inverse covariance": lambda rng: {"metric": "mahalanobis", "metric_params": {"VI": matrix(rng, 12)}},
}


def hostile(largest):
    return {name: X.clip(-largest / 2, largest / 2) for name, X in HOSTILE.items()}


@pytest.mark.parametrize("name", ["tree", "uint8", "bfloat16", "float32", "float64", "prefix", "cells"])
@pytest.mark.parametrize("kind", EMBEDDED)
def test_every_filter_gives_the_bits_of_the_exhaustive_search(name, kind, rng):
    params, certified = EMBEDDED[kind](rng), 0
    largest = get_metric(*choose_metric(**{"metric": "minkowski", **params})).largest
    for X in hostile(largest).values():
        Q = np.concatenate([X[:20], X[:20] + 0.1 * X[40:60], -X[:5]])
        expected = by("exhaustive", 7, **params).fit(X).kneighbors(Q)
        model = by(name, 7, **params).fit(X)
        assert_same(model.kneighbors(Q), expected, params)
        certified += model.search_report(Q).certified
    assert certified > 100


GLOBE = {
    "everywhere": lambda rng: np.column_stack([np.arcsin(rng.uniform(-1, 1, 400)), rng.uniform(-np.pi, np.pi, 400)]),
    "a street": lambda rng: np.array([0.8, 0.1]) + 1e-7 * rng.normal(size=(400, 2)),
    "at a pole": lambda rng: np.column_stack([np.pi / 2 - 1e-6 * rng.random(400), rng.uniform(-np.pi, np.pi, 400)]),
    "around the date line": lambda rng: np.column_stack([rng.random(400), np.pi * rng.choice([-2.0, -1, 1, 2], 400)]),
    "two opposite towns": lambda rng: (
        np.array([[0.5, 1.0], [-0.5, 1.0 - np.pi]])[rng.integers(0, 2, 400)] + 1e-9 * rng.normal(size=(400, 2))
    ),
    "a grid": lambda rng: np.radians(rng.integers(-9, 10, (400, 2)) * 10),
}


@pytest.mark.parametrize("name", ["tree", "uint8", "bfloat16", "float32", "float64"])
def test_every_filter_finds_the_same_places(name, rng):
    certified = 0
    for make in GLOBE.values():
        X = make(rng)
        for k in (1, 7, 400):
            expected = by("exhaustive", k, metric="haversine").fit(X).kneighbors(X[:30])
            model = by(name, k, metric="haversine").fit(X)
            assert_same(model.kneighbors(X[:30]), expected, {})
            certified += model.search_report(X[:30]).certified
    assert certified > 60


def exceeding(metric, rows, queries):
    """How far points are beyond the radius of the measured distance, as a share of it, (n_queries, n_rows)."""
    measured = metric.measure_block(queries, rows, 0, len(rows))
    points, of_queries = metric.embed(rows), metric.embed(queries)
    gaps = (of_queries[:, None] - points[None]).numpy().astype(np.longdouble)
    apart = np.sqrt(np.sum(gaps * gaps, axis=2))
    radius = torch.stack([metric.radius(column, queries) for column in measured.T], 1).numpy()
    pays = radius * (1 + (2 * rows.shape[1] + 32) * 2.0**-53) + 1e-150  # as ``frame.reach`` does
    return (apart - pays) / np.maximum(pays, 1e-300)


@pytest.mark.parametrize("data", HOSTILE)
@pytest.mark.parametrize("kind", EMBEDDED)
def test_points_are_within_the_radius_of_their_distance(kind, data, rng):
    metric = get_metric(*choose_metric(**{"metric": "minkowski", **EMBEDDED[kind](rng)}))
    rows = torch.from_numpy(hostile(metric.largest)[data][:200])

    assert exceeding(metric, rows, rows[:50] + 0.01 * rows[50:100]).max() <= 0


@pytest.mark.parametrize("data", GLOBE)
def test_chords_are_within_the_radius_of_their_angle(data, rng):
    rows = torch.from_numpy(GLOBE[data](rng))

    assert exceeding(get_metric("haversine"), rows, rows[:60]).max() <= 0


@pytest.mark.parametrize("kind", [*EMBEDDED, "globe"])
def test_a_radius_without_its_margin_is_found_out(kind, rng, monkeypatch):
    far = torch.from_numpy(HOSTILE["far from the origin"][:200])
    if kind == "globe":
        far = torch.from_numpy(GLOBE["a street"](rng))
        metric = get_metric("haversine")._replace(radius=lambda angle, queries: 2 * torch.sin(angle * 0.5))
    else:
        metric = get_metric(*choose_metric(**{"metric": "minkowski", **EMBEDDED[kind](rng)}))
        monkeypatch.setattr(embeddings.torch.linalg, "vector_norm", lambda rows, dim: 0 * rows[:, 0])

    assert exceeding(metric, far, far[:60]).max() > 0


def test_a_search_with_a_spoilt_radius_gives_other_neighbours(rng):
    X = np.concatenate([GLOBE["everywhere"](rng), GLOBE["a street"](rng)])
    expected = by("exhaustive", 5, metric="haversine").fit(X).kneighbors(X)[1]
    spoilt = by("float32", 5, metric="haversine").fit(X)
    chosen = spoilt._metric._replace(radius=lambda angle, queries: 0.2 * angle)
    spoilt._metric, spoilt._index = chosen, spoilt._make_index(chosen, spoilt._rows)

    assert (spoilt.kneighbors(X)[1] != expected).any()


def test_an_ill_conditioned_matrix_is_searched_exhaustively(rng):
    for VI in (np.diag([1.0, 1e-18]), np.ones((2, 2)), np.zeros((2, 2))):
        metric = get_metric("mahalanobis", params={"VI": VI})
        assert metric.radius is None
        assert choose_filter(metric, torch.from_numpy(rng.normal(size=(900, 2)))) is None
    assert get_metric("mahalanobis", params={"VI": np.diag([1.0, 1e-9])}).radius is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_gaps_are_weighted_and_not_rows_so_that_ties_stay_ties(package, rng):
    V = np.array([0.3, 7.0, 11.0])
    Q, gaps = rng.integers(0, 100, (200, 3)) / 8, rng.integers(0, 50, (200, 3)) / 8
    scaled_ties = 0
    for q, gap in zip(Q, gaps, strict=True):
        X = np.array([q + gap, q - gap])
        distances, indices = (
            package.NearestNeighbors(2, metric="seuclidean", metric_params={"V": V}).fit(X).kneighbors([q])
        )
        assert indices.tolist() == [[0, 1]]
        assert distances[0, 0] == distances[0, 1]
        scaled = np.sqrt(np.sum((X / np.sqrt(V) - q / np.sqrt(V)) ** 2, axis=1))
        scaled_ties += scaled[0] == scaled[1]
    assert scaled_ties < 190  # the shortcut breaks ties


def assert_near(actual, expected, d):
    """Up to the roundings of both: fewer than 2 d + 16 each, for sums of numbers of one sign."""
    np.testing.assert_allclose(actual, expected, rtol=2 * (2 * d + 16) * 2.0**-53, atol=1e-300)


@pytest.mark.parametrize("package", PACKAGES)
def test_distances_are_those_of_scipy(package, rng):
    d = 5
    a, b, V, w = rng.random(d) + 1, rng.random(d), rng.random(d) + 0.1, rng.random(d)
    VI = matrix(rng, d)

    def measure(metric, p=2, **params):
        return package.NearestNeighbors(metric=metric, p=p, metric_params=params or None).get_distance(a, b)

    assert_near(measure("seuclidean", V=V), scipy_distance.seuclidean(a, b, V), d)
    for p in (1, 2, 3, 2.5, np.inf):
        assert_near(measure("minkowski", p, w=w), scipy_distance.minkowski(a, b, p, w), d)
    assert_near(measure("canberra"), scipy_distance.canberra(a, b), d)
    assert_near(measure("braycurtis"), scipy_distance.braycurtis(a, b), d)
    square = scipy_distance.mahalanobis(a, b, VI) ** 2
    size = np.abs(a - b) @ np.abs(VI) @ np.abs(a - b)  # each sum is off by at most gamma_{2 d + 6} of it
    assert abs(measure("mahalanobis", VI=VI) ** 2 - square) <= 4 * (2 * d + 8) * 2.0**-53 * size
    inverse = np.linalg.inv(VI)
    np.testing.assert_allclose(
        measure("mahalanobis", V=inverse), np.sqrt(square), rtol=1e3 * np.linalg.cond(VI) * 2.0**-53
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_distances_are_those_of_scikit_learn(package, rng):
    model = package.NearestNeighbors(20, metric="nan_euclidean").fit(rows_of(rng, 20, 30, "nan_euclidean"))
    Q = rows_of(rng, 3, 30, "nan_euclidean")
    of_sklearn = np.sort(
        nan_euclidean_distances(Q, np.asarray(getattr(model, "_rows", getattr(model, "_examples", None))))
    )
    np.testing.assert_allclose(model.kneighbors(Q)[0], of_sklearn, rtol=1e-12)  # which expands the square, near 0
    X = GLOBE["everywhere"](rng)
    model = package.NearestNeighbors(400, metric="haversine").fit(X)
    of_sklearn = np.sort(haversine_distances(X[:3], X))
    np.testing.assert_allclose(model.kneighbors(X[:3])[0], of_sklearn, rtol=1e-13, atol=2 * 2.0**-26)  # arcsin near 1
    V = X.var(axis=0, ddof=1)
    sklearn = SklearnNeighbors(n_neighbors=9, metric="seuclidean", metric_params={"V": V}, algorithm="brute").fit(X)
    learned = package.NearestNeighbors(9, metric="seuclidean").fit(X)
    np.testing.assert_array_equal(learned.kneighbors(X[:50])[1], sklearn.kneighbors(X[:50])[1])


@pytest.mark.parametrize("package", PACKAGES)
def test_the_far_side_of_the_globe_is_measured_as_precisely(package):
    model = package.NearestNeighbors(metric="haversine")
    for gap in (1e-3, 1e-6, 1e-9):
        assert abs(np.pi - model.get_distance([0, 0], [0, np.pi - gap]) - gap) < 2.0**-50
        assert abs(model.get_distance([0, 0], [gap, 0]) - gap) < 2.0**-52 * gap
    assert model.get_distance([np.pi / 2, 1], [np.pi / 2, -2]) < 2.0**-50


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    ("alias", "name"), [("l1", "manhattan"), ("cityblock", "manhattan"), ("l2", "euclidean"), ("infinity", "chebyshev")]
)
def test_other_names_are_the_same_metrics(package, alias, name, rng):
    X = rng.normal(size=(60, 9))
    by_alias, by_name = (package.NearestNeighbors(60, metric=metric).fit(X) for metric in (alias, name))

    assert_same(by_alias.kneighbors(X), by_name.kneighbors(X), {})
    assert by_alias.get_distance(X[0], X[1]) == by_name.get_distance(X[0], X[1])
    assert by_alias.metric == alias  # as scikit-learn's clone wants it


@pytest.mark.parametrize("package", PACKAGES)
def test_p_may_be_among_the_parameters_of_minkowski(package, rng):
    X = rng.normal(size=(30, 3))
    for p in (1, 3):
        given = package.NearestNeighbors(30, metric_params={"p": p}).fit(X).kneighbors(X)
        assert_same(given, package.NearestNeighbors(30, p=p).fit(X).kneighbors(X), {})
    with pytest.raises(ValueError, match=r"p=3, but metric_params\['p'\]=4: pass only one"):
        package.NearestNeighbors(p=3, metric_params={"p": 4}).fit(X)


@pytest.mark.parametrize("package", PACKAGES)
def test_parameters_are_learned_by_fit_and_belong_to_the_model(package, rng):
    X = rng.normal(size=(30, 3))
    for metric, name, value in (
        ("seuclidean", "V", X.var(axis=0, ddof=1)),
        ("mahalanobis", "VI", np.linalg.inv(np.cov(X.T))),
    ):
        model = package.NearestNeighbors(metric=metric)
        with pytest.raises(ValueError, match=f"metric='{metric}' learns {name} from the training examples: call fit"):
            model.get_distance(X[0], X[1])
        distance = model.fit(X).get_distance(X[0], X[1])
        given = package.NearestNeighbors(metric=metric, metric_params={name: value}).get_distance(X[0], X[1])
        assert abs(distance - given) < 1e-12 * given
        with pytest.raises(ValueError, match="NaN"):
            model.fit(np.full((3, 3), np.nan))
        assert model.get_distance(X[0], X[1]) == distance
        assert pickle.loads(pickle.dumps(model)).get_distance(X[0], X[1]) == distance
        other = package.NearestNeighbors(metric="euclidean").fit(X).set_params(metric=metric)
        with pytest.raises(ValueError, match="call fit first"):
            other.get_distance(X[0], X[1])
        assert model.fit(7 * X).get_distance(7 * X[0], 7 * X[1]) == pytest.approx(distance)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_learned_parameters_do_not_depend_on_how_rows_lie_in_memory(dtype, order, rng):
    X = np.array(rng.normal(size=(3000, 4)), dtype=dtype)
    for metric in ("seuclidean", "mahalanobis"):
        expected = reference.NearestNeighbors(9, metric=metric).fit(X.astype(np.float64)).kneighbors(X[:4])
        laid = np.asarray(X, order=order)
        assert_same(accelerated.NearestNeighbors(9, metric=metric).fit(laid).kneighbors(X[:4]), expected, {})
        tensor = torch.from_numpy(X)
        found = accelerated.NearestNeighbors(9, metric=metric).fit(tensor).kneighbors(tensor[:4])
        assert_same([part.numpy() for part in found], expected, {})


@pytest.mark.parametrize("package", PACKAGES)
def test_rows_that_share_no_feature_come_last_by_index(package):
    nan = np.nan
    X = [[nan, nan], [1.0, nan], [nan, 5.0], [nan, 2.0]]
    distances, indices = package.NearestNeighbors(4, metric="nan_euclidean").fit(X).kneighbors([[nan, 3.0]])

    assert indices.tolist() == [[3, 2, 0, 1]]
    assert distances.tolist() == [[np.sqrt(2), np.sqrt(8), np.inf, np.inf]]
    of_itself = package.NearestNeighbors(3, metric="nan_euclidean").fit(X).kneighbors()
    assert of_itself[1].tolist() == [[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]]
    assert package.NearestNeighbors(metric="nan_euclidean").get_distance(X[1], X[2]) == np.inf


@pytest.mark.parametrize("package", PACKAGES)
def test_a_query_that_shares_nothing_cannot_be_weighed_by_distance(package):
    X, y = [[1.0, None], [2.0, None], [3.0, 4.0]], [1, 2, 9]
    for model in (package.KNNRegressor, package.KNNClassifier):
        fitted = model(2, metric="nan_euclidean", weights="distance").fit(X, y)
        assert fitted.predict([[None, 4.0]]).tolist() == [9]  # the second neighbour, infinitely far, weighs nothing
        with pytest.raises(ValueError, match="shares no feature with any of its neighbours"):
            model(2, metric="nan_euclidean", weights="distance").fit(X[:2], y[:2]).predict([[None, 4.0]])


@pytest.mark.parametrize("package", PACKAGES)
def test_missing_numbers_are_taken_by_nan_euclidean_alone(package):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [0.5, 1.5, np.nan]})
    model = package.NearestNeighbors(1, metric="nan_euclidean").fit(frame)

    assert model.kneighbors(frame.iloc[2:])[1].tolist() == [[2]]
    for metric in set(NAMES) - {"nan_euclidean", "precomputed", "haversine"}:
        with pytest.raises(ValueError, match="X has"):
            package.NearestNeighbors(1, metric=metric).fit(frame)
    with pytest.raises(ValueError, match="X has inf in row 0"):
        package.NearestNeighbors(1, metric="nan_euclidean").fit([[np.inf, 1.0]])


def test_scikit_learn_is_told_that_missing_numbers_are_allowed():
    allowed = {
        m: accelerated.KNNRegressor(metric=m).__sklearn_tags__().input_tags.allow_nan for m in ("l2", "nan_euclidean")
    }

    assert allowed == {"l2": False, "nan_euclidean": True}


def test_places_in_float32_are_measured_in_float64_whoever_searches(rng):
    X, Q = rng.uniform(-1, 1, (2000, 2)).astype(np.float32), rng.uniform(-1, 1, (20, 2))
    ours = accelerated.NearestNeighbors(3, metric="haversine", radius=0.05).fit(X)
    loop = reference.NearestNeighbors(3, metric="haversine", radius=0.05).fit(X)
    assert ours.search_report(Q).filter == "tree"

    for options in ({}, {"among": range(0, 2000, 2)}, {"among": [[i, 2 * i] for i in range(20)], "pad": True}):
        for found, expected in zip(ours.kneighbors(Q, **options), loop.kneighbors(Q, **options), strict=True):
            np.testing.assert_array_equal(found, expected)
    for found, expected in zip(ours.radius_neighbors(Q), loop.radius_neighbors(Q), strict=True):
        assert [row.tolist() for row in found] == [row.tolist() for row in expected]


@pytest.mark.parametrize("n_queries", [1, 40])
def test_the_mahalanobis_distance_of_equal_rows_is_zero_without_a_sign(n_queries):
    """Else the bits depend on whether a filter has measured the pair."""
    queries, params = np.full((n_queries, 2), -0.0), {"VI": np.array([[2.0, -1.0], [-1.0, 2.0]])}
    for make in (reference.NearestNeighbors, accelerated.NearestNeighbors):
        model = make(2, metric="mahalanobis", metric_params=params).fit(np.zeros((300, 2)))
        distances, _ = model.kneighbors(queries)
        assert not np.signbit(distances).any()
