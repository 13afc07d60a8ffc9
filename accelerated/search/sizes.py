"""The largest batches, blocks and pieces of a search, for a CPU and for a GPU."""

from typing import NamedTuple

import torch


class Sizes(NamedTuple):
    """How much is done at once on a kind of device."""

    queries: int  # in a batch, at most
    rows: int  # in a block, at most
    most_rows: int  # in a block for so few queries that their bounds take no more than those of a full batch
    bounds: int  # of 2 bytes each, held for a batch and a block
    product: int  # bounds made by one product
    encoding: int  # bytes of scratch that all workers together encode rows with
    gaps: int  # differences held at once when pairs are measured


# `python -m benchmarks.constants CPU_SIZES` measures these. A product is reduced to minima, and gaps are added up,
# while they are in a core's cache. The longer blocks are, the fewer pairs are measured, but fresh memory for bounds
# takes time.
CPU_SIZES = Sizes(queries=512, rows=2**14, most_rows=2**18, bounds=2**24, product=2**20, encoding=2**25, gaps=2**17)
# `python -m benchmarks.constants GPU_SIZES --device cuda` measures these: the fewer blocks, the less often a GPU waits
# for the CPU, which launches some dozens of kernels for each, and waits for the number of pairs that are not excluded.
GPU_SIZES = Sizes(queries=2**14, rows=2**20, most_rows=2**20, bounds=2**32, product=2**30, encoding=2**28, gaps=2**25)


def sizes_of(device: torch.device) -> Sizes:
    """Returns the sizes for the device."""
    return CPU_SIZES if device.type == "cpu" else GPU_SIZES
