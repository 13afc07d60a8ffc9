"""The neighbours behind a prediction, with everything that it is made from."""

from typing import Any, NamedTuple

import numpy as np

from accelerated.arrays import to_numpy


class Explanation(NamedTuple):
    """For each query its neighbours, nearest first: arrays or tensors of shape (n_queries, k).

    A row of sample weight w is there up to w times. ``targets`` are numbers or labels, and where y has several outputs
    they, and the weights of a classifier, have shape (n_queries, k, n_outputs).
    """

    indices: Any  # int64
    distances: Any  # float64
    targets: Any
    weights: Any  # float64: of the distance, and in a vote times that of the class

    def to_frame(self) -> Any:
        """Returns a pandas DataFrame with a line for each query and neighbour; raises ImportError without pandas.

        Its columns are query, place (from 1), index, distance, target and weight; several outputs have numbered ones,
        such as target_0 and target_1.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_frame makes a DataFrame and needs pandas: pip install pandas") from error
        n_queries, k = self.indices.shape
        columns = {"query": np.repeat(np.arange(n_queries), k), "place": np.tile(np.arange(1, k + 1), n_queries)}
        names = ("index", "distance", "target", "weight")
        for name, values in zip(names, map(to_numpy, self), strict=True):
            outputs = values.reshape(n_queries * k, -1).T
            columns |= {name if values.ndim == 2 else f"{name}_{i}": output for i, output in enumerate(outputs)}
        return pd.DataFrame(columns)
