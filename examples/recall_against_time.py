"""Recall against time of two approximate indexes, with the interval that ties leave open.

The features are whole numbers from 0 to 15, so many rows tie. The recall by one truth then depends on which of the tied
rows that truth names: an index that searches all rows has less than 1, though no row that it finds is too far.
"""

import argparse
import tempfile
from timeit import repeat

import faiss
import numpy as np

from accelerated.files import read_neighbors, write_rows
from accelerated.ground_truth import find_ground_truth, recall

K, D = 10, 32
INDEXES = {"IVF128,Flat": ("nprobe", (1, 2, 4, 8, 16, 32, 128)), "HNSW16": ("efSearch", (10, 20, 40, 80, 160, 320))}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw recall against the time of a query")
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    made = rng.normal(size=(100, D))[rng.integers(100, size=20_500)] + rng.normal(size=(20_500, D))
    rows, queries = np.split(np.clip(np.round(1.5 * made + 8), 0, 15), [20_000])
    with tempfile.TemporaryDirectory() as folder:
        base, asked, out = (f"{folder}/{name}" for name in ("base.u8bin", "queries.u8bin", "truth.hdf5"))
        write_rows(base, rows.astype(np.uint8)), write_rows(asked, queries.astype(np.uint8))
        find_ground_truth(base, asked, 5 * K, out=out)  # more rows than K show where ties end
        indices, distances = read_neighbors(out)
    points = {name: [] for name in INDEXES}  # microseconds, recall, and between which values ties leave it
    for name, (setting, values) in INDEXES.items():
        index = faiss.index_factory(D, name)
        index.train(rows), index.add(rows)
        for value in values:
            faiss.ParameterSpace().set_index_parameter(index, setting, value)
            seconds = min(repeat(lambda index=index: index.search(queries, K), number=1, repeat=5))
            given, (low, high), (near, _), n_tied = recall(index.search(queries, K)[1], (distances, indices), K)
            points[name].append((1e6 * seconds / len(queries), given, low, high))
            print(f"{setting:8} {value:3}  recall {given:.4f}, {low:.4f} to {high:.4f} by ties, {near:.4f} by distance")
        assert low < given < high and near > 0.99
    print(f"{n_tied} of {len(queries)} queries have more than one truth")
    if arguments.plot:
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        for (name, of_index), style in zip(points.items(), ("C0o-", "C1s-"), strict=True):
            microseconds, given, low, high = np.transpose(of_index)
            ax.errorbar(microseconds, given, [given - low, high - given], fmt=style, capsize=3, label=name)
        ax.set(xscale="log", xlabel="microseconds of a query", ylabel=f"recall of {K} rows")
        ax.legend(loc="lower right", title="bars: any truth that ties allow")
        figure.savefig(arguments.plot, dpi=100)


if __name__ == "__main__":
    main()
