"""Python threads that share work, each with one thread of torch, so that no thread waits at a barrier.

torch divides each operation among its own threads, which then wait for one another in a busy loop. Where another
program keeps a core busy, every operation waits for the slowest thread, and a fit takes many times as long as with one
thread. Here a worker takes a whole piece of work, and the next one when it is done. torch releases the lock of Python
during its operations, so workers run at the same time.

OpenMP and MKL keep a number of threads for each thread of a process, and a worker sets its own alone. So does a thread
``with_own_thread``, until it leaves that. The settings of the process and of all its other threads stay as they are.
Workers are kept for later work, because each new thread takes memory for its products that it does not give back.
"""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache, partial
from operator import call
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from threadpoolctl import ThreadpoolController

Piece = TypeVar("Piece")
Result = TypeVar("Result")
# Pieces for each worker that ``in_order`` takes before their turn: `python -m benchmarks.constants AHEAD`
AHEAD = 2


class _Caller(threading.local):
    """The number of workers for each thread that is ``with_own_thread``; 0 in all others."""

    n_workers = 0


_caller = _Caller()


@contextmanager
def with_own_thread(n_workers: int | None = None) -> Iterator[None]:
    """Keeps torch's operations in the calling thread; ``count_workers`` is then the number of threads that it had.

    It is ``n_workers`` if that is given and lower, so that threads which call at the same time share the cores.
    """
    n_threads = torch.get_num_threads()  # the first call in a thread sets its number, so it comes before the limit
    if _caller.n_workers or n_threads == 1:
        yield
        return
    limits = _find_limits()
    of_mkl = limits.mkl(0)
    limits.mkl(of_mkl)
    of_caller = min(n_threads, n_workers or n_threads)
    begin, end = _settings(limits, 1, 1, of_caller), _settings(limits, n_threads, of_mkl, 0)
    try:
        deque(begin, maxlen=0)
        yield
    finally:
        deque(end, maxlen=0)


def _settings(limits: "_Limits", of_openmp: int, of_mkl: int, n_workers: int) -> Iterator[object]:
    """Returns an iterator that sets these numbers as it is consumed.

    If ``deque`` consumes it, no line of Python runs meanwhile, so an interrupt comes before all of them or after.
    """
    calls = [
        partial(limits.openmp, of_openmp),
        partial(limits.mkl, of_mkl),
        partial(setattr, _caller, "n_workers", n_workers),
    ]
    return map(call, calls)  # type: ignore[arg-type]  # mypy takes the parameters of ``call`` for needed ones


def share(
    function: Callable[[Piece], Result],
    pieces: Iterable[Piece],
    n_workers: int,
    done: Callable[[Piece], object] = lambda piece: None,
) -> list[Result]:
    """Returns what the function returns for each piece, in the order of the pieces; ``done`` is told each of them.

    A single worker is the calling thread. An exception, an interrupt too, is raised after the pieces that have begun;
    no other piece begins then.
    """
    pieces, results = list(pieces), []
    for piece, result in in_order(function, pieces, n_workers, max(1, len(pieces))):
        results.append(result)
        done(piece)
    return results


def in_order(
    function: Callable[[Piece], Result], pieces: Iterable[Piece], n_workers: int, n_taken: int | None = None
) -> Iterator[tuple[Piece, Result]]:
    """Yields each piece and its result, in the order of the pieces, of which ``n_taken`` at most are taken in advance.

    So the caller may decide by a result which pieces come after those that are taken. Raises as ``share`` does.
    """
    if n_workers < 2:
        for piece in pieces:
            yield piece, function(piece)
        return
    pool, remaining = _get_pool(n_workers), iter(pieces)
    taken: deque[tuple[Piece, Future[Result]]] = deque()
    try:
        while True:
            while len(taken) < (n_taken or AHEAD * n_workers):
                try:
                    piece = next(remaining)
                except StopIteration:
                    break
                taken.append((piece, _begin(pool, _as_here(function), piece)))
            if not taken:
                return
            piece, future = taken[0]
            result = future.result()
            taken.popleft()
            yield piece, result
    finally:
        futures = [future for _, future in taken]
        for future in futures:
            future.cancel()
        wait(futures)


def _begin(pool: ThreadPoolExecutor, function: Callable[[Piece], Result], piece: Piece) -> "Future[Result]":
    """Returns the future result; where no thread can be started, as when the interpreter ends, it is made at once."""
    try:
        return pool.submit(function, piece)
    except RuntimeError:
        future: Future[Result] = Future()
        future.set_result(function(piece))
        return future


def _as_here(function: Callable[[Piece], Result]) -> Callable[[Piece], Result]:
    """Returns the function with the modes and the context variables of the calling thread, such as NumPy's errors."""
    context, is_inference, has_grad = copy_context(), torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def work(piece: Piece) -> Result:
        with torch.inference_mode(is_inference), torch.set_grad_enabled(has_grad):
            return function(piece)

    return lambda piece: context.run(work, piece)


def count_workers(device: torch.device) -> int:
    """Returns the number of workers for a device: for a CPU as many as torch has threads in the calling thread."""
    return (_caller.n_workers or torch.get_num_threads()) if device.type == "cpu" else 1


class _Limits(NamedTuple):
    """The settings of the number of threads that a thread has of its own."""

    openmp: Callable[[int], object]  # of the library that torch has its threads from
    mkl: Callable[[int], int]  # takes the number and returns the one before; 0 is the number of the process


@cache
def _find_limits() -> _Limits:
    for library in (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*"):
        try:
            return _Limits(_find_limit_of_openmp(), ctypes.CDLL(str(library)).MKL_Set_Num_Threads_Local)
        except (OSError, AttributeError):  # no library, or one that is built with another one than MKL
            continue
    return _Limits(_find_limit_of_openmp(), lambda n_threads: 0)


def _find_limit_of_openmp() -> Callable[[int], object]:
    """Returns the function that sets torch's number of threads; other packages may bring libraries of their own."""
    n_threads = torch.get_num_threads()
    for library in ThreadpoolController().select(user_api="openmp").lib_controllers:
        before = library.get_num_threads()
        library.set_num_threads(n_threads + 1)
        is_torch = torch.get_num_threads() == n_threads + 1
        library.set_num_threads(before)
        if is_torch:
            return library.dynlib.omp_set_num_threads
    return lambda n_threads: None


@cache
def _get_pool(n_workers: int) -> ThreadPoolExecutor:
    limits = _find_limits()

    def use_one_thread() -> None:
        """Gives one thread of OpenMP and of MKL to the thread that calls this.

        torch gives a new thread the number of threads of the process at the first call that asks for it. So that call
        comes first, or it would undo the limit.
        """
        torch.get_num_threads()
        limits.openmp(1)
        limits.mkl(1)  # else ``torch.set_num_threads`` would hold for the products of a worker, too

    return ThreadPoolExecutor(n_workers, "verified-knn", initializer=use_one_thread)


if hasattr(os, "register_at_fork"):  # a forked child has none of the threads
    os.register_at_fork(after_in_child=_get_pool.cache_clear)
