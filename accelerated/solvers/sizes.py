"""The sizes that fit the memory, of tiles, blocks and factors, and the limits that are enough where nothing fits."""

import math

from torch import Tensor

from accelerated.search.memory import too_little
from accelerated.solvers import blocks
from accelerated.solvers.preconditioner import get_rows
from accelerated.solvers.system import GPU_TILE, SLOTS, TILE, System
from accelerated.workers import count_workers

MOST_RANK = 2000  # chosen by the cases of `python -m benchmarks.similarity`
RANK_SHARE = 10  # examples for each column of the preconditioner
LEAST_TILE = 16


def with_tile(system: System, memory_limit: int) -> System:
    """Returns the system with tiles of such a side that those of all workers take at most a quarter of the limit."""
    system = system._replace(tile=_largest_tile(system))
    while system.tile > LEAST_TILE and _bytes_of_tiles(system) > memory_limit // 4:
        system = system._replace(tile=system.tile // 2)
    return system


def get_block(system: System, working: int, memory_limit: int) -> int:
    """Returns the largest side of a block whose matrix and copies, 24 bytes for each entry, fit with the vectors."""
    least, largest = min(system.n, LEAST_TILE), min(system.n, blocks.SOLVED_BLOCK)
    needed = working + 24 * least**2
    if needed > memory_limit:
        enough = get_enough(needed, system)
        raise ValueError(too_little(memory_limit, enough, f"to fit {system.n} examples in blocks of {least}"))
    return min(largest, math.isqrt((memory_limit - working) // 24))


def get_rank(system: System, rank: int | None, bytes_each: int, working: int, memory_limit: int) -> int:
    """Returns the rank asked for, else a tenth of the examples, at most ``MOST_RANK``, as far as the memory allows.

    A factor of that rank takes ``bytes_each`` n rank bytes, its matrix 24 rank^2, and each worker some rows as float64.
    """
    of_rows = 16 * get_rows(system.device) * count_workers(system.device)

    def needed(size: int) -> int:
        return working + size * (bytes_each * system.n + of_rows) + 24 * size**2

    if rank is not None and rank > system.n:
        raise ValueError(f"rank={rank} is more than the {system.n} examples: pass at most {system.n}")
    least = rank or 1
    if needed(least) > memory_limit:
        enough = get_enough(needed(least), system)
        raise ValueError(too_little(memory_limit, enough, f"to fit {system.n} examples with rank={least}"))
    wanted = rank or get_usual_rank(system)
    while needed(wanted) > memory_limit:
        wanted -= max(1, wanted // 50)
    return wanted


def get_usual_rank(system: System) -> int:
    """Returns a tenth of the examples, at most ``MOST_RANK``, at least 1."""
    return max(1, min(MOST_RANK, system.n // RANK_SHARE))


def bytes_of_matrices(system: System, n_matrices: int) -> int:
    """Returns the bytes of n x n matrices, with a tile for each worker and a sum of rows for each range of rows."""
    return 8 * n_matrices * system.n**2 + _bytes_of_tiles(system) + 8 * system.n * len(system.ranges())


def count_matrices(system: System) -> int:
    """Returns how many n x n matrices a Cholesky factor takes, which is made in place on a CPU only."""
    return 1 if system.device.type == "cpu" else 2


def bytes_of_vectors(system: System, b: Tensor) -> int:
    """Returns the bytes of the vectors of an iterative solver: its own dozen, and a sum for each slot."""
    return 8 * b.numel() * (SLOTS + 12) + _bytes_of_tiles(system)


def get_enough(bytes_needed: int, system: System) -> int:
    """Returns a limit that is enough for bytes that count the present tiles; a larger limit has larger tiles.

    These take at most a quarter of the limit, and at most the bytes of the largest tiles.
    """
    rest, largest = bytes_needed - _bytes_of_tiles(system), _bytes_of_tiles(system._replace(tile=_largest_tile(system)))
    return max(bytes_needed, min(rest * 4 // 3 + 4, rest + largest))


def _bytes_of_tiles(system: System) -> int:
    """Returns the bytes of a tile for each worker, and of its queries and examples, in two types."""
    width = system.examples.shape[1] if isinstance(system.examples, Tensor) else 1
    return count_workers(system.device) * (12 * system.tile**2 + 32 * system.tile * width)


def _largest_tile(system: System) -> int:
    return min(TILE if system.device.type == "cpu" else GPU_TILE, system.n)
