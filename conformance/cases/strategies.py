"""Hypothesis strategies: which cases a claim is tried on.

Small cases are drawn number by number, so that a failing case shrinks to zeros and ones; for large cases a seed is
drawn, so that they are quick to make and still shrink in shape. No draw is filtered out.
"""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.random import Generator

from conformance.cases import Case
from conformance.cases.data import BIT_METRICS, DATA, N_FEATURES, extreme, lattice, mixed_dtypes

Targets = Callable[[st.DrawFn, np.ndarray], np.ndarray]  # made from a code for each row, from -8 to 8
CODES = st.integers(-8, 8)


def numbers(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Whole numbers to average, so that their sums are exact."""
    return codes.astype(np.float64)


def whole_numbers(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Targets of an integer type."""
    return codes


def small_numbers(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Targets of small integer types that cannot hold the sums of such targets."""
    small = [("int32", 2**31 - 1), ("int16", 2**15 - 1), ("uint8", 255), ("int8", 127), ("bool", 1)]
    dtype, top = draw(st.sampled_from(small))
    return np.array([0, 1, top])[np.abs(codes) % 3].astype(dtype)


def far_numbers(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Targets far from 0 and near to one another, whose sums float32 cannot hold."""
    return codes + 2.0**30


def several_numbers(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Three targets for each row."""
    return np.column_stack([codes, 3 - codes, codes // 2]).astype(np.float64)


def labels(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Up to three classes, called 0, 1 and 2."""
    return np.abs(codes) % 3


# The first in the alphabet is not the first in the data.
WORDS = np.array(["b", "a", "a long name, longer than 32 letters"])
KINDS_OF_LABELS = [WORDS, np.array([-7, 0, 1_000_000]), np.array([True, False]), np.array([0.0, 1.0, -3.0])]


def any_labels(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Classes called by words, by numbers that do not count from 0, or by truth values."""
    names = draw(st.sampled_from(KINDS_OF_LABELS))
    return names[np.abs(codes) % len(names)]


def word_labels(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Classes called by words."""
    return WORDS[np.abs(codes) % 3]


def one_label(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """One class only."""
    return np.full(len(codes), draw(st.sampled_from([0, 1, 5])))


def several_labels(draw: st.DrawFn, codes: np.ndarray) -> np.ndarray:
    """Two outputs with classes of their own."""
    return np.column_stack([np.abs(codes) % 3, np.abs(codes) // 3 + 5])


@st.composite
def lattice_cases(
    draw: st.DrawFn,
    metrics: tuple[str, ...] = ("euclidean",),
    max_rows: int = 10,
    min_rows: int = 1,
    max_features: int = 3,
    y: Targets | None = None,
    weights: str = "uniform",
) -> Case:
    """Small integers, where all arithmetic is exact: ties are true ties. Some queries are training rows.

    A row is drawn whole, so that Hypothesis can remove it whole, and k is cut to the number of rows.
    """
    d, width = draw(st.integers(1, max_features)), draw(st.sampled_from([4, 1]))
    cells = st.tuples(*[st.integers(-width, width)] * d)
    rows = draw(st.lists(st.tuples(cells, CODES), min_size=min_rows, max_size=max_rows))
    X, codes = np.array([row for row, _ in rows], dtype=np.float64), np.array([code for _, code in rows])
    if draw(st.booleans()):
        Q = X[
            draw(
                st.lists(st.integers(0, max_rows), min_size=1, max_size=3).map(lambda places: np.array(places) % len(X))
            )
        ]
    else:
        Q = np.array(draw(st.lists(cells, min_size=1, max_size=3)), dtype=np.float64)
    k = min(draw(st.integers(1, max_rows)), len(X))
    metric = draw(st.sampled_from(metrics))
    p = 3 if metric == "minkowski" else 2
    return Case(X, Q, k, y(draw, codes) if y else None, metric, p, weights)


@st.composite
def distinct_cases(
    draw: st.DrawFn,
    metrics: tuple[str, ...] = ("euclidean",),
    max_rows: int = 10,
    y: Targets | None = None,
    weights: str = "uniform",
    nearest: tuple[int, ...] = (0, 1),
) -> Case:
    """Rows at distances d, d + 1, d + 2, ... from one query, each along an axis, so that no two tie; d is drawn."""
    d, first = draw(st.integers(1, 3)), draw(st.sampled_from(nearest))
    q = draw(arrays(np.int64, d, elements=st.integers(-4, 4), fill=st.nothing())).astype(np.float64)
    steps = draw(
        st.lists(st.tuples(st.integers(0, d - 1), st.sampled_from([1, -1]), CODES), min_size=1, max_size=max_rows)
    )
    X = np.tile(q, (len(steps), 1))
    for row, radius, (axis, sign, _) in zip(X, draw(st.permutations(range(len(steps)))), steps, strict=True):
        row[axis] += sign * (radius + first)
    k = min(draw(st.integers(1, max_rows)), len(X))
    targets = y(draw, np.array([code for *_, code in steps])) if y else None
    return Case(X, q[None], k, targets, draw(st.sampled_from(metrics)), weights=weights)


@st.composite
def weighted_cases(draw: st.DrawFn, y: Targets, weights: tuple[int, ...] = (0, 1, 2, 3)) -> Case:
    """Rows at powers of two, so that none has two others at one distance, each with a weight; the queries are 0 and 3.

    So k is from 1 to one less than the sum of the weights: a query that is a row takes one of them.
    """
    rows = draw(st.lists(st.tuples(st.sampled_from(weights), CODES), min_size=2, max_size=6))
    repeats, codes = np.array([weight for weight, _ in rows]), np.array([code for _, code in rows])
    repeats[:2] = np.maximum(repeats[:2], 1)  # at least two copies
    X = 2.0 ** np.array(draw(st.permutations(range(2, len(rows) + 2))))[:, None]
    k = draw(st.integers(1, int(repeats.sum()) - 1))
    return Case(X, np.array([[0.0], [3.0]]), k, y(draw, codes), sample_weight=repeats)


SIZES = [1, 2, 15, 16, 17, 25, 26, 27, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 400, 1025]
MANY = 257  # queries, more than the usual blocks of 64, 128 and 256 hold


@st.composite
def sized_cases(draw: st.DrawFn) -> Case:
    """A lattice with a number of rows at which libraries change their algorithm, and few or many neighbours.

    Few rows are searched for few or many queries.
    """
    n, d = draw(st.sampled_from(SIZES)), draw(st.integers(1, 3))
    m = draw(st.sampled_from([3, MANY])) if n < 64 else 3
    rows = lattice(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), n + m, d)
    return Case(rows[m:], rows[:m], draw(st.sampled_from([k for k in (1, 2, 5, 17, n // 2, n - 1, n) if 1 <= k <= n])))


@st.composite
def ranked_cases(draw: st.DrawFn, y: Targets) -> Case:
    """Few or many rows at distances 1, 2, 3, ... from one query, in a random order and each along an axis."""
    n, d = draw(st.sampled_from(SIZES)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = np.zeros((n, d))
    X[np.arange(n), rng.integers(0, d, n)] = rng.choice([-1, 1], n) * (1 + rng.permutation(n))
    k = draw(st.sampled_from([k for k in (1, 2, 5, 17, n // 2, n) if 1 <= k <= n]))
    return Case(X, np.zeros((1, d)), k, y(draw, rng.integers(-9, 10, n)))


@st.composite
def wide_cases(draw: st.DrawFn) -> Case:
    """A lattice with many features."""
    n, d = draw(st.integers(1, 12)), draw(st.sampled_from([8, 9, 16, 17, 64, 129, 300, 784]))
    rows = lattice(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), n + 2, d)
    return Case(rows[2:], rows[:2], draw(st.integers(1, n)))


@st.composite
def square_cases(draw: st.DrawFn) -> Case:
    """As many rows as features, or as queries: a check of shapes does not notice mixed-up axes."""
    n, d = draw(st.integers(2, 5)), draw(st.integers(1, 5))
    n_queries = draw(st.sampled_from([n, d]))
    shape = st.sampled_from([(n, n), (n, d)])
    cells = arrays(np.int64, draw(shape), elements=st.integers(-4, 4), fill=st.nothing())
    X = draw(cells).astype(np.float64)
    Q = draw(arrays(np.int64, (n_queries, X.shape[1]), elements=st.integers(-4, 4), fill=st.nothing()))
    return Case(X, Q.astype(np.float64), draw(st.integers(1, n)))


@st.composite
def made_cases(
    draw: st.DrawFn,
    *makers: Callable[[Generator, int, int], np.ndarray],
    metrics: tuple[str, ...] = ("euclidean",),
    dtype: str = "float64",
    max_features: int = 5,
) -> Case:
    """Data of the given makers, see ``conformance.cases.data``; some queries are training rows."""
    make = draw(st.sampled_from(makers))
    n = draw(st.one_of(st.integers(1, 16), st.sampled_from([26, 40])))  # torch.cdist changes its algorithm at 26 rows
    d = draw(st.integers(1, max_features))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = make(rng, n + 2, d).astype(dtype)
    Q, X = rows[:2], rows[2:]
    if draw(st.booleans()):
        Q = X[rng.integers(0, n, 2)]
    return Case(X, Q, draw(st.integers(1, n)), metric=draw(st.sampled_from(metrics)))


@st.composite
def typed_cases(draw: st.DrawFn, *dtypes: str) -> Case:
    """Numbers of a small type, from the smallest to the largest that it holds."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if dtype.kind == "f":
        cells: st.SearchStrategy = st.sampled_from([0, 1, -1, 300, -300, 2000])
    elif dtype.kind == "b":
        cells = st.integers(0, 1)
    else:
        low, high = (int(limit) for limit in (np.iinfo(dtype.name).min, np.iinfo(dtype.name).max))
        cells = st.sampled_from([0, 1, low, high, high // 2, 20, 10])
    n, d = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    X = draw(arrays(object, (n, d), elements=cells, fill=st.nothing())).astype(dtype)
    Q = draw(arrays(object, (2, d), elements=cells, fill=st.nothing())).astype(dtype)
    return Case(X, Q, draw(st.integers(1, n)))


@st.composite
def predicting_cases(draw: st.DrawFn, y: str) -> Case:
    """Cases of any data to predict from: with labels or with random targets, for one output or several."""
    case = draw(cases())
    n, m = len(case.X), draw(st.sampled_from([0, 1, 2]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (n, m) if m else (n,)
    if y == "labels":
        names = draw(st.sampled_from(KINDS_OF_LABELS))
        targets = names[rng.integers(0, len(names), shape)]
    else:
        targets = rng.normal(size=shape) * 100
    return Case(case.X, case.Q, case.k, targets, case.metric, case.p, draw(st.sampled_from(["uniform", "distance"])))


@st.composite
def cases(
    draw: st.DrawFn,
    metrics: tuple[str, ...] = (*BIT_METRICS, "minkowski"),
    powers: tuple[float, ...] = (1, 2, 3, 4, 5, 16, np.inf),
    max_rows: int = 200,
    dtypes: bool = True,
) -> Case:
    """A case of any data, with 1 to ``max_rows`` rows and any k up to their number; some queries are training rows."""
    metric = draw(st.sampled_from(metrics))
    p = draw(st.sampled_from(powers)) if metric == "minkowski" else 2
    data = [f for f in DATA if not (f is extreme and metric == "minkowski")]  # 2^490 cubed does not fit
    make = draw(st.sampled_from(data))
    n = draw(st.integers(1, max_rows))
    d = draw(st.sampled_from(N_FEATURES))
    n_queries = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = make(rng, n_queries + n, d)
    Q, X = rows[:n_queries], rows[n_queries:]
    if draw(st.booleans()):
        Q = X[rng.integers(0, n, n_queries)]
    if dtypes and draw(st.booleans()):
        X, Q = mixed_dtypes(rng, X), mixed_dtypes(rng, Q)
    return Case(X, Q, draw(st.integers(1, n)), metric=metric, p=p)
