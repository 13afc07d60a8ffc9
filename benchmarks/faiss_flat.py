"""Exact neighbours of a file of queries by FAISS's exhaustive index, as its users write it: the peer of ground truth.

python -m benchmarks.faiss_flat BASE QUERIES K OUT    all of them .npy
"""

import sys

import faiss
import numpy as np


def find(base: str, queries: str, k: int, out: str) -> None:
    """Reads both files, converts, adds, searches, and writes the indices."""
    rows = np.load(base)
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows.astype(np.float32))
    _, indices = index.search(np.load(queries).astype(np.float32), k)
    np.save(out, indices)


if __name__ == "__main__":
    find(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
