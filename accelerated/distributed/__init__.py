"""k nearest neighbours of rows that do not fit into the memory of one machine, or that many machines search, by Dask.

The rows are cut into shards. Each shard is searched as ``accelerated`` searches all rows of one machine, and the
neighbours of all shards are merged, into the same bits (``accelerated.shards``). Dask decides where and when: in the
threads of this process, in other processes, or on the workers of a cluster. If a worker is lost, Dask reads its shards
again from their source.

sources     where rows come from: files, arrays in memory, the chunks of a dask array, the partitions of a DataFrame
shards      the rows of a model as shards, each with its place among all rows
opening     one shard: read, checked and indexed; this runs inside a task
memory      how many rows a task may hold, and which shards stay in memory between queries
schedulers  the schedulers of Dask, with their processes and threads
blocks      queries in blocks
tasks       the graph: a task for a shard and a block of queries
nearest     the work of a task: the k nearest rows; a tree merges those of all shards
within      the work of a task: the rows within a radius
model       the search of a model whose rows are in shards
lazy        queries in a dask collection: the answers are dask arrays, too
estimators  ``NearestNeighbors``, ``KNNClassifier`` and ``KNNRegressor``
similarity_regressor  its products of similarities in tasks
"""

try:
    import dask  # noqa: F401
except ImportError as error:
    raise ImportError(f"accelerated.distributed needs {error.name}: pip install 'verified-knn[distributed]'") from error

from accelerated.distributed.estimators import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.distributed.similarity_regressor import SimilarityRegressor

__all__ = ["KNNClassifier", "KNNRegressor", "NearestNeighbors", "SimilarityRegressor"]
