"""Blocks of rows that a thread reads while the caller works on the block before."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from accelerated.files.rows_file import RowsFile


def read_ahead(source: RowsFile, starts: Iterable[int], size: int, n_ahead: int = 1) -> Iterator[np.ndarray]:
    """Yields for each start the block of up to ``size`` rows from there on, (n, n_features), in the order of starts.

    A thread reads ``n_ahead`` blocks before the caller asks for them, so n_ahead + 1 blocks are in memory with the one
    that the caller holds. A block that cannot be read raises, in its place, the error of ``source.read``. The thread
    ends with the iterator: after the last block, after an error, and when the caller closes or drops the iterator; the
    block that is being read then is finished first.

    >>> import tempfile
    >>> from accelerated.files import open_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/rows.npy", np.arange(5.0).reshape(5, 1))
    ...     [block.ravel().tolist() for block in read_ahead(open_rows(f"{folder}/rows.npy"), range(0, 5, 2), 2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    reader = ThreadPoolExecutor(1, "verified-knn-reader")
    taken: deque[Future[np.ndarray]] = deque()
    try:
        for start in starts:
            taken.append(reader.submit(source.read, start, min(start + size, len(source))))
            if len(taken) > n_ahead:
                yield taken.popleft().result()
        while taken:
            yield taken.popleft().result()
    finally:
        reader.shutdown(cancel_futures=True)
