"""The comparisons that are made on a CPU, and their data."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.peers import BY_PRODUCTS, MORE_BRUTE, TREES, Search, faiss_panorama, sklearn_brute, torch_cdist


class Cell(NamedTuple):
    """One comparison; ``goal`` is the ratio that was aimed at, of the fastest peer's time to our time."""

    name: str
    n_queries: int
    n_rows: int
    n_features: int
    k: int
    goal: str
    make: Callable[[np.random.Generator, int, int], np.ndarray]
    peers: list[Callable[[np.ndarray, int, str], Search]]
    metric: str = "euclidean"


def normal32(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(size=(n, d)).astype(np.float32)


def normal64(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(size=(n, d))


def uniform64(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.random((n, d))


def clustered32(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """100 clusters, three times as far apart as they are wide."""
    centers = 3 * rng.normal(size=(100, d))
    return (centers[rng.integers(0, 100, n)] + rng.normal(size=(n, d))).astype(np.float32)


def pixels(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Images like the digits of MNIST: ten kinds of smooth strokes, shifted a little, on four fifths of background."""
    side = round(d**0.5)
    y, x = np.mgrid[:side, :side] / side - 0.5
    images = np.zeros((n, side, side))
    kinds = np.random.default_rng(5).normal(size=(10, 4, 5)) * [0.2, 0.2, 1, 1, 1]
    for i, kind in enumerate(rng.integers(0, 10, n)):
        shift, turn = rng.normal(size=2) * 0.04, rng.normal() * 0.15
        for a, b, c, e, bend in kinds[kind]:
            u, v = x - a - shift[0], y - b - shift[1]
            along, across = u * np.cos(c + turn) + v * np.sin(c + turn), v * np.cos(c + turn) - u * np.sin(c + turn)
            images[i] += np.exp(-(((across - bend * along**2) / 0.05) ** 2) - (along / (0.1 + 0.1 * abs(e))) ** 2)
    return (255 * images.clip(0, 1)).astype(np.uint8).reshape(n, -1)


def digits(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """The 1797 handwritten digits of scikit-learn, shuffled; again from the start if more are asked for."""
    return np.resize(load_digits().data[rng.permutation(1797), :d], (n, d))


def binary(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Sets that hold each of d elements with a probability of 0.3."""
    return rng.random((n, d)) < 0.3


def read_mnist(folder: Path, rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """The images of MNIST from its files in the format IDX, those to train on first."""
    images = []
    for name in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"):
        packed = folder / f"{name}.gz"
        path = packed if packed.exists() else folder / name
        data = gzip.decompress(path.read_bytes()) if path == packed else path.read_bytes()
        kind, n_images, *shape = np.frombuffer(data, ">i4", count=4)
        if kind != 2051 or len(data) != 16 + n_images * d or shape[0] * shape[1] != d:
            raise ValueError(f"{str(path)!r} has no images of {d} bytes in the format IDX: get it again")
        images.append(np.frombuffer(data, np.uint8, offset=16).reshape(n_images, d))
    return np.concatenate(images)[:n]


CELLS = [
    Cell("784 features", 1000, 60_000, 784, 5, "3", normal32, BY_PRODUCTS),
    Cell("clustered", 1000, 100_000, 128, 10, "2.5", clustered32, BY_PRODUCTS),
    Cell("float64", 1000, 100_000, 64, 10, "4", normal64, BY_PRODUCTS),
    Cell("cosine", 1000, 200_000, 96, 100, "2.5", normal32, BY_PRODUCTS, "cosine"),
    Cell("3 features", 5000, 100_000, 3, 10, "1", uniform64, TREES),
    Cell("8 features", 2000, 50_000, 8, 10, "1.5", normal64, TREES),
    Cell("manhattan", 500, 50_000, 64, 5, "1", normal32, MORE_BRUTE, "manhattan"),
    Cell("minkowski, p = 3", 100, 50_000, 64, 5, "3", normal64, [sklearn_brute, torch_cdist], "minkowski"),
    Cell("chebyshev", 500, 20_000, 64, 5, "3", normal64, [sklearn_brute, torch_cdist], "chebyshev"),
    Cell("hamming", 100, 50_000, 256, 5, "3", binary, [sklearn_brute], "hamming"),
    Cell("jaccard", 100, 50_000, 256, 5, "3", binary, [sklearn_brute], "jaccard"),
    Cell("one query", 1, 1000, 10, 5, "1.2 of scikit-learn", normal64, [*TREES, torch_cdist]),
    Cell("one query, 64 features", 1, 100_000, 64, 5, "1 of scikit-learn", normal64, BY_PRODUCTS),
    Cell("30 rows", 100_000, 30, 2, 5, "1 of scikit-learn", normal64, [*TREES, torch_cdist]),
    Cell("50,000 features", 50, 300, 50_000, 5, "1 of scikit-learn", normal64, BY_PRODUCTS),
    Cell("strokes, uint8", 2000, 8000, 784, 5, "3", pixels, [*BY_PRODUCTS, faiss_panorama]),
    Cell("many strokes, uint8", 1000, 60_000, 784, 5, "4", pixels, [*BY_PRODUCTS, faiss_panorama]),
    Cell("digits", 297, 1500, 64, 5, "-", digits, [*BY_PRODUCTS, faiss_panorama]),
]
# The folder is the one that --mnist gives.
MNIST = Cell("MNIST", 1000, 60_000, 784, 5, "4", partial(read_mnist, Path()), [*BY_PRODUCTS, faiss_panorama])
