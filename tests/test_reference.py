"""Examples worked by hand, for whoever reads ``reference`` to learn from it; each holds of ``accelerated`` too."""

import inspect
import math
import re

import numpy as np
import pytest

import accelerated
import reference

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])


def edit_distance(a, b):
    """Insertions, deletions and substitutions that turn one string into the other."""
    row = range(len(b) + 1)
    for i, x in enumerate(a, 1):
        previous, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x != y)))
    return row[-1]


@both
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ({"metric": "euclidean"}, 5),
        ({"metric": "sqeuclidean"}, 25),
        ({"metric": "manhattan"}, 7),
        ({"metric": "chebyshev"}, 4),
        ({"metric": "minkowski", "p": 1}, 7),
        ({"metric": "minkowski", "p": 2}, 5),
        ({"metric": "minkowski", "p": np.inf}, 4),
        ({"metric": "minkowski", "p": 3}, 91 ** (1 / 3)),
        ({"metric": "minkowski", "p": 0.5}, (3**0.5 + 4**0.5) ** 2),
        ({"metric": "minkowski", "p": 1000}, 4),
        ({"metric": "hamming"}, 2 / 3),
        ({"metric": "jaccard"}, 2 / 3),
        ({"metric": lambda a, b: float(np.sum(a) - np.sum(b))}, 7),
        ({"metric": lambda a, b, w: w * abs(a[0] - b[0]), "metric_params": {"w": 2}}, 6),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),  # the same ids in every process
)
def test_distance_worked_by_hand(package, metric, expected):
    distance = package.NearestNeighbors(**metric).get_distance([3, 4, 1], [0, 0, 1])

    assert type(distance) is float
    assert distance == pytest.approx(expected, rel=1e-15)


@both
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 0], [0, 2], 1),
        ([1, 1], [3, 3], 0),
        ([1, 0], [-5, 0], 2),
        ([1, 0], [1, 1], 1 - math.sqrt(0.5)),
        ([1e-200, 0], [1e-200, 1e-200], 1 - math.sqrt(0.5)),
        ([1e200, 0], [1e200, 1e200], 1 - math.sqrt(0.5)),
        ([0, 0], [0, 0], 0),
        ([0, 0], [1, 5], 1),
        ([5, 1], [0, 0], 1),
        ([1, 1e-9], [1, 0], 5e-19),  # 1 - cos would be 0
    ],
)
def test_cosine_worked_by_hand(package, a, b, expected):
    distance = package.NearestNeighbors(metric="cosine").get_distance(a, b)

    assert distance == pytest.approx(expected, rel=1e-14, abs=1e-16 if expected > 1e-9 else 0)


@both
@pytest.mark.parametrize("offset", [0.0, 1e8, 1e12])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "jaccard"])
def test_an_example_is_at_0_from_itself(package, metric, offset):
    for example in np.random.default_rng(0).random((50, 33)) + offset:
        assert package.NearestNeighbors(metric=metric).get_distance(example, example) == 0


@both
def test_jaccard_counts_what_is_not_0_also_below_it(package):
    assert package.NearestNeighbors(metric="jaccard").get_distance([-1, 2, 0, -3], [5, 0, 0, -1]) == 1 / 3


@both
def test_jaccard_of_two_empty_sets_is_0(package):
    assert package.NearestNeighbors(metric="jaccard").get_distance([0, 0], [0, 0]) == 0


@both
def test_equidistant_neighbors_prefer_the_lower_index(package):
    model = package.NearestNeighbors(3).fit([[1], [-1], [0], [1], [-1]])

    assert model.get_neighbors([0]) == [(2, 0.0), (0, 1.0), (1, 1.0)]


@both
def test_a_tie_at_the_last_place_goes_to_the_lower_index(package):
    X = np.repeat([[1.0], [0.0]], 50, axis=0)

    assert package.NearestNeighbors(10).fit(X).kneighbors([[0.0]], return_distance=False).tolist() == [[*range(50, 60)]]


@both
def test_leaving_out_oneself_is_by_index_not_by_distance(package):
    X = [[0, 1], [0, 1], [-1, 2], [5, 7], [-3, 2], [9, 9]]

    distances, indices = package.NearestNeighbors(2).fit(X).kneighbors()

    assert indices[:3].tolist() == [[1, 2], [0, 2], [0, 1]]
    assert distances[0].tolist() == [0, math.sqrt(2)]


@both
def test_a_query_equal_to_a_training_row_is_its_own_neighbor(package):
    X = [[0.0], [1.0], [5.0]]

    assert package.NearestNeighbors(1).fit(X).kneighbors(X, return_distance=False).tolist() == [[0], [1], [2]]


@both
def test_precomputed_distances_leave_out_by_index_too(package):
    D = [[100.0, 1, 2], [1, 100, 3], [2, 3, 100]]
    model = package.NearestNeighbors(1, metric="precomputed").fit(D)

    assert model.kneighbors(return_distance=False).tolist() == [[1], [0], [0]]
    assert model.get_neighbors([3, 0, 1]) == [(1, 0.0)]


@both
def test_equal_votes_go_to_the_smallest_label(package):
    model = package.KNNClassifier(2).fit([[0], [1]], ["b", "a"])

    assert model.predict([[0.1]]).tolist() == ["a"]
    assert model.predict_proba([[0.1]]).tolist() == [[0.5, 0.5]]


@both
@pytest.mark.parametrize("tiny", [0.0, 5e-324, 1e-310])
def test_where_one_over_distance_is_infinite_only_those_count(package, tiny):
    X, y = [[tiny], [-tiny], [1], [2]], [1, 5, 100, 100]
    model = package.KNNRegressor(4, metric="manhattan", weights="distance").fit(X, y)

    assert model.predict([[0], [1]]).tolist() == [3, 100]


@both
def test_votes_by_inverse_distance(package):
    model = package.KNNClassifier(3, weights="distance").fit([[1], [2], [4]], [0, 1, 1])

    assert model.predict_proba([[0]]).tolist() == [[1 / 1.75, 0.75 / 1.75]]
    assert model.predict([[0]]).tolist() == [0]


@both
def test_a_class_that_is_absent_has_probability_0(package):
    model = package.KNNClassifier(1).fit([[0], [1], [2]], [7, -2, 10**6])

    assert model.classes_.tolist() == [-2, 7, 10**6]
    assert model.predict_proba([[0]]).tolist() == [[0, 1, 0]]


@both
def test_many_outputs_are_predicted_column_by_column(package):
    X = [[0], [1], [2]]
    classifier = package.KNNClassifier(1).fit(X, [["a", "x"], ["b", "x"], ["b", "y"]])
    regressor = package.KNNRegressor(2).fit(X, [[0, 10], [1, 20], [5, 30]])

    assert classifier.predict([[1.1]]).tolist() == [["b", "x"]]
    assert [shares.tolist() for shares in classifier.predict_proba([[1.1]])] == [[[0, 1]], [[1, 0]]]
    assert classifier.score(X, [["a", "x"], ["b", "x"], ["a", "y"]]) == 2 / 3
    assert regressor.predict([[0.4]]).tolist() == [[0.5, 15]]
    assert regressor.score(X, [[0, 10], [1, 20], [5, 30]]) == pytest.approx(1 - (4.5 / 14 + 75 / 200) / 2)


@both
def test_y_of_one_column_is_a_column_for_numbers_and_a_warning_for_classes(package):
    X, y = [[0], [1]], [[3], [4]]

    assert package.KNNRegressor(1).fit(X, y).predict(X).tolist() == [[3], [4]]
    with pytest.warns(UserWarning, match=r"\(n, 1\)"):
        model = package.KNNClassifier(1).fit(X, y)
    assert model.predict(X).tolist() == [3, 4]


@both
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.float16, np.int64])
def test_targets_are_averaged_in_float64_whatever_their_type(package, dtype):
    large = {bool: True, np.int64: 2**62}.get(dtype, 100)
    y = np.full(300, large, dtype=dtype)

    predicted = package.KNNRegressor(300).fit(np.arange(300)[:, None], y).predict([[0]])

    assert predicted.dtype == np.float64
    assert predicted.tolist() == [float(large)]


@both
def test_r_squared_of_a_constant(package):
    model = package.KNNRegressor(1).fit([[0], [1]], [3, 3])

    assert model.score([[0], [1]], [3, 3]) == 1
    assert model.score([[0], [1]], [4, 4]) == 0
    assert package.KNNRegressor(1).fit([[0], [1]], [0, 2]).score([[0], [1]], [0, 4]) == 1 - 4 / 8


def test_strings_under_an_edit_distance():
    words = ["kitten", "sitting", "bitten", "house", "mouse", "horse"]
    model = reference.KNNClassifier(3, metric=edit_distance).fit(words, ["cat"] * 3 + ["animal"] * 3)

    assert model.get_distance("kitten", "sitting") == 3
    assert model.get_neighbors("mitten") == [(0, 1.0), (2, 1.0), (1, 3.0)]
    assert model.predict(["mitten", "louse"]).tolist() == ["cat", "animal"]
    assert model.predict(None).tolist() == ["cat"] * 3 + ["animal"] * 3
    assert reference.KNNRegressor(1, metric=edit_distance).fit(words, range(6)).predict(["hoarse"]).tolist() == [5]


def test_examples_may_be_sets_and_sequences_of_any_length():
    def overlap(a, b):
        return 1 - len(set(a) & set(b)) / len(set(a) | set(b))

    model = reference.NearestNeighbors(1, metric=overlap).fit([{1, 2}, {2, 3, 4}, {9}])
    assert model.get_neighbors({3, 4}) == [(1, pytest.approx(1 / 3))]
    assert model.kneighbors([{9, 8}, {1}], return_distance=False).tolist() == [[2], [0]]

    assert reference.NearestNeighbors(1, metric=overlap).fit([[1, 2], [3]]).get_neighbors([3]) == [(1, 0.0)]
    differ = reference.NearestNeighbors(1, metric=lambda a, b: a != b).fit([[1, 2], [3, 4]])
    assert differ.get_neighbors([3, 4]) == [(1, 0.0)]
    assert differ.get_distance([3, 4], [3, 5]) == 1


@both
def test_a_metric_gets_an_array_of_bytes_as_floats(package):
    pixels = np.array([[255], [0], [9]], dtype=np.uint8)
    model = package.NearestNeighbors(2, metric=lambda a, b: abs(a[0] - b[0])).fit(pixels)

    assert model.get_neighbors(np.array([1], dtype=np.uint8)) == [(1, 1.0), (2, 8.0)]
    assert model.get_distance(pixels[1], pixels[0]) == 255


@both
def test_a_metric_that_writes_to_its_arguments_fails(package):
    def careless(a, b):
        b -= a
        return float(np.abs(b).sum())

    with pytest.raises(ValueError, match="read-only"):
        package.NearestNeighbors(1, metric=careless).fit(np.eye(3)).kneighbors()


@both
def test_changing_the_training_data_after_fit_changes_nothing(package):
    X, y = np.array([[0.0], [5.0]]), np.array([1.0, 2.0])
    model = package.KNNRegressor(1).fit(X, y)

    X[:], y[:] = 5.0, 9.0

    assert model.predict([[0.0], [5.0]]).tolist() == [1, 2]


@pytest.mark.parametrize(
    "X", [[[1, 2], [3]], np.array([["ab", "c"], ["d", "e"]], dtype=object)], ids=["lists", "objects"]
)
def test_objects_are_copied_at_fit(X):
    query = [list(row) for row in X]
    model = reference.NearestNeighbors(1, metric=lambda a, b: list(a) != list(b)).fit(X)

    X[0][0] = "changed"

    assert model.get_neighbors(query[0]) == [(0, 0.0)]


def test_the_distance_of_two_examples_is_that_of_the_search():
    rng = np.random.default_rng(0)
    X, q = rng.random((50, 3)), rng.random(3)
    model = reference.NearestNeighbors(50, metric="minkowski", p=3).fit(X)

    assert all(model.get_distance(q, X[i]) == distance for i, distance in model.get_neighbors(q))


@both
def test_the_toy_data_is_learned(package):
    rng = np.random.default_rng(4)
    X = np.concatenate([rng.normal(1, 3, (30, 10)), rng.normal(5, 3, (20, 10))])
    y = np.repeat([0, 1], [30, 20])

    at_1, at_2, at_4, at_5 = package.KNNRegressor(5).fit(X, y).predict(np.outer([1, 2, 4, 5], np.ones(10)))

    assert 0 <= at_1 < at_2 < at_4 < at_5 <= 1
    assert at_1 < 0.1
    assert at_5 > 0.9


@both
def test_parameters_are_those_of_the_constructor(package):
    model = package.KNNClassifier(3, metric="cosine")

    assert model.set_params(weights="distance") is model
    params = model.get_params()
    assert (params["n_neighbors"], params["metric"], params["weights"]) == (3, "cosine", "distance")


def arguments(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


ONLY_ACCELERATED = {
    "NearestNeighbors": ["device", "memory_limit", "progress"],
    "KNNClassifier": ["device", "memory_limit", "progress"],
    "KNNRegressor": ["device", "memory_limit", "progress"],
    "RadiusNeighborsClassifier": ["device", "memory_limit", "progress"],
    "RadiusNeighborsRegressor": ["device", "memory_limit", "progress"],
    "SimilarityRegressor": ["rank", "device", "memory_limit", "progress"],
}


SELECTS_GAMMA = {"GammaSelection", "select_gamma"}  # in accelerated alone: it is a way to save time


METHODS = [
    *("fit", "get_distance", "get_neighbors", "kneighbors", "predict", "predict_proba", "score", "radius_neighbors"),
    *("kneighbors_graph", "radius_neighbors_graph", "count_within", "near_duplicates", "mutual_neighbors"),
]
ONLY_REFERENCE = {"NotFittedError", "ConvergenceWarning", "Graph"}  # in accelerated scikit-learn's, and SciPy's


def test_both_packages_have_the_same_names_and_arguments():
    assert set(accelerated.__all__) - SELECTS_GAMMA == set(reference.__all__) - ONLY_REFERENCE
    for name in set(accelerated.__all__) - SELECTS_GAMMA:
        ours, theirs = (arguments(getattr(package, name)) for package in (accelerated, reference))
        assert ours[: len(theirs)] == theirs
        assert [name for name, *_ in ours[len(theirs) :]] == ONLY_ACCELERATED.get(name, [])
        for method in METHODS:
            if hasattr(getattr(reference, name), method):
                ours, theirs = (arguments(getattr(getattr(p, name), method)) for p in (accelerated, reference))
                assert ours[: len(theirs)] == theirs


@both
def test_r_squared_is_worked_out_by_hand(package):
    model = package.KNNRegressor(1).fit([[0], [1], [2]], [0.0, 1.0, 1.0])

    assert model.score([[0], [1], [2]], [0, 1, 2]) == 0.5
    assert model.score([[0], [1], [2]], [5, 5, 5]) == 0
    assert package.KNNRegressor(1).fit([[0], [1]], [5.0, 5.0]).score([[0], [1]], [5, 5]) == 1


@both
@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e160, 1e300])
def test_r_squared_has_no_scale(package, scale):
    X, y, answers = np.arange(4.0)[:, None], np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])
    expected = package.KNNRegressor(1).fit(X, y).score(X, answers)

    assert expected == pytest.approx(0.6)
    assert package.KNNRegressor(1).fit(X, y * scale).score(X, answers * scale) == pytest.approx(0.6)


@both
def test_r_squared_of_constant_targets_is_0_even_where_their_mean_rounds(package):
    model = package.KNNRegressor(1).fit([[0], [1], [2]], [0.3, 0.3, 0.3])

    assert model.score([[0], [1], [2]], [0.1, 0.1, 0.1]) == 0
