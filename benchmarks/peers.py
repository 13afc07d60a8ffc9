"""The implementations that are compared: each takes the training rows once, and returns its search."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import faiss
import numpy as np
import torch
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors as ScikitLearn

from accelerated import NearestNeighbors

Search = Callable[[np.ndarray], Any]  # queries -> indices (n_queries, k)
P = 3.0  # of minkowski
CDIST = {"euclidean": 2.0, "manhattan": 1.0, "minkowski": P, "chebyshev": float("inf")}


def power_of(metric: str) -> dict[str, float]:
    """The parameter of a metric that has one."""
    return {"p": P} if metric == "minkowski" else {}


def accelerated(X: np.ndarray, k: int, metric: str) -> Search:
    """``accelerated`` with its defaults."""
    model = NearestNeighbors(k, metric=metric, **power_of(metric)).fit(X)
    return lambda Q: model.kneighbors(Q)[1]


def sklearn_brute(X: np.ndarray, k: int, metric: str) -> Search:
    """scikit-learn's brute force."""
    model = ScikitLearn(n_neighbors=k, metric=metric, **power_of(metric), algorithm="brute").fit(X)
    return lambda Q: model.kneighbors(Q)[1]


def sklearn_tree(X: np.ndarray, k: int, metric: str) -> Search:
    """scikit-learn's k-d tree."""
    model = ScikitLearn(n_neighbors=k, metric=metric, algorithm="kd_tree", n_jobs=torch.get_num_threads()).fit(X)
    return lambda Q: model.kneighbors(Q)[1]


def scipy_tree(X: np.ndarray, k: int, metric: str) -> Search:
    """SciPy's k-d tree."""
    tree = cKDTree(X)
    return lambda Q: tree.query(Q, k, p=CDIST[metric], workers=torch.get_num_threads())[1].reshape(len(Q), k)


def pykdtree(X: np.ndarray, k: int, metric: str) -> Search:
    """pykdtree's k-d tree, which knows the euclidean distance only."""
    from pykdtree.kdtree import KDTree

    tree = KDTree(X)
    return lambda Q: tree.query(Q, k)[1].astype(np.int64).reshape(len(Q), k)


def sklearnex_brute(X: np.ndarray, k: int, metric: str) -> Search:
    """scikit-learn-intelex's brute force."""
    from sklearnex.neighbors import NearestNeighbors as Intelex

    model = Intelex(n_neighbors=k, metric=metric, algorithm="brute").fit(X)
    return lambda Q: model.kneighbors(Q)[1]


def usearch_exact(X: np.ndarray, k: int, metric: str) -> Search:
    """USearch's exact search in float32, without an index; for the euclidean distance and cosine."""
    from usearch.index import search

    rows, name = np.array(X, dtype=np.float32, order="C"), {"euclidean": "l2sq", "cosine": "cos"}[metric]
    how = {"exact": True, "threads": torch.get_num_threads()}

    def ask(Q: np.ndarray) -> np.ndarray:
        found = search(rows, np.ascontiguousarray(Q, dtype=np.float32), k, name, **how)
        return found.keys.astype(np.int64).reshape(len(Q), k)  # of one query it returns a line

    return ask


def faiss_flat(X: np.ndarray, k: int, metric: str) -> Search:
    """FAISS's exhaustive index in float32; for cosine the inner product of unit rows."""
    kind = {"euclidean": faiss.METRIC_L2, "manhattan": faiss.METRIC_L1, "cosine": faiss.METRIC_INNER_PRODUCT}[metric]
    index = faiss.IndexFlat(X.shape[1], kind)

    def prepare(rows: np.ndarray) -> np.ndarray:
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if metric == "cosine" else rows

    index.add(prepare(X))
    return lambda Q: index.search(prepare(Q), k)[1]


def faiss_panorama(X: np.ndarray, k: int, metric: str) -> Search:
    """FAISS's exact index that excludes rows by their leading principal components, in 8 levels; euclidean alone."""
    rows = np.ascontiguousarray(X, dtype=np.float32)
    d = rows.shape[1]
    index = faiss.IndexPreTransform(faiss.PCAMatrix(d, d), faiss.IndexFlatL2Panorama(d, 8))
    index.train(rows)
    index.add(rows)
    return lambda Q: index.search(np.ascontiguousarray(Q, dtype=np.float32), k)[1]


def torch_cdist(X: np.ndarray, k: int, metric: str) -> Search:
    """``torch.cdist`` and ``topk``, 256 queries at a time; for cosine a product of unit rows."""
    rows = torch.from_numpy(X.astype(np.float32) if X.dtype.kind != "f" else X)
    if metric == "cosine":
        rows = torch.nn.functional.normalize(rows)

    def search(Q: np.ndarray) -> torch.Tensor:
        queries = torch.from_numpy(Q).to(rows.dtype)
        found = []
        for some in queries.split(256):
            if metric == "cosine":
                some = torch.nn.functional.normalize(some)
                found.append((some @ rows.T).topk(k).indices)
            else:
                found.append(torch.cdist(some, rows, p=CDIST[metric]).topk(k, largest=False).indices)
        return torch.cat(found)

    return search


def installed(module: str, peer: Callable[[np.ndarray, int, str], Search]) -> list[Any]:
    """The peer in a list, which is empty where its module is not installed."""
    return [peer] if find_spec(module) else []


BRUTE = [sklearn_brute, faiss_flat, torch_cdist]
MORE_BRUTE = [*BRUTE, *installed("sklearnex", sklearnex_brute)]
BY_PRODUCTS = [*MORE_BRUTE, *installed("usearch", usearch_exact)]
TREES = [sklearn_tree, scipy_tree, *installed("pykdtree", pykdtree), sklearn_brute, faiss_flat]
