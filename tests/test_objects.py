"""Examples of any kind with a function of two examples, and the names of features: alike in both packages."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

import accelerated
import reference

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
WORDS = ["ab", "abc", "a", "abcd", "ab", "zzzzzz", "abcde"]
Y = [0, 1, 0, 1, 0, 1, 1]


def by_length(a, b):
    return abs(len(a) - len(b))


def by_seen_values(a, b):
    """Compares where both have a number; it needs arrays."""
    seen = ~(np.isnan(a) | np.isnan(b))
    return float(np.abs(a - b)[seen].sum())


def by_sets(a, b):
    return 1 - len(a & b) / len(a | b)


EXAMPLES = {
    "strings": (WORDS, ["abc", "zz"], by_length),
    "array of strings": (np.array(WORDS), np.array(["abc", "zz"]), by_length),
    "Series of strings": (pd.Series(WORDS), pd.Series(["abc", "zz"]), by_length),
    "lists of different lengths": ([list(word) for word in WORDS], [["q"] * 3], by_length),
    "lists of the same length": ([[i, 2 * i] for i in range(7)], [[3, 5]], lambda a, b: abs(a[0] - b[0]) + len(a)),
    "sets": ([set(word) for word in WORDS], [{"a", "b"}], by_sets),
    "dicts": ([{"n": len(word)} for word in WORDS], [{"n": 2}], lambda a, b: abs(a["n"] - b["n"])),
    "arrays with NaN": ([np.array([i, np.nan, 1.0]) for i in range(7)], [np.array([np.nan, 2, 3])], by_seen_values),
    "arrays of different lengths": ([np.arange(i + 1) for i in range(7)], [np.arange(3)], by_length),
    "tensors": ([torch.arange(i + 1) for i in range(7)], [torch.arange(3)], by_length),
    "numbers": (range(7), [2.5], lambda a, b: abs(a - b)),
    "None among them": ([None, *WORDS[1:]], ["ab", None], lambda a, b: float((a is None) != (b is None))),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_lists_of_anything_have_the_same_neighbors_and_predictions_in_both_packages(kind):
    examples, queries, metric = EXAMPLES[kind]
    told = []
    for package in (reference, accelerated):
        search = package.NearestNeighbors(3, metric=metric).fit(examples)
        classifier = package.KNNClassifier(3, metric=metric, weights="distance").fit(examples, Y)
        regressor = package.KNNRegressor(2, metric=metric).fit(examples, Y)
        told.append([
            *search.kneighbors(queries), *search.kneighbors(), search.get_neighbors(next(iter(queries))),
            classifier.predict(queries), classifier.predict_proba(None), regressor.predict(queries),
            classifier.score(examples, Y), search.get_distance(examples[0], examples[1]),
            package.select_n_neighbors(package.KNNClassifier(metric=metric), examples, Y, [1, 2], cv=2).scores,
        ])  # fmt: skip

    for a, b in zip(*told, strict=True):
        assert np.asarray(a).tolist() == np.asarray(b).tolist()


@both
def test_arrays_inside_a_list_reach_the_function_as_they_are(package):
    seen = []

    def metric(a, b):
        seen.extend([a, b])
        return float(np.nansum(np.abs(a - b)))

    rows = [np.array([1, 2], dtype=np.int8), np.array([3.0, np.nan], dtype=np.float32)]
    package.NearestNeighbors(1, metric=metric).fit(rows).kneighbors([rows[0]])

    assert all(isinstance(array, np.ndarray) for array in seen)
    assert {array.dtype.name for array in seen} == {"int8", "float32"}


@both
def test_the_rows_of_an_array_reach_the_function_as_float64(package):
    seen = []
    package.NearestNeighbors(1, metric=lambda a, b: seen.append(a) or 1.0).fit(np.ones((2, 3), np.int8)).kneighbors()

    assert {(array.dtype.name, array.shape, array.flags.writeable) for array in seen} == {("float64", (3,), False)}


@both
def test_the_columns_of_pandas_own_types_are_numbers_too(package):
    frame = pd.DataFrame({"a": pd.array([1, 2, 4], "Int64"), "b": pd.array([True, False, True], "boolean")})
    model = package.NearestNeighbors(1, metric=lambda a, b: float((a - b).sum() ** 2)).fit(frame)

    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert model.kneighbors()[1].tolist() == [[1], [0], [0]]
    with pytest.raises(ValueError, match="<NA> in row 0, column 'a'"):
        model.fit(frame.assign(a=pd.array([None, 2, 4], "Int64")))


@both
def test_objects_are_copied_and_never_their_own_neighbors(package):
    rows = [[1], [1, 2], [1, 2, 3]]
    model = package.NearestNeighbors(1, metric=by_length).fit(rows)
    rows[0].extend([2, 3, 4, 5])

    assert model.kneighbors([[9]])[1].tolist() == [[0]]
    assert model.kneighbors()[1].tolist() == [[1], [0], [1]]


@both
def test_a_model_of_objects_is_pickled_and_fitted_again_on_numbers(package):
    model = pickle.loads(pickle.dumps(package.KNNClassifier(1, metric=by_length).fit(WORDS, Y)))
    assert model.predict(["xxxx"]).tolist() == [1]

    model.set_params(metric="euclidean").fit(np.arange(7.0)[:, None], Y)

    assert model.predict([[2.2]]).tolist() == [0]
    assert model.n_features_in_ == 1


ONE_EXAMPLE = {
    "a string": lambda: "abc",
    "bytes": lambda: b"abc",
    "a string of NumPy": lambda: np.array("ab"),
    "a number": lambda: 3,
    "None": lambda: None,
    "a dict": lambda: {"a": 1},
    "a set": lambda: {1, 2},
    "a generator": lambda: (word for word in WORDS),
    "nothing": list,
}


@both
@pytest.mark.parametrize("kind", ONE_EXAMPLE)
def test_one_example_is_not_a_list_of_examples(package, kind):
    with pytest.raises((TypeError, ValueError), match=r"^X"):
        package.NearestNeighbors(1, metric=by_length).fit(ONE_EXAMPLE[kind]())


FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 3)), columns=["a", "b", "c"])
LABELS = np.arange(8) % 2


def predict(package, rows, queries):
    answers = [package.NearestNeighbors(2).fit(rows).kneighbors(queries)[1].tolist()]
    for model in (package.KNNClassifier(2), package.KNNRegressor(2), package.SimilarityRegressor()):
        answers.append(np.asarray(model.fit(rows, LABELS).predict(queries)).round(6).tolist())
    return answers


@both
@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (FRAME[["b", "a", "c"]], "must be in the same order as they were in fit"),
        (
            FRAME.rename(columns={"a": "z"}),
            "unseen at fit time:\n- z\n.*seen at fit time, yet now missing:\n- a",
        ),
        (FRAME[["a", "b"]], "yet now missing:\n- c"),
        (FRAME.assign(d=1.0), "unseen at fit time:\n- d"),
    ],
    ids=["order", "renamed", "fewer", "more"],
)
def test_a_frame_with_other_columns_or_another_order_is_refused(package, queries, message):
    for model in (package.NearestNeighbors(2), package.KNNClassifier(2), package.SimilarityRegressor()):
        model.fit(FRAME, LABELS)
        with pytest.raises(ValueError, match=f"(?s)The feature names should match.*{message}"):
            model.kneighbors(queries) if hasattr(model, "kneighbors") else model.predict(queries)


def test_names_are_remembered_and_compared_as_scikit_learn_does():
    theirs = KNeighborsClassifier(2).fit(FRAME, LABELS)
    for package in (reference, accelerated):
        ours = package.KNNClassifier(2).fit(FRAME, LABELS)
        assert ours.feature_names_in_.tolist() == theirs.feature_names_in_.tolist()
        assert ours.feature_names_in_.dtype == theirs.feature_names_in_.dtype
        assert ours.n_features_in_ == theirs.n_features_in_
        for queries in (FRAME[["b", "a", "c"]], FRAME[["a", "b"]], FRAME.assign(d=1.0)):
            lines = []
            for model in (ours, theirs):
                with pytest.raises(ValueError, match="names") as caught:
                    model.predict(queries)
                lines.append(str(caught.value).splitlines()[:2])
            assert lines[0][0] == lines[1][0]
            assert lines[0][1].startswith(lines[1][1].removesuffix("."))
        with pytest.warns(UserWarning, match="X does not have valid feature names, but KNNClassifier was fitted with"):
            ours.predict(FRAME.to_numpy())
        ours.fit(FRAME.to_numpy(), LABELS)
        assert not hasattr(ours, "feature_names_in_")
        with pytest.warns(UserWarning, match="X has feature names, but KNNClassifier was fitted without") as warned:
            ours.predict(FRAME)
        assert warned[0].filename == __file__


@both
def test_names_that_are_not_strings_are_not_remembered(package):
    model = package.NearestNeighbors(2).fit(FRAME.to_numpy())
    expected = model.kneighbors(FRAME.to_numpy())[1].tolist()

    for columns in ([0, 1, 2], [2.5, 1.5, 0.5]):
        frame = FRAME.set_axis(columns, axis=1)
        assert package.NearestNeighbors(2).fit(frame).kneighbors(frame)[1].tolist() == expected


@both
def test_two_columns_of_one_name_are_two_features(package):
    twins = FRAME.set_axis(["a", "a", "b"], axis=1)

    assert predict(package, twins, twins) == predict(package, FRAME.to_numpy(), FRAME.to_numpy())


@both
def test_a_row_of_a_frame_is_an_example_with_names(package):
    model = package.NearestNeighbors(2).fit(FRAME)

    assert model.get_neighbors(FRAME.iloc[3])[0] == (3, 0.0)
    with pytest.raises(ValueError, match="order"):
        model.get_neighbors(FRAME.iloc[3][["b", "a", "c"]])


ODD = {
    "every other number": lambda rows: torch.view_as_real(torch.complex(rows, -rows))[..., 1],
    "imaginary part of a conjugate": lambda rows: torch.complex(rows, -rows).conj().imag,
    "negated view": lambda rows: torch._neg_view(-rows),
    "zero stride": lambda rows: rows[:1].expand(8, 3),
    "overlapping": lambda rows: torch.as_strided(rows.contiguous(), (8, 3), (2, 1)),
    "transposed": lambda rows: rows.T.contiguous().T,
    "a parameter": lambda rows: torch.nn.Parameter(rows.clone()),
    "a subclass": lambda rows: rows.as_subclass(type("Mine", (torch.Tensor,), {})),
    "big-endian": lambda rows: rows.numpy().astype(">f8"),
    "swapped back": lambda rows: rows.numpy().byteswap().view(">f8"),
    "long double": lambda rows: rows.numpy().astype(np.longdouble),
    "zero stride in NumPy": lambda rows: np.broadcast_to(rows.numpy()[:1], (8, 3)),
    "overlapping in NumPy": lambda rows: np.lib.stride_tricks.as_strided(rows.numpy().copy(), (8, 3), (16, 8)),
    "reversed": lambda rows: rows.numpy()[::-1, ::-1],
    "unaligned": lambda rows: np.frombuffer(b"x" + rows.numpy().tobytes(), np.uint8)[1:].view("f8").reshape(8, 3),
    "a matrix of a masked array without a mask": lambda rows: np.ma.array(rows.numpy()),
    "a memory map's kind": lambda rows: rows.numpy().view(type("Mapped", (np.ndarray,), {})),
}


@both
@pytest.mark.parametrize("kind", ODD)
def test_odd_views_give_the_answers_of_their_copy(package, kind):
    rows = torch.tensor(FRAME.to_numpy())
    odd = ODD[kind](rows)
    plain = np.array(odd.tolist(), dtype=np.float64)

    assert predict(package, odd, odd) == predict(package, plain, plain)
