"""Shared by test files: hostile rows, searches that insist on a filter, and the number of draws for each claim."""

import numpy as np
import torch

from accelerated import NearestNeighbors
from accelerated.search.bounds.multiply import multiply, prepare_queries, product_dtype

DRAWS = 50  # for each claim on a whole package; ``test_zoo`` shows that this many catch every mutant


def by(name, *args, **params):
    """A search that insists on a filter."""
    return type("Forced", (NearestNeighbors,), {"_filter": name})(*args, **params)


def table(rng, n, n_features, density=0.2, kind="normal"):
    """A sparse table: random numbers, or small whole ones, which tie, or 0 and 1."""
    X = rng.normal(size=(n, n_features)) if kind == "normal" else rng.integers(1, 4, (n, n_features)) * 1.0
    return (np.minimum(X, 1) if kind == "0 and 1" else X) * (rng.random((n, n_features)) < density)


KINDS = (  # of an argument ``among``
    "a mask",
    "indices",
    "masks",
    "lists",
    "masks and indices",
)


def draw_sets(rng, kind, n_queries, n_rows, share):
    """An argument ``among`` of this kind, and the mask of each query."""
    masks = rng.random((n_queries, n_rows)) < share
    if kind in ("a mask", "indices"):
        masks[:] = masks[0]
    indices = [rng.permutation(np.flatnonzero(mask)) for mask in masks]
    given = {
        "a mask": masks[0].copy(),
        "indices": np.concatenate([indices[0], indices[0][:1]]),
        "masks": masks.copy(),
        "lists": [some.tolist() for some in indices],
        "masks and indices": [masks[i] if i % 2 else indices[i] for i in range(n_queries)],
    }
    return given[kind], masks


def made_by(bound, rows, encoded):
    """The bounds of all pairs about which the bound proves anything, float64 (n_queries, n_rows)."""
    device = rows.device
    rows = bound.encode_rows(rows)
    shape = (len(rows.columns), len(encoded.columns))
    out = torch.empty(shape, dtype=product_dtype(bound.dtype, device), device=device)
    queries = encoded.columns
    if encoded.start is not None:
        queries = prepare_queries(queries, len(queries), bound.dtype, encoded.start)
    multiply(rows, queries, out)
    return out.double().T[encoded.certifiable].cpu().numpy()


def _hostile_rows():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(500, 12))
    return {
        "normal": normal,
        "unit": normal / np.linalg.norm(normal, axis=1, keepdims=True),
        "clusters": 30 * rng.normal(size=(5, 12))[rng.integers(0, 5, 500)] + normal,
        "far from the origin": normal + 1e8,
        "far tight clusters": np.where(rng.random((500, 1)) < 0.5, 1e6, -1e6) + normal,
        "all equal": np.ones((500, 12)),
        "half of them twins": np.concatenate([normal[:250], normal[rng.integers(0, 9, 250)]]),
        "a lattice": rng.integers(0, 2, (500, 12)) * 1.0,
        "pixels": rng.integers(0, 256, (500, 12)) * 1.0,
        "one far away": np.concatenate([normal[:499], np.full((1, 12), 1e12)]),
        "one beyond reach": np.concatenate([normal[:499], np.full((1, 12), 1e149)]),
        "huge": normal * 1e149,
        "tiny": normal * 1e-120,
        "vanishing": normal * 1e-160,
        "of all sizes": normal * 10.0 ** rng.integers(-30, 30, (500, 1)),
        "one large feature": normal * np.where(np.arange(12) == 3, 1e9, 1),
        "some zero": normal * (rng.random((500, 1)) < 0.7),
        "one ulp apart": 1 + rng.integers(0, 3, (500, 12)) * 2.0**-52,
    }


HOSTILE = _hostile_rows()
