"""Bad input of every kind, for every argument: both packages refuse it with the same built-in class and the same words.

``test_bad_input`` has cases by hand; here the cases are kinds of input times places where it can come in.
"""

import datetime
import decimal
import enum
import fractions
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from numpy.lib.recfunctions import structured_to_unstructured
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MultiLabelBinarizer, OneHotEncoder

import accelerated
import reference

X, Y = np.random.default_rng(0).normal(size=(6, 2)), np.array([0, 1, 0, 1, 0, 1])
Color = enum.Enum("Color", "red blue")


def with_entry(entry, dtype=object):
    rows = X.astype(dtype)
    rows[2, 1] = entry
    return rows


def frame(**columns):
    return pd.DataFrame({"a": X[:, 0], "b": X[:, 1], **columns})


class NoArray:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("cannot be read")


BAD_ENTRIES = {
    "NaN": np.nan,
    "None": None,
    "pandas NA": pd.NA,
    "NaT": pd.NaT,
    "Decimal NaN": decimal.Decimal("NaN"),
    "infinity": np.inf,
    "minus infinity": -np.inf,
    "Decimal infinity": decimal.Decimal("Infinity"),
    "a string": "?",
    "digits": "1.5",
    "bytes": b"1",
    "a date": datetime.date(2020, 1, 1),
    "a timestamp": pd.Timestamp("2020"),
    "a span": datetime.timedelta(1),
    "a NumPy span": np.timedelta64(1, "D"),
    "a NumPy date": np.datetime64("2020"),
    "complex": 1j,
    "NumPy's complex": np.complex64(1),
    "a dict": {},
    "a list": [1],
    "a set": {1},
    "an object": object(),
    "a function": len,
    "an enum": Color.red,
    "too large an int": 10**400,
    "too large a number": fractions.Fraction(10**400, 3),
}
BAD_X = {
    **{f"{name} among objects": lambda entry=entry: with_entry(entry) for name, entry in BAD_ENTRIES.items()},
    **{
        f"{name} in a DataFrame": lambda entry=entry: frame(c=pd.Series([1, 2, entry, 4, 5, 6], dtype=object))
        for name, entry in BAD_ENTRIES.items()
    },
    **{
        f"{name} in a list": lambda entry=entry: [[1, 2], [3, entry], [5, 6]]
        for name, entry in BAD_ENTRIES.items()
        if name != "a list"
    },
    "NaN in float16": lambda: with_entry(np.nan, "f2"),
    "NaN in big-endian": lambda: with_entry(np.nan, ">f8"),
    "infinity in a long double": lambda: with_entry(np.longdouble("1e400"), np.longdouble),
    "complex array": lambda: X * 1j,
    "strings": lambda: X.astype(str),
    "bytes array": lambda: X.astype("S"),
    "dates": lambda: np.full((6, 2), "2020-01-01", "M8[ns]"),
    "spans": lambda: np.full((6, 2), 3, "m8[D]"),
    "raw bytes": lambda: np.zeros((6, 2), "V8"),
    "fields": lambda: np.zeros(6, [("a", "f8"), ("b", "f8")]),
    "masked": lambda: np.ma.masked_less(X, 0),
    "a dict of columns": lambda: {"a": [1, 2], "b": [3, 4]},
    "a list of dicts": lambda: [{"a": 1}, {"a": 2}],
    "a set": lambda: {1, 2},
    "a generator": lambda: (row for row in X),
    "a map": lambda: map(list, X),
    "zip": lambda: zip(X[0], X[1], strict=True),
    "None": lambda: None,
    "a number": lambda: 3,
    "a string alone": lambda: "abc",
    "an object alone": lambda: object(),
    "an object that cannot be read": NoArray,
    "1-D list": lambda: [1.0, 2.0],
    "Series": lambda: pd.Series(X[:, 0]),
    "images": lambda: np.zeros((6, 1, 4, 4)),
    "empty": lambda: [],
    "rows of nothing": lambda: [[], []],
    "ragged": lambda: [[1, 2], [3]],
    "ragged inside": lambda: [[[1], [2, 3]]],
    "CSR matrix": lambda: scipy.sparse.csr_matrix(X),
    "COO array": lambda: scipy.sparse.coo_array(X),
    "LIL matrix": lambda: scipy.sparse.lil_matrix(X),
    "Int64 with NA": lambda: frame(c=pd.array([1, None, 2, None, 3, 4], "Int64")),
    "boolean with NA": lambda: frame(c=pd.array([True, None] * 3, "boolean")),
    "category": lambda: frame(c=pd.Categorical(["x", "y"] * 3)),
    "dates in a DataFrame": lambda: frame(c=pd.to_datetime(["2020"] * 6)),
    "dates with a zone": lambda: frame(c=pd.to_datetime(["2020"] * 6, utc=True)),
    "strings of pandas": lambda: frame(c=pd.array(["1"] * 6, "string")),
    "names of two types": lambda: pd.DataFrame(X, columns=["a", 1]),
    "too large": lambda: X * 1e200,
    "1-D tensor": lambda: torch.ones(6),
    "complex tensor": lambda: torch.ones(6, 2, dtype=torch.complex64),
    "conjugated tensor": lambda: torch.ones(6, 2, dtype=torch.complex64).conj(),
    "NaN in a tensor": lambda: torch.tensor(with_entry(np.nan, "f4")),
    "infinity in a bfloat16": lambda: torch.tensor(with_entry(np.inf, "f4")).bfloat16(),
    "meta tensor": lambda: torch.empty(6, 2, device="meta"),
    "sparse tensor": lambda: torch.eye(6).to_sparse(),
    "float8": lambda: torch.ones(6, 2).to(torch.float8_e4m3fn),
    "no rows in a tensor": lambda: torch.ones(0, 2),
    "list of tensors that require grad": lambda: [torch.ones(2, requires_grad=True)],
}
BAD_Y = {
    **{f"{name} among objects": lambda entry=entry: [0, 1, entry, 1, entry, 0] for name, entry in BAD_ENTRIES.items()},
    "too short": lambda: Y[:5],
    "too long": lambda: [*Y, 1],
    "None": lambda: None,
    "a number": lambda: 1,
    "a string": lambda: "abcdef",
    "a dict": lambda: dict(enumerate(Y)),
    "a set": lambda: set(range(6)),
    "a generator": lambda: (label for label in Y),
    "3-D": lambda: np.zeros((6, 1, 1)),
    "no outputs": lambda: np.zeros((6, 0)),
    "ragged": lambda: [["a", "b"], ["c"], ["a"], ["b"], ["a"], ["a"]],
    "sparse": lambda: scipy.sparse.csr_matrix(Y[:, None]),
    "masked": lambda: np.ma.masked_equal(Y, 1),
    "complex": lambda: Y * 1j,
    "fields": lambda: np.zeros(6, [("a", "f8")]),
    "NaT": lambda: np.full(6, "NaT", "M8[D]"),
    "NaN": lambda: np.where(Y == 1, np.nan, 0),
    "infinity": lambda: np.where(Y == 1, np.inf, 0),
    "missing string": lambda: pd.Series(["a", None] * 3),
    "missing string of pandas": lambda: pd.Series(["a", None] * 3, dtype="string"),
    "missing category": lambda: pd.Series(["a", None] * 3, dtype="category"),
    "Int64 with NA": lambda: pd.Series([1, None] * 3, dtype="Int64"),
    "meta tensor": lambda: torch.empty(6, device="meta"),
    "an object that cannot be read": NoArray,
}  # fmt: skip
MODELS = ("NearestNeighbors", "KNNClassifier", "KNNRegressor", "SimilarityRegressor")
PREDICTORS = MODELS[1:]


def fit(package, model, X=X, y=Y, **params):
    params = params or ({} if model == "SimilarityRegressor" else {"n_neighbors": 2})
    return getattr(package, model)(**params).fit(X, y)


def ask(package, model, Q):
    fitted = fit(package, model)
    return fitted.kneighbors(Q) if model == "NearestNeighbors" else fitted.predict(Q)


def choose(package, model, X=X, y=Y):
    return package.select_n_neighbors(getattr(package, model)(), X, y, [1, 2], cv=2)


GRID = [
    *[("X", f"{model}.fit", kind, lambda p, bad, m=model: fit(p, m, bad)) for model in MODELS for kind in BAD_X],
    *[
        ("X", f"{model}.query", kind, lambda p, bad, m=model: ask(p, m, bad))
        for model in MODELS
        for kind in BAD_X
        if not (kind == "None" and model != "SimilarityRegressor")  # leave-one-out
    ],
    *[("X", f"select {m}", kind, lambda p, bad, m=m: choose(p, m, bad)) for m in PREDICTORS[:2] for kind in BAD_X],
    *[("y", f"{model}.fit", kind, lambda p, bad, m=model: fit(p, m, y=bad)) for model in PREDICTORS for kind in BAD_Y],
    *[("y", f"{model}.score", kind, lambda p, bad, m=model: fit(p, m).score(X, bad))
      for model in PREDICTORS for kind in BAD_Y],
    *[("y", f"select {m}", kind, lambda p, bad, m=m: choose(p, m, y=bad)) for m in PREDICTORS[:2] for kind in BAD_Y],
]  # fmt: skip


def outcome(package, action, bad):
    """The built-in class of the exception and its message, or None if there is an answer."""
    try:
        action(package, bad)
    except (ValueError, TypeError) as error:
        return ValueError if isinstance(error, ValueError) else TypeError, str(error)
    return None


def test_the_grid_has_many_cases():
    assert len(GRID) >= 400


@pytest.mark.parametrize("place", dict.fromkeys(place for _, place, _, _ in GRID))
def test_both_packages_refuse_with_the_same_class_and_words(place):
    for argument, _, kind, action in [case for case in GRID if case[1] == place]:
        kinds = BAD_X if argument == "X" else BAD_Y
        outcomes = [outcome(package, action, kinds[kind]()) for package in (reference, accelerated)]

        assert outcomes[0] == outcomes[1], kind
        if outcomes[0] is None:
            assert place.endswith(".score") or (place, kind) in TAKEN, kind
        else:
            message = outcomes[0][1]
            assert len(message) <= 1000
            assert argument in message.replace(",", " ").replace(":", " ").replace("=", " ").split(), (kind, message)


TAKEN = {
    ("KNNClassifier.fit", "too large an int among objects"),
    ("select KNNClassifier", "too large an int among objects"),  # a class may be of any kind that can be sorted
    ("select KNNClassifier", "names of two types"),  # nor do the names of features matter where k is chosen
    ("select KNNRegressor", "names of two types"),
    *(
        (f"{model}.{method}", kind)
        for model in ("NearestNeighbors", "KNNClassifier", "KNNRegressor")
        for method in ("fit", "query")
        for kind in ("CSR matrix", "COO array", "LIL matrix")
    ),
}


ONE_BAD = {
    "NaN": (np.nan, "NaN"),
    "infinity": (np.inf, "inf"),
    "None": (None, "None"),
    "a string": ("?", "the string '?'"),
    "a date": (datetime.date(2020, 1, 1), "the date 2020-01-01"),
    "a dict": ({}, "{}"),
    "an int": (10**400, "too large"),
    "complex": (1j, "1j"),
}


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("kind", ONE_BAD)
def test_a_message_names_the_first_place_the_value_and_how_many_more(package, kind):
    entry, shown = ONE_BAD[kind]
    rows = X.astype(object)
    rows[2, 1] = rows[3, 0] = rows[5, 1] = entry
    for held, place in [
        (rows, "in row 2, column 1 (and 2 more)"),
        (rows.tolist(), "in row 2, column 1 (and 2 more)"),
        (pd.DataFrame(rows, columns=["height", "b"]), "in row 2, column 'b' (1) (and 2 more)"),
        (
            pd.DataFrame(rows, columns=["b", "b"], index=list("uvwxyz")),
            "in row 2 (index 'w'), column 'b' (1) (and 2 more)",
        ),
    ]:
        _, message = outcome(package, lambda p, bad: fit(p, "NearestNeighbors", bad), held)
        assert place in message
        assert shown in message
        assert message.startswith(("X has ", "Complex data not supported: X has "))
    _, message = outcome(package, lambda p, bad: fit(p, "KNNRegressor", y=bad), [1, 2, entry, 3, entry, 4])
    assert "y has " in message
    assert "in row 2 (and 1 more)" in message


HINTS = {  # kind: what to pass, a part of the message, and what it tells to do
    "one feature": (np.arange(6.0), "X.reshape(-1, 1)", lambda bad: bad.reshape(-1, 1)),
    "one feature in a list": ([1.0, 2, 3, 4, 5, 6], "np.reshape(X, (-1, 1))", lambda bad: np.reshape(bad, (-1, 1))),
    "one feature in a Series": (pd.Series(X[:, 0]), "X.to_frame() is 6 examples", lambda bad: bad.to_frame()),
    "one feature in a tensor": (torch.ones(6), "X.reshape(-1, 1)", lambda bad: bad.reshape(-1, 1)),
    "images": (np.zeros((6, 1, 4, 4)), "X.reshape(len(X), -1)", lambda bad: bad.reshape(len(bad), -1)),
    "images in a tensor": (torch.zeros(6, 1, 4, 4), "X.reshape(len(X), -1)", lambda bad: bad.reshape(len(bad), -1)),
    "a dict": ({"a": X[:, 0], "b": X[:, 1]}, "np.column_stack(list(X.values()))",
               lambda bad: np.column_stack(list(bad.values()))),
    "a generator": (X.__iter__(), "list(X)", list),
    "sparse tensor": (torch.tensor(X).to_sparse(), "X.to_dense()", lambda bad: bad.to_dense()),
    "float8": (torch.ones(6, 2).to(torch.float8_e5m2), "X.float()", lambda bad: bad.float()),
    "masked": (np.ma.masked_less(X, 0), "X.filled(value)", lambda bad: bad.filled(0)),
    "fields": (np.zeros(6, [("a", "f8"), ("b", "f8")]), "structured_to_unstructured(X)",
               lambda bad: structured_to_unstructured(bad)),
    "missing": (with_entry(np.nan, float), "SimpleImputer", lambda bad: SimpleImputer().fit_transform(bad)),
    "digits": (X.astype(str), "np.asarray(X, dtype=float)", lambda bad: np.asarray(bad, dtype=float)),
    "strings": (np.array([["a", "b"]] * 6), "OneHotEncoder(sparse_output=False)",
                lambda bad: OneHotEncoder(sparse_output=False).fit_transform(bad)),
    "too large": (X * 1e200, "divide by 1e+51", lambda bad: bad / 1e51),
    "list of tensors": ([torch.ones(2, requires_grad=True)] * 6, "torch.stack(X)", torch.stack),
    "names of two types": (pd.DataFrame(X, columns=["a", 1]), "X.columns = X.columns.astype(str)",
                           lambda bad: bad.set_axis(bad.columns.astype(str), axis=1)),
    "a typing error": (frame(c=["1", "2", "x", "4", "5", "6"]), "pd.to_numeric(column, errors='coerce')",
                       lambda bad: bad.assign(c=pd.to_numeric(bad["c"], errors="coerce").fillna(0))),
    "dates": (frame(c=pd.to_datetime(["2020"] * 5 + ["2021"])), "(dates - dates.min()) / np.timedelta64(1, 'D')",
              lambda bad: bad.assign(c=(bad["c"] - bad["c"].min()) / np.timedelta64(1, "D"))),
    "a list of dicts": ([{"a": 1, "b": 2}] * 6, "pd.DataFrame", pd.DataFrame),
}  # fmt: skip


def as_strings(labels):
    return np.array(labels, dtype=object).astype(str)


LABEL_HINTS = {
    "several labels": ([["a", "b"], ["c"], ["a"], ["b"], ["a"], ["a"]], "MultiLabelBinarizer().fit_transform(y)",
                       lambda bad: MultiLabelBinarizer().fit_transform(bad)),
    "sets of labels": ([{"a", "b"}, {"c"}, {"a"}, {"b"}, {"a"}, {"a"}], "MultiLabelBinarizer().fit_transform(y)",
                       lambda bad: MultiLabelBinarizer().fit_transform(bad)),
    "labels of two types": ([1, "a", 1, "a", 1, "a"], "np.array(y, dtype=object).astype(str)", as_strings),
    "enums": ([Color.red, Color.blue] * 3, "np.array(y, dtype=object).astype(str)", as_strings),
    "a generator": ((label for label in Y), "list(y)", list),
}  # fmt: skip


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("kind", HINTS)
def test_a_hint_about_x_works_when_obeyed(package, kind):
    bad, hint, obey = HINTS[kind]
    bad = X.__iter__() if kind == "a generator" else bad
    _, message = outcome(package, lambda p, bad: fit(p, "KNNClassifier", bad), bad)

    assert hint in message
    assert fit(package, "KNNClassifier", obey(bad)).predict(None).shape == (6,)


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("kind", LABEL_HINTS)
def test_a_hint_about_labels_works_when_obeyed(package, kind):
    bad, hint, obey = LABEL_HINTS[kind]
    bad = (label for label in Y) if kind == "a generator" else bad
    _, message = outcome(package, lambda p, bad: fit(p, "KNNClassifier", y=bad), bad)

    assert hint in message
    assert len(fit(package, "KNNClassifier", y=obey(bad)).predict(X)) == 6


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_the_hint_about_one_query_works_when_obeyed(package):
    for rows, query, hint in [(X, X[0], (1, -1)), (X[:, :1], X[:, 0], (-1, 1))]:
        model = fit(package, "NearestNeighbors", rows)
        with pytest.raises(ValueError, match=f"data: X.reshape.{hint[0]}, {hint[1]}. is [^,]*$"):
            model.kneighbors(query)
        model.kneighbors(query.reshape(hint))


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_the_hint_about_a_row_of_a_frame_works_when_obeyed(package):
    df = pd.DataFrame(X, columns=["a", "b"])
    model = fit(package, "KNNClassifier", df)
    for ask in (model.predict, model.predict_proba, model.kneighbors):
        with pytest.raises(
            ValueError, match=r"X.to_frame\(\).T is one .* so is df.iloc\[\[0\]\], but not df.iloc\[0\]$"
        ):
            ask(df.iloc[0])
    assert model.predict(df.iloc[0].to_frame().T) == model.predict(df.iloc[[0]])


def test_the_hints_about_memory_work_when_obeyed():
    rows = np.random.default_rng(0).normal(size=(60, 3))  # the least memory takes them one by one, which is slow
    for make in (
        lambda limit: accelerated.NearestNeighbors(memory_limit=limit).fit(rows).kneighbors(rows),
        lambda limit: (
            accelerated.SimilarityRegressor(jitter=1.0, memory_limit=limit).fit(rows, rows[:, 0]).predict(rows)
        ),
    ):
        with pytest.raises(ValueError, match=r"pass memory_limit=\d+ or more") as caught:
            make(1000)
        needed = int(str(caught.value).rpartition("memory_limit=")[2].split()[0])
        make(needed)


def sometimes(a, b):
    raise ZeroDivisionError("by nothing")


CALLABLES = {
    "takes matrices": (lambda a, b: np.linalg.norm(a[:, None] - b[None, :], axis=2), "failed with AxisError"),
    "returns a matrix": (lambda a, b: np.array([[1.0]]), r"of shape \(1, 1\)"),
    "returns a vector": (lambda a, b: np.abs(a - b), r"of shape \(2,\)"),
    "returns a tensor": (lambda a, b: torch.ones(1), r"of shape torch.Size\(\[1\]\)|of shape \(1,\)"),
    "returns None": (lambda a, b: None, "returned None"),
    "returns a string": (lambda a, b: "1", "returned '1'"),
    "returns complex": (lambda a, b: 1j, "returned 1j"),
    "raises": (sometimes, "ZeroDivisionError"),
    "wants bools": (lambda a, b: float((a & b).sum()), "ufunc 'bitwise_and' not supported"),
    "takes one": (lambda a: 1.0, "takes 1 positional argument"),
}


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("kind", CALLABLES)
@pytest.mark.parametrize("name", ["metric", "similarity"])
def test_a_function_that_fails_is_told_what_it_is_called_with(package, kind, name):
    function, part = CALLABLES[kind]
    model = "NearestNeighbors" if name == "metric" else "SimilarityRegressor"
    with pytest.raises((ValueError, TypeError), match=part) as caught:
        ask_with(package, model, {name: function})

    message = str(caught.value)
    assert message.startswith(f"{name}=")
    assert "is called with two examples" in message
    assert "must return one number" in message
    assert len(message) <= 1000
    assert (caught.value.__cause__ is None) == kind.startswith("returns a n")


def ask_with(package, model, params):
    fitted = getattr(package, model)(**params).fit(X, Y)
    return fitted.kneighbors(X, 1) if model == "NearestNeighbors" else fitted.predict(X)


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
def test_a_function_of_weights_that_fails_is_told_what_it_is_called_with(package):
    with pytest.raises(ValueError, match=r"^weights=.*failed with IndexError.*all distances, float64") as caught:
        package.KNNRegressor(2, weights=lambda d: d[:, 7]).fit(X, Y).predict(X)

    assert isinstance(caught.value.__cause__, IndexError)


class Grudging:
    """An object that cannot even be printed."""

    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize(
    "value",
    ["x" * 10**7, b"x" * 10**7, ["x"] * 10**6, 10**5000, -(10**5000), Grudging(), np.zeros(10**6), {1: "y" * 10**6}],
    ids=["string", "bytes", "list", "int", "negative", "object", "array", "dict"],
)
def test_a_message_has_at_most_1000_characters(package, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for params in ("n_neighbors", "metric", "p", "metric_params", "weights"):
            told = outcome(
                package, lambda p, bad, name=params: fit(p, "KNNClassifier", **{name: bad}).predict(X), value
            )
            assert told is not None, params
            assert len(told[1]) <= 1000
        for params in ("similarity", "gamma", "degree", "coef0", "jitter"):
            told = outcome(package, lambda p, bad, name=params: fit(p, "SimilarityRegressor", **{name: bad}), value)
            assert told is not None, params
            assert len(told[1]) <= 1000
