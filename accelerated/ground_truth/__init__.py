"""Exact neighbours as a ground truth for approximate ones: made from files of any size, compared, and verified.

search        ``find_ground_truth``: the neighbours of a file of queries among the rows of a file, shard by shard
shard_search  reads, indexes and searches one shard; ``on_dask`` gives shards to the workers of a Dask cluster
parts_folder  keeps the neighbours in finished shards on the disk, so that an interrupted search goes on
outputs       names the files that will be written, and refuses inputs among them
inputs        describes the inputs, so that a changed file is noticed, and hashes them
recall        ``recall``: the share of the true neighbours that a search found, and the interval of ties
verify        ``verify``: which rows of a given ground truth are wrong
command_line  the three as jobs of ``python -m accelerated``
"""

from accelerated.ground_truth.recall import Interval, Recall, recall
from accelerated.ground_truth.search import find_ground_truth
from accelerated.ground_truth.verify import Verified, Wrong, verify

__all__ = ["Interval", "Recall", "Verified", "Wrong", "find_ground_truth", "recall", "verify"]
