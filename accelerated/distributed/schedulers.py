"""The schedulers of Dask, with their processes and threads, and the bar of a computation."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from dask import config
from dask.base import compute, named_schedulers, persist
from dask.callbacks import Callback

from accelerated.progress import progress_bar
from accelerated.search import resolve_memory_limit
from accelerated.workers import count_workers
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import check_int, check_name

CPU = torch.device("cpu")
LOCAL = ("synchronous", "threads", "processes")


@dataclass(frozen=True)
class Scheduler:
    """Where tasks run: in ``n_processes`` processes, ``n_threads`` of them at a time in each."""

    name: str
    n_processes: int
    n_threads: int
    client: Any = None

    def count_workers(self, n_tasks: int) -> int:
        """Returns how many threads each of so many tasks gets, so that all of them together use the cores once.

        A worker of a cluster has as many threads as it was started with, so a task there has one.
        """
        if self.client is not None or self.name == "processes":
            return 1
        return max(1, count_workers(CPU) // max(1, min(self.n_threads, n_tasks)))

    def resolve_memory_limit(self, memory_limit: int | str | None) -> int:
        """Returns the bytes for each process."""
        if memory_limit is None and self.client is not None:
            of_workers = [worker["memory_limit"] for worker in _workers_of(self.client).values()]
            if all(of_workers):
                return min(of_workers) // 2
        if memory_limit is None:
            return resolve_memory_limit(None, CPU, of_free=True) // (self.n_processes if self.client is None else 1)
        return resolve_memory_limit(memory_limit, CPU)

    def compute(
        self, tasks: Sequence[Any], shown: bool = False, sizes: dict[str, int] | None = None, topic: str = ""
    ) -> list[Any]:
        """Returns the results of tasks; a bar, if it is shown, moves by the ``sizes`` of those tasks that have one.

        The sizes are by the keys of tasks; those on a worker report them by the ``topic``. An error in a task is raised
        as it is. After it, or after an interrupt, no other task begins.
        """
        sizes = sizes or {}
        with progress_bar(sum(sizes.values()), shown=shown) as advance:
            if self.client is not None:
                with _listening(self.client, topic, advance, sum(sizes.values())) if shown else nullcontext():
                    return self._compute_on_client(tasks)
            with Callback(posttask=lambda key, *_: advance(sizes.get(key, 0))) if shown else nullcontext():
                return list(compute(*tasks, scheduler=self.name, num_workers=self.n_workers))

    @property
    def n_workers(self) -> int:
        """The number of processes or threads that Dask starts."""
        return max(self.n_processes, self.n_threads)

    def _compute_on_client(self, tasks: Sequence[Any]) -> list[Any]:
        futures = self.client.compute(list(tasks))
        try:
            return self.client.gather(futures)
        except BaseException:
            self.client.cancel(futures)
            raise

    def persist(self, tasks: Sequence[Any]) -> list[Any]:
        """Returns tasks that are computed, and whose results stay where they were made."""
        if self.client is None:
            return list(persist(*tasks, scheduler=self.name, num_workers=self.n_workers))
        from distributed import futures_of, wait

        kept = self.client.persist(list(tasks))
        wait(kept)
        for future in futures_of(kept):
            if future.status == "error":
                future.result()
        return list(kept)

    def has(self, kept: Sequence[Any], client: Any) -> bool:
        """Tells whether tasks find what was kept by ``persist`` of a scheduler with this client, None if it had none.

        They do not on another scheduler, nor after the Client was closed or its results were cancelled.
        """
        if client is not self.client or self.name == "processes":
            return False
        if client is None:
            return True
        from distributed import futures_of

        return not any(future.cancelled() for future in futures_of(kept))


def find_scheduler(scheduler: Any) -> Scheduler:
    """Returns the scheduler that is asked for; None: Dask's own, else the current Client, else threads.

    Raises ValueError for a name that is not known, and for a Client that is closed or without workers; TypeError for
    anything else, and for a number of workers in Dask's configuration that is not an int.
    """
    scheduler = _find_local(config.get("scheduler", None) if scheduler is None else scheduler) or scheduler
    client = _current_client() if scheduler is None else scheduler
    if hasattr(client, "scheduler_info") and hasattr(client, "persist"):
        if client.status == "closed":
            raise ValueError(
                f"scheduler={show(client)} is closed: pass a Client that is open, or None for the current one"
            )
        workers = _workers_of(client)
        if not workers:
            raise ValueError(
                f"scheduler={show(client)} has 0 workers: start some, and wait with client.wait_for_workers(1)"
            )
        return Scheduler("client", len(workers), max(worker["nthreads"] for worker in workers.values()), client)
    name = "threads" if scheduler is None else scheduler
    if not isinstance(name, str):
        kind = a_kind_of(scheduler)
        raise TypeError(
            f"scheduler={show(scheduler)} is {kind}, but must be a Client of Dask or one of {', '.join(LOCAL)}"
        )
    check_name(name, "scheduler", LOCAL, ", nor a Client of Dask")
    given = config.get("num_workers", None)
    given = None if given is None else check_int(given, "num_workers of Dask's configuration")
    if name == "processes":
        return Scheduler(name, given or os.cpu_count() or 1, 1)
    return Scheduler(name, 1, 1 if name == "synchronous" else given or count_workers(CPU))


def _find_local(scheduler: Any) -> str | None:
    """Returns the one of LOCAL that is meant, also by another name that Dask has for it, such as sync; else None."""
    named = named_schedulers.get(scheduler) if isinstance(scheduler, str) else None
    return next((name for name in LOCAL if named is not None and named_schedulers.get(name) is named), None)


def _current_client() -> Any:
    """Returns the current Client of this process, None if there is none; without one nothing is imported."""
    if "distributed" not in sys.modules:
        return None
    from distributed import Client

    try:
        return Client.current()
    except ValueError:
        return None


def _workers_of(client: Any) -> dict[str, Any]:
    return client.scheduler_info()["workers"]


def report_from_worker(topic: str, n_pairs: int) -> None:
    """Tells the client, from a task on one of its workers, that so many pairs are done."""
    from distributed import get_worker

    get_worker().log_event(topic, n_pairs)


@contextmanager
def _listening(client: Any, topic: str, advance: Callable[[int], object], total: int) -> Iterator[None]:
    """Moves the bar whenever a worker reports, and to its end after the last task, whose report may come later."""
    n_done = 0

    def hear(event: tuple[float, int]) -> None:
        nonlocal n_done
        n_done += event[1]
        advance(event[1])

    client.subscribe_topic(topic, hear)
    try:
        yield
    finally:
        client.unsubscribe_topic(topic)
    advance(total - n_done)
