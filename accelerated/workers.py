"""Python threads that share work, each with one thread of torch, so that no thread waits at a barrier.

torch divides each operation among its own threads, which then wait for one another in a busy loop. Where another
program keeps a core busy, every operation waits for the slowest thread, and a fit takes many times as long as with one
thread. Here a worker takes a whole piece of work, and the next one when it is done. torch releases the lock of Python
during its operations, so workers run at the same time.

OpenMP and MKL keep a number of threads for each thread of a process, and a worker sets its own alone. The settings of
the process, and those of every thread that the caller uses, stay as they are. Workers are kept for later work, because
each new thread takes memory for its products that it does not give back.
"""

import ctypes
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

Piece = TypeVar("Piece")
Result = TypeVar("Result")


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
    if n_workers < 2:
        for piece in pieces:
            results.append(function(piece))
            done(piece)
        return results
    futures = [_get_pool(n_workers).submit(function, piece) for piece in pieces]
    try:
        for piece, future in zip(pieces, futures, strict=True):
            results.append(future.result())
            done(piece)
        return results
    except BaseException:
        for future in futures:
            future.cancel()
        wait(futures)
        raise


def count_workers(device: torch.device) -> int:
    """Returns the number of workers for a device: for a CPU as many as torch has threads in the calling thread."""
    return torch.get_num_threads() if device.type == "cpu" else 1


@cache
def _get_pool(n_workers: int) -> ThreadPoolExecutor:
    libraries = ThreadpoolController().select(user_api="openmp").lib_controllers
    limit_mkl = _find_limit_of_mkl()

    def use_one_thread() -> None:
        """Gives one thread of OpenMP and of MKL to the thread that calls this.

        torch gives a new thread the number of threads of the process at the first call that asks for it. So that call
        comes first, or it would undo the limit.
        """
        torch.get_num_threads()
        for library in libraries:
            library.set_num_threads(1)
        limit_mkl(1)  # else ``torch.set_num_threads`` would hold for the products of a worker, too

    return ThreadPoolExecutor(n_workers, "verified-knn", initializer=use_one_thread)


def _find_limit_of_mkl() -> Callable[[int], object]:
    """Returns MKL's function that limits the calling thread, from the library of torch; without MKL it does nothing."""
    for library in (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*"):
        try:
            return ctypes.CDLL(str(library)).MKL_Set_Num_Threads_Local
        except (OSError, AttributeError):  # no library, or one that is built with another one than MKL
            continue
    return lambda n_threads: None


if hasattr(os, "register_at_fork"):  # a forked child has none of the threads
    os.register_at_fork(after_in_child=_get_pool.cache_clear)
