"""Nothing is converted, merged or dropped silently on the way in, and what is refused is told in the same words."""

import decimal
import enum
import threading

import numpy as np
import pandas as pd
import pytest
import torch

import accelerated
import reference

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
X = np.arange(12.0).reshape(6, 2)


class Fruit(str, enum.Enum):  # noqa: UP042 its text is not its value
    apple = "x"
    pear = "y"


class Tag(str):
    def __str__(self):
        return "tag"


DISTINCT = {
    "members of an enum of strings": [Fruit.apple, Fruit.pear] * 3,
    "strings with a text of their own": [Tag("a"), Tag("b")] * 3,
    "strings that end in a zero byte": ["a", "a\0"] * 3,
    "bytes that end in a zero byte": [b"\1", b"\1\0"] * 3,
    "ints beyond the floats, with one of them": [2**53, 2**53 + 1, 1.0] * 2,
    "ints that need a sign and 64 bits": [2**63 + 5, 2**63 + 6, -7] * 2,
    "ints of any size": [10**400, 10**400 + 1] * 3,
    "decimals of any size": [decimal.Decimal("1E+1000000"), decimal.Decimal(2)] * 3,
}


@both
@pytest.mark.parametrize("kind", DISTINCT)
def test_labels_that_differ_stay_apart_and_come_back(package, kind):
    y = DISTINCT[kind]
    model = package.KNNClassifier(1).fit(X, y)

    assert list(model.predict(X)) == y
    assert len(model.classes_) == len(set(y))
    assert model.score(X, y) == 1


@both
def test_labels_are_compared_as_they_are_and_not_as_floats(package):
    model = package.KNNClassifier(1).fit(X[:3], [2**63, 2**63 + 1, 2**63 + 2])

    assert model.score(X[:3], [2**63 + 1, 2**63 + 1, -1]) == 1 / 3


@both
@pytest.mark.parametrize(
    ("fitted", "asked"), [(["1", "2"], [1, 2]), ([True, False], ["True", "False"]), ([b"a"], ["a"])]
)
def test_labels_of_another_kind_are_refused_at_score(package, fitted, asked):
    model = package.KNNClassifier(1).fit(X[: len(fitted)], fitted)

    with pytest.raises(ValueError, match=r"y has .* in row 0, but the predictions are such as .*: pass"):
        model.score(X[: len(fitted)], asked)


@both
@pytest.mark.parametrize("missing", [np.nan, pd.NA, None])
def test_missing_strings_of_numpy_are_missing_labels(package, missing):
    y = np.array(["a", missing, "b"] * 2, dtype=np.dtypes.StringDType(na_object=missing))

    with pytest.raises(ValueError, match=r"in row 1 .*missing labels"):
        package.KNNClassifier(1).fit(X, y)


@pytest.mark.parametrize("dtype", [">i4", ">U3", "ulonglong", "S3"])
def test_labels_come_back_in_their_type_from_both_packages(dtype):
    y = np.array([1, 2, 3, 1, 2, 3]).astype(dtype)
    ours, theirs = (package.KNNClassifier(1).fit(X, y).predict(X) for package in (accelerated, reference))

    assert ours.dtype == theirs.dtype == y.dtype
    assert ours.tolist() == theirs.tolist() == y.tolist()
    by_tensor = np.asarray(accelerated.KNNClassifier(1).fit(X, y).predict(torch.tensor(X)))
    assert by_tensor.tolist() == y.tolist()


def masked_rows():
    return list(np.ma.array(X, mask=X == 3))


class Masked:
    def __array__(self, dtype=None, copy=None):
        return np.ma.array(X, mask=X == 3)


@both
@pytest.mark.parametrize(
    "make", [masked_rows, lambda: tuple(masked_rows()), Masked, lambda: [[1, np.ma.masked], [2, 3]]],
    ids=["list", "tuple", "array-like", "entry"],
)  # fmt: skip
def test_a_mask_is_seen_wherever_it_is(package, make):
    for refused in (
        lambda: package.NearestNeighbors(1).fit(make()),
        lambda: package.NearestNeighbors(1).fit(X).kneighbors(make()),
        lambda: package.KNNRegressor(1).fit(X[: len(X) if make is Masked else 2], make()),
        lambda: package.KNNRegressor(1, weights=lambda d: np.ma.masked_less(d, 1)).fit(X, X).predict(X),
    ):
        with pytest.raises(ValueError, match="masked entries"):
            refused()


@both
@pytest.mark.parametrize("name", ["detach", "tocsr", "todense", "columns", "to_frame", "_mask", "__array__", "dtype"])
def test_a_column_may_have_the_name_of_a_method(package, name):
    frame = pd.DataFrame(X, columns=["a", name])
    y = pd.Series(np.arange(6.0), index=[name, *"abcde"])
    model = package.KNNRegressor(1).fit(frame, y)

    assert model.predict(frame).tolist() == y.tolist()
    assert model.get_neighbors(frame.iloc[2]) == [(2, 0.0)]


CARS = pd.DataFrame({"make": ["vw", "vw", "bmw"], "fuel": ["gas", "vw", "vw"]})
MIXED = pd.DataFrame({"a": [1.0, 2, 3], "flag": [True, False, True]})


@both
@pytest.mark.parametrize("frame", [CARS, MIXED, MIXED.astype({"a": "Float64"})], ids=["words", "mixed", "nullable"])
def test_the_columns_of_a_frame_are_compared_for_a_function_too(package, frame):
    model = package.NearestNeighbors(3, metric=lambda a, b: float(sum(p != q for p, q in zip(a, b, strict=True))))
    model.fit(frame)

    assert model.kneighbors(frame)[1][:, 0].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="order"):
        model.kneighbors(frame[frame.columns[::-1]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        model.kneighbors(frame.assign(z=1))


@both
def test_an_object_that_is_fitted_in_a_list_is_asked_as_it_is(package):
    rows = [pd.Series({"x": i, "name": "a" * i}) for i in range(4)]
    model = package.NearestNeighbors(1, metric=lambda a, b: abs(a["x"] - b["x"])).fit(rows)

    assert model.get_neighbors(rows[2]) == [(2, 0.0)]
    assert model.get_distance(rows[0], rows[3]) == 3


@both
def test_a_function_of_weights_may_write_to_the_distances(package):
    def pure(distances):
        return 1 / (distances + 1e-3)

    def in_place(distances):
        distances += 1e-3
        np.divide(1, distances, out=distances)
        return distances

    folds = [(np.delete(np.arange(6), i), np.array([i, (i + 1) % 6])) for i in range(6)]
    folds = [(np.setdiff1d(train, test), test) for train, test in folds]
    told = [
        package.select_n_neighbors(package.KNNRegressor(weights=weights), X, X[:, 0] ** 2, [1, 2, 3], cv=folds).scores
        for weights in (pure, in_place)
    ]

    np.testing.assert_array_equal(*told)


@both
@pytest.mark.parametrize(
    "result", [np.array("1"), np.array(b"1"), np.void(b"12345678"), np.str_("1"), np.datetime64(1, "D"), np.ma.masked],
    ids=["string", "bytes", "void", "scalar string", "date", "masked"],
)  # fmt: skip
def test_a_result_of_a_metric_that_is_no_number_is_refused(package, result):
    with pytest.raises(TypeError, match=r"^metric=.* returned "):
        package.NearestNeighbors(1, metric=lambda a, b: result).fit(X).kneighbors(X)


@both
@pytest.mark.parametrize("place", ["X", "query", "y", "label", "pair"])
def test_a_signalling_nan_is_a_missing_number(package, place):
    bad = decimal.Decimal("sNaN")
    with pytest.raises(ValueError, match="in row 0"):
        {
            "X": lambda: package.NearestNeighbors(1).fit([[bad], [1]]),
            "query": lambda: package.NearestNeighbors(1).fit([[2], [1]]).kneighbors([[bad]]),
            "y": lambda: package.KNNRegressor(1).fit([[2], [1]], [bad, 1]),
            "label": lambda: package.KNNClassifier(1).fit([[2], [1]], [bad, 1]),
            "pair": lambda: package.NearestNeighbors(1).get_distance([bad], [1]),
        }[place]()


@pytest.mark.parametrize(
    "weights",
    [["1"] * 6, [np.nan] * 6, [None, *[1] * 5], [-1, *[1] * 5], [np.inf, *[1] * 5], [0] * 6, {1: 2}, np.ones(6) * 1j,
     [10**400] * 6, (1 for _ in range(6)), np.ma.masked_equal([1, 2, 1, 1, 1, 1], 2), pd.array([1, None] * 3)],
    ids=range(12),
)  # fmt: skip
@pytest.mark.parametrize("model", ["KNNClassifier", "KNNRegressor"])
def test_bad_weights_of_queries_are_refused_by_name(model, weights):
    fitted = getattr(accelerated, model)(1).fit(X, [0, 1] * 3)

    with pytest.raises((ValueError, TypeError), match="sample_weight"):
        fitted.score(X, [0, 1] * 3, sample_weight=weights)


BAD_CV = [7, 1, 0, -1, 2.0, "2", None, 10**5000, [1, 2], [(1,)], [None], [([0], [9])], [[[0, 1], "a"]], []]


@pytest.mark.parametrize("cv", BAD_CV, ids=range(len(BAD_CV)))
@pytest.mark.parametrize("model", ["KNNClassifier", "KNNRegressor"])
def test_a_bad_cv_is_refused_with_the_same_words(cv, model):
    told = []
    for package in (reference, accelerated):
        with pytest.raises((ValueError, TypeError), match="cv") as caught:
            package.select_n_neighbors(getattr(package, model)(), X, [0, 1] * 3, [1], cv=cv)
        told.append((type(caught.value), str(caught.value)))

    assert told[0] == told[1]
    assert len(told[0][1]) < 1000


PAIRS = [
    (1, 2),
    ([[1, 2]], [[1, 2]]),
    ([1, 2], ["3", "4"]),
    ([1], [1, 2]),
    ([], []),
    ([1, np.nan], [1, 2]),
    ([1e200], [1]),
]


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_a_bad_example_of_a_pair_is_called_by_its_name(pair):
    told = []
    for package in (reference, accelerated):
        with pytest.raises(ValueError, match=r"^[ab] has") as caught:
            package.NearestNeighbors().get_distance(*pair)
        told.append(str(caught.value))

    assert told[0] == told[1]


@both
@pytest.mark.parametrize("example", [X[:1], pd.DataFrame(X[:1]), [[1, 2]], 3, "ab", None])
def test_several_examples_are_not_one(package, example):
    model = package.NearestNeighbors(1).fit(X)

    with pytest.raises(ValueError, match=r"example has shape .*, but must have shape"):
        model.get_neighbors(example)
    with pytest.raises(TypeError, match="return_distance='no' is a str, but must be True or False"):
        model.kneighbors(X, 1, "no")


@both
def test_a_negative_distance_that_is_given_is_named_with_its_place(package):
    distances = np.abs(X[:, :1] - X[:, 0])
    bad = distances.copy()
    bad[2, 3] = -1
    with pytest.raises(ValueError, match=r"X has a distance of -1.0 in row 2, column 3, below 0"):
        package.NearestNeighbors(metric="precomputed").fit(bad)
    with pytest.raises(ValueError, match=r"X has a distance of -1.0 in row 2, column 3, below 0"):
        package.NearestNeighbors(metric="precomputed").fit(distances).kneighbors(bad)


@both
def test_what_cannot_be_copied_is_named_with_its_row(package):
    with pytest.raises(TypeError, match=r"X has a lock in row 1 that cannot be copied"):
        package.NearestNeighbors(1, metric=lambda a, b: 1.0).fit([1, threading.Lock()])
    embeddings = list(torch.ones(3, 2, requires_grad=True) * 2)
    with pytest.raises(TypeError, match=r"X has a Tensor in row 0 .*: pass \[x.detach\(\) for x in X\]"):
        package.NearestNeighbors(1, metric=lambda a, b: 1.0).fit(embeddings)


class Locked:
    """A metric that cannot be copied."""

    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, a, b):
        return abs(float(a[0] - b[0]))


@both
def test_k_is_chosen_for_a_metric_that_cannot_be_copied(package):
    model = package.KNNRegressor(metric=Locked())

    assert package.select_n_neighbors(model, X, X[:, 0], [1, 2], cv=2).best in (1, 2)


@pytest.mark.parametrize("limit", ["9" * 400, "1" + " " * 60_000 + "x", "1e400GB", "nan", "", " "], ids=range(6))
def test_a_memory_limit_that_is_no_number_is_refused_at_once(limit):
    with pytest.raises(ValueError, match=r"memory_limit=.*: pass bytes as an int"):
        accelerated.NearestNeighbors(memory_limit=limit).fit(X)


@pytest.mark.parametrize("device", ["gpu", "privateuseone", 10**30, 1.5, [], "cuda:99", "meta"], ids=range(7))
def test_a_device_that_cannot_be_used_is_refused_with_advice(device):
    with pytest.raises(ValueError, match=r"^device=.* cannot be used: ") as caught:
        accelerated.NearestNeighbors(device=device).fit(X)

    assert str(caught.value).endswith(("torch does not know it; did you mean 'cuda'?", ": pass device='cpu', or None"))
    assert len(str(caught.value)) < 1000


@both
def test_tiny_numbers_raise_nothing_where_numpy_is_told_to_raise(package):
    with np.errstate(all="raise"):
        for params in (
            {},
            {"metric": "sqeuclidean"},
            {"metric": "cosine"},
            {"p": 3},
            {"p": 16},
            {"p": 2.5},
            {"p": 0.01},
        ):
            package.NearestNeighbors(1, **params).fit(X * 1e-170).kneighbors(X[:2] * 1e-165)
        for name in ("rbf", "linear", "cosine", "polynomial", "sigmoid", "laplacian"):
            package.SimilarityRegressor(name, jitter=1).fit(X * 1e-170, X[:, 0]).predict(X * 1e-165)


@both
def test_memory_that_runs_out_is_not_blamed_on_the_input(package, monkeypatch):
    def run_out(*args, **kwargs):
        raise MemoryError

    model = package.KNNClassifier(1).fit(X, [0, 1] * 3)
    for name in ("asanyarray", "unique"):
        with monkeypatch.context() as patched:
            patched.setattr(np, name, run_out)
            with pytest.raises(MemoryError):
                package.KNNClassifier(1).fit(X, [0, 1] * 3)
    with pytest.raises(MemoryError):
        package.NearestNeighbors(1, metric=run_out).fit(X).kneighbors(X)
    assert model.predict(X).tolist() == [0, 1] * 3


def test_a_bar_without_a_place_to_draw_it_is_not_drawn(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)

    assert accelerated.NearestNeighbors(1, progress=True).fit(X).kneighbors()[1].shape == (6, 1)
    model = accelerated.SimilarityRegressor(progress=True).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="progress='no' is a str"):
        model.set_params(progress="no").predict(X)
