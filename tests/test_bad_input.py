"""Bad input raises the same built-in class in both packages, with a message that names the argument."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import accelerated
import accelerated.metrics
import reference
import reference.metrics

X = np.arange(18.0).reshape(9, 2)
Y = np.arange(9) % 3
NAN, INF = np.full((9, 2), np.nan), np.where(X == 3, np.inf, X)


def fit(X=X, **params):
    return lambda package: package.NearestNeighbors(**params).fit(X)


def query(Q, X=X, **params):
    return lambda package: package.NearestNeighbors(**params).fit(X).kneighbors(Q)


def ask_for(k, Q=X):
    return lambda package: package.NearestNeighbors().fit(X).kneighbors(Q, k)


def out_of_range():
    broken = scipy.sparse.csr_array(X)
    broken.indices[3] = 2**30
    return broken


def classify(y, X=X, **params):
    return lambda package: package.KNNClassifier(**params).fit(X, y).predict(X)


def regress(y, X=X, **params):
    return lambda package: package.KNNRegressor(**params).fit(X, y).predict(X)


def resemble(X=X, y=Y, Q=X, **params):
    return lambda package: package.SimilarityRegressor(**params).fit(X, y).predict(Q)


def choose(candidates=(1, 2), X=X, y=Y, model="KNNClassifier", cv=3, **params):
    def action(package):
        model_class = getattr(package, model)
        return package.select_n_neighbors(model_class(**params), X, y, candidates, cv=cv)

    return action


BAD_INPUT = {
    # the training data
    "NaN": (fit(NAN), ValueError, "NaN"),
    "infinity": (fit(INF), ValueError, "inf in row 1, column 1"),
    "infinity as a float32": (fit(INF.astype(np.float32)), ValueError, "inf in row 1"),
    "complex": (fit(X + 1j), ValueError, "complex|Complex"),
    "1-D": (fit(X[:, 0]), ValueError, "reshape"),
    "a number": (fit(3.0), ValueError, "dim|scalar"),
    "3-D": (fit(X[None]), ValueError, "dim"),
    "no rows": (fit(X[:0]), ValueError, r"0 sample|\(0, 2\)"),
    "no features": (fit(X[:, :0]), ValueError, r"0 feature|\(9, 0\)"),
    "None": (fit(None), ValueError, "scalar"),
    "strings": (fit(np.full((9, 2), "a")), ValueError, "the string 'a' in row 0, column 0"),
    "strings of digits": (fit(np.full((9, 2), "1")), ValueError, "the string '1'"),
    "bytes of digits": (fit(np.full((9, 2), b"1")), ValueError, "the string b'1'"),
    "objects that are strings of digits": (fit(np.full((9, 2), "1", dtype=object)), ValueError, "the string '1'"),
    "strings of digits in a DataFrame": (
        fit(pd.DataFrame({"a": ["1", "2"]})),
        ValueError,
        "'1' in row 0, column 'a'",
    ),
    "objects that are complex": (
        fit(np.array([[1 + 2j], [2]], dtype=object)),
        ValueError,
        "Complex data not supported: X has",
    ),
    "an int too large": (fit([[10**400]]), ValueError, "in row 0, column 0: it is too large for a float64"),
    "masked": (fit(np.ma.array(X, mask=X == 3)), ValueError, "masked"),
    "dates": (fit(np.full((9, 2), "2020-01-01", dtype="datetime64[D]")), ValueError, "the date 2020-01-01"),
    "rows of different lengths": (fit([[1.0], [1.0, 2.0]]), ValueError, "X has rows of different lengths"),
    "objects that are no numbers": (
        fit(np.array([[{}]], dtype=object)),
        TypeError,
        "X has {} in row 0, column 0, but",
    ),
    "missing values in a DataFrame": (
        fit(pd.DataFrame({"a": pd.array([1, None], "Int64")})),
        ValueError,
        "NaN in row 1, column 'a'",
    ),
    "sparse distances": (
        fit(scipy.sparse.csr_array(X), metric="precomputed"),
        TypeError,
        r"Sparse data was passed as X, but metric='precomputed' .* pass X.toarray\(\) if",
    ),
    "sparse NaN": (
        fit(scipy.sparse.coo_array(([np.nan, 2, np.nan], ([4, 0, 4], [1, 1, 0])), shape=(9, 2))),
        ValueError,
        r"X has NaN in row 4, column 0 \(and 1 more\): fill the gaps",
    ),
    "sparse infinity": (
        fit(scipy.sparse.csc_matrix([[0, 0, 0], [0, 0, -np.inf]]), n_neighbors=1),
        ValueError,
        "X has -inf in row 1, column 2: replace it",
    ),
    "a sum of stored numbers too large": (
        fit(scipy.sparse.coo_array(([9e149, 9e149], ([2, 2], [1, 1])), shape=(9, 2))),
        ValueError,
        r"1\.8e\+150, above 1e\+150.*in row 2, column 1: divide by 1e\+01",
    ),
    "sparse complex": (
        fit(scipy.sparse.csr_array(X * 1j)),
        ValueError,
        r"Complex data not supported: X has 1j in row 0, column 1",
    ),
    "sparse of no rows": (fit(scipy.sparse.csr_array((0, 2))), ValueError, r"0 sample\(s\), shape=\(0, 2\)"),
    "sparse of no features": (fit(scipy.sparse.csr_array((9, 0))), ValueError, r"0 feature\(s\) \(shape=\(9, 0\)\)"),
    "sparse 1-D": (fit(scipy.sparse.coo_array(X[:, 0])), ValueError, r"X.reshape\(-1, 1\) is 9 examples"),
    "sparse column out of range": (fit(out_of_range()), ValueError, "csr_array that cannot be read as a sparse matrix"),
    "sparse NaN in a DataFrame": (
        fit(pd.DataFrame({"a": [0.0, 1.0], "b": [0, np.nan]}).astype(pd.SparseDtype(float, 0))),
        ValueError,
        r"X has NaN in row 1, column 'b' \(1\): fill the gaps",
    ),
    "magnitude of squares": (fit(X * 1e150), ValueError, r"1\.7e\+151.*1e\+150"),
    "magnitude of cubes": (fit(X * 1e100, metric="minkowski", p=3), ValueError, r"1\.7e\+101.*4\.6\d*e\+96"),
    "magnitude of a float32": (
        fit(np.float32([[3e38]]), metric="minkowski", p=16),
        ValueError,
        r"3e\+38.*1\.3\d*e\+18",
    ),
    "magnitude of sums": (fit(X * 1e300, metric="manhattan"), ValueError, "1.7e.301.*1e.300"),
    "a long double too large": (fit(np.full((9, 2), np.longdouble("1e400"))), ValueError, "infinity|inf|NaN"),
    # the parameters
    "k of 0": (fit(n_neighbors=0), ValueError, "n_neighbors=0 is less than 1"),
    "k below 0": (fit(n_neighbors=-1), ValueError, "n_neighbors=-1 is less than 1"),
    "k a bool": (fit(n_neighbors=True), TypeError, "n_neighbors=True is a bool"),
    "k a float": (fit(n_neighbors=2.0), TypeError, "n_neighbors=2.0 is a float"),
    "k a string": (fit(n_neighbors="5"), TypeError, "n_neighbors='5' is a str"),
    "k None": (fit(n_neighbors=None), TypeError, "n_neighbors=None is a NoneType"),
    "unknown metric": (fit(metric="euclid"), ValueError, "metric='euclid' is not one of euclidean"),
    "metric None": (fit(metric=None), ValueError, "metric=None"),
    "p of 0": (fit(metric="minkowski", p=0), ValueError, "p=0 must be above 0"),
    "p NaN": (fit(metric="minkowski", p=np.nan), ValueError, "p=nan must be above 0"),
    "p a string": (fit(metric="minkowski", p="2"), TypeError, "p='2' is a str"),
    "metric_params of a named metric": (fit(metric_params={"W": 1}), ValueError, "takes p and w; did you mean 'w'"),
    "unknown weights": (classify(Y, weights="near"), ValueError, "weights='near' is not one of uniform"),
    "unknown weights after fit": (
        lambda p: p.KNNRegressor().fit(X, Y).set_params(weights="near").predict(X),
        ValueError,
        "weights='near' is not one of uniform",
    ),
    "unknown parameter": (lambda p: p.NearestNeighbors().set_params(neighbours=3), ValueError, "neighbours"),
    # the query
    "query of another width": (query(X[:, :1]), ValueError, "1 feature.* 2"),
    "query NaN": (query(NAN), ValueError, "NaN"),
    "query 1-D": (query(X[0]), ValueError, "reshape"),
    "query of no rows": (query(X[:0]), ValueError, r"0 sample|\(0, 2\)"),
    "query sparse and too large": (query(scipy.sparse.csr_array(X * 1e150)), ValueError, r"1\.7e\+151.*1e\+150"),
    "query sparse and of another width": (query(scipy.sparse.csr_array(X[:, :1])), ValueError, "1 feature.* 2"),
    "query of sparse distances": (
        query(scipy.sparse.csr_array((2, 2)), X=np.zeros((2, 2)), metric="precomputed"),
        TypeError,
        "Sparse data was passed as X, but metric='precomputed'",
    ),
    "example sparse": (
        lambda p: p.NearestNeighbors().fit(X).get_neighbors(scipy.sparse.csr_array(X[:1])),
        TypeError,
        "Sparse data was passed as example.*example.toarray",
    ),
    "sparse objects": (
        lambda p: p.NearestNeighbors(1, metric=lambda a, b: 0.0).fit(["a", "b"]).kneighbors(scipy.sparse.csr_array(X)),
        TypeError,
        "Sparse data was passed as X",
    ),
    "sparse to choose": (choose(X=scipy.sparse.csr_array(X)), TypeError, "Sparse data was passed as X"),
    "query too large": (query(X * 1e150), ValueError, r"1\.7e\+151.*1e\+150"),
    "query a number": (query(1.0), ValueError, "dim|scalar"),
    "k above n": (ask_for(14), ValueError, "n_neighbors=14 is more than the 9 training examples"),
    "k of all others and one": (ask_for(9, None), ValueError, "n_neighbors=9 is more than the 8 other training"),
    "one example, by itself": (lambda p: p.NearestNeighbors(1).fit([[0.0]]).kneighbors(), ValueError, "0 other"),
    "k of the query a bool": (ask_for(True), TypeError, "n_neighbors=True is a bool"),
    "k of the query 0": (ask_for(0), ValueError, "n_neighbors=0 is less than 1"),
    "distance of two widths": (
        lambda p: p.NearestNeighbors().get_distance([1, 2], [1]),
        ValueError,
        r"a has shape \(2,\), but b has \(1,\)",
    ),
    "distance of a metric that gives NaN": (
        lambda p: p.NearestNeighbors(metric=lambda a, b: np.nan).get_distance([1], [2]),
        ValueError,
        "returned nan for",
    ),
    "not fitted": (lambda p: p.NearestNeighbors().kneighbors(X), ValueError, "fit"),
    "classifier not fitted": (lambda p: p.KNNClassifier().predict(X), AttributeError, "fit"),
    "regressor not fitted": (lambda p: p.KNNRegressor().predict(X), ValueError, "fit"),
    "not fitted, with unknown weights": (
        lambda p: p.KNNRegressor(weights="near").predict(X),
        AttributeError,
        "fit",
    ),
    # distances that are given
    "matrix of distances not square": (fit(metric="precomputed"), ValueError, r"\(9, 2\).*square"),
    "distance below 0": (fit(-np.ones((9, 9)), metric="precomputed"), ValueError, "-1.0"),
    "distance below 0 in a query": (query([[-1.0] * 9], np.ones((9, 9)), metric="precomputed"), ValueError, "-1.0"),
    "metric that gives NaN": (query(X, metric=lambda a, b: np.nan), ValueError, "returned nan for"),
    "metric that gives infinity": (query(X, metric=lambda a, b: np.inf), ValueError, "returned inf for"),
    "metric that gives -1": (
        query(X, metric=lambda a, b: -1),
        ValueError,
        r"metric=<lambda> returned -1.0 for array\(\[0., 1.\]\) and array\(\[0., 1.\]\), .*, at least 0$",
    ),
    "distance of a metric that gives -1": (
        lambda p: p.NearestNeighbors(metric=lambda a, b: -1).get_distance([1, 2], [3, 4]),
        ValueError,
        r"returned -1.0 for \[1, 2\] and \[3, 4\], but must return a finite number, at least 0",
    ),
    "radius of a query None": (
        lambda p: p.NearestNeighbors().fit(X).radius_neighbors(X[:2], [1, None]),
        TypeError,
        r"radius\[1\]=None is a NoneType, but must be a number",
    ),
    "w with a string": (
        fit(metric_params={"w": [1.0, "a"]}),
        TypeError,
        r"metric_params\['w'\]\[1\]='a' is a str, but must be a number",
    ),
    "no queries in a list": (query([]), ValueError, r"X has 0 sample\(s\), shape=\(0,\)"),
    "infinite distance": (
        query([[1.0, 0.0], [-3.0, 0.0]], X=[[1.0, 0.0], [3.0, 0.0]], n_neighbors=1, metric="braycurtis"),
        ValueError,
        r"metric='braycurtis' gave a distance of inf for array\(\[-3., *0.\]\) and array\(\[3., 0.\]\)",
    ),
    "distance that overflows": (
        query([[1e80, 1e80]], X=[[0.0, 0.0]], n_neighbors=1, p=0.001),
        ValueError,
        r"metric='minkowski' gave a distance of inf for .* and array\(\[0., 0.\]\), .* choose another metric",
    ),
    "metric that gives None": (query(X, metric=lambda a, b: None), TypeError, "float"),
    "distance of two precomputed": (
        lambda p: p.NearestNeighbors(metric="precomputed").get_distance([1], [2]),
        ValueError,
        "no distance between",
    ),
    # the targets
    "y None": (classify(None), ValueError, r"\by\b.* None"),
    "y None in regression": (regress(None), ValueError, r"\by\b.* None"),
    "y too short": (classify(Y[:8]), ValueError, "y has 8 rows, but X has 9"),
    "y too long": (regress(np.ones(10)), ValueError, "y has 10 rows, but X has 9"),
    "y 3-D": (regress(np.ones((9, 1, 1))), ValueError, r"\(9, 1, 1\)"),
    "y a number": (classify(1), ValueError, r"shape \(\)"),
    "y NaN": (regress(np.full(9, np.nan)), ValueError, "y has NaN in row 0 .and 8 more."),
    "y infinite": (regress(np.full(9, np.inf)), ValueError, "y has inf in row 0"),
    "y complex": (regress(Y * 1j), ValueError, "Complex"),
    "y strings in regression": (regress(np.full(9, "1")), ValueError, "the string '1'"),
    "y digits in regression": (regress(np.full(9, "1", dtype=object)), ValueError, "the string '1'"),
    "y fractions in classification": (classify(np.linspace(0, 1, 9)), ValueError, "fractions"),
    "y NaN in classification": (classify(np.full(9, np.nan)), ValueError, "NaN in row 0 .*missing labels"),
    "y infinite in classification": (classify(np.full(9, np.inf)), ValueError, "infinity"),
    "y with None": (classify(np.array([None, *"abcdefgh"], dtype=object)), ValueError, "missing"),
    "y of kinds that do not compare": (classify(np.array([1, *"abcdefgh"], dtype=object)), ValueError, "sorted"),
    "y masked": (regress(np.ma.array(Y, mask=Y == 1)), ValueError, "y has masked"),
    "y masked in classification": (classify(np.ma.array(Y, mask=Y == 1)), ValueError, "y has masked"),
    "y fractions as objects": (classify(np.full(9, 0.5, dtype=object)), ValueError, "fractions"),
    "y sparse in classification": (classify(scipy.sparse.csr_array(np.ones((9, 1)))), TypeError, "[Ss]parse"),
    "y sparse": (regress(scipy.sparse.csr_array(np.ones((9, 1)))), TypeError, "[Ss]parse"),
    "scored against too short a y": (lambda p: p.KNNRegressor().fit(X, Y).score(X, Y[:8]), ValueError, "y has 8 rows"),
    "scored against another shape": (
        lambda p: p.KNNClassifier().fit(X, Y).score(X, np.ones((9, 2))),
        ValueError,
        r"y has shape \(9, 2\), but the predictions have \(9,\)",
    ),
    "y with NaT": (classify(np.array(["NaT"] * 9, dtype="datetime64[D]")), ValueError, "missing"),
    "R^2 of predictions too large": (
        lambda p: p.KNNRegressor(1).fit([[0], [1]], [-1e300, 1e300]).score([[0], [1]], [0, 1]),
        ValueError,
        "R.2 is -inf",
    ),
    "R^2 of one query": (lambda p: p.KNNRegressor().fit(X, Y).score(X[:1], Y[:1]), ValueError, "at least 2"),
    # the weights
    "weights all 0": (classify(Y, weights=np.zeros_like), ValueError, "nobody is left to vote"),
    "weights all 0 in regression": (regress(Y, weights=np.zeros_like), ValueError, "nobody is left to vote"),
    "weights below 0": (classify(Y, weights=lambda d: -d - 1), ValueError, "weights returned -1"),
    "weights NaN": (regress(Y, weights=lambda d: d * np.nan), ValueError, "weights returned nan in row 0, column 0,"),
    "weights infinite": (regress(Y, weights=lambda d: d + np.inf), ValueError, "weights returned inf"),
    "weights that overflow": (classify(Y, weights=lambda d: d * 0 + 1e308), ValueError, "add up to"),
    "weighted targets that overflow": (regress(Y * 1e10, weights=lambda d: d * 0 + 1e300), ValueError, "add up to"),
    "weights complex": (regress(Y, weights=lambda d: d + 1j), ValueError, "weights returned dtype complex128"),
    "weights strings": (regress(Y, weights=lambda d: d.astype(str)), ValueError, "weights returned dtype"),
    "weights of another shape": (regress(Y, weights=lambda d: d[:, :1]), ValueError, r"\(9, 1\).*\(9, 5\)"),
    # similarities
    "unknown similarity": (resemble(similarity="gauss"), ValueError, "similarity='gauss' is not one of rbf, laplacian"),
    "similarity None": (resemble(similarity=None), ValueError, "similarity=None"),
    "gamma below 0": (resemble(gamma=-1), ValueError, "gamma=-1 is less than 0"),
    "gamma NaN": (resemble(gamma=np.nan), ValueError, "gamma=nan is not finite"),
    "gamma infinite": (resemble(gamma=np.inf), ValueError, "gamma=inf is not finite"),
    "gamma a string": (resemble(gamma="auto"), TypeError, "gamma='auto' is 1 / n_features in scikit-learn"),
    "gamma None": (resemble(gamma=None), TypeError, "gamma=None is 1 / n_features in scikit-learn"),
    "gamma a bool": (resemble(gamma=True), TypeError, "gamma=True is a bool"),
    "jitter below 0": (resemble(jitter=-1e-6), ValueError, "jitter=-1e-06 is less than 0"),
    "gamma of too many digits": (resemble(gamma=10**400), ValueError, "gamma=1000.* is not finite"),
    "degree of too many digits": (resemble(degree=10**400), ValueError, "degree=1000.* is not finite"),
    "coef0 infinite": (resemble(coef0=-np.inf), ValueError, "coef0=-inf is not finite"),
    "degree a float": (resemble(degree=3.0), TypeError, "degree=3.0 is a float"),
    "degree of 0": (resemble(degree=0), ValueError, "degree=0 is less than 1"),
    "X NaN in similarity": (resemble(X=NAN), ValueError, "NaN"),
    "X 1-D in similarity": (resemble(X=X[0]), ValueError, "reshape"),
    "X sparse in similarity": (resemble(X=scipy.sparse.csr_array(X)), TypeError, "[Ss]parse"),
    "X sparse under a function": (
        resemble(X=scipy.sparse.csr_array(X), similarity=lambda a, b: 1),
        TypeError,
        "[Ss]parse",
    ),
    "X too large in similarity": (resemble(X=X * 1e150), ValueError, r"1\.7e\+151.*1e\+150"),
    "X a string": (resemble(X="abc", y=[1, 2, 3], similarity=lambda a, b: 1), TypeError, "X='abc' is one example"),
    "no examples under a function": (resemble(X=[], y=[], similarity=lambda a, b: 1), ValueError, "0 examples"),
    "y too short in similarity": (resemble(y=Y[:8]), ValueError, "y has 8 rows, but X has 9"),
    "y NaN in similarity": (resemble(y=np.full(9, np.nan)), ValueError, "NaN"),
    "y strings in similarity": (resemble(y=np.full(9, "a")), ValueError, "the string 'a'"),
    "y None in similarity": (resemble(y=None), ValueError, r"\by\b.* None"),
    "query of another width in similarity": (resemble(Q=X[:, :1]), ValueError, "1 feature.* 2"),
    "query NaN in similarity": (resemble(Q=NAN), ValueError, "NaN"),
    "query None in similarity": (resemble(Q=None), ValueError, "NaN|scalar"),
    "matrix of similarities not square": (resemble(similarity="precomputed"), ValueError, r"\(9, 2\).*square"),
    "query of another width in given similarities": (
        resemble(X=np.eye(9), Q=np.eye(8), similarity="precomputed"),
        ValueError,
        "8 features.* 9",
    ),
    "similarity that is NaN": (resemble(similarity=lambda a, b: np.nan), ValueError, "returned nan for"),
    "similarity that is infinite": (resemble(similarity=lambda a, b: np.inf), ValueError, "returned inf for"),
    "similarity that overflows": (
        resemble(X=X * 1e148, similarity="polynomial"),
        ValueError,
        "a similarity is inf, .* smaller gamma",
    ),
    "similarities whose singular values overflow": (
        resemble(similarity=lambda a, b: 1.7e308, jitter=0),
        ValueError,
        "singular value",
    ),
    "jitter that overflows": (resemble(similarity=lambda a, b: 1e308, jitter=1e308), ValueError, "with jitter is inf"),
    "X None under a function": (resemble(X=None, similarity=lambda a, b: 1), TypeError, "X=None is one example"),
    "similarity that is None": (resemble(similarity=lambda a, b: None), TypeError, "float"),
    "weights of examples that overflow": (
        resemble(y=Y * 5e307, similarity=lambda a, b: 0),
        ValueError,
        "a weight of an example is (inf|nan)",
    ),
    "predictions that overflow": (
        resemble(X=[[1e-3]], y=[1e300], Q=[[1e20]], similarity="linear"),
        ValueError,
        "a prediction is inf",
    ),
    "R^2 of one query in similarity": (
        lambda p: p.SimilarityRegressor().fit(X, Y).score(X[:1], Y[:1]),
        ValueError,
        "at least 2",
    ),
    "unknown parameter of a similarity": (
        lambda p: p.SimilarityRegressor().set_params(alpha=1),
        ValueError,
        "alpha",
    ),
    # choosing k
    "candidate of 0": (choose([1, 0]), ValueError, "n_neighbors=0 is less than 1"),
    "candidate a float": (choose([1.0]), TypeError, "n_neighbors=1.0 is a float"),
    "candidate above the fold": (choose([1, 7]), ValueError, "n_neighbors=7 is more than the 6 training examples"),
    "no candidates": (choose([]), ValueError, "candidates has 0"),
    "candidates a number": (choose(5), TypeError, "candidates=5 is a int"),
    "cv of 1": (choose(cv=1), ValueError, "cv=1 is less than 2"),
    "cv a float": (choose(cv=3.0), TypeError, "cv=3.0 is a float"),
    "cv a string": (choose(cv="2"), TypeError, "cv='2' is a str"),
    "cv None": (choose(cv=None), TypeError, "cv=None is a NoneType"),
    "cv above the class": (choose(cv=4), ValueError, "cv=4 is more than the 3|n_splits=4 cannot be greater"),
    "cv above the examples": (
        choose(cv=10, model="KNNRegressor"),
        ValueError,
        "cv=10 is more than the 9|n_splits=10 greater than .*=9",
    ),
    "cv of no folds": (choose(cv=[]), ValueError, "cv has 0 folds"),
    "cv of indices too large": (choose(cv=[([0, 1], [9])]), ValueError, "from 9 to 9, but X has 9 rows"),
    "cv of indices below 0": (choose(cv=[([0, 1], [-1])]), ValueError, "from -1 to -1"),
    "cv of masks": (choose(cv=[(Y == 1, Y == 0)]), ValueError, "dtype bool"),
    "cv of an empty fold": (choose(cv=[([0, 1], [])]), ValueError, r"shape \(0,\)"),
    "model that does not predict": (choose(model="NearestNeighbors"), TypeError, "model is a NearestNeighbors"),
    "y too short to choose": (choose(y=Y[:8]), ValueError, "y has 8 rows, but X has 9"),
    "X NaN to choose": (choose(X=NAN), ValueError, "NaN"),
    "X not square to choose": (choose(metric="precomputed"), ValueError, "square"),
    "fold of one target": (choose([1], model="KNNRegressor", cv=9), ValueError, "at least 2 queries"),
}


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("case", BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_raises(package, case):
    action, error, message = case

    with pytest.raises(error, match=message):
        action(package)


def test_a_list_of_examples_is_not_a_string():
    model = reference.NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "bcd"])

    with pytest.raises(TypeError, match="X='abc' is one example"):
        model.kneighbors("abc")


@pytest.mark.parametrize("metric", [*reference.distances.DISTANCES, "minkowski", "precomputed"])
@pytest.mark.parametrize("p", [1, 2, 3, 16, 0.5, 17, np.inf, np.int64(4), np.float32(2.5)])
def test_both_packages_take_the_same_magnitudes(metric, p):
    limits = [reference.metrics.largest_magnitude(metric, p), accelerated.metrics.get_metric(metric, p).largest]

    assert limits[0] == limits[1] or (limits[0] == np.inf and limits[1] == np.finfo(float).max)


@pytest.mark.parametrize("package", [reference, accelerated])
def test_the_largest_magnitude_is_still_taken(package):
    assert package.NearestNeighbors(1).fit([[1e150], [-1e150]]).get_neighbors([1e150]) == [(0, 0.0)]
    assert package.NearestNeighbors(2, metric="sqeuclidean").fit([[1e150], [-1e150]]).get_neighbors([1e150]) == [
        (0, 0.0),
        (1, (2 * 1e150) ** 2),
    ]


@pytest.mark.parametrize("package", [reference, accelerated])
def test_k_may_be_an_integer_of_numpy(package):
    assert package.NearestNeighbors(np.int64(2)).fit(X).kneighbors(X, np.uint8(3))[1].shape == (9, 3)


@pytest.mark.parametrize("package", [reference, accelerated])
def test_k_may_be_changed_after_fitting(package):
    model = package.NearestNeighbors(14).fit(X)

    assert model.set_params(n_neighbors=2).kneighbors(X)[1].shape == (9, 2)


@pytest.mark.parametrize("package", [reference, accelerated])
@pytest.mark.parametrize("model", ["KNNClassifier", "KNNRegressor"])
@pytest.mark.parametrize(
    ("params", "rows", "y"),
    [
        ({}, X[::-1], Y[:8]),
        ({}, X[:, :1], np.full(9, np.nan)),
        ({"metric": "precomputed"}, X[:, :1], Y),
        ({"weights": "near"}, X[:, :1], Y),
        ({"n_neighbors": 0}, X[:, :1], Y),
    ],
    ids=["y too short", "y NaN", "not square", "weights", "k"],
)
def test_a_failed_refit_leaves_the_model_as_it_was(package, model, params, rows, y):
    fitted = getattr(package, model)(1).fit(X, Y)
    before, good = fitted.predict(X), fitted.get_params()
    with pytest.raises(ValueError, match=r"y has|square|weights='near'|n_neighbors=0"):
        fitted.set_params(**params).fit(rows, y)

    fitted.set_params(**good)

    np.testing.assert_array_equal(fitted.predict(X), before)


@pytest.mark.parametrize("package", [reference, accelerated])
def test_a_metric_counts_from_the_next_fit(package):
    model = package.NearestNeighbors(1).fit(X)

    model.set_params(metric="precomputed")

    assert model.get_neighbors([16, 17]) == [(8, 0.0)]


def test_wrong_parameters_change_none():
    model = reference.KNNClassifier(3)
    with pytest.raises(ValueError, match="neighbours"):
        model.set_params(n_neighbors=7, neighbours=9)

    assert model.n_neighbors == 3


@pytest.mark.parametrize("package", [reference, accelerated])
def test_a_failed_query_leaves_the_model_as_it_was(package):
    model = package.NearestNeighbors(2).fit(X)
    before = model.kneighbors(X)
    with pytest.raises(ValueError, match="NaN"):
        model.kneighbors(NAN)

    np.testing.assert_array_equal(model.kneighbors(X), before)
