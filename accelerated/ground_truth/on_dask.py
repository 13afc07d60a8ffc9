"""The search of shards by the workers of a Dask cluster, each of which reads its shards from the files itself."""

from collections.abc import Iterator
from typing import Any

from accelerated.calling_thread import in_calling_thread
from accelerated.ground_truth.shard_search import Job, Part, read_queries, search_block
from accelerated.search.room import Room
from knn_inputs.messages import a_kind_of, show


def check_address(scheduler: Any) -> None:
    """Raises TypeError or ValueError unless it may be the address of a scheduler."""
    advice = "pass the address of a scheduler of Dask, such as 'tcp://host:8786', or None to search in this process"
    if not isinstance(scheduler, str):
        raise TypeError(f"scheduler={show(scheduler)} is {a_kind_of(scheduler)}, but must be a str: {advice}")
    if ":" not in scheduler:
        raise ValueError(f"scheduler={show(scheduler)} is not an address: {advice}")


def search_on_dask(job: Job, starts: list[int], size: int, scheduler: str) -> Iterator[tuple[int, Part]]:
    """Yields the parts in the order in which workers finish them; Dask repeats the tasks of a lost worker.

    Raises ImportError without Dask, and OSError if the scheduler does not answer.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ImportError(f"scheduler needs {error.name}: pip install 'verified-knn[distributed]'") from error
    with Client(scheduler) as client:
        futures = [client.submit(search_rows, job, start, size, pure=False) for start in starts]
        for future in as_completed(futures):
            yield future.result()
            future.release()


def search_rows(job: Job, start: int, size: int) -> tuple[int, Part]:
    """Returns ``start`` with the nearest rows of the shard that begins there."""
    block = job.base.read(start, min(start + size, len(job.base)))
    with in_calling_thread():
        return start, search_block(job, read_queries(job), start, block, Room(job.device))
